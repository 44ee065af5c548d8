"""What an invariant is: a sentence that always holds, and the query that finds what breaks it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

PLANTED = "~planted"
"""The agency of what is planted: no agency's name begins so."""
Row = tuple[str, Mapping[str, Any]]
"""A table and the values of a row."""


@dataclass(frozen=True, slots=True)
class Invariant:
    """One line of the auditor's table. The query names `about`, `agency`, `call_id`, `district`, `broken_us`.

    `lasting`: what breaks it never mends itself, so only what changed after batch `:after`, up to `:upto`, is looked
    at, and a finding stays open until a person has looked into it. Otherwise the query finds what has been open since
    before `:settled`; what it does not find any more is closed.
    """

    name: str
    sentence: str
    query: str
    planted: tuple[Row, ...]
    """Rows that break it and nothing else matters of: the query has to find them, every time it is asked."""
    lasting: bool = True
    severity: Literal["broken", "late"] = "broken"
    """`late`: it is measured, and keeps no run from being clean; somebody else alarms."""
    patience_seconds: int = 15
    """What is not lasting may be so for this long: a journal may be changing hands."""


def planted(name: str, *rows: tuple[str, Mapping[str, Any]]) -> tuple[Row, ...]:
    """Rows with what all rows of their kind need, about a call that is named after the invariant."""
    return tuple((table, {**_COMMON[table](f"{PLANTED}/{name}/1"), **values}) for table, values in rows)


def _record(offset: int) -> dict[str, Any]:
    return {"partition": -1, "record_offset": offset}


_COMMON: Mapping[str, Any] = {
    "version": lambda call: {"agency": PLANTED, "call_id": call, "event_id": call, "at_us": 1, **_record(1)},
    "call": lambda call: {"call_id": call},
    "episode": lambda call: {"agency": PLANTED, "call_id": call, "episode": 1, "due_us": 1, "begun": 1},
    "hold": lambda call: {
        "agency": PLANTED, "call_id": call, "episode": 1, "minutes": 1, "at_us": 1, "due_us": 2, "by_person": 0,
    },
    "outcome": lambda call: {
        "agency": PLANTED, "call_id": call, "episode": 1, "outcome": "default", "reasons": 1, "at_us": 1, "due_us": 1,
        "told": 1, "by_hand": 0, "cites": 1,
    },
    "offer": lambda call: {
        "agency": PLANTED, "call_id": call, "episode": 1, "offer_id": call, "team_id": "t", "response": "r", "at_us": 1,
        "partition": -1, "record_offset": 1, "may_go": 1, "phase": "live", "judged_offset": -1, "ended_offset": 2,
    },
    "assignment": lambda call: {
        "agency": PLANTED, "call_id": call, "episode": 1, "team_id": call, "at_us": 1, "spoken_us": 1,
        "stands": "accepted", "check_minutes": 30,
    },
    "page": lambda call: {
        "agency": PLANTED, "call_id": call, "kind": "offer", "offer_id": call, "person_id": "p", "method_id": "m",
        "not_after_us": 2, "attempts": 1, "attempted_us": 1, "read_offset": -1, "partition": -1, "over": 1,
    },
    "message": lambda call: {
        "agency": PLANTED, "call_id": call, "episode": 1, "message_id": call, "kind": "call.routed", "not_after_us": 1,
        "over": 1,
    },
    "command": lambda call: {"agency": PLANTED, "command_id": call, "type": "t", "expires_us": 1},
    "answer": lambda call: {"agency": PLANTED, "command_id": call, "topic": PLANTED, "at_us": 1, **_record(1)},
    "judgement": lambda call: {
        "agency": PLANTED, "call_id": call, "at_us": 1, "gates": 5, "cites": 1, "has_sentence": 1, **_record(1),
    },
    "word": lambda call: {"agency": PLANTED, "call_id": call, "topic": PLANTED, "at_us": 1, "owed": 1, **_record(1)},
    "unreadable": lambda call: {"agency": PLANTED, "topic": call, "at_us": 1, **_record(1)},
    "leak": lambda call: {"agency": PLANTED, "topic": call, "at_us": 1, **_record(1)},
    "chain_fault": lambda call: {"about": call, "at_us": 1},
    "acknowledged": lambda call: {
        "agency": PLANTED, "source": "s", "incident": call, "event_id": "", "at_us": 1, "seen": 0,
    },
    "log_end": lambda call: {"topic": call, "partition": -1, "end_offset": 1, "read_offset": 1, "at_us": 1},
}  # fmt: skip
