"""How each event of team availability's journal changes its state: pauses, and commands that wait or are answered."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from services.team_availability.state import PAUSE_STEP, State, clock
from shared.events import CommandDone, CommandHeld, CommandRefused, PauseApplied
from shared.replace import replace
from shared.switch import Switch


def _pause_applied(state: State, event: PauseApplied, at: datetime) -> State:
    key = Switch(event.district, event.response).key
    clock_id = clock("pause", key)
    if not event.paused:
        paused = state.paused.delete(key) if key in state.paused else state.paused
        return replace(state, paused=paused, clocks=state.clocks.clear(clock_id))
    clocks = state.clocks.set(clock_id, at + PAUSE_STEP) if event.more else state.clocks.clear(clock_id)
    return replace(state, paused=state.paused.set(key, at), clocks=clocks)


def _command_held(state: State, event: CommandHeld, _at: datetime) -> State:
    earlier = state.waiting_for.get(event.call_id, ())
    return replace(
        state,
        waiting=state.waiting.set(event.command_id, event),
        waiting_for=state.waiting_for.set(event.call_id, (*earlier, event.command_id)),
        clocks=state.clocks.set(clock("held", event.command_id), event.expires_at),
    )


def _command_answered(state: State, event: CommandDone | CommandRefused, at: datetime) -> State:
    command_id = event.command_id
    state = replace(state, answered=state.answered.set(command_id, at, at))
    waited = state.waiting.get(command_id)
    if waited is None:
        return state
    left = tuple(other for other in state.waiting_for[waited.call_id] if other != command_id)
    waiting_for = state.waiting_for
    return replace(
        state,
        waiting=state.waiting.delete(command_id),
        waiting_for=waiting_for.set(waited.call_id, left) if left else waiting_for.delete(waited.call_id),
        clocks=state.clocks.clear(clock("held", command_id)),
    )


COMMAND_CHANGES: dict[type[Any], Callable[[State, Any, datetime], State]] = {
    PauseApplied: _pause_applied,
    CommandHeld: _command_held,
    CommandDone: _command_answered,
    CommandRefused: _command_answered,
}
