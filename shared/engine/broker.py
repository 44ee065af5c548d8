"""The seam to Kafka: what careroute needs of a log broker, and nothing more.

Two implementations, `shared.engine.kafka` and `shared.engine.memory`, pass one conformance suite.

**Offsets.** Each partition of a topic is a list that only grows at its end. The offset of a record is its place in that
list; it never changes, and no other record ever stands there. The *position* of a reader is the offset of the record
that it reads next: a reader at 7 has seen everything below 7, and where 7 is the end there is nothing for it yet. To go
on where one was, assign the position after the last record that was taken in. Position 0 is special: it asks for
everything there is, and where the oldest records have been deleted, reading begins at the first that is kept. Any
other position below that one, and any beyond the end, is refused (`PositionOutOfRange`): something is missing that
somebody still counted on. (Who owns a journal looks first: `shared.engine.claim`.) Offsets rise within a partition, but
need not be without gaps: a compacted topic has lost some of its records.

**Erasing.** A compacted topic keeps the newest record of each key of a partition, and loses those before it sooner or
later. A record without a value erases its key: then nothing of it is kept, and sooner or later not even that record.
Until then a reader sees them all.

**Order.** Within a partition records are read in the order in which they stand. Between partitions, and between topics,
there is no order at all.

**Failure.** `BrokerUnavailable` says that no answer came in time, or that it was an error. Of a read that means nothing
was learned; it may be tried again. Of an append it means *nothing is known*: the batch may stand in the log, may come
to stand there in a moment, or may never do so. A retry may therefore write it twice. So a writer either makes repeats
harmless (a command has an id) or gives up its claim and reads the journal again, as a worker does. A batch is never
half written, and once its offset was returned it stands there for good.

**Groups.** Membership of a group is a hint. Two processes may believe at the same time that the same partition is
theirs; who owns it is settled in the journal (see `shared.engine.journal`).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, Protocol

from shared.engine.topic import Topic

RECORD_FRAME_BYTES, HEADER_FRAME_BYTES = 64, 10
"""What Kafka's format takes for a record besides key, value and headers, and for a header besides name and value."""


class BrokerUnavailable(Exception):
    """The broker did not answer in time, or refused; what was sent may or may not have been written."""


class PositionOutOfRange(Exception):
    """A position is not in the topic: something was deleted that was still needed, or the topic is another one."""


@dataclass(frozen=True, slots=True)
class Record:
    """What is written."""

    key: str
    value: bytes
    """Empty: whatever stood under the key is to go (see Erasing, above)."""
    headers: tuple[tuple[str, bytes], ...] = ()

    @property
    def size(self) -> int:
        """Bytes that it takes in a batch, at most."""
        return _size(self.key, self.value, self.headers)


class RecordPosition(NamedTuple):
    """Where a record stands, written `topic/partition/offset`."""

    topic: str
    partition: int
    offset: int

    @classmethod
    def parse(cls, position: str) -> RecordPosition:
        """The parts of a written position. Raises ValueError for anything else."""
        topic, partition, offset = position.rsplit("/", 2)
        return cls(topic, int(partition), int(offset))

    @classmethod
    def in_cause(cls, cause: str) -> RecordPosition | None:
        """The record that a cause names; None where it names a clock, or what a service did outside."""
        try:
            return cls.parse(cause)
        except ValueError:
            return None

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}/{self.offset}"


@dataclass(frozen=True, slots=True)
class Stored:
    """What is read: a record, where it stands and the broker's time of it."""

    topic: str
    partition: int
    offset: int
    time: datetime
    key: str
    value: bytes
    headers: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Bytes that it takes in a batch, at most."""
        return _size(self.key, self.value, self.headers.items())

    @property
    def position(self) -> str:
        """`topic/partition/offset`."""
        return str(RecordPosition(self.topic, self.partition, self.offset))

    def header(self, name: str) -> str:
        """A header as text; empty where it is missing. What is no UTF-8 is replaced: anybody may have written it."""
        return self.headers.get(name, b"").decode("utf-8", "replace")

    @property
    def stated_time(self) -> datetime:
        """When its writer says that it was made; the broker's time where it says nothing of the kind."""
        try:
            stated = datetime.fromisoformat(self.header("time"))
        except ValueError:
            return self.time
        return stated if stated.tzinfo is not None else self.time


def _size(key: str, value: bytes, headers: Iterable[tuple[str, bytes]]) -> int:
    taken = sum(len(name.encode()) + len(content) + HEADER_FRAME_BYTES for name, content in headers)
    return len(key.encode()) + len(value) + taken + RECORD_FRAME_BYTES


@dataclass(frozen=True, slots=True)
class Appended:
    """Where a batch went: the offset of its first record, and the broker's time."""

    offset: int
    time: datetime


TopicPartition = tuple[str, int]
"""A topic and a partition of it."""


class Reader(Protocol):
    """Reads assigned partitions from stated positions; belongs to no group, and remembers nothing for its caller."""

    async def assign(
        self, positions: Mapping[TopicPartition, int], *, seeks_beginnings: bool = True
    ) -> dict[TopicPartition, int]:
        """Read these partitions and no others, each from its position; says where each begins.

        That is the position itself, or for position 0 the first record that is kept, which takes a question to the
        broker. With `seeks_beginnings=False` position 0 is meant as such. Raises BrokerUnavailable.
        """
        ...

    async def poll(self, timeout_seconds: float, max_records: int = 1000) -> list[Stored]:
        """Records that have come, in order within a partition; empty after the timeout, or with nothing assigned.

        The next poll goes on after the last of them. Raises PositionOutOfRange where an assigned position is not in
        its topic, and BrokerUnavailable.
        """
        ...

    async def ends(self, places: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """The position after the last record of each partition at this moment. Raises BrokerUnavailable."""
        ...

    async def starts(self, places: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """The position of the first record that is kept of each partition. Raises BrokerUnavailable."""
        ...

    async def since(self, places: Iterable[TopicPartition], time: datetime) -> dict[TopicPartition, int]:
        """The position of the first record of this time or later, by the broker's time; else the end.

        Raises BrokerUnavailable.
        """
        ...

    async def close(self) -> None:
        """Let go of it."""
        ...


class GroupMember(Protocol):
    """Says which partitions of a topic this process should try to own; a hint, never a permission."""

    @property
    def assigned(self) -> frozenset[int]:
        """The partitions assigned to this process. Raises BrokerUnavailable if the group has thrown it out."""
        ...

    async def leave(self) -> None:
        """Give the partitions back."""
        ...


class Broker(Protocol):
    """A connection to the log."""

    @property
    def partitions(self) -> int:
        """Partitions of every topic: one number for the cluster's life."""
        ...

    async def append(self, topic: str, partition: int, records: Sequence[Record]) -> Appended:
        """Write the records in one batch: all of them or none, in order, with no other record in between.

        Raises BrokerUnavailable, after which they may or may not come to stand in the log; and ValueError where they
        are too large for one batch.
        """
        ...

    async def reader(self, *, settled: bool = False) -> Reader:
        """A new reader. Raises BrokerUnavailable.

        One that is `settled` is seldom assigned other partitions, and may see the first records of those late: it asks
        less often for what has not come.
        """
        ...

    async def join_group(self, topic: str, group: str, instance: str) -> GroupMember:
        """Join the consumer group that shares out a topic's partitions, under a name that survives a restart.

        Raises BrokerUnavailable.
        """
        ...

    async def wrong_topics(self, topics: Sequence[Topic]) -> list[str]:
        """What is wrong with these topics as they stand, a sentence each; empty when all is well.

        Raises BrokerUnavailable.
        """
        ...

    def partition_of(self, key: str) -> int:
        """The partition of a key."""
        ...

    async def close(self) -> None:
        """Let go of the connection."""
        ...


@asynccontextmanager
async def reading(broker: Broker) -> AsyncIterator[Reader]:
    """A reader for as long as it is needed. Raises BrokerUnavailable."""
    reader = await broker.reader()
    try:
        yield reader
    finally:
        await reader.close()


async def require_topics(broker: Broker, topics: Sequence[Topic]) -> None:
    """See that topics stand as this process was told, before it reads all of them: else it took a part for the whole.

    Raises BrokerUnavailable.
    """
    if wrong := await broker.wrong_topics(topics):
        raise BrokerUnavailable("\n".join(wrong))
