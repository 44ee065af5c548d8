"""The smallest service with everything a worker serves: commands, clocks, both kinds of effects, a journal input.

A call gets a deadline. At the deadline it is routed, unless a command did so before; a person is paged once, and the
CAD is told until it acknowledges. A call's name decides which fault it stands for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.answers import answer, done
from shared.call import Call
from shared.clock import Clock
from shared.doors.command import record
from shared.engine.background import Background
from shared.engine.broker import Broker, Stored
from shared.engine.journal import Ownership
from shared.engine.memory import MemoryLog
from shared.engine.packing import packer
from shared.engine.partition import Partition
from shared.engine.service import Effect, EffectDone, EffectResult, EffectStarting, Input, Service, Tick
from shared.engine.standby import Standby
from shared.engine.state import EMPTY, ByDay, Clocks, PMap
from shared.events import (
    CadInformed,
    CadMessageDue,
    CadNotInformed,
    CallReported,
    CallRouted,
    CallTriaged,
    ClockFailed,
    Command,
    CommandDone,
    CommandRefused,
    DeadlineSet,
    Event,
    OverrideCall,
    PageAttempted,
    PageDelivered,
    PageDropped,
    PageFailed,
    VersionNoted,
    child_id,
)
from shared.topics import ASSIGNMENTS, CALLS, COMMANDS, DECISIONS

CLOCK_SECONDS = 5.0
PAGE_SECONDS = 60.0
HUGE = 2_000


@dataclass(frozen=True, slots=True)
class State:
    """Calls with their clocks, and what is owed."""

    calls: PMap[str, str] = EMPTY
    """Call id → outcome, empty while open."""
    clocks: Clocks = field(default_factory=Clocks)
    pages: PMap[str, bool] = EMPTY
    """Page id → whether it was tried."""
    messages: PMap[str, datetime] = EMPTY
    answered: ByDay[datetime] = field(default_factory=ByDay)
    versions: PMap[str, int] = EMPTY
    """Versions that triage's journal told of, by call."""


def decide(state: State, given: Input, now: datetime) -> Sequence[Event]:  # noqa: PLR0911  # a table of cases
    event = given.event
    if isinstance(event, CallReported):
        return _reported(state, event, given)
    if isinstance(event, OverrideCall):
        return answer(event, given.time, state.answered, lambda command: _override(state, command, now))
    if isinstance(event, VersionNoted):
        return [] if event.call_id in state.versions else [event]
    if isinstance(event, Tick):
        if "clock-raises" in event.clock_id:
            raise RuntimeError("a clock that raises")
        return [] if "clock-stays" in event.clock_id else [_routed(event.clock_id, "default", event.at)]
    if isinstance(event, EffectStarting):
        return [PageAttempted(page_id=event.effect_id)] if event.effect_id in state.pages else []
    if isinstance(event, EffectDone):
        return _settled(state, event)
    return []


def _reported(state: State, event: CallReported, given: Input) -> list[Event]:
    call_id = event.call_id
    if "raises" in call_id and "clock" not in call_id:
        raise KeyError(call_id)
    if "huge" in call_id:
        return [VersionNoted(call_id=call_id, event_id="x" * 600, updated_at=given.time, why="late")] * HUGE
    if call_id in state.calls:
        return []
    deadline = given.time + timedelta(seconds=CLOCK_SECONDS)
    return [
        DeadlineSet(call_id=call_id, episode=1, deadline=deadline, received_at=given.time, call_at=given.cause),
        CadMessageDue(
            message_id=child_id(given.cause, "m"), kind="ping", source="cad", body={}, not_after=_late(given)
        ),
    ]


def _late(given: Input) -> datetime:
    return given.time + timedelta(seconds=PAGE_SECONDS)


def _override(state: State, command: Command, now: datetime) -> list[Event]:
    assert isinstance(command, OverrideCall)
    open_ = state.calls.get(command.call_id) == ""
    return [*([_routed(command.call_id, "cancelled", now)] if open_ else []), done(command)]


def _routed(call_id: str, outcome: Any, deadline: datetime) -> CallRouted:
    return CallRouted(call_id=call_id, episode=1, outcome=outcome, deadline=deadline)


def _settled(state: State, event: EffectDone) -> list[Event]:
    if event.effect_id in state.pages:
        if event.result == "done":
            return [PageDelivered(page_id=event.effect_id)]
        return [PageFailed(page_id=event.effect_id, why=event.why or event.result)]
    if event.effect_id in state.messages:
        if event.result == "done":
            return [CadInformed(message_id=event.effect_id, source="cad", kind="ping")]
        return [CadNotInformed(message_id=event.effect_id, source="cad", kind="ping", why=event.result)]
    return []


def evolve(state: State, event: Event, at: datetime) -> State:  # noqa: PLR0911  # a table of cases
    match event:
        case DeadlineSet():
            return replace(
                state,
                calls=state.calls.set(event.call_id, ""),
                clocks=state.clocks.set(event.call_id, event.deadline),
                pages=state.pages.set(event.call_id, False),  # noqa: FBT003  # a value
            )
        case CallRouted():
            return replace(
                state,
                calls=state.calls.set(event.call_id, event.outcome),
                clocks=state.clocks.clear(event.call_id),
            )
        case ClockFailed():
            return replace(state, clocks=state.clocks.clear(event.clock_id))
        case PageAttempted():
            return replace(state, pages=state.pages.set(event.page_id, True))  # noqa: FBT003  # a value
        case PageDelivered() | PageFailed() | PageDropped():
            return replace(state, pages=state.pages.delete(event.page_id))
        case CadMessageDue():
            return replace(state, messages=state.messages.set(event.message_id, event.not_after))
        case CadInformed() | CadNotInformed():
            return replace(state, messages=state.messages.delete(event.message_id))
        case CommandDone() | CommandRefused():
            return replace(state, answered=state.answered.set(event.command_id, at, at))
        case VersionNoted():
            return replace(state, versions=state.versions.set(event.call_id, state.versions.get(event.call_id, 0) + 1))
    return state


def pending(state: State) -> Mapping[str, Effect]:
    far = datetime(2100, 1, 1, tzinfo=UTC)
    pages = {
        page_id: Effect(page_id, PageAttempted(page_id=page_id), far, at_most_once=True, attempted=attempted)
        for page_id, attempted in state.pages.items()
    }
    messages = {
        message_id: Effect(message_id, PageAttempted(page_id=message_id), not_after)
        for message_id, not_after in state.messages.items()
    }
    return {**pages, **messages}


TOY: Service[State] = Service(
    name="team-availability",
    reads=(COMMANDS, CALLS, DECISIONS),
    writes=ASSIGNMENTS,
    handles=frozenset({CallReported, OverrideCall, VersionNoted, CallTriaged}),
    initial=State(),
    decide=decide,
    evolve=evolve,
    packer=packer(State),
    state_version=1,
    due=lambda state: state.clocks.first(),
    pending=pending,
)


@dataclass(slots=True)
class Outside:
    """What really happened outside, effect by effect."""

    performed: list[str] = field(default_factory=list)
    result: Callable[[str], EffectResult] = lambda _effect_id: "done"

    async def __call__(self, agency: str, effect: Effect) -> EffectDone:
        del agency
        self.performed.append(effect.effect_id)
        return EffectDone(effect.effect_id, self.result(effect.effect_id))


def reported(name: str, clock: Clock, agency: str = "a") -> CallReported:
    now = clock.now()
    call = Call(agency=agency, source="cad", incident_id=name, created_at=now, updated_at=now)
    return CallReported(event_id=name, call=call, received_at=now, judged_at=now)


def put(log: MemoryLog, topic: str, event: Event, clock: Clock, *, agency: str = "a", partition: int = 0) -> int:
    """Append an event as a door would; its offset."""
    return log.append(topic, partition, [record(agency, event, "id", "test", clock)]).offset


def counted(log: MemoryLog, topic: str = ASSIGNMENTS.name) -> Iterable[Stored]:
    """The records of a journal that count, by a fold of their own."""
    for (name, _), records in sorted(log.places.items()):
        ownership = Ownership()
        if name == topic:
            yield from (stored for stored in records if ownership.counts(stored))


def types(log: MemoryLog, topic: str = ASSIGNMENTS.name) -> list[str]:
    return [stored.headers["type"].decode() for stored in counted(log, topic)]


async def owner(service: Service[State], broker: Broker, clock: Clock, token: str = "token") -> Partition[State]:
    """Partition 0, restored and claimed as a worker does it."""
    background = Background()
    standby = Standby(service, broker, clock, background, background.wake)
    standby.start(*[await broker.reader() for _ in range(3)])
    while 0 not in standby.warm:
        background.check()
        await asyncio.sleep(0.001)
    claim = await standby.claim(0, token)
    assert claim is not None, "another has claimed it"
    await background.cancel()
    return Partition(service, broker, clock, 0, claim)
