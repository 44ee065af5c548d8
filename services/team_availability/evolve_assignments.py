"""How each event of team availability's journal changes its state: outcomes, and the teams that have a call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from services.team_availability.evolve_calls import with_call, with_episode, without_call
from services.team_availability.evolve_teams import with_shift, without_offer
from services.team_availability.plan import PHONE
from services.team_availability.state import CHECKED, LINGER, Assignment, CallMemory, State, clock
from shared.engine.state import ClockId
from shared.events import (
    AssignmentEnded,
    AssignmentUnconfirmed,
    AssignmentWithdrawn,
    CallRouted,
    ClockFailed,
    InputRefused,
    OfferAccepted,
    Outcome,
    SafetyCheckDue,
    StatusReported,
    TeamNotMoving,
    UpgradeRaised,
)

# --- outcomes -------------------------------------------------------------------------------------------------------


def _accepted(state: State, event: OfferAccepted, at: datetime) -> State:
    call, episode = state.calls[event.call_id], state.calls[event.call_id].running
    offer = episode.offer(event.offer_id)
    option = state.option(call, offer.response)
    assignment = Assignment(
        offer.team_id,
        offer.offer_id,
        offer.response,
        on_upgrade="stay" if option is None else option.on_upgrade,
        level_told=0 if call.plan is None else call.plan.level_rank,
    )
    offers = episode.with_end(offer.offer_id, "accepted")
    state = with_episode(state, event.call_id, offers=offers, assignment=assignment, proposed=None)
    shift = state.teams[offer.team_id].shift
    taken = {"call_id": event.call_id, "calls": shift.calls + 1 if shift else 1, "heard_at": at}
    state = without_offer(state, offer.team_id, offer.offer_id, **taken)
    clocks = state.clocks.clear(clock("offer", offer.offer_id)).clear(clock("shift", offer.team_id))
    if offer.reached_by != PHONE:
        minutes = state.timings(call).accepted_not_moving_minutes
        clocks = clocks.set(clock("moving", event.call_id), at + timedelta(minutes=minutes))
    return replace(state, clocks=clocks)


def _routed(state: State, event: CallRouted, at: datetime) -> State:
    memory = state.calls[event.call_id].reported
    district, triaged_at = event.district or memory.district, max(memory.triaged_at, event.triaged_at)
    state = with_call(state, event.call_id, memory=memory._replace(district=district, triaged_at=triaged_at))
    return _with_outcome(state, event.call_id, event.outcome, at)


def _with_outcome(state: State, call_id: str, outcome: Outcome, at: datetime) -> State:
    call = state.calls[call_id]
    memory, episode = call.reported._replace(outcome=outcome), replace(call.running, outcome=outcome, proposed=None)
    state = with_call(state, call_id, memory=memory, episode=episode, early_plan=None)
    return _rest(replace(state, clocks=state.clocks.clear(clock("deadline", call_id))), call_id, at)


def _rest(state: State, call_id: str, at: datetime) -> State:
    """A call with its outcome: it stays while a team has it, for a while if there were offers, and leaves otherwise."""
    episode = state.calls[call_id].running
    if episode.assignment is not None:
        return state
    if not episode.offers:
        return without_call(state, call_id, at)
    return replace(state, clocks=state.clocks.set(clock("forget", call_id), at + LINGER))


def _input_refused(state: State, event: InputRefused, at: datetime) -> State:
    """A call that could not be read has its outcome by that: default(internal-error). No report of it ever counts."""
    if event.call_id is None or event.input_type not in ("call-reported", "call-cancelled"):
        return state
    call = state.call(event.call_id)
    if call.is_open:
        return _failed(state, event.call_id, at)
    if event.input_type == "call-cancelled" or call.memory is not None:
        return state
    memory = CallMemory(datetime.min.replace(tzinfo=at.tzinfo), episodes=1, outcome="default")
    return replace(state, closed=state.closed.set(event.call_id, memory, at))


def _clock_failed(state: State, event: ClockFailed, at: datetime) -> State:
    kind, about = ClockId.parse(event.clock_id)
    state = replace(state, clocks=state.clocks.clear(event.clock_id))
    return _failed(state, about, at) if kind == "deadline" and state.call(about).is_open else state


def _failed(state: State, call_id: str, at: datetime) -> State:
    """The episode is over without `CallRouted`; the clocks of open offers take the offers back at once."""
    clocks = state.clocks
    for offer in state.calls[call_id].open_offers:
        clocks = clocks.set(clock("offer", offer.offer_id), at)
    return _with_outcome(replace(state, clocks=clocks), call_id, "default", at)


# --- assignments ----------------------------------------------------------------------------------------------------


def _with_assignment(state: State, call_id: str, **changes: Any) -> State:
    assignment = state.calls[call_id].assignment
    return state if assignment is None else with_episode(state, call_id, assignment=replace(assignment, **changes))


def _assignment_over(state: State, event: AssignmentEnded | AssignmentWithdrawn, at: datetime) -> State:
    state = with_episode(state, event.call_id, assignment=None)
    state = with_shift(state, event.team_id, call_id=None, status="available")
    shift = state.teams[event.team_id].shift
    clocks = state.clocks.clear(clock("moving", event.call_id)).clear(clock("check", event.call_id))
    if shift is not None:
        clocks = clocks.set(clock("shift", event.team_id), shift.ends_at)
    return _rest(replace(state, clocks=clocks), event.call_id, at)


def _upgraded(state: State, event: UpgradeRaised, _at: datetime) -> State:
    memory, assignment = state.calls[event.call_id].reported, state.calls[event.call_id].assignment
    if assignment is None:
        return state
    memory = memory._replace(triaged_at=max(memory.triaged_at, event.triaged_at))
    state = with_call(state, event.call_id, memory=memory)
    return _with_assignment(state, event.call_id, level_told=max(assignment.level_told, event.level_rank))


def _unconfirmed(state: State, event: AssignmentUnconfirmed, _at: datetime) -> State:
    return _with_assignment(state, event.call_id, unconfirmed=True)


def _not_moving(state: State, event: TeamNotMoving, _at: datetime) -> State:
    return replace(state, clocks=state.clocks.clear(clock("moving", event.call_id)))


def _status_reported(state: State, event: StatusReported, at: datetime) -> State:
    state = with_shift(state, event.team_id, status=event.status, heard_at=at)
    if event.call_id is None:
        return state
    state = _with_assignment(state, event.call_id, status=event.status, missed_checks=0)
    check, clocks = clock("check", event.call_id), state.clocks.clear(clock("moving", event.call_id))
    if event.status in CHECKED or (event.status == "need-police" and check in clocks):
        return replace(state, clocks=clocks.set(check, _next_check(state, event.call_id, at)))
    return replace(state, clocks=clocks.clear(check))


def _safety_check_due(state: State, event: SafetyCheckDue, at: datetime) -> State:
    state = _with_assignment(state, event.call_id, missed_checks=event.number)
    next_check = _next_check(state, event.call_id, at)
    return replace(state, clocks=state.clocks.set(clock("check", event.call_id), next_check))


def _next_check(state: State, call_id: str, at: datetime) -> datetime:
    return at + timedelta(minutes=state.timings(state.calls[call_id]).on_scene_check_minutes)


ASSIGNMENT_CHANGES: dict[type[Any], Callable[[State, Any, datetime], State]] = {
    OfferAccepted: _accepted,
    CallRouted: _routed,
    InputRefused: _input_refused,
    ClockFailed: _clock_failed,
    AssignmentEnded: _assignment_over,
    AssignmentWithdrawn: _assignment_over,
    AssignmentUnconfirmed: _unconfirmed,
    UpgradeRaised: _upgraded,
    TeamNotMoving: _not_moving,
    StatusReported: _status_reported,
    SafetyCheckDue: _safety_check_due,
}
