"""A backup holds what a cluster held, goes on where it ended, keeps nothing that was erased, and shows any damage."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from deploy.backup import __main__ as command
from deploy.backup import take as taking
from deploy.backup.cut import BehindItsReaders
from deploy.backup.files import Damaged, RecordFile, digest_of, records_in
from deploy.backup.manifest import BACKED_UP, Manifest, WrongBackup, alone_in
from deploy.backup.progress import Progress
from deploy.backup.take import take
from deploy.backup.verify import faults_of, stored_in
from shared.engine.broker import BrokerUnavailable, Record, Stored, TopicPartition
from shared.engine.memory import MemoryBroker, MemoryLog
from shared.engine.topic import DEAD_LETTERS
from shared.topics import CALL_KEYS, CALLS, COMMANDS, CONTACTS, DECISIONS
from tests.simulation.simulate import Day, simulate

NOW = datetime(2026, 5, 1, tzinfo=UTC)
KEPT = {topic.name for topic in BACKED_UP}
JOURNALS = {topic.name for topic in BACKED_UP if topic.journal}


@pytest.fixture(scope="module")
def day() -> Day:
    return simulate(7, calls=40, agencies=2, harmful_calls=0)


@pytest.fixture
def log(day: Day) -> MemoryLog:
    log = MemoryLog(day.log.partitions)
    log.places.update({place: list(records) for place, records in day.log.places.items()})
    return log


async def taken(log: MemoryLog, directory: Path, cluster: str = "one") -> Manifest:
    return (await take(MemoryBroker(log), cluster, directory, NOW, Progress(print, "copied"))).manifest


def faults(directory: Path) -> list[str]:
    return list(faults_of(directory, Manifest.of(directory), Progress(print, "read")))


def stored(directory: Path) -> dict[TopicPartition, list[Stored]]:
    manifest = Manifest.of(directory)
    return {
        (topic.name, number): list(stored_in(directory, topic, number, manifest.place(topic.name, number)))
        for topic in BACKED_UP
        for number in range(manifest.partitions)
    }


def to_the_millisecond(record: Stored) -> Stored:
    """Kafka's own times are no finer."""
    milliseconds = round(record.time.timestamp() * 1000)
    return replace(record, time=datetime.fromtimestamp(milliseconds / 1000, UTC))


def of(log: MemoryLog) -> dict[TopicPartition, list[Stored]]:
    """What it holds, without what is gone."""
    return {
        place: [
            to_the_millisecond(record)
            for record in records
            if record.offset >= log.dropped_before.get(place, 0) and record.offset not in log.compacted.get(place, ())
        ]
        for place, records in log.places.items()
        if place[0] in KEPT and records
    }


def without_empty(places: dict[TopicPartition, list[Stored]]) -> dict[TopicPartition, list[Stored]]:
    return {place: records for place, records in places.items() if records}


async def test_everything_comes_back_byte_for_byte(log: MemoryLog, tmp_path: Path) -> None:
    odd = Record("\u007f\ufffd", bytes(range(256)), (("type", b"\xff\x00"), ("empty", b"")))
    log.append(COMMANDS.name, 1, [odd, Record("agency", b"")])
    manifest = await taken(log, tmp_path)
    assert without_empty(stored(tmp_path)) == of(log)
    assert manifest.records == sum(map(len, of(log).values())) > 1000
    assert faults(tmp_path) == []


async def test_only_its_owner_may_read_it(log: MemoryLog, tmp_path: Path) -> None:
    directory = tmp_path / "backup"
    await taken(log, directory)
    assert {path.stat().st_mode & 0o777 for path in directory.rglob("*") if path.is_file()} == {0o600}
    assert {path.stat().st_mode & 0o777 for path in (directory, *directory.glob("*/"))} == {0o700}


async def test_the_next_one_adds_what_is_new_and_nothing_else(log: MemoryLog, tmp_path: Path) -> None:
    whole, half = dict(log.places), MemoryLog(log.partitions)
    half.places.update({place: records[: len(records) // 2] for place, records in whole.items()})
    half.places.update({place: [] for place in whole if place[0] in JOURNALS})
    first = await taken(half, tmp_path)
    before = written_at(tmp_path)
    second = await taken(log, tmp_path)
    assert before.items() <= written_at(tmp_path).items()
    assert (first.takes, second.takes) == (1, 2)
    assert without_empty(stored(tmp_path)) == of(log)
    assert (await taken(log, tmp_path)).places == second.places
    assert faults(tmp_path) == []


def written_at(directory: Path) -> dict[Path, int]:
    """When each file of the calls was written."""
    return {path: path.stat().st_mtime_ns for path in directory.glob("calls/*")}


async def test_what_kafka_keeps_no_more_is_kept_here_no_more(log: MemoryLog, tmp_path: Path) -> None:
    place = next(place for place in log.places if place[0] == CALLS.name)
    await taken(log, tmp_path)
    log.append(*place, [Record("agency", b"{}", (("type", b"x"),))])
    log.dropped_before[place] = len(log.places[place]) - 1
    await taken(log, tmp_path)
    assert stored(tmp_path)[place] == [to_the_millisecond(log.places[place][-1])]
    assert len([path for path in written_at(tmp_path) if path.name.startswith(f"{place[1]}-")]) == 1
    assert faults(tmp_path) == []


async def test_the_beginning_is_dropped_too_where_a_gap_would_be(log: MemoryLog, tmp_path: Path) -> None:
    place = next(place for place in log.places if place[0] == CALLS.name)
    await taken(log, tmp_path)
    log.append(*place, [Record("agency", b"{}", (("type", b"x"),))] * 3)
    log.dropped_before[place] = len(log.places[place]) - 2
    await taken(log, tmp_path)
    assert stored(tmp_path)[place] == [to_the_millisecond(record) for record in log.places[place][-2:]]
    assert faults(tmp_path) == []


async def test_what_is_deleted_from_a_journal_stays_here_and_is_told(
    log: MemoryLog, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The last copy of it may be this one."""
    place = next(place for place in log.places if place[0] == DECISIONS.name and len(log.places[place]) > 50)
    await taken(log, tmp_path)
    log.append(*place, [Record("city", b"{}", (("type", b"x"),))])
    whole = without_empty(of(log))
    for deleted in (20, 40, len(log.places[place])):
        log.dropped_before[place] = deleted
        told = await take(MemoryBroker(log), "one", tmp_path, NOW, Progress(print, "copied"))
        name = f"{place[0]}/{place[1]}"
        assert told.deleted == (
            f"{name}: what stands before {deleted} was deleted in Kafka; this backup has it, from 0 on",
        )
        assert command.say_what_is_lost(told) == 3
        assert f"{name}: what stands before {deleted}" in capsys.readouterr().err
        assert without_empty(stored(tmp_path)) == whole
        assert faults(tmp_path) == []


async def test_what_is_gone_from_a_journal_before_the_first_backup_is_told_once(log: MemoryLog, tmp_path: Path) -> None:
    place = next(place for place in log.places if place[0] == DECISIONS.name and len(log.places[place]) > 50)
    log.dropped_before[place] = 20
    first, second = [await take(MemoryBroker(log), "one", tmp_path, NOW, Progress(print, "copied")) for _ in range(2)]
    assert len(first.deleted) == 1
    assert "before 20 was deleted in Kafka before this directory's first backup" in first.deleted[0]
    assert not second.deleted
    assert command.say_what_is_lost(second) == 0
    assert without_empty(stored(tmp_path)) == of(log)


async def test_a_journal_is_not_taken_with_a_gap(log: MemoryLog, tmp_path: Path) -> None:
    place = next(place for place in log.places if place[0] == DECISIONS.name and len(log.places[place]) > 50)
    await taken(log, tmp_path)
    log.append(*place, [Record("city", b"{}", (("type", b"x"),))] * 3)
    log.dropped_before[place] = len(log.places[place]) - 2
    with pytest.raises(WrongBackup, match="what stood before that is in no backup"):
        await taken(log, tmp_path)


@pytest.mark.parametrize("compacted", [True, False])
@pytest.mark.parametrize("topic", [CALL_KEYS.name, CONTACTS.name])
async def test_what_was_erased_is_in_no_file_after_the_next_one(
    topic: str,
    compacted: bool,  # noqa: FBT001
    tmp_path: Path,
) -> None:
    """Whether Kafka itself has forgotten it by then, or will within a day."""
    log = MemoryLog(2)
    log.append(topic, 0, [Record("city/cad/1/k", b"the key of a call"), Record("city/cad/2/k", b"another")])
    await taken(log, tmp_path)
    assert b"the key of a call" in everything_in(tmp_path)
    log.append(topic, 0, [Record("city/cad/1/k", b""), Record("", b"")])
    if compacted:
        log.compact(topic)
    await taken(log, tmp_path)
    assert b"the key of a call" not in everything_in(tmp_path)
    assert b"another" in everything_in(tmp_path)
    assert Manifest.of(tmp_path).place(topic, 0).end == 4
    assert faults(tmp_path) == []


async def test_what_was_sealed_again_too_late_is_in_a_backup_as_it_counts(tmp_path: Path) -> None:
    """A record that was made of another replaces that one alone: what has come between stands, or is gone.

    And of what it was made of nothing is left, which somebody could open who has the former key.
    """
    log, again = MemoryLog(1), "instead-of"
    for key, value, *made_of in (
        ("city/sal/phone", b"former", b""),
        ("city/tom/phone", b"of tom", b""),
        ("city/sal/phone", b"of sal", b""),
        ("city/tom/phone", b"", b""),
        ("city/sal/phone", b"former, sealed again", b"0"),
        ("city/tom/phone", b"of tom, sealed again", b"1"),
        ("city/ann/phone", b"of ann", b""),
        ("city/ann/phone", b"of ann, sealed again", b"6"),
    ):
        log.append(CONTACTS.name, 0, [Record(key, value, tuple((again, offset) for offset in made_of if offset))])
    await taken(log, tmp_path)
    kept = [record.value for record in stored(tmp_path)[CONTACTS.name, 0]]
    assert kept == [b"of sal", b"", b"of ann, sealed again"]
    assert faults(tmp_path) == []


def everything_in(directory: Path) -> bytes:
    return b"".join(gzip.decompress(path.read_bytes()) for path in directory.glob("*/*"))


async def test_a_record_that_refers_to_what_came_later_is_left_out(log: MemoryLog, tmp_path: Path) -> None:
    """As if it had been written after the end of the calls was looked at."""
    place = next(place for place in log.places if place[0] == DECISIONS.name and len(log.places[place]) > 50)
    end, last = len(log.places[place]), log.places[place][-1]
    beyond = json.loads(last.headers["positions"]) | {CALLS.name: [len(log.places[CALLS.name, place[1]]) + 1, 0]}
    headers = {**last.headers, "positions": json.dumps(beyond).encode()}
    broker = LateBroker(log, place, Record(last.key, last.value, tuple(headers.items())))
    manifest = (await take(broker, "one", tmp_path, NOW, Progress(print, "copied"))).manifest
    assert broker.asked >= 4
    assert len(log.places[place]) == end + 1
    assert manifest.place(*place).end == end
    assert faults(tmp_path) == []


class LateBroker(MemoryBroker):
    """Appends a record after the journals were looked at for the first time."""

    def __init__(self, log: MemoryLog, place: TopicPartition, late: Record) -> None:
        super().__init__(log, self.look)
        self.place, self.late, self.asked = place, late, 0

    async def look(self, doing: str) -> None:
        if doing == "ends":
            self.asked += 1
            if self.asked == 2:
                self.log.append(*self.place, [self.late])


async def test_all_that_a_manifest_names_is_on_the_disk_before_it_takes_the_place_of_the_former_one(
    log: MemoryLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[tuple[str, Path]] = []
    sync, rename = os.fsync, Path.replace

    def noted_sync(opened: int) -> None:
        done.append(("synced", Path(f"/proc/self/fd/{opened}").readlink()))
        sync(opened)

    def noted_rename(path: Path, target: Path) -> Path:
        done.append(("renamed", path))
        return rename(path, target)

    monkeypatch.setattr(os, "fsync", noted_sync)
    monkeypatch.setattr(Path, "replace", noted_rename)
    manifest = await taken(log, tmp_path)
    fresh = tmp_path / "manifest.json.new"
    before = {path for what, path in done[: done.index(("renamed", fresh))] if what == "synced"}
    files = {tmp_path / file.name for place in manifest.places.values() for file in place.files}
    assert files
    assert before >= files | {path.parent for path in files} | {fresh, tmp_path}
    assert done[-1] == ("synced", tmp_path)


# --- damage


@pytest.fixture
async def backup(log: MemoryLog, tmp_path: Path) -> Path:
    await taken(log, tmp_path)
    return tmp_path


def largest(directory: Path, topic: str) -> Path:
    return max(directory.glob(f"{topic}/*"), key=lambda path: path.stat().st_size)


def forge(directory: Path, topic: str, records: Iterator[Stored]) -> None:
    """Write a file anew, and have the manifest say that this is right."""
    path = largest(directory, topic)
    written = list(records)
    with RecordFile.new(path) as file:
        for record in written:
            file.add(record)
    text = (directory / "manifest.json").read_text()
    manifest = json.loads(text)
    for place in manifest["places"].values():
        for entry in place["files"]:
            if entry["name"] == path.relative_to(directory).as_posix():
                entry["records"], entry["sha256"] = len(written), digest_of(path)
    (directory / "manifest.json").write_text(json.dumps(manifest))


def test_a_byte_that_was_changed_is_found(backup: Path) -> None:
    path = largest(backup, "assignments")
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    assert faults(backup) == [f"{path} is not the file that was written: its SHA-256 is another one"]
    assert command.main(["verify", str(backup)]) == 1


@pytest.mark.parametrize(
    "line",
    [
        "",
        "{}",
        "[]",
        "7",
        "[" * 100_000,
        '{"offset": 1, "time": 1, "key": "a", "headers": 1, "value": ""}',
        '{"offset": 1, "time": 1, "key": "a", "headers": {}, "value": 1}',
        '{"offset": 1, "time": 1e300, "key": "a", "headers": {}, "value": ""}',
        '{"offset": 1e999, "time": 1, "key": "a", "headers": {}, "value": ""}',
    ],
)
def test_whatever_stands_in_a_file_is_no_record_or_damage(tmp_path: Path, line: str) -> None:
    (path := tmp_path / "records").write_bytes(gzip.compress(f"{line}\n".encode()))
    with pytest.raises(Damaged):
        list(records_in(path, "calls", 0))


def test_a_byte_that_was_changed_in_what_is_compressed_is_damage(tmp_path: Path) -> None:
    """In a compressed stream itself reading raises an error of another kind."""
    line = {"offset": 1, "time": 1, "key": "a", "headers": {}, "value": "x" * 300}
    written, path = gzip.compress(f"{json.dumps(line)}\n".encode() * 20), tmp_path / "records"
    for place in range(10, len(written)):
        changed = bytearray(written)
        changed[place] ^= 0x55
        path.write_bytes(changed)
        with pytest.raises(Damaged):
            list(records_in(path, "calls", 0))


def test_a_file_that_is_gone_is_found(backup: Path) -> None:
    path = largest(backup, "calls")
    path.unlink()
    assert "cannot be read" in faults(backup)[0]


def test_a_record_that_is_missing_in_the_middle_is_found(backup: Path) -> None:
    records = list(records_in(largest(backup, "assignments"), "assignments", 0))
    forge(backup, "assignments", iter(records[:10] + records[11:]))
    assert "stands where" in faults(backup)[0]


def test_an_end_that_is_missing_is_found_and_what_refers_to_it(backup: Path) -> None:
    records = list(records_in(largest(backup, "calls"), "calls", 0))
    forge(backup, "calls", iter(records[:-1]))
    assert [fault for fault in faults(backup) if "ends at" in fault]
    text = (backup / "manifest.json").read_text()
    manifest = json.loads(text)
    busiest = max(range(4), key=lambda number: manifest["places"][f"calls/{number}"]["end"])
    manifest["places"][f"calls/{busiest}"] |= {"end": 1, "files": []}
    (backup / "manifest.json").write_text(json.dumps(manifest))
    assert [fault for fault in faults(backup) if f"beyond the end of calls/{busiest}" in fault]


def test_what_is_no_backup_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["verify", str(tmp_path)]) == 1
    assert "no backup is whole without it" in capsys.readouterr().err
    (tmp_path / "manifest.json").write_text("{}")
    assert command.main(["verify", str(tmp_path)]) == 1
    told = capsys.readouterr().err
    assert "is no manifest" in told
    assert "cluster: is missing" in told
    assert "pydantic" not in told


async def test_another_cluster_or_a_topic_made_anew_takes_another_directory(log: MemoryLog, backup: Path) -> None:
    with pytest.raises(WrongBackup, match="is of the cluster one"):
        await taken(log, backup, "two")
    log.append(DEAD_LETTERS.name, 0, [Record("city", b"{}")])
    await taken(log, backup)
    log.places[DEAD_LETTERS.name, 0] = []
    with pytest.raises(WrongBackup, match="made anew"):
        await taken(log, backup)
    log.places[next(place for place in log.places if place[0] == CALLS.name and log.places[place])] = []
    with pytest.raises(BehindItsReaders, match="made anew"):
        await taken(log, backup)


async def test_files_whose_manifest_is_gone_are_not_deleted_by_the_next_one(log: MemoryLog, tmp_path: Path) -> None:
    half = MemoryLog(log.partitions)
    half.places.update({place: [] if place[0] in JOURNALS else records for place, records in log.places.items()})
    await taken(half, tmp_path)
    (tmp_path / "manifest.json").unlink()
    await taken(half, tmp_path)  # as after a first one that was broken off
    await taken(log, tmp_path)
    (tmp_path / "manifest.json").unlink()
    before = digests(tmp_path)
    with pytest.raises(WrongBackup, match=r"no manifest\.json: .* or take a new directory"):
        await taken(log, tmp_path)
    assert digests(tmp_path) == before


def digests(directory: Path) -> dict[Path, str]:
    """What each file of records is."""
    return {path: digest_of(path) for path in directory.glob("*/*.gz")}


def test_two_at_once_do_not_mix(backup: Path) -> None:
    with alone_in(backup), pytest.raises(WrongBackup, match="another process"), alone_in(backup):
        pass


async def test_one_that_is_broken_off_leaves_the_former_one_whole(
    log: MemoryLog, backup: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = stored(backup)
    place = next(place for place in log.places if place[0] == CALLS.name and log.places[place])
    log.append(*place, [Record("agency", b"{}", (("type", b"x"),))])
    monkeypatch.setattr(taking, "SILENT_POLLS", 0)
    monkeypatch.setattr(taking, "POLL_SECONDS", 0.0)

    async def hang(doing: str) -> None:
        if doing == "polled":
            raise BrokerUnavailable("gone")

    with pytest.raises(BrokerUnavailable):
        await take(MemoryBroker(log, hang), "one", backup, NOW + timedelta(hours=1), Progress(print, "copied"))
    assert stored(backup) == before
    assert faults(backup) == []
    monkeypatch.undo()
    await taken(log, backup)
    assert without_empty(stored(backup)) == of(log)
