"""The one loop that runs every deciding service: claims and hand-overs, inputs, steps, effects, snapshots.

I/O errors and lost ownership end the process; its supervisor starts it again and it claims again. Bad input does not,
nor does a snapshot that was not written: it is a cache.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from shared import telemetry
from shared.clock import Clock
from shared.engine.background import Background
from shared.engine.backlog import Backlog
from shared.engine.beats import Beats
from shared.engine.broker import Broker, BrokerUnavailable, GroupMember, Reader, Stored
from shared.engine.claim import MAX_SKEW, ClockSkewed, compare_with_any
from shared.engine.effects import PartitionEffects, Perform, no_effects
from shared.engine.inputs import Inputs
from shared.engine.partition import Partition
from shared.engine.peers import Standing
from shared.engine.service import Service
from shared.engine.snapshots import SIZES, SNAPSHOT_EVERY_RECORDS, Saved, Sizes, write_snapshots
from shared.engine.standby import Standby
from shared.engine.step import Step
from shared.engine.writer import NotOwner
from shared.events.base import Event

S = TypeVar("S")

TURN_SECONDS = 0.25
"""The longest the loop waits before it looks at its assignment again."""
BACKLOG_RECORDS = 5_000
"""The most that waits of topics marked `first`, and of all others, before no more of them come in."""
READERS = {"first": False, "inputs": False, "beats": True, "followed": True, "gaps": False, "all else": False}
"""None may wait for another. Those settled have the time to: to begin to follow a partition is not urgent."""
DRAIN_SECONDS = 5.0
"""The longest that a partition which is to be handed over waits for its effects. It is decided for meanwhile."""
HEIR_SECONDS = 5.0
"""The longest that who leaves goes on with a partition for which no other process can decide yet."""
CLAIM_SECONDS = 60.0
LOST_SECONDS = 1.0
"""After a claim that has lost nothing is claimed for so long: the winner says meanwhile that it owns the partition."""

TOGETHER_SECONDS = 0.05
"""So long the loop waits for all steps of a turn; one whose append takes longer holds up its partition alone."""
NAMESAKE = ", and another process has this one's name: give each of a service its own CAREROUTE_INSTANCE"
ROUND_SECONDS = 0.02
"""So long partitions decide in one round of the loop, and their appends are one request; then beats have their turn."""
AGAIN_SECONDS = 1.0
"""Until dead letters that the broker did not take are sent again."""

Watch = Callable[[str, Event], None]
"""`watch(agency, event)`: count an event of the journal, once it is durable."""

Prepare = Callable[[Stored], Awaitable[None] | None]
"""Works on an input before it is decided; of one that needs nothing it says so at once."""


def watch_nothing(agency: str, event: Event) -> None:
    """For a service without figures of its own."""


class Worker(Generic[S]):
    """Runs a service on the partitions that this process owns, and follows the others so that it can take them over."""

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
        fit: Callable[[], bool] = lambda: True,
        token: Callable[[], str] = lambda: secrets.token_hex(16),
        snapshot_every_records: int = SNAPSHOT_EVERY_RECORDS,
        snapshot_sizes: Sizes = SIZES,
    ) -> None:
        """`fit()`: whether all that decisions and effects need is read; until then it asks nobody for a partition."""
        self.service = service
        self.owned: dict[int, Partition[S]] = {}
        self.turned_at = clock.monotonic()
        """When the loop last came round, or went on after a wait for the broker; a watchdog looks at it.

        Each of those waits is bounded, and says why it ends the process. Two in a row would look like a hang.
        """
        self._broker, self._clock, self._instance, self._perform, self._token = broker, clock, instance, perform, token
        self._watch, self._prepare, self._fit = watch, prepare, fit
        self._snapshot_every_records, self._snapshot_sizes = snapshot_every_records, snapshot_sizes
        self._background = Background()
        wake = self._background.wake
        self._standby = Standby(service, broker, clock, self._background, wake)
        self._beats = Beats(broker, clock, service.name, instance=instance, process=token(), news=wake)
        self._claims: dict[int, asyncio.Task[Partition[S] | None]] = {}
        self._clock_began: datetime | None = None
        """What the clock says of the moment at which monotonic time began: always the same, until somebody sets it."""
        self._lost: dict[int, float] = {}
        """Partitions that another process has just claimed, and until when (monotonic time) it is given to say so."""
        self._effects: dict[int, PartitionEffects[S]] = {}
        self._leaves_by: float | None = None
        """Until when (monotonic time) it waits for others to be able to decide, once it leaves."""
        self._leaving: dict[int, float] = {}
        """Partitions to be handed over, and until when (monotonic time) that may wait for their effects."""
        self._releases: dict[int, asyncio.Task[None]] = {}
        """Of those, what is being noted in the journal as the last of their records."""
        self._steps: dict[int, asyncio.Task[Step[S]]] = {}
        """Under way, by partition."""
        self._rounds: dict[int, asyncio.Task[None]] = {}
        self._dead_letters: dict[int, asyncio.Task[None]] = {}
        self._member: GroupMember | None = None
        self._assigned: frozenset[int] | None = None
        """What the group has given it, as of the last turn; None before it is a member."""
        self._inputs: tuple[Inputs, ...] = ()
        self._owned_gauge = telemetry.OWNED.labels(service.name)
        self._counted: set[str] = set()
        """Agencies whose counters have begun."""
        telemetry.name_build(service.name, service.decider_version)
        telemetry.OLDEST_UNDECIDED.labels(service.name).set_function(self.oldest_undecided_seconds)
        for number in range(broker.partitions):
            self._note_owner(number, owns=False)

    @property
    def ready(self) -> bool:
        """Whether all that is assigned is owned, what waited at the take-over decided, and all else followed.

        Other threads ask too, the watchdog among them, which must outlive a membership that is over: they look at
        copies.
        """
        return (
            self._assigned is not None
            and self._assigned <= self.owned.keys()
            and self._standby.is_warm
            and not any(partition.backlog.is_catching_up for partition in tuple(self.owned.values()))
        )

    def oldest_undecided_seconds(self) -> float:
        """Age of the oldest input that was read and not decided; 0 if none waits. Any thread may ask."""
        waiting = [partition.backlog.oldest() for partition in tuple(self.owned.values())]
        oldest = min((time for time in waiting if time is not None), default=None)
        return 0.0 if oldest is None else max(0.0, (self._clock.now() - oldest).total_seconds())

    async def run(self, stop: asyncio.Event) -> None:
        """Run until `stop` is set; then hand over what is owned, and leave. Raises what makes it unable to go on."""
        readers: list[Reader] = []
        try:
            for settled in READERS.values():
                readers.append(await self._broker.reader(settled=settled))  # noqa: PERF401  # one by one, to be closed
            ahead, rest, beats, *others = readers
            self._inputs = tuple(
                Inputs(reader, [topic.name for topic in self.service.reads if topic.first is first], self._background)
                for reader, first in ((ahead, True), (rest, False))
            )
            # before anybody hears of it: whose clock is wrong would be given partitions, time and again, and claim none
            await compare_with_any(self.service, self._broker, self._clock)
            await self._beats.start(beats)
            for work in (self._beats.listen(), self._beats.send(), self._wake_at(stop)):
                self._background.start(work)
            self._standby.start(*others)
            self._background.start(self._join_group())
            while self.owned or self._claims or not stop.is_set():
                await self._turn(leaves=stop.is_set())
            self._go_on()
            await self._beats.leave()
            self._go_on()
        finally:
            await self._background.cancel()
            if self._member is not None:
                await self._member.leave()
            for reader in readers:
                await reader.close()

    async def _wake_at(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._background.wake()

    async def _join_group(self) -> None:
        """Beside the loop: as long as one of its members hangs a group takes nobody in."""
        self._member = await self._broker.join_group(self.service.writes.name, self.service.name, self._instance)
        self._background.wake()

    def _go_on(self) -> None:
        self.turned_at = self._clock.monotonic()

    async def _turn(self, *, leaves: bool) -> None:
        self._go_on()
        self._background.check()
        if self._member is not None:
            self._assigned = self._member.assigned
        assigned = frozenset[int]() if leaves else self._assigned or frozenset()
        await self._settle(assigned, leaves=leaves)
        await self._wait()
        await self._step_all()
        for number, partition in self.owned.items():
            self._effects[number].start_owed()
            if partition.is_worth_saving(self._snapshot_every_records):
                self._start_next(self._rounds, partition, self._save)
            if partition.has_dead_letters:
                self._start_next(self._dead_letters, partition, self._send_dead_letters)

    def _start_next(
        self,
        last: dict[int, asyncio.Task[None]],
        partition: Partition[S],
        work: Callable[[Partition[S]], Coroutine[Any, Any, None]],
    ) -> None:
        """Do a work of a partition beside the loop, unless the last of its kind is still under way."""
        number = partition.number
        if number not in last or last[number].done():
            last[number] = self._background.start(work(partition))

    # --- who owns what ---------------------------------------------------------------------------------------------

    async def _settle(self, assigned: frozenset[int], *, leaves: bool) -> None:
        """Claim what is to be claimed, hand over what others want, and tell them. Claims run beside the loop."""
        standing = Standing(
            self._instance,
            self.owned,
            {} if leaves else self._standby.warm,
            assigned,
            self._beats.living,
            self._beats.announced,
        )
        self._check_ownership(standing)
        to_hand_over = self._to_let_go(standing) if leaves else standing.to_hand_over()
        released = self._hand_over(to_hand_over, follow=not leaves)
        self._start_claims(standing.to_claim())
        claimed = self._end_claims()
        epochs = {number: partition.epoch for number, partition in self.owned.items()}
        warm = [number for number in standing.warm if number not in epochs]
        wanted = standing.wanted() if self._fit() else ()
        self._beats.say(epochs, warm, {*wanted, *self._claims} - epochs.keys(), leaves=leaves)
        if released or claimed:
            await self._assign_inputs()

    def _to_let_go(self, standing: Standing) -> Iterable[int]:
        """What it lets go of as it leaves: to begin with only what another takes on at once."""
        now = self._clock.monotonic()
        if self._leaves_by is None:
            self._leaves_by = now + HEIR_SECONDS
        return standing.to_let_go() if now < self._leaves_by else self.owned

    def _start_claims(self, numbers: Iterable[int]) -> None:
        now = self._clock.monotonic()
        for number in numbers:
            if number not in self._claims and now >= self._lost.get(number, now):
                self._claims[number] = self._background.start_unchecked(self._claim(number))
                self._claims[number].add_done_callback(self._background.wake)

    def _end_claims(self) -> bool:
        """Begin to own what has been claimed; whether there is any."""
        ended = [number for number, task in self._claims.items() if task.done()]
        for number in ended:
            partition = self._claims.pop(number).result()
            if partition is None:
                self._lost[number] = self._clock.monotonic() + LOST_SECONDS
            else:
                self._adopt(partition)
        return any(number in self.owned for number in ended)

    def _check_ownership(self, standing: Standing) -> None:
        """Look whether this process may be the owner of what it believes to own."""
        for number, partition in self.owned.items():
            if (epoch := standing.announced.get(number, 0)) > partition.epoch:
                message = (
                    f"epoch {epoch} of partition {number} was claimed{NAMESAKE if self._beats.has_namesake else ''}"
                )
                raise NotOwner(message)

    async def _claim(self, number: int) -> Partition[S] | None:
        async with asyncio.timeout(CLAIM_SECONDS):
            claim = await self._standby.claim(number, self._token())
            if claim is None:
                return None
            return Partition(self.service, self._broker, self._clock, number, claim)

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

    def _hand_over(self, numbers: Iterable[int], *, follow: bool) -> list[int]:
        """Let effects of these partitions finish, and let go of those where none is under way; which it has let go of.

        That the journal says so first takes as long as it takes, beside the loop.
        """
        now = self._clock.monotonic()
        for number in numbers:
            if number not in self._leaving:
                self._leaving[number] = now + DRAIN_SECONDS
                self._effects[number].wind_down()
        for number, until in self._leaving.items():
            is_free = number not in self._releases and number not in self._steps
            if is_free and (now >= until or not self._effects[number].under_way):
                self._effects[number].cancel()
                self._releases[number] = self._background.start_unchecked(self.owned[number].release())
                self._releases[number].add_done_callback(self._background.wake)
        released = [number for number, task in self._releases.items() if task.done()]
        for number in released:
            self._release(number, follow=follow)
        return released

    def _release(self, number: int, *, follow: bool) -> None:
        self._releases.pop(number).result()
        del self._leaving[number], self._effects[number]
        partition = self.owned.pop(number)
        self._note_owner(number, owns=False)
        telemetry.logger().info("released", partition=number)
        if follow:
            self._standby.follow(number, *partition.handed_over())

    async def _assign_inputs(self) -> None:
        """Point the readers at the inputs of all owned partitions, each where it was fed last."""
        for inputs in self._inputs:
            await inputs.interrupt()
        self._take_polled()
        positions = {
            (topic, number): offset
            for number, partition in self.owned.items()
            for topic, offset in partition.backlog.next_offsets.items()
        }
        for inputs in self._inputs:
            await inputs.assign(positions)
        self._owned_gauge.set(len(self.owned))

    # --- what comes in ---------------------------------------------------------------------------------------------

    async def _wait(self) -> None:
        """Until a record, an effect's result or a claim has come, or a clock is due; a quarter of a second at most."""
        for inputs in self._inputs:
            if self._has_room(inputs):
                inputs.read_on(TURN_SECONDS)
        has_work = any(partition.has_work() for partition in self._free())
        await self._background.wait(0.0 if has_work else self._seconds_until_due())
        self._take_polled()
        self._check_clock()

    def _check_clock(self) -> None:
        """Raises ClockSkewed where the clock was set: the next start asks the broker for the time.

        What waits for an instant would wait too long; and a journal's time, once it was ahead, never goes back.
        """
        asked_at, now = self._clock.monotonic(), self._clock.now()
        if self._clock.monotonic() - asked_at > MAX_SKEW.total_seconds() / 10:
            return  # the process stood still just now
        before, self._clock_began = self._clock_began, now - timedelta(seconds=asked_at)
        if before is not None and abs(self._clock_began - before) > MAX_SKEW:
            set_by = (self._clock_began - before).total_seconds()
            message = f"this machine's clock was set by {set_by:.3f} s while the process ran"
            raise ClockSkewed(message)

    def _has_room(self, inputs: Inputs) -> bool:
        """Whether more of these may come in."""
        waiting = (partition.backlog.record_count(inputs.topics) for partition in self.owned.values())
        return sum(waiting) < BACKLOG_RECORDS

    def _seconds_until_due(self) -> float:
        due = [at for partition in self._free() if (at := partition.next_due()) is not None]
        if not due:
            return TURN_SECONDS
        left = min(due) - self._clock.now()
        return min(TURN_SECONDS, max(left, timedelta(milliseconds=1)).total_seconds())

    def _take_polled(self) -> None:
        for inputs in self._inputs:
            for stored in inputs.polled():
                if stored.partition in self.owned:
                    self._feed(self.owned[stored.partition].backlog, stored)

    def _feed(self, backlog: Backlog, stored: Stored) -> None:
        """What is slow to decide is prepared beside the loop; other topics, and other partitions, go on meanwhile."""
        prepare = self._prepare.get(stored.header("type"))
        work = None
        if prepare is not None:
            with suppress(Exception):  # whatever it is, the decision meets it too, and refuses the input
                work = prepare(stored)
        backlog.feed(stored, in_preparation=work is not None)
        if work is not None:
            self._background.start_unchecked(self._prepared(backlog, stored, work))

    async def _prepared(self, backlog: Backlog, stored: Stored, work: Awaitable[None]) -> None:
        with suppress(Exception):  # as above
            await work
        backlog.prepared(stored)
        self._background.wake()

    def _free(self) -> list[Partition[S]]:
        """What is owned and may make a step: one at a time, none after its last, and of those that are careful one."""
        cares = any(self.owned[number].care.inputs_left for number in self._steps)
        return [
            partition
            for number, partition in self.owned.items()
            if number not in self._steps and number not in self._releases and not (cares and partition.care.inputs_left)
        ]

    async def _step_all(self) -> None:
        busy = _in_turn([partition for partition in self._free() if partition.has_work()])
        begun, until = [], self._clock.monotonic() + ROUND_SECONDS
        for partition in busy:
            task = self._steps[partition.number] = self._background.start_unchecked(partition.step(self._go_on))
            begun.append(task)
            if self._clock.monotonic() >= until:
                await asyncio.sleep(0)
                until = self._clock.monotonic() + ROUND_SECONDS
        if begun:
            _, slow = await asyncio.wait(begun, timeout=TOGETHER_SECONDS)
            for task in slow:
                task.add_done_callback(self._background.wake)
        for number in [number for number, task in self._steps.items() if task.done()]:
            step = self._steps.pop(number).result()
            self._effects[number].note_changed(step.states)
            for made in step.made:
                self._begin_counting(made.agency)
                self._watch(made.agency, made.event)

    # --- what was refused ------------------------------------------------------------------------------------------

    async def _send_dead_letters(self, partition: Partition[S]) -> None:
        try:
            await partition.send_dead_letters()
        except BrokerUnavailable as error:
            telemetry.logger().error("dead letters not sent", partition=partition.number, wrong=str(error)[:300])
            await asyncio.sleep(AGAIN_SECONDS)

    # --- figures ---------------------------------------------------------------------------------------------------

    def _begin_counting(self, agency: str) -> None:
        """An agency's counters stand at 0 before anything of it is counted, as soon as it is known."""
        if agency and agency not in self._counted:
            self._counted.add(agency)
            telemetry.begin(self.service.name, agency=agency)

    def _note_owner(self, number: int, *, owns: bool) -> None:
        telemetry.PARTITION_OWNER.labels(self.service.writes.name, str(number)).set(owns)

    # --- snapshots -------------------------------------------------------------------------------------------------

    async def _save(self, partition: Partition[S]) -> None:
        """Who cannot write the journal either ends of that."""
        round_ = partition.begin_round()
        try:
            saved = await write_snapshots(self.service, self._broker, round_, self._snapshot_sizes)
        except BrokerUnavailable as error:
            telemetry.SNAPSHOTS_NOT_SAVED.labels(self.service.name, "unavailable").inc()
            telemetry.logger().error("snapshots not saved", partition=partition.number, wrong=str(error)[:300])
            saved = Saved({})
        partition.end_round(saved)


def _in_turn(busy: Sequence[Partition[S]]) -> Sequence[Partition[S]]:
    """Of the partitions that are careful only one: should the process die, one journal alone says what it died of."""
    careful = [partition for partition in busy if partition.care.inputs_left]
    if len(careful) < 2:  # noqa: PLR2004  # one has nobody to wait for
        return busy
    chosen = max(careful, key=lambda partition: (bool(partition.care.attempting), partition.care.inputs_left))
    return [partition for partition in busy if partition is chosen or partition not in careful]
