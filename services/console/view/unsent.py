"""Why a page or a message did not arrive, or a way to a person is broken, in the words of a dispatch room."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from services.console.view.reasons import words_of

WORDS: Mapping[str, str] = MappingProxyType(
    {
        "expired": "its time was over before it was taken",
        "tls": "no safe connection came about",
        "fault": "careroute failed at it",
    }
)
"""Codes that only what sends gives, or gives in a sense of its own; the others are said as everywhere."""


def unsent_words_of(code: str) -> str:
    """A code in words; `status-503`, of a door that answered so, as `it answered 503`."""
    if code.startswith("status-"):
        return f"it answered {code.removeprefix('status-')}"
    return WORDS.get(code) or words_of(code)
