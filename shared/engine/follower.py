"""Follows topics beside the services: folds what counts, in order, into somebody's view of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from types import MappingProxyType

from shared.clock import Clock, SystemClock
from shared.engine.background import failure_of
from shared.engine.broker import Broker, BrokerUnavailable, Stored, TopicPartition
from shared.engine.journal import START, InputPosition
from shared.engine.reader import JournalReader
from shared.engine.topic import Topic
from shared.events.base import Event, UndecodableEvent, decode
from shared.telemetry import logger

POLL_SECONDS = 0.5
MAX_RECORDS = 200
"""Folded at a time: whatever else its process does has its turn between."""
ENDS_EVERY_SECONDS, ENDS_WAIT_SECONDS = 0.5, 1.0
"""How often a follower asks where the topics end, and how long it waits for an answer before it reads on."""

Fold = Callable[[str, Event, Stored], None]
"""Called as `fold(agency, event, stored)` for each event that counts, in order within a partition."""

Positions = Mapping[TopicPartition, InputPosition]
Reached = Callable[[Positions], Awaitable[None]]
"""Awaited as `reached(positions)` after a batch of records has been folded, with the positions after it."""


async def forget_positions(positions: Positions) -> None:
    """For a view that is made anew whenever its process starts."""


class Follower:
    """Folds the events of topics into a view: beside a door (`start`, `stop`), or beside a worker (`run`).

    Beside a door `failed` is set when it cannot go on; the door's process should then end.

    A view in memory is folded from the beginning whenever its process starts. One that is saved is saved in `reached`,
    together with the positions that it is given, and begins there (`shared.doors.answers`): then every event that
    counts is in it exactly once, whenever the process dies, and a late write of a former owner never, for each
    position has the epoch in force there. An exception in `fold` or `reached` ends the follower.
    """

    def __init__(
        self,
        broker: Broker,
        topics: Sequence[Topic],
        fold: Fold,
        kinds: frozenset[type[Event]] | None = None,
        *,
        positions: Positions = MappingProxyType({}),
        reached: Reached = forget_positions,
        clock: Clock | None = None,
    ) -> None:
        """`kinds`: the events to be folded, if not all; `positions`: where to begin, if not at the beginning."""
        self.topics = tuple(topics)
        self._broker, self._fold, self._reached = broker, fold, reached
        self._clock = clock or SystemClock()
        self.turned_at = self._clock.monotonic()
        """When it last looked for news; a watchdog looks at it."""
        self._types = None if kinds is None else {kind.type.encode() for kind in kinds}
        self._journals = [topic.name for topic in topics if topic.journal]
        places = [(topic.name, number) for topic in topics for number in range(broker.partitions)]
        self._positions = {place: positions.get(place, START) for place in places}
        self._behind: dict[TopicPartition, int] | None = None
        """The ends at the start that are not reached yet, once they are known."""
        self._up_to_date_at = self._ends_asked_at = self._clock.monotonic()
        self._ends: tuple[float, dict[TopicPartition, int]] | None = None
        """The ends that are to be reached, and when they were asked for."""
        self._task: asyncio.Task[None] | None = None
        self.failed: BaseException | None = None

    @property
    def ready(self) -> bool:
        """Whether everything that was there at the start has been read."""
        return self._behind == {} and self.failed is None

    def lag_seconds(self) -> float:
        """How long ago it was last sure that it had read all there was. Any thread may ask."""
        return max(0.0, self._clock.monotonic() - self._up_to_date_at)

    async def run(self, stop: asyncio.Event) -> None:
        """Follow until `stop` is set; what was read by then is folded. Raises whatever makes it unable to go on."""
        await self._follow(await self._open(), stop)

    async def start(self) -> None:
        """Start following beside a door. Raises BrokerUnavailable."""
        reader, never = await self._open(), asyncio.Event()
        self._task = asyncio.get_running_loop().create_task(self._follow(reader, never))
        self._task.add_done_callback(self._note_end)

    async def stop(self) -> None:
        """Stop following."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _open(self) -> JournalReader:
        reader = JournalReader(await self._broker.reader(settled=True), self._journals)
        try:
            self._behind = await reader.ends(self._positions)
            await reader.assign(self._positions)
        except BaseException:
            await reader.close()
            raise
        return reader

    async def _follow(self, reader: JournalReader, stop: asyncio.Event) -> None:
        try:
            self._note_reached(reader)
            while not stop.is_set():
                self.turned_at = self._clock.monotonic()
                before = reader.positions
                for stored in await reader.poll(POLL_SECONDS, MAX_RECORDS):
                    self._take(stored)
                await asyncio.sleep(0)  # what has been fetched already is handed out without a pause
                if reader.positions != before:
                    await self._reached(reader.positions)
                self._note_reached(reader)
                await self._look_at_ends(reader)
        finally:
            await reader.close()

    def _note_reached(self, reader: JournalReader) -> None:
        if self._behind:
            ends = self._behind.items()
            self._behind = {place: end for place, end in ends if reader.position(place).offset < end}

    async def _look_at_ends(self, reader: JournalReader) -> None:
        """Compare what was read with where the topics end, now and then. While the broker is away the lag grows."""
        if self._ends is not None:
            asked_at, ends = self._ends
            if all(reader.position(place).offset >= end for place, end in ends.items()):
                self._up_to_date_at, self._ends = asked_at, None
        now = self._clock.monotonic()
        if self._ends is None and now - self._ends_asked_at >= ENDS_EVERY_SECONDS:
            self._ends_asked_at = now
            with suppress(BrokerUnavailable, TimeoutError):
                async with asyncio.timeout(ENDS_WAIT_SECONDS):  # `wait_for` may swallow that it is cancelled
                    self._ends = now, await reader.ends(self._positions)

    def _take(self, stored: Stored) -> None:
        kind = stored.headers.get("type", b"")
        if self._types is not None and kind not in self._types:
            return
        try:
            event = decode(stored.header("type"), stored.value)
        except UndecodableEvent as error:
            logger().error("record passed over", position=stored.position, wrong=str(error))
        else:
            self._fold(stored.key, event, stored)

    def _note_end(self, task: asyncio.Task[None]) -> None:
        self.failed = failure_of(task)
        if self.failed is not None:
            logger().error("follower ended", error=type(self.failed).__name__)
