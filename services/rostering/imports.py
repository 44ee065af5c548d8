"""What another system plans: its rows replace what was read of it before, of the same time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator
from datetime import timedelta
from zoneinfo import ZoneInfo

from services.rostering.draft import Change, RotaDraft
from services.rostering.expansion import gaps_told_at, reminders
from services.rostering.rotations import changes_noticed
from services.rostering.shifts import LONGEST_AHEAD, faults_of_places, faults_of_times
from services.rostering.state import MAX_SHIFTS, ShiftState, overlap, room
from shared.answers import done, nothing_to_do, refused
from shared.events import (
    REMIND_MINUTES,
    Event,
    ImportShifts,
    PlannedShift,
    RosterFeedStale,
    ShiftMoved,
    ShiftPlace,
    ShiftRow,
    ShiftsImported,
    imported_shift_id,
)
from shared.programme.judging.hours import fault_of_clocks

MAX_DAYS = 100
LOST_OF_NEXT_WEEK = 0.3
"""A plan that would drop more of the next week than that is more likely a mistake than a plan."""
STALE_PERIODS = 2
STEP_BYTES, RECORD_BYTES, SMALL_BYTES = 750_000, 600, 500
"""What one import may come to; what a record takes beside its value, and the value of a notice or a dropped shift."""
TOLD_FAULTS = 20


def import_shifts(draft: RotaDraft, command: ImportShifts) -> list[Event]:
    """Bring the shifts of a source between two instants in line with its rows."""
    if wrong := _wrong(draft, command):
        return [wrong]
    present = _of_source(draft, command)
    command = _known_again(draft, command)
    wanted, faults = _read(draft, command)
    said = {_shift_id(command, row) for row in command.rows}.union(command.elsewhere)
    gone = [shift for shift in present if shift.plan.shift_id not in said and not shift.moved_by_hand]
    if not command.confirmed and (share := _lost_of_next_week(draft, present, gone)) > LOST_OF_NEXT_WEEK:
        sentence = (
            f"This would drop {share:.0%} of the next week's shifts of {command.source}: "
            "what was read before stands. If it is meant, say confirmed."
        )
        return [refused(command, "too-much-lost", sentence)]
    shifts, dropped = draft.state.shifts, draft.state.dropped
    new = [plan for shift_id, plan in wanted.items() if shift_id not in shifts and shift_id not in dropped]
    changed = [plan for shift_id, plan in wanted.items() if shift_id in shifts and _moves(shifts[shift_id], plan)]
    if len(new) - len(gone) > room(draft.state):
        return [refused(command, "too-many", f"More than {MAX_SHIFTS} shifts would be planned.")]
    if _size_bytes(draft, new, changed, gone) > STEP_BYTES:
        return [refused(command, "too-big", "This is more than fits into one step: import a shorter time at once.")]
    _carry_out(draft, new, changed, gone)
    unchanged = len(wanted) - len(new) - len(changed)
    stale_at = draft.now + STALE_PERIODS * timedelta(minutes=command.period_minutes) if command.period_minutes else None
    counts = {"planned": len(new), "moved": len(changed), "dropped": len(gone), "unchanged": unchanged}
    told = (*faults[:TOLD_FAULTS], *([f"And {len(faults) - TOLD_FAULTS} more."] if len(faults) > TOLD_FAULTS else []))
    draft.emit(ShiftsImported(source=command.source, **counts, faults=told, stale_at=stale_at))
    sentence = f"Shifts planned: {len(new)}, changed: {len(changed)}, dropped: {len(gone)}, as before: {unchanged}."
    if by_hand := sum(shift_id in dropped for shift_id in wanted):
        sentence += f" Of these somebody has dropped: {by_hand}; they are not planned again."
    sentence += draft.at_once((*new, *changed))
    if faults:
        sentence += f" Rows not taken: {len(faults)}. {' '.join(told[:5])}"
        return [done(command, sentence, about=command.source)]
    answered = done if new or changed or gone else nothing_to_do
    return [answered(command, sentence, about=command.source)]


def feed_is_stale(draft: RotaDraft, source: str) -> None:
    """Nothing was read for two periods: what was read last stands, and somebody hears of it."""
    feed = draft.state.feeds.get(source)
    if feed is not None:
        draft.emit(RosterFeedStale(source=source, read_at=feed.read_at))


def _wrong(draft: RotaDraft, command: ImportShifts) -> Event | None:
    """What is wrong with the import as a whole."""
    if command.ends_at <= command.starts_at or command.ends_at - command.starts_at > timedelta(days=MAX_DAYS):
        return refused(
            command, "wrong-window", f"The time must end after it begins, and be of {MAX_DAYS} days at most."
        )
    if command.ends_at - draft.now > LONGEST_AHEAD:
        return refused(command, "wrong-window", f"The time lies more than {LONGEST_AHEAD.days} days ahead.")
    if wrong := fault_of_clocks(command.zone):
        return refused(command, "wrong-zone", wrong)
    if not all(row.shift_id or row.key for row in command.rows):
        return refused(command, "no-key", "A row does not say by what it is known again.")
    if unknown := [person_id for person_id in command.gaps_to if person_id not in draft.state.staff]:
        return refused(command, "unknown-person", f"There is no {unknown[0]} among the staff, to be told of gaps.")
    return None


def _known_again(draft: RotaDraft, command: ImportShifts) -> ImportShifts:
    """The command, its rows by the ids under which their shifts stand here, whatever the other system calls them now.

    It may number its rows anew, make a series of the rest of another, or have a number for each person. So what it says
    nothing of any more is what it has under a new key for the same team at the same time, or with the same people then.
    What a person has dropped or moved is so too, as it was said before, and so is what runs.
    """
    state, rows = draft.state, {_shift_id(command, row): row for row in command.rows}
    said, plans = {*rows, *command.elsewhere}, _said_before(draft, command)
    unsaid = {plan.shift_id: plan for plan in plans if plan.shift_id not in said}
    new = {key: row for key, row in rows.items() if key not in state.shifts and key not in state.dropped}
    stands_as: dict[str, str] = {}
    for alike in (_all_of, _time_of, _people_of):
        candidates = defaultdict[Hashable, list[PlannedShift]](list)
        for plan in unsaid.values():
            candidates[plan.team_id, plan.duty, alike(plan)].append(plan)
        for key, row in new.items():
            of_row = candidates.get((row.team_id, row.duty, alike(row)), ())
            same = next((plan for plan in of_row if plan.shift_id in unsaid and overlap(row, plan)), None)
            if same is not None and key not in stands_as:
                stands_as[key] = unsaid.pop(same.shift_id).shift_id
    known = (stands_as.get(_shift_id(command, row)) for row in command.rows)
    rows_known = (
        row if shift_id is None else row.model_copy(update={"key": "", "shift_id": shift_id})
        for row, shift_id in zip(command.rows, known, strict=True)
    )
    return command.model_copy(update={"rows": tuple(rows_known)})


def _said_before(draft: RotaDraft, command: ImportShifts) -> list[PlannedShift]:
    """What was read of the source before, of the same time, as it was said then, whatever people have made of it."""
    state = draft.state
    plans = [shift.said or shift.plan for shift in state.shifts.values()] + [
        each.said for each in state.dropped.values()
    ]
    own = (plan for plan in plans if plan.source == command.source)
    of_time = (plan for plan in own if command.starts_at <= plan.starts_at < command.ends_at)
    return sorted(of_time, key=lambda plan: (plan.starts_at, plan.shift_id))


def _all_of(shift: ShiftRow | PlannedShift) -> Hashable:
    return _time_of(shift), _people_of(shift)


def _time_of(shift: ShiftRow | PlannedShift) -> Hashable:
    return shift.starts_at, shift.ends_at


def _people_of(shift: ShiftRow | PlannedShift) -> Hashable:
    people = shift.people if isinstance(shift, ShiftRow) else (place.person_id for place in shift.places)
    return frozenset(people) - {""}


def _read(draft: RotaDraft, command: ImportShifts) -> tuple[dict[str, PlannedShift], list[str]]:
    """The shifts of the rows that can be taken, by id, and what is wrong with the others."""
    wanted: dict[str, PlannedShift] = {}
    faults: list[str] = []
    seen: set[str] = set()
    for number, row in enumerate(command.rows, 1):
        shift_id = _shift_id(command, row)
        wrong = next(_faults(draft, command, row), None)
        if shift_id in seen:
            wrong = "Its key is that of a row before."
        seen.add(shift_id)
        if wrong is not None:
            faults.append(f"Row {number}: {wrong}")
        elif row.ends_at > draft.now:
            wanted[shift_id] = _planned(command, row, draft.state.shifts.get(shift_id), shift_id)
    return wanted, faults


def _faults(draft: RotaDraft, command: ImportShifts, row: ShiftRow) -> Iterator[str]:
    if not command.starts_at <= row.starts_at < command.ends_at:
        yield "It begins outside the time that is imported."
    yield from (fault for fault in faults_of_times(command.starts_at, row.starts_at, row.ends_at))
    if not row.people and not row.needs:
        yield "It names nobody, and needs nobody."
    yield from faults_of_places(draft.state, row.team_id, _places(row, None))


def _places(row: ShiftRow, present: ShiftState | None) -> tuple[ShiftPlace, ...]:
    """The places of a row. Whoever stays keeps their place: what others have taken of it is taken from them.

    Where nobody has taken any, whoever stays moves up into the place of one who is on it no more.
    """
    count = max(len(row.people), len(row.needs))
    before = () if present is None else tuple(place.person_id for place in present.plan.places)
    if present is not None and present.rota.taken:
        count = max(count, *(number for number, person_id in enumerate(before, 1) if person_id in row.people), 0)
    staying = [person_id if person_id in row.people else "" for person_id in before[:count]]
    people = [*staying, *[""] * (count - len(staying))]
    others = iter([person_id for person_id in row.people if person_id not in staying])
    people = [person_id or next(others, "") for person_id in people]
    needs = [*row.needs, *[""] * (count - len(row.needs))]
    return tuple(ShiftPlace(needs=need, person_id=person_id) for need, person_id in zip(needs, people, strict=True))


def _planned(command: ImportShifts, row: ShiftRow, present: ShiftState | None, shift_id: str) -> PlannedShift:
    return PlannedShift(
        shift_id=shift_id,
        team_id=row.team_id,
        duty=row.duty,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        zone=command.zone,
        places=_places(row, present),
        reminders_at=reminders(row.starts_at, REMIND_MINUTES, ZoneInfo(command.zone)),
        gaps_told_at=gaps_told_at(row.starts_at, ZoneInfo(command.zone)),
        rest_hours=command.rest_hours,
        sign_on_grace_minutes=command.sign_on_grace_minutes,
        gaps_to=command.gaps_to,
        source=command.source,
        key="" if present is None else present.plan.key,  # of an old record: the id says nothing of what it is made of
    )


def _shift_id(command: ImportShifts, row: ShiftRow) -> str:
    return row.shift_id or imported_shift_id(command.source, row.key)


def _of_source(draft: RotaDraft, command: ImportShifts) -> list[ShiftState]:
    """What was read of the source before, of the same time, and has not begun."""
    shifts = (
        shift
        for shift in draft.state.shifts.values()
        if shift.plan.source == command.source
        and command.starts_at <= shift.plan.starts_at < command.ends_at
        and not shift.begun
    )
    return sorted(shifts, key=lambda shift: (shift.plan.starts_at, shift.plan.shift_id))


def _moves(present: ShiftState, plan: PlannedShift) -> bool:
    """Whether a shift is another by the newest rows. What has begun, or a person has moved, is left alone."""
    return present.plan != plan and not present.begun and not present.moved_by_hand


def _lost_of_next_week(draft: RotaDraft, present: list[ShiftState], gone: list[ShiftState]) -> float:
    """Which share of the next week's shifts of the source would be dropped."""
    week = draft.now + timedelta(days=7)
    of_week = sum(shift.plan.starts_at < week for shift in present)
    return sum(shift.plan.starts_at < week for shift in gone) / of_week if of_week else 0.0


def _size_bytes(draft: RotaDraft, new: list[PlannedShift], changed: list[PlannedShift], gone: list[ShiftState]) -> int:
    """About what the events come to: one a shift, and a notice to each person who hears of any."""
    touched = [*(draft.state.shifts[plan.shift_id] for plan in changed), *gone]
    told = {place.person_id for plan in (*new, *changed) for place in plan.places}.union(
        *(each.rota.people() for each in touched), *(cover.asked for each in touched for cover in each.covers)
    )
    planned = sum(len(plan.model_dump_json()) + RECORD_BYTES for plan in (*new, *changed))
    return planned + (len(gone) + len(told)) * (SMALL_BYTES + RECORD_BYTES)


def _carry_out(draft: RotaDraft, new: list[PlannedShift], changed: list[PlannedShift], gone: list[ShiftState]) -> None:
    moved = [change for plan in new for change in draft.plan(plan)]
    for plan in changed:
        before = draft.state.shifts[plan.shift_id]
        draft.emit(ShiftMoved(shift=plan, reason="it was imported anew"))
        moved += changes_noticed(before, draft.state.shifts[plan.shift_id])
    for shift in gone:
        draft.drop(shift, reason="it is not among what was imported")
    draft.tell_of_changes([*moved, *(Change(shift, "it does not take place") for shift in gone)])
