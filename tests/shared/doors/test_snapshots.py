"""A door that starts goes on from what it knew, and from the journals alone where that cannot be used."""

from __future__ import annotations

import asyncio
import gc
import itertools
import os
import pickle
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from prometheus_client import REGISTRY

from shared.doors import snapshots
from shared.doors.answers import AnswerFollower, Kept
from shared.doors.snapshots import ViewSnapshots
from shared.engine.broker import Broker, BrokerUnavailable, Record, Stored
from shared.engine.journal import InputPosition, StepHeaders, headers_of
from shared.engine.kafka import KafkaBroker, create_topics
from shared.engine.memory import MemoryBroker, MemoryLog, Network
from shared.engine.snapshots import Sizes
from shared.engine.topic import snapshots_of
from shared.events import Claimed, CommandDone, Event, VersionNoted
from shared.sealing import Sealer, new_key
from shared.topics import DECISIONS
from tests.rig.clocks import LaterClock, StandingClock
from tests.rig.waiting import until
from tests.simulation.virtual_time import EPOCH

KEY = new_key()
SNAPSHOTS = ("door-snapshots", 0)


class View:
    """What was folded, by agency."""

    def __init__(self) -> None:
        self.folded: dict[str, list[str]] = {}
        self.last: tuple[str, datetime] | None = None

    def fold(self, agency: str, event: Event, stored: Stored) -> None:
        assert isinstance(event, CommandDone)
        self.folded.setdefault(agency, []).append(event.command_id)
        self.last = (event.command_id, stored.time)


class Door:
    """A process of a door that keeps a view of one journal."""

    def __init__(self, broker: Broker, key: str = KEY, setting: object = "", second: str = "") -> None:
        self.view, self.read = View(), 0
        self.restored: list[int] = []
        clock = LaterClock()
        self.snapshots = ViewSnapshots("door", broker, Sealer(key, second), clock, setting)
        kept = Kept(self.view, self.snapshots, lambda: self.restored.append(len(self.view.folded)))
        self.follower = AnswerFollower(broker, [DECISIONS], self.fold, frozenset({VersionNoted}), kept)

    def fold(self, agency: str, event: Event, stored: Stored) -> None:
        self.read += 1
        self.view.fold(agency, event, stored)

    async def knows(self, records: int) -> None:
        await self.follower.start()
        await until(lambda: self.follower.ready and sum(map(len, self.view.folded.values())) == records)


def done(name: str) -> Event:
    return CommandDone(command_id=name, result="done", sentence="what nobody else reads")


def records(*names: str, start: int = 0) -> list[Record]:
    common = StepHeaders(1, EPOCH, "1", {}, "triage").common()
    return [
        Record(f"a{number % 3}", done(name).encode(), headers_of(done(name), f"commands/0/{number}", 0, common))
        for number, name in enumerate(names, start)
    ]


def claim() -> Record:
    common = StepHeaders(1, EPOCH, "1", {}, "triage").common()
    event = Claimed(epoch=1, writer="w")
    return Record("", event.encode(), headers_of(event, "claim", 0, common))


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshots, "EVERY_RECORDS", 10)
    monkeypatch.setattr(snapshots, "EVERY_SECONDS", 0.0)
    monkeypatch.setattr(snapshots, "TIMES_AS_LONG", 0)


def journal(count: int) -> MemoryLog:
    log = MemoryLog(1)
    log.append(DECISIONS.name, 0, [claim(), *records(*map(str, range(count)))])
    return log


async def saved(log: MemoryLog, network: Network | None = None, **given: Any) -> Door:
    """A door that has read a journal and saved what it knows; it has ended."""
    broker = MemoryBroker(log) if network is None else MemoryBroker(log, network)
    door, before = Door(broker, **given), len(log.places[SNAPSHOTS])
    count = len(log.places[DECISIONS.name, 0]) - 1
    await door.knows(count)
    log.append(DECISIONS.name, 0, records("last", start=count))
    await until(lambda: len(log.places[SNAPSHOTS]) > before and door.snapshots._writing is not None)
    assert door.snapshots._writing is not None
    await door.snapshots._writing
    await door.follower.stop()
    return door


async def test_a_door_goes_on_from_what_it_knew_and_remembers_answers() -> None:
    log = journal(30)
    before = await saved(log)
    log.append(DECISIONS.name, 0, records("after", start=31))
    after = Door(MemoryBroker(log))
    await after.knows(32)
    assert after.read == 1
    assert after.restored == [3]
    assert after.view.folded["a1"] == [*before.view.folded["a1"], "after"]
    assert await after.follower.answer("7", 0) == done("7")
    assert await after.follower.answer("commands/0/8", 0) == done("8")
    await after.follower.stop()


async def test_what_it_wrote_tells_nothing_to_who_has_no_key() -> None:
    log = journal(30)
    await saved(log)
    written = b"".join(stored.value for stored in log.places[SNAPSHOTS])
    assert b"nobody else reads" not in written
    assert b"CommandDone" not in written


@pytest.mark.parametrize("given", [{"key": new_key()}, {"setting": "another"}], ids=["key", "settings"])
async def test_what_another_has_saved_is_not_read_and_makes_room(given: dict[str, Any]) -> None:
    log = journal(30)
    await saved(log)
    door = await saved(log, **given)
    assert door.read == 32
    assert not door.restored
    again = Door(MemoryBroker(log), **given)
    await again.knows(32)
    assert (again.read, again.restored) == (0, [3])
    await again.follower.stop()


async def test_while_the_key_is_changed_it_is_sealed_anew_before_the_former_goes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The third step of a rotation had every door fold its journals from their beginning, unless much had come."""
    log, next_key = journal(30), new_key()
    await saved(log, second=next_key)  # the first step
    monkeypatch.setattr(snapshots, "EVERY_RECORDS", 20)  # of those that are there; one more comes
    await saved(log, key=next_key, second=KEY)
    after = Door(MemoryBroker(log), key=next_key)
    await after.knows(32)
    assert after.read == 0
    await after.follower.stop()


async def test_a_journal_that_ends_before_what_was_saved_is_read_anew_and_what_is_saved_then_counts() -> None:
    log = journal(200)
    await saved(log)
    log.places[DECISIONS.name, 0] = log.places[DECISIONS.name, 0][:21]
    door = await saved(log)
    assert (door.read, door.restored) == (21, [])
    again = Door(MemoryBroker(log))
    await again.knows(21)
    assert (again.read, again.restored) == (0, [3])
    await again.follower.stop()


@pytest.fixture
def in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshots, "SIZES", Sizes(record=300, part=200))


async def is_written(door: Door, before: object = None) -> None:
    """Until a snapshot is written after another, or could not be."""
    kept = door.snapshots
    await until(lambda: kept._writing is not None and kept._writing is not before and kept._writing.done())


@pytest.mark.usefixtures("in_parts")
async def test_two_who_save_at_the_same_record_write_over_no_part_of_the_others() -> None:
    turns = Random(6)

    async def network(operation: str) -> None:
        for _ in range(turns.randrange(5) if operation == "append" else 0):
            await asyncio.sleep(0)

    log, positions = journal(31), {(DECISIONS.name, 0): InputPosition(32, 1)}
    doors, packed = [Door(MemoryBroker(log, network=network)) for _ in range(2)], list[bytes]()
    for door in doors:
        await door.knows(31)
        await door.follower.stop()
        packed.append(door.snapshots._pack(positions, (door.follower._answers, vars(door.view))))
    await asyncio.gather(*(door.snapshots._write(32, each) for door, each in zip(doors, packed, strict=True)))
    after = Door(MemoryBroker(log))
    await after.knows(31)
    assert (after.read, after.restored) == (0, [3])
    await after.follower.stop()


@pytest.mark.usefixtures("in_parts")
async def test_what_a_broker_took_of_snapshots_that_failed_is_erased_once_one_is_whole() -> None:
    taken, failing = 0, set[int]()

    async def network(operation: str) -> None:
        nonlocal taken
        taken += operation == "append"
        if operation == "append" and taken in failing:
            raise BrokerUnavailable

    log, writing = journal(30), None
    door = Door(MemoryBroker(log, network=network))
    await door.knows(30)
    for after in (0, 3, 3, 0):  # the first is whole, and so is the last
        failing |= {taken + after} if after else set()
        log.append(DECISIONS.name, 0, records(*map(str, range(12))))
        await is_written(door, writing)
        writing = door.snapshots._writing
    await door.follower.stop()
    standing = {stored.key: stored.value for stored in log.places[SNAPSHOTS] if "#" in stored.key.rpartition("/")[2]}
    assert len({key.split(".")[1] for key in standing}) == 4
    assert len({key.split(".")[1] for key, value in standing.items() if value}) == 1


@pytest.mark.parametrize("at", [0, 8, 20, 40, -1], ids=str)
async def test_damage_is_seen_and_the_journal_read(at: int) -> None:
    log = journal(30)
    await saved(log)
    whole = next(stored for stored in log.places[SNAPSHOTS] if stored.key.startswith("view/"))
    changed = bytearray(whole.value)
    changed[at] ^= 1
    log.places[SNAPSHOTS][whole.offset] = replace(whole, value=bytes(changed))
    door = Door(MemoryBroker(log))
    await door.knows(31)
    assert (door.read, door.restored) == (31, [])
    await door.follower.stop()


def refusing(*ends: int) -> Callable[[str], Awaitable[None]]:
    """A network in which some questions for the ends of topics fail, by their number: that for the snapshot is 1."""
    asked = itertools.count(1)

    async def network(operation: str) -> None:
        if operation == "ends" and next(asked) in ends:
            message = "no such topic"
            raise BrokerUnavailable(message)

    return network


async def test_a_topic_that_is_not_there_keeps_no_door_from_starting() -> None:
    log = journal(30)
    await saved(log)
    door = Door(MemoryBroker(log, network=refusing(1, 3)))
    await door.knows(31)
    assert (door.read, door.restored) == (31, [])
    await door.follower.stop()


@pytest.mark.parametrize("away", [(1,), (1, 2)], ids=["for a moment", "at the start"])
async def test_a_broker_that_comes_late_costs_no_snapshot(away: tuple[int, ...]) -> None:
    log = journal(30)
    await saved(log)
    door = Door(MemoryBroker(log, network=refusing(*away)))
    if 2 in away:
        with pytest.raises(BrokerUnavailable):
            await door.follower.start()
    await door.knows(31)
    assert (door.read, door.restored) == (0, [3])
    await door.follower.stop()


async def test_a_broker_that_hangs_keeps_no_door_from_starting_and_what_is_large_is_unpacked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(snapshots, "READ_SECONDS", 0.3)
    hanging = ["poll"]

    async def network(operation: str) -> None:
        if operation in hanging:
            hanging.clear()
            await asyncio.sleep(60)

    log = journal(30)
    await saved(log)
    for door in (Door(MemoryBroker(log, network)), Door(MemoryBroker(log))):
        monkeypatch.setattr(door.snapshots, "_unpack", slowly(door.snapshots._unpack))
        await door.knows(31)
        await door.follower.stop()
    assert (door.read, door.restored, hanging) == (0, [3], [])


def slowly(unpack: Callable[[bytes], Any]) -> Callable[[bytes], Any]:
    def unpacked(sealed: bytes) -> Any:
        time.sleep(0.5)
        return unpack(sealed)

    return unpacked


async def test_what_is_saved_counts_even_where_nothing_could_be_read_at_the_start() -> None:
    failing = {"ends"}

    async def network(operation: str) -> None:
        if operation in failing:
            failing.clear()
            raise BrokerUnavailable

    log = journal(30)
    for setting in ("former", "another", "former"):
        await saved(log, setting=setting)
    door = await saved(log, network=network)
    assert (door.read, door.restored) == (34, [])
    again = Door(MemoryBroker(log))
    await again.knows(34)
    assert (again.read, again.restored) == (0, [3])
    await again.follower.stop()


async def test_what_cannot_be_saved_is_counted_and_the_door_goes_on() -> None:
    def failed() -> float:
        labels = {"service": "door", "why": "failed"}
        return REGISTRY.get_sample_value("careroute_snapshots_not_saved_total", labels) or 0.0

    log, before = journal(30), failed()
    door = Door(MemoryBroker(log))
    vars(door.view)["strange"] = lambda: None
    await door.knows(30)
    log.append(DECISIONS.name, 0, records("last"))
    await until(lambda: failed() > before)
    await until(lambda: sum(map(len, door.view.folded.values())) == 31)
    assert door.follower.failed is None
    assert not log.places[SNAPSHOTS]
    await door.follower.stop()


async def test_the_longer_one_took_to_make_the_longer_it_is_until_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, positions = StandingClock(EPOCH), {(DECISIONS.name, 0): InputPosition(1_000, 1)}
    kept = ViewSnapshots("door", MemoryBroker(MemoryLog(1)), Sealer(KEY), clock)
    monkeypatch.setattr(snapshots, "EVERY_SECONDS", 600.0)
    monkeypatch.setattr(snapshots, "TIMES_AS_LONG", 100)
    takes = [0, 20]

    def pack(_positions: object, _known: object) -> bytes:
        clock.at += timedelta(seconds=takes.pop(0))
        return b""

    monkeypatch.setattr(kept, "_pack", pack)
    for until_next in (600, 2_000):
        assert kept.is_due(positions)
        began_at = clock.at
        await kept.save(positions, "")
        await kept.close()
        clock.at = began_at + timedelta(seconds=until_next - 1)
        assert not kept.is_due(positions)
        clock.at += timedelta(seconds=1)


class Code:
    """What a stranger would have a door run."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (os.system, ("exit 1",))


class Hidden:
    """The same by a function of ours."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (snapshots._code, ())


@pytest.mark.parametrize("stranger", [Code(), Hidden(), len, pickle.Pickler], ids=lambda each: type(each).__name__)
async def test_a_snapshot_is_made_of_records_and_of_nothing_that_runs(stranger: object) -> None:
    door = Door(MemoryBroker(journal(1)))
    packed = door.snapshots._pack({}, stranger)
    with pytest.raises(pickle.UnpicklingError, match="nothing that a view is made of"):
        door.snapshots._unpack(packed)
    assert gc.isenabled()


@pytest.mark.kafka
async def test_a_door_goes_on_from_what_it_knew_on_a_real_kafka(kafka: str) -> None:
    name = f"kept-{os.urandom(4).hex()}"
    topic = replace(DECISIONS, name=f"{name}-decisions")
    await create_topics(kafka, 1, 1, [snapshots_of(name), topic])
    broker = KafkaBroker(kafka, 1)
    await broker.append(topic.name, 0, [claim(), *records(*map(str, range(50)))])

    def door() -> tuple[AnswerFollower, View, ViewSnapshots]:
        view, kept = View(), ViewSnapshots(name, broker, Sealer(KEY), LaterClock())
        return AnswerFollower(broker, [topic], view.fold, kept=Kept(view, kept)), view, kept

    follower, view, kept = door()
    await follower.start()
    await until(lambda: follower.ready)
    await broker.append(topic.name, 0, records("last", start=50))
    await until(lambda: kept._writing is not None and kept._writing.done())
    await follower.stop()
    again, restored, _ = door()
    await again.start()
    await until(lambda: again.ready)
    assert vars(restored) == vars(view)
    assert sum(map(len, restored.folded.values())) == 51
    await again.stop()
    await broker.close()
