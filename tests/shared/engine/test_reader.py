"""Reading a journal: what counts comes out, from whatever position the reading begins."""

from __future__ import annotations

from prometheus_client import REGISTRY

from shared.engine.broker import Record, Stored
from shared.engine.journal import START, InputPosition, StepHeaders, headers_of
from shared.engine.memory import MemoryBroker, MemoryLog
from shared.engine.reader import JournalReader
from shared.events import Claimed, CommandDone, Event, PositionsNoted
from shared.topics import CALLS, DECISIONS
from tests.simulation.virtual_time import EPOCH

PLACE = (DECISIONS.name, 0)


def write(log: MemoryLog, *written: tuple[int, str], topic: str = DECISIONS.name) -> None:
    """Records of a journal: epoch and name; `claim` claims the epoch, `clock` is a look at the clock."""
    for epoch, name in written:
        event: Event = CommandDone(command_id=name, result="done")
        if name == "claim":
            event = Claimed(epoch=epoch, writer=f"{epoch}/{len(log.places[topic, 0])}")
        elif name == "clock":
            event = PositionsNoted()
        common = StepHeaders(epoch, EPOCH, "1", {}, "triage").common()
        log.append(topic, 0, [Record("a", event.encode(), headers_of(event, "x/0/0", 0, common))])


def journal() -> MemoryLog:
    """Two owners, claims that lost, and late writes of the first; what counts is numbered."""
    log = MemoryLog(1)
    write(log, (1, "claim"), (1, "1"), (1, "2"), (2, "claim"), (1, "late"), (2, "3"), (-1, "clock"), (1, "claim"))
    write(log, (2, "claim"), (1, "late"), (2, "4"), (3, "claim"), (2, "late"), (3, "5"), (2, "late"))
    return log


def names(records: list[Stored]) -> list[str]:
    return [CommandDone.model_validate_json(stored.value).command_id for stored in records]


def late_writes() -> float:
    return REGISTRY.get_sample_value("careroute_late_writes_ignored_total", {"topic": DECISIONS.name}) or 0.0


async def reader(log: MemoryLog, position: InputPosition = START) -> JournalReader:
    made = JournalReader(await MemoryBroker(log).reader(), [DECISIONS.name])
    await made.assign({PLACE: position})
    return made


async def test_what_counts_comes_out_and_late_writes_are_counted() -> None:
    before, reading = late_writes(), await reader(journal())
    assert names(await reading.poll(0)) == ["1", "2", "3", "4", "5"]
    assert late_writes() - before == 4
    assert reading.positions == {PLACE: (15, 3)}
    assert reading.owner(PLACE).writer == "3/11"


async def test_from_every_position_that_was_reached_the_rest_comes_out_and_nothing_twice() -> None:
    log = journal()
    walking, seen = await reader(log), []
    for _ in range(len(log.places[PLACE])):
        seen += names(await walking.poll(0, max_records=1))
        rest = await (await reader(log, walking.position(PLACE))).poll(0)
        assert seen + names(rest) == ["1", "2", "3", "4", "5"], walking.position(PLACE)


async def test_the_offset_alone_would_not_tell_what_counts() -> None:
    log = journal()
    assert names(await (await reader(log, InputPosition(9, 2))).poll(0)) == ["4", "5"]
    assert names(await (await reader(log, InputPosition(9, 1))).poll(0)) == ["late", "5"]


async def test_it_reads_up_to_the_ends_that_were_asked_for_and_stands_there() -> None:
    log = journal()
    reading = await reader(log)
    assert names([stored async for stored in reading.until({PLACE: 10})]) == ["1", "2", "3"]
    assert reading.position(PLACE) == (10, 2)
    await reading.assign(reading.positions)
    assert names([stored async for stored in reading.until({PLACE: 15})]) == ["4", "5"]
    assert [stored async for stored in reading.until({PLACE: 15})] == []


async def test_positions_stand_after_the_record_in_hand() -> None:
    reading = await reader(journal())
    at = {names([stored])[0]: reading.position(PLACE) async for stored in reading.until({PLACE: 15})}
    assert at == {"1": (2, 1), "2": (3, 1), "3": (6, 2), "4": (11, 2), "5": (14, 3)}


async def test_in_a_topic_that_is_no_journal_everything_counts() -> None:
    log = MemoryLog(1)
    write(log, (1, "1"), (7, "2"), (0, "3"), topic=CALLS.name)
    reading = JournalReader(await MemoryBroker(log).reader(), [DECISIONS.name])
    await reading.assign({(CALLS.name, 0): InputPosition(1, 0)})
    assert names(await reading.poll(0)) == ["2", "3"]
    assert reading.positions == {(CALLS.name, 0): (3, 0)}


async def test_the_beginning_is_the_first_record_that_is_kept() -> None:
    log = journal()
    log.dropped_before[PLACE] = 11
    reading = await reader(log)
    assert reading.position(PLACE) == (11, 0)
    assert names([stored async for stored in reading.until({PLACE: 15})]) == ["5"]
    log.dropped_before[PLACE] = 15
    assert [stored async for stored in (await reader(log)).until({PLACE: 15})] == [], "there is nothing to wait for"
