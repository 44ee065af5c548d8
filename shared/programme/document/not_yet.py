"""What the language of documents does not hold yet: refused by name, never silently ignored."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

NOT_YET: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "": {
            "evaluation": "give the roll-out rows an arm",
            "notes": 'a response with reached_by = "note"',
            "pools": "the pool of a response, and of each team on the roster",
        },
        "rollout": {
            "caps": 'at_most_open or at_most_per_day, or cap = "…", one of [caps]',
        },
        "clocks": {
            "follow_up_due_hours": "follow_up_due_hours of a response",
            "position_stale_seconds": "leave it out: no phone tells where it is, a team says how soon it can be there",
        },
    }
)
"""Keys by part of the document that are not read, each with what to write instead."""
