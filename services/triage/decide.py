"""Triage's decision on each of its inputs. Pure: no clock, no chance, nothing outside."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from services.triage import audits, calls, commands, referrals
from services.triage.evolve import ACTIVATE, DUE, JUDGE_AGAIN
from services.triage.sealed_part import Opener
from services.triage.state import State
from shared.answers import answer
from shared.engine.service import Input, Tick
from shared.engine.state import ClockId
from shared.events import (
    ApproveProgramme,
    AssignmentEnded,
    AssignmentMoved,
    AssignmentWithdrawn,
    AuditGapFound,
    CallCancelled,
    CallReported,
    CallRetired,
    CallRouted,
    CloseReferral,
    Command,
    Event,
    HoldBegan,
    OfferMade,
    PauseDistrict,
    ProposeProgramme,
    RejectProgramme,
    ResumeDistrict,
    ReviewPause,
    RollBackProgramme,
    SetCap,
    SetPhase,
    StatusReported,
    UpgradeRaised,
)


def decide(state: State, given: Input, now: datetime, opener: Opener) -> Sequence[Event]:
    """The events that an input leads to; deciding it a second time leads to none."""
    event = given.event
    if isinstance(event, CallReported | CallCancelled):
        return calls.call_reported(state, event, now, opener)
    if isinstance(event, Command):
        return answer(event, given.time, state.answered, lambda command: _command(state, command, given.agency, now))
    decider = DECIDERS.get(type(event))
    return decider(state, event, now) if decider else []


def _command(state: State, command: Command, agency: str, now: datetime) -> list[Event]:
    match command:
        case ProposeProgramme():
            return commands.propose(state, command, agency)
        case ApproveProgramme():
            return commands.approve(state, command, now)
    decider = COMMAND_DECIDERS.get(type(command))
    return decider(state, commands.as_listed(state, command)) if decider else []


def _tick(state: State, tick: Tick, now: datetime) -> list[Event]:
    clock = ClockId.parse(tick.clock_id)
    if clock.kind == JUDGE_AGAIN:
        return calls.judge_again(state, now)
    if clock.kind == DUE:
        return [referrals.due(state, clock.about)]
    if clock.kind == ACTIVATE:
        return commands.activate(state, clock.about)
    return [CallRetired(call_id=clock.about)]


COMMAND_DECIDERS: dict[type[Command], Callable[[State, Any], list[Event]]] = {
    RejectProgramme: commands.reject,
    RollBackProgramme: commands.roll_back,
    SetPhase: commands.set_phase,
    SetCap: commands.set_cap,
    CloseReferral: referrals.close,
    PauseDistrict: commands.pause,
    ResumeDistrict: commands.resume,
    ReviewPause: commands.review,
}
DECIDERS: dict[type[Any], Callable[[State, Any, datetime], list[Event]]] = {
    OfferMade: calls.offer_made,
    HoldBegan: calls.hold_began,
    CallRouted: calls.call_routed,
    AssignmentEnded: calls.team_freed,
    AssignmentMoved: calls.team_freed,
    AssignmentWithdrawn: calls.team_freed,
    UpgradeRaised: calls.call_upgraded,
    StatusReported: calls.call_upgraded,
    AuditGapFound: audits.gap_found,
    Tick: _tick,
}
