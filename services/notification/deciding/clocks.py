"""What a clock brings about when it fires: each leaves an event that disarms or moves it."""

from __future__ import annotations

from collections.abc import Callable

from services.notification.deciding import contacts, ladder, receipts, roll
from services.notification.state import State
from shared.engine.service import Draft, Input, Tick
from shared.engine.state import ClockId


def tick(draft: Draft[State], event: Tick, given: Input) -> None:
    """A clock of the state has reached its instant; one that was moved or disarmed since does nothing."""
    armed = draft.state.clocks.at.get(event.clock_id)
    if armed is not None and armed <= event.at:
        kind, about = ClockId.parse(event.clock_id)
        FIRES[kind](draft, about, given)


FIRES: dict[str, Callable[[Draft[State], str, Input], None]] = {
    "ladder": ladder.tick,
    "line": receipts.line_silent,
    "roll-pages": roll.ask_next,
    "roll": roll.close,
    "unproved": contacts.unproved,
}
