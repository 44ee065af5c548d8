"""Rounds of snapshots: what is saved, and that a restart from them is a restart from the whole journal."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from shared.engine import snapshots
from shared.engine.memory import MemoryBroker, MemoryLog
from shared.engine.partition import Partition
from shared.engine.service import Service
from shared.engine.snapshots import SnapshotRound, write_snapshots
from shared.engine.state import Packer
from shared.topics import ASSIGNMENTS, CALLS
from tests.shared.engine.toy import TOY, State, owner, put, reported

PLACE = (ASSIGNMENTS.name, 0)
SNAPSHOTS = (f"{TOY.name}-snapshots", 0)


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

    async def write(self, round_: SnapshotRound[State]) -> None:
        self.partition.end_round(await write_snapshots(self.service, self.broker, round_))

    async def round(self) -> list[str]:
        """Save; the keys that were written."""
        before = len(self.log.places[SNAPSHOTS])
        await self.write(self.partition.begin_round())
        return [stored.key for stored in self.log.places[SNAPSHOTS][before:]]

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


async def test_a_state_that_is_too_large_to_be_saved_keeps_the_floor_where_it_was(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def packed(packer: Packer, state: State) -> bytes:
        return packer.pack(state) + b"x" * (600 * ("b/cad/1" in state.calls))

    monkeypatch.setattr(snapshots, "SNAPSHOT_BYTES", 65_536 + 500)
    monkeypatch.setattr(snapshots, "packed", packed)
    owner = Owner()
    await owner.claim()
    await owner.live("a/1", "b/1", "c/1")
    assert await owner.round() == ["a/1"]
    monkeypatch.setattr(snapshots, "SNAPSHOT_BYTES", 65_536 + 5_000)
    assert await owner.round() == ["a/1", "b/1", "c/1", "#floor/1"]


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
