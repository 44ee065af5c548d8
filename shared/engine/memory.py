"""The in-memory twin of Kafka: the same seam in one process, for tests, simulation, and where there is no Kafka.

`MemoryLog` is the cluster; each process (or each simulated process) has its own `MemoryBroker` on it.
"""

from __future__ import annotations

import asyncio
import zlib
from collections import defaultdict
from collections.abc import Awaitable, Callable, Container, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime

from shared.clock import Clock, SystemClock
from shared.engine.broker import Appended, BrokerUnavailable, PositionOutOfRange, Record, Stored, TopicPartition
from shared.engine.topic import Topic

SESSION_SECONDS = 6.0
"""A member of a group that was silent for longer than this loses its partitions."""


async def _no_delay(doing: str) -> None:
    """A network without faults."""


Network = Callable[[str], Awaitable[None]]
"""Awaited before a request reaches the log (`append`, `poll` ...) and before its answer comes back (`appended` ...)."""


@dataclass(slots=True)
class _Member:
    token: object
    heard_at: float


@dataclass(slots=True)
class MemoryLog:
    """Every record of every topic, and the consumer groups."""

    partitions: int = 4
    clock: Clock = field(default_factory=SystemClock)
    places: dict[TopicPartition, list[Stored]] = field(default_factory=lambda: defaultdict(list))
    dropped_before: dict[TopicPartition, int] = field(default_factory=dict)
    """First offset that is still kept, where a test has dropped some."""
    compacted: dict[TopicPartition, set[int]] = field(default_factory=lambda: defaultdict(set))
    """Offsets of records that are gone, with a blank in their place."""
    _groups: dict[str, dict[str, _Member]] = field(default_factory=lambda: defaultdict(dict))
    _waiters: dict[asyncio.Future[None], Container[TopicPartition]] = field(default_factory=dict)
    """In the order in which they came, so that a simulation can repeat itself."""

    def append(self, topic: str, partition: int, records: Sequence[Record]) -> Appended:
        """Write a batch, whole."""
        log = self.places[topic, partition]
        first, now = len(log), self.clock.now()
        log.extend(
            Stored(topic, partition, first + index, now, record.key, record.value, dict(record.headers))
            for index, record in enumerate(records)
        )
        for waiter, places in self._waiters.items():
            if (topic, partition) in places and not waiter.done():
                waiter.set_result(None)
        return Appended(first, now)

    def compact(self, topic: str) -> None:
        """Keep of each key what Kafka keeps in the end. The last record of a partition stays, whatever it is."""
        for place, log in self.places.items():
            if place[0] != topic:
                continue
            gone = self.compacted[place]
            newest = {stored.key: stored.offset for stored in log if stored.offset not in gone}
            for stored in log[:-1]:
                if newest.get(stored.key) != stored.offset or not stored.value:
                    gone.add(stored.offset)
                    log[stored.offset] = replace(stored, key="", value=b"", headers={})

    async def arrival(self, places: Container[TopicPartition], timeout_seconds: float) -> None:
        """Wait until something is appended to one of the places, or the time is over."""
        waiter = asyncio.get_running_loop().create_future()
        self._waiters[waiter] = places
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(timeout_seconds):
                    await waiter
        finally:
            self._waiters.pop(waiter, None)

    def join(self, group: str, instance: str, token: object) -> None:
        """A member comes, or comes back under its old name and ends the process that had it."""
        self._groups[group][instance] = _Member(token, self.clock.monotonic())

    def leave(self, group: str, instance: str, token: object) -> None:
        """A member goes."""
        member = self._groups[group].get(instance)
        if member is not None and member.token is token:
            del self._groups[group][instance]

    def assigned(self, group: str, instance: str, token: object) -> frozenset[int]:
        """The member's partitions; asking is its heartbeat."""
        now, members = self.clock.monotonic(), self._groups[group]
        member = members.setdefault(instance, _Member(token, now))
        if member.token is not token:
            message = f"another process has joined as {instance}"
            raise BrokerUnavailable(message)
        member.heard_at = now
        live = sorted(name for name, other in members.items() if now - other.heard_at <= SESSION_SECONDS)
        return frozenset(number for number in range(self.partitions) if live[number % len(live)] == instance)


@dataclass(slots=True)
class MemoryBroker:
    """One process's connection to a `MemoryLog`."""

    log: MemoryLog
    network: Network = _no_delay

    @property
    def partitions(self) -> int:
        """Partitions of every topic."""
        return self.log.partitions

    async def wrong_topics(self, topics: Sequence[Topic]) -> list[str]:  # noqa: ARG002  # as it says
        """Topics are made by writing to them: nothing can be wrong."""
        return []

    def partition_of(self, key: str) -> int:
        """The partition of a key."""
        return zlib.crc32(key.encode()) % self.log.partitions

    async def append(self, topic: str, partition: int, records: Sequence[Record]) -> Appended:
        """Write the records whole."""
        await self.network("append")
        appended = self.log.append(topic, partition, records)
        await self.network("appended")
        return appended

    async def reader(self, *, settled: bool = False) -> MemoryReader:
        """A new reader; settled or not, it waits for nothing."""
        del settled
        return MemoryReader(self)

    async def join_group(self, topic: str, group: str, instance: str) -> MemoryGroupMember:
        """Join the member."""
        del topic
        return MemoryGroupMember(self.log, group, instance)

    async def close(self) -> None:
        """Nothing to let go of."""


class MemoryReader:
    """Reads from a `MemoryLog`."""

    def __init__(self, broker: MemoryBroker) -> None:
        self._broker = broker
        self._at: dict[TopicPartition, int] = {}

    async def assign(
        self, positions: Mapping[TopicPartition, int], *, seeks_beginnings: bool = True
    ) -> dict[TopicPartition, int]:
        """Read these partitions; position 0 is the first record that is kept, if it is to be sought."""
        kept = self._broker.log.dropped_before if seeks_beginnings else {}
        self._at = {place: position or kept.get(place, 0) for place, position in positions.items()}
        return dict(self._at)

    async def poll(self, timeout_seconds: float, max_records: int = 1000) -> list[Stored]:
        """Records that have come; empty after the timeout."""
        await self._broker.network("poll")
        records = self._take(max_records)
        if not records and timeout_seconds > 0:
            await self._broker.log.arrival(self._at, timeout_seconds)
            records = self._take(max_records)
        await self._broker.network("polled")
        return records

    def _take(self, max_records: int) -> list[Stored]:
        records: list[Stored] = []
        for place, position in self._at.items():
            kept_from, log = self._broker.log.dropped_before.get(place, 0), self._broker.log.places[place]
            if not kept_from <= position <= len(log):
                message = f"{place[0]}/{place[1]}: position {position} is not in {kept_from}..{len(log)}"
                raise PositionOutOfRange(message)
            taken = log[position : position + max_records - len(records)]
            if taken:
                self._at[place] = taken[-1].offset + 1
                gone = self._broker.log.compacted.get(place, ())
                records.extend(stored for stored in taken if stored.offset not in gone)
            if len(records) >= max_records:
                break
        return records

    async def ends(self, places: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """The position after the last record of each partition."""
        await self._broker.network("ends")
        return {place: len(self._broker.log.places[place]) for place in places}

    async def starts(self, places: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """The position of the first record that is kept of each partition."""
        await self._broker.network("starts")
        return {place: self._broker.log.dropped_before.get(place, 0) for place in places}

    async def since(self, places: Iterable[TopicPartition], time: datetime) -> dict[TopicPartition, int]:
        """The position of the first record of this time or later; else the end."""
        await self._broker.network("since")
        log, kept = self._broker.log.places, await self.starts(places)
        later = {place: (s.offset for s in log[place][kept[place] :] if s.time >= time) for place in kept}
        return {place: next(offsets, len(log[place])) for place, offsets in later.items()}

    async def close(self) -> None:
        """Nothing to let go of."""
        self._at = {}


class MemoryGroupMember:
    """A member of a group on a `MemoryLog`; reading `assigned` is its heartbeat."""

    def __init__(self, log: MemoryLog, group: str, instance: str) -> None:
        self._log, self._group, self._instance, self._token = log, group, instance, object()
        log.join(group, instance, self._token)

    @property
    def assigned(self) -> frozenset[int]:
        """The partitions assigned to this process."""
        return self._log.assigned(self._group, self._instance, self._token)

    async def leave(self) -> None:
        """Give the partitions back."""
        self._log.leave(self._group, self._instance, self._token)
