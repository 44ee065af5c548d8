"""The one loop that runs every deciding service: assignment, claims, inputs, steps, effects, snapshots.

I/O errors and lost ownership end the process; its supervisor starts it again and it claims again. Bad input does not.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from types import MappingProxyType
from typing import Generic, TypeVar

from shared import telemetry
from shared.clock import Clock
from shared.engine.background import Background
from shared.engine.backlog import Backlog
from shared.engine.broker import Broker, GroupMember, Reader, Stored
from shared.engine.effects import PartitionEffects, Perform, no_effects
from shared.engine.partition import Partition
from shared.engine.service import Service
from shared.engine.snapshots import SNAPSHOT_EVERY_RECORDS, write_snapshots
from shared.events.base import Event

S = TypeVar("S")

TURN_SECONDS = 0.25
"""The longest the loop waits before it looks at its assignment again."""
BACKLOG_RECORDS = 5_000
DRAIN_SECONDS = 5.0
CLAIM_SECONDS = 60.0

Watch = Callable[[str, Event], None]
"""`watch(agency, event)`: count an event of the journal, once it is durable."""

Prepare = Callable[[Stored], Awaitable[None] | None]
"""Works on an input before it is decided; of one that needs nothing it says so at once."""


def watch_nothing(agency: str, event: Event) -> None:
    """For a service without figures of its own."""


class Worker(Generic[S]):
    """Runs a service on the partitions that are assigned to this process."""

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
        snapshot_every_records: int = SNAPSHOT_EVERY_RECORDS,
    ) -> None:
        self.service = service
        self.owned: dict[int, Partition[S]] = {}
        self.turned_at = clock.monotonic()
        """When the loop last came round; a watchdog looks at it."""
        self._broker, self._clock, self._instance, self._perform, self._token = broker, clock, instance, perform, token
        self._watch, self._prepare = watch, prepare
        self._snapshot_every_records = snapshot_every_records
        self._background = Background()
        self._claims: dict[int, asyncio.Task[Partition[S]]] = {}
        self._effects: dict[int, PartitionEffects[S]] = {}
        self._rounds: dict[int, asyncio.Task[None]] = {}
        self._poll: asyncio.Task[list[Stored]] | None = None
        self._member: GroupMember | None = None
        self._reader: Reader
        self._owned_gauge = telemetry.OWNED.labels(service.name)
        self._counted: set[str] = set()
        """Agencies whose counters have begun."""
        telemetry.name_build(service.name, service.decider_version)
        telemetry.OLDEST_UNDECIDED.labels(service.name).set_function(self.oldest_undecided_seconds)
        for number in range(broker.partitions):
            self._note_owner(number, owns=False)

    @property
    def ready(self) -> bool:
        """Whether all that is assigned is owned, and what waited at the take-over is decided."""
        return (
            self._member is not None
            and self._member.assigned <= self.owned.keys()
            and not any(partition.backlog.is_catching_up for partition in self.owned.values())
        )

    def oldest_undecided_seconds(self) -> float:
        """Age of the oldest input that was read and not decided; 0 if none waits. Any thread may ask."""
        waiting = [partition.backlog.oldest() for partition in tuple(self.owned.values())]
        oldest = min((time for time in waiting if time is not None), default=None)
        return 0.0 if oldest is None else max(0.0, (self._clock.now() - oldest).total_seconds())

    async def run(self, stop: asyncio.Event) -> None:
        """Run until `stop` is set; then let effects finish and leave. Raises whatever makes it unable to go on."""
        self._reader = await self._broker.reader()
        self._member = member = await self._broker.join_group(
            self.service.writes.name, self.service.name, self._instance
        )
        try:
            while not stop.is_set():
                await self._turn(member)
            await self._drain()
            await asyncio.gather(*(partition.release() for partition in self.owned.values()))
            await member.leave()
        finally:
            await self._abandon()

    async def _turn(self, member: GroupMember) -> None:
        self.turned_at = self._clock.monotonic()
        self._background.check()
        await self._sync_assignment(member.assigned)
        await self._wait()
        await self._step_all()
        for number, partition in self.owned.items():
            self._effects[number].start_owed()
            self._start_round(partition)

    # --- who owns what ---------------------------------------------------------------------------------------------

    async def _sync_assignment(self, assigned: frozenset[int]) -> None:
        """Let go of what is no longer assigned, claim what newly is. Claims run beside the loop."""
        released = [number for number in self.owned if number not in assigned]
        for number in released:
            await self._release(number)
        for number in assigned - self.owned.keys() - self._claims.keys():
            self._claims[number] = self._background.start_unchecked(self._claim(number))
            self._claims[number].add_done_callback(self._background.wake)
        claimed = [self._claims.pop(number).result() for number, task in list(self._claims.items()) if task.done()]
        for partition in claimed:
            if partition.number in assigned:
                self._adopt(partition)
            else:
                await partition.close()
        if released or claimed:
            await self._assign_inputs()

    async def _claim(self, number: int) -> Partition[S]:
        async with asyncio.timeout(CLAIM_SECONDS):
            return await Partition.claim(self.service, self._broker, self._clock, number, self._token)

    def _adopt(self, partition: Partition[S]) -> None:
        number = partition.number
        self.owned[number] = partition
        self._note_owner(number, owns=True)
        for agency in partition.states:
            self._begin_counting(agency)
        self._effects[number] = PartitionEffects(self.service, partition, self._perform, self._clock, self._background)
        telemetry.logger().info(
            "claimed", partition=number, epoch=partition.epoch, with_care=partition.care.inputs_left
        )

    async def _release(self, number: int) -> None:
        self._effects.pop(number).cancel()
        partition = self.owned.pop(number)
        self._note_owner(number, owns=False)
        await partition.release()
        await partition.close()
        telemetry.logger().info("released", partition=number)

    async def _assign_inputs(self) -> None:
        """Point the reader at the inputs of all owned partitions, each where it was fed last."""
        if self._poll is not None:
            self._poll.cancel()
            await asyncio.wait([self._poll])
            self._take_polled()
        await self._reader.assign(
            {
                (topic, number): offset
                for number, partition in self.owned.items()
                for topic, offset in partition.backlog.next_offsets.items()
            }
        )
        self._owned_gauge.set(len(self.owned))

    # --- what comes in ---------------------------------------------------------------------------------------------

    async def _wait(self) -> None:
        """Until a record, an effect's result or a claim has come, or a clock is due; a quarter of a second at most."""
        if self._poll is None and self._has_room():
            self._poll = self._background.start_unchecked(self._reader.poll(TURN_SECONDS))
            self._poll.add_done_callback(self._background.wake)
        has_work = any(partition.has_work() for partition in self.owned.values())
        await self._background.wait(0.0 if has_work else self._seconds_until_due())
        self._take_polled()

    def _has_room(self) -> bool:
        """Whether more inputs may come in. They have to where nothing can be decided before those that come first."""
        backlogs = [partition.backlog for partition in self.owned.values()]
        return sum(backlog.record_count for backlog in backlogs) < BACKLOG_RECORDS or any(
            backlog.awaits_first for backlog in backlogs
        )

    def _seconds_until_due(self) -> float:
        due = [at for partition in self.owned.values() if (at := partition.next_due()) is not None]
        if not due:
            return TURN_SECONDS
        left = min(due) - self._clock.now()
        return min(TURN_SECONDS, max(left, timedelta(milliseconds=1)).total_seconds())

    def _take_polled(self) -> None:
        if self._poll is not None and self._poll.done():
            poll, self._poll = self._poll, None
            if not poll.cancelled():
                for stored in poll.result():
                    if stored.partition in self.owned:
                        self._feed(self.owned[stored.partition].backlog, stored)

    def _feed(self, backlog: Backlog, stored: Stored) -> None:
        """What is slow to decide is prepared beside the loop; other topics, and other partitions, go on meanwhile."""
        prepare = self._prepare.get(stored.headers.get("type", b"").decode("utf-8", "replace"))
        work = None if prepare is None else prepare(stored)
        backlog.feed(stored, in_preparation=work is not None)
        if work is not None:
            self._background.start_unchecked(self._prepared(backlog, stored, work))

    async def _prepared(self, backlog: Backlog, stored: Stored, work: Awaitable[None]) -> None:
        with suppress(Exception):  # whatever it is, the decision meets it too, and refuses the input
            await work
        backlog.prepared(stored)
        self._background.wake()

    async def _step_all(self) -> None:
        busy = _in_turn([partition for partition in self.owned.values() if partition.has_work()])
        if len(busy) == 1:
            steps = [await busy[0].step()]
        else:
            steps = await asyncio.gather(*(partition.step() for partition in busy))
        for partition, step in zip(busy, steps, strict=True):
            self._effects[partition.number].note_changed(step.states)
            for made in step.made:
                self._begin_counting(made.agency)
                self._watch(made.agency, made.event)

    # --- figures ---------------------------------------------------------------------------------------------------

    def _begin_counting(self, agency: str) -> None:
        """An agency's counters stand at 0 before anything of it is counted, as soon as it is known."""
        if agency and agency not in self._counted:
            self._counted.add(agency)
            telemetry.begin(self.service.name, agency=agency)

    def _note_owner(self, number: int, *, owns: bool) -> None:
        telemetry.PARTITION_OWNER.labels(self.service.writes.name, str(number)).set(owns)

    # --- snapshots -------------------------------------------------------------------------------------------------

    def _start_round(self, partition: Partition[S]) -> None:
        """Save what has changed, beside the loop, once enough has come together and the last round is over."""
        last = self._rounds.get(partition.number)
        if partition.records_since_round >= self._snapshot_every_records and (last is None or last.done()):
            self._rounds[partition.number] = self._background.start(self._save(partition))

    async def _save(self, partition: Partition[S]) -> None:
        partition.end_round(await write_snapshots(self.service, self._broker, partition.begin_round()))

    # --- leaving ---------------------------------------------------------------------------------------------------

    async def _drain(self) -> None:
        """Take nothing new; let effects finish, and write down what came of them."""
        until = self._clock.monotonic() + DRAIN_SECONDS
        while self._clock.monotonic() < until and any(effects.under_way for effects in self._effects.values()):
            await self._step_all()
            for effects in self._effects.values():
                effects.start_owed()
            await asyncio.sleep(0.01)
            self._background.check()

    async def _abandon(self) -> None:
        await self._background.cancel()
        for partition in self.owned.values():
            await partition.close()
        await self._reader.close()


def _in_turn(busy: Sequence[Partition[S]]) -> Sequence[Partition[S]]:
    """Of the partitions that are careful only one: should the process die, one journal alone says what it died of."""
    careful = [partition for partition in busy if partition.care.inputs_left]
    if len(careful) < 2:  # noqa: PLR2004  # one has nobody to wait for
        return busy
    chosen = max(careful, key=lambda partition: (bool(partition.care.attempting), partition.care.inputs_left))
    return [partition for partition in busy if partition is chosen or partition not in careful]
