"""Files that people write: what is wrong with one, in words for them, and one text where several may stand."""

from __future__ import annotations

from pydantic import ValidationError


def faults_in(error: ValidationError) -> list[str]:
    """Each fault with the keys that lead to it, and what would be right."""
    found = error.errors(include_url=False, include_input=False, include_context=False)
    return [f"{'.'.join(map(str, fault['loc'])) or 'the whole'}: {fault['msg']}" for fault in found]


def several(value: object) -> object:
    """A single text as several of one."""
    return (value,) if isinstance(value, str) else value
