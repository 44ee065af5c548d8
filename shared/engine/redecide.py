"""Decides a journal again, from the state before each decision and the input that led to it. Pure.

A decision depends on nothing but these two and its instant, and all three are on the log. So the same code gives the
same bytes; where it does not, the journal was tampered with or the rules have changed since.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

from shared.engine.broker import Stored
from shared.engine.journal import headers_of, time_of
from shared.engine.service import Input, Service, internal_input
from shared.events.base import Event, UndecodableEvent, child_id, decode
from shared.events.journals import ClockFailed, InputRefused, PositionsNoted

S = TypeVar("S")
Find = Callable[[str], Stored | None]
"""The record at a position `topic/partition/offset`; None where it is not kept any more."""
NOT_DECIDED = (InputRefused, ClockFailed)
"""What the worker writes by itself where a decision failed."""


class JournalBroken(Exception):
    """A record of the journal cannot be read, or does not follow from those before it; says which."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A decision that comes out otherwise the second time."""

    position: str
    """Of its first record."""
    cause: str
    agency: str
    decider: str
    """The version of the code that had decided."""
    was: tuple[str, ...]
    now: tuple[str, ...]
    """Types of events, then and now. Where the types are the same, their contents differ."""

    def __str__(self) -> str:
        was, now = ", ".join(self.was), ", ".join(self.now)
        return f"{self.position} ({self.agency}, {self.cause}): was {was}, is {now or 'nothing'}"


@dataclass(slots=True)
class Redecision(Generic[S]):
    """Journals of one service, decided again; the figures are complete once `differences` is read to its end."""

    service: Service[S]
    find: Find
    decode: Callable[[str, bytes], Event] = decode
    unopened: Service[S] | None = None
    """The same service as it decides while it cannot open what is sealed."""
    states: dict[str, S] = field(default_factory=dict)
    decisions: int = 0
    failed: int = 0
    """Decisions that had failed: there is nothing to compare."""
    inputs_gone: int = 0
    """Decisions on inputs that are not kept any more: taken as they were."""
    sealed_then: int = 0
    """Decisions that come out the same only where what is sealed cannot be opened: so it was then."""

    def differences(self, counting: Iterable[Stored]) -> Iterator[Difference]:
        """What of one partition's records that count is decided otherwise now. Raises JournalBroken."""
        for written in by_decision(counting):
            try:
                events = [self.decode(stored.header("type"), stored.value) for stored in written]
                if isinstance(events[0], PositionsNoted):
                    continue
                agency, now = written[0].key, time_of(written[0].headers)
                before = self.states.get(agency, self.service.initial)
                self.states[agency] = self._folded(before, events, now)
            except Exception as error:
                wrong = str(error) if isinstance(error, UndecodableEvent) else type(error).__name__
                message = f"{written[0].position} cannot be folded: {wrong}"
                raise JournalBroken(message) from error
            if (different := self._compared(before, written, events, now)) is not None:
                yield different

    def _folded(self, state: S, events: Sequence[Event], now: datetime) -> S:
        for event in events:
            state = self.service.evolve(state, event, now)
        return state

    def _compared(
        self, state: S, written: Sequence[Stored], events: Sequence[Event], now: datetime
    ) -> Difference | None:
        if isinstance(events[0], NOT_DECIDED):
            self.failed += 1
            return None
        first, cause = written[0], written[0].header("cause")
        given = self._input(cause, first.key, now, events)
        if given is None:
            self.inputs_gone += 1
            return None
        self.decisions += 1
        try:
            again = self.service.decide(state, given, now)
        except Exception as error:  # noqa: BLE001  whatever it is, it was decided then and cannot be now
            kinds: tuple[str, ...] = (type(error).__name__,)
        else:
            if _is_same(written, again, cause):
                return None
            kinds = tuple(event.type for event in again)
        if self._could_not_open(state, written, given, now):
            self.sealed_then += 1
            return None
        was = tuple(event.type for event in events)
        return Difference(first.position, cause, first.key, first.header("decider"), was, kinds)

    def _could_not_open(self, state: S, written: Sequence[Stored], given: Input, now: datetime) -> bool:
        """Whether it was decided without what is sealed: when the key that opens it came is in no journal."""
        if self.unopened is None:
            return False
        try:
            return _is_same(written, self.unopened.decide(state, given, now), given.cause)
        except Exception:  # noqa: BLE001  # then this is no explanation
            return False

    def _input(self, cause: str, agency: str, now: datetime, events: Sequence[Event]) -> Input | None:
        """The input that a cause names."""
        # why an effect failed, or as what it was taken, stands in what was written of it, and nowhere else
        whys = (getattr(event, name, None) for event in events for name in ("why", "taken_as"))
        why = next((str(why) for why in whys if why is not None), "")
        if (internal := internal_input(cause, agency, why)) is not None:
            return Input(internal, cause, now, agency)
        if (stored := self.find(cause)) is not None:
            return Input.of_record(self.decode(stored.header("type"), stored.value), stored, now)
        return None


def by_decision(counting: Iterable[Stored]) -> Iterator[list[Stored]]:
    """The records of each decision: of one cause and one step, the first with an id of number 0."""
    written: list[Stored] = []
    for stored in counting:
        begins = child_id(stored.header("cause"), f"{stored.header('type')}/0") == stored.header("id")
        if written and (begins or _decision_of(stored) != _decision_of(written[0])):
            yield written
            written = []
        written.append(stored)
    if written:
        yield written


def _decision_of(stored: Stored) -> tuple[str, ...]:
    return stored.key, *(stored.header(name) for name in ("cause", "time", "decider"))


def _is_same(written: Sequence[Stored], again: Sequence[Event], cause: str) -> bool:
    """Whether events would be written as these records: values, and the headers that tell what each is about."""
    return len(written) == len(again) and all(
        stored.value == event.encode() and set(headers_of(event, cause, number, ())) <= set(stored.headers.items())
        for number, (stored, event) in enumerate(zip(written, again, strict=True))
    )
