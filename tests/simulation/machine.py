"""A simulated machine that runs one worker: its clock, its way to the log, and everything that can go wrong with it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from shared.engine.broker import Appended, BrokerUnavailable, Record
from shared.engine.effects import Perform, no_effects
from shared.engine.memory import MemoryBroker, MemoryGroupMember, MemoryLog
from shared.engine.service import Effect, EffectDone, Service
from shared.engine.snapshots import SIZES, Sizes
from shared.engine.worker import Prepare, Worker
from tests.simulation.virtual_time import VirtualClock

APPEND_TIMEOUT_SECONDS = 10.0


@dataclass(slots=True)
class Flight:
    """A batch on its way to the log, which may arrive after its sender has died."""

    log: MemoryLog
    topic: str
    partition: int
    records: Sequence[Record]
    arrived: asyncio.Future[Appended]
    timer: asyncio.TimerHandle | None = None
    landed: bool = False

    def land(self) -> None:
        self.landed = True
        appended = self.log.append(self.topic, self.partition, self.records)
        if not self.arrived.done():
            self.arrived.set_result(appended)


Trap = tuple[str, str]
"""Where something happens (`claim`, `journal`, `snapshot`, `effect`) and what (see `Machine.spring`)."""

TRAPS = (
    "kill-before",
    "kill-in-flight",
    "kill-after",
    "pause-before",
    "pause-in-flight",
    "pause-after",
    "lose-request",
    "lose-answer",
)


@dataclass(slots=True)
class Machine:
    """One process under its supervisor: it is started again whenever it ends, until `retire`."""

    log: MemoryLog
    service: Service[Any]
    name: str
    random: random.Random
    perform: Perform = no_effects
    prepare: Mapping[str, Prepare] = field(default_factory=dict)
    fit: Callable[[], bool] = lambda: True
    skew_seconds: float = 0.0
    snapshot_every_records: int = 5_000
    snapshot_sizes: Sizes = SIZES
    slowness_seconds: float = 0.0
    """Longest delay of a request or an answer; most are much shorter."""
    restart_seconds: float = 0.2
    down_seconds: tuple[float, ...] = (0.2, 1.0, 7.0)
    """How long it stays away after a trap has killed it: one of these."""
    trap: Trap | None = None
    pause_seconds: float = 9.0
    ended_by: list[str] = field(default_factory=list)
    """Why its processes ended."""
    sprung: list[str] = field(default_factory=list)
    springing: Callable[[], None] = lambda: None
    """Is told when a trap springs."""
    started: int = 0
    worker: Worker[Any] | None = None
    paused: asyncio.Future[None] | None = None
    flights: dict[int, Flight] = field(default_factory=dict)
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    _task: asyncio.Task[None] | None = None
    _retired: bool = False

    # --- its supervisor ------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start the process, now."""
        loop = asyncio.get_running_loop()
        self.started += 1
        clock = VirtualClock(loop, self.skew_seconds)
        self.stop = asyncio.Event()
        self.worker = Worker(
            self.service,
            _Connection(self),
            clock,
            self.name,
            self._perform_on(clock),
            prepare=self.prepare,
            fit=self.fit,
            token=lambda: f"{self.name}-{self.random.getrandbits(64):016x}",
            snapshot_every_records=self.snapshot_every_records,
            snapshot_sizes=self.snapshot_sizes,
        )
        self._task = loop.create_task(self.worker.run(self.stop))
        self._task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if task is not self._task:
            return
        self._task = None
        why = "killed" if task.cancelled() else type(task.exception()).__name__ if task.exception() else "stopped"
        self.ended_by.append(why)
        if why == "Died":
            self.restart_seconds = 0.2  # nobody has killed it, to keep it away for a while
        if not self._retired:
            asyncio.get_running_loop().call_later(self.restart_seconds, self._restart)

    def _restart(self) -> None:
        if not self._retired and self._task is None:
            self.start()

    @property
    def running(self) -> bool:
        return self._task is not None

    def retire(self) -> None:
        """Stop in order (SIGTERM), and stay away."""
        self._retired = True
        self.stop.set()

    def kill(self, *, restart_seconds: float = 0.2) -> None:
        """SIGKILL: what is on its way may arrive soon, late or never."""
        self.restart_seconds = restart_seconds
        self.wake()
        for flight in self.flights.values():
            if not flight.landed and flight.timer is not None:
                flight.timer.cancel()
                flight.arrived.cancel()
                fate = self.random.random()
                if fate < 0.7:
                    late = self.random.choice((0.05, 0.4, 3.0, 8.0, 12.0))
                    flight.timer = asyncio.get_running_loop().call_later(late, flight.land)
        self.flights.clear()
        if self._task is not None:
            self._cancel(self._task)

    def _cancel(self, task: asyncio.Task[None]) -> None:
        """Again, until it is gone: `asyncio.wait_for` may swallow a cancellation that comes with its result."""
        if not task.done():
            task.cancel()
            asyncio.get_running_loop().call_later(0.001, self._cancel, task)

    def pause(self, seconds: float) -> None:
        """SIGSTOP for a while: nothing comes in or goes out, no heartbeat; then it goes on as if nothing was."""
        if self.paused is None:
            loop = asyncio.get_running_loop()
            self.paused = loop.create_future()
            loop.call_later(seconds, self.wake)

    def wake(self) -> None:
        """SIGCONT."""
        if self.paused is not None:
            self.paused.set_result(None)
            self.paused = None

    # --- what happens on its ways --------------------------------------------------------------------------------

    async def awake(self) -> None:
        """Hang while the process is paused."""
        while self.paused is not None:
            await asyncio.shield(self.paused)

    def delay_seconds(self) -> float:
        """How long a request takes: mostly next to nothing."""
        drawn = self.random.random() ** 6 * self.slowness_seconds
        return drawn if drawn > 0.002 else 0.0

    async def travel(self, doing: str) -> None:
        """The network of a reader."""
        if self.paused is not None:
            await self.awake()
        if self.slowness_seconds and doing != "polled" and (delay := self.delay_seconds()):
            await asyncio.sleep(delay)

    def springs(self, place: str) -> str:
        """What happens here, if the trap is set for it; once."""
        if self.trap is None or self.trap[0] != place:
            return ""
        what, self.trap = self.trap[1], None
        self.sprung.append(f"{place}/{what}")
        self.springing()
        return what

    async def append(self, topic: str, partition: int, records: Sequence[Record]) -> Appended:
        """Send a batch; it may arrive although its sender never learns of it."""
        await self.awake()
        place = _place_of(topic, records)
        trap = self.springs(place) if self.trap is not None else ""
        if trap.endswith("-before"):
            await self._befall(trap)
        loop = asyncio.get_running_loop()
        if trap == "lose-request":
            await asyncio.sleep(APPEND_TIMEOUT_SECONDS * self.random.random())
            raise BrokerUnavailable("the request was lost")
        flight = Flight(self.log, topic, partition, records, loop.create_future())
        flight.timer = loop.call_later(0.001 + self.delay_seconds(), flight.land)
        self.flights[id(flight)] = flight
        try:
            if trap.endswith("-in-flight"):
                await self._befall(trap)
            appended = await flight.arrived
        finally:
            self.flights.pop(id(flight), None)
        if trap.endswith("-after"):
            await self._befall(trap)
        if trap == "lose-answer":
            await asyncio.sleep(APPEND_TIMEOUT_SECONDS * self.random.random())
            raise BrokerUnavailable("the answer was lost")
        if delay := self.delay_seconds():
            await asyncio.sleep(delay)
        await self.awake()
        return appended

    async def _befall(self, trap: str) -> None:
        if trap.startswith("kill"):
            self.kill(restart_seconds=self.random.choice(self.down_seconds))
            await asyncio.get_running_loop().create_future()  # the cancellation arrives here
        else:
            self.pause(self.pause_seconds)
            await self.awake()

    def _perform_on(self, clock: VirtualClock) -> Callable[[str, Effect], Awaitable[EffectDone]]:
        async def perform(agency: str, effect: Effect) -> EffectDone:
            trap = self.springs("effect") if self.trap is not None else ""
            await self.awake()
            if trap.endswith(("-before", "request")):
                await self._befall(trap)
            if clock.now() >= effect.not_after:  # every adapter looks once more
                return EffectDone(effect.effect_id, "expired")
            outcome = await self.perform(agency, effect)
            if trap:
                await self._befall(trap)
            await self.awake()
            return outcome

        return perform


def _place_of(topic: str, records: Sequence[Record]) -> str:
    if topic.endswith(("-snapshots", "-beats")):
        return topic.rpartition("-")[2].removesuffix("s")
    return "claim" if records[0].headers[1] == ("type", b"claimed") else "journal"


class _Connection(MemoryBroker):
    """The machine's connection to the log."""

    __slots__ = ("_machine",)

    def __init__(self, machine: Machine) -> None:
        super().__init__(machine.log, machine.travel)
        self._machine = machine

    async def append(self, topic: str, partition: int, records: Sequence[Record]) -> Appended:
        return await self._machine.append(topic, partition, records)

    async def join_group(self, topic: str, group: str, instance: str) -> _Heartbeat:
        del topic
        return _Heartbeat(self._machine, group, instance)


class _Heartbeat(MemoryGroupMember):
    """A paused process has no heartbeat, and believes what it knew; one that has left is a member for a session."""

    def __init__(self, machine: Machine, group: str, instance: str) -> None:
        super().__init__(machine.log, group, instance)
        self._machine, self._last_heard = machine, frozenset[int]()

    @property
    def assigned(self) -> frozenset[int]:
        if self._machine.paused is None:
            self._last_heard = super().assigned
        return self._last_heard

    async def leave(self) -> None:
        """As Kafka has it of a static member."""
