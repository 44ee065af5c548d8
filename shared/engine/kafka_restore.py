"""Puts records back into Kafka at the offsets and with the times that they had.

Kafka gives a record the next offset of its partition, and careroute's topics the broker's own time. So a topic is
filled from its very beginning, with blanks where the copy has no record, and takes the writer's times while that lasts;
what stands before the first record of the copy is then deleted. A million blanks take about a second.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from operator import itemgetter

from aiokafka import AIOKafkaProducer
from aiokafka import TopicPartition as KafkaTopicPartition
from aiokafka.admin import RecordsToDelete
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, for_code
from aiokafka.producer.message_accumulator import BatchBuilder

from shared.connection import Connection
from shared.engine.broker import BrokerUnavailable, Stored, TopicPartition
from shared.engine.kafka_client import REQUEST_TIMEOUT_MILLISECONDS, administering, arguments_of, durable, explained
from shared.engine.topic import MAX_RECORD_BYTES, Topic

BATCH_BYTES = 800_000
BLANKS = 50_000
"""In a batch, which takes nine bytes for each."""
APPEND_SECONDS = 30.0
SETTLE_SECONDS = 1.0
"""After which every broker knows how a topic is set up."""


class CopyFailed(Exception):
    """A record does not stand where it stood in the copy: somebody else writes to the topic, or it was not empty."""


async def cluster_id(connection: Connection) -> str:
    """What a Kafka cluster calls itself, for good. Raises BrokerUnavailable."""
    async with _explained(connection, "ask for the cluster's id"), administering(connection) as admin:
        return str((await admin.describe_cluster())["cluster_id"])


async def set_up(connection: Connection, topics: Sequence[Topic], replication: int) -> None:
    """Set topics that are there up as they are described here. Raises BrokerUnavailable."""
    resources = [ConfigResource(ConfigResourceType.TOPIC, topic.name, topic.settings(replication)) for topic in topics]
    async with _explained(connection, "set the topics up"), administering(connection) as admin:
        for answer in await admin.alter_configs(resources):
            for code, *_ in filter(itemgetter(0), answer.resources):
                raise for_code(code)
    await asyncio.sleep(SETTLE_SECONDS)


async def delete_before(connection: Connection, positions: Mapping[TopicPartition, int]) -> None:
    """Delete what stands before some positions. Raises BrokerUnavailable."""
    if not positions:
        return
    records = {
        KafkaTopicPartition(*place): RecordsToDelete(before_offset=position) for place, position in positions.items()
    }
    async with _explained(connection, "delete what is before the first records"), administering(connection) as admin:
        await admin.delete_records(records)


class KafkaCopy:
    """Writes copies of records, each to the place where it stood."""

    def __init__(self, connection: Connection, producer: AIOKafkaProducer) -> None:
        self._connection, self._producer = connection, producer

    @classmethod
    @asynccontextmanager
    async def to(cls, connection: Connection) -> AsyncIterator[KafkaCopy]:
        """A writer, for as long as the block lasts. Raises BrokerUnavailable."""
        producer = AIOKafkaProducer(
            **arguments_of(connection),
            **durable(MAX_RECORD_BYTES),
            request_timeout_ms=REQUEST_TIMEOUT_MILLISECONDS,
        )
        try:
            async with _explained(connection, "write to Kafka"):
                await producer.start()
            yield cls(connection, producer)
        finally:
            with suppress(KafkaError, TimeoutError, OSError):
                await asyncio.wait_for(producer.stop(), APPEND_SECONDS)

    async def append(self, records: Sequence[Stored]) -> None:
        """Write some records of one partition, which follow each other without a gap.

        Raises CopyFailed, BrokerUnavailable.
        """
        batch = self._producer.create_batch()
        for stored in records:
            taken = batch.append(
                timestamp=_milliseconds(stored),
                key=stored.key.encode(),
                value=stored.value or None,
                headers=list(stored.headers.items()),
            )
            if taken is None:
                raise CopyFailed(f"{stored.position} does not fit into a batch of {MAX_RECORD_BYTES} bytes")
        await self._send(batch, records[0])

    async def fill(self, before: Stored, count: int) -> None:
        """Write blanks right before the place of a record. Raises CopyFailed, BrokerUnavailable."""
        for first in range(before.offset - count, before.offset, BLANKS):
            batch = self._producer.create_batch()
            for _ in range(min(BLANKS, before.offset - first)):
                batch.append(timestamp=_milliseconds(before), key=b"", value=None, headers=[])
            at = Stored(before.topic, before.partition, first, before.time, "", b"")
            await self._send(batch, at)

    async def _send(self, batch: BatchBuilder, first: Stored) -> None:
        batch.close()
        place = f"{first.topic}/{first.partition}"
        async with _explained(self._connection, f"append to {place}"), asyncio.timeout(APPEND_SECONDS):
            written = await (await self._producer.send_batch(batch, first.topic, partition=first.partition))
        if written.offset != first.offset:
            raise CopyFailed(
                f"{first.position} came to stand at {written.offset}: somebody else writes to {first.topic}. End "
                "whatever runs on this cluster, and begin with an empty one"
            )
        if written.timestamp_type != 0:
            raise CopyFailed(f"{first.position} bears the broker's time: begin with an empty cluster again")


def _milliseconds(stored: Stored) -> int:
    return round(stored.time.timestamp() * 1000)


@asynccontextmanager
async def _explained(connection: Connection, doing: str) -> AsyncIterator[None]:
    try:
        yield
    except (KafkaError, TimeoutError, OSError) as error:
        message = f"cannot {doing}: {await explained(connection, error)}"
        raise BrokerUnavailable(message) from error
