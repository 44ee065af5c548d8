"""What is wrong with what people write, files, settings and requests, in words for them; one text for several."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from pydantic import ValidationError

NAME_PATTERN: Final = r"^[A-Za-z0-9][A-Za-z0-9._:@-]*$"
"""Of whatever has a name: agencies, sources, teams, people."""


def faults_in(error: ValidationError) -> list[str]:
    """Each fault with the keys that lead to it, and what would be right."""
    return [f"{'.'.join(map(str, loc)) or 'the whole'}: {words}" for loc, words in told(error)]


def told(error: ValidationError) -> list[tuple[tuple[str | int, ...], str]]:
    """Each fault: the keys that lead to it, and what is wrong, with the pattern where there is one to be matched."""
    found = error.errors(include_url=False, include_input=False)
    return [(fault["loc"], _with_pattern(fault)) for fault in found]


def _with_pattern(error: Mapping[str, Any]) -> str:
    words, pattern = words_of(error), error.get("ctx", {}).get("pattern")
    return words if pattern is None or "must" in words else f"must match {pattern}"


def several(value: object) -> object:
    """A single text as several of one."""
    return (value,) if isinstance(value, str) else value


def message_of(error: Mapping[str, Any]) -> str:
    """What pydantic says of one of its errors; a validator of our own says it itself."""
    return str(error["msg"]).removeprefix("Value error, ")


def words_of(error: Mapping[str, Any]) -> str:
    """The same in words for people who know no pydantic; needs the error with its context."""
    context = error.get("ctx") or {}
    if error["type"] == "string_pattern_mismatch":
        return _PATTERNS.get(context["pattern"], "is not written as it should be")
    is_text = context.get("field_type") == "Value"  # of a secret: neither a list nor a table is too short
    words = _WORDS.get(f"string_{error['type']}" if is_text else error["type"])
    return words.format(**context) if words else message_of(error)


_INSTANT = "must be an instant with its offset, such as 2026-12-07T19:00-06:00"
_LEAST, _MOST = "must be at least {ge}", "must be at most {le}"
_NUMBER = "must be a whole number"
_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "missing": "is missing",
        "extra_forbidden": "no such field",
        "literal_error": "must be {expected}",
        "enum": "must be {expected}",
        "string_type": "must be text",
        "string_too_short": "must have {min_length} or more characters",
        "string_too_long": "must have {max_length} or fewer characters",
        "too_short": "must have {min_length} or more",
        "too_long": "must have {max_length} or fewer",
        "greater_than_equal": _LEAST,
        "less_than_equal": _MOST,
        "greater_than": "must be more than {gt}",
        "finite_number": "must be a number that can be counted with",
        "int_type": _NUMBER,
        "int_parsing": _NUMBER,
        "int_from_float": _NUMBER,
        "timezone_aware": _INSTANT,
        "datetime_type": _INSTANT,
        "datetime_parsing": _INSTANT,
        "datetime_from_date_parsing": _INSTANT,
    }
)
"""By pydantic's name of what is wrong. The rest pydantic says itself; it quotes no value."""
_PATTERNS: Mapping[str, str] = MappingProxyType(
    {NAME_PATTERN: "must be letters, digits and . _ : @ - alone, and begin with a letter or digit"}
)
