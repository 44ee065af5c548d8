"""One decision about one agency's plan as it comes, with what several rooms emit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from services.rostering.expansion import ONE_DAY, by_morning
from services.rostering.state import ShiftState, State
from shared.engine.service import Draft, Input
from shared.events import (
    DutyEnded,
    PlaceTaken,
    PlannedShift,
    PlanNoticeDue,
    PlanNoticeHeld,
    ShiftDropped,
    ShiftMoved,
    child_id,
)


class Change(NamedTuple):
    """A shift that has changed, and what whoever is in it hears."""

    shift: ShiftState
    why: str
    before: ShiftState | None = None
    """As it was, where whoever was in it may be in it no more."""


@dataclass(slots=True)
class RotaDraft(Draft[State]):
    """The events of one decision, with the input that it is about."""

    given: Input = field(kw_only=True)

    def shift(self, shift_id: str) -> ShiftState | None:
        """A shift that is not over."""
        return self.state.shifts.get(shift_id)

    def at_once(self, plans: Iterable[PlannedShift]) -> str:
        """What whoever plans shifts should look at: how many have another of their team at the same time."""
        doubled = [plan for plan in plans if self.state.is_doubled(plan)]
        if not doubled:
            return ""
        first = min(doubled, key=lambda plan: (plan.starts_at, plan.shift_id))
        day = f"{first.starts_at.astimezone(ZoneInfo(first.zone)):%Y-%m-%d}"
        return f" At the same time as another of their team: {len(doubled)}, the first of {first.team_id} on {day}."

    def drop(self, shift: ShiftState, *, reason: str, dropped_by: str = "") -> None:
        """A shift does not take place; where it runs, whoever is on duty by it is so no more."""
        plan = shift.plan
        dropped = ShiftDropped(shift_id=plan.shift_id, team_id=plan.team_id, dropped_by=dropped_by, reason=reason)
        self.emit(dropped)
        if shift.begun:
            self.emit(DutyEnded(shift_id=plan.shift_id, team_id=plan.team_id))

    def tell(
        self,
        kind: Literal["shift-moved", "cover", "gap"],
        person_id: str,
        shift: ShiftState,
        why: str,
        *,
        not_after: datetime | None = None,
        begins: datetime | None = None,
    ) -> None:
        """Somebody is to hear of a shift, once for each decision, unless it is over.

        At night they hear in the morning of what begins a day or more later, and began so before if it was moved.
        """
        plan = shift.plan
        last = not_after or plan.ends_at
        if last <= self.now:
            return
        notice = PlanNoticeDue(
            notice_id=child_id(self.given.cause, f"{kind}/{person_id}/{plan.shift_id}/{why}"),
            kind=kind,
            person_id=person_id,
            shift_id=plan.shift_id,
            team_id=plan.team_id,
            starts_at=plan.starts_at,
            not_after=last,
            why=why,
        )
        until = by_morning(self.now, ZoneInfo(plan.zone))
        can_wait = until > self.now and (begins or plan.starts_at) - self.now >= ONE_DAY
        self.emit(PlanNoticeHeld(notice=notice, until=until) if can_wait else notice)

    def tell_of_changes(self, changes: Iterable[Change], *, but: str = "") -> None:
        """Whoever is in shifts that have changed, or was, hears of it once: of the first, and how many more."""
        of_person: dict[str, list[tuple[ShiftState, str]]] = {}
        begins: dict[str, datetime] = {}
        for shift, why, before in sorted(changes, key=lambda each: (each[0].plan.starts_at, each[0].plan.shift_id)):
            people, was = shift.rota.people(), shift if before is None else before
            for person_id in (people | was.rota.people()) - {but}:
                said = why if person_id in people else "you have no place in it any more"
                of_person.setdefault(person_id, []).append((shift, said))
                first = min(shift.plan.starts_at, was.plan.starts_at)
                begins[person_id] = min(first, begins.get(person_id, first))
        for person_id, own in sorted(of_person.items()):
            shift, why = own[0]
            why = why if len(own) == 1 else f"{why}; and {len(own) - 1} more"
            self.tell("shift-moved", person_id, shift, why, begins=begins[person_id])

    def tell_asked(self, before: State) -> None:
        """Whoever was asked for cover hears when it is wanted no more, whatever that is by: once, of the first."""
        of_person: dict[str, list[tuple[ShiftState, str]]] = {}
        for shift in sorted(self._touched(before), key=lambda each: (each.plan.starts_at, each.plan.shift_id)):
            after = self.shift(shift.plan.shift_id)
            over = [cover for cover in shift.covers if after is None or not after.rota.still_wanted((cover,))]
            asked = {person_id for cover in over for person_id in cover.asked}
            if after is None:
                why = "it does not take place"
            else:
                found = {person_id for cover in over for person_id in after.rota.holders_then(cover)}
                why = "cover has been found" if found else "cover is wanted no more"
                asked -= found.union(*(cover.asked for cover in after.covers))
            for person_id in asked - {getattr(self.given.event, "issued_by", "")}:
                of_person.setdefault(person_id, []).append((shift, why))
        for person_id, told in sorted(of_person.items()):
            shift, why = told[0]
            self.tell("cover", person_id, shift, why if len(told) == 1 else f"{why}; and {len(told) - 1} more")

    def _touched(self, before: State) -> Iterator[ShiftState]:
        """The shifts, as they were, of which a decision says that they are otherwise."""
        shift_ids = {each.shift.shift_id for each in self.events if isinstance(each, ShiftMoved)}
        shift_ids |= {each.shift_id for each in self.events if isinstance(each, PlaceTaken | ShiftDropped)}
        return (before.shifts[shift_id] for shift_id in shift_ids if shift_id in before.shifts)
