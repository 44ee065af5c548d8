"""Reporting killed, frozen and ended at random while journals grow, owners change and former owners still write.

`python -m tests.services.reporting.chaos KAFKA --seconds 120 --workers 2 --database postgresql+asyncpg://…` is the long
run; the suite has a short one.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from aiokafka import AIOKafkaConsumer, TopicPartition
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from deploy.arguments import above_zero, from_one
from deploy.local.kafka.node import CHECKOUT
from services.reporting.carrier import GROUP
from services.reporting.store.engine import FILE_NAME, open_engine, sqlite_url
from services.reporting.store.tables import EPISODE, OUTCOME, PLACE, RECORD
from shared.engine.broker import Record
from shared.engine.kafka import KafkaBroker, create_topics
from shared.events import CallRouted, Claimed, DeadlineSet, Event
from shared.topics import TOPICS

KEY = "k" * 32
JOURNAL = "assignments"
PARTITIONS = 4
AWAY_SECONDS = 7.0
"""Longer than a statement waits for a lock of SQLite's."""
FROZEN_SECONDS = 9.0
"""Longer than Kafka waits for a member of the group."""


@dataclass
class Journals:
    """Writes the journal of team availability as its owners would, and sometimes as former owners would."""

    broker: KafkaBroker
    dice: random.Random
    epochs: list[int] = field(default_factory=lambda: [0] * PARTITIONS)
    written: Counter[str] = field(default_factory=Counter)
    calls: int = 0

    async def write_some(self, records: int) -> None:
        """So many records that count, to one partition; now and then a new owner before, and a late write after."""
        partition = self.dice.randrange(PARTITIONS)
        epoch = self.epochs[partition]
        if epoch == 0 or self.dice.random() < 0.02:
            epoch = self.epochs[partition] = epoch + 1
            await self._append(partition, [(Claimed(epoch=epoch, writer=f"w{epoch}"), epoch)], "claims")
        await self._append(partition, self._calls(partition, records, epoch, "call"), "good")
        if epoch > 1 and self.dice.random() < 0.1:
            await self._append(partition, self._calls(partition, 2, epoch - 1, "late"), "late")

    def _calls(self, partition: int, records: int, epoch: int, name: str) -> list[tuple[Event, int]]:
        now, events = datetime.now(UTC), list[tuple[Event, int]]()
        for _ in range(records // 2):
            self.calls += 1
            call_id = f"agency-{partition}/cad/{name}-{self.calls}"
            deadline = now + timedelta(seconds=50)
            begun = DeadlineSet(
                call_id=call_id, episode=1, deadline=deadline, received_at=now, call_at=f"calls/{partition}/0"
            )
            routed = CallRouted(call_id=call_id, episode=1, outcome="default", reasons=("deadline",), deadline=deadline)
            events += [(begun, epoch), (routed, epoch)]
        return events

    async def _append(self, partition: int, events: list[tuple[Event, int]], kind: str) -> None:
        records = [
            Record(
                f"agency-{partition}",
                event.encode(),
                (("type", event.type.encode()), ("epoch", b"%d" % epoch), ("id", b"%d" % number)),
            )
            for number, (event, epoch) in enumerate(events)
        ]
        await self.broker.append(JOURNAL, partition, records)
        self.written[kind] += len(records)


@dataclass
class Workers:
    """Processes of reporting, started again when they end."""

    servers: str
    directory: Path
    database: str | None
    processes: dict[int, subprocess.Popen[bytes]] = field(default_factory=dict)
    exits: Counter[str] = field(default_factory=Counter)

    def start(self, number: int) -> None:
        storage = self.directory / f"reporting-{number}" if self.database else self.directory
        storage.mkdir(exist_ok=True)
        environment = {
            **os.environ,
            "CAREROUTE_KAFKA": self.servers,
            "CAREROUTE_PARTITIONS": str(PARTITIONS),
            "CAREROUTE_INSTANCE": str(number),
            "CAREROUTE_STORAGE_DIRECTORY": str(storage),
            "CAREROUTE_REPORTING_KEY": KEY,
        }
        if self.database:
            environment["CAREROUTE_REPORTING_DATABASE_URL"] = self.database
        with (self.directory / f"reporting-{number}.log").open("ab") as log:
            self.processes[number] = subprocess.Popen(
                [sys.executable, "-m", "services.reporting"], env=environment, cwd=CHECKOUT, stderr=log, stdout=log
            )

    def restart_ended(self) -> None:
        for number, process in list(self.processes.items()):
            if (code := process.poll()) is not None:
                self.exits[str(code)] += 1
                self.start(number)

    async def hurt(self, number: int, how: str) -> None:
        if how == "AWAY":
            await self._take_database_away()
            return
        process = self.processes[number]
        if process.poll() is not None:
            return
        if how == "STOP":
            process.send_signal(signal.SIGSTOP)
            await asyncio.sleep(FROZEN_SECONDS)
            process.send_signal(signal.SIGCONT)
            return
        process.send_signal(getattr(signal, f"SIG{how}"))
        await asyncio.to_thread(process.wait, 20)

    async def _take_database_away(self) -> None:
        """Hold the lock of SQLite's file, so that nobody else can write."""
        lock = sqlite3.connect(self.directory / FILE_NAME, isolation_level=None)
        try:
            lock.execute("PRAGMA busy_timeout = 5000")
            lock.execute("BEGIN IMMEDIATE")
            await asyncio.sleep(AWAY_SECONDS)
            lock.execute("ROLLBACK")
        finally:
            lock.close()

    def stop(self) -> None:
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                self.exits["hung"] += 1


@dataclass(frozen=True)
class Found:
    """What the store holds in the end, beside what was written."""

    written: Counter[str]
    acts: Counter[str]
    exits: Counter[str]
    records: int
    outcomes: int
    episodes_with_one_outcome: int
    late_writes: int
    late_calls: int
    seconds: float

    @property
    def faults(self) -> list[str]:
        expected = {
            "records": (self.records, self.written["good"]),
            "outcomes": (self.outcomes, self.written["good"] // 2),
            "episodes with one outcome": (self.episodes_with_one_outcome, self.written["good"] // 2),
            "late writes ignored": (self.late_writes, self.written["late"]),
            "late calls stored": (self.late_calls, 0),
        }
        return [f"{name}: {found}, not {wanted}" for name, (found, wanted) in expected.items() if found != wanted]


async def run_chaos(
    servers: str,
    directory: Path,
    *,
    database: str | None,
    workers: int,
    acts: list[str],
    seconds: float,
    seed: int,
    rate: float = 400,
) -> Found:
    """Write for so long, hurt a worker with each of the acts in turn, and wait until everything is stored."""
    await create_topics(servers, PARTITIONS, 1, TOPICS)
    broker, began, dice = KafkaBroker(servers, PARTITIONS), time.monotonic(), random.Random(seed)
    journals, running = Journals(broker, dice), Workers(servers, directory, database)
    await journals.write_some(200)
    await _acknowledge_everything(servers)
    for number in range(workers):
        running.start(number)
    engine = open_engine(database or sqlite_url(directory))
    try:
        hurting = asyncio.get_running_loop().create_task(_hurt(running, acts, seconds, dice))
        while time.monotonic() - began < seconds or not hurting.done():
            await journals.write_some(20)
            running.restart_ended()
            await asyncio.sleep(20 / rate)
        await hurting
        while time.monotonic() - began < seconds + 60:
            running.restart_ended()
            if await stored(engine) >= sum(journals.written[kind] for kind in ("good", "late", "claims")):
                break
            await asyncio.sleep(0.2)
        running.stop()
        return await _found(engine, journals, Counter(acts), running.exits, time.monotonic() - began)
    finally:
        running.stop()
        await engine.dispose()
        await broker.close()


async def _acknowledge_everything(servers: str) -> None:
    """As Faust does with a batch whose reader failed: Kafka is told that it is done with, and nothing was stored."""
    consumer = AIOKafkaConsumer(bootstrap_servers=servers, group_id=GROUP, enable_auto_commit=False)
    await consumer.start()
    places = [TopicPartition(JOURNAL, partition) for partition in range(PARTITIONS)]
    consumer.assign(places)
    await consumer.commit(await consumer.end_offsets(places))
    await consumer.stop()


async def _hurt(running: Workers, acts: list[str], seconds: float, dice: random.Random) -> None:
    await asyncio.sleep(min(6.0, seconds / 3))
    for act in acts:
        await running.hurt(dice.choice(sorted(running.processes)), act)
        running.restart_ended()
        await asyncio.sleep(dice.uniform(0.3, 1.5) * seconds / (2 * len(acts)))


async def stored(engine: AsyncEngine) -> int:
    try:
        async with engine.connect() as connection:
            return int((await connection.execute(select(func.sum(PLACE.c.next_offset)))).scalar() or 0)
    except (SQLAlchemyError, OSError):  # not made yet, or away
        return 0


async def _found(
    engine: AsyncEngine, journals: Journals, acts: Counter[str], exits: Counter[str], seconds: float
) -> Found:
    async with engine.connect() as connection:

        async def count(statement: object) -> int:
            return int((await connection.execute(statement)).scalar() or 0)  # type: ignore[call-overload]

        return Found(
            written=journals.written,
            acts=acts,
            exits=exits,
            records=await count(select(func.count()).select_from(RECORD)),
            outcomes=await count(select(func.count()).select_from(OUTCOME)),
            episodes_with_one_outcome=await count(
                select(func.count()).select_from(EPISODE).where(EPISODE.c.outcomes == 1)
            ),
            late_writes=await count(select(func.sum(PLACE.c.late_writes))),
            late_calls=await count(select(func.count()).select_from(OUTCOME).where(OUTCOME.c.call_id.like("%/late-%"))),
            seconds=seconds,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kafka", help="bootstrap servers of a Kafka on which nothing else runs")
    parser.add_argument("--database", help="postgresql+asyncpg://…; SQLite without")
    parser.add_argument("--workers", type=from_one, default=1)
    parser.add_argument("--seconds", type=above_zero, default=120)
    parser.add_argument("--rate", type=above_zero, default=1000, help="records a second")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    dice = random.Random(given.seed)
    acts = [dice.choice(("KILL", "KILL", "TERM", "STOP")) for _ in range(int(given.seconds / 8))]
    with tempfile.TemporaryDirectory() as directory:
        found = asyncio.run(
            run_chaos(
                given.kafka,
                Path(directory),
                database=given.database,
                workers=given.workers,
                acts=acts,
                seconds=given.seconds,
                seed=given.seed,
                rate=given.rate,
            )
        )
    sys.stdout.write(f"{found}\nfaults: {found.faults or 'none'}\n")
    sys.exit(bool(found.faults))


if __name__ == "__main__":
    main()
