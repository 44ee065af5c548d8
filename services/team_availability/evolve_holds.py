"""How each event of team availability's journal changes its state: calls that wait for a team."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from services.team_availability.evolve_calls import with_episode
from services.team_availability.state import SETTLE, Hold, State, clock
from shared.events import HoldAsked, HoldBegan, HoldNoticeDue
from shared.replace import replace


def _hold_asked(state: State, event: HoldAsked, at: datetime) -> State:
    state = with_episode(state, event.call_id, hold=Hold(event.minutes))
    return replace(state, on_hold=state.on_hold.set(event.call_id, at))


def _hold_began(state: State, event: HoldBegan, at: datetime) -> State:
    episode = state.calls[event.call_id].running
    minutes = 0 if episode.hold is None else episode.hold.minutes
    hold = Hold(minutes, event.began_at, event.until, offers_before=len(episode.offers))
    state = with_episode(state, event.call_id, hold=hold, deadline=event.until)
    clocks = state.clocks.set(clock("deadline", event.call_id), event.until + SETTLE)
    return _with_notice(replace(state, clocks=clocks, on_hold=state.on_hold.set(event.call_id, at)), event.call_id)


def _notice_due(state: State, event: HoldNoticeDue, _at: datetime) -> State:
    hold = state.calls[event.call_id].running.hold
    if hold is None:
        return state
    state = with_episode(state, event.call_id, hold=replace(hold, noticed=hold.noticed + 1))
    return _with_notice(state, event.call_id)


def _with_notice(state: State, call_id: str) -> State:
    """The state with the clock of the next notice, if there is one before the hold ends."""
    call, clock_id = state.calls[call_id], clock("hold", call_id)
    hold, notices = call.running.hold, () if call.plan is None else call.plan.hold_notice_minutes
    if hold is None or hold.began_at is None or hold.until is None or hold.noticed >= len(notices):
        return replace(state, clocks=state.clocks.clear(clock_id))
    at = hold.began_at + timedelta(minutes=notices[hold.noticed])
    clocks = state.clocks.set(clock_id, at) if at < hold.until else state.clocks.clear(clock_id)
    return replace(state, clocks=clocks)


HOLD_CHANGES: dict[type[Any], Callable[[State, Any, datetime], State]] = {
    HoldAsked: _hold_asked,
    HoldBegan: _hold_began,
    HoldNoticeDue: _notice_due,
}
