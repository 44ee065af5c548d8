"""The life cycle of an assignment: where a team may stand with its call, in which order, and what may take it off."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

from shared.events import TeamStatus

AssignmentState = Literal["accepted", "on-phone", "en-route", "staged", "on-scene", "transporting", "need-police"]
"""`on-phone` is whoever accepted by telephone; `need-police` is asked for at any moment and stands until the end."""

Ending = Literal["cleared", "withdrawn", "cancelled", "overridden", "upgraded", "may-not-go", "shift-ends"]
"""What ends an assignment: the team clears the call, a person takes the team off it by name, the CAD ends the call or
gives its number to another, a dispatcher sends something else, an upgrade recalls the team, the call proves to be none
for its response, its shift ends."""

WITH_SOMEBODY: Final[frozenset[AssignmentState]] = frozenset(("on-phone", "on-scene", "transporting", "need-police"))
"""Such a team is asked whether it is well, and nothing but its own word or a named person takes it off the call."""

_ANYBODY: Final[frozenset[Ending]] = frozenset(("cleared", "withdrawn"))
_ON_THE_WAY: Final[frozenset[Ending]] = _ANYBODY | {"cancelled", "overridden", "upgraded", "may-not-go", "shift-ends"}
_NEARBY: Final[frozenset[Ending]] = _ON_THE_WAY - {"shift-ends"}

ENDS: Final[Mapping[AssignmentState, frozenset[Ending]]] = MappingProxyType(
    {
        "accepted": _ON_THE_WAY,
        "en-route": _ON_THE_WAY,
        "staged": _NEARBY,
        "on-phone": _ANYBODY,
        "on-scene": _ANYBODY,
        "transporting": _ANYBODY,
        "need-police": _ANYBODY,
    }
)
"""What may end an assignment in each state. What stands in no row ends none: pauses, sign-offs, a shift that is over
while the team is with somebody, late versions, lost messages."""

PROGRESS: Final[tuple[TeamStatus, ...]] = ("en-route", "staged", "on-scene", "transporting", "cleared")
"""The order in which a team reports where it stands; a report of less than before is late, and moves nothing."""


def goes_back(before: TeamStatus | None, status: TeamStatus) -> bool:
    """Whether a report says less than one before it. `need-police` is beside the order: it is always news."""
    if before not in PROGRESS or status not in PROGRESS:
        return False
    return PROGRESS.index(status) < PROGRESS.index(before)


def state_of(reported: TeamStatus | None, *, police_asked: bool, on_phone: bool) -> AssignmentState:
    """Where a team stands that has reported so much of its call."""
    if police_asked:
        return "need-police"
    if reported in ("en-route", "staged", "on-scene", "transporting"):
        return reported
    return "on-phone" if on_phone else "accepted"
