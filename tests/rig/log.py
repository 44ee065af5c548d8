"""A reader of its own: the topics as they stand, and the ownership rule written a second time, so that it can check."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

import aiokafka
from aiokafka import AIOKafkaConsumer, ConsumerRecord

from shared.connection import Connection, connection_of
from shared.engine.kafka_client import arguments_of

JOURNALS = ("decisions", "assignments", "notifications", "rosters")
TopicPartition = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Entry:
    """A record as it stands in a topic."""

    topic: str
    partition: int
    offset: int
    time: float
    """The broker's, in seconds, to the millisecond."""
    key: str
    type: str
    headers: Mapping[str, bytes]
    value: bytes
    counts: bool = True

    @property
    def subject(self) -> str:
        """The call it is about."""
        return self.headers.get("subject", b"").decode()

    @property
    def position(self) -> str:
        """Where it stands: what the cause of a decision names."""
        return f"{self.topic}/{self.partition}/{self.offset}"

    @property
    def cause(self) -> str:
        """What it was decided on."""
        return self.headers.get("cause", b"").decode()

    @property
    def decided_at(self) -> float:
        """The writer's own time of it, in seconds."""
        return datetime.fromisoformat(self.headers["time"].decode()).timestamp()

    @property
    def fields(self) -> dict[str, object]:
        """The event's fields."""
        return dict(json.loads(self.value))


@dataclass(slots=True)
class Rule:
    """The first claim of a higher epoch takes over; a record counts if its epoch is the highest claimed so far."""

    applies: bool = True
    highest: dict[TopicPartition, int] = field(default_factory=dict)

    def counts(self, record: Entry) -> bool:
        """Whether the next record of its partition counts; a claim counts if it took over."""
        if record.topic not in JOURNALS:
            return True
        place, epoch = (record.topic, record.partition), int(record.headers.get("epoch", b"-1"))
        if record.type == "claimed":
            won = int(json.loads(record.value)["epoch"]) > self.highest.get(place, 0)
            if won:
                self.highest[place] = epoch
            return won
        return not self.applies or epoch == self.highest.get(place, 0)


def entry_of(record: ConsumerRecord, rule: Rule) -> Entry:
    """What a consumer handed out, judged by the rule."""
    headers = dict(record.headers)
    raw = Entry(
        record.topic,
        record.partition,
        record.offset,
        record.timestamp / 1000,
        (record.key or b"").decode("utf-8", "replace"),
        headers.get("type", b"").decode("utf-8", "replace"),
        headers,
        record.value or b"",
    )
    if rule.counts(raw):
        return raw
    return Entry(raw.topic, raw.partition, raw.offset, raw.time, raw.key, raw.type, headers, raw.value, counts=False)


@asynccontextmanager
async def consumer(at: Connection | str) -> AsyncIterator[AIOKafkaConsumer]:
    """A consumer that belongs to no group."""
    client = AIOKafkaConsumer(
        **arguments_of(connection_of(at)),
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        request_timeout_ms=5000,
    )
    try:
        await client.start()
        yield client
    finally:
        await client.stop()


async def read(
    at: Connection | str,
    partitions: int,
    topics: Iterable[str],
    start: Mapping[TopicPartition, int] | None = None,
    rule: Rule | None = None,
) -> list[Entry]:
    """Everything in the topics as of now, from the beginning or from `start`, in order within each partition."""
    rule = rule or Rule()
    places = [aiokafka.TopicPartition(topic, number) for topic in topics for number in range(partitions)]
    records: list[Entry] = []
    async with consumer(at) as client:
        client.assign(places)
        ends = await client.end_offsets(places)
        for place in places:
            if start and (place.topic, place.partition) in start:
                client.seek(place, start[place.topic, place.partition])
        while any([await client.position(place) < ends[place] for place in places]):
            for polled in (await client.getmany(timeout_ms=500)).values():
                records += [entry_of(record, rule) for record in polled]
    return records


async def ends(at: Connection | str, partitions: int, topics: Iterable[str]) -> dict[TopicPartition, int]:
    """Where each partition ends now."""
    places = [aiokafka.TopicPartition(topic, number) for topic in topics for number in range(partitions)]
    async with consumer(at) as client:
        return {(place.topic, place.partition): end for place, end in (await client.end_offsets(places)).items()}


async def follow(
    at: Connection | str,
    partitions: int,
    topics: Iterable[str],
    ready: asyncio.Event,
    take: Callable[[list[Entry]], None],
) -> None:
    """Hand over records that count, as they come, until cancelled; `ready` is set once the positions stand."""
    places = [aiokafka.TopicPartition(topic, number) for topic in topics for number in range(partitions)]
    rule = Rule()
    async with consumer(at) as client:
        client.assign(places)
        rule.highest = await _highest(client, places)
        await client.seek_to_end(*places)
        for place in places:
            await client.position(place)
        ready.set()
        while True:
            for polled in (await client.getmany(timeout_ms=200, max_records=2000)).values():
                take([record for record in (entry_of(raw, rule) for raw in polled) if record.counts])


async def _highest(client: AIOKafkaConsumer, places: list[aiokafka.TopicPartition]) -> dict[TopicPartition, int]:
    """The epoch in force at the end of each journal: that of its last record, where nobody is about to lose one."""
    highest: dict[TopicPartition, int] = {}
    ends_now = await client.end_offsets(places)
    for place in places:
        if place.topic in JOURNALS and ends_now[place]:
            client.seek(place, ends_now[place] - 1)
            last = await client.getone(place)
            highest[place.topic, place.partition] = int(dict(last.headers).get("epoch", b"0"))
    return highest
