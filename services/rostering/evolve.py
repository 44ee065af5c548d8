"""How each event of rostering's journal changes its state. Nothing is expanded here: events say what is planned."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

from services.rostering.state import (
    LONGEST_SHIFT,
    Dropped,
    Feed,
    RotationState,
    ShiftState,
    State,
    Way,
    clock,
    overlap,
)
from shared.engine.state import EMPTY, ClockId, Clocks, PMap
from shared.events import (
    AbsenceLifted,
    AbsenceSet,
    ClockFailed,
    CommandDone,
    CommandRefused,
    CoverAsked,
    DutyBegan,
    DutyChanged,
    DutyEnded,
    Event,
    GapClosed,
    GapFound,
    PlaceTaken,
    PlanNoticeDue,
    PlanNoticeHeld,
    RemindersSent,
    RosterFeedStale,
    RotationDefined,
    RotationPlanned,
    RotationRemoved,
    ShiftDropped,
    ShiftMoved,
    ShiftPlanned,
    ShiftsChecked,
    ShiftsImported,
    StaffLeft,
    StaffNoted,
    TeamNoted,
    WayNoted,
)
from shared.replace import replace
from shared.rota import RotaShift

KEEP_WORKED_DAYS = 2
TRY_AGAIN = timedelta(hours=1)
"""A clock that could not be decided is tried again so much later."""


def evolve(state: State, event: Event, at: datetime) -> State:
    """The state after an event decided at an instant; an event that changes nothing here leaves it as it is."""
    change = CHANGES.get(type(event))
    return state if change is None else change(state, event, at)


# --- shifts ---------------------------------------------------------------------------------------------------------


def _shift_planned(state: State, event: ShiftPlanned, at: datetime) -> State:
    rota = RotaShift(event.shift)
    shift = ShiftState(rota, reminded=sum(due <= at for due in event.shift.reminders_at))
    state = replace(state, dropped=_without(state.dropped, event.shift.shift_id))
    return _with_shift(state, shift, at)


def _shift_moved(state: State, event: ShiftMoved, at: datetime) -> State:
    before = state.shifts.get(event.shift.shift_id)
    if before is None:
        return state
    said = before.said or (before.plan if event.moved_by else None)
    past = sum(due <= at for due in event.shift.reminders_at)
    if before.plan.team_id != event.shift.team_id:
        state = _with_running_unchecked(state, before.plan.team_id, at)
    rota = before.rota.moved(event.shift)
    shift = replace(
        before,
        rota=rota,
        covers=rota.still_wanted(before.covers),
        said=said,
        held_until=_held_until(before) if said else None,
        reminded=max(before.reminded, past),
    )
    return _with_shift(state, shift, at)


def _dropped(shift: ShiftState) -> Dropped:
    return Dropped(shift.said or shift.plan, _held_until(shift))


def _held_until(shift: ShiftState) -> datetime:
    """The latest end that a shift has had since a person moved it, and before."""
    return max(shift.plan.ends_at, shift.held_until or shift.plan.ends_at)


def _place_taken(state: State, event: PlaceTaken, at: datetime) -> State:
    before = state.shifts.get(event.shift_id)
    if before is None:
        return state
    rota = before.rota.taking(event)
    return _with_shift(state, replace(before, rota=rota, covers=rota.still_wanted(before.covers)), at)


def _cover_asked(state: State, event: CoverAsked, _at: datetime) -> State:
    def wanted(shift: ShiftState) -> ShiftState:
        return replace(shift, covers=shift.rota.with_cover(shift.covers, event))

    return _noted(state, event.shift_id, wanted)


def _shift_dropped(state: State, event: ShiftDropped, at: datetime) -> State:
    shift = state.shifts.get(event.shift_id)
    if shift is None:
        return state
    if event.dropped_by:  # a person's word: what it comes from does not plan it again
        state = _tidied(state, at)
        state = replace(state, dropped=state.dropped.set(event.shift_id, _dropped(shift)))
    unchecked = state.unchecked
    for person_id in shift.rota.people():
        for other in state.shifts_near(person_id, shift.plan.starts_at, shift.plan.ends_at):
            unchecked = unchecked.set(other.plan.shift_id, at)
    state = _without_shift(replace(state, unchecked=unchecked), shift)
    return _with_running_unchecked(state, shift.plan.team_id, at)


def _with_running_unchecked(state: State, team_id: str, at: datetime) -> State:
    """The state in which it is looked anew what follows on the shift that a team is on call in."""
    unchecked = state.unchecked
    for shift in state.shifts_of_call(team_id):
        if shift.begun:
            unchecked = unchecked.set(shift.plan.shift_id, at)
    return replace(state, unchecked=unchecked)


def _noted(state: State, shift_id: str, note: Callable[[ShiftState], ShiftState]) -> State:
    """The state with something noted on a shift, where it is still planned; nothing else follows from it."""
    shift = state.shifts.get(shift_id)
    return state if shift is None else replace(state, shifts=state.shifts.set(shift_id, note(shift)))


def _with_shift(state: State, shift: ShiftState, at: datetime) -> State:
    """The state with a shift as it is now, its clocks armed, and whatever it tells on looked through again."""
    shift_id = shift.plan.shift_id
    before = state.shifts.get(shift_id)
    people_before = frozenset() if before is None else before.rota.people()
    people = shift.rota.people()
    shifts_of = _indexed(state.shifts_of, shift_id, people_before, people)
    teams_before = frozenset() if before is None else frozenset((before.plan.team_id,))
    of_team = _indexed(state.shifts_of_team, shift_id, teams_before, frozenset((shift.plan.team_id,)))
    state = replace(state, shifts=state.shifts.set(shift_id, shift), shifts_of=shifts_of, shifts_of_team=of_team)
    unchecked = state.unchecked.set(shift_id, at)
    for span in (each.plan for each in (before, shift) if each is not None):
        for person_id in people_before | people:
            for other in state.shifts_near(person_id, span.starts_at, span.ends_at):
                unchecked = unchecked.set(other.plan.shift_id, at)
    return replace(state, clocks=_armed(state, shift, at), unchecked=unchecked)


def _without_shift(state: State, shift: ShiftState) -> State:
    shift_id = shift.plan.shift_id
    return replace(
        state,
        shifts=state.shifts.delete(shift_id),
        shifts_of=_indexed(state.shifts_of, shift_id, shift.rota.people(), frozenset()),
        shifts_of_team=_indexed(state.shifts_of_team, shift_id, frozenset((shift.plan.team_id,)), frozenset()),
        clocks=state.clocks.clear(clock("duty", shift_id)).clear(clock("remind", shift_id)),
        unchecked=state.unchecked.clear(shift_id),
    )


def _indexed(
    index: PMap[str, frozenset[str]], shift_id: str, before: frozenset[str], after: frozenset[str]
) -> PMap[str, frozenset[str]]:
    for person_id in before - after:
        left = index.get(person_id, frozenset()) - {shift_id}
        index = index.set(person_id, left) if left else index.delete(person_id)
    for person_id in after - before:
        index = index.set(person_id, index.get(person_id, frozenset()) | {shift_id})
    return index


def _armed(state: State, shift: ShiftState, at: datetime) -> Clocks:
    """The clocks, those of a shift as it is now."""
    plan = shift.plan
    duty, remind = clock("duty", plan.shift_id), clock("remind", plan.shift_id)
    clocks = state.clocks.set(duty, _next_change(state, shift, at))
    left = plan.reminders_at[shift.reminded :]
    return clocks.set(remind, left[0]) if left and not shift.begun else clocks.clear(remind)


def _next_change(state: State, shift: ShiftState, at: datetime) -> datetime:
    """When something is to be said of who is on duty by a shift: at its start, when that changes, at its end."""
    if not shift.begun:
        return shift.plan.starts_at
    if shift.plan.ends_at <= at:
        return at
    if shift.told_end != shift.plan.ends_at or state.members(shift, at) != shift.on_duty:
        return at
    later = (each for each in shift.rota.instants(state.absences_of(shift.rota.people())) if each > at)
    changes = (each for each in later if state.members(shift, each) != shift.on_duty)
    return next(changes, shift.plan.ends_at)


# --- rotations and imports ------------------------------------------------------------------------------------------


def _rotation_defined(state: State, event: RotationDefined, at: datetime) -> State:
    rotation_id = event.rotation.rotation_id
    return replace(
        state,
        rotations=state.rotations.set(rotation_id, RotationState(event.rotation)),
        clocks=state.clocks.set(clock("plan", rotation_id), at),
    )


def _rotation_planned(state: State, event: RotationPlanned, at: datetime) -> State:
    rotation = state.rotations.get(event.rotation_id)
    if rotation is None:
        return state
    return replace(
        _tidied(state, at),
        rotations=state.rotations.set(event.rotation_id, replace(rotation, again_at=event.again_at)),
        clocks=state.clocks.set(clock("plan", event.rotation_id), event.again_at),
    )


def _tidied(state: State, at: datetime) -> State:
    """The state without absences that are over, and dropped shifts that would be."""
    for absence in [absence for absence in chain(*state.absences.values()) if absence.ends_at < at]:
        state = _without_absence(state, absence)
    over = [shift_id for shift_id, each in state.dropped.items() if each.until < at - LONGEST_SHIFT]
    return replace(state, dropped=_without(state.dropped, *over))


def _rotation_removed(state: State, event: RotationRemoved, _at: datetime) -> State:
    return replace(
        state,
        rotations=_without(state.rotations, event.rotation_id),
        clocks=state.clocks.clear(clock("plan", event.rotation_id)),
    )


def _imported(state: State, event: ShiftsImported, at: datetime) -> State:
    feed = clock("feed", event.source)
    clocks = state.clocks.clear(feed) if event.stale_at is None else state.clocks.set(feed, event.stale_at)
    return replace(_tidied(state, at), feeds=state.feeds.set(event.source, Feed(event, at)), clocks=clocks)


def _feed_stale(state: State, event: RosterFeedStale, _at: datetime) -> State:
    feed = state.feeds.get(event.source)
    feeds = state.feeds if feed is None else state.feeds.set(event.source, replace(feed, stale=True))
    return replace(state, feeds=feeds, clocks=state.clocks.clear(clock("feed", event.source)))


# --- people ---------------------------------------------------------------------------------------------------------


def _staff_noted(state: State, event: StaffNoted, at: datetime) -> State:
    staff = state.staff.set(event.person_id, frozenset(event.disciplines))
    return _looked_through(replace(state, staff=staff), event.person_id, at)


def _staff_left(state: State, event: StaffLeft, at: datetime) -> State:
    person_id = event.person_id
    state = replace(
        _with_held(state, person_id, ()),
        staff=_without(state.staff, person_id),
        absences=_without(state.absences, person_id),
    )
    for shift in tuple(state.shifts_with(person_id)):
        rota = shift.rota.without(person_id)
        state = _with_shift(state, replace(shift, rota=rota, covers=rota.still_wanted(shift.covers)), at)
    return state


def _team_noted(state: State, event: TeamNoted, at: datetime) -> State:
    """What a team has is looked through when it leaves the books; when it comes its rotations are gone through."""
    team_id, unchecked, clocks = event.team_id, state.unchecked, state.clocks
    if not event.on_books:
        for shift_id in sorted(state.shifts_of_team.get(team_id, ())):
            unchecked = unchecked.set(shift_id, at)
        return replace(state, teams=state.teams - {team_id}, unchecked=unchecked)
    for rotation_id, each in state.rotations.items():
        if each.rotation.team_id == team_id:
            clocks = clocks.set(clock("plan", rotation_id), at)
    return replace(state, teams=state.teams | {team_id}, clocks=clocks)


def _way_noted(state: State, event: WayNoted, at: datetime) -> State:
    ways, before = state.ways.get(event.person_id, EMPTY), state.is_reachable(event.person_id)
    if event.gone:
        ways = _without(ways, event.method_id)
    else:
        ways = ways.set(event.method_id, Way(event.fingerprint, event.proved, event.broken, event.opted_out))
    by_person = state.ways.set(event.person_id, ways) if ways else _without(state.ways, event.person_id)
    state = replace(state, ways=by_person)
    return state if state.is_reachable(event.person_id) == before else _looked_through(state, event.person_id, at)


def _absence_set(state: State, event: AbsenceSet, at: datetime) -> State:
    state = _tidied(state, at)
    others = state.absences.get(event.person_id, ())
    return _away_changed(replace(state, absences=state.absences.set(event.person_id, (*others, event))), event, at)


def _absence_lifted(state: State, event: AbsenceLifted, at: datetime) -> State:
    absences = state.absences.get(event.person_id, ())
    lifted = next((absence for absence in absences if absence.absence_id == event.absence_id), None)
    return state if lifted is None else _away_changed(_without_absence(state, lifted), lifted, at)


def _without_absence(state: State, absence: AbsenceSet) -> State:
    left = tuple(each for each in state.absences.get(absence.person_id, ()) if each.absence_id != absence.absence_id)
    absences = state.absences.set(absence.person_id, left) if left else _without(state.absences, absence.person_id)
    return replace(state, absences=absences)


def _away_changed(state: State, absence: AbsenceSet, at: datetime) -> State:
    for shift in state.shifts_with(absence.person_id):
        if overlap(shift.plan, absence):
            unchecked = state.unchecked.set(shift.plan.shift_id, at)
            state = replace(state, clocks=_armed(state, shift, at), unchecked=unchecked)
    return state


def _looked_through(state: State, person_id: str, at: datetime) -> State:
    """The state with everything that a person is in looked through again."""
    unchecked = state.unchecked
    for shift_id in sorted(state.shifts_of.get(person_id, ())):
        unchecked = unchecked.set(shift_id, at)
    return replace(state, unchecked=unchecked)


# --- gaps, reminders, duty ------------------------------------------------------------------------------------------


def _gap_found(state: State, event: GapFound, _at: datetime) -> State:
    return _noted(state, event.shift_id, lambda shift: replace(shift, gaps=(*_gaps_but(shift, event.gap_id), event)))


def _gap_closed(state: State, event: GapClosed, _at: datetime) -> State:
    return _noted(state, event.shift_id, lambda shift: replace(shift, gaps=_gaps_but(shift, event.gap_id)))


def _gaps_but(shift: ShiftState, gap_id: str) -> tuple[GapFound, ...]:
    return tuple(gap for gap in shift.gaps if gap.gap_id != gap_id)


def _checked(state: State, event: ShiftsChecked, at: datetime) -> State:
    unchecked = state.unchecked
    for shift_id in event.shift_ids:
        unchecked = unchecked.clear(shift_id)
        shift = state.shifts.get(shift_id)
        told_at = () if shift is None else shift.plan.gaps_told_at
        if (again_at := next((each for each in told_at if each > at), None)) is not None:
            unchecked = unchecked.set(shift_id, again_at)
    return replace(state, unchecked=unchecked)


def _reminded(state: State, event: RemindersSent, at: datetime) -> State:
    shift = state.shifts.get(event.shift_id)
    if shift is None:
        return state
    shift = replace(shift, reminded=event.number)
    state = replace(state, shifts=state.shifts.set(event.shift_id, shift))
    return replace(state, clocks=_armed(state, shift, at))


def _notice_held(state: State, event: PlanNoticeHeld, _at: datetime) -> State:
    """What is newer of the same shift is heard of in its stead."""
    person_id = event.notice.person_id
    state = _with_held(state, person_id, (*_held_but(state, event.notice), event.notice))
    until = state.clocks.at.get(clock("notice", person_id), event.until)
    return replace(state, clocks=state.clocks.set(clock("notice", person_id), min(event.until, until)))


def _notice_due(state: State, event: PlanNoticeDue, _at: datetime) -> State:
    return _with_held(state, event.person_id, _held_but(state, event)) if event.person_id in state.held else state


def _held_but(state: State, notice: PlanNoticeDue) -> tuple[PlanNoticeDue, ...]:
    held = state.held.get(notice.person_id, ())
    return tuple(each for each in held if (each.kind, each.shift_id) != (notice.kind, notice.shift_id))


def _with_held(state: State, person_id: str, held: tuple[PlanNoticeDue, ...]) -> State:
    """The state with what somebody hears of in the morning; without a clock where that is nothing."""
    if held:
        return replace(state, held=state.held.set(person_id, held))
    return replace(state, held=_without(state.held, person_id), clocks=state.clocks.clear(clock("notice", person_id)))


def _duty_said(state: State, event: DutyBegan | DutyChanged, at: datetime) -> State:
    shift = state.shifts.get(event.shift_id)
    if shift is None:
        return state
    shift = replace(shift, begun=True, on_duty=event.members, told_end=event.ends_at, told_until=event.planned_until)
    state = replace(state, shifts=state.shifts.set(event.shift_id, shift))
    return replace(state, clocks=_armed(state, shift, at))


def _duty_ended(state: State, event: DutyEnded, at: datetime) -> State:
    """A shift that is over leaves the state; of those who worked in it, until when."""
    shift = state.shifts.get(event.shift_id)
    if shift is None:
        return state
    if shift.moved_by_hand:
        state = replace(state, dropped=state.dropped.set(event.shift_id, _dropped(shift)))
    worked = state.worked
    for person_id in sorted(shift.rota.people()) if shift.plan.duty == "on-shift" else ():
        until, before = shift.rota.stretches_of(person_id)[-1].ends_at, worked.get(person_id)
        worked = worked.forget(person_id).set(person_id, max(until, before or until), at, KEEP_WORKED_DAYS)
    unchecked = state.unchecked
    for person_id in shift.rota.people():
        for other in state.shifts_with(person_id):
            if other is not shift and overlap(other.plan, shift.plan):  # in which they are alone from now on
                unchecked = unchecked.set(other.plan.shift_id, at)
    return _without_shift(replace(state, worked=worked, unchecked=unchecked), shift)


def _clock_failed(state: State, event: ClockFailed, at: datetime) -> State:
    """A clock that could not be decided is tried again later: the plan of others goes on meanwhile."""
    kind, about = ClockId.parse(event.clock_id)
    if kind == "check":
        return replace(state, unchecked=state.unchecked.set(about, at + TRY_AGAIN))
    if event.clock_id in state.clocks:
        return replace(state, clocks=state.clocks.set(event.clock_id, at + TRY_AGAIN))
    return state


def _command_answered(state: State, event: CommandDone | CommandRefused, at: datetime) -> State:
    return replace(state, answered=state.answered.set(event.command_id, at, at))


def _without(of: PMap[str, Any], *keys: str) -> Any:
    """The map without some keys, those that are not in it passed over."""
    for key in keys:
        if key in of:
            of = of.delete(key)
    return of


CHANGES: dict[type[Event], Callable[[State, Any, datetime], State]] = {
    ShiftPlanned: _shift_planned,
    ShiftMoved: _shift_moved,
    ShiftDropped: _shift_dropped,
    PlaceTaken: _place_taken,
    CoverAsked: _cover_asked,
    RotationDefined: _rotation_defined,
    RotationPlanned: _rotation_planned,
    RotationRemoved: _rotation_removed,
    ShiftsImported: _imported,
    RosterFeedStale: _feed_stale,
    StaffNoted: _staff_noted,
    StaffLeft: _staff_left,
    TeamNoted: _team_noted,
    WayNoted: _way_noted,
    AbsenceSet: _absence_set,
    AbsenceLifted: _absence_lifted,
    GapFound: _gap_found,
    GapClosed: _gap_closed,
    ShiftsChecked: _checked,
    RemindersSent: _reminded,
    PlanNoticeHeld: _notice_held,
    PlanNoticeDue: _notice_due,
    DutyBegan: _duty_said,
    DutyChanged: _duty_said,
    DutyEnded: _duty_ended,
    ClockFailed: _clock_failed,
    CommandDone: _command_answered,
    CommandRefused: _command_answered,
}
