"""Of many backups a few files are left, each record is written again a few times, and every byte comes back."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from deploy.backup import merge
from deploy.backup.files import records_in
from deploy.backup.manifest import FileEntry, Manifest
from deploy.backup.merge import FILES, PARTS, to_merge
from deploy.backup.progress import Progress
from deploy.backup.take import take
from shared.engine.broker import Record
from shared.engine.memory import MemoryBroker, MemoryLog
from shared.topics import CALLS, DECISIONS, ROSTERS
from tests.deploy.backup.test_backup import faults, of, stored, without_empty
from tests.rig.clocks import StandingClock

NOW = datetime(2026, 5, 1, tzinfo=UTC)
MONTH = timedelta(days=30)
TAKES = 700


@pytest.fixture
def log() -> MemoryLog:
    return MemoryLog(1, StandingClock(NOW))


def add(log: MemoryLog, topic: str, count: int) -> None:
    end = len(log.places[topic, 0])
    log.append(topic, 0, [Record("city", b"record %d" % (end + n), (("type", b"x"),)) for n in range(count)])


async def taken(log: MemoryLog, directory: Path) -> Manifest:
    now = log.clock.now()
    return (await take(MemoryBroker(log), "one", directory, now, Progress(lambda _: None, "copied"))).manifest


def files_of(directory: Path, topic: str) -> list[FileEntry]:
    return [*Manifest.of(directory).place(topic, 0).files]


def names_in(directory: Path) -> set[str]:
    return {path.relative_to(directory).as_posix() for path in directory.glob("*/*.gz")}


async def test_after_many_backups_there_are_few_files_and_every_byte(log: MemoryLog, tmp_path: Path) -> None:
    most, written = 0, 0
    for number in range(1, TAKES + 1):
        add(log, DECISIONS.name, 1 + number * number % 7)
        if number % 90 == 0:
            add(log, ROSTERS.name, 1)
        files = (await taken(log, tmp_path)).place(DECISIONS.name, 0).files
        most, written = max(most, len(files)), written + files[-1].records
    count = len(log.places[DECISIONS.name, 0])
    assert count > 2 * TAKES
    assert most <= FILES + math.log2(count)
    assert count < written < count * math.log2(count)
    assert len(files_of(tmp_path, ROSTERS.name)) == TAKES // 90, "where there are few, none is written again"
    assert without_empty(stored(tmp_path)) == of(log)
    assert faults(tmp_path) == []
    named = {file.name for place in Manifest.of(tmp_path).places.values() for file in place.files}
    assert names_in(tmp_path) == named


async def taken_five_times(log: MemoryLog, directory: Path) -> None:
    """As many files of a journal."""
    for _ in range(5):
        add(log, DECISIONS.name, 3)
        await taken(log, directory)


async def test_one_that_is_broken_off_while_it_merges_leaves_the_former_one_whole(
    log: MemoryLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(merge, "FILES", 5)
    await taken_five_times(log, tmp_path)
    before = stored(tmp_path)
    add(log, DECISIONS.name, 3)
    with monkeypatch.context() as full:

        def no_space(manifest: Manifest, directory: Path) -> None:
            raise OSError(f"no space left for {manifest.takes} in {directory}")

        full.setattr(Manifest, "write", no_space)
        with pytest.raises(OSError, match="no space left for 6"):
            await taken(log, tmp_path)
    assert stored(tmp_path) == before
    assert faults(tmp_path) == []
    await taken(log, tmp_path)
    assert len(files_of(tmp_path, DECISIONS.name)) == 1
    assert without_empty(stored(tmp_path)) == of(log)


async def test_a_damaged_file_keeps_nobody_from_the_next_backup_and_stays_to_be_named(
    log: MemoryLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(merge, "FILES", 5)
    await taken_five_times(log, tmp_path)
    damaged = tmp_path / files_of(tmp_path, DECISIONS.name)[2].name
    damaged.write_bytes(damaged.read_bytes()[:-9])
    for _ in range(20):
        add(log, DECISIONS.name, 3)
        await taken(log, tmp_path)
        assert len(files_of(tmp_path, DECISIONS.name)) <= 8
    assert faults(tmp_path) == [f"{damaged} is not the file that was written: its SHA-256 is another one"]
    gone = tmp_path / files_of(tmp_path, DECISIONS.name)[1].name
    gone.unlink()
    add(log, DECISIONS.name, 3)
    await taken(log, tmp_path)
    assert "cannot be read" in faults(tmp_path)[0]


async def test_what_kafka_deletes_in_time_does_not_stay_here_in_a_large_file(
    log: MemoryLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(merge, "FILES", 5)
    clock, place = log.clock, (CALLS.name, 0)
    assert isinstance(clock, StandingClock)
    most = 0
    for _ in range(40 * 8):
        clock.at += timedelta(hours=3)
        add(log, *place[:1], 2)
        log.dropped_before[place] = sum(record.time < clock.at - MONTH for record in log.places[place])
        await taken(log, tmp_path)
        most = max(most, len(files_of(tmp_path, CALLS.name)))
    kept = stored(tmp_path)[place]
    assert clock.at - MONTH * (1 + 1 / PARTS) <= kept[0].time <= clock.at - MONTH
    assert most <= 2 * PARTS + 5
    for file in files_of(tmp_path, CALLS.name):
        times = [record.time for record in records_in(tmp_path / file.name, *place)]
        assert times[-1] - times[0] <= MONTH / PARTS
    assert faults(tmp_path) == []


async def test_one_backup_writes_only_so_much_again(log: MemoryLog, tmp_path: Path) -> None:
    for _ in range(FILES):
        add(log, DECISIONS.name, 1)
        await taken(log, tmp_path)
    files = files_of(tmp_path, DECISIONS.name)

    def chosen(fresh: int, most_bytes: int) -> list[FileEntry]:
        return to_merge(tmp_path, DECISIONS, (DECISIONS.name, 0), files, fresh=fresh, most_bytes=most_bytes, now=NOW)

    assert chosen(1, 1 << 20) == files
    assert chosen(0, 1 << 20) == []
    some = chosen(1, sum(file.bytes for file in files) // 2)
    assert some == files[-len(some) :]
    assert 45 < len(some) < 55
    assert all(first.end == second.first for first, second in pairwise(some))
