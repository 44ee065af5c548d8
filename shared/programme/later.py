"""What the language of documents does not hold yet: refused by name, never silently ignored."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

_OUT: Final = "leave it out"
NOT_YET: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "": {
            "automatic_pause": "leave it out, and pause by hand",
            "evaluation": "give the roll-out rows an arm",
            "notes": 'a response with reached_by = "note"',
            "pools": "give teams secondary districts on the roster",
            "repeat_callers": "let the CAD state repeat_caller",
        },
        "responses": {
            "pool": "give teams secondary districts on the roster",
            "expected_minutes": _OUT,
            "order_of_teams": _OUT,
        },
        "rollout": {
            "caps": "fewer hours or districts",
            "at_most_open": "fewer hours or districts",
            "at_most_per_day": "fewer hours or districts",
        },
        "clocks": {
            "follow_up_due_hours": "due_hours of a referral",
            "hold_minutes": _OUT,
            "hold_notice_minutes": _OUT,
            "missed_safety_checks": _OUT,
        },
        "districts": {"boundary": "beats say where a district is"},
        "try": {
            "neighbour pool": 'give teams secondary districts on the roster, and try = "same response"',
            "phone": 'name the telephone response last in sends, and try = "next response"',
            "hold": 'try = "default"',
        },
    }
)
"""Keys by part of the document, and values by key, that are not read yet, each with what to write instead."""
