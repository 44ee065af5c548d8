"""What a calendar says of each shift: a person's own shifts, or everybody's."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

from services.pocket.calendar.book import AgencyRota, ShownShift
from services.pocket.calendar.text import CalendarEvent
from shared.events import AbsenceSet
from shared.programme.judging.hours import is_time_zone
from shared.rota import Stretch, clock_in


def own_events(rota: AgencyRota, person_id: str) -> Iterator[CalendarEvent]:
    """When a person is at work or on call: what others took of it, and when they are away, is left out."""
    for shift_id, shift in rota.shifts.items():
        for number, stretch in enumerate(there(rota, shift, person_id), 1):
            others = sorted(shift.rota.people() - {person_id})
            yield _event(
                shift,
                shift_id if number == 1 else f"{shift_id}-{number}",
                stretch,
                _title(shift),
                f"With {', '.join(others)}." if others else "",
            )


def there(rota: AgencyRota, shift: ShownShift, person_id: str) -> Iterator[Stretch]:
    """When a person is in a shift, and not away."""
    absences = rota.absences.get(person_id, ())
    return (part for own in shift.rota.stretches_of(person_id) for part in _present(own, absences))


def whole_events(rota: AgencyRota, team_ids: Collection[str]) -> Iterator[CalendarEvent]:
    """Every shift with who is in it; of these teams alone, where some are named."""
    for shift_id, shift in rota.shifts.items():
        plan = shift.rota.plan
        if team_ids and plan.team_id not in team_ids:
            continue
        places = [stretches for _, stretches in shift.rota.places()]
        people = [_names(stretches, rota) for stretches in places]
        summary = f"{_title(shift)}: {', '.join(people)}"
        parts = [_parts(stretches, plan.zone) for stretches in places if len(stretches) > 1]
        yield _event(shift, shift_id, Stretch(plan.starts_at, plan.ends_at, ""), summary, "\n".join(parts))


def _event(shift: ShownShift, uid: str, stretch: Stretch, summary: str, description: str) -> CalendarEvent:
    busy = shift.rota.plan.duty == "on-shift"
    starts_at, ends_at, _ = stretch
    return CalendarEvent(uid, starts_at, ends_at, summary, description, busy, shift.changes, shift.changed_at)


def _title(shift: ShownShift) -> str:
    plan = shift.rota.plan
    return f"On call: {plan.team_id}" if plan.duty == "on-call" else plan.team_id


def _names(stretches: Sequence[Stretch], rota: AgencyRota) -> str:
    """Who has a place, in turn."""
    return " then ".join(
        (f"{each.person_id} (away)" if _is_away(each, rota) else each.person_id) or "nobody yet" for each in stretches
    )


def _is_away(stretch: Stretch, rota: AgencyRota) -> bool:
    absences = rota.absences.get(stretch.person_id, ())
    return any(stretch.overlaps(absence.starts_at, absence.ends_at) for absence in absences)


def _parts(stretches: Sequence[Stretch], zone: str) -> str:
    clocks = ZoneInfo(zone) if is_time_zone(zone) else ZoneInfo("UTC")
    form = clock_in(stretches[0].starts_at, stretches[-1].ends_at)
    return ", ".join(
        f"{each.person_id or 'nobody yet'} {each.starts_at.astimezone(clocks):{form}}-"
        f"{each.ends_at.astimezone(clocks):{form}}"
        for each in stretches
    )


def _present(stretch: Stretch, absences: Sequence[AbsenceSet]) -> Iterator[Stretch]:
    """The parts of a stretch in which its person is not away."""
    bounds: set[datetime] = {stretch.starts_at, stretch.ends_at}
    bounds |= {at for absence in absences for at in (absence.starts_at, absence.ends_at)}
    begins: datetime | None = None
    for starts_at, ends_at in pairwise(sorted(bounds)):
        inside = stretch.starts_at <= starts_at and ends_at <= stretch.ends_at
        here = inside and not any(absence.starts_at <= starts_at < absence.ends_at for absence in absences)
        if here and begins is None:
            begins = starts_at
        if not here and begins is not None:
            yield Stretch(begins, starts_at, stretch.person_id)
            begins = None
    if begins is not None:
        yield Stretch(begins, stretch.ends_at, stretch.person_id)
