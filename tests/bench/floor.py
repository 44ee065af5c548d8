"""The floor: bare produce → consume on the same Kafka, nothing decided between; one append a partition at a time."""

from __future__ import annotations

import asyncio
import time

from hdrh.histogram import HdrHistogram

from services.intake.append import Appender
from shared.engine.broker import Record
from shared.engine.kafka import KafkaBroker, create_topics
from shared.engine.topic import Topic
from tests.bench.latency import filled
from tests.bench.stage import PARTITIONS
from tests.rig.log import Entry, follow

VALUE = b"x" * 1000
FLOOR = Topic("rig-floor", "rig")


async def floor(bootstrap: str, rate: int, seconds: float) -> HdrHistogram:
    """From the intended time of an append to when a reader has the record."""
    await create_topics(bootstrap, PARTITIONS, 1, [FLOOR])
    await asyncio.sleep(1)
    broker, ready = KafkaBroker(bootstrap, PARTITIONS), asyncio.Event()
    appender, due = Appender(broker, FLOOR), dict[str, float]()
    took: list[float] = []

    def take(records: list[Entry]) -> None:
        now = time.time()
        took.extend(now - due[record.key] for record in records if record.key in due)

    watching = asyncio.get_running_loop().create_task(follow(bootstrap, PARTITIONS, [FLOOR.name], ready, take))
    await ready.wait()
    began = time.time() + 0.1
    async with asyncio.TaskGroup() as tasks:
        for number in range(int(rate * seconds)):
            key, due[str(number)] = str(number), began + number / rate
            await asyncio.sleep(max(0.0, due[key] - time.time()))
            tasks.create_task(appender.append(number % PARTITIONS, [Record(key, VALUE)], len(VALUE)))
    await asyncio.sleep(0.5)
    watching.cancel()
    await asyncio.wait([watching])
    await broker.close()
    return filled(took)
