"""What the language of documents does not hold yet: refused by name, never silently ignored."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

_OUT: Final = "leave it out"
NOT_YET: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "": {
            "evaluation": "give the roll-out rows an arm",
            "notes": 'a response with reached_by = "note"',
            "pools": "the pool of a response, and of each team on the roster",
        },
        "responses": {
            "order_of_teams": _OUT,
        },
        "rollout": {
            "caps": 'at_most_open or at_most_per_day, or cap = "…", one of [caps]',
        },
        "clocks": {
            "follow_up_due_hours": "follow_up_due_hours of a response",
            "position_stale_seconds": _OUT,
        },
    }
)
"""Keys by part of the document, and values by key, that are not read yet, each with what to write instead."""
