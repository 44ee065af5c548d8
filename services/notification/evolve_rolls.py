"""How roll calls change: called, asked place by place, answered, closed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from services.notification.rolls import Roll
from services.notification.state import State
from shared.events import ContactProved, Event, PageDue, RollCalled, RollClosed, RollPlace
from shared.replace import replace


def _roll_called(state: State, event: RollCalled, at: datetime) -> State:
    return state.with_roll(Roll(event, event.asked, at))


def _roll_closed(state: State, event: RollClosed, _at: datetime) -> State:
    roll = state.rolls.get(event.roll_id)
    if roll is None:
        return state
    clocks = state.clocks.clear(roll.pages_clock).clear(roll.end_clock)
    return replace(state, rolls=state.rolls.delete(event.roll_id), clocks=clocks)


def place_asked(state: State, page: PageDue, at: datetime) -> State:
    """Somebody is asked over a way, or cannot be."""
    roll = state.rolls.get(page.about) if page.kind == "test" else None
    place = RollPlace(person_id=page.person_id, method_id=page.method.method_id)
    return state if roll is None else state.with_roll(roll.without(place, at))


def place_answered(state: State, event: ContactProved) -> State:
    """Somebody answered a page: if it was one of a roll call, they have answered that."""
    sent = state.sent.get(event.page_id)
    roll = None if sent is None or sent.kind != "test" else state.rolls.get(sent.about)
    place = RollPlace(person_id=event.person_id, method_id=event.method_id)
    return state if roll is None else state.with_roll(roll.with_answer(place))


ROLL_CHANGES: dict[type[Event], Callable[[State, Any, datetime], State]] = {
    RollCalled: _roll_called,
    RollClosed: _roll_closed,
}
