"""On a secured Kafka: what is put back stands where it stood, with its times, and is decided again as it was."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import uvloop

from deploy.backup import __main__ as command
from deploy.backup.manifest import Manifest
from deploy.backup.progress import Progress
from deploy.backup.restore import restore
from deploy.backup.take import take
from deploy.local.kafka.node import LocalKafka
from deploy.local.kafka.security import Security, settings_of
from deploy.principals import principal, rights_of, rights_to_restore
from deploy.redecide import redecide_all
from shared.clock import SystemClock
from shared.connection import Connection
from shared.engine.broker import Record, Stored, TopicPartition
from shared.engine.kafka import KafkaBroker
from shared.engine.kafka_restore import CopyFailed, KafkaCopy
from shared.engine.kafka_rights import Right, grant, rights_in_force
from shared.engine.memory import MemoryBroker, MemoryLog
from shared.topics import CALL_KEYS, CALLS, COMMANDS, DECISIONS
from tests.deploy.backup.test_backup import NOW, of, stored, to_the_millisecond
from tests.rig.secured import secured_kafka
from tests.simulation.simulate import Day, simulate

pytestmark = pytest.mark.kafka
PARTITIONS = 4
PREFIX = "second-"
"""The local node's own operator may everything; this one has the rights of an operator, and no other."""
DROPPED = 30


@pytest.fixture(scope="module")
def day() -> Day:
    return simulate(9, calls=40, agencies=2, harmful_calls=0)


@pytest.fixture(scope="module")
def security(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Security]:
    names = "operator", "backup"
    rights = rights_of(map(principal, names), f"User:{PREFIX}{{}}")
    with secured_kafka(tmp_path_factory.mktemp("secured"), [f"{PREFIX}{name}" for name in names], rights) as made:
        yield made


def with_gaps(day: Day) -> MemoryLog:
    """As after some weeks: the first calls are kept no more, and of a topic that is compacted some records are gone.

    The day is today: by the records' own times Kafka would soon delete calls that are older than a month.
    """
    last = max(record.time for records in day.log.places.values() for record in records)
    later = timedelta(seconds=round((SystemClock().now() - last).total_seconds()) - 60)
    log = MemoryLog(day.log.partitions)
    for place, records in day.log.places.items():
        log.places[place] = [to_the_millisecond(replace(record, time=record.time + later)) for record in records]
    for place, records in log.places.items():
        if place[0] == CALLS.name and len(records) > DROPPED:
            log.dropped_before[place] = DROPPED
        if place[0] == COMMANDS.name and place[1] == 0:
            log.dropped_before[place] = len(records)
    for number in range(6):
        headers = (("type", b"call-key-made"), ("odd", b"\xff\x00"))
        log.append(CALL_KEYS.name, 1, [Record(f"city/cad/{number % 3}/k", b"%d" % number, headers)])
    log.compact(CALL_KEYS.name)
    return log


def run(security: Security, who: str, *arguments: str) -> int:
    with pytest.MonkeyPatch.context() as environment:
        for name, value in settings_of(security.by_password(PREFIX + who)).items():
            environment.setenv(f"CAREROUTE_{name.upper()}", str(value))
        environment.setenv("CAREROUTE_PARTITIONS", str(PARTITIONS))
        environment.setenv("CAREROUTE_KAFKA_PRINCIPALS", f"User:{PREFIX}{{}}")
        return command.main(arguments)


def without_blanks(places: dict[TopicPartition, list[Stored]]) -> dict[TopicPartition, list[Stored]]:
    """Blanks of a topic that is compacted hold nothing: each of its readers passes over them."""
    found = {place: [record for record in records if record.key] for place, records in places.items()}
    return {place: records for place, records in found.items() if records}


def test_a_cluster_is_made_of_a_backup_and_a_backup_of_that_holds_the_same(
    security: Security, day: Day, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log, first, second = with_gaps(day), tmp_path / "first", tmp_path / "second"
    uvloop.run(take(MemoryBroker(log), "one", first, NOW, Progress(print, "copied")))
    journal = next(place for place in log.places if place[0] == DECISIONS.name and len(log.places[place]) > DROPPED)
    log.dropped_before[journal] = DROPPED
    assert uvloop.run(take(MemoryBroker(log), "one", first, NOW, Progress(print, "copied"))).deleted
    del log.dropped_before[journal]  # what was deleted from it comes back
    had = uvloop.run(rights_in_force(security.operator))
    assert run(security, "operator", "restore", str(first)) == 0, capsys.readouterr().err
    assert uvloop.run(rights_in_force(security.operator)) == had, "it has no more rights than before"
    told = capsys.readouterr().err
    assert all(what in told for what in ("pauses", "revoked", "erased")), "nothing of that holds any more"

    assert run(security, "backup", "take", str(second)) == 0, capsys.readouterr().err
    assert without_blanks(stored(second)) == without_blanks(of(log))
    ends = Manifest.of(second).ends
    assert ends == {place: len(log.places[place]) for place in ends}
    assert begins(security.operator, ends) == {place: log.dropped_before.get(place, 0) for place in ends}
    reports = uvloop.run(redecide_all(KafkaBroker(security.operator, PARTITIONS), None))
    assert [*map(str, reports)] == [*map(str, uvloop.run(redecide_all(MemoryBroker(log), None)))]
    assert sum(report.decisions for report in reports) > 500

    assert run(security, "backup", "restore", str(first)) == 1, "it may only read"
    assert "cannot administer Kafka" in capsys.readouterr().err
    assert run(security, "operator", "restore", str(first)) == 1
    assert "the cluster is not empty" in capsys.readouterr().err
    with pytest.raises(CopyFailed, match="the broker's time"):
        uvloop.run(copy(security.operator, Stored(CALLS.name, 0, ends[CALLS.name, 0], NOW, "city", b"{}")))
    with pytest.raises(CopyFailed, match="somebody else writes to calls"):
        uvloop.run(copy(security.operator, Stored(CALLS.name, 0, ends[CALLS.name, 0], NOW, "city", b"{}")))


def begins(at: Connection, places: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
    async def ask() -> dict[TopicPartition, int]:
        broker = KafkaBroker(at, PARTITIONS)
        reader = await broker.reader()
        try:
            return await reader.starts(places)
        finally:
            await reader.close()
            await broker.close()

    return uvloop.run(ask())


async def copy(at: Connection, record: Stored) -> None:
    async with KafkaCopy.to(at) as writer:
        await writer.append([record])


def test_who_ends_a_restore_leaves_the_operator_no_more_rights_than_before(
    security: Security, day: Day, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor does one that was killed before, which could take nothing away."""
    uvloop.run(take(MemoryBroker(with_gaps(day)), "one", tmp_path, NOW, Progress(print, "copied")))
    had, meanwhile = uvloop.run(rights_in_force(security.operator)), set[Right]()
    killed = rights_to_restore(f"User:{PREFIX}{{}}")
    uvloop.run(grant(security.operator, list(killed)[: len(killed) // 2]))

    async def ended(*_: object) -> None:
        meanwhile.update(await rights_in_force(security.operator))
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.sleep(30)

    monkeypatch.setattr(command, "restore", ended)
    assert run(security, "operator", "restore", str(tmp_path)) == 1
    assert "begin again, with an empty cluster" in capsys.readouterr().err
    assert meanwhile == had | killed
    assert uvloop.run(rights_in_force(security.operator)) == had


def test_a_damaged_backup_is_not_put_back(
    security: Security, day: Day, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    uvloop.run(take(MemoryBroker(with_gaps(day)), "one", tmp_path, NOW, Progress(print, "copied")))
    next(tmp_path.glob("rosters/*")).write_bytes(b"")
    assert run(security, "operator", "restore", str(tmp_path)) == 1
    told = capsys.readouterr().err
    assert "is not whole, 1 fault" in told
    assert "begin a new directory while Kafka has everything" in told


@pytest.fixture
def empty_kafka(tmp_path: Path) -> Iterator[Connection]:
    node = LocalKafka(tmp_path / "kafka")
    try:
        yield Connection(node.start())
    finally:
        node.discard()


class Intruder(Progress):
    """Something that still runs, and writes where everything was put back already."""

    def __init__(self, at: Connection) -> None:
        super().__init__(print, "put back")
        self._at, self._writing = at, set[asyncio.Task[None]]()

    def step(self, topic: str, records: int = 1) -> None:
        super().step(topic, records)
        if topic != CALLS.name and not self._writing:
            self._writing.add(asyncio.get_running_loop().create_task(self._write()))

    async def _write(self) -> None:
        broker = KafkaBroker(self._at, PARTITIONS)
        try:
            await broker.append(CALLS.name, 0, [Record("city", b"{}", (("type", b"call-reported"),))])
        finally:
            await broker.close()


async def test_a_restore_fails_where_somebody_wrote_behind_what_it_had_put_back(
    empty_kafka: Connection, day: Day, tmp_path: Path
) -> None:
    await take(MemoryBroker(with_gaps(day)), "one", tmp_path / "copy", NOW, Progress(print, "copied"))
    manifest = Manifest.of(tmp_path / "copy")
    with pytest.raises(CopyFailed, match="somebody else wrote to calls/0 meanwhile"):
        await restore(empty_kafka, tmp_path / "copy", manifest, 1, Intruder(empty_kafka))
