"""Rotations: what is defined, and the shifts that follow from it up to the horizon, again each day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from zoneinfo import ZoneInfo

from services.rostering.draft import Change, RotaDraft
from services.rostering.expansion import ONE_DAY, expand
from services.rostering.state import HORIZON_DAYS, MAX_ROTATIONS, MAX_SHIFTS, ROTATION_SHIFTS, ShiftState, room
from shared.answers import done, nothing_to_do, refused
from shared.events import (
    DefineRotation,
    Event,
    PlannedShift,
    RemoveRotation,
    Rotation,
    RotationDefined,
    RotationPlanned,
    RotationRemoved,
    ShiftMoved,
)
from shared.judgement import Discipline, disciplines_of
from shared.plain import how_many
from shared.programme.judging.hours import fault_of_clocks, instant

DAILY_MINUTE = 10 * 60
"""When a rotation is gone through again, on its own clocks: by day, since people may hear of what it changes."""
DISCIPLINES = frozenset(Discipline.__args__)  # type: ignore[attr-defined]  # of a Literal


def define_rotation(draft: RotaDraft, command: DefineRotation) -> list[Event]:
    """Add a rotation, or replace it, and bring its shifts in line with it at once."""
    rotation, state = command.rotation, draft.state
    before = state.rotations.get(rotation.rotation_id)
    if before is not None and before.rotation == rotation:
        return [nothing_to_do(command, f"{rotation.rotation_id} stands so already.", about=rotation.rotation_id)]
    if before is None and len(state.rotations) >= MAX_ROTATIONS:
        return [refused(command, "too-many", f"There are {MAX_ROTATIONS} rotations, which is as many as there may be.")]
    if faults := tuple(_faults(draft, rotation)):
        return [refused(command, "wrong-rotation", f"{rotation.rotation_id}: {faults[0]}", faults)]
    if before is None and room(state) < ROTATION_SHIFTS:
        return [refused(command, "too-many", f"More than {MAX_SHIFTS} shifts would be planned.")]
    draft.emit(RotationDefined(rotation=rotation, defined_by=command.issued_by))
    planned, changed, dropped = _bring_in_line(draft, rotation, "its rotation was changed")
    counted = f"Shifts planned: {planned}, changed: {changed}, dropped: {dropped}, up to {HORIZON_DAYS} days ahead."
    counted += draft.at_once(shift.plan for shift in _shifts_of(draft, rotation.rotation_id))
    return [done(command, counted, about=rotation.rotation_id)]


def remove_rotation(draft: RotaDraft, command: RemoveRotation) -> list[Event]:
    """End a rotation; a shift that has begun goes on to its end."""
    rotation_id = command.rotation_id
    if rotation_id not in draft.state.rotations:
        return [nothing_to_do(command, f"There is no rotation {rotation_id}.", about=rotation_id)]
    if not command.reason.strip():
        return [refused(command, "no-reason", f"Say why {rotation_id} ends: people lose shifts by it.")]
    to_come = [shift for shift in _shifts_of(draft, rotation_id) if not shift.begun]
    draft.emit(RotationRemoved(rotation_id=rotation_id, removed_by=command.issued_by, reason=command.reason))
    for shift in to_come:
        draft.drop(shift, reason=f"{rotation_id} has ended")
    draft.tell_of_changes(Change(shift, "it does not take place") for shift in to_come)
    return [done(command, f"Shifts dropped: {len(to_come)}.", about=rotation_id)]


def plan_again(draft: RotaDraft, rotation_id: str) -> None:
    """The daily run: the horizon has moved on by a day, and the clocks of the zone may be others by now."""
    rotation = draft.state.rotations.get(rotation_id)
    if rotation is not None:
        _bring_in_line(draft, rotation.rotation, "the clocks of its zone or the people on the books have changed")


def _bring_in_line(draft: RotaDraft, rotation: Rotation, reason: str) -> tuple[int, int, int]:
    """Plan, move and drop shifts until they are those of the rotation; how many of each.

    What a person has moved or dropped stays so, and what has begun is left to its end.
    """
    zone = ZoneInfo(rotation.zone)
    today = draft.now.astimezone(zone).date()
    through = today + timedelta(days=HORIZON_DAYS)
    earliest = today - timedelta(days=rotation.lasts_days or 1)
    shifts = expand(rotation, earliest, through) if rotation.team_id in draft.state.teams else ()
    wanted = {shift.shift_id: _staffed(draft, shift) for shift in shifts}
    planned = changed = 0
    noticed: list[Change] = []
    for shift_id, plan in wanted.items():
        present = draft.shift(shift_id)
        if present is None:
            if plan.ends_at > draft.now and shift_id not in draft.state.dropped:
                noticed += draft.plan(plan)
                planned += 1
        elif present.plan != plan and not present.begun and not present.moved_by_hand:
            draft.emit(ShiftMoved(shift=plan, reason=reason))
            changed += 1
            noticed += changes_noticed(present, draft.state.shifts[shift_id])
    gone = [
        shift
        for shift in _shifts_of(draft, rotation.rotation_id)
        if shift.plan.shift_id not in wanted and not shift.begun and not shift.moved_by_hand
    ]
    for shift in gone:
        draft.drop(shift, reason=reason)
    draft.tell_of_changes([*noticed, *(Change(shift, "it does not take place") for shift in gone)])
    again_at = instant(zone, today + ONE_DAY, DAILY_MINUTE)
    draft.emit(RotationPlanned(rotation_id=rotation.rotation_id, through=through, again_at=again_at))
    return planned, changed, len(gone)


def _staffed(draft: RotaDraft, shift: PlannedShift) -> PlannedShift:
    """The shift without people who are on the books no more: their turn stays, and nobody has it."""
    places = tuple(
        place if place.person_id in draft.state.staff else place.model_copy(update={"person_id": ""})
        for place in shift.places
    )
    return shift.model_copy(update={"places": places})


def changes_noticed(before: ShiftState, after: ShiftState) -> Iterator[Change]:
    """What is heard of a shift that is another, or has other people: by these and those."""
    old, new = before.plan, after.plan
    if (old.starts_at, old.ends_at) != (new.starts_at, new.ends_at):
        yield Change(after, "it is at other times", before)
    elif (old.team_id, old.duty) != (new.team_id, new.duty):
        yield Change(after, f"it is {new.duty.replace('-', ' ')} with {new.team_id}", before)
    elif before.rota.people() != after.rota.people():
        yield Change(after, "its people have changed", before)


def _shifts_of(draft: RotaDraft, rotation_id: str) -> list[ShiftState]:
    """The shifts of a rotation that are not over, in their order."""
    shifts = (shift for shift in draft.state.shifts.values() if shift.plan.rotation_id == rotation_id)
    return sorted(shifts, key=lambda shift: (shift.plan.starts_at, shift.plan.shift_id))


def _faults(draft: RotaDraft, rotation: Rotation) -> Iterator[str]:
    """Everything that is wrong with a rotation, each with the field that it stands in."""
    if rotation.team_id not in draft.state.teams:
        yield f"team_id: there is no {rotation.team_id} on the books."
    if of_clocks := fault_of_clocks(rotation.zone):
        yield f"zone: {of_clocks}"
    if len(set(rotation.days)) < len(rotation.days):
        yield "days: a day is named twice."
    for number, needs in enumerate(rotation.places, 1):
        if needs and (wrong := sorted(disciplines_of(needs) - DISCIPLINES)):
            yield f"places[{number}]: {wrong[0]!r} is no discipline; these are: {', '.join(sorted(DISCIPLINES))}."
    if rotation.until_day is not None and rotation.until_day < (rotation.from_day or rotation.anchor):
        yield "until_day: it lies before the first day."
    yield from _faults_of_people(draft, rotation)


def _faults_of_people(draft: RotaDraft, rotation: Rotation) -> Iterator[str]:
    for number, crew in enumerate(rotation.crews, 1):
        if len(crew) > len(rotation.places):
            people, places = how_many(len(crew), "person", "people"), how_many(len(rotation.places), "place")
            yield f"crews[{number}]: it has {people} for {places}."
        unknown = [person_id for person_id in crew if person_id not in draft.state.staff]
        yield from (f"crews[{number}]: there is no {person_id} among the staff." for person_id in unknown)
    unknown = [person_id for person_id in rotation.gaps_to if person_id not in draft.state.staff]
    yield from (f"gaps_to: there is no {person_id} among the staff." for person_id in unknown)
