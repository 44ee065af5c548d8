"""FastStream, on aiokafka: `python -m tests.bench.peers.hosts.on_faststream SPEC.json`.

State is a dictionary, folded anew from the journal whenever partitions are assigned; offsets are acknowledged once what
was decided is durable. FastStream has no transactions.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import uvloop
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from faststream import AckPolicy, FastStream
from faststream.kafka import KafkaBroker, KafkaMessage

from shared.engine.broker import Stored
from tests.bench.peers.hosting import SESSION_MILLISECONDS, Decider, Spec, stored_of


class Journal(ConsumerRebalanceListener):  # type: ignore[misc]
    """Folds the journal before the first of the inputs is read."""

    def __init__(self, spec: Spec, decider: Decider) -> None:
        self._spec, self._decider = spec, decider

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """Nothing is kept for them."""

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Read and fold each assigned partition of the journal up to its end."""
        places = [TopicPartition(self._spec.journal, number) for number in {place.partition for place in assigned}]
        self._decider.states.clear()
        reader = AIOKafkaConsumer(
            bootstrap_servers=self._spec.bootstrap, enable_auto_commit=False, auto_offset_reset="earliest"
        )
        await reader.start()
        try:
            reader.assign(places)
            ends = await reader.end_offsets(places)
            while any([await reader.position(place) < ends[place] for place in places]):
                for records in (await reader.getmany(timeout_ms=200)).values():
                    self._decider.restore(stored(self._spec, record) for record in records)
        finally:
            await reader.stop()


def stored(spec: Spec, record: ConsumerRecord) -> Stored:
    """A record as the engine knows it."""
    place = record.topic, record.partition, record.offset
    return stored_of(spec, place, record.timestamp, record.key, (record.value, dict(record.headers)))


def app_of(spec: Spec) -> FastStream:
    """One service."""
    decider, broker = Decider(spec), KafkaBroker(spec.bootstrap, enable_idempotence=True, acks="all", logger=None)

    @broker.subscriber(  # type: ignore[untyped-decorator]
        *spec.inputs,
        batch=True,
        group_id=spec.group,
        group_instance_id=spec.group,
        auto_offset_reset="earliest",
        ack_policy=AckPolicy.NACK_ON_ERROR,
        listener=Journal(spec, decider),
        session_timeout_ms=SESSION_MILLISECONDS,
        heartbeat_interval_ms=SESSION_MILLISECONDS // 6,
    )
    async def take(message: KafkaMessage) -> None:
        written = [
            await broker.publish(
                made.value,
                spec.journal,
                key=made.key.encode(),
                partition=record.partition,
                headers={name: value.decode() for name, value in made.headers},
                no_confirm=True,
            )
            for record in message.raw_message
            for made in decider.take(stored(spec, record))
        ]
        await asyncio.gather(*written)

    return FastStream(broker, logger=None)


if __name__ == "__main__":
    uvloop.run(app_of(Spec.load()).run())
