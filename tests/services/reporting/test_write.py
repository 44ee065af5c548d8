"""Whatever comes, in whatever order, however often: each record is stored once, and what does not count is not."""

from __future__ import annotations

from collections import Counter
from typing import Any, cast

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from services.reporting.projection import project as projection
from services.reporting.store.engine import open_engine
from services.reporting.store.prepare import prepare
from services.reporting.store.tables import EPISODE, OUTCOME, PLACE, RECORD
from services.reporting.store.write import Gap, Written, begin_at, positions, write
from shared.engine.broker import Stored, TopicPartition
from shared.events import CallForgotten, CallRouted, Claimed, Event
from shared.topics import ASSIGNMENTS
from tests.builders import call_routed
from tests.rig.log import JOURNALS
from tests.services.reporting.conftest import NOW
from tests.services.reporting.journals import PLACES, Topics, batches, everything, rows_of, store_all
from tests.simulation.simulate import simulate

LATE_WRITES = 10
LIKELY_SEED = 22
Journals = dict[TopicPartition, list[Stored]]


@pytest.fixture(scope="module")
def journals() -> Journals:
    """Of a city whose owners died, hung and were replaced, and wrote late."""
    seeds = (LIKELY_SEED, *range(1, 40))
    return next(journals for seed in seeds if late_writes(journals := journals_of(seed)) > LATE_WRITES)


def journals_of(seed: int) -> Journals:
    places = simulate(seed).log.places
    return {place: list(records) for place, records in places.items() if place in PLACES}


def late_writes(journals: Journals) -> int:
    counted = {id(record) for record in counting(journals)}
    left_out = (record for records in journals.values() for record in records if id(record) not in counted)
    return sum(record.headers["type"] not in {b"claimed", b"positions-noted"} for record in left_out)


def counting(journals: Journals) -> list[Stored]:
    """The ownership rule, written a second time."""
    found, epochs = list[Stored](), Counter[TopicPartition]()
    for place, records in journals.items():
        for record in records:
            epoch = int(record.headers.get("epoch", b"0"))
            if record.headers["type"] == b"claimed":
                epochs[place] = max(epochs[place], epoch)
            elif place[0] not in JOURNALS or epoch == epochs[place]:
                found.append(record)
    return found


async def test_a_whole_city_is_stored_each_record_once_and_late_writes_are_not(
    store: AsyncEngine, journals: Journals
) -> None:
    written = await store_all(store, batches(journals, 1, 300))
    counted = counting(journals)
    outcomes = [record for record in counted if record.headers["type"] == b"call-routed"]
    events = [CallRouted.model_validate_json(record.value) for record in outcomes]
    stored = [row for row in await rows_of(store, OUTCOME) if not row["by_failure"]]
    assert Counter((row["call_id"], row["episode"], row["outcome"]) for row in stored) == Counter(
        (event.call_id, event.episode, event.outcome) for event in events
    )
    assert {row["outcomes"] for row in await rows_of(store, EPISODE)} == {1}
    assert len(await rows_of(store, RECORD)) == len(counted) == written.stored
    assert sum(row["late_writes"] for row in await rows_of(store, PLACE)) == written.late > LATE_WRITES
    assert written.repeated == 0


async def test_the_rows_are_the_same_in_whichever_order_topics_are_read(
    store: AsyncEngine, journals: Journals, tmp_path_factory: pytest.TempPathFactory
) -> None:
    await store_all(store, batches(journals, 2, 1000))
    other = open_engine(f"sqlite+aiosqlite:///{tmp_path_factory.mktemp('other')}/store.sqlite")
    await prepare(other, NOW)
    await begin_at(other, dict.fromkeys(PLACES, 0))
    await store_all(other, batches(journals, 3, 100))
    one, another = await everything(store), await everything(other)
    await other.dispose()
    assert {name for name in one if one[name] != another[name]} == set()


async def test_what_is_read_again_changes_nothing(store: AsyncEngine, journals: Journals) -> None:
    some = {place: records[:150] for place, records in journals.items()}
    await store_all(store, batches(some, 1, 100))
    before = await everything(store)
    again = await store_all(store, batches(some, 4, 70))
    assert again == Written(0, sum(map(len, some.values())), 0)
    assert await everything(store) == before


async def test_a_gap_is_refused_and_nothing_of_its_batch_is_stored(store: AsyncEngine) -> None:
    topics = Topics()
    first, _, third = topics.assignments(*(call_routed(f"metro/cad/{n}", NOW) for n in range(3)))
    await write(store, [first])
    with pytest.raises(Gap, match="assignments/0: 1 was to come, and 2 came"):
        await write(store, [*topics.decisions(CallForgotten(call_id="x")), third])
    assert await positions(store) == {**dict.fromkeys(PLACES, 0), ("assignments", 0): 1}
    assert len(await rows_of(store, RECORD)) == 1


async def test_a_partition_that_the_store_does_not_know_is_a_gap(store: AsyncEngine) -> None:
    stored = Topics().append("elsewhere", call_routed("metro/cad/1", NOW))
    with pytest.raises(Gap, match="elsewhere/0"):
        await write(store, [stored])


async def test_facts_and_positions_stand_or_fall_together(store: AsyncEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    topics, kind = Topics(), cast("type[Event]", CallRouted)
    fold = projection.PROJECTIONS[kind]
    good, bad = topics.assignments(call_routed("metro/cad/1", NOW), call_routed("metro/cad/2", NOW))

    def fail(rows: Any, event: CallRouted, stored: Stored) -> None:
        fold.change(rows, event, stored)
        if event.call_id == "metro/cad/2":
            raise ZeroDivisionError

    monkeypatch.setitem(projection.PROJECTIONS, kind, fold._replace(change=fail))
    with pytest.raises(ZeroDivisionError):
        await write(store, [good, bad])
    assert await rows_of(store, OUTCOME) == []
    monkeypatch.undo()
    assert await write(store, [good, bad]) == Written(2, 0, 0)
    assert len(await rows_of(store, OUTCOME)) == 2


async def test_a_restart_in_the_middle_of_a_journal_knows_whose_records_count(store: AsyncEngine) -> None:
    topics = Topics()

    def routed(number: int, epoch: int) -> Stored:
        return topics.append(ASSIGNMENTS.name, call_routed(f"metro/cad/{number}", NOW), epoch=epoch)

    def claim(epoch: int) -> Stored:
        return topics.append(ASSIGNMENTS.name, Claimed(epoch=epoch, writer=f"w{epoch}"), epoch=epoch)

    for record in (claim(1), routed(1, 1), claim(2), routed(2, 1), routed(3, 2), routed(4, 1), claim(1), routed(5, 2)):
        await write(store, [record])  # a batch each: nothing is remembered between them but in the store
    assert [row["call_id"] for row in await rows_of(store, OUTCOME)] == ["metro/cad/1", "metro/cad/3", "metro/cad/5"]
    place = next(row for row in await rows_of(store, PLACE) if (row["topic"], row["partition"]) == ("assignments", 0))
    assert (place["next_offset"], place["epoch"], place["late_writes"]) == (8, 2, 2)


async def test_a_record_that_cannot_be_read_is_noted_and_keeps_nothing_up(store: AsyncEngine) -> None:
    topics = Topics()
    broken = topics.assignments(call_routed("metro/cad/1", NOW))[0]
    broken = Stored(**{name: getattr(broken, name) for name in Stored.__slots__} | {"value": b"{}"})
    await write(store, [broken, *topics.assignments(call_routed("metro/cad/2", NOW))])
    found = await everything(store)
    assert [(row["kind"], row["record_offset"]) for row in found["fault"]] == [("unreadable", 0)]
    assert len(found["outcome"]) == 1
    assert len(found["record"]) == 2
