"""The sender's list: what was acknowledged and has no record is found; a wrong list is refused whole, line by line."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.reporting.auditor import senders_list
from services.reporting.auditor.audit import Auditor
from services.reporting.auditor.fold.writes import insert
from services.reporting.auditor.lists import take_lists
from services.reporting.auditor.senders_list import ListRefused, read_list
from services.reporting.auditor.tables import SECOND, microseconds
from services.reporting.store.engine import transaction
from tests.rig.clocks import StandingClock
from tests.services.reporting.auditor.test_told import NOW

HEAD = "agency,source,call,event_id,time\n"
TIME = "2026-03-01T05:00:00-06:00"


def written(directory: Path, rows: str, name: str = "list.csv") -> Path:
    directory.mkdir(exist_ok=True)
    (directory / name).write_text(rows, "utf-8")
    return directory / name


async def missing(store: AsyncEngine) -> int:
    return (await Auditor(store).run(microseconds(NOW) + 60 * SECOND)).open["sender-accounted-for"]


async def arrive(store: AsyncEngine, incident: str, event_id: str, offset: int) -> None:
    call = {"agency": "a", "source": "cad", "call_id": f"a/cad/{incident}", "event_id": event_id}
    values = {**call, "partition": 0, "record_offset": offset, "at_us": 1}
    async with transaction(store) as connection:
        await connection.execute(text(insert("version", **values).sql), values)


async def test_what_was_acknowledged_and_has_no_record_is_found(store: AsyncEngine, tmp_path: Path) -> None:
    await arrive(store, "1", "v1", 1)
    written(tmp_path / "lists", f"{HEAD}a,cad,1,v1,{TIME}\na,cad,1,v2,{TIME}\na,cad,2,,{TIME}\n")
    await take_lists(store, tmp_path, StandingClock(NOW))
    assert [path.name for path in (tmp_path / "lists").iterdir()] == ["list.csv.taken"]
    assert await missing(store) == 2
    await arrive(store, "1", "v2", 2)
    await arrive(store, "2", "whatever", 3)
    assert await missing(store) == 0


async def test_a_list_that_is_handed_over_twice_is_one_list(store: AsyncEngine, tmp_path: Path) -> None:
    for name in ("first.csv", "second.csv"):
        written(tmp_path / "lists", f"{HEAD}a,cad,1,v1,{TIME}\n", name)
    await take_lists(store, tmp_path, StandingClock(NOW))
    assert await missing(store) == 1


async def test_a_wrong_list_is_refused_whole_and_says_why(store: AsyncEngine, tmp_path: Path) -> None:
    written(tmp_path / "lists", f"{HEAD}a,cad,1,v1,{TIME}\na,cad,2,v1,yesterday\n")
    await take_lists(store, tmp_path, StandingClock(NOW))
    assert {path.name for path in (tmp_path / "lists").iterdir()} == {"list.csv.refused", "list.csv.why"}
    assert (tmp_path / "lists/list.csv.why").read_text().startswith("Line 3, time: it is no time such as")
    assert await missing(store) == 0


async def test_a_list_that_cannot_be_read_keeps_nothing_else_up(store: AsyncEngine, tmp_path: Path) -> None:
    (tmp_path / "lists/a.csv").mkdir(parents=True)
    (tmp_path / "lists/b.csv").symlink_to(tmp_path / "gone")
    written(tmp_path / "lists", f"{HEAD}a,cad,1,v1,{TIME}\n", "c.csv")
    await take_lists(store, tmp_path, StandingClock(NOW))
    assert {path.name for path in (tmp_path / "lists").iterdir()} == {
        "a.csv.refused", "a.csv.why", "b.csv.refused", "b.csv.why", "c.csv.taken",
    }  # fmt: skip
    assert (tmp_path / "lists/a.csv.why").read_text() == "It is not read: Is a directory.\n"
    assert await missing(store) == 1


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        ("", "Line 1 has to be"),
        ("call,time\n", "Line 1 has to be"),
        (HEAD, "The list has no rows"),
        (f"{HEAD}a,cad,1,{TIME}\n", "Line 2, the row: it has 4 fields, not 5."),
        (f"{HEAD}a,,1,v,{TIME}\n", "Line 2, source: it is empty."),
        (f"{HEAD}a,cad,1/2,v,{TIME}\n", "Line 2, call: no slash may stand in it."),
        (f"{HEAD}a,cad,{'1' * 201},v,{TIME}\n", "Line 2, call: it has 201 characters; at most 200 are taken."),
        (f"{HEAD}a,cad,1\0,v,{TIME}\n", "Line 2, call: a sign stands in it that cannot be printed."),
        (f"{HEAD}a,cad,1,v,2026-03-01T05:00:00\n", "Line 2, time: it has no offset"),
        (f"{HEAD}a,cad,1,v,2026-01-01T05:00:00Z\n", "Line 2, time: it is not within the last 30 days."),
        (f'{HEAD}a,cad,1,v,"{TIME}', "After 0 rows the file is no CSV"),
    ],
)
def test_a_fault_names_line_field_and_what_would_be_right(tmp_path: Path, rows: str, fault: str) -> None:
    with pytest.raises(ListRefused) as refused:
        read_list(written(tmp_path, rows), NOW)
    assert refused.value.faults[0].startswith(fault)


def test_a_list_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    row = f"a,cad,1,v,{TIME}\n"
    monkeypatch.setattr(senders_list, "MOST_ROWS", 2)
    with pytest.raises(ListRefused, match="Line 4: at most 2 rows are taken"):
        read_list(written(tmp_path, HEAD + row * 3), NOW)
    monkeypatch.setattr(senders_list, "MOST_BYTES", 10)
    with pytest.raises(ListRefused, match="at most 10 are taken"):
        read_list(written(tmp_path, HEAD + row), NOW)


def test_of_many_faults_some_are_said(tmp_path: Path) -> None:
    with pytest.raises(ListRefused) as refused:
        read_list(written(tmp_path, HEAD + "x\n" * 100), NOW)
    assert len(refused.value.faults) == senders_list.MOST_FAULTS


def test_a_list_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_bytes(HEAD.encode() + b"\xff\xfe\n")
    with pytest.raises(ListRefused, match="not UTF-8"):
        read_list(tmp_path / "list.csv", NOW)
