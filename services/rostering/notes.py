"""What other services say, as far as the plan needs it: who is on the books, for what, and how they are reached."""

from __future__ import annotations

from services.rostering.draft import RotaDraft
from services.rostering.state import Way
from shared.engine.state import EMPTY
from shared.events import (
    UNPROVED,
    ContactBroken,
    ContactOptedIn,
    ContactOptedOut,
    ContactProved,
    ContactRemoved,
    ContactSet,
    PersonDefined,
    PersonRemoved,
    StaffLeft,
    StaffNoted,
    TeamDefined,
    TeamNoted,
    TeamRemoved,
    WayNoted,
)
from shared.replace import replace


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
    """A team is on the books no more: its shifts do not take place, and whoever is in them hears so."""
    if event.team_id in draft.state.teams:
        draft.emit(TeamNoted(team_id=event.team_id, on_books=False))


def contact_set(draft: RotaDraft, event: ContactSet) -> None:
    """A way stands; with another address it has to be proved anew. The page that is open already reaches nobody."""
    if event.kind != "pocket":
        before = _way(draft, event)
        same = before is not None and before.fingerprint == event.fingerprint
        now = replace(before, broken=False) if before is not None and same else Way(event.fingerprint)
        if now != before:
            _note(draft, event, now)


def contact_proved(draft: RotaDraft, event: ContactProved) -> None:
    """Somebody answered over a way."""
    _change(draft, event, proved=True, broken=False)


def contact_broken(draft: RotaDraft, event: ContactBroken) -> None:
    """A way does not work; a proof that has worn out is none once it is set anew."""
    worn_out = {"proved": False} if event.why == UNPROVED else {}
    _change(draft, event, broken=True, **worn_out)


def contact_opted(draft: RotaDraft, event: ContactOptedOut | ContactOptedIn) -> None:
    """Whoever is behind a way has closed it, or opened it again."""
    _change(draft, event, opted_out=isinstance(event, ContactOptedOut))


def contact_removed(draft: RotaDraft, event: ContactRemoved) -> None:
    """A way is gone."""
    if _way(draft, event) is not None:
        draft.emit(WayNoted(person_id=event.person_id, method_id=event.method_id, gone=True))


Contact = ContactSet | ContactProved | ContactBroken | ContactOptedOut | ContactOptedIn | ContactRemoved


def _way(draft: RotaDraft, event: Contact) -> Way | None:
    way: Way | None = draft.state.ways.get(event.person_id, EMPTY).get(event.method_id)
    return way


def _change(draft: RotaDraft, event: Contact, **changes: bool) -> None:
    """Note how a way stands now, where that is news; of one that is gone nothing is."""
    before = _way(draft, event)
    if before is not None and (now := replace(before, **changes)) != before:  # type: ignore[arg-type]  # all are bool
        _note(draft, event, now)


def _note(draft: RotaDraft, event: Contact, way: Way) -> None:
    draft.emit(
        WayNoted(
            person_id=event.person_id,
            method_id=event.method_id,
            fingerprint=way.fingerprint,
            proved=way.proved,
            broken=way.broken,
            opted_out=way.opted_out,
        )
    )
