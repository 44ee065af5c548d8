"""confluent-kafka by hand: a loop that polls, decides, produces, and commits offsets or a transaction.

`python -m tests.bench.peers.hosts.on_confluent SPEC.json`. State is a dictionary, folded anew from the journal whenever
partitions are assigned.
"""

from __future__ import annotations

from collections.abc import Iterator

from confluent_kafka import Consumer, KafkaException, Message, Producer, TopicPartition

from shared.engine.broker import Stored
from tests.bench.peers.hosting import SESSION_MILLISECONDS, Decider, Spec, stored_of

MOST = 500
"""Messages between two commits."""


class Host:
    """One service."""

    def __init__(self, spec: Spec) -> None:
        self._spec, self._decider = spec, Decider(spec)
        common = {"bootstrap.servers": spec.bootstrap}
        self._reading = common | {
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "isolation.level": "read_committed",
            "session.timeout.ms": SESSION_MILLISECONDS,
            "heartbeat.interval.ms": SESSION_MILLISECONDS // 6,
            "partition.assignment.strategy": "range",
        }
        transactional = {"transactional.id": spec.group} if spec.exactly_once else {}
        self._producer = Producer(common | transactional | {"enable.idempotence": True, "acks": "all"})
        if spec.exactly_once:
            self._producer.init_transactions()
        self._consumer = Consumer(self._reading | {"group.id": spec.group, "group.instance.id": spec.group})
        self._consumer.subscribe(spec.inputs, on_assign=self._assigned)

    def run(self) -> None:
        """Work until the process is ended."""
        while True:
            if batch := self._poll():
                self._take(batch)

    def _poll(self) -> list[Message]:
        """What has come: waits for the first message, and takes along what is there besides."""
        batch, timeout = list[Message](), 1.0
        while len(batch) < MOST and (message := self._consumer.poll(timeout)) is not None:
            if error := message.error():
                raise KafkaException(error)
            batch.append(message)
            timeout = 0.0
        return batch

    def _take(self, batch: list[Message]) -> None:
        if self._spec.exactly_once:
            self._producer.begin_transaction()
        for message in batch:
            for record in self._decider.take(self._stored(message)):
                self._producer.produce(
                    self._spec.journal,
                    record.value,
                    record.key,
                    partition=message.partition(),
                    headers=list(record.headers),
                    on_delivery=_fail,
                )
        places = {(message.topic(), message.partition()): message.offset() + 1 for message in batch}
        offsets = [TopicPartition(*place, offset) for place, offset in places.items()]
        if self._spec.exactly_once:
            self._producer.send_offsets_to_transaction(offsets, self._consumer.consumer_group_metadata())
            self._producer.commit_transaction()
        else:
            self._producer.flush()
            self._consumer.commit(offsets=offsets, asynchronous=True)

    def _assigned(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        """Fold the journal before the first of the inputs is read."""
        numbers = {partition.partition for partition in partitions}
        self._decider.states.clear()
        self._decider.restore(self._journal(numbers))
        consumer.assign(partitions)

    def _journal(self, numbers: set[int]) -> Iterator[Stored]:
        reader = Consumer(self._reading | {"group.id": f"{self._spec.group}-restoring", "enable.partition.eof": True})
        reader.assign([TopicPartition(self._spec.journal, number, 0) for number in numbers])
        while numbers:
            message = reader.poll(1.0)
            if message is not None and message.error():
                numbers.discard(message.partition())  # its end
            elif message is not None:
                yield self._stored(message)
        reader.close()

    def _stored(self, message: Message) -> Stored:
        place = message.topic(), message.partition(), message.offset()
        content = message.value(), dict(message.headers() or ())
        return stored_of(self._spec, place, message.timestamp()[1], message.key(), content)


def _fail(error: object, _message: Message) -> None:
    if error is not None:
        raise KafkaException(error)


if __name__ == "__main__":
    Host(Spec.load()).run()
