"""How each event of team availability's journal changes its state: the plan, who follows it, ways to people."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from services.team_availability.evolve_assignments import with_hand_back, with_shift_clocks
from services.team_availability.evolve_teams import HEARD, with_missing_clock, with_shift
from services.team_availability.state import PlannedDuty, State, Way, clock
from shared.engine.state import EMPTY
from shared.events import (
    DutyNoted,
    DutyOver,
    Event,
    MembersLeftOut,
    ShiftChanged,
    TeamHeard,
    TeamMissing,
    TeamUnanswering,
    WayStood,
)
from shared.replace import replace


def _duty_noted(state: State, event: DutyNoted, at: datetime) -> State:
    """What the plan says of a shift counts anew; those whose time is up are forgotten once they are said to be over."""
    duties, clocks = state.duties, state.clocks
    for planned_shift_id, past in state.duties.items():
        if past.is_past(at) and planned_shift_id != event.planned_shift_id:
            duties = duties.delete(planned_shift_id) if past.over else duties
            clocks = clocks.clear(clock("missing", planned_shift_id))
    before = duties.get(event.planned_shift_id)
    duty = PlannedDuty(
        event.team_id,
        event.duty,
        event.members,
        event.ends_at,
        event.sign_on_grace_minutes,
        over=event.over,
        is_missing=before is not None and before.is_missing,
        left_out=() if before is None else before.left_out,
        planned_until=event.planned_until,
    )
    state = replace(state, duties=duties.set(event.planned_shift_id, duty), clocks=clocks)
    team = state.teams.get(event.team_id)
    if team is not None and team.shift is not None and team.shift.planned_shift_id == event.planned_shift_id:
        state = with_hand_back(state, event.team_id, at)
    return with_missing_clock(state, event.planned_shift_id, at)


def _duty_over(state: State, event: DutyOver, at: datetime) -> State:
    return _with_duty(state, event.planned_shift_id, at, over=event.why)


def _left_out(state: State, event: MembersLeftOut, at: datetime) -> State:
    return _with_duty(state, event.planned_shift_id, at, left_out=event.left_out)


def _missing(state: State, event: TeamMissing, at: datetime) -> State:
    return _with_duty(state, event.planned_shift_id, at, is_missing=True)


def _with_duty(state: State, planned_shift_id: str, at: datetime, **changes: Any) -> State:
    duty = state.duties.get(planned_shift_id)
    if duty is None:
        return replace(state, clocks=state.clocks.clear(clock("missing", planned_shift_id)))
    state = replace(state, duties=state.duties.set(planned_shift_id, replace(duty, **changes)))
    return with_missing_clock(state, planned_shift_id, at)


def _shift_changed(state: State, event: ShiftChanged, at: datetime) -> State:
    members = tuple(member for member in event.members if member not in event.unconfirmed)
    is_free = event.team_id in state.teams and (shift := state.teams[event.team_id].shift) is not None and shift.is_free
    state = with_shift(
        state,
        event.team_id,
        members=members,
        unconfirmed=event.unconfirmed,
        ends_at=event.shift_ends_at,
        planned_shift_id=event.planned_shift_id,
    )
    return with_shift_clocks(state, event.team_id, at) if is_free else with_hand_back(state, event.team_id, at)


def _unanswering(state: State, event: TeamUnanswering, _at: datetime) -> State:
    return with_shift(state, event.team_id, is_unanswering=True)


def _heard(state: State, event: TeamHeard, _at: datetime) -> State:
    return with_shift(state, event.team_id, **HEARD)


def _way_stood(state: State, event: WayStood, _at: datetime) -> State:
    ways = state.ways.get(event.person_id, EMPTY)
    if event.removed:
        ways = ways.delete(event.method_id) if event.method_id in ways else ways
    else:
        way = Way(event.fingerprint, event.proved_at, event.broken, event.opted_out)
        ways = ways.set(event.method_id, way)
    if ways:
        return replace(state, ways=state.ways.set(event.person_id, ways))
    return replace(state, ways=state.ways.delete(event.person_id)) if event.person_id in state.ways else state


DUTY_CHANGES: dict[type[Event], Callable[[State, Any, datetime], State]] = {
    DutyNoted: _duty_noted,
    DutyOver: _duty_over,
    MembersLeftOut: _left_out,
    TeamMissing: _missing,
    ShiftChanged: _shift_changed,
    TeamUnanswering: _unanswering,
    TeamHeard: _heard,
    WayStood: _way_stood,
}
