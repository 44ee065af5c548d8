"""What other services say, as far as the plan needs it: who is on the books, for what, and how they are reached."""

from __future__ import annotations

from typing import Literal

from services.rostering.draft import RotaDraft
from services.rostering.state import Way
from shared.engine.state import EMPTY
from shared.events import (
    ContactBroken,
    ContactOptedIn,
    ContactOptedOut,
    ContactProved,
    ContactRemoved,
    ContactSet,
    Event,
    PersonDefined,
    PersonRemoved,
    StaffLeft,
    StaffNoted,
    TeamDefined,
    TeamNoted,
    TeamRemoved,
    WayNoted,
)

Stands = Literal["unproved", "proved", "broken", "opted-out", "removed"]
STANDS: dict[type[Event], Stands] = {
    ContactProved: "proved",
    ContactBroken: "broken",
    ContactOptedOut: "opted-out",
    ContactOptedIn: "unproved",
    ContactRemoved: "removed",
}


def person_defined(draft: RotaDraft, event: PersonDefined) -> None:
    """Somebody is on the books, or is trained for something else by now."""
    person = event.person
    if draft.state.staff.get(person.person_id) != frozenset(person.disciplines):
        draft.emit(StaffNoted(person_id=person.person_id, disciplines=tuple(sorted(set(person.disciplines)))))


def person_removed(draft: RotaDraft, event: PersonRemoved) -> None:
    """Somebody is on the books no more: nobody has their places."""
    if event.person_id in draft.state.staff:
        draft.emit(StaffLeft(person_id=event.person_id))


def team_defined(draft: RotaDraft, event: TeamDefined) -> None:
    """A team is on the books."""
    if event.team.team_id not in draft.state.teams:
        draft.emit(TeamNoted(team_id=event.team.team_id))


def team_removed(draft: RotaDraft, event: TeamRemoved) -> None:
    """A team is on the books no more; its shifts stand, as somebody has to see to them."""
    if event.team_id in draft.state.teams:
        draft.emit(TeamNoted(team_id=event.team_id, on_books=False))


def contact_set(draft: RotaDraft, event: ContactSet) -> None:
    """A way stands; with another address it has to be proved anew. The page that is open already reaches nobody."""
    if event.kind == "pocket":
        return
    before = draft.state.ways.get(event.person_id, EMPTY).get(event.method_id)
    if before is None or before.fingerprint != event.fingerprint:
        _note(draft, event.person_id, event.method_id, "unproved", event.fingerprint)


def contact_changed(
    draft: RotaDraft, event: ContactProved | ContactBroken | ContactOptedOut | ContactOptedIn | ContactRemoved
) -> None:
    """A way was proved, broke, was closed by whom it leads to, or is gone."""
    before: Way | None = draft.state.ways.get(event.person_id, EMPTY).get(event.method_id)
    stands = STANDS[type(event)]
    if before is not None and before.stands != stands:
        _note(draft, event.person_id, event.method_id, stands, before.fingerprint)


def _note(draft: RotaDraft, person_id: str, method_id: str, stands: Stands, fingerprint: str) -> None:
    draft.emit(WayNoted(person_id=person_id, method_id=method_id, stands=stands, fingerprint=fingerprint))
