"""A service is a value: the topics it reads, the journal it writes, and pure functions over its state.

Its state, one per agency, is nothing but the fold of its own journal. Everything else about running it is the worker's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Generic, Literal, TypeVar, cast

from shared.engine.broker import Stored
from shared.engine.packing import Packer
from shared.engine.state import EMPTY
from shared.engine.topic import Topic
from shared.events.base import Event

S = TypeVar("S")

CLOCKS_APART = timedelta(seconds=1)
"""So far a broker's clock and its owner's may be, each half a second off at most."""


class DecisionTooLong(BaseException):
    """A decision was ended from outside for the time that it took; no Exception, so that no handler swallows it."""


@dataclass(frozen=True, slots=True)
class Tick:
    """A clock of the state has reached its instant."""

    clock_id: str
    at: datetime

    def cause(self, agency: str) -> str:
        """The cause of what follows from it."""
        return f"tick/{agency}/{self.clock_id}/{self.at.isoformat()}"


@dataclass(frozen=True, slots=True)
class EffectStarting:
    """An effect that may happen at most once is about to be tried: leave an event that says so, or drop the effect."""

    effect_id: str

    def cause(self, agency: str) -> str:
        """The cause of what follows from it."""
        return f"effect/{agency}/{self.effect_id}/start"


EffectResult = Literal["done", "failed", "expired", "unknown"]
"""`expired`: not tried, because it was too late; `unknown`: tried by a process that died."""


@dataclass(frozen=True, slots=True)
class EffectDone:
    """What came of an effect."""

    effect_id: str
    result: EffectResult
    why: str = ""
    """Why it failed; of what is done, as what it was taken."""

    def cause(self, agency: str) -> str:
        """The cause of what follows from it."""
        return f"effect/{agency}/{self.effect_id}/{self.result}"


EffectInput = EffectStarting | EffectDone


def internal_input(cause: str, agency: str, why: str = "") -> Tick | EffectInput | None:
    """The clock or effect that a cause names; None for the position of a record. Why it failed stands in no cause."""
    kind, _, rest = cause.partition("/")
    about, _, last = rest.removeprefix(f"{agency}/").rpartition("/")
    if kind == "tick":
        return Tick(about, datetime.fromisoformat(last))
    if kind == "effect":
        return EffectStarting(about) if last == "start" else EffectDone(about, cast("EffectResult", last), why)
    return None


@dataclass(frozen=True, slots=True)
class Input:
    """One thing to decide: an event, with where it came from and when it became durable."""

    event: Event | Tick | EffectInput
    cause: str
    """`topic/partition/offset`, `tick/...` or `effect/...`; ids of what follows derive from it."""
    time: datetime
    agency: str = ""
    """Whose state it is decided on: the record's key."""

    @classmethod
    def of_record(cls, event: Event, stored: Stored, now: datetime) -> Input:
        """What a record says, decided at an instant.

        It was durable by then. Where a broker's clock is so far ahead that it says otherwise, a call of its would have
        had its deadline that much later.
        """
        is_ahead = stored.time - now > CLOCKS_APART
        return cls(event, stored.position, now if is_ahead else stored.time, stored.key)


@dataclass(frozen=True, slots=True)
class Effect:
    """Something owed to the outside, as state."""

    effect_id: str
    event: Event
    """The event that ordered it."""
    not_after: datetime
    at_most_once: bool = False
    attempted: bool = False
    """For an at-most-once effect: the journal says that it was tried."""
    lane: str = ""
    """Who is at the other end: a slow one holds up its own lane only."""
    sequence: str = ""
    """What it is about, where effects about one thing begin in the order of `turn`, whichever of them is urgent."""
    turn: int = 0


def nothing_due(state: Any) -> tuple[str, datetime] | None:  # noqa: ARG001  # a default has to take what is passed
    """For a service without clocks."""
    return None


def nothing_pending(state: Any) -> Mapping[str, Effect]:  # noqa: ARG001  # as above
    """For a service without effects."""
    return EMPTY


@dataclass(frozen=True, slots=True)
class Service(Generic[S]):
    """What a worker runs."""

    name: str
    reads: tuple[Topic, ...]
    """In the order in which they are taken within a step."""
    writes: Topic
    handles: frozenset[type[Event]]
    """Events it decides on; others are passed over without being decoded."""
    initial: S
    decide: Callable[[S, Input, datetime], Sequence[Event]]
    evolve: Callable[[S, Event, datetime], S]
    """The state after an event that was decided at an instant."""
    packer: Packer
    state_version: int
    due: Callable[[S], tuple[str, datetime] | None] = nothing_due
    pending: Callable[[S], Mapping[str, Effect]] = nothing_pending
    decider_version: str = "1"


class Decided(list[Event], Generic[S]):
    """The events of a decision that has folded them as they came, and the state that they lead to."""

    def __init__(self, events: Iterable[Event], state: S) -> None:
        super().__init__(events)
        self.state = state


@dataclass(slots=True)
class Draft(Generic[S]):
    """The events of one decision as they come, with the state that they lead to."""

    state: S
    now: datetime
    evolve: Callable[[S, Event, datetime], S]
    events: list[Event] = field(default_factory=list)

    def emit(self, event: Event) -> None:
        """Add an event; the state moves on at once."""
        self.state = self.evolve(self.state, event, self.now)
        self.events.append(event)

    def emit_all(self, events: Iterable[Event]) -> None:
        """Add several."""
        for event in events:
            self.emit(event)

    def decided(self) -> Decided[S]:
        """What has come of it; nobody need fold it again."""
        return Decided(self.events, self.state)
