"""How large a document may be: asked of its text before it is parsed, and of its parts before they are verified."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from shared.programme.document.finding import Finding
from shared.programme.document.lines import Path

MAX_BYTES: Final = 1_000_000
"""200 districts with 2,000 codes take a fifth of it."""
MAX_DEPTH: Final = 16
MAX_KEY_PARTS: Final = 16
MAX_CHARACTERS: Final = 1_000
MAX_WORDS: Final = 100_000
"""Keys, values and positions of boundaries together."""

TOKEN: Final = re.compile(
    r"(?P<blank>[ \t\r]++)|(?P<line>\n)|(?P<comment>#[^\n]*+)"
    r'|(?P<text>"""(?:\\.|"(?!"")|[^"\\])*+"{3,5}|\'\'\'(?:\'(?!\'\')|[^\'])*+\'{3,5}'
    r'|"(?!"")(?:\\[^\n]|[^"\\\n])*+"|\'(?!\'\')[^\'\n]*+\')'
    r"|(?P<word>[^\s#\"'.=,{}\[\]]++)|(?P<sign>[.=,{}\[\]])",
    re.DOTALL,
)
"""Blanks, comments, texts, words and signs. Possessive throughout: each text is looked at once, however it is written.
Nothing matches at a text that is not closed."""
_AFTER_BLANKS: Final = re.compile(rf"[ \t\r]*+(?:{TOKEN.pattern})", re.DOTALL)
"""The same, one step for a blank and what follows it."""


def text_findings(text: str) -> Iterator[tuple[int, str, str]]:
    """What is too large about a text: line, what it is, what would be right. It stops at the first."""
    if (size := len(text.encode("utf-8", "replace"))) > MAX_BYTES:
        yield 1, f"has {size} bytes, which are too many", f"at most {MAX_BYTES}"
        return
    line, depth, parts, words, position = 1, 0, 1, 0, 0
    while (match := _AFTER_BLANKS.match(text, position)) is not None:
        kind, position = match.lastgroup or "", match.end()
        written = match[kind]
        if written == ".":
            parts, words = parts + 1, words - 1  # the parts of a key, or of a number, are one word
        elif kind in {"word", "text"}:
            words += 1
        elif kind in {"sign", "line"}:
            parts, depth = 1, depth + _DEEPER.get(written, 0)
        length = 0 if kind == "comment" else len(written.strip())
        if parts > MAX_KEY_PARTS or depth > MAX_DEPTH or words > MAX_WORDS or length > MAX_CHARACTERS:
            yield line, *_too_large(parts, depth, words)
            return
        line += written.count("\n")


def _too_large(parts: int, depth: int, words: int) -> tuple[str, str]:
    """What is too large, and what would be right."""
    if parts > MAX_KEY_PARTS:
        return "a key has too many parts, with a dot between each", f"at most {MAX_KEY_PARTS} parts"
    if depth > MAX_DEPTH:
        return "is nested too deeply", f"at most {MAX_DEPTH} brackets within one another"
    if words > MAX_WORDS:
        return "has too many keys and values", f"at most {MAX_WORDS} together"
    return "a word or a text is too long", f"at most {MAX_CHARACTERS} characters"


_DEEPER: Final = MappingProxyType({"[": 1, "{": 1, "]": -1, "}": -1})

MOST: Final[Mapping[str, int]] = MappingProxyType(
    {
        "sources": 100,
        "districts": 1_000,
        "code_systems": 50,
        "call_types": 50,
        "level": 20,
        "raised_by": 200,
        "sends": 50,
        "responses": 50,
        "takes": 200,
        "rollout": 300,
        "caps": 100,
        "hours": 50,
        "steps": 20,
        "order_of_calls": 50,
        "answers": 300,
        "cautions": 2_000,
        "priorities": 100,
        "open": 200,
        "closed": 1_000,
        "except_numbers": 1_000,
        "language": 50,
        "priority_deadline_seconds": 100,
        "priority_hold_minutes": 100,
        "hold_notice_minutes": 20,
        "follow_up_due_hours": 50,
    }
)
"""The most entries of a key, far beyond what any programme needs: the time that verifying takes grows with them."""
MAX_CODES: Final = 5_000
MAX_CONDITIONS: Final = 500
"""Facts that all levels name together."""


def counts(raw: Mapping[str, Any]) -> Iterator[Finding]:
    """What a parsed document has too many of."""
    yield from _too_long((), raw)
    codes = [table for table in _items(raw.get("call_types")) if isinstance(table, dict)]
    if (count := sum(map(len, codes))) > MAX_CODES:
        yield Finding(("call_types",), f"{count} codes are too many to verify", f"at most {MAX_CODES}")
    levels = [level for level in _items(raw.get("level")) if isinstance(level, dict)]
    raises = [table for level in levels for table in _items(level.get("raised_by")) if isinstance(table, dict)]
    if (count := sum(map(len, raises))) > MAX_CONDITIONS:
        what = f"{count} facts raise a call, which are too many to verify"
        yield Finding(("level",), what, f"at most {MAX_CONDITIONS} in the raised_by of all levels")


def _too_long(path: Path, table: Mapping[str, Any]) -> Iterator[Finding]:
    for key, value in table.items():
        here: Path = (*path, key)
        most = MOST.get(key)
        if most is not None and isinstance(value, dict | tuple) and len(value) > most:
            yield Finding(here, f"{len(value)} entries of {key} are too many to verify", f"at most {most}")
        elif isinstance(value, dict) and path[:1] not in (("districts",), ("call_types",)):
            yield from _too_long(here, value)
        elif isinstance(value, tuple) and here[0] in ("level", "rollout", "when_no_team"):
            for index, item in enumerate(value):
                if isinstance(item, dict):
                    yield from _too_long((*here, index), item)


def _items(value: Any) -> tuple[Any, ...]:
    return tuple(value.values()) if isinstance(value, dict) else value if isinstance(value, tuple) else ()
