"""Each invariant sees what it is there for, in journals too; is silent on clean ones; and says so when it is blind."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from services.reporting.auditor.audit import Auditor, Run
from services.reporting.auditor.invariants import INVARIANTS
from services.reporting.auditor.tables import LOG_END, METADATA, SECOND, microseconds
from services.reporting.store.engine import transaction
from shared.engine.broker import Stored
from tests.services.reporting.auditor.driver import batches_of, fill, opened
from tests.services.reporting.auditor.mutations import MUTATIONS, Log, copy_of
from tests.simulation.simulate import Day, simulate

NAMES = {invariant.name for invariant in INVARIANTS}
NOT_OF_A_JOURNAL = {"sender-accounted-for", "log-not-shorter", "nothing-personal"}
AFTERWARDS = 2 * 60 * 60 * SECOND
"""Long enough for everything that waits to be overdue."""


@pytest.fixture(scope="module")
def day() -> Day:
    """A day on which processes died, hung and were wrong about the time, and no promise was broken."""
    return simulate(1, calls=100, agencies=2)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    async with opened(tmp_path) as engine:
        yield engine


def end_of(log: Mapping[tuple[str, int], Sequence[Stored]]) -> datetime:
    return max(stored.time for records in log.values() for stored in records)


async def run_on(store: AsyncEngine, log: Log, *, after: int = AFTERWARDS, seed: int = 1) -> Run:
    await fill(store, batches_of(log, random.Random(seed)))
    return await Auditor(store, budget_seconds=60).run(microseconds(end_of(log)) + after)


def opens(run: Run) -> set[str]:
    return {name for name, count in run.open.items() if count}


async def rows_in(store: AsyncEngine) -> int:
    async with store.connect() as connection:
        counts = [(await connection.execute(select(func.count()).select_from(table))).scalar_one()
                  for table in METADATA.sorted_tables if table.name not in ("watermark", "gap")]  # fmt: skip
    return sum(counts)


async def test_a_run_finds_all_that_is_planted_and_leaves_nothing_of_it(store: AsyncEngine) -> None:
    run = await Auditor(store).run(AFTERWARDS)
    assert run.clean
    assert (run.planted_found, run.blind, run.unasked) == (len(INVARIANTS), (), ())
    assert opens(run) == set()
    assert await rows_in(store) == 0


@pytest.mark.parametrize("name", sorted(NAMES))
async def test_a_query_that_finds_nothing_is_never_taken_for_clean(store: AsyncEngine, name: str) -> None:
    broken = [
        replace(invariant, query=f"SELECT * FROM ({invariant.query}) AS everything WHERE 1 = 0")
        if invariant.name == name
        else invariant
        for invariant in INVARIANTS
    ]
    run = await Auditor(store, broken).run(AFTERWARDS)
    assert run.blind == (name,)
    assert not run.clean


def test_every_invariant_is_tried_on_a_journal_or_apart() -> None:
    assert MUTATIONS.keys() | NOT_OF_A_JOURNAL == NAMES


@pytest.mark.parametrize("name", sorted(MUTATIONS))
async def test_what_breaks_a_promise_in_the_journals_is_seen(store: AsyncEngine, day: Day, name: str) -> None:
    log = copy_of(day.log.places)
    MUTATIONS[name](log)
    assert name in opens(await run_on(store, log))


@pytest.fixture(params=[1, 2, 3])
def whole_day(request: pytest.FixtureRequest) -> Day:
    return simulate(request.param)


async def test_clean_journals_are_clean_in_whatever_order_topics_are_read(store: AsyncEngine, whole_day: Day) -> None:
    run = await run_on(store, copy_of(whole_day.log.places), after=60 * SECOND, seed=whole_day.seed)
    late = {invariant.name for invariant in INVARIANTS if invariant.severity == "late"}
    assert opens(run) <= late
    assert run.clean


async def test_a_log_that_is_shorter_than_what_was_read_is_another_log(store: AsyncEngine) -> None:
    async with transaction(store) as connection:
        row = {"topic": "decisions", "partition": 0, "end_offset": 7, "read_offset": 8, "at_us": 1}
        await connection.execute(LOG_END.insert(), [row])
    assert opens(await Auditor(store).run(AFTERWARDS)) == {"log-not-shorter"}


async def test_a_planted_word_that_stands_in_the_open_is_seen(store: AsyncEngine, day: Day) -> None:
    await fill(store, batches_of(copy_of(day.log.places), random.Random(1)), canaries=[b"reused-0"])
    assert "nothing-personal" in opens(await Auditor(store, budget_seconds=60).run(AFTERWARDS))
