"""Text that shows what it holds: characters that act on a screen, instead of standing there, are refused or shown."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

ACTING = re.compile(
    "[\x00-\x1f\x7f-\x9f"  # control characters
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # turn the direction of what follows
    "\u2028\u2029\ufeff\ufff9-\ufffb"  # end lines, or are not to be seen
    "\ud800-\udfff\U000e0000-\U000e007f]"  # half characters, and tags
)
FILLERS = "\u115f\u1160\u2800\u3164\uffa0"
"""Letters and signs that take room, and show nothing."""
WRITTEN = "\n\t"
"""Characters that a person may have typed in a text of several lines."""


def fault_of_text(text: str, *, several_lines: bool = False) -> str | None:
    """What is wrong with a text that a person is to see, as `must …`; None where nothing is."""
    for match in ACTING.finditer(text):
        if not (several_lines and match[0] in WRITTEN):
            return f"must not hold U+{ord(match[0]):04X}, a character that cannot be seen"
    return None


def fault_of_id(text: str) -> str | None:
    """What is wrong with an identifier that stands in paths and on screens; None where nothing is."""
    if text.strip(".") == "":
        return "must not be dots alone"
    if any(unicodedata.category(character) in ("Cf", "Zl", "Zp", "Co") for character in text):
        return "must not hold a character that cannot be seen"
    return fault_of_text(text)


def is_blank(text: str) -> bool:
    """Whether nothing of a text can be seen: it is spaces, letters of no width, marks that stand on nothing."""
    return all(unicodedata.category(character)[0] in "CZM" or character in FILLERS for character in text)


def visible(text: str, *, several_lines: bool = False) -> str:
    """The text for a terminal: what would act there stands as its code."""
    return ACTING.sub(lambda match: match[0] if several_lines and match[0] in WRITTEN else _code(match[0]), text)


def how_many(number: int, one: str, several: str = "") -> str:
    """`1 call`, `3 calls`; `several`: where it is not the same with an s."""
    return f"{number} {one if number == 1 else several or one + 's'}"


def _code(character: str) -> str:
    return f"\\u{{{ord(character):x}}}"


def visible_parts(body: Any, *, lines_in: frozenset[str]) -> Any:
    """An answer with all its texts made visible; those named `lines_in` keep their lines."""

    def part(value: Any, name: str) -> Any:
        if isinstance(value, str):
            return visible(value, several_lines=name in lines_in)
        if isinstance(value, dict):
            return {visible(str(key)): part(inner, str(key)) for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return [part(inner, name) for inner in value]
        return value

    return part(body, "")
