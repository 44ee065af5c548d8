"""Shifts that people plan, move and drop one by one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from services.rostering.draft import Change, RotaDraft
from services.rostering.expansion import gaps_told_at, reminders
from services.rostering.gaps import is_elsewhere, lacks
from services.rostering.rotations import DISCIPLINES
from services.rostering.state import LONGEST_SHIFT, MAX_SHIFTS, State, room
from shared.answers import done, nothing_to_do, refused
from shared.events import (
    REMIND_MINUTES,
    DropShift,
    Event,
    MoveShift,
    PlannedShift,
    PlanShift,
    ShiftMoved,
    ShiftPlace,
    child_id,
)
from shared.judgement import disciplines_of
from shared.programme.judging.hours import fault_of_clocks

LONGEST_AHEAD = timedelta(days=400)


def plan_shift(draft: RotaDraft, command: PlanShift) -> list[Event]:
    """Plan one shift that no rotation plans."""
    faults = [
        *faults_of_times(draft.now, command.starts_at, command.ends_at),
        *faults_of_places(draft.state, command.team_id, command.places, command.gaps_to),
    ]
    if wrong := fault_of_clocks(command.zone):
        faults.append(wrong)
    if faults:
        return [refused(command, "wrong-shift", faults[0], tuple(faults))]
    if (same := _same_as(draft.state, command)) is not None:
        return [nothing_to_do(command, "It is planned so already.", about=same.shift_id)]
    if room(draft.state) < 1:
        return [refused(command, "too-many", f"More than {MAX_SHIFTS} shifts would be planned.")]
    shift = PlannedShift(
        shift_id=child_id(draft.given.cause, "shift"),
        team_id=command.team_id,
        duty=command.duty,
        starts_at=command.starts_at,
        ends_at=command.ends_at,
        zone=command.zone,
        places=command.places,
        reminders_at=reminders(command.starts_at, REMIND_MINUTES, ZoneInfo(command.zone)),
        gaps_told_at=gaps_told_at(command.starts_at, ZoneInfo(command.zone)),
        rest_hours=command.rest_hours,
        sign_on_grace_minutes=command.sign_on_grace_minutes,
        gaps_to=command.gaps_to,
    )
    draft.tell_of_changes(draft.plan(shift, planned_by=command.issued_by), but=command.issued_by)
    return [done(command, _as_it_stands(draft, shift.shift_id, "The shift is planned."), about=shift.shift_id)]


def _same_as(state: State, command: PlanShift) -> PlannedShift | None:
    """A shift that was planned by the same words: whoever says them twice means one."""
    wanted = (command.team_id, command.duty, command.starts_at, command.ends_at, command.places)
    plans = (shift.plan for shift in state.shifts.values())
    same = (plan for plan in plans if (plan.team_id, plan.duty, plan.starts_at, plan.ends_at, plan.places) == wanted)
    return next(same, None)


def move_shift(draft: RotaDraft, command: MoveShift) -> list[Event]:
    """Give a shift other times, whatever its rotation says. Of one that runs only the end can be another."""
    shift = draft.shift(command.shift_id)
    if shift is None:
        return [unknown_shift(command, command.shift_id)]
    plan, times = shift.plan, (command.starts_at, command.ends_at)
    if (plan.starts_at, plan.ends_at) == times:
        return [nothing_to_do(command, "It is at these times already.", about=plan.shift_id)]
    if not command.reason.strip():
        return [refused(command, "no-reason", "Say why the shift is moved: whoever is in it is told.")]
    if faults := tuple(faults_of_times(draft.now, *times)):
        return [refused(command, "wrong-shift", faults[0], faults)]
    if shift.begun and command.starts_at != plan.starts_at:
        return [refused(command, "begun", "The shift has begun: only its end can be moved.")]
    changes = {
        "starts_at": command.starts_at,
        "ends_at": command.ends_at,
        "reminders_at": _moved_reminders(plan, command.starts_at),
        "gaps_told_at": gaps_told_at(command.starts_at, ZoneInfo(plan.zone)),
    }
    moved = ShiftMoved(shift=plan.model_copy(update=changes), moved_by=command.issued_by, reason=command.reason)
    draft.emit(moved)
    change = Change(draft.state.shifts[plan.shift_id], "it is at other times", shift)
    draft.tell_of_changes([change], but=command.issued_by)
    return [done(command, _as_it_stands(draft, plan.shift_id, "The shift is moved."), about=plan.shift_id)]


def drop_shift(draft: RotaDraft, command: DropShift) -> list[Event]:
    """A shift does not take place."""
    shift = draft.shift(command.shift_id)
    if shift is None:
        return [unknown_shift(command, command.shift_id)]
    if not command.reason.strip():
        return [refused(command, "no-reason", "Say why the shift is dropped: nobody is on duty in its stead.")]
    draft.drop(shift, reason=command.reason, dropped_by=command.issued_by)
    draft.tell_of_changes([Change(shift, "it does not take place")], but=command.issued_by)
    people = len(shift.rota.people())
    return [done(command, f"The shift is dropped. People who had a place in it: {people}.", about=command.shift_id)]


def _as_it_stands(draft: RotaDraft, shift_id: str, sentence: str) -> str:
    """The sentence, and what whoever has planned the shift so should look at."""
    state, shift = draft.state, draft.state.shifts[shift_id]
    plan, sentences = shift.plan, [sentence]
    if lacks(state, shift):
        sentences.append("It lacks something: the rota says what.")
    if state.is_doubled(plan):
        sentences.append(f"{plan.team_id} has another shift at the same time.")
    at_once = [person_id for person_id in sorted(shift.rota.people()) if is_elsewhere(state, shift, person_id)]
    sentences += [f"{person_id} is in another shift at the same time." for person_id in at_once]
    return " ".join(sentences)


def unknown_shift(command: MoveShift | DropShift, shift_id: str) -> Event:
    """The refusal of what is about a shift that is not there."""
    return refused(command, "unknown-shift", f"There is no shift {shift_id} from now on: it is over, or was dropped.")


def faults_of_times(now: datetime, starts_at: datetime, ends_at: datetime) -> Iterator[str]:
    """What is wrong with the times of a shift."""
    if ends_at <= starts_at:
        yield "The shift ends before it begins."
    elif ends_at - starts_at > LONGEST_SHIFT:
        yield f"The shift takes more than {LONGEST_SHIFT.days} days."
    if ends_at <= now:
        yield "The shift would be over already."
    if starts_at - now > LONGEST_AHEAD:
        yield f"The shift lies more than {LONGEST_AHEAD.days} days ahead."


def faults_of_places(
    state: State, team_id: str, places: tuple[ShiftPlace, ...], gaps_to: tuple[str, ...] = ()
) -> Iterator[str]:
    """What is wrong with who is to be in a shift."""
    if team_id not in state.teams:
        yield f"There is no {team_id} on the books."
    for place in places:
        if place.needs and (wrong := sorted(disciplines_of(place.needs) - DISCIPLINES)):
            yield f"{wrong[0]!r} is no discipline; these are: {', '.join(sorted(DISCIPLINES))}."
        if place.person_id and place.person_id not in state.staff:
            yield f"There is no {place.person_id} among the staff."
    for person_id in gaps_to:
        if person_id not in state.staff:
            yield f"There is no {person_id} among the staff."


def _moved_reminders(plan: PlannedShift, starts_at: datetime) -> tuple[datetime, ...]:
    """The reminders of a shift that begins at another time; those that lie between quiet hours stay by day."""
    minutes = tuple(round((plan.starts_at - at).total_seconds() / 60) for at in plan.reminders_at)
    return reminders(starts_at, minutes, ZoneInfo(plan.zone)) if minutes else ()
