"""What became of a run's referrals, and what comes of those that nobody closes.

A referral is due in days, and no run lasts so long. So triage's journal is folded, and the same code that decides there
is asked at each instant that the state waits for: overdue first, and given up long after.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from services.triage.evolve import DUE
from services.triage.service import TRIAGE
from services.triage.state import State
from shared.engine.broker import Broker
from shared.engine.journal import time_of
from shared.engine.reader import kept_records
from shared.engine.service import Input, Tick
from shared.engine.state import ClockId
from shared.events import NoteMade, ReferralClosed, ReferralMade, ReferralOverdue
from shared.events.base import decode


@dataclass(slots=True)
class Referrals:
    """A run's referrals, follow-ups and notes, and what became of them."""

    made: Counter[str] = field(default_factory=Counter)
    """By kind and response, notes among them."""
    closed: Counter[str] = field(default_factory=Counter)
    """By result."""
    ahead: list[tuple[datetime, str]] = field(default_factory=list)
    """What comes of those that are open, if nobody says a word: when, and the event."""

    @property
    def sentence(self) -> str:
        """All of it; empty where the document refers nothing."""
        if not self.made:
            return ""
        made = ", ".join(f"{what}: {count}" for what, count in sorted(self.made.items()))
        closed = ", ".join(f"{count} {result}" for result, count in self.closed.most_common()) or "none"
        return f"{made}. Closed: {closed}; {self._open}."

    @property
    def _open(self) -> str:
        if not self.ahead:
            return "none waits for an answer"
        due = [at for at, what in self.ahead if what == ReferralOverdue.type]
        given_up = [at for at, what in self.ahead if what == ReferralClosed.type]
        return (
            f"{len(due)} open: overdue from {min(due):%d %b %H:%M} UTC on if nobody says a word, "
            f"given up from {min(given_up):%d %b %Y} on (decided ahead)"
        )


async def referrals_of(broker: Broker, agency: str) -> Referrals:
    """Read an agency's journal to its end, decide ahead, and let go of the broker. Raises BrokerUnavailable."""
    found, state = Referrals(), TRIAGE.initial
    try:
        async for stored in kept_records(broker, [broker.partition_of(agency)], [TRIAGE.writes]):
            if stored.key == agency:
                event = decode(stored.header("type"), stored.value)
                state = TRIAGE.evolve(state, event, time_of(stored.headers))
                _count(found, event)
    finally:
        await broker.close()
    found.ahead = _ahead(state, agency)
    return found


def _count(found: Referrals, event: object) -> None:
    if isinstance(event, ReferralMade):
        found.made[f"{event.kind} to {event.response}"] += 1
    elif isinstance(event, ReferralClosed):
        found.closed[event.result] += 1
    elif isinstance(event, NoteMade):
        found.made[f"note for {event.response}"] += 1


def _ahead(state: State, agency: str) -> list[tuple[datetime, str]]:
    """The clocks of open referrals, rung one after the other until none is left."""
    ahead: list[tuple[datetime, str]] = []
    while state.referrals:
        at, clock_id = min((at, name) for name, at in state.clocks.at.items() if ClockId.parse(name).kind == DUE)
        tick = Tick(clock_id, at)
        for event in TRIAGE.decide(state, Input(tick, tick.cause(agency), at, agency), at):
            state = TRIAGE.evolve(state, event, at)
            ahead.append((at, event.type))
    return ahead
