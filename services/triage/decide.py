"""Triage's decision on each of its inputs. Pure: no clock, no chance, nothing outside."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from services.triage import calls, commands
from services.triage.evolve import ACTIVATE, JUDGE_AGAIN
from services.triage.listen import OpenSealed
from services.triage.state import State
from shared.commands import answer
from shared.events import (
    ApproveProgramme,
    CallCancelled,
    CallReported,
    CallRetired,
    CallRouted,
    Command,
    Event,
    OfferMade,
    PauseDistrict,
    ProposeProgramme,
    ResumeDistrict,
    RollBackProgramme,
    SetPhase,
)
from shared.service import Input, Tick


def decide(state: State, item: Input, now: datetime, open_sealed: OpenSealed) -> Sequence[Event]:
    """The events that an input leads to; deciding it a second time leads to none."""
    match item.event:
        case CallReported() | CallCancelled() as event:
            return calls.reported(state, event, open_sealed)
        case OfferMade() as event:
            return calls.offered(state, event)
        case CallRouted() as event:
            return calls.routed(state, event)
        case Command() as command:
            return answer(
                command, item.time, state.answered, lambda known: _decide_command(state, known, item.agency, now)
            )
        case Tick() as tick:
            return _decide_tick(state, tick.clock_id)
    return []


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
    PauseDistrict: commands.pause,
    ResumeDistrict: commands.resume,
}


def _decide_tick(state: State, clock_id: str) -> list[Event]:
    kind, _, about = clock_id.partition("/")
    if kind == JUDGE_AGAIN:
        return calls.judge_again(state)
    if kind == ACTIVATE:
        return commands.activate(state, about)
    return [CallRetired(call_id=about)]
