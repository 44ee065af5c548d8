"""How far behind the store is, and when nothing goes on any more."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from services.reporting.begin import RecordsDeleted, begin
from services.reporting.lag import STALLED_SECONDS, Lag, Stalled
from services.reporting.store.engine import open_engine, sqlite_url
from services.reporting.store.prepare import prepare
from services.reporting.store.write import positions, write
from shared.engine.broker import BrokerUnavailable, TopicPartition
from shared.events import PositionsNoted
from tests.builders import call_routed
from tests.services.reporting.conftest import NOW
from tests.services.reporting.journals import PLACES, Topics

PLACE = ("assignments", 0)


class Hands:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.seconds, UTC)

    def monotonic(self) -> float:
        return self.seconds


class Ends:
    """A reader that knows where topics begin and end."""

    def __init__(self, starts: dict[TopicPartition, int] | None = None) -> None:
        self.begin = dict.fromkeys(PLACES, 0) | (starts or {})
        self.end = dict(self.begin)
        self.away = False

    async def starts(self, _places: Any) -> dict[TopicPartition, int]:
        return self.begin

    async def ends(self, _places: Any) -> dict[TopicPartition, int]:
        if self.away:
            raise BrokerUnavailable
        return dict(self.end)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    engine = open_engine(sqlite_url(tmp_path))
    await prepare(engine, NOW)
    yield engine
    await engine.dispose()


async def test_the_lag_is_the_age_of_the_last_look_that_the_store_has_reached(store: AsyncEngine) -> None:
    clock, reader, topics = Hands(), Ends(), Topics()
    reader.end[PLACE] = 1
    await begin(store, reader, PLACES)  # type: ignore[arg-type]  # all that it asks
    lag = Lag(store, clock)
    for _ in range(5):
        clock.seconds += 1
        await lag.look(reader, excused=False)  # type: ignore[arg-type]
    assert (lag.seconds(), lag.caught_up) == (5, False)
    reader.end[PLACE] = 2  # what comes later does not count against it
    await write(store, topics.assignments(call_routed("metro/cad/1", NOW)))
    await lag.look(reader, excused=False)  # type: ignore[arg-type]
    assert (lag.seconds(), lag.caught_up) == (4, True)


async def test_a_process_that_begins_says_how_long_the_store_has_stood_still(store: AsyncEngine) -> None:
    """Else one that ends after a minute, again and again, would never be told of: ReportingBehind asks for five."""
    clock, reader, topics = Hands(), Ends(), Topics()
    await begin(store, reader, PLACES)  # type: ignore[arg-type]
    await write(store, topics.assignments(call_routed("metro/cad/1", NOW)))
    reader.end["decisions", 0] = 1
    await write(store, topics.decisions(PositionsNoted()))  # a second later, and nothing is missing there
    clock.seconds = topics.now.timestamp() + 3600
    reader.end[PLACE] = 2
    lag = Lag(store, clock)
    await lag.look(reader, excused=False)  # type: ignore[arg-type]
    assert (lag.seconds(), lag.caught_up) == (3601, False)
    await write(store, topics.assignments(call_routed("metro/cad/3", NOW)))
    await lag.look(reader, excused=False)  # type: ignore[arg-type]
    assert (lag.seconds(), lag.caught_up) == (0, True)


@pytest.mark.parametrize("why_not", ["", "excused", "kafka away", "moves", "nothing to store"])
async def test_where_nothing_is_stored_though_there_is_something_it_says_so(store: AsyncEngine, why_not: str) -> None:
    clock, reader, topics = Hands(), Ends(), Topics()
    await begin(store, reader, PLACES)  # type: ignore[arg-type]
    if why_not != "nothing to store":
        reader.end[PLACE] = 100
    lag, seconds = Lag(store, clock), 0.0
    await lag.look(reader, excused=False)  # type: ignore[arg-type]
    reader.away = why_not == "kafka away"
    if reader.away:
        lag = Lag(store, clock)
    try:
        for number in range(15):
            clock.seconds += 5
            if why_not == "moves":
                await write(store, topics.assignments(call_routed(f"metro/cad/{number}", NOW)))
            await lag.look(reader, excused=why_not == "excused")  # type: ignore[arg-type]
    except Stalled:
        seconds = clock.seconds - 1000
    assert (seconds > STALLED_SECONDS) == (why_not == "")


async def test_a_new_store_begins_at_the_first_record_that_is_kept(store: AsyncEngine) -> None:
    reader = Ends({("calls", 2): 70})
    assert (await begin(store, reader, PLACES))["calls", 2] == 70  # type: ignore[arg-type]
    assert (await positions(store))["calls", 2] == 70


async def test_records_that_were_deleted_unread_are_no_silent_loss(store: AsyncEngine) -> None:
    await begin(store, Ends(), PLACES)  # type: ignore[arg-type]
    with pytest.raises(RecordsDeleted, match="calls/2: the store has read up to 0, and Kafka keeps what is from 70 on"):
        await begin(store, Ends({("calls", 2): 70}), PLACES)  # type: ignore[arg-type]
