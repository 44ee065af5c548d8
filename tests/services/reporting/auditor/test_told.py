"""What is broken is told once, in the agency's partition, until it is over or a person has looked into it."""

from __future__ import annotations

import contextlib
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.reporting.auditor.audit import Auditor
from services.reporting.auditor.by_hand import main
from services.reporting.auditor.fold.writes import insert
from services.reporting.auditor.tables import SECOND, microseconds
from services.reporting.auditor.told import review, tell
from services.reporting.store.engine import transaction
from shared.engine.memory import MemoryBroker, MemoryLog
from shared.events import AuditGapClosed, AuditGapFound, Event, decode
from shared.topics import AUDITS
from tests.rig.clocks import StandingClock

CALL = "madison-wi/dane-county/1"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
NOW_US = microseconds(NOW)
UNDECIDED = {"call_id": CALL, "episode": 1, "agency": "madison-wi", "due_us": NOW_US - 60 * SECOND, "district": "West"}


class Told:
    """The topic `audits`, and the auditor that writes it."""

    def __init__(self, store: AsyncEngine) -> None:
        self.store, self.auditor, self.clock = store, Auditor(store), StandingClock(NOW)
        self.log = MemoryLog(4)
        self.broker = MemoryBroker(self.log)

    async def write(self, table: str, **values: Any) -> None:
        async with transaction(self.store) as connection:
            await connection.execute(text(insert(table, **values).sql), values)

    async def change(self, sql: str) -> None:
        async with transaction(self.store) as connection:
            await connection.execute(text(sql))

    async def run(self, after: int = 0) -> list[Event]:
        """What a run tells."""
        before = len(self.events())
        await self.auditor.run(NOW_US + after)
        await tell(self.store, self.broker, self.clock)
        return self.events()[before:]

    def events(self) -> list[Event]:
        partition = self.broker.partition_of("madison-wi")
        stored = self.log.places.get((AUDITS.name, partition), [])
        assert all(each.key == "madison-wi" for each in stored)
        return [decode(each.headers["type"].decode(), each.value) for each in stored]


@pytest.fixture
def told(store: AsyncEngine) -> Told:
    return Told(store)


async def test_a_call_without_an_outcome_is_told_until_it_has_one(told: Told) -> None:
    await told.write("episode", **UNDECIDED)
    (found,) = await told.run()
    assert isinstance(found, AuditGapFound)
    assert (found.invariant, found.call_id, found.district) == ("outcome-by-deadline", CALL, "West")
    assert found.sentence.startswith(f"{CALL}, episode 1: this does not hold: An episode has its outcome")
    assert await told.run(SECOND) == []
    await told.change("UPDATE episode SET outcomes = 1")
    (closed,) = await told.run(2 * SECOND)
    assert isinstance(closed, AuditGapClosed)
    assert (closed.gap_id, closed.reviewed_by) == (found.gap_id, "")
    await told.change("UPDATE episode SET outcomes = 0")
    (again,) = await told.run(3 * SECOND)
    assert again == found


async def test_what_can_never_be_mended_stays_until_a_person_has_looked_into_it(told: Told) -> None:
    await told.write("episode", **UNDECIDED, outcomes=2, changed=1)
    await told.write("batch", id=1, number=1)
    (found,) = await told.run()
    assert isinstance(found, AuditGapFound)
    assert found.invariant == "one-outcome"
    assert await told.run(SECOND) == []
    assert not (await told.auditor.run(NOW_US + SECOND)).clean
    assert await review(told.store, found.gap_id, "ana", "A zombie wrote twice.", NOW_US)
    assert not await review(told.store, found.gap_id, "ben", "It is closed already.", NOW_US)
    (closed,) = await told.run(2 * SECOND)
    assert isinstance(closed, AuditGapClosed)
    assert (closed.reviewed_by, closed.reason) == ("ana", "A zombie wrote twice.")
    assert (await told.auditor.run(NOW_US + 3 * SECOND)).clean


async def test_what_a_person_has_looked_into_stays_closed_though_it_is_still_missing(told: Told) -> None:
    await told.write("episode", **UNDECIDED)
    (found,) = await told.run()
    assert isinstance(found, AuditGapFound)
    assert await review(told.store, found.gap_id, "ana", "The default was sent by hand.", NOW_US)
    assert [type(event) for event in await told.run(SECOND)] == [AuditGapClosed]
    assert await told.run(2 * SECOND) == []
    assert (await told.auditor.run(NOW_US + 3 * SECOND)).clean


async def test_what_is_only_late_is_measured_and_not_told(told: Told) -> None:
    await told.write("batch", id=1, number=1)
    late = {"at_us": NOW_US, "due_us": NOW_US - 2 * SECOND, "outcome": "default", "reasons": 1, "told": 1}
    place = {"partition": 0, "record_offset": 1, "changed": 1}
    await told.write("episode", **UNDECIDED, outcomes=1)
    await told.write("outcome", call_id=CALL, episode=1, agency="madison-wi", **late, **place)
    assert await told.run() == []
    run = await told.auditor.run(NOW_US)
    assert run.open["outcome-in-time"] == 1
    assert run.clean


async def test_what_concerns_no_agency_is_a_level_and_no_event(told: Told) -> None:
    await told.write("log_end", topic="calls", partition=0, end_offset=1, read_offset=2, at_us=NOW_US)
    assert await told.run() == []
    assert (await told.auditor.run(NOW_US)).open["log-not-shorter"] == 1


def test_by_hand_a_gap_is_listed_and_reviewed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CAREROUTE_STORAGE_DIRECTORY", str(tmp_path))
    assert main(["gaps"]) == 1
    assert "No run was ever clean here" in capsys.readouterr().err
    with contextlib.closing(sqlite3.connect(tmp_path / "auditor.sqlite")) as store, store:
        store.execute("INSERT INTO clean (id, at_us) VALUES (1, ?)", [NOW_US])
    assert main(["gaps"]) == 0
    assert capsys.readouterr().out == "Nothing is broken. The last clean run: 2026-03-01T12:00:00+00:00\n"
    assert main(["review", "g", "--by", "ana", "--reason", "?"]) == 1
    assert main(["review", "g", "--by", " ", "--reason", "?"]) == 2
    assert "No gap g is open" in capsys.readouterr().err
    acknowledged = tmp_path / "list.csv"
    time = datetime.now(UTC).isoformat()
    acknowledged.write_text(f"agency,source,call,event_id,time\nmadison-wi,dane-county,1,,{time}\n")
    assert main(["list", str(acknowledged)]) == 0
    assert capsys.readouterr().out == "1 acknowledged versions are looked for.\n"
    assert main(["list", str(tmp_path / "none.csv")]) == 1


def test_a_store_that_is_damaged_or_not_named_is_told_in_plain_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CAREROUTE_STORAGE_DIRECTORY", "")
    with pytest.raises(SystemExit, match="78"):
        main(["gaps"])
    assert "CAREROUTE_STORAGE_DIRECTORY" in capsys.readouterr().err
    monkeypatch.setenv("CAREROUTE_STORAGE_DIRECTORY", str(tmp_path))
    (tmp_path / "auditor.sqlite").write_bytes(b"half of it " * 1000)
    assert main(["gaps"]) == 1
    assert capsys.readouterr().err.startswith("The auditor's store is away or damaged: file is not a database. If it")
