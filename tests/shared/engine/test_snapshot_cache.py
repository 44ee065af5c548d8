"""Snapshots in parts: whoever writes what when, dies in between or wakes up late, a restart is one from everything."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.engine.background import Background
from shared.engine.broker import Appended, Record, Stored
from shared.engine.journal import START, InputPosition, Ownership, positions_of
from shared.engine.memory import MemoryBroker, MemoryLog
from shared.engine.partition import Partition
from shared.engine.restoration import Restoration
from shared.engine.snapshot_cache import FLOOR, LOWEST, PartKey, Rank, Snapshot, Snapshots, rank
from shared.engine.snapshots import Sizes, read_snapshots, write_snapshots
from shared.engine.standby import Standby
from shared.topics import ASSIGNMENTS, CALLS
from tests.shared.engine.toy import TOY, State, put, reported

PLACE = (ASSIGNMENTS.name, 0)
SNAPSHOTS = (f"{TOY.name}-snapshots", 0)
SMALL, LARGE = Sizes(), Sizes(record=250, part=150)
AGENCIES = ("a", "b")


@pytest.mark.parametrize(
    ("key", "part"),
    [
        ("a/1#2.30.4", PartKey("a/1", Rank(2, 30), 4)),
        ("a/1#2.30", PartKey("a/1", Rank(2, 30), None)),
        ("a#1.2/1#2.30.4", PartKey("a#1.2/1", Rank(2, 30), 4)),
        ("a/1", None),
        ("a#2.30/1", None),
        ("#floor/1", None),
    ],
)
def test_the_key_of_a_part_says_of_what_it_is_one(key: str, part: PartKey | None) -> None:
    assert PartKey.parse(key) == part
    assert part is None or str(part) == key


@dataclass(slots=True)
class Gated(MemoryBroker):
    """Lets what is written to the snapshots wait, batch by batch."""

    permits: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))
    waits: bool = False

    async def append(self, topic: str, partition: int, records: Sequence[Record]) -> Appended:
        if topic == SNAPSHOTS[0]:
            self.waits = True
            await self.permits.acquire()
            self.waits = False
        return await MemoryBroker.append(self, topic, partition, records)


class Process:
    """Follows the journal from when it was started; then it owns it, or believes so; it saves in rounds."""

    def __init__(self, log: MemoryLog) -> None:
        self.broker = Gated(log)
        self.partition: Partition[State] | None = None
        self.round: asyncio.Task[None] | None = None
        self._background = Background()
        self._standby = Standby(TOY, self.broker, log.clock, self._background, self._background.wake)

    async def start(self) -> None:
        self._standby.start(*[await self.broker.reader() for _ in range(3)])
        while 0 not in self._standby.warm:
            self._background.check()
            await asyncio.sleep(0)

    async def claim(self) -> None:
        claim = None
        while claim is None:  # it has not followed the last claim yet
            claim = await self._standby.claim(0, str(id(self)))
        self.partition = Partition(TOY, self.broker, self.broker.log.clock, 0, claim)
        await self._background.cancel()

    async def begin_round(self, sizes: Sizes) -> None:
        assert self.partition is not None
        self.round = asyncio.create_task(self._save(self.partition, sizes))
        await self._settled()

    async def _save(self, partition: Partition[State], sizes: Sizes) -> None:
        partition.end_round(await write_snapshots(TOY, self.broker, partition.begin_round(), sizes))

    async def let_append(self) -> None:
        """The next batch of its round lands."""
        self.broker.permits.release()
        self.broker.waits = False
        await self._settled()

    async def _settled(self) -> None:
        assert self.round is not None
        while not (self.round.done() or self.broker.waits):  # noqa: ASYNC110  # nothing else is waited for
            await asyncio.sleep(0)
        if self.round.done():
            self.round.result()
            self.round = None

    async def end_round(self) -> None:
        while self.round is not None:
            await self.let_append()

    async def kill(self) -> None:
        await self._background.cancel()
        if self.round is not None:
            self.round.cancel()
            await asyncio.wait([self.round])
            self.round = None


class Scene:
    """A journal, its snapshots, and processes that own it one after another. Former owners write on."""

    def __init__(self, seed: int) -> None:
        self.log, self.dice = MemoryLog(1), random.Random(seed)  # a scene
        self.standbys: list[Process] = []
        self.owners: list[Process] = []
        self.calls = 0

    async def start(self) -> None:
        process = Process(self.log)
        await process.start()
        self.standbys.append(process)

    async def take_over(self) -> None:
        if not self.standbys:
            await self.start()
        process = self.standbys.pop(self.dice.randrange(len(self.standbys)))
        await process.claim()
        self.owners.append(process)

    async def live(self, agency: str, calls: int) -> None:
        owner = self.owners[-1].partition
        assert owner is not None
        for _ in range(calls):
            self.calls += 1
            event = reported(f"{self.calls}", self.log.clock, agency)
            offset = put(self.log, CALLS.name, event, self.log.clock, agency=agency)
            owner.backlog.feed(self.log.places[CALLS.name, 0][offset])
        while owner.has_work():
            await owner.step()

    async def act(self, action: str) -> None:
        writing = [process for process in self.owners if process.round is not None]
        match action:
            case "start":
                await self.start()
            case "take over":
                await self.take_over()
            case "live":
                await self.live(self.dice.choice(AGENCIES), self.dice.randint(1, 4))
            case "begin" if idle := [process for process in self.owners[-2:] if process.round is None]:
                await self.dice.choice(idle).begin_round(self.dice.choice((LARGE, LARGE, SMALL)))
            case "append" if writing:
                await self.dice.choice(writing).let_append()
            case "end" if writing:
                await self.dice.choice(writing).end_round()
            case "kill" if len(self.owners) > 1:
                await self.owners.pop(self.dice.randrange(len(self.owners) - 1)).kill()
            case "compact":
                self.log.compact(SNAPSHOTS[0])

    async def check(self) -> None:
        """A restart gives what the journal gives: of this version, after compaction too, and of a version before."""
        restored = await self.restored()
        assert restored.missing == (), "an older one stays until a newer one is whole"
        assert self.folded(restored) == self.folded(Snapshots())
        await self.check_compacted(self.standing())

    async def check_compacted(self, standing: Sequence[Stored]) -> None:
        whole, kept = self.folded(Snapshots()), MemoryLog(1)
        kept.places[SNAPSHOTS] = [replace(stored, offset=offset) for offset, stored in enumerate(standing)]
        restored = (await read_snapshots(TOY, await MemoryBroker(kept).reader(), [0]))[0]
        assert restored.missing == ()
        assert self.folded(restored) == self.folded(as_before(standing)) == whole

    async def restored(self) -> Snapshots[State]:
        return (await read_snapshots(TOY, await MemoryBroker(self.log).reader(), [0]))[0]

    def standing(self) -> list[Stored]:
        """What compaction leaves in the end."""
        gone = self.log.compacted[SNAPSHOTS]
        newest = {stored.key: stored for stored in self.log.places[SNAPSHOTS] if stored.offset not in gone}
        return sorted((stored for stored in newest.values() if stored.value), key=lambda stored: stored.offset)

    def folded(self, snapshots: Snapshots[State]) -> dict[str, State]:
        restoration, start = Restoration(TOY, snapshots), snapshots.start
        ownership = Ownership(start.epoch)
        for stored in self.log.places[PLACE][start.offset :]:
            if ownership.counts(stored):
                restoration.fold(stored)
        end = InputPosition(len(self.log.places[PLACE]), ownership.epoch)
        return dict(restoration.finish(end, self.log.clock.now()).states)

    async def end(self) -> None:
        """All that still write end; then the next owner leaves nothing but what is in force."""
        for process in self.owners:
            await process.end_round()
        await self.take_over()
        for agency in AGENCIES:
            await self.live(agency, 1)
        for _ in range(2):
            await self.owners[-1].begin_round(LARGE)
            await self.owners[-1].end_round()
            await self.check()
        parts = [part for stored in self.standing() if (part := PartKey.parse(stored.key))]
        assert len({(part.snapshot, part.rank) for part in parts}) == len({part.snapshot for part in parts})

    async def close(self) -> None:
        for process in (*self.standbys, *self.owners):
            await process.kill()


def as_before(standing: Sequence[Stored]) -> Snapshots[State]:
    """What the version makes of it that knew no parts."""
    newest = {stored.key: stored for stored in standing}
    assert all(rank(stored) > LOWEST for stored in newest.values()), "it looked at the rank of every record"
    snapshots: Snapshots[State] = Snapshots()
    for key, stored in newest.items():
        if key.endswith("/1") and not key.startswith(FLOOR):
            snapshots.agencies[key.removesuffix("/1")] = Snapshot(TOY.packer.unpack(stored.value), *rank(stored))
    floor = newest.get(f"{FLOOR}/1")
    if floor is not None:
        saved, at = json.loads(floor.value), rank(floor)
        older = [
            InputPosition(snapshot.position, snapshot.epoch)
            for agency, snapshot in snapshots.agencies.items()
            if snapshot.position < saved.get(agency, at.position)
        ]
        snapshots.start = min([InputPosition(at.position, at.epoch), *older])
        snapshots.positions = positions_of(floor.headers)
    return snapshots


ACTIONS = ("start", "take over", "live", "live", "begin", "begin", *["append"] * 6, "end", "kill", "compact")


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 2**32), st.lists(st.sampled_from(ACTIONS), min_size=10, max_size=60))
def test_whoever_writes_what_when_a_restart_gives_what_the_journal_gives(seed: int, actions: list[str]) -> None:
    async def play() -> None:
        scene = Scene(seed)
        try:
            await scene.take_over()
            await scene.live("b", 3)
            for action in actions:
                await scene.act(action)
                await scene.check()
            await scene.end()
        finally:
            await scene.close()

    asyncio.run(play())


async def test_a_crash_between_any_two_appends_leaves_a_whole_snapshot_and_the_next_owner_clears_up() -> None:
    appends, died = 0, True
    while died:
        scene = Scene(0)
        await scene.take_over()
        await scene.live("a", 1)
        await scene.live("b", 5)
        await scene.owners[0].begin_round(LARGE)
        await scene.owners[0].end_round()
        first = (await scene.restored()).start
        assert first != START
        await scene.live("b", 1)
        await scene.owners[0].begin_round(LARGE)
        for _ in range(appends):
            await scene.owners[0].let_append()
        died = scene.owners[0].round is not None
        await scene.owners[0].kill()
        await scene.check()
        assert (await scene.restored()).start >= first, "what was saved before still counts"
        await scene.end()
        await scene.close()
        appends += 1
    assert appends > 6


@pytest.mark.parametrize("landed", [0, 2], ids=["before it", "amid it"])
async def test_every_order_in_which_two_rounds_can_land_leaves_a_whole_snapshot(landed: int) -> None:
    """A former owner's round and its heir's, who has looked for what there is before that round, or amid it."""
    scene = Scene(0)
    await scene.take_over()
    await scene.live("a", 1)
    await scene.live("b", 5)
    await scene.owners[0].begin_round(LARGE)
    await scene.owners[0].end_round()
    await scene.live("b", 1)
    await scene.owners[0].begin_round(LARGE)
    for _ in range(landed):
        await scene.owners[0].let_append()
    await scene.take_over()
    await scene.live("b", 1)
    await scene.owners[1].begin_round(LARGE)
    log, rounds = scene.log.places[SNAPSHOTS], []
    begun = {stored.key: stored for stored in log}
    for owner in scene.owners:
        before = len(log)
        await owner.end_round()
        rounds.append(log[before:])
    former, heir = rounds
    left, seen = [(0, 0, begun)], set[object]()
    while left:
        one, other, standing = left.pop()
        mark = one, other, frozenset((key, rank(stored), bool(stored.value)) for key, stored in standing.items())
        if mark not in seen:
            seen.add(mark)
            await scene.check_compacted([stored for stored in standing.values() if stored.value])
            left += [(one + 1, other, {**standing, stored.key: stored}) for stored in former[one : one + 1]]
            left += [(one, other + 1, {**standing, stored.key: stored}) for stored in heir[other : other + 1]]
    assert len(seen) > len(former) * len(heir)
    await scene.close()


async def test_a_former_owner_that_saves_late_neither_erases_nor_hides_what_its_heir_has_saved() -> None:
    scene = Scene(0)
    await scene.take_over()
    await scene.live("b", 5)
    await scene.take_over()
    await scene.live("b", 1)
    await scene.owners[1].begin_round(LARGE)
    await scene.owners[1].end_round()
    saved = await scene.restored()
    await scene.owners[0].begin_round(LARGE)
    await scene.owners[0].end_round()
    assert await scene.restored() == saved
    await scene.check()
    await scene.close()


async def test_a_newer_record_counts_though_the_parts_before_it_are_not_erased_yet() -> None:
    scene = Scene(0)
    await scene.take_over()
    await scene.live("b", 5)
    await scene.owners[0].begin_round(LARGE)
    await scene.owners[0].end_round()
    await scene.live("b", 1)
    await scene.owners[0].begin_round(SMALL)
    for _ in ("record", "floor"):
        await scene.owners[0].let_append()
    await scene.owners[0].kill()
    restored = await scene.restored()
    assert restored.agencies["b"].position == restored.start.offset == len(scene.log.places[PLACE])
    await scene.close()
