"""What a shift lacks, as it is planned now. Pure: from the state alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from services.rostering.state import HORIZON_DAYS, TOLD_DAYS, ShiftState, State
from shared.events import GapFound, GapReason, child_id
from shared.judgement import disciplines_of
from shared.matching import has_perfect_matching
from shared.rota import Stretch

LONGEST_CALL = timedelta(days=1)
"""No response says that its calls take longer: nobody asks who is on call beyond that."""


class Lack(NamedTuple):
    """What a shift lacks between two instants."""

    why: GapReason
    person_id: str
    starts_at: datetime
    ends_at: datetime


def lacks(state: State, shift: ShiftState) -> tuple[Lack, ...]:
    """Everything that a shift lacks, what is so without a break as one."""
    return _joined(sorted({*_of_places(state, shift), *_of_holders(state, shift)}))


def gaps(state: State, shift: ShiftState, now: datetime) -> tuple[GapFound, ...]:
    """The same as it is told at an instant; what is past is lacked no more."""
    plan, days_ahead = shift.plan, days_until(shift.plan.starts_at, now)
    return tuple(
        GapFound(
            gap_id=child_id(plan.shift_id, f"{lack.why}/{lack.person_id}/{lack.starts_at}/{lack.ends_at}"),
            shift_id=plan.shift_id,
            team_id=plan.team_id,
            why=lack.why,
            starts_at=lack.starts_at,
            ends_at=lack.ends_at,
            person_id=lack.person_id,
            days_ahead=days_ahead,
        )
        for lack in lacks(state, shift)
        if lack.ends_at > now
    )


def planned_until(state: State, shift: ShiftState) -> datetime | None:
    """Until when a team is on call without a gap once a shift of its has ended, a day at most; None: not beyond it.

    One crew follows on the other, and each fills its places. A team at work counts when it has signed on, not before.
    """
    plan = shift.plan
    if plan.duty != "on-call":
        return None
    until, latest = plan.ends_at, plan.ends_at + LONGEST_CALL
    while until < latest:
        following = (each for each in state.shifts_of_call(plan.team_id) if each.plan.starts_at <= until)
        filled_until = max((_filled_until(state, each, until) for each in following), default=until)
        if filled_until <= until:
            break
        until = filled_until
    return min(until, latest) if until > plan.ends_at else None


def _filled_until(state: State, shift: ShiftState, at: datetime) -> datetime:
    """Until when the places of a shift are filled without a break, from an instant on; no later than that if not."""
    absences = state.absences_of(shift.rota.people())
    until = at
    for starts_at, ends_at in pairwise(shift.rota.instants(absences)):
        if ends_at <= at:
            continue
        if not _fills(state, shift, shift.rota.members(starts_at, absences)):
            break
        until = ends_at
    return until


def days_until(starts_at: datetime, now: datetime) -> int:
    """The last of 28, 7 and 1 days before a shift that has been reached; before all of them the whole horizon."""
    return next((days for days in TOLD_DAYS if now >= starts_at - timedelta(days=days)), HORIZON_DAYS)


def fits(state: State, needs: str, person_id: str) -> bool:
    """Whether a person on the books is trained for a place."""
    trained = state.staff.get(person_id)
    return trained is not None and (not needs or not trained.isdisjoint(disciplines_of(needs)))


def is_elsewhere(state: State, shift: ShiftState, person_id: str) -> bool:
    """Whether a person is in another shift at a time at which they are in this one."""
    return any(
        stretch.overlaps(other.starts_at, other.ends_at)
        for stretch in shift.rota.stretches_of(person_id)
        for other in _elsewhere(state, shift, stretch)
    )


def is_rested(state: State, shift: ShiftState, stretch: Stretch) -> bool:
    """Whether a person in a stretch of a shift is in no other at once, and has enough rest before it."""
    return not any(_takes_rest(shift, stretch, other) for other in _elsewhere(state, shift, stretch))


class _Work(NamedTuple):
    """When a person is in a shift."""

    starts_at: datetime
    ends_at: datetime
    duty: str
    shift_id: str


def _of_places(state: State, shift: ShiftState) -> Iterator[Lack]:
    """Whether everybody is there whom its places need, between each two instants at which that may change."""
    rota = shift.rota
    absences = state.absences_of(rota.people())
    for starts_at, ends_at in pairwise(rota.instants(absences)):
        holders = rota.members(starts_at, ())
        if not holders:
            yield Lack("empty", "", starts_at, ends_at)
            continue
        if not _fills(state, shift, holders):
            yield Lack("understaffed", "", starts_at, ends_at)
        for person_id in set(holders) - set(rota.members(starts_at, absences)):
            yield Lack("absent", person_id, starts_at, ends_at)


def _fills(state: State, shift: ShiftState, people: tuple[str, ...]) -> bool:
    """Whether people fill the places of a shift, each by one who is trained for it."""
    needs = [place.needs for place in shift.plan.places]
    return has_perfect_matching(needs, people, lambda need, person_id: fits(state, need, person_id))


def _of_holders(state: State, shift: ShiftState) -> Iterator[Lack]:
    """Whether each who has a place can be reached, and has had rest."""
    for person_id in shift.rota.people():
        for stretch in shift.rota.stretches_of(person_id):
            if not state.is_reachable(person_id):
                yield Lack("unreachable", person_id, stretch.starts_at, stretch.ends_at)
            tiring = [each for each in _elsewhere(state, shift, stretch) if _takes_rest(shift, stretch, each)]
            if tiring:
                at_once = any(stretch.overlaps(each.starts_at, each.ends_at) for each in tiring)
                yield Lack("elsewhere" if at_once else "no-rest", person_id, stretch.starts_at, stretch.ends_at)


def _elsewhere(state: State, shift: ShiftState, stretch: Stretch) -> Iterator[_Work]:
    """When a person is in other shifts near a stretch, and until when they were in those that are over."""
    person_id = stretch.person_id
    for other in state.shifts_near(person_id, stretch.starts_at, stretch.ends_at):
        if other.plan.shift_id != shift.plan.shift_id:
            for each in other.rota.stretches_of(person_id):
                yield _Work(each.starts_at, each.ends_at, other.plan.duty, other.plan.shift_id)
    if (until := state.worked.get(person_id)) is not None:
        yield _Work(until - timedelta(seconds=1), until, "on-shift", "")


def _takes_rest(shift: ShiftState, stretch: Stretch, other: _Work) -> bool:
    """Whether a person has too little rest before a stretch because of another shift; of two at once the later has.

    On call one rests, so only shifts at work count, and shifts at the same time of either kind.
    """
    begun_before = (other.starts_at, other.shift_id) < (stretch.starts_at, shift.plan.shift_id)
    if stretch.overlaps(other.starts_at, other.ends_at):
        return begun_before
    both_at_work = shift.plan.duty == other.duty == "on-shift"
    return both_at_work and timedelta() <= stretch.starts_at - other.ends_at < timedelta(hours=shift.plan.rest_hours)


def _joined(all_lacks: list[Lack]) -> tuple[Lack, ...]:
    """The lacks, those of one kind and person that touch made one."""
    joined: list[Lack] = []
    for lack in all_lacks:
        last = joined[-1] if joined else None
        if last and (last.why, last.person_id) == (lack.why, lack.person_id) and last.ends_at == lack.starts_at:
            joined[-1] = last._replace(ends_at=lack.ends_at)
        else:
            joined.append(lack)
    return tuple(joined)
