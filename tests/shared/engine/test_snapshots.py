"""Rounds of snapshots: what is saved, and that a restart from them is a restart from the whole journal."""

from __future__ import annotations

import asyncio
import json
import os
import zlib
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from immutables import Map
from prometheus_client import REGISTRY
from pydantic import TypeAdapter
from structlog.testing import capture_logs

from shared.engine.journal import START, InputPosition
from shared.engine.kafka import KafkaBroker, create_topics
from shared.engine.memory import MemoryBroker, MemoryLog
from shared.engine.partition import Partition
from shared.engine.service import Service
from shared.engine.snapshot_cache import Snapshot, Snapshots
from shared.engine.snapshots import SIZES, Saved, Sizes, SnapshotRound, read_snapshots, write_snapshots
from shared.engine.topic import snapshots_of
from shared.topics import ASSIGNMENTS, CALLS
from tests.shared.engine.toy import TOY, State, owner, put, reported

PLACE = (ASSIGNMENTS.name, 0)
SNAPSHOTS = (f"{TOY.name}-snapshots", 0)


def too_large() -> float:
    labels = {"service": TOY.name, "why": "too-large"}
    return REGISTRY.get_sample_value("careroute_snapshots_not_saved_total", labels) or 0.0


class Owner:
    """A partition and its owner, step by step and round by round."""

    def __init__(self, service: Service[State] = TOY) -> None:
        self.log, self.service = MemoryLog(1), service
        self.broker = MemoryBroker(self.log)

    async def claim(self) -> Partition[State]:
        self.partition = await owner(self.service, self.broker, self.log.clock)
        return self.partition

    async def live(self, *calls: str) -> None:
        """Decide calls, each named `agency/name`."""
        for call in calls:
            agency, _, name = call.partition("/")
            offset = put(self.log, CALLS.name, reported(name, self.log.clock, agency), self.log.clock, agency=agency)
            self.partition.backlog.feed(self.log.places[CALLS.name, 0][offset])
        await self.partition.step()

    async def write(self, round_: SnapshotRound[State], sizes: Sizes = SIZES) -> None:
        self.partition.end_round(await write_snapshots(self.service, self.broker, round_, sizes))

    async def restored(self) -> Snapshots[State]:
        return (await read_snapshots(self.service, await self.broker.reader(), [0]))[0]

    async def round(self, sizes: Sizes = SIZES) -> list[str]:
        """Save; the keys that were written."""
        before = len(self.log.places[SNAPSHOTS])
        await self.write(self.partition.begin_round(), sizes)
        return [stored.key for stored in self.log.places[SNAPSHOTS][before:]]

    def standing(self) -> set[str]:
        """The keys that compaction leaves in the end."""
        values = {stored.key: stored.value for stored in self.log.places[SNAPSHOTS]}
        return {key for key, value in values.items() if value}

    async def restarts_the_same(self) -> bool:
        """Whether a restart gives the states that reading the whole journal gives."""
        whole = Owner(self.service)
        whole.log.places.update({place: records for place, records in self.log.places.items() if place != SNAPSHOTS})
        expected = dict((await whole.claim()).states)
        return dict((await self.claim()).states) == expected


async def test_a_round_saves_what_has_changed_since_and_its_floor_names_everybody() -> None:
    owner = Owner()
    await owner.claim()
    await owner.live("a/1", "b/1", "c/1")
    assert await owner.round() == ["a/1", "b/1", "c/1", "#floor/1"]
    first = owner.partition.begin_round().position
    await owner.live("b/2")
    assert await owner.round() == ["b/1", "#floor/1"]
    floor = owner.log.places[SNAPSHOTS][-1]
    assert json.loads(floor.value) == {"a": first, "b": first + 2, "c": first}
    assert int(floor.headers["position"]) == first + 2
    assert await owner.round() == ["#floor/1"]
    assert await owner.restarts_the_same()


async def test_after_a_restart_only_what_is_newer_than_its_snapshot_is_saved() -> None:
    owner = Owner()
    await owner.claim()
    await owner.live("a/1", "b/1")
    await owner.round()
    await owner.live("b/2")
    await owner.claim()
    assert await owner.round() == ["b/1", "#floor/1"]
    assert await owner.restarts_the_same()


async def test_what_changes_during_a_round_is_saved_as_it_was_and_again_in_the_next() -> None:
    owner = Owner()
    await owner.claim()
    await owner.live("a/1", "b/1")
    begun = owner.partition.begin_round()
    await owner.live("b/2")
    await owner.write(begun)
    assert await owner.restarts_the_same()
    assert await owner.round() == ["b/1", "#floor/1"]


async def test_a_round_that_its_process_does_not_end_loses_nothing() -> None:
    owner = Owner()
    await owner.claim()
    await owner.live("a/1", "b/1")
    await owner.round()
    await owner.live("a/2", "b/2")
    begun = owner.partition.begin_round()
    await owner.write(replace(begun, states={"a": begun.states["a"]}))
    owner.log.places[SNAPSHOTS].pop()  # it died before the floor was written
    assert await owner.restarts_the_same()


async def test_a_state_that_is_too_large_to_be_saved_leaves_no_floor_and_no_parts() -> None:
    owner, sizes = Owner(), Sizes(record=400, part=100, state=600)
    await owner.claim()
    await owner.live("a/1", *(f"b/{number}" for number in range(20)), "c/1")
    before = too_large()
    with capture_logs() as logs:
        keys = await owner.round(sizes)
    parts = [key for key in keys if key.startswith("b/1#")]
    assert keys == ["a/1", *parts]
    assert parts[: len(parts) // 2] == sorted(parts[len(parts) // 2 :])
    assert owner.standing() == {"a/1"}
    assert too_large() == before + 1
    assert [(log["event"], log["agency"], log["log_level"]) for log in logs] == [("snapshot too large", "b", "error")]
    assert await owner.round() == ["a/1", "b/1", "c/1", "#floor/1"]
    assert await owner.restarts_the_same()


LARGE = Sizes(record=300, part=100)
"""A state of some calls does not fit into a record."""


async def test_a_state_that_does_not_fit_into_a_record_is_saved_in_parts_and_read_back() -> None:
    owner = Owner()
    await owner.claim()
    await owner.live("a/1", *(f"b/{number}" for number in range(10)))
    at = f"{owner.partition.epoch}.{owner.partition.begin_round().position}"
    keys = await owner.round(LARGE)
    parts = [f"b/1#{at}.{number}" for number in range(len(keys) - 3)]
    assert len(parts) > 3
    assert keys == ["a/1", *parts, f"b/1#{at}", "#floor-on-parts/1"]
    owner.log.places[PLACE][: int(owner.log.places[SNAPSHOTS][-1].headers["position"])] = []
    restored = await owner.restored()
    assert (restored.start.offset, restored.missing) == (owner.partition.begin_round().position, ())
    assert {agency: each.state for agency, each in restored.agencies.items()} == dict(owner.partition.states)


@pytest.mark.parametrize("sizes", [SIZES, LARGE], ids=["in one record", "in parts"])
async def test_other_work_goes_on_while_a_state_is_read(sizes: Sizes) -> None:
    async def turns(calls: int) -> int:
        owner, turns = Owner(), 0
        await owner.claim()
        for first in range(0, calls, 100):
            await owner.live(*(f"a/{number}" for number in range(first, first + 100)))
        await owner.round(sizes)
        task = asyncio.create_task(owner.restored())
        while not task.done():
            turns += 1
            await asyncio.sleep(0)
        return turns

    assert await turns(1_000) > await turns(100) + 900 * 4 / 50


async def test_a_record_of_a_version_before_is_read_whole() -> None:
    owner = Owner()
    await owner.claim()
    await owner.live("a/1", "b/1")
    await owner.round()
    for number, stored in enumerate(owner.log.places[SNAPSHOTS][:2]):
        state = TOY.packer.unpack(stored.value)
        value = zlib.compress(TypeAdapter(State).dump_json(state))
        headers = {name: stored.headers[name] for name in ("epoch", "position", "positions", "time")}
        owner.log.places[SNAPSHOTS][number] = replace(stored, value=value, headers=headers)
    assert len((await owner.restored()).agencies) == 2
    assert await owner.restarts_the_same()


async def test_a_newer_snapshot_in_parts_erases_the_older_once_its_floor_is_written() -> None:
    owner = Owner()
    await owner.claim()
    await owner.live("a/1", *(f"b/{number}" for number in range(10)))
    first = [key for key in await owner.round(LARGE) if "#" in key[1:]]
    await owner.live("b/10")
    second = await owner.round(LARGE)
    floor = second.index("#floor-on-parts/1")
    assert sorted(second[floor + 1 :]) == sorted(first)
    assert owner.standing() == {"a/1", *second[: floor + 1]}
    assert await owner.restarts_the_same()


async def test_a_state_that_fits_again_is_one_record_and_its_parts_are_erased() -> None:
    owner = Owner()
    await owner.claim()
    await owner.live("a/1", *(f"b/{number}" for number in range(10)))
    await owner.round(LARGE)
    await owner.live("b/10")
    await owner.round()
    assert owner.standing() == {"a/1", "b/1", "#floor/1", "#floor-on-parts/1"}
    assert (await owner.restored()).start.offset == owner.partition.begin_round().position
    assert await owner.restarts_the_same()
    await owner.live("b/11")
    await owner.live()  # the owner before did not end in order: what is decided next is noted first
    assert await owner.round() == ["b/1", "#floor/1"], "what was erased once is not erased by the next owner again"


async def test_parts_of_an_agency_that_does_not_change_stay_and_the_floor_counts_on_them() -> None:
    owner = Owner()
    await owner.claim()
    await owner.live("a/1", *(f"b/{number}" for number in range(10)))
    parts = [key for key in await owner.round(LARGE) if key.startswith("b")]
    await owner.claim()
    await owner.live("a/2")
    await owner.live()  # the owner before did not end in order: what is decided next is noted first
    assert await owner.round(LARGE) == ["a/1", "#floor-on-parts/1"]
    assert owner.standing() == {"a/1", *parts, "#floor-on-parts/1"}
    assert await owner.restarts_the_same()


async def test_parts_of_another_version_of_the_state_are_neither_read_nor_erased() -> None:
    owner = Owner()
    await owner.claim()
    await owner.live(*(f"b/{number}" for number in range(10)))
    before = {*await owner.round(LARGE)}
    newer = Owner(replace(TOY, state_version=2))
    newer.log, newer.broker = owner.log, owner.broker
    assert (await newer.restored()).agencies == {}
    await newer.claim()
    await newer.round(LARGE)
    await newer.live("b/10")
    await newer.round(LARGE)
    assert before < newer.standing()
    assert await newer.restarts_the_same()


async def test_where_a_part_is_gone_the_whole_journal_is_read_and_it_is_said() -> None:
    owner = Owner()
    await owner.claim()
    await owner.live("a/1", *(f"b/{number}" for number in range(10)))
    await owner.round(LARGE)
    for number, stored in enumerate(owner.log.places[SNAPSHOTS]):
        if stored.key.endswith(".1"):
            owner.log.places[SNAPSHOTS][number] = replace(stored, key="", headers={"epoch": b"0", "position": b"0"})
    with capture_logs() as logs:
        restored = await owner.restored()
    assert (restored.start, restored.missing, [*restored.agencies]) == (START, ("b",), ["a"])
    assert [(log["event"], log["agency"]) for log in logs] == [("snapshot missing", "b")]
    with capture_logs():
        assert await owner.restarts_the_same()


async def test_who_hands_over_goes_on_with_what_it_has_and_knows_what_of_that_is_saved() -> None:
    owner = Owner()
    await owner.claim()
    await owner.live("a/1", "b/1")
    await owner.claim()
    await owner.round()
    await owner.live("b/2")
    await owner.live()  # the owner before did not end in order: what is decided next is noted first
    positions, end = dict(owner.partition.positions), len(owner.log.places[PLACE])
    restoration, at = owner.partition.handed_over()
    assert restoration.positions() == positions
    assert at == (end, owner.partition.epoch)
    again = restoration.finish(at, owner.log.clock.now())
    assert dict(again.states) == dict(owner.partition.states)
    assert [agency for agency, changed in again.changed_at.items() if changed > restoration.saved[agency]] == ["b"]


@pytest.mark.kafka
async def test_a_large_state_goes_to_a_real_kafka_and_back(kafka: str) -> None:
    service, sizes = replace(TOY, name=f"large-{os.urandom(4).hex()}"), Sizes(record=0)
    await create_topics(kafka, 1, 1, [snapshots_of(service.name)])
    broker = KafkaBroker(kafka, 1)
    reader = await broker.reader()
    for epoch in (1, 2):
        state = State(versions=Map((os.urandom(40).hex(), epoch) for _ in range(60_000)))
        now = datetime.now(UTC)
        round_ = SnapshotRound(0, epoch, epoch * 10, {}, now, {"a": state}, Saved({}))
        saved = await write_snapshots(service, broker, round_, sizes)
        assert saved.parts is not None
        assert len(saved.parts) > 3
        assert {part.rank.epoch for part in saved.parts} == {epoch}, "what was before is erased"
        restored = (await read_snapshots(service, reader, [0]))[0]
        assert restored.agencies == {"a": Snapshot(state, epoch, epoch * 10, now.isoformat())}
        assert restored.start == InputPosition(epoch * 10, epoch)
    await reader.close()
    await broker.close()


async def test_rounds_are_due_by_how_far_the_journal_has_come() -> None:
    owner = Owner()
    await owner.claim()
    claimed = owner.partition.records_since_round
    await owner.live("a/1", "b/1")
    assert owner.partition.records_since_round == claimed + 4
    await owner.round()
    assert owner.partition.records_since_round == 0
    await owner.live("a/2")
    await owner.claim()
    assert owner.partition.records_since_round == 2 + claimed, "what is not in a snapshot counts after a restart too"
