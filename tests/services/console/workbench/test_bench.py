"""Work on documents that nobody has verified: whatever it costs, the door does not pay."""

from __future__ import annotations

import asyncio
import io
import sys
import time
from collections.abc import AsyncIterator
from datetime import date

import pytest

from services.console.workbench import bench
from services.console.workbench.bench import TooDear, Workbench
from services.console.workbench.tasks import Count, Counted, Study, TriedCall, Try, count, study, try_call
from shared.doors.problems import Problem
from tests.services.console.pages.programme_driver import FIRST, SECOND
from tests.shared.programme.document.hostile import texts

TRIED = Try((FIRST,), TriedCall(), date(2021, 9, 1))
FOR_EVER = (sys.executable, "-c", "while True: pass")
MAPPING = """agency = "madison-wi"
source = "dane-county"
time_zone = "America/Chicago"
time = "%Y-%m-%d %H:%M"
ambiguous = "first"
code_system = "dane-county"
[columns]
incident_id = "id"
created_at = "at"
code = "code"
"""


@pytest.fixture
async def workbench() -> AsyncIterator[Workbench]:
    bench = Workbench(20)
    yield bench
    bench.close()


async def test_what_never_ends_is_ended_and_the_next_is_done() -> None:
    stuck = Workbench(0.3, FOR_EVER)
    began = time.monotonic()
    assert "nothing was done" in (await stuck.study(Study(FIRST))).trouble
    assert time.monotonic() - began < 5
    stuck._program = bench.PROGRAM
    stuck._seconds = 20
    assert (await stuck.study(Study(FIRST))).page is not None, "by another process"
    stuck.close()


async def test_the_door_goes_on_meanwhile_and_not_everybody_can_wait() -> None:
    stuck = Workbench(1.0, FOR_EVER)
    async with asyncio.TaskGroup() as tasks:
        waiting = [tasks.create_task(fails(stuck)) for _ in range(bench.MOST_WAITING)]
        await asyncio.sleep(0)
        began = time.monotonic()
        with pytest.raises(Problem, match="ask again"):
            await stuck.try_call(TRIED)
        assert time.monotonic() - began < 0.5
        for task in waiting[1:]:
            task.cancel()
    stuck.close()


async def fails(stuck: Workbench) -> None:
    with pytest.raises(TooDear):
        await stuck.try_call(TRIED)


async def test_closing_ends_what_is_under_way() -> None:
    stuck = Workbench(60, FOR_EVER)
    async with asyncio.TaskGroup() as tasks:
        under_way = tasks.create_task(fails(stuck))
        await asyncio.sleep(0.2)
        await asyncio.to_thread(stuck.close)
        await under_way


@pytest.mark.parametrize("name", ["a dotted key of 200 KB", "many deep arrays", "2,000 bounds of age"])
async def test_a_hostile_document_is_told_its_faults_or_ended(workbench: Workbench, name: str) -> None:
    told = await workbench.study(Study(texts()[name]))
    assert told.faults or told.trouble
    assert told.page is None
    assert (await workbench.study(Study(FIRST))).page is not None


def test_a_study_says_what_differs() -> None:
    studied = study(Study(SECOND, FIRST))
    assert studied.difference is not None
    assert [(cover.before, cover.after) for cover in studied.difference.covers] == [("does not go", "may go")]
    assert study(Study(SECOND, "version = 0")).not_compared


def test_a_document_is_compared_with_what_is_in_force_when_it_takes_effect() -> None:
    """Against the one in force now, a third version did not say that it takes back what the second has brought."""
    waits = SECOND.replace("2021-09-01T00:00:00", "2022-01-01T00:00:00")
    for effective, version, overtaken, changed in (
        ("2022-01-01", 2, (), [("may go", "does not go")]),
        ("2022-02-01", 2, (), [("may go", "does not go")]),
        ("2021-12-31", 1, (2,), []),
    ):
        third = FIRST.replace("2021-09-01T00:00:00", f"{effective}T00:00:00").replace("version   = 1", "version = 3")
        studied = study(Study(third, FIRST, (waits, third)))
        assert (studied.compared_with, studied.overtaken) == (version, overtaken)
        assert studied.difference is not None
        assert [(cover.before, cover.after) for cover in studied.difference.covers] == changed, effective
    assert study(Study(SECOND, FIRST, (SECOND,))).compared_with == 1


def export(*lines: str) -> bytes:
    return "\n".join(["id,at,code", *lines]).encode()


def counted(content: bytes, mapping: str = MAPPING) -> Counted:
    return count(Count(FIRST, mapping, content))


def test_an_export_is_counted_by_what_stopped_it() -> None:
    body = counted(export("1,2021-09-01 12:00,MENTAL", "2,2021-09-01 13:00,XX"))
    assert (body.calls, body.faults) == (2, ())
    assert [(share.words, share.calls) for share in body.unlisted] == [("XX", 1)]
    assert sum(share.calls for share in (*body.would_go, *body.stopped)) == 2


@pytest.mark.parametrize(
    ("content", "mapping", "says"),
    [
        (export("1,yesterday,MENTAL"), MAPPING, "line 2, column at"),
        (export(), MAPPING, "holds no call"),
        (b"\xff\xfe\x00", MAPPING, "not in utf-8"),
        (export("1,2021-09-01 12:00,MENTAL"), MAPPING.replace("madison-wi", "boston-ma"), "the mapping is boston-ma's"),
        (export("1,2021-09-01 12:00,MENTAL"), "x", "no TOML"),
        (export(*[f"{i},2021-09-01 12:00,MENTAL" for i in range(30)]), MAPPING, "more than 10 lines"),
    ],
)
def test_what_cannot_be_counted_says_why(
    monkeypatch: pytest.MonkeyPatch, content: bytes, mapping: str, says: str
) -> None:
    monkeypatch.setattr("services.console.workbench.tasks.MOST_LINES", 10)
    assert says in " ".join(counted(content, mapping).faults)


def test_a_message_that_is_cut_short_is_none() -> None:
    assert bench._read(io.BytesIO(b"5\nabcde")) == b"abcde"
    for cut in (b"", b"5", b"5\nabc"):
        assert bench._read(io.BytesIO(cut)) == b""


def test_a_type_is_tried_whose_code_system_has_a_blank() -> None:
    """The system was read up to its first blank, so that what the page offers was of a type that is not listed."""
    text = FIRST.replace("[call_types.dane-county]", '[call_types."dane county"]')
    codes = study(Study(text)).codes
    assert "dane county MENTAL" in codes
    for code, category in (("dane county MENTAL", "mental-health"), ("dane county OTHER", None)):
        (verdict,) = try_call(Try((text,), TriedCall(code), date(2021, 9, 1))).verdicts
        assert verdict.judgement is not None
        assert verdict.judgement.category == category
        assert verdict.judgement.unlisted == (() if category else ("code dane county OTHER",))
