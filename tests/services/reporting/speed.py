"""How fast reporting reads what a whole city wrote, and how far it is behind at a steady rate.

`python -m tests.services.reporting.speed KAFKA [--database postgresql+asyncpg://…]`; nothing else runs on that Kafka.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
from sqlalchemy.ext.asyncio import AsyncEngine

from services.reporting.store.engine import open_engine, sqlite_url
from shared.engine.broker import Record, Stored
from shared.engine.kafka import KafkaBroker, create_topics
from shared.topics import TOPICS
from tests.services.reporting.chaos import PARTITIONS, Workers, stored
from tests.services.reporting.journals import PLACES
from tests.simulation.simulate import simulate

COPIES = 10
STEADY_SECONDS = 20.0
LOOK_SECONDS = 0.01


def city(copy: int) -> dict[tuple[str, int], list[Record]]:
    """What a city wrote, with agencies of its own, as one owner of each journal."""
    places = simulate(1 + copy).log.places
    return {place: [_renamed(stored, copy) for stored in places.get(place, ())] for place in PLACES}


def _renamed(stored: Stored, copy: int) -> Record:
    old, new = b"city-", b"city-%d-" % copy
    headers = tuple(
        (name, b"1" if name == "epoch" and stored.headers["type"] != b"claimed" else value.replace(old, new))
        for name, value in stored.headers.items()
    )
    return Record(stored.key.replace("city-", f"city-{copy}-"), stored.value.replace(old, new), headers)


@asynccontextmanager
async def reporting(workers: Workers) -> AsyncIterator[psutil.Process]:
    workers.start(0)
    try:
        yield psutil.Process(workers.processes[0].pid)
    finally:
        workers.stop()


async def measure(servers: str, directory: Path, database: str | None) -> None:
    await create_topics(servers, PARTITIONS, 1, TOPICS)
    broker = KafkaBroker(servers, PARTITIONS)
    cities = await asyncio.to_thread(lambda: [city(copy) for copy in range(COPIES)])
    written = 0
    for records in cities:
        written += await _append(broker, records, 200)
    engine = open_engine(database or sqlite_url(directory))
    began = time.monotonic()
    async with reporting(Workers(servers, directory, database)) as process:
        while (read := await stored(engine)) == 0:  # noqa: ASYNC110  # another process stores
            await asyncio.sleep(LOOK_SECONDS)
        first, already = time.monotonic(), read
        while await stored(engine) < written:  # noqa: ASYNC110  # likewise
            await asyncio.sleep(0.1)
        rate = (written - already) / (time.monotonic() - first)
        _say(f"{written} records; the first stored after {first - began:.1f} s; {rate:.0f} a second")
        for a_second in (80, 400):
            behind = await _steady(broker, engine, cities[0], written, a_second)
            written += len(behind) * 20
            p50, p99 = statistics.median(behind), statistics.quantiles(behind, n=100)[98]
            _say(f"at {a_second} a second: behind {p50:.2f} s (p50), {p99:.2f} s (p99), {max(behind):.2f} s (max)")
        used = process.cpu_times()
        _say(f"{process.memory_info().rss >> 20} MiB, {used.user + used.system:.0f} s of the processor in all")
    await engine.dispose()
    await broker.close()


async def _append(broker: KafkaBroker, places: dict[tuple[str, int], list[Record]], most: int) -> int:
    for (topic, partition), records in places.items():
        for start in range(0, len(records), most):
            await broker.append(topic, partition, records[start : start + most])
    return sum(map(len, places.values()))


async def _steady(
    broker: KafkaBroker, engine: AsyncEngine, records: dict[tuple[str, int], list[Record]], written: int, rate: int
) -> list[float]:
    """Append twenty records at a time at a rate; how long each twenty took until they were in the store."""
    some = [
        (place, each[start : start + 20]) for place, each in records.items() for start in range(0, len(each) - 20, 20)
    ]
    behind, waiting, began, appended = list[float](), list[tuple[int, float]](), time.monotonic(), 0
    while time.monotonic() - began < STEADY_SECONDS or waiting:
        due = (time.monotonic() - began) * rate / 20
        if appended < due and time.monotonic() - began < STEADY_SECONDS:
            place, twenty = some[appended % len(some)]
            at = time.monotonic()
            await broker.append(*place, twenty)
            appended += 1
            waiting.append((written + appended * 20, at))
        done = await stored(engine)
        now = time.monotonic()
        behind += [now - at for target, at in waiting if target <= done]
        waiting = [(target, at) for target, at in waiting if target > done]
        await asyncio.sleep(LOOK_SECONDS)
    return behind


def _say(sentence: str) -> None:
    sys.stdout.write(f"{sentence}\n")
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kafka", help="bootstrap servers of a Kafka on which nothing else runs")
    parser.add_argument("--database", help="postgresql+asyncpg://…; SQLite without")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        asyncio.run(measure(given.kafka, Path(directory), given.database))


if __name__ == "__main__":
    main()
