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
    ShiftPlanned,
    child_id,
)


class Change(NamedTuple):
    """A shift that has changed, and what whoever is in it hears."""

    shift: ShiftState
    why: str
    before: ShiftState | None = None
    """As it was, where whoever was in it may be in it no more."""


class News(NamedTuple):
    """What somebody is to hear of a shift, and when it begins and ends, as it is or was: the sooner, and the later."""

    person_id: str
    shift: ShiftState
    why: str
    begins: datetime
    ends: datetime


NoticeKind = Literal["shift-moved", "cover", "gap"]


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

    def plan(self, plan: PlannedShift, *, planned_by: str = "") -> list[Change]:
        """A shift takes place; what whoever is in it hears at once, where a reminder of it comes too late."""
        self.emit(ShiftPlanned(shift=plan, planned_by=planned_by))
        shift = self.state.shifts[plan.shift_id]
        return [Change(shift, "you have a place in it")] if shift.reminded else []

    def drop(self, shift: ShiftState, *, reason: str, dropped_by: str = "") -> None:
        """A shift does not take place; where it runs, whoever is on duty by it is so no more."""
        plan = shift.plan
        dropped = ShiftDropped(shift_id=plan.shift_id, team_id=plan.team_id, dropped_by=dropped_by, reason=reason)
        self.emit(dropped)
        if shift.begun:
            self.emit(DutyEnded(shift_id=plan.shift_id, team_id=plan.team_id))

    def tell(
        self,
        kind: NoticeKind,
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
        news: list[News] = []
        for shift, why, before in changes:
            people, was = shift.rota.people(), shift if before is None else before
            begins, ends = min(shift.plan.starts_at, was.plan.starts_at), max(shift.plan.ends_at, was.plan.ends_at)
            for person_id in (people | was.rota.people()) - {but}:
                said = why if person_id in people else "you have no place in it any more"
                news.append(News(person_id, shift, said, begins, ends))
        self.tell_all("shift-moved", news)

    def tell_all(self, kind: NoticeKind, news: Iterable[News]) -> None:
        """Each hears once: of the first shift that is, or was, not over yet, and how many more."""
        of_person: dict[str, list[News]] = {}
        for each in sorted(news, key=lambda each: (each.shift.plan.starts_at, each.shift.plan.shift_id)):
            if each.ends > self.now:
                of_person.setdefault(each.person_id, []).append(each)
        for person_id, own in sorted(of_person.items()):
            why = own[0].why if len(own) == 1 else f"{own[0].why}; and {len(own) - 1} more"
            begins = min(each.begins for each in own)
            self.tell(kind, person_id, own[0].shift, why, begins=begins, not_after=own[0].ends)

    def tell_asked(self, before: State) -> None:
        """Whoever was asked for cover hears when it is wanted no more, whatever that is by: once, of the first."""
        news: list[News] = []
        for shift in self._touched(before):
            after = self.shift(shift.plan.shift_id)
            over = [cover for cover in shift.covers if after is None or not after.rota.still_wanted((cover,))]
            asked = {person_id for cover in over for person_id in cover.asked}
            if after is None:
                why = "it does not take place"
            else:
                found = {person_id for cover in over for person_id in after.rota.holders_then(cover)}
                why = "cover has been found" if found else "cover is wanted no more"
                asked -= found.union(*(cover.asked for cover in after.covers))
            asked -= {getattr(self.given.event, "issued_by", "")}
            news += [News(person_id, shift, why, shift.plan.starts_at, shift.plan.ends_at) for person_id in asked]
        self.tell_all("cover", news)

    def _touched(self, before: State) -> Iterator[ShiftState]:
        """The shifts, as they were, of which a decision says that they are otherwise."""
        shift_ids = {each.shift.shift_id for each in self.events if isinstance(each, ShiftMoved)}
        shift_ids |= {each.shift_id for each in self.events if isinstance(each, PlaceTaken | ShiftDropped)}
        return (before.shifts[shift_id] for shift_id in shift_ids if shift_id in before.shifts)
