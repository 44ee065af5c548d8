"""The one loop that runs every deciding service: assignment, claims, steps, effects, snapshots.

I/O errors and lost ownership end the process; its supervisor starts it again and it claims again. Bad input does not.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import sys
import threading
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Generic, TypeVar, cast

from shared import telemetry
from shared.clock import Clock, SystemClock
from shared.config import Settings
from shared.engine import gc_tuning
from shared.engine.broker import Broker, BrokerUnavailable, GroupMember, Reader, Stored
from shared.engine.kafka import KafkaBroker
from shared.engine.partition import Partition
from shared.engine.service import Effect, EffectDone, EffectStarting, Service
from shared.engine.snapshots import SNAPSHOT_EVERY_EVENTS, write_snapshots
from shared.engine.topic import DEAD_LETTERS, Topic, snapshots_of
from shared.events import Event, decode
from shared.topics import COMMANDS

S = TypeVar("S")
E = TypeVar("E", bound=Event)

Perform = Callable[[str, Effect], Awaitable[EffectDone]]
"""`await perform(agency, effect)`: make the effect happen and say what came of it."""

TURN_SECONDS = 0.25
"""The longest the loop waits before it looks at its assignment again."""
BACKLOG_RECORDS = 5_000
EFFECTS_AT_ONCE = 16
"""Effects of one lane (an agency's pages, its messages to one CAD) that are under way at a time."""
EFFECT_SECONDS = 120.0
DRAIN_SECONDS = 5.0
HANG_SECONDS = 8.0
PREPARE_SECONDS = 5.0
CLAIM_SECONDS = 60.0
EXIT_WATCHDOG, EXIT_FAILED = 70, 71


async def no_effects(agency: str, effect: Effect) -> EffectDone:  # noqa: ARG001  # the shape of Perform
    """For a service that owes nothing to the outside."""
    return EffectDone(effect.effect_id, "failed", "no performer")


Watch = Callable[[str, Event], None]
"""`watch(agency, event)`: count an event of the journal, once it is durable."""

Prepare = Callable[[Stored], Awaitable[None]]
"""Works on an input before it is decided."""


def watch_nothing(agency: str, event: Event) -> None:
    """For a service without figures of its own."""


@dataclass(slots=True)
class _Effects:
    """One agency's effects that this process is busy with: from the first try until the journal holds the result."""

    starting: set[str] = field(default_factory=set)
    """At-most-once effects whose attempt is about to be noted in the journal by this very process."""
    running: dict[str, asyncio.Task[None] | None] = field(default_factory=dict)
    """None for one that a process before this one tried: nobody knows what came of it, and it is not tried again."""
    lanes: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """What is starting or running, by lane."""
    waiting: dict[str, deque[str]] = field(default_factory=dict)
    """What is owed and finds its lane full, most urgent first."""
    look_after: float = 0.0
    """Until then, what is owed is not looked through again while something waits."""

    def forget_settled(self, pending: Mapping[str, Effect]) -> None:
        """Those that are no longer owed."""
        for busy in (self.starting, *self.lanes.values()):
            busy -= {effect_id for effect_id in busy if effect_id not in pending}
        for effect_id in [effect_id for effect_id in self.running if effect_id not in pending]:
            del self.running[effect_id]

    def look_through(self, pending: Mapping[str, Effect], now: float) -> None:
        """Line up what is owed and not begun. With a backlog this is done now and then only: it looks at everything."""
        if now < self.look_after and any(self.waiting.values()):
            return
        begun = set().union(*self.lanes.values())
        fresh = sorted((pending[one].not_after, one) for one in pending if one not in begun)
        self.waiting = defaultdict(deque)
        for _, effect_id in fresh:
            self.waiting[pending[effect_id].lane].append(effect_id)
        self.look_after = now + TURN_SECONDS

    def next_ones(self, pending: Mapping[str, Effect]) -> Iterator[Effect]:
        """What may begin now: noted attempts, and of each lane as much as there is room for."""
        for effect_id in sorted(self.starting):
            if pending[effect_id].attempted:
                yield pending[effect_id]
        for lane, waiting in self.waiting.items():
            busy = self.lanes[lane]
            while waiting and len(busy) < EFFECTS_AT_ONCE:
                effect_id = waiting.popleft()
                if effect_id in pending and effect_id not in busy:
                    busy.add(effect_id)
                    yield pending[effect_id]


class Worker(Generic[S]):
    """Runs a service on the partitions that it draws."""

    def __init__(
        self,
        service: Service[S],
        broker: Broker,
        clock: Clock,
        instance: str,
        perform: Perform = no_effects,
        *,
        watch: Watch = watch_nothing,
        prepare: Mapping[str, Prepare] = MappingProxyType({}),
        token: Callable[[], str] = lambda: secrets.token_hex(16),
        snapshot_every_events: int = SNAPSHOT_EVERY_EVENTS,
    ) -> None:
        self.service = service
        self.owned: dict[int, Partition[S]] = {}
        self.turned_at = clock.monotonic()
        """When the loop last came round; a watchdog looks at it."""
        self._broker, self._clock, self._instance, self._perform, self._token = broker, clock, instance, perform, token
        self._watch, self._prepare = watch, prepare
        self._snapshot_every_events = snapshot_every_events
        self._claiming: dict[int, asyncio.Task[Partition[S]]] = {}
        self._effects: dict[int, dict[str, _Effects]] = {}
        self._snapshots: dict[int, asyncio.Task[int]] = {}
        self._background: set[asyncio.Task[Any]] = set()
        self._failed: BaseException | None = None
        self._wake = asyncio.Event()
        self._poll: asyncio.Task[list[Stored]] | None = None
        self._member: GroupMember
        self._reader: Reader
        self._joined = False
        self._owned_gauge = telemetry.OWNED.labels(service.name)

    @property
    def ready(self) -> bool:
        """Whether all that was drawn is owned and what waited at the take-over is decided."""
        return (
            self._joined
            and self._member.assigned <= self.owned.keys()
            and not any(partition.catch_up for partition in self.owned.values())
        )

    async def run(self, stop: asyncio.Event) -> None:
        """Run until `stop` is set; then let effects finish and leave. Raises whatever makes it unable to go on."""
        self._reader = await self._broker.reader()
        self._member = await self._broker.join_group(self.service.writes.name, self.service.name, self._instance)
        self._joined = True
        try:
            while not stop.is_set():
                await self._turn()
            await self._drain()
            await self._member.leave()
        finally:
            await self._abandon()

    async def _turn(self) -> None:
        self.turned_at = self._clock.monotonic()
        if self._failed is not None:
            raise self._failed
        await self._draw()
        await self._wait()
        await self._step_all()
        for partition in self.owned.values():
            for agency, event in partition.take_appended():
                self._watch(agency, event)
            self._start_effects(partition)
            self._start_snapshot(partition)

    # --- who owns what ---------------------------------------------------------------------------------------------

    async def _draw(self) -> None:
        """Let go of what is no longer drawn, claim what newly is. Claims run beside the loop."""
        assigned = self._member.assigned
        released = [number for number in self.owned if number not in assigned]
        for number in released:
            await self._release(number)
        for number in assigned - self.owned.keys() - self._claiming.keys():
            self._claiming[number] = self._spawn(self._claim(number), watch=False)
            self._claiming[number].add_done_callback(lambda _: self._wake.set())
        adopted = False
        for number, task in list(self._claiming.items()):
            if task.done():
                del self._claiming[number]
                partition = task.result()
                if number in assigned:
                    self.owned[number], self._effects[number] = partition, {}
                    telemetry.logger().info("claimed", partition=number, epoch=partition.epoch)
                    adopted = True
                else:
                    await partition.close()
        if released or adopted:
            await self._assign()

    async def _claim(self, number: int) -> Partition[S]:
        async with asyncio.timeout(CLAIM_SECONDS):
            return await Partition.claim(self.service, self._broker, self._clock, number, self._token)

    async def _release(self, number: int) -> None:
        partition, effects = self.owned.pop(number), self._effects.pop(number)
        for held in effects.values():
            for task in held.running.values():
                if task is not None:
                    task.cancel()
        await partition.close()
        telemetry.logger().info("released", partition=number)

    async def _assign(self) -> None:
        """Point the reader at the inputs of all owned partitions, each where it was fed last."""
        if self._poll is not None:
            self._poll.cancel()
            await asyncio.wait([self._poll])
            self._take_polled()
        await self._reader.assign(
            {
                (name, number): offset
                for number, partition in self.owned.items()
                for name, offset in partition.fed.items()
            }
        )
        self._owned_gauge.set(len(self.owned))

    # --- what comes in ---------------------------------------------------------------------------------------------

    async def _wait(self) -> None:
        """Until a record, an effect's result or a claim has come, or a clock is due; a quarter of a second at most."""
        if self._poll is None and (self._waiting_records() < BACKLOG_RECORDS or self._commands_outstanding()):
            self._poll = self._spawn(self._reader.poll(TURN_SECONDS), watch=False)
            self._poll.add_done_callback(lambda _: self._wake.set())
        timeout = 0.0 if any(partition.has_work() for partition in self.owned.values()) else self._until_due()
        if timeout > 0:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), timeout)
        else:
            await asyncio.sleep(0)
        self._wake.clear()
        self._take_polled()

    def _take_polled(self) -> None:
        if self._poll is not None and self._poll.done():
            poll, self._poll = self._poll, None
            if not poll.cancelled():
                for stored in poll.result():
                    if stored.partition in self.owned:
                        self._feed(self.owned[stored.partition], stored)

    def _feed(self, partition: Partition[S], stored: Stored) -> None:
        """What is slow to decide is prepared beside the loop; other topics, and other partitions, go on meanwhile."""
        kind = stored.headers.get("type", b"").decode("utf-8", "replace")
        if kind in self._prepare:
            partition.preparing.add(stored.position)
            self._spawn(self._prepared(partition, stored, self._prepare[kind]), watch=False)
        partition.feed(stored)

    async def _prepared(self, partition: Partition[S], stored: Stored, prepare: Prepare) -> None:
        with suppress(Exception):  # whatever it is, the decision meets it too, and refuses the input
            await prepare(stored)
        partition.preparing.discard(stored.position)
        self._wake.set()

    def _commands_outstanding(self) -> bool:
        """Whether a partition may decide nothing before commands have come: other inputs must not keep them out."""
        return any(COMMANDS.name in partition.catch_up for partition in self.owned.values())

    def _waiting_records(self) -> int:
        return sum(len(waiting) for partition in self.owned.values() for waiting in partition.backlog.values())

    def _until_due(self) -> float:
        due = [at for partition in self.owned.values() if not partition.catch_up and (at := partition.next_due())]
        if not due:
            return TURN_SECONDS
        left = min(due) - self._clock.now()
        return min(TURN_SECONDS, max(left, timedelta(milliseconds=1)).total_seconds())

    async def _step_all(self) -> None:
        steps = [partition.step() for partition in self.owned.values() if partition.has_work()]
        if len(steps) == 1:
            await steps[0]
        elif steps:
            await asyncio.gather(*steps)

    # --- what goes out ---------------------------------------------------------------------------------------------

    def _start_effects(self, partition: Partition[S]) -> None:
        changed, partition.changed = partition.changed, set()
        for agency in sorted(changed):
            pending = self.service.pending(partition.states[agency])
            held = self._effects[partition.number].get(agency)
            if held is None:
                if not pending:
                    continue
                held = self._effects[partition.number][agency] = _Effects()
            held.forget_settled(pending)
            held.look_through(pending, self._clock.monotonic())
            for effect in held.next_ones(pending):
                self._start_effect(partition, held, agency, effect)

    def _start_effect(self, partition: Partition[S], held: _Effects, agency: str, effect: Effect) -> None:
        effect_id = effect.effect_id
        if effect.at_most_once and not effect.attempted:
            held.starting.add(effect_id)
            partition.internal.append((agency, EffectStarting(effect_id)))
        elif effect.at_most_once and effect_id not in held.starting:
            held.running[effect_id] = None
            partition.internal.append((agency, EffectDone(effect_id, "unknown")))
        else:
            held.starting.discard(effect_id)
            held.running[effect_id] = self._spawn(self._run_effect(partition, agency, effect))

    async def _run_effect(self, partition: Partition[S], agency: str, effect: Effect) -> None:
        await partition.confirm()
        if self._clock.now() >= effect.not_after:
            outcome = EffectDone(effect.effect_id, "expired")
        else:
            try:
                outcome = await asyncio.wait_for(self._perform(agency, effect), EFFECT_SECONDS)
            except Exception as error:  # noqa: BLE001  # an adapter's fault is the effect's failure, not the worker's
                outcome = EffectDone(effect.effect_id, "failed", type(error).__name__)
        telemetry.EFFECTS.labels(self.service.name, outcome.result).inc()
        partition.internal.append((agency, outcome))
        self._wake.set()

    def _start_snapshot(self, partition: Partition[S]) -> None:
        running = self._snapshots.get(partition.number)
        if partition.events_since_snapshot >= self._snapshot_every_events and (running is None or running.done()):
            round_ = write_snapshots(partition, self._broker, self._clock.now())
            self._snapshots[partition.number] = self._spawn(round_)

    # --- coming and going ------------------------------------------------------------------------------------------

    def _spawn(self, work: Coroutine[Any, Any, Any], *, watch: bool = True) -> asyncio.Task[Any]:
        """A task beside the loop; what it raises ends the loop, unless its result is looked at anyway."""
        task = asyncio.get_running_loop().create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)
        if watch:
            task.add_done_callback(self._note_failure)
        return task

    def _note_failure(self, task: asyncio.Task[Any]) -> None:
        if not task.cancelled() and task.exception() is not None:
            self._failed = task.exception()
            self._wake.set()

    async def _drain(self) -> None:
        """Take nothing new; let effects finish, and write down what came of them."""
        until = self._clock.monotonic() + DRAIN_SECONDS
        while self._clock.monotonic() < until and self._effects_under_way():
            await self._step_all()
            for partition in self.owned.values():
                self._start_effects(partition)
            await asyncio.sleep(0.01)
            if self._failed is not None:
                raise self._failed

    def _effects_under_way(self) -> bool:
        return any(partition.internal for partition in self.owned.values()) or any(
            held.running for agencies in self._effects.values() for held in agencies.values()
        )

    async def _abandon(self) -> None:
        for task in list(self._background):
            task.cancel()
        if self._background:
            await asyncio.wait(list(self._background))
        for partition in self.owned.values():
            await partition.close()
        await self._reader.close()


class Watchdog:
    """Ends the process, from a thread, when the loop has not come round for eight seconds."""

    def __init__(self, turned_at: Callable[[], float], clock: Clock) -> None:
        self._turned_at, self._clock, self._over = turned_at, clock, threading.Event()

    def start(self) -> None:
        """Start watching."""
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()

    def stop(self) -> None:
        """Stop watching: the loop is on its way out."""
        self._over.set()

    def live(self) -> bool:
        """Whether the loop came round lately."""
        return self._clock.monotonic() - self._turned_at() < HANG_SECONDS

    def _watch(self) -> None:
        while not self._over.wait(0.5):
            if not self.live():
                sys.stderr.write('{"event": "the loop hangs; exiting", "level": "critical"}\n')
                sys.stderr.flush()
                os._exit(EXIT_WATCHDOG)


def beside_the_loop(kind: type[E], work: Callable[[E], object]) -> Prepare:
    """Work on an input in a thread, for what it leaves in a cache: a decision is the same without it, only slower."""

    async def prepare(stored: Stored) -> None:
        loop, over, event = asyncio.get_running_loop(), asyncio.Event(), decode(kind.type, stored.value)

        def run_beside() -> None:
            with suppress(Exception):  # the decision meets it too
                work(cast("E", event))
            with suppress(RuntimeError):  # the loop is over
                loop.call_soon_threadsafe(over.set)

        threading.Thread(target=run_beside, name=f"prepare {kind.type}", daemon=True).start()
        await asyncio.wait_for(over.wait(), PREPARE_SECONDS)  # longer is the decision's own business

    return prepare


def run(
    service: Service[Any],
    settings: Settings,
    perform: Perform = no_effects,
    watch: Watch = watch_nothing,
    prepare: Mapping[str, Prepare] = MappingProxyType({}),
) -> None:
    """Run a service as this process, until it is told to stop (SIGTERM, SIGINT) or cannot go on (exit code 71).

    `prepare`: by type, the inputs that are worked on beside the loop before they are decided.
    """
    telemetry.configure_logs(service.name, settings.instance, settings.log_level)
    try:
        asyncio.run(_run(service, settings, perform, watch, prepare))
    except Exception as error:  # noqa: BLE001  # whatever it is, the supervisor's business
        telemetry.logger().critical("worker ended", error=type(error).__name__, wrong=str(error)[:300])
        sys.stderr.flush()
        os._exit(EXIT_FAILED)


async def _run(
    service: Service[Any], settings: Settings, perform: Perform, watch: Watch, prepare: Mapping[str, Prepare]
) -> None:
    clock, stop = SystemClock(), asyncio.Event()
    gc_tuning.tune()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    broker = KafkaBroker(settings.kafka, settings.partitions)
    worker = Worker(
        service, broker, clock, f"{service.name}-{settings.instance}", perform, watch=watch, prepare=prepare
    )
    watchdog = Watchdog(lambda: worker.turned_at if started else clock.monotonic(), clock)
    started = False
    telemetry.serve_operations(
        settings.operations_host, settings.operations_port, lambda: started and worker.ready, watchdog.live
    )
    await wait_for_broker(broker, topics_of(service), stop)
    started = True
    worker.turned_at = clock.monotonic()
    watchdog.start()
    try:
        await worker.run(stop)
    finally:
        watchdog.stop()
    await broker.close()


def topics_of(service: Service[Any]) -> tuple[Topic, ...]:
    """The topics without which a service cannot run."""
    return (*service.reads, service.writes, snapshots_of(service.name), DEAD_LETTERS)


async def wait_for_broker(broker: Broker, topics: Sequence[Topic], stop: asyncio.Event) -> None:
    """Wait inside the process until the broker answers and the topics are there; `readyz` is false meanwhile."""
    while not stop.is_set():
        try:
            wrong = await broker.wrong_topics(topics)
        except BrokerUnavailable as error:
            wrong = [str(error)]
        if not wrong:
            return
        telemetry.logger().warning("waiting for the broker", wrong="; ".join(wrong)[:300])
        await asyncio.sleep(0.5)
