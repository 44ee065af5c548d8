"""The seam to Kafka: what careroute needs of a log broker, and nothing more.

Two implementations, `shared.engine.kafka` and `shared.engine.memory`, pass one conformance suite.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, Protocol


class BrokerUnavailable(Exception):
    """The broker did not answer in time, or refused; what was sent may or may not have been written."""


class PositionOutOfRange(Exception):
    """A position that the journal names is no longer in the topic: something was deleted that was still needed."""


@dataclass(frozen=True, slots=True)
class Record:
    """What is written."""

    key: str
    value: bytes
    headers: tuple[tuple[str, bytes], ...] = ()


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
    def position(self) -> str:
        """`topic/partition/offset`."""
        return f"{self.topic}/{self.partition}/{self.offset}"


@dataclass(frozen=True, slots=True)
class Appended:
    """Where a batch went: the offset of its first record, and the broker's time."""

    offset: int
    time: datetime


TopicPartition = tuple[str, int]
"""A topic and a partition of it."""


class Reader(Protocol):
    """Reads assigned partitions from stated positions; belongs to no group."""

    async def assign(self, positions: Mapping[TopicPartition, int]) -> None:
        """Read these places, each from its position; the beginning is position 0 or the first that is kept."""
        ...

    async def poll(self, timeout_seconds: float, max_records: int = 1000) -> list[Stored]:
        """Records that have come, in order within a place; empty after the timeout. Raises PositionOutOfRange."""
        ...

    async def ends(self, places: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """The position after the last record of each place."""
        ...

    async def starts(self, places: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """The position of the first record that is kept at each place."""
        ...

    async def close(self) -> None:
        """Let go of it."""
        ...


class GroupMember(Protocol):
    """Says which partitions of a topic this process should try to own; a hint, never a permission."""

    @property
    def assigned(self) -> frozenset[int]:
        """The partitions drawn for this process."""
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
        """Write the records in one batch: all of them or none, in order. Raises BrokerUnavailable."""
        ...

    async def reader(self) -> Reader:
        """A new reader."""
        ...

    async def join_group(self, topic: str, group: str, instance: str) -> GroupMember:
        """Join the consumer group that shares out a topic's partitions, under a name that survives a restart."""
        ...

    async def wrong_topics(self) -> list[str]:
        """What is wrong with the topics as they stand, a sentence each; empty when all is well."""
        ...

    def partition_of(self, key: str) -> int:
        """The partition of a key."""
        ...

    async def close(self) -> None:
        """Let go of the connection."""
        ...
