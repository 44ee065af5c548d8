"""Kafka behind the seam; beside `kafka_client` and `kafka_rights` the only importer of aiokafka.

What aiokafka 0.14 does by itself is bounded or replaced here: idempotent sends never expire, records of a paused
group may be handed out before the assignment callback is done, and a batch is closed at 16 KiB unless told otherwise.
"""

from __future__ import annotations

import asyncio
import functools
import math
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, NamedTuple

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRebalanceListener
from aiokafka import TopicPartition as KafkaTopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import (
    KafkaError,
    OffsetOutOfRangeError,
    TopicAlreadyExistsError,
    TopicAuthorizationFailedError,
    for_code,
)
from aiokafka.partitioner import murmur2

import shared.engine.kafka_records  # noqa: F401  # no record may be one that nobody can read
from shared.connection import Connection, connection_of
from shared.engine.background import Beginning, over
from shared.engine.broker import (
    Appended,
    BrokerUnavailable,
    GroupMember,
    PositionOutOfRange,
    Reader,
    Record,
    Stored,
    TopicPartition,
)
from shared.engine.kafka_client import (
    NO_RIGHT,
    PATIENCE_MILLISECONDS,
    REQUEST_TIMEOUT_MILLISECONDS,
    administering,
    arguments_now,
    durable,
    explained,
    find_again,
    said,
)
from shared.engine.topic import SNAPSHOT_BYTES, Topic
from shared.telemetry import logger

SESSION_MILLISECONDS = 6_000
HEARTBEAT_MILLISECONDS = 1_000
MAX_POLL_INTERVAL_MILLISECONDS = 60_000
METADATA_AGE_MILLISECONDS = 30_000
ASK_SECONDS = 6.0
"""The longest that a question for positions may take, as an append."""
JOIN_SECONDS = 20.0
"""The longest that joining a group may take: it waits until the session of a member that hangs is over."""
FETCH_WAIT_MILLISECONDS, SETTLED_FETCH_WAIT_MILLISECONDS = 100, 500
"""The longest that the broker holds a fetch for which nothing has come. aiokafka has one on the way at a time: a
partition that was assigned meanwhile waits for it to return, and so does a question for positions."""


@functools.lru_cache(maxsize=10_000)
def key_hash(key: str) -> int:
    """What Kafka's own clients make of a key; its remainder by the number of partitions is the key's partition."""
    return int(murmur2(key.encode())) & 0x7FFFFFFF


class KafkaBroker:
    """One process's connection to Kafka. A producer that is refused, or hears nothing for long, is replaced."""

    def __init__(self, at: Connection | str, partitions: int, append_timeout_seconds: float = ASK_SECONDS) -> None:
        self._connection, self.partitions, self._timeout = connection_of(at), partitions, append_timeout_seconds
        self._producer: AIOKafkaProducer | None = None
        self._starting = Beginning(self._new_producer)
        self._turns: defaultdict[TopicPartition, asyncio.Lock] = defaultdict(asyncio.Lock)
        """Of those who append to one partition: aiokafka has them wait for each other, and is soon tired of it."""
        self._closing: set[asyncio.Task[None]] = set()
        self._heard_at = 0.0
        """When the producer began, or was answered last."""

    async def wrong_topics(self, topics: Sequence[Topic]) -> list[str]:
        """Which of them are missing, or have another number of partitions than this process was told.

        Of partitions that somebody has added to some of them the log tells: nothing is in them, nor ever will be.
        """
        try:
            async with asyncio.timeout(REQUEST_TIMEOUT_MILLISECONDS / 1000):
                faults = await check_topics(self._connection, self.partitions, topics)
        except (KafkaError, TimeoutError, OSError) as error:
            message = f"cannot look at the topics: {await explained(self._connection, error)}"
            raise BrokerUnavailable(message) from error
        if faults.added:
            logger().error("partitions added", wrong="; ".join(faults.added)[:300])
        return faults.wrong

    def partition_of(self, key: str) -> int:
        """The partition of a key, as Kafka's own clients hash it."""
        return key_hash(key) % self.partitions

    async def append(self, topic: str, partition: int, records: Sequence[Record]) -> Appended:
        """Write the records in one batch. Raises BrokerUnavailable, after which they may still come to be written."""
        producer = None  # who only waited for a turn has nothing against the one that others use
        try:
            async with asyncio.timeout(self._timeout), self._turns[topic, partition]:
                producer = self._producer or await self._starting.begun()
                batch = producer.create_batch()
                for record in records:
                    taken = batch.append(
                        timestamp=None,
                        key=record.key.encode(),
                        value=record.value or None,
                        headers=list(record.headers),
                    )
                    if taken is None:
                        message = f"{len(records)} records do not fit into one batch for {topic}"
                        raise ValueError(message)
                batch.close()
                written = await (await producer.send_batch(batch, topic, partition=partition))
                self._heard_at = time.monotonic()
        except (KafkaError, TimeoutError, OSError) as error:
            if not isinstance(error, TimeoutError) or self._has_waited_long():
                self._drop_producer(producer)
            message = f"append to {topic}/{partition}: {said(error)}"
            raise BrokerUnavailable(message) from error
        return Appended(written.offset, _time(written.timestamp))

    async def reader(self, *, settled: bool = False) -> Reader:
        """A new reader. Raises BrokerUnavailable."""
        consumer = AIOKafkaConsumer(
            **await arguments_now(self._connection),
            enable_auto_commit=False,
            auto_offset_reset="none",
            request_timeout_ms=PATIENCE_MILLISECONDS,
            metadata_max_age_ms=METADATA_AGE_MILLISECONDS,
            max_partition_fetch_bytes=4 * 1024 * 1024,
            fetch_max_wait_ms=SETTLED_FETCH_WAIT_MILLISECONDS if settled else FETCH_WAIT_MILLISECONDS,
            check_crcs=True,
        )
        find_again(consumer._client, self._connection)  # noqa: SLF001  # version pinned; there is no other way
        _bound(consumer)
        await _started(consumer, self._connection)
        return _KafkaReader(consumer)

    async def join_group(self, topic: str, group: str, instance: str) -> GroupMember:
        """Join the consumer group of a topic as a static member. Raises BrokerUnavailable."""
        consumer = AIOKafkaConsumer(
            **await arguments_now(self._connection),
            group_id=group,
            group_instance_id=instance,
            enable_auto_commit=False,
            auto_offset_reset="latest",
            session_timeout_ms=SESSION_MILLISECONDS,
            heartbeat_interval_ms=HEARTBEAT_MILLISECONDS,
            max_poll_interval_ms=MAX_POLL_INTERVAL_MILLISECONDS,
            rebalance_timeout_ms=SESSION_MILLISECONDS,
            request_timeout_ms=REQUEST_TIMEOUT_MILLISECONDS,
            metadata_max_age_ms=METADATA_AGE_MILLISECONDS,
        )
        find_again(consumer._client, self._connection)  # noqa: SLF001  # as above
        member = _KafkaGroupMember(consumer, self.partitions)
        consumer.subscribe([topic], listener=member)
        await _started(consumer, self._connection, JOIN_SECONDS)
        member.begin()
        return member

    async def close(self) -> None:
        """Let go of the connection."""
        await self._starting.cancel()
        self._drop_producer(self._producer)
        if self._closing:
            await asyncio.wait(self._closing, timeout=2)

    async def _new_producer(self) -> AIOKafkaProducer:
        producer = AIOKafkaProducer(
            **await arguments_now(self._connection),
            **durable(SNAPSHOT_BYTES),
            request_timeout_ms=PATIENCE_MILLISECONDS,
            metadata_max_age_ms=METADATA_AGE_MILLISECONDS,
            retry_backoff_ms=50,
        )
        find_again(producer.client, self._connection)
        _bound(producer)
        try:
            async with asyncio.timeout(ASK_SECONDS):
                await producer.start()
        except BaseException:
            self._close_later(producer)
            raise
        self._producer, self._heard_at = producer, time.monotonic()
        return producer

    def _has_waited_long(self) -> bool:
        """Slow is not broken, and to begin anew takes longer still: a full machine would come to nothing else."""
        return max(self._timeout, time.monotonic() - self._heard_at) >= ASK_SECONDS

    def _drop_producer(self, failed: AIOKafkaProducer | None) -> None:
        """Give up the producer that failed; one that has replaced it since is left alone."""
        if failed is not None and failed is self._producer:
            self._close_later(failed)
            self._producer = None

    def _close_later(self, producer: AIOKafkaProducer) -> None:
        """Close without waiting for what it could not send; nothing is awaited on the way of a request."""
        task = asyncio.get_running_loop().create_task(_close(producer))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


def _bound(client: AIOKafkaProducer | AIOKafkaConsumer) -> None:
    """Let what it does take longer than one request: else it gives up at a broker that hangs, and asks no other.

    What a request may take it was told when it was made, and has passed on.
    """
    client._request_timeout_ms = int(ASK_SECONDS * 1000)  # noqa: SLF001  # version pinned; it has one setting for both


async def _closed(client: AIOKafkaProducer | AIOKafkaConsumer) -> None:
    await over(asyncio.get_running_loop().create_task(_close(client)))


async def _close(client: AIOKafkaProducer | AIOKafkaConsumer) -> None:
    with suppress(KafkaError, TimeoutError, OSError, asyncio.CancelledError):
        try:
            await asyncio.wait_for(client.stop(), 2)
        except TimeoutError:  # a producer's `stop` flushes first; with the broker away that never ends
            if isinstance(client, AIOKafkaProducer):
                await asyncio.wait_for(client._sender.close(), 2)  # noqa: SLF001  # version pinned; there is no other way
                await asyncio.wait_for(client.client.close(), 2)


async def _started(
    consumer: AIOKafkaConsumer, connection: Connection, seconds: float = REQUEST_TIMEOUT_MILLISECONDS / 1000
) -> None:
    try:
        async with asyncio.timeout(seconds):
            await consumer.start()
    except asyncio.CancelledError:
        await _closed(consumer)
        raise
    except (KafkaError, TimeoutError, OSError) as error:
        await _closed(consumer)
        message = f"cannot read from Kafka: {await explained(connection, error)}"
        raise BrokerUnavailable(message) from error


def _time(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


class _KafkaReader:
    """Assigned partitions, from positions that the caller knows."""

    def __init__(self, consumer: AIOKafkaConsumer) -> None:
        self._consumer = consumer
        self._assigned = False

    async def assign(
        self, positions: Mapping[TopicPartition, int], *, seeks_beginnings: bool = True
    ) -> dict[TopicPartition, int]:
        """Read these partitions; position 0 is the first record that is kept, if it is to be sought."""
        begin = dict(positions)
        if seeks_beginnings:
            begin |= await self.starts([place for place, position in positions.items() if position == 0])
        if not begin:
            # aiokafka fetches no more for good where it is unsubscribed before it has seen what was assigned
            self._consumer.pause(*self._consumer.assignment())
        else:
            self._consumer.assign([KafkaTopicPartition(*place) for place in begin])
            for place, position in begin.items():
                self._consumer.seek(KafkaTopicPartition(*place), position)
        self._assigned = bool(begin)
        return begin

    async def poll(self, timeout_seconds: float, max_records: int = 1000) -> list[Stored]:
        """Records that have come."""
        if not self._assigned:
            await asyncio.sleep(timeout_seconds)
            return []
        try:
            polled = await self._consumer.getmany(timeout_ms=int(timeout_seconds * 1000), max_records=max_records)
        except OffsetOutOfRangeError as error:
            message = f"a position is gone from the topic: {error}"
            raise PositionOutOfRange(message) from error
        except (KafkaError, OSError) as error:
            message = f"poll: {said(error)}"
            raise BrokerUnavailable(message) from error
        return [
            Stored(
                record.topic,
                record.partition,
                record.offset,
                _time(record.timestamp),
                (record.key or b"").decode("utf-8", "replace"),
                record.value or b"",
                {name: value or b"" for name, value in record.headers},
            )
            for records in polled.values()
            for record in records
        ]

    async def ends(self, places: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """The position after the last record of each partition. Raises BrokerUnavailable."""
        return await self._offsets(self._consumer.end_offsets, places)

    async def starts(self, places: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """The position of the first record that is kept of each partition. Raises BrokerUnavailable."""
        return await self._offsets(self._consumer.beginning_offsets, places)

    async def since(self, places: Iterable[TopicPartition], time: datetime) -> dict[TopicPartition, int]:
        """The position of the first record of this time or later; else the end. Raises BrokerUnavailable."""
        milliseconds = math.ceil(time.timestamp() * 1000)

        async def ask(asked: list[KafkaTopicPartition]) -> Mapping[KafkaTopicPartition, int]:
            found = await self._consumer.offsets_for_times(dict.fromkeys(asked, milliseconds))
            ends = await self._consumer.end_offsets(asked)
            return {place: ends[place] if at is None else at.offset for place, at in found.items()}

        return await self._offsets(ask, places)

    async def _offsets(
        self,
        ask: Callable[[list[KafkaTopicPartition]], Awaitable[Mapping[KafkaTopicPartition, int]]],
        places: Iterable[TopicPartition],
    ) -> dict[TopicPartition, int]:
        asked = [KafkaTopicPartition(*place) for place in places]
        if not asked:
            return {}
        try:
            async with asyncio.timeout(ASK_SECONDS):
                offsets = await ask(asked)
        except (KafkaError, TimeoutError, OSError) as error:
            topics = self._consumer._client.cluster.unauthorized_topics  # noqa: SLF001  # else it only takes too long
            hidden = sorted(topics & {place.topic for place in asked})
            message = f"cannot ask for positions: {f'{hidden[0]}: {NO_RIGHT}' if hidden else said(error)}"
            raise BrokerUnavailable(message) from error
        return {(place.topic, place.partition): offset for place, offset in offsets.items()}

    async def close(self) -> None:
        """Let go of it."""
        await _closed(self._consumer)


class _KafkaGroupMember(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka has no types
    """A consumer group on one topic, all of it paused: Kafka says who should try to own what."""

    def __init__(self, consumer: AIOKafkaConsumer, partitions: int) -> None:
        self._consumer, self._partitions = consumer, partitions
        self._assigned: frozenset[int] = frozenset()
        self._task: asyncio.Task[None] | None = None

    @property
    def assigned(self) -> frozenset[int]:
        """The partitions assigned to this process. Raises BrokerUnavailable if the group has thrown it out."""
        if self._task is not None and self._task.done():
            error = self._task.exception()
            message = f"the group membership ended: {said(error) if error else 'of itself'}"
            raise BrokerUnavailable(message) from error
        return self._assigned

    async def on_partitions_revoked(self, revoked: Iterable[KafkaTopicPartition]) -> None:
        """Nothing is to be done: the next assignment says what is left."""

    async def on_partitions_assigned(self, assigned: Iterable[KafkaTopicPartition]) -> None:
        """Only notes it: claims run elsewhere. Nothing is in partitions that somebody has added."""
        places = list(assigned)
        self._assigned = frozenset(place.partition for place in places if place.partition < self._partitions)
        if places:
            self._consumer.pause(*places)

    def begin(self) -> None:
        """Poll, which is the heartbeat; whatever is handed out before the pause took hold is dropped."""
        self._task = asyncio.get_running_loop().create_task(self._poll())

    async def _poll(self) -> None:
        while True:
            await self._consumer.getmany(timeout_ms=500)

    async def leave(self) -> None:
        """Give the partitions back."""
        if self._task is not None:
            self._task.cancel()
            await over(self._task)
        await _closed(self._consumer)


async def create_topics(at: Connection | str, partitions: int, replication: int, topics: Sequence[Topic]) -> list[str]:
    """Create the topics that are missing; the names of those created.

    None is made beside others of another number of partitions: it would be of no use, and have to be deleted. Raises
    BrokerUnavailable, also where Kafka refuses to make one, with what it says.
    """
    async with administering(connection_of(at)) as admin:
        counts = {name: len(entry["partitions"]) for name, entry in (await _described(admin, topics)).items()}
        if wrong := _other_counts({name: count for name, count in counts.items() if count}, partitions).wrong:
            raise BrokerUnavailable("\n".join(wrong))
        created = []
        for topic in topics:
            missing = NewTopic(topic.name, partitions, replication, topic_configs=topic.settings(replication))
            code, *message = next(entry[1:] for entry in (await admin.create_topics([missing])).topic_errors)
            if code not in (0, TopicAlreadyExistsError.errno):
                why = ": ".join((said(for_code(code)()), *filter(None, message)))
                raise BrokerUnavailable(f"topic {topic.name} was not made; Kafka says {code}, {why}")
            if not code:
                created.append(topic.name)
        return created


class TopicFaults(NamedTuple):
    """What is wrong with the topics as they stand, in words."""

    wrong: list[str]
    """Of those that are missing, hidden, or have another number of partitions."""
    added: list[str]
    """Of those to which somebody has added partitions, which Kafka never takes away again. Keys have their partitions
    by the number that every process was told, and other topics have: nothing is in them, and work goes on."""


async def check_topics(at: Connection | str, partitions: int, topics: Sequence[Topic]) -> TopicFaults:
    """Look whether the topics are there, each with as many partitions as processes are told."""
    async with administering(connection_of(at)) as admin:
        described = await _described(admin, topics)
    wrong, counts = [], dict[str, int]()
    for topic in topics:
        entry = described.get(topic.name, {"partitions": (), "error_code": 0})
        if entry["error_code"] == TopicAuthorizationFailedError.errno:
            wrong.append(f"topic {topic.name}: {NO_RIGHT}")
        elif not (count := len(entry["partitions"])):
            wrong.append(f"topic {topic.name} is not there: `python -m deploy.topics` makes it")
        else:
            counts[topic.name] = count
    others = _other_counts(counts, partitions)
    return TopicFaults([*others.wrong, *wrong], others.added)


async def _described(admin: AIOKafkaAdminClient, topics: Sequence[Topic]) -> dict[str, Mapping[str, Any]]:
    """By name, what Kafka says of each topic that it knows, or hides."""
    return {entry["topic"]: entry for entry in await admin.describe_topics([topic.name for topic in topics])}


def _other_counts(counts: Mapping[str, int], partitions: int) -> TopicFaults:
    """All have one number. Where some have it and others more, these were added; which of two is right nobody knows."""
    wrong, added = list[str](), list[str]()
    for name, count in counts.items():
        message = f"topic {name} has {count} partitions, and CAREROUTE_PARTITIONS says {partitions}"
        if count > partitions and partitions in counts.values():
            added.append(f"{message}, as other topics have: whoever added them, nothing will be in them")
        elif count != partitions:
            wrong.append(message)
    return TopicFaults(wrong, added)


async def set_group_back(
    at: Connection, group: str, positions: Mapping[TopicPartition, int]
) -> dict[TopicPartition, int]:
    """Set a consumer group back to these positions where it is ahead of them; those moved, with where they were.

    Raises BrokerUnavailable, as it does while somebody reads for the group.
    """
    consumer = AIOKafkaConsumer(
        **await arguments_now(at),
        group_id=group,
        enable_auto_commit=False,
        request_timeout_ms=REQUEST_TIMEOUT_MILLISECONDS,
    )
    await _started(consumer, at)
    try:
        async with asyncio.timeout(REQUEST_TIMEOUT_MILLISECONDS / 1000):
            consumer.assign([KafkaTopicPartition(*place) for place in positions])
            asked = (consumer.committed(KafkaTopicPartition(*place)) for place in positions)
            reached = zip(positions, await asyncio.gather(*asked), strict=True)
            ahead = {place: offset for place, offset in reached if (offset or 0) > positions[place]}
            if ahead:
                await consumer.commit({KafkaTopicPartition(*place): positions[place] for place in ahead})
            return ahead
    except (KafkaError, TimeoutError, OSError) as error:
        message = f"cannot set the group back: {said(error)}"
        raise BrokerUnavailable(message) from error
    finally:
        await _closed(consumer)
