"""Following topics: a view from the beginning, and a consumer that goes on where its database says that it was."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import pytest

from shared.engine.background import EndedByNobody
from shared.engine.broker import BrokerUnavailable, Record, Stored, TopicPartition
from shared.engine.follower import Follower
from shared.engine.journal import InputPosition
from shared.engine.memory import MemoryBroker, MemoryLog, MemoryReader
from shared.events import CommandDone, CommandRefused, Event
from shared.topics import CALLS, DECISIONS
from tests.rig.waiting import until
from tests.shared.engine.test_reader import journal, write
from tests.simulation.virtual_time import VirtualClock, run

PLACE = (DECISIONS.name, 0)


@dataclass
class View:
    """What was folded, by command id."""

    folded: list[str] = field(default_factory=list)

    def fold(self, agency: str, event: Event, stored: Stored) -> None:
        assert (agency, stored.topic) == ("a", DECISIONS.name)
        assert isinstance(event, CommandDone)
        self.folded.append(event.command_id)


async def test_a_view_is_folded_from_the_beginning_and_knows_when_it_has_been_read_to_its_end() -> None:
    log, view = journal(), View()
    following = Follower(MemoryBroker(log), [DECISIONS], view.fold)
    assert not following.ready
    await following.start()
    await until(lambda: following.ready)
    assert view.folded == ["1", "2", "3", "4", "5"]
    write(log, (3, "6"), (2, "late"))
    await until(lambda: view.folded[-1] == "6")
    await following.stop()
    assert following.failed is None


async def test_it_is_ready_where_nothing_is_kept_any_more() -> None:
    log = MemoryLog(1)
    write(log, (0, "1"), topic=CALLS.name)
    log.dropped_before[CALLS.name, 0] = 1
    following = Follower(MemoryBroker(log), [CALLS], View().fold)
    await following.start()
    await until(lambda: following.ready)
    await following.stop()


async def test_it_stops_though_it_is_told_to_in_the_instant_in_which_the_log_answers() -> None:
    stopping: list[asyncio.Task[None]] = []

    async def network(operation: str) -> None:
        if operation == "ends" and following.ready and not stopping:
            stopping.append(asyncio.create_task(following.stop()))

    following = Follower(MemoryBroker(journal(), network=network), [DECISIONS], View().fold)
    await following.start()
    await until(lambda: bool(stopping))
    async with asyncio.timeout(5):
        await stopping[0]
    assert following.failed is None


async def test_events_that_are_not_asked_for_are_not_decoded_and_what_cannot_be_decoded_is_passed_over() -> None:
    log, view = journal(), View()
    log.append(*PLACE, [Record("a", b"no json", (("type", b"command-done"), ("epoch", b"3")))])
    log.append(*PLACE, [Record("a", b"no json", (("type", b"call-routed"), ("epoch", b"3")))])
    for kinds, folded in ((frozenset({CommandDone}), 5), (frozenset({CommandRefused}), 0)):
        view.folded.clear()
        following = Follower(MemoryBroker(log), [DECISIONS], view.fold, kinds)
        await following.start()
        await until(lambda following=following: following.ready)  # type: ignore[misc]
        await following.stop()
        assert len(view.folded) == folded


@pytest.mark.parametrize(
    ("where", "failed"), [("fold", KeyError), ("reached", ConnectionError), ("library", EndedByNobody)]
)
async def test_an_exception_ends_it(where: str, failed: type[Exception]) -> None:
    """A cancellation that nobody of ours asked for, too: else it would be ready for ever, and read no more."""

    def fold(*_: object) -> None:
        if where == "fold":
            raise KeyError

    async def reached(_: object) -> None:
        if where == "reached":
            raise ConnectionError
        if where == "library":
            inside = asyncio.ensure_future(asyncio.sleep(9))
            inside.cancel()
            await inside

    following = Follower(MemoryBroker(journal()), [DECISIONS], fold, reached=reached)
    await following.start()
    await until(lambda: following.failed is not None)
    assert not following.ready
    assert isinstance(following.failed, failed)
    await following.stop()


async def test_one_that_is_stopped_has_not_failed() -> None:
    following = Follower(MemoryBroker(journal()), [DECISIONS], View().fold)
    await following.start()
    await until(lambda: following.ready)
    await following.stop()
    assert following.failed is None


# --- a consumer with a database --------------------------------------------------------------------------------------


@dataclass
class Database:
    """Rows and positions, both or neither. A transaction may take long enough for its process to die in it."""

    random: random.Random
    rows: list[str] = field(default_factory=list)
    positions: Mapping[TopicPartition, InputPosition] = field(default_factory=dict)

    async def store(self, rows: list[str], positions: Mapping[TopicPartition, InputPosition]) -> None:
        await asyncio.sleep(self.random.choice((0.0, 0.0, 0.5)))
        self.rows += rows
        self.positions = positions


@dataclass
class Consumer:
    """A process that stores what counts; what it has not stored yet dies with it."""

    broker: MemoryBroker
    database: Database
    rows: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.follower = Follower(
            self.broker, [DECISIONS], self.fold, positions=self.database.positions, reached=self.reached
        )

    def fold(self, agency: str, event: Event, stored: Stored) -> None:
        assert isinstance(event, CommandDone), (agency, stored)
        self.rows.append(event.command_id)

    async def reached(self, positions: Mapping[TopicPartition, InputPosition]) -> None:
        await self.database.store(self.rows, positions)
        self.rows.clear()


@pytest.mark.parametrize("seed", range(20))
def test_whenever_its_process_dies_every_event_is_stored_once_and_no_late_write_ever(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Owners follow upon each other, their zombies write on, and the consumer is killed and started again."""

    async def scenario() -> None:
        dice = random.Random(seed)
        log, database, epoch, counting = MemoryLog(1), Database(dice), 0, 0
        monkeypatch.setattr(MemoryBroker, "reader", slow_reader(dice))
        for _ in range(30):
            consumer = Consumer(MemoryBroker(log), database)
            await consumer.follower.start()
            for _ in range(dice.randrange(12)):
                what = dice.random()
                if what < 0.2 or epoch == 0:
                    epoch += dice.randrange(2)
                    write(log, (epoch, "claim"))
                elif what < 0.5:
                    write(log, (dice.randrange(epoch), "late"))
                elif log.places[PLACE]:
                    counting += 1
                    write(log, (epoch, str(counting)))
                await asyncio.sleep(dice.choice((0.0, 0.01, 0.3)))
            await consumer.follower.stop()
            assert consumer.follower.failed is None
        last = Consumer(MemoryBroker(log), database)
        await last.follower.start()
        await until(lambda: last.follower.ready)
        await last.follower.stop()
        assert database.rows == [str(number) for number in range(1, counting + 1)]
        assert counting > 20

    run(scenario())


def slow_reader(dice: random.Random) -> Callable[[MemoryBroker], object]:
    """Few records a poll, so that batches end anywhere."""
    made = MemoryBroker.reader

    async def reader(broker: MemoryBroker, *, settled: bool = False) -> object:
        del settled
        reading = await made(broker)
        poll = reading.poll

        async def poll_few(timeout_seconds: float, max_records: int = 1000) -> list[Stored]:
            return await poll(timeout_seconds, min(max_records, dice.randint(1, 3)))

        reading.poll = poll_few  # type: ignore[method-assign]
        return reading

    return reader


class Watched(MemoryBroker):
    """A broker that goes away, and answers late."""

    away = False

    async def reader(self, *, settled: bool = False) -> MemoryReader:
        reader, ends = await super().reader(settled=settled), MemoryReader.ends

        async def ends_or_nothing(places: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
            if self.away:
                raise BrokerUnavailable("away")
            return await ends(reader, places)

        reader.ends = ends_or_nothing  # type: ignore[method-assign]
        return reader


def test_the_lag_is_the_time_since_everything_was_read_for_certain() -> None:
    async def follow() -> None:
        log = journal()
        clock = VirtualClock(asyncio.get_running_loop())
        broker = Watched(log)
        following = Follower(broker, [DECISIONS], lambda *_: None, clock=clock)
        await following.start()
        lags = []
        for away, seconds in ((False, 10), (True, 20), (False, 4)):
            broker.away = away
            await asyncio.sleep(seconds)
            lags.append(following.lag_seconds())
        await following.stop()
        assert following.failed is None
        assert lags[0] <= 3
        assert 20 <= lags[1] <= 23
        assert lags[2] <= 3

    run(follow())
