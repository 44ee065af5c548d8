"""A fault of a document before its line is known."""

from __future__ import annotations

from dataclasses import dataclass

from shared.programme.document.lines import Path


@dataclass(frozen=True)
class Finding:
    """What is wrong at a path, and what would be right."""

    path: Path
    what: str
    right: str


def heading_of_list(name: str) -> str:
    """What is right where the heading of a list stands in single brackets; empty for a name that heads none."""
    return f"[[{name}]], in double brackets, above each" if name in ("level", "rollout") else ""
