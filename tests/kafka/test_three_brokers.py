"""Three brokers: while the leader of a journal is away, what is acknowledged stays, and everything is decided once."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

from deploy.local.kafka.cluster import LocalCluster
from deploy.local.kafka.node import LocalKafka, missing
from shared.clock import Clock, SystemClock
from shared.connection import Connection
from shared.doors.command import record
from shared.engine.broker import BrokerUnavailable, Reader, TopicPartition, reading
from shared.engine.journal import Ownership
from shared.engine.kafka import ASK_SECONDS, KafkaBroker, create_topics
from shared.engine.kafka_client import administering
from shared.engine.kafka_replicas import replica_faults, replicas_for
from shared.engine.service import Effect, EffectDone
from shared.engine.worker import Worker
from shared.topics import ASSIGNMENTS, CALLS, TOPICS
from tests.conftest import absent
from tests.rig.machine import slowness
from tests.shared.engine.toy import TOY, reported

pytestmark = [pytest.mark.kafka, pytest.mark.slow]
EVERY_SECONDS, CALLERS = 0.2, 6
"""Each sends a call so often, and waits until it is acknowledged: at one partition, all of them at a time."""


@pytest.fixture(scope="module")
def cluster(kafka: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCluster]:
    del kafka  # it installs Kafka, or says why there is none
    if (reason := missing()) is not None:
        absent(f"NOT TESTED on three brokers: {reason}")
    nodes = LocalCluster(tmp_path_factory.mktemp("cluster"))
    try:
        nodes.start()
        yield nodes
    finally:
        nodes.discard()


async def leader_of(cluster: LocalCluster, topic: str) -> LocalKafka:
    async with administering(Connection(cluster.address)) as admin:
        (described,) = await admin.describe_topics([topic])
    return cluster.node(described["partitions"][0]["leader"])


async def perform(agency: str, effect: Effect) -> EffectDone:
    del agency
    return EffectDone(effect.effect_id, "done")


@pytest.fixture
async def broker(cluster: LocalCluster) -> AsyncIterator[KafkaBroker]:
    given = KafkaBroker(cluster.address, 1)
    yield given
    await given.close()


async def test_a_leader_hangs_and_dies_and_nothing_acknowledged_is_lost_or_decided_twice(
    cluster: LocalCluster, broker: KafkaBroker
) -> None:
    at = Connection(cluster.address)
    assert await replicas_for(at) == 3
    await create_topics(at, 1, 3, TOPICS)
    clock, acknowledged, numbers = SystemClock(), dict[str, float](), itertools.count()

    async def publish(seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            name, began = f"c{next(numbers)}", time.monotonic()
            await broker.append(CALLS.name, 0, [record("a", reported(name, clock), name, "test", clock)])
            acknowledged[name] = time.monotonic() - began
            await asyncio.sleep(EVERY_SECONDS)

    async with at_work(cluster, clock) as ended, reading(broker) as reader:
        await asyncio.gather(*(publish(2) for _ in range(CALLERS)))
        await decided(broker, len(acknowledged))  # who has an append under way at a hang ends over it
        gone = await leader_of(cluster, ASSIGNMENTS.name)
        gone.pause()
        assert await answered(reader, (ASSIGNMENTS.name, 0)) > 0
        await asyncio.to_thread(gone.kill)
        assert any("is away or behind" in fault for fault in await replica_faults(at, 3, TOPICS))
        await asyncio.gather(*(publish(2) for _ in range(CALLERS)))
        await decided(broker, len(acknowledged))
    assert len(ended) <= 1, "it waits for the next leader; on a slow machine its next life does"


@asynccontextmanager
async def at_work(cluster: LocalCluster, clock: Clock) -> AsyncIterator[list[str]]:
    """A worker, started anew where it ends over its broker, as a supervisor does; over what it ended, each time."""
    ended, stop = list[str](), asyncio.Event()

    async def supervise() -> None:
        while not stop.is_set():
            own = KafkaBroker(cluster.address, 1)
            try:
                await Worker(TOY, own, clock, "1", perform).run(stop)
            except BrokerUnavailable as error:
                ended.append(str(error))
            finally:
                await own.close()

    supervising = asyncio.get_running_loop().create_task(supervise())
    try:
        yield ended
    finally:
        stop.set()
        await supervising


async def answered(reader: Reader, place: TopicPartition) -> int:
    """The end of a partition whose leader hangs: said, or that the broker is away, in a bounded time, and said soon."""

    async def ask() -> int:
        async with asyncio.timeout(ASK_SECONDS + 0.5 * slowness()):
            return (await reader.ends([place]))[place]

    try:
        return await ask()
    except BrokerUnavailable:
        return await ask()


async def decided(broker: KafkaBroker, calls: int) -> None:
    """Return once so many calls are decided, each once."""
    ownership, found = Ownership(), Counter[str]()
    async with reading(broker) as reader, asyncio.timeout(30 * slowness()):
        await reader.assign({(ASSIGNMENTS.name, 0): 0})
        while len(found) < calls:
            for stored in await reader.poll(0.2):
                if ownership.counts(stored) and stored.headers["type"] == b"deadline-set":
                    found[stored.headers["subject"].decode()] += 1
    assert set(found.values()) == {1}
