"""The audit log on a real Kafka: two processes write, it is examined and asked, and a forgery is found."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from deploy.local.kafka.node import LocalKafka
from shared.audit_log.chain import ChainKeys, new_audit_key
from shared.audit_log.log import AuditLog
from shared.audit_log.reading import Question, answer_to, examine_log
from shared.clock import SystemClock
from shared.connection import Connection
from shared.engine.broker import Record
from shared.engine.kafka import KafkaBroker, create_topics
from shared.events import SignedIn
from shared.topics import AUDIT_LOG, TOPICS

pytestmark = [pytest.mark.kafka, pytest.mark.slow]
KEY = new_audit_key()
KEYS, CLOCK = ChainKeys(KEY), SystemClock()
PARTITIONS, EACH = 2, 50


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory, kafka: str) -> Iterator[LocalKafka]:
    """A Kafka of its own, because the topic is the real one. `kafka` skips the test where there can be none."""
    del kafka
    with LocalKafka(tmp_path_factory.mktemp("kafka")) as started:
        yield started
    started.discard()


@asynccontextmanager
async def process(servers: str, name: str) -> AsyncIterator[AuditLog]:
    """A process that writes."""
    broker = KafkaBroker(Connection(servers), PARTITIONS)
    log = AuditLog(broker, CLOCK, KEYS, name)
    async with log.writing():
        yield log
    await broker.close()


async def test_what_processes_write_is_whole_and_a_forgery_is_not(node: LocalKafka) -> None:
    at = Connection(node.address)
    await create_topics(at, PARTITIONS, 1, TOPICS)
    began = CLOCK.now()
    async with process(node.address, "console") as console, process(node.address, "pocket") as pocket:
        for number in range(EACH):
            for log in (console, pocket):
                log.record(f"city-{number % 5}", SignedIn(at=CLOCK.now(), by=f"p{number}"))
            if number % 10 == 0:
                assert await console.recorded("city-0", SignedIn(at=CLOCK.now(), by="awaited"), 5)
    broker = KafkaBroker(at, PARTITIONS)
    examined = await examine_log(broker, KEYS, CLOCK.now())
    assert (examined.breaks, examined.examination.records) == ([], 2 * EACH + EACH // 10)
    asked = Question("city-3", began, CLOCK.now() + timedelta(seconds=1), by="p13")
    assert [line.genuine for line in (await answer_to(broker, KEYS, asked, 5)).lines] == [True, True]
    forged = SignedIn(at=CLOCK.now(), by="mallory")
    await broker.append(AUDIT_LOG.name, 1, [Record("city-0", forged.encode(), (("type", b"signed-in"),))])
    found = (await examine_log(broker, KEYS, CLOCK.now())).breaks
    assert [(each.kind, each.position) for each in found] == [("unchained", found[0].position)]
    await broker.close()
