"""How each event of team availability's journal changes its state: calls that nobody took in time, asked for later."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from services.team_availability.evolve_calls import with_call
from services.team_availability.state import LINGER, Late, LateTake, State, clock
from shared.events import LateCallEnded, LateCallListed, LateTakeAsked, LateTakeLapsed
from shared.replace import replace


def _listed(state: State, event: LateCallListed, _at: datetime) -> State:
    state = with_call(state, event.call_id, late=Late(event.response, event.team_ids, event.until))
    clocks = state.clocks.set(clock("late", event.call_id), event.until)
    return replace(state, clocks=clocks.set(clock("forget", event.call_id), event.until + LINGER))


def _asked(state: State, event: LateTakeAsked, at: datetime) -> State:
    take = LateTake(event.team_id, event.person_id, at, event.expires_at)
    state = _with_take(state, event.call_id, take)
    return replace(state, clocks=state.clocks.set(clock("asked-late", event.call_id), event.expires_at))


def _lapsed(state: State, event: LateTakeLapsed, _at: datetime) -> State:
    state = _with_take(state, event.call_id, None)
    return replace(state, clocks=state.clocks.clear(clock("asked-late", event.call_id)))


def _with_take(state: State, call_id: str, take: LateTake | None) -> State:
    late = state.calls[call_id].late
    return state if late is None else with_call(state, call_id, late=late._replace(asked=take))


def _ended(state: State, event: LateCallEnded, _at: datetime) -> State:
    state = with_call(state, event.call_id, late=None)
    clocks = state.clocks.clear(clock("late", event.call_id)).clear(clock("asked-late", event.call_id))
    return replace(state, clocks=clocks)


LATE_CHANGES: dict[type[Any], Callable[[State, Any, datetime], State]] = {
    LateCallListed: _listed,
    LateTakeAsked: _asked,
    LateTakeLapsed: _lapsed,
    LateCallEnded: _ended,
}
