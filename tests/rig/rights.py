"""What a secured Kafka says that it let through and what it refused, read from its log."""

from __future__ import annotations

import re
from pathlib import Path

DECIDED = re.compile(
    r"Principal = User:(\S+) is (Allowed|Denied) operation = (\w+) from host = \S+ "
    r"on resource = (\w+):LITERAL:(\S+) for"
)

Use = tuple[str, str, str, str]
"""Who did what to which kind of thing of which name: `("triage", "READ", "TOPIC", "calls")`."""


def uses(log: Path, outcome: str) -> set[Use]:
    """Each thing that was `Allowed`, or `Denied`."""
    text = "".join(file.read_text(errors="replace") for file in (log.with_name(f"{log.name}.1"), log) if file.exists())
    return {
        (who, operation, kind.upper(), name)
        for who, decided, operation, kind, name in DECIDED.findall(text)
        if decided == outcome
    }
