"""One suite for both brokers: the in-memory twin and a real Kafka keep the same promises."""

from __future__ import annotations

import asyncio
import itertools
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import NewPartitions, RecordsToDelete
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy
from aiokafka.structs import TopicPartition
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from deploy.local.kafka.node import LocalKafka
from shared.connection import Connection, connection_of
from shared.engine.broker import (
    Broker,
    BrokerUnavailable,
    GroupMember,
    PositionOutOfRange,
    Reader,
    Record,
    Stored,
    require_topics,
)
from shared.engine.kafka import KafkaBroker, check_topics, create_topics
from shared.engine.kafka_client import administering
from shared.engine.memory import MemoryBroker, MemoryLog
from shared.engine.topic import SNAPSHOT_BYTES, STEP_BYTES, Topic

PARTITIONS = 4
COUNTER = itertools.count()


class Cluster(Protocol):
    """A log to connect to, and what a test may do to it from outside."""

    def connect(self) -> Broker: ...
    async def topic(self, *, compacted: bool = False, max_bytes: int = 1024 * 1024) -> str: ...
    async def drop_before(self, topic: str, offset: int) -> None: ...
    async def topic_that_forgets(self) -> str: ...
    async def time_passes(self, topic: str) -> None: ...
    async def session_passes(self) -> None: ...
    async def die(self, member: GroupMember) -> None: ...


@dataclass(slots=True)
class HandClock:
    """Wall time is real, monotonic time is put forward by hand."""

    ahead_seconds: float = 0.0

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic() + self.ahead_seconds


@dataclass(slots=True)
class MemoryCluster:
    clock: HandClock = field(default_factory=HandClock)
    log: MemoryLog = field(init=False)

    def __post_init__(self) -> None:
        self.log = MemoryLog(PARTITIONS, self.clock)

    def connect(self) -> Broker:
        return MemoryBroker(self.log)

    async def topic(self, *, compacted: bool = False, max_bytes: int = 1024 * 1024) -> str:
        del compacted, max_bytes
        return f"topic-{next(COUNTER)}"

    async def drop_before(self, topic: str, offset: int) -> None:
        self.log.dropped_before[topic, 0] = offset

    async def topic_that_forgets(self) -> str:
        return await self.topic()

    async def time_passes(self, topic: str) -> None:
        self.log.compact(topic)

    async def session_passes(self) -> None:
        self.clock.ahead_seconds += 7

    async def die(self, member: GroupMember) -> None:
        """Whoever is not asked for its partitions any more is dead."""


@dataclass(slots=True)
class KafkaCluster:
    operator: Connection | str
    user: Connection | str
    """Who appends and reads; the other makes topics."""
    brokers: list[KafkaBroker] = field(default_factory=list)

    def connect(self) -> Broker:
        broker = KafkaBroker(self.user, PARTITIONS)
        self.brokers.append(broker)
        return broker

    async def topic(self, *, compacted: bool = False, max_bytes: int = 1024 * 1024) -> str:
        topic = Topic(f"topic-{os.getpid()}-{next(COUNTER)}", "a test", compacted=compacted, max_bytes=max_bytes)
        await create_topics(self.operator, PARTITIONS, 1, [topic])
        return topic.name

    async def drop_before(self, topic: str, offset: int) -> None:
        async with administering(connection_of(self.operator)) as admin:
            await admin.delete_records({TopicPartition(topic, 0): RecordsToDelete(offset)})

    async def topic_that_forgets(self) -> str:
        """Within two seconds, and what the cleaner needs to come round."""
        name = f"topic-{os.getpid()}-{next(COUNTER)}"
        forgets = Topic(name, "a test", compacted=True, gone_within_milliseconds=2_000)
        await create_topics(self.operator, PARTITIONS, 1, [forgets])
        return name

    async def time_passes(self, topic: str) -> None:
        """Until the segments are compacted; that one is old enough to end is seen when something is appended."""
        broker, until = self.brokers[0], time.monotonic() + 60
        await asyncio.sleep(0.2)
        while (await read_from(broker, topic, 0, 1))[0].offset == 0:
            assert time.monotonic() < until, "was not compacted in time"
            await broker.append(topic, 0, [Record("now and then", b"")])
            await asyncio.sleep(1)

    async def session_passes(self) -> None:
        """It passes by itself."""

    async def die(self, member: GroupMember) -> None:
        """A static member that goes says nothing, as one that dies."""
        await member.leave()


@pytest.fixture(params=["memory", pytest.param("kafka", marks=pytest.mark.kafka)])
async def cluster(request: pytest.FixtureRequest) -> AsyncIterator[Cluster]:
    if request.param == "memory":
        yield MemoryCluster()
    else:
        held = KafkaCluster(request.getfixturevalue("kafka"), request.getfixturevalue("kafka"))
        yield held
        for broker in held.brokers:
            await broker.close()


@pytest.fixture
def broker(cluster: Cluster) -> Broker:
    return cluster.connect()


def records(*values: bytes) -> list[Record]:
    return [Record("agency", value) for value in values]


async def read(reader: Reader, count: int, seconds: float = 10) -> list[Stored]:
    """So many records, and no more for a moment after."""
    found: list[Stored] = []
    until = time.monotonic() + seconds
    while len(found) < count and time.monotonic() < until:
        found += await reader.poll(0.2)
    return found + await reader.poll(0.05)


async def read_from(broker: Broker, topic: str, position: int, count: int) -> list[Stored]:
    reader = await broker.reader()
    try:
        await reader.assign({(topic, 0): position})
        return await read(reader, count)
    finally:
        await reader.close()


async def values_up_to(broker: Broker, topic: str, position: int, last: int) -> list[Stored]:
    """Without what only erases another: it may still stand, or not."""
    reader, found = await broker.reader(), list[Stored]()
    try:
        await reader.assign({(topic, 0): position})
        while not found or found[-1].offset < last:
            found += await read(reader, 1)
    finally:
        await reader.close()
    return [stored for stored in found if stored.value]


async def eventually(check: Callable[[], bool], seconds: float = 15) -> None:
    until = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < until, "did not come about in time"
        await asyncio.sleep(0.1)


async def test_a_batch_stands_whole_and_in_order(cluster: Cluster, broker: Broker) -> None:
    topic = await cluster.topic()
    first = await broker.append(topic, 0, records(*(b"%d" % number for number in range(50))))
    second = await broker.append(topic, 0, records(b"last"))
    assert (first.offset, second.offset) == (0, 50)
    found = await read_from(broker, topic, 0, 51)
    assert [stored.value for stored in found] == [*(b"%d" % number for number in range(50)), b"last"]
    assert [stored.offset for stored in found] == list(range(51))
    assert found[3].position == f"{topic}/0/3"


async def test_two_writers_at_once_never_mix_their_batches(cluster: Cluster) -> None:
    topic, brokers = await cluster.topic(), (cluster.connect(), cluster.connect())

    async def write(name: bytes, broker: Broker) -> list[int]:
        return [(await broker.append(topic, 0, records(name, name, name))).offset for _ in range(20)]

    offsets = await asyncio.gather(write(b"a", brokers[0]), write(b"b", brokers[1]))
    found = await read_from(brokers[0], topic, 0, 120)
    values = [stored.value for stored in found]
    for name, own in zip((b"a", b"b"), offsets, strict=True):
        assert all(values[offset : offset + 3] == [name] * 3 for offset in own)
    assert sorted([*offsets[0], *offsets[1]]) == list(range(0, 120, 3))


async def test_the_time_is_the_brokers_and_one_for_a_batch(cluster: Cluster, broker: Broker) -> None:
    topic = await cluster.topic()
    before = datetime.now(UTC) - timedelta(milliseconds=1)  # Kafka counts whole milliseconds
    appended = await broker.append(topic, 0, records(b"a", b"b"))
    assert before <= appended.time <= datetime.now(UTC)
    assert {stored.time for stored in await read_from(broker, topic, 0, 2)} == {appended.time}


async def test_keys_headers_and_values_come_back_as_they_were(cluster: Cluster, broker: Broker) -> None:
    topic, value = await cluster.topic(), bytes(range(256))
    await broker.append(topic, 0, [Record("København", value, (("id", b"\x00\xff"), ("empty", b""))), Record("", b"")])
    first, second = await read_from(broker, topic, 0, 2)
    assert (first.key, first.value, dict(first.headers)) == ("København", value, {"id": b"\x00\xff", "empty": b""})
    assert (second.key, second.value, dict(second.headers)) == ("", b"", {})


@pytest.mark.kafka
@pytest.mark.parametrize("codec", [0, 1], ids=["plain", "gzip"])
async def test_a_header_whose_name_is_no_text_keeps_nobody_from_reading_on(kafka: str, codec: int) -> None:
    """Any client may write one. Whoever read it ended, and so did the next, for good."""
    cluster = KafkaCluster(kafka, kafka)
    topic, broker = await cluster.topic(), cluster.connect()
    async with AIOKafkaProducer(bootstrap_servers=kafka) as producer:
        batch = producer.create_batch()
        batch._builder = _DefaultRecordBatchBuilderPy(2, codec, 0, -1, -1, 0, 10_000)
        for value, name in ((b"before", "id"), (b"strange\xff\xfe", NAME), (b"after", "id")):
            batch.append(timestamp=None, key=b"agency", value=value, headers=[("type", b"call"), (name, b"\xff\xfe")])
        await (await producer.send_batch(batch, topic, partition=0))
    await broker.append(topic, 0, records(b"next"))
    found = await read_from(broker, topic, 0, 4)
    assert [stored.value for stored in found] == [b"before", b"strange\xff\xfe", b"after", b"next"]
    assert [stored.offset for stored in found] == [0, 1, 2, 3]
    assert found[1].headers == {"type": b"call", "\ufffd\ufffd": b"\xff\xfe"}
    assert [stored.value for stored in await read_from(broker, topic, 2, 2)] == [b"after", b"next"]
    await broker.close()


class Unreadable(str):
    """A name that is written as bytes which are no UTF-8."""

    __slots__ = ()

    def encode(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        del encoding, errors
        return b"\xff\xfe"


NAME = Unreadable("no text")


async def test_reading_starts_at_the_position_and_goes_on_with_what_comes(cluster: Cluster, broker: Broker) -> None:
    topic = await cluster.topic()
    await broker.append(topic, 0, records(b"0", b"1", b"2"))
    reader = await broker.reader()
    await reader.assign({(topic, 0): 2})
    assert [stored.value for stored in await read(reader, 1)] == [b"2"]
    await broker.append(topic, 0, records(b"3"))
    assert [stored.value for stored in await read(reader, 1)] == [b"3"]
    await reader.assign({(topic, 0): 1})
    assert [stored.value for stored in await read(reader, 3)] == [b"1", b"2", b"3"]
    await reader.assign({})
    assert await reader.poll(0.05) == []
    await reader.close()


async def test_the_position_of_a_time_is_that_of_the_first_record_since(cluster: Cluster, broker: Broker) -> None:
    topic = await cluster.topic()
    first = await broker.append(topic, 0, records(b"0"))
    await asyncio.sleep(0.02)
    second = await broker.append(topic, 0, records(b"1"))
    reader = await broker.reader()
    places, instant = [(topic, 0), (topic, 1)], timedelta(milliseconds=1)
    since = [await reader.since(places, time) for time in (first.time, first.time + instant, second.time + instant)]
    assert since == [{(topic, 0): 0, (topic, 1): 0}, {(topic, 0): 1, (topic, 1): 0}, {(topic, 0): 2, (topic, 1): 0}]
    await reader.close()


@pytest.mark.parametrize("settled", [False, True])
async def test_a_reader_that_was_assigned_nothing_in_between_reads_on(
    cluster: Cluster, broker: Broker, *, settled: bool
) -> None:
    topic = await cluster.topic()
    await broker.append(topic, 0, records(b"0", b"1"))
    reader = await broker.reader(settled=settled)
    for position in (0, 1):
        for _ in range(5):
            await reader.assign({(topic, 0): 0})
            await reader.assign({})
        await reader.assign({(topic, 0): position})
        assert [stored.offset for stored in await read(reader, 2 - position)] == [0, 1][position:]
        await reader.assign({})
        assert await reader.poll(0.05) == []
    await reader.close()


@pytest.mark.parametrize("settled", [False, True])
async def test_a_waiting_poll_wakes_when_something_comes(cluster: Cluster, broker: Broker, *, settled: bool) -> None:
    topic = await cluster.topic()
    await broker.append(topic, 0, records(b"0"))
    reader = await broker.reader(settled=settled)
    await reader.assign({(topic, 0): 1})
    await reader.poll(0.2)
    started = time.monotonic()
    poll = asyncio.create_task(reader.poll(5))
    await asyncio.sleep(0.05)
    await broker.append(topic, 0, records(b"1"))
    assert [stored.value for stored in await poll] == [b"1"]
    assert time.monotonic() - started < 2
    await reader.close()


async def test_a_poll_gives_no_more_than_was_asked_for(cluster: Cluster, broker: Broker) -> None:
    topic = await cluster.topic()
    for number in range(2):
        await broker.append(topic, number, records(*[b"x"] * 30))
    reader = await broker.reader()
    await reader.assign({(topic, 0): 0, (topic, 1): 0})
    found: list[Stored] = []
    while len(found) < 60:
        few = await reader.poll(0.2, 7)
        assert len(few) <= 7
        found += few
    for number in range(2):
        assert [stored.offset for stored in found if stored.partition == number] == list(range(30))
    await reader.close()


async def test_ends(cluster: Cluster, broker: Broker) -> None:
    topic = await cluster.topic()
    await broker.append(topic, 1, records(b"0", b"1"))
    reader = await broker.reader()
    assert await reader.ends([(topic, 0), (topic, 1)]) == {(topic, 0): 0, (topic, 1): 2}
    await broker.append(topic, 1, records(b"2"))
    assert await reader.ends([(topic, 1)]) == {(topic, 1): 3}
    await reader.close()


async def test_position_0_that_is_not_to_be_sought_is_refused_where_it_is_gone(
    cluster: Cluster, broker: Broker
) -> None:
    """The twin went on with the first that is kept: a topic that lost records under its reader was no fault there."""
    topic = await cluster.topic()
    await broker.append(topic, 0, records(b"0", b"1", b"2", b"3"))
    await cluster.drop_before(topic, 2)
    reader = await broker.reader()
    await reader.assign({(topic, 0): 0}, seeks_beginnings=False)
    with pytest.raises(PositionOutOfRange):
        await read(reader, 2)
    await reader.close()


async def test_position_0_is_the_first_that_is_kept(cluster: Cluster, broker: Broker) -> None:
    topic = await cluster.topic()
    await broker.append(topic, 0, records(b"0", b"1", b"2", b"3"))
    await cluster.drop_before(topic, 2)
    assert [stored.value for stored in await read_from(broker, topic, 0, 2)] == [b"2", b"3"]
    assert [stored.value for stored in await read_from(broker, topic, 3, 1)] == [b"3"]


async def test_a_reader_says_where_it_begins(cluster: Cluster, broker: Broker) -> None:
    topic = await cluster.topic()
    await broker.append(topic, 0, records(b"0", b"1", b"2", b"3"))
    await cluster.drop_before(topic, 2)
    reader = await broker.reader()
    for position, begins in ((0, 2), (3, 3)):
        assert await reader.assign({(topic, 0): position, (topic, 1): 0}) == {(topic, 0): begins, (topic, 1): 0}
        assert (await read(reader, 1))[0].offset == begins
    assert await reader.assign({}) == {}
    await reader.close()


async def test_a_reader_that_seeks_no_beginning_begins_at_position_0(broker: Broker, cluster: Cluster) -> None:
    topic = await cluster.topic()
    await broker.append(topic, 0, records(b"0", b"1"))
    reader = await broker.reader()
    assert await reader.assign({(topic, 0): 0}, seeks_beginnings=False) == {(topic, 0): 0}
    assert [stored.value for stored in await read(reader, 2)] == [b"0", b"1"]
    await reader.close()


@pytest.mark.parametrize("position", [1, 9])
async def test_a_position_that_is_gone_or_never_was_is_refused(cluster: Cluster, broker: Broker, position: int) -> None:
    topic = await cluster.topic()
    await broker.append(topic, 0, records(b"0", b"1", b"2", b"3"))
    await cluster.drop_before(topic, 2)
    reader = await broker.reader()
    await reader.assign({(topic, 0): position})
    with pytest.raises(PositionOutOfRange):
        await read(reader, 1)
    await reader.close()


async def test_of_each_key_a_compacted_topic_keeps_the_newest_and_of_an_erased_one_nothing(
    cluster: Cluster, broker: Broker
) -> None:
    topic = await cluster.topic_that_forgets()
    written = [("a", b"1"), ("b", b"1"), ("c", b"1"), ("a", b"2"), ("b", b""), ("c", b"2"), ("c", b"3"), ("d", b"1")]
    for key, value in written:
        await broker.append(topic, 0, [Record(key, value)])
    assert [(stored.key, stored.value) for stored in await read_from(broker, topic, 0, len(written))] == written
    await cluster.time_passes(topic)
    kept = await values_up_to(broker, topic, 0, 7)
    assert [(stored.key, stored.value, stored.offset) for stored in kept] == [
        ("a", b"2", 3),
        ("c", b"3", 6),
        ("d", b"1", 7),
    ]
    assert [stored.offset for stored in await values_up_to(broker, topic, 4, 7)] == [6, 7]


async def test_two_readers_do_not_disturb_each_other(cluster: Cluster, broker: Broker) -> None:
    topic = await cluster.topic()
    await broker.append(topic, 0, records(b"0", b"1"))
    one, other = await broker.reader(), await broker.reader()
    await one.assign({(topic, 0): 0})
    await other.assign({(topic, 0): 1})
    assert [len(await read(reader, count)) for reader, count in ((one, 2), (other, 1))] == [2, 1]
    await one.close()
    await broker.append(topic, 0, records(b"2"))
    assert [stored.value for stored in await read(other, 1)] == [b"2"]
    await other.close()


BATCH_FRAME_BYTES = 61


@given(
    st.lists(
        st.tuples(
            st.text(max_size=200), st.binary(max_size=3_000), st.dictionaries(st.text(), st.binary(max_size=500))
        ),
        max_size=30,
    )
)
def test_a_record_takes_no_more_of_a_batch_than_it_says(some: list[tuple[str, bytes, dict[str, bytes]]]) -> None:
    batch = _DefaultRecordBatchBuilderPy(2, 0, 0, -1, -1, 0, 10_000_000)
    made = [Record(key, value, tuple(headers.items())) for key, value, headers in some]
    for offset, record in enumerate(made):
        batch.append(offset, timestamp=offset, key=record.key.encode(), value=record.value, headers=[*record.headers])
    assert len(batch.build()) <= BATCH_FRAME_BYTES + sum(record.size for record in made)


async def test_a_step_of_the_largest_size_and_a_snapshot_fit(cluster: Cluster, broker: Broker) -> None:
    journal, snapshots = await cluster.topic(), await cluster.topic(compacted=True, max_bytes=SNAPSHOT_BYTES)
    whole = [Record("agency", os.urandom(900), (("h", os.urandom(500)),)) for _ in range(STEP_BYTES // 1500)]
    await broker.append(journal, 0, whole)
    await broker.append(journal, 0, [Record("agency", os.urandom(STEP_BYTES))])
    found = await read_from(broker, journal, 0, len(whole) + 1)
    assert [stored.value for stored in found[:-1]] == [record.value for record in whole]
    large = os.urandom(SNAPSHOT_BYTES - 65_536)
    await broker.append(snapshots, 0, [Record("agency", large)])
    assert [stored.value for stored in await read_from(broker, snapshots, 0, 1)] == [large]


async def test_the_partition_of_a_key_is_one_of_them_and_always_the_same(cluster: Cluster) -> None:
    one, other = cluster.connect(), cluster.connect()
    keys = [f"agency-{number}" for number in range(100)]
    drawn = [one.partition_of(key) for key in keys]
    assert drawn == [other.partition_of(key) for key in keys]
    assert set(drawn) == set(range(PARTITIONS))


async def test_members_of_a_group_share_all_partitions_and_inherit_from_the_dead(cluster: Cluster) -> None:
    topic, everything = await cluster.topic(), frozenset(range(PARTITIONS))
    brokers = [cluster.connect(), cluster.connect()]
    one = await brokers[0].join_group(topic, topic, "1")
    await eventually(lambda: one.assigned == everything)
    other = await brokers[1].join_group(topic, topic, "2")
    await eventually(lambda: len(one.assigned) == len(other.assigned) == PARTITIONS // 2)
    assert one.assigned | other.assigned == everything
    await cluster.die(other)
    await cluster.session_passes()
    await eventually(lambda: one.assigned == everything)
    await one.leave()


async def test_a_name_that_comes_back_takes_over_at_once_and_the_old_process_is_told(cluster: Cluster) -> None:
    topic, everything = await cluster.topic(), frozenset(range(PARTITIONS))
    old = await cluster.connect().join_group(topic, topic, "1")
    await eventually(lambda: old.assigned == everything)
    new = await cluster.connect().join_group(topic, topic, "1")
    started = time.monotonic()
    await eventually(lambda: new.assigned == everything)
    assert time.monotonic() - started < 3

    def is_told() -> bool:
        try:
            return old.assigned is None
        except BrokerUnavailable:
            return True

    assert new.assigned == everything
    try:
        await eventually(is_told)
    except AssertionError:
        if isinstance(cluster, MemoryCluster):
            raise
        pytest.xfail("aiokafka 0.14 does not know FENCED_INSTANCE_ID: the old process is not always told")
    finally:
        await new.leave()
        await old.leave()


async def test_who_is_cancelled_while_a_client_is_closed_is_cancelled(cluster: Cluster, broker: Broker) -> None:
    """At whatever moment of it: else a limit of time, or Ctrl-C, would pass unheard."""
    topic = await cluster.topic()

    async def close_and_go_on(reader: Reader, member: GroupMember) -> None:
        await reader.close()
        await member.leave()
        await asyncio.sleep(60)

    for turns in range(12):
        reader, member = await broker.reader(), await broker.join_group(topic, f"{topic}-{turns}", "1")
        await reader.assign({(topic, 0): 0})
        closing = asyncio.get_running_loop().create_task(close_and_go_on(reader, member))
        for _ in range(turns):
            await asyncio.sleep(0)
        closing.cancel()
        await asyncio.wait([closing], timeout=10)
        assert closing.cancelled(), f"after {turns} turns"
        await reader.close()
        await member.leave()


# --- what only Kafka can do ----------------------------------------------------------------------------------------


@pytest.mark.kafka
async def test_a_broker_that_hangs_or_is_gone_is_unavailable_in_time_and_serves_again_after(
    kafka: str, tmp_path: Path
) -> None:
    del kafka  # it says whether Kafka can be had here; this test ends its own
    with LocalKafka(tmp_path / "kafka") as node:
        topic = Topic("journal", "a test")
        await create_topics(node.address, 1, 1, [topic])
        broker = KafkaBroker(node.address, 1, append_timeout_seconds=1.5)
        await broker.append("journal", 0, records(b"before"))
        for away, back in ((node.pause, node.resume), (node.kill, node.start)):
            await asyncio.to_thread(away)
            started = time.monotonic()
            for _ in range(2):
                with pytest.raises(BrokerUnavailable):
                    await broker.append("journal", 0, records(b"perhaps"))
            assert time.monotonic() - started < 4
            await asyncio.to_thread(back)
            await append_until_it_stands(broker, b"after")
        values = [stored.value for stored in await read_from(broker, "journal", 0, 3)]
        assert values[0] == b"before"
        assert values.count(b"after") == 2
        assert values.count(b"perhaps") <= 4
        await broker.close()


async def append_until_it_stands(broker: Broker, value: bytes) -> None:
    until = time.monotonic() + 20
    while True:
        try:
            await broker.append("journal", 0, records(value))
        except BrokerUnavailable:
            assert time.monotonic() < until, "the broker is back, and appends still fail"
        else:
            return


def beginnings(monkeypatch: pytest.MonkeyPatch, after_seconds: float = 0.0) -> list[AIOKafkaProducer]:
    """The clients that have begun to write from here on."""
    begin, begun = AIOKafkaProducer.start, list[AIOKafkaProducer]()

    async def note_and_begin(self: AIOKafkaProducer) -> None:
        begun.append(self)
        await asyncio.sleep(after_seconds)
        await begin(self)

    monkeypatch.setattr(AIOKafkaProducer, "start", note_and_begin)
    return begun


@pytest.mark.kafka
async def test_whoever_cannot_wait_until_a_client_has_begun_leaves_it_beginning_for_the_next(
    kafka: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a full machine a beginning takes longer than a door may wait: each began anew, and none came to an end."""
    topic = Topic(f"slow-start-{os.getpid()}", "a test")
    await create_topics(kafka, 1, 1, [topic])
    begun = beginnings(monkeypatch, after_seconds=1)
    broker = KafkaBroker(kafka, 1)
    for _ in range(2):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await broker.append(topic.name, 0, records(b"x"))
    await asyncio.sleep(2)
    async with asyncio.timeout(5):
        await broker.append(topic.name, 0, records(b"y"))
    assert len(begun) == 1
    await broker.close()


@pytest.mark.kafka
async def test_a_client_that_is_slow_is_kept_and_one_that_hears_nothing_for_long_is_not(
    kafka: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a full machine each door gave its client up for a slow answer, and did nothing but begin anew."""
    topic = Topic(f"slow-{os.getpid()}", "a test")
    await create_topics(kafka, 1, 1, [topic])
    begun, send = beginnings(monkeypatch), AIOKafkaProducer.send_batch
    slow_seconds = 0.0

    async def send_slowly(self: AIOKafkaProducer, *arguments: object, **named: object) -> object:
        await asyncio.sleep(slow_seconds)
        return await send(self, *arguments, **named)

    monkeypatch.setattr(AIOKafkaProducer, "send_batch", send_slowly)
    broker = KafkaBroker(kafka, 1, append_timeout_seconds=1.0)
    await broker.append(topic.name, 0, records(b"x"))
    slow_seconds = 2.0
    for _ in range(3):
        with pytest.raises(BrokerUnavailable):
            await broker.append(topic.name, 0, records(b"x"))
    assert len(begun) == 1
    monkeypatch.setattr("shared.engine.kafka.ASK_SECONDS", 2.0)
    with pytest.raises(BrokerUnavailable):
        await broker.append(topic.name, 0, records(b"x"))
    slow_seconds = 0.0
    await broker.append(topic.name, 0, records(b"x"))
    assert len(begun) == 2
    await broker.close()


@pytest.mark.kafka
async def test_who_is_closed_while_a_client_begins_leaves_nothing_open(
    kafka: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    hanging = asyncio.Event()

    async def begin_and_hang(self: AIOKafkaProducer) -> None:
        await self.client.bootstrap()
        hanging.set()
        await asyncio.sleep(60)

    monkeypatch.setattr(AIOKafkaProducer, "start", begin_and_hang)
    broker = KafkaBroker(kafka, 1)
    appending = asyncio.get_running_loop().create_task(broker.append("journal", 0, records(b"x")))
    await hanging.wait()
    appending.cancel()
    await broker.close()
    await asyncio.wait([appending])
    assert appending.cancelled()


@pytest.mark.kafka
async def test_no_broker_at_all_is_unavailable() -> None:
    broker = KafkaBroker("127.0.0.1:1", 1, append_timeout_seconds=1.0)
    with pytest.raises(BrokerUnavailable):
        await broker.append("journal", 0, records(b"x"))
    with pytest.raises(BrokerUnavailable):
        await broker.reader()
    with pytest.raises(BrokerUnavailable):
        await broker.join_group("journal", "group", "1")
    await broker.close()


@pytest.mark.kafka
async def test_topics_are_created_once_and_checked(kafka: str) -> None:
    topics = [Topic(f"made-{os.getpid()}-{number}", "a test") for number in range(2)]
    assert await create_topics(kafka, 2, 1, topics[:1]) == [topics[0].name]
    assert await create_topics(kafka, 2, 1, topics) == [topics[1].name]
    assert not any(await check_topics(kafka, 2, topics))
    assert (await check_topics(kafka, 3, [*topics, Topic("never-made", "nobody")])).wrong == [
        f"topic {topics[0].name} has 2 partitions, and CAREROUTE_PARTITIONS says 3",
        f"topic {topics[1].name} has 2 partitions, and CAREROUTE_PARTITIONS says 3",
        "topic never-made is not there: `python -m deploy.topics` makes it",
    ]


@pytest.mark.kafka
async def test_a_topic_that_kafka_refuses_to_make_is_told(kafka: str) -> None:
    topic = Topic(f"refused-{os.getpid()}", "a test")
    with pytest.raises(
        BrokerUnavailable, match=f"topic {topic.name} was not made; Kafka says 38, .*replication factor"
    ):
        await create_topics(kafka, 1, 3, [topic])
    assert await create_topics(kafka, 1, 1, [topic]) == [topic.name]
    assert await create_topics(kafka, 1, 3, [topic]) == [], "one that is there is there"


@pytest.mark.kafka
async def test_no_topic_is_made_with_another_number_of_partitions_than_those_that_are_there(kafka: str) -> None:
    topics = [Topic(f"beside-{os.getpid()}-{number}", "a test") for number in range(2)]
    await create_topics(kafka, 2, 1, topics[:1])
    with pytest.raises(BrokerUnavailable, match="has 2 partitions, and CAREROUTE_PARTITIONS says 3"):
        await create_topics(kafka, 3, 1, topics)
    assert (await check_topics(kafka, 2, topics[1:])).wrong == [
        f"topic {topics[1].name} is not there: `python -m deploy.topics` makes it"
    ]


@pytest.mark.kafka
async def test_partitions_that_somebody_adds_to_a_topic_stop_nobody_and_are_told(kafka: str) -> None:
    topics = [Topic(f"added-{os.getpid()}-{number}", "a test") for number in range(3)]
    await create_topics(kafka, 2, 1, topics[:2])
    async with administering(connection_of(kafka)) as admin:
        await admin.create_partitions({topics[0].name: NewPartitions(3)})
    assert await create_topics(kafka, 2, 1, topics) == [topics[2].name], "what a new version needs is made beside"
    told = f"topic {topics[0].name} has 3 partitions, and CAREROUTE_PARTITIONS says 2, as other topics have"
    faults = await check_topics(kafka, 2, topics)
    assert (faults.wrong, [fault.partition(":")[0] for fault in faults.added]) == ([], [told])
    assert len((await check_topics(kafka, 3, topics)).wrong) == 2, "who was told of more is refused by the others"
    assert (await check_topics(kafka, 2, topics[:1])).wrong, "nobody knows which of two numbers is right"
    broker = KafkaBroker(kafka, 2)
    with capture_logs() as lines:
        await require_topics(broker, topics)
    assert [line["event"] for line in lines] == ["partitions added"]
    member = await broker.join_group(topics[0].name, f"added-{os.getpid()}", "1")
    while not member.assigned:  # noqa: ASYNC110  # Kafka says so, not a task
        await asyncio.sleep(0.05)
    assert member.assigned == {0, 1}
    await member.leave()
    await broker.close()


@pytest.mark.kafka
async def test_who_reads_all_of_a_topic_takes_no_part_of_it_for_the_whole(kafka: str) -> None:
    topic = Topic(f"whole-{os.getpid()}", "a test")
    await create_topics(kafka, 3, 1, [topic])
    for partitions in (2, 3, 4):
        broker = KafkaBroker(kafka, partitions)
        with nullcontext() if partitions == 3 else pytest.raises(BrokerUnavailable, match="has 3 partitions"):
            await require_topics(broker, [topic])
        await broker.close()
