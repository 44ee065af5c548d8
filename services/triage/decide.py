"""Triage's decision on each of its inputs. Pure: no clock, no chance, nothing outside."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from services.triage import calls, commands, referrals
from services.triage.evolve import ACTIVATE, DUE, JUDGE_AGAIN
from services.triage.sealed_part import Opener
from services.triage.state import State
from shared.answers import answer
from shared.engine.service import Input, Tick
from shared.events import (
    ApproveProgramme,
    AssignmentEnded,
    AssignmentWithdrawn,
    CallCancelled,
    CallReported,
    CallRetired,
    CallRouted,
    CloseReferral,
    Command,
    Event,
    OfferMade,
    PauseDistrict,
    ProposeProgramme,
    ResumeDistrict,
    ReviewPause,
    RollBackProgramme,
    SetCap,
    SetPhase,
    StatusReported,
    UpgradeRaised,
)


def decide(state: State, item: Input, now: datetime, opener: Opener) -> Sequence[Event]:
    """The events that an input leads to; deciding it a second time leads to none."""
    event = item.event
    if isinstance(event, CallReported | CallCancelled):
        return calls.reported(state, event, now, opener)
    if isinstance(event, Command):
        return answer(event, item.time, state.answered, lambda known: _decide_command(state, known, item.agency, now))
    decider = _OF_EVENTS.get(type(event))
    return decider(state, event, now) if decider else []


def _decide_command(state: State, command: Command, agency: str, now: datetime) -> list[Event]:
    match command:
        case ProposeProgramme():
            return commands.propose(state, command, agency)
        case ApproveProgramme():
            return commands.approve(state, command, now)
    decider = _DECIDERS.get(type(command))
    return decider(state, command) if decider else []


_DECIDERS: dict[type[Command], Callable[[State, Any], list[Event]]] = {
    RollBackProgramme: commands.roll_back,
    SetPhase: commands.set_phase,
    SetCap: commands.set_cap,
    CloseReferral: referrals.close,
    PauseDistrict: commands.pause,
    ResumeDistrict: commands.resume,
    ReviewPause: commands.review,
}


def _fired(state: State, tick: Tick, now: datetime) -> list[Event]:
    kind, _, about = tick.clock_id.partition("/")
    if kind == JUDGE_AGAIN:
        return calls.judge_again(state, now)
    if kind == DUE:
        return [referrals.due(state, about)]
    if kind == ACTIVATE:
        return commands.activate(state, about)
    return [CallRetired(call_id=about)]


_OF_EVENTS: dict[type[Any], Callable[[State, Any, datetime], list[Event]]] = {
    OfferMade: calls.offered,
    CallRouted: calls.routed,
    AssignmentEnded: calls.released,
    AssignmentWithdrawn: calls.released,
    UpgradeRaised: calls.upgraded,
    StatusReported: calls.upgraded,
    Tick: _fired,
}
