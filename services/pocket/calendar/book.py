"""What calendars show: who is planned when, folded from the journals; and which link shows whose.

Shifts stand for some weeks after they are over, so that what somebody has worked does not vanish from their calendar.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from shared.events import (
    AbsenceLifted,
    AbsenceSet,
    CalendarRevoked,
    Event,
    LinksRevoked,
    PersonDefined,
    PersonRemoved,
    PlaceTaken,
    ShiftDropped,
    ShiftMoved,
    ShiftPlanned,
    StaffLeft,
    child_id,
)
from shared.links import CALENDARS, CalendarOf, calendar_link, calendar_token
from shared.rota import RotaShift

KEEP = timedelta(days=28)
"""How long a shift that is over is shown."""
SWEEP = timedelta(hours=6)


@dataclass(slots=True)
class ShownShift:
    """A shift, and how often and when what is shown of it has changed."""

    rota: RotaShift
    changed_at: datetime
    changes: int = 0

    def change(self, rota: RotaShift, at: datetime) -> None:
        """It is another from an instant on."""
        self.rota, self.changed_at = rota, at
        self.changes += 1


@dataclass(slots=True)
class AgencyRota:
    """One agency's plan."""

    shifts: dict[str, ShownShift] = field(default_factory=dict)
    absences: dict[str, list[AbsenceSet]] = field(default_factory=dict)
    swept_at: datetime | None = None

    def of(self, person_id: str) -> Iterator[ShownShift]:
        """The shifts that a person has a place in."""
        return (shift for shift in self.shifts.values() if person_id in shift.rota.people())


class CalendarLink(NamedTuple):
    """What a link shows."""

    token: str
    agency: str
    person_id: str
    whose: CalendarOf


@dataclass(slots=True)
class _Holder:
    """Which links of a person lead somewhere."""

    links_generation: int = 0
    calendar_generation: int = 0
    on_books: bool = False


class CalendarBook:
    """Every agency's plan, and the links to it."""

    def __init__(self, link_secret: str) -> None:
        self._secret = link_secret
        self._rotas: dict[str, AgencyRota] = {}
        self._holders: dict[tuple[str, str], _Holder] = {}
        self._links: dict[str, CalendarLink] = {}

    def link(self, token: str) -> CalendarLink | None:
        """What a token leads to; found by its hash, so that how long it takes says nothing of it."""
        link = self._links.get(_key(token))
        return link if link is not None and hmac.compare_digest(link.token.encode(), token.encode()) else None

    def path(self, agency: str, person_id: str) -> str:
        """Where a person's own shifts are subscribed to; empty for who is not on the books."""
        holder = self._holders.get((agency, person_id))
        if holder is None or not holder.on_books:
            return ""
        own = next(link for link in self._links_of(agency, person_id, holder) if link.whose == "own")
        return calendar_link("", own.token)

    def rota(self, agency: str) -> AgencyRota:
        """One agency's plan; an empty one where it has none."""
        return self._rotas.get(agency) or AgencyRota()

    def _rota_of(self, agency: str) -> AgencyRota:
        return self._rotas.setdefault(agency, AgencyRota())

    def fold(self, agency: str, event: Event, at: datetime) -> None:
        """Take in an event of a journal."""
        if (change := BOOK_CHANGES.get(type(event))) is not None:
            change(self, agency, event, at)

    # --- who may see it ---

    def person_defined(self, agency: str, event: PersonDefined, _at: datetime) -> None:
        """Somebody is on the books."""
        self._change_holder(agency, event.person.person_id, on_books=True)

    def person_removed(self, agency: str, event: PersonRemoved, _at: datetime) -> None:
        """Somebody is not any more."""
        self._change_holder(agency, event.person_id, on_books=False)

    def links_revoked(self, agency: str, event: LinksRevoked, _at: datetime) -> None:
        """No link of a person leads anywhere; the next ones do."""
        self._change_holder(agency, event.person_id, links_generation=event.generation)

    def calendar_revoked(self, agency: str, event: CalendarRevoked, _at: datetime) -> None:
        """No link of a person to a calendar does."""
        self._change_holder(agency, event.person_id, calendar_generation=event.generation)

    def _change_holder(self, agency: str, person_id: str, **changes: int) -> None:
        holder = self._holders.setdefault((agency, person_id), _Holder())
        for link in self._links_of(agency, person_id, holder):
            self._links.pop(_key(link.token), None)
        for name, value in changes.items():
            setattr(holder, name, value)
        if holder.on_books:
            self._links |= {_key(link.token): link for link in self._links_of(agency, person_id, holder)}

    def _links_of(self, agency: str, person_id: str, holder: _Holder) -> Iterator[CalendarLink]:
        generations = (holder.links_generation, holder.calendar_generation)
        for whose in CALENDARS:
            token = calendar_token(self._secret, agency, person_id, whose, *generations)
            yield CalendarLink(token, agency, person_id, whose)

    # --- what they see ---

    def planned(self, agency: str, event: ShiftPlanned, at: datetime) -> None:
        """A shift stands, or stands again."""
        rota = self._rota_of(agency)
        rota.shifts[event.shift.shift_id] = ShownShift(RotaShift(event.shift), at)
        if rota.swept_at is None or at - rota.swept_at > SWEEP:
            rota.swept_at = at
            over = [key for key, shift in rota.shifts.items() if shift.rota.plan.ends_at + KEEP < at]
            for shift_id in over:
                del rota.shifts[shift_id]
            rota.absences = {
                person_id: left
                for person_id, absences in rota.absences.items()
                if (left := [absence for absence in absences if absence.ends_at + 2 * KEEP > at])
            }

    def moved(self, agency: str, event: ShiftMoved, at: datetime) -> None:
        """It has other times, another team or other places."""
        if (shift := self.rota(agency).shifts.get(event.shift.shift_id)) is not None:
            shift.change(shift.rota.moved(event.shift), at)

    def dropped(self, agency: str, event: ShiftDropped, _at: datetime) -> None:
        """It does not take place."""
        self.rota(agency).shifts.pop(event.shift_id, None)

    def taken(self, agency: str, event: PlaceTaken, at: datetime) -> None:
        """Somebody else has a place in it."""
        if (shift := self.rota(agency).shifts.get(event.shift_id)) is not None:
            shift.change(shift.rota.taking(event), at)

    def left(self, agency: str, event: StaffLeft, at: datetime) -> None:
        """Somebody is on no shift any more, and away from none."""
        rota = self.rota(agency)
        rota.absences.pop(event.person_id, None)
        for shift in rota.of(event.person_id):
            if shift.rota.plan.ends_at > at:
                shift.change(shift.rota.without(event.person_id), at)

    def away(self, agency: str, event: AbsenceSet, at: datetime) -> None:
        """Somebody is away for a time."""
        rota = self._rota_of(agency)
        rota.absences.setdefault(event.person_id, []).append(event)
        _touch(rota, event, at)

    def not_away(self, agency: str, event: AbsenceLifted, at: datetime) -> None:
        """Somebody is not, after all."""
        rota = self.rota(agency)
        for absence in [each for each in rota.absences.get(event.person_id, ()) if each.absence_id == event.absence_id]:
            rota.absences[event.person_id].remove(absence)
            _touch(rota, absence, at)


def _touch(rota: AgencyRota, absence: AbsenceSet, at: datetime) -> None:
    for shift in rota.of(absence.person_id):
        plan = shift.rota.plan
        if absence.starts_at < plan.ends_at and plan.starts_at < absence.ends_at:
            shift.change(shift.rota, at)


def _key(token: str) -> str:
    return child_id(token, "calendar")


BOOK_CHANGES: dict[type[Event], Callable[[CalendarBook, str, Any, datetime], None]] = {
    PersonDefined: CalendarBook.person_defined,
    PersonRemoved: CalendarBook.person_removed,
    LinksRevoked: CalendarBook.links_revoked,
    CalendarRevoked: CalendarBook.calendar_revoked,
    ShiftPlanned: CalendarBook.planned,
    ShiftMoved: CalendarBook.moved,
    ShiftDropped: CalendarBook.dropped,
    PlaceTaken: CalendarBook.taken,
    StaffLeft: CalendarBook.left,
    AbsenceSet: CalendarBook.away,
    AbsenceLifted: CalendarBook.not_away,
}
"""The events that it follows, and what each changes."""
