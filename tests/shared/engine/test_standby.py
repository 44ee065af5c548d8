"""Two processes of a service: one takes over from the other, planned or not, and nobody waits long for a decision."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Generator, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from pydantic import TypeAdapter

from shared.engine.background import Background
from shared.engine.broker import Record, Stored
from shared.engine.journal import StepHeaders, headers_of, time_of
from shared.engine.memory import MemoryBroker, MemoryLog
from shared.engine.peers import Beat
from shared.engine.restoration import UnknownJournalEvent
from shared.engine.service import Effect, EffectDone
from shared.engine.standby import Standby
from shared.engine.topic import beats_of
from shared.engine.worker import DRAIN_SECONDS, HEIR_SECONDS, Worker
from shared.engine.writer import NotOwner
from shared.events import CallReported, Claimed, Event, VersionNoted, decode
from shared.topics import ASSIGNMENTS, CALLS
from tests.shared.engine.test_worker import Bench, figure, virtually
from tests.shared.engine.toy import TOY, State, counted, evolve, types
from tests.simulation.machine import APPEND_TIMEOUT_SECONDS, Machine

HAND_OVER_SECONDS, KILL_SECONDS, HANG_SECONDS = 0.3, 1.5, 5.0
AGENCIES = ("d", "a")
"""One in each partition."""


class Shift(Bench):
    """Two partitions, calls in both all the time, and how long each waited."""

    def __init__(self) -> None:
        super().__init__(partitions=2)
        self._calling = asyncio.create_task(self._report())

    async def _report(self) -> None:
        broker, count = MemoryBroker(self.log), 0
        while True:
            for agency in AGENCIES:
                count += 1
                self.call(f"c{count}", agency=agency, partition=broker.partition_of(agency))
            await asyncio.sleep(0.05)

    async def both(self) -> tuple[Machine, Machine]:
        """Two machines, each the owner of a partition."""
        pair = self.machine("1"), self.machine("2")
        await self.until(lambda: all(self.owned(machine) == 1 and self.ready(machine) for machine in pair))
        return pair

    def owned(self, machine: Machine) -> int:
        return len(machine.worker.owned) if machine.running and machine.worker else 0

    def ready(self, machine: Machine) -> bool:
        return machine.running and machine.worker is not None and machine.worker.ready

    async def longest_wait(self, since: datetime) -> float:
        """The longest that a call waited for its decision, of those reported since an instant, up to now."""
        until = self.clock.now()
        await asyncio.sleep(3)
        decided = {
            stored.headers["cause"]: stored.time
            for stored in counted(self.log)
            if stored.headers["type"] == b"deadline-set"
        }
        calls = [stored for (topic, _), log in self.log.places.items() if topic == CALLS.name for stored in log]
        asked = [stored for stored in calls if since <= stored.time <= until]
        assert {stored.position.encode() for stored in asked} <= decided.keys()
        return max((decided[stored.position.encode()] - stored.time).total_seconds() for stored in asked)

    def states(self, machine: Machine) -> dict[str, State]:
        """By agency, as a machine has them that owns both partitions."""
        assert machine.worker is not None
        return {agency: state for owned in machine.worker.owned.values() for agency, state in owned.states.items()}

    def folded(self) -> dict[str, State]:
        """The same as the journal alone gives them."""
        states: dict[str, State] = {}
        for stored in counted(self.log):
            if stored.headers["type"] != b"positions-noted":
                event = decode(stored.headers["type"].decode(), stored.value)
                states[stored.key] = evolve(states.get(stored.key, State()), event, time_of(stored.headers))
        return states

    def claims(self) -> int:
        places = (log for (topic, _), log in self.log.places.items() if topic == ASSIGNMENTS.name)
        return sum(stored.headers["type"] == b"claimed" for log in places for stored in log)


@virtually
async def test_who_leaves_hands_over_and_who_comes_back_gets_its_own_back_without_a_wait() -> None:
    shift = Shift()
    one, other = await shift.both()
    began, claims = shift.clock.now(), shift.claims()
    for machine in (one, other):
        machine.restart_seconds = 3.0
        machine.stop.set()
        await shift.until(lambda machine=machine: not machine.running)  # type: ignore[misc]
        await shift.until(lambda: shift.owned(one) + shift.owned(other) == 2, HAND_OVER_SECONDS)
        await shift.until(lambda: shift.owned(one) == shift.owned(other) == 1)
        await asyncio.sleep(2)
    assert await shift.longest_wait(began) < HAND_OVER_SECONDS
    assert shift.claims() == claims + 4, "each went over and came back"
    assert one.ended_by == other.ended_by == ["stopped"]
    assert max(Counter(shift.outside.performed).values()) == 1


@virtually
async def test_who_comes_back_leaves_its_own_to_the_other_until_it_has_read_all_that_decisions_need() -> None:
    """It had its partitions back before it had read the keys of calls, and all of their calls waited for these."""
    shift, read = Shift(), asyncio.Event()

    async def wait(_stored: Stored) -> None:
        await read.wait()

    one, other = await shift.both()
    other.prepare, other.fit = {CallReported.type: wait}, read.is_set
    began = shift.clock.now()
    other.stop.set()
    await shift.until(lambda: shift.owned(one) == 2)
    await asyncio.sleep(6)
    assert (shift.owned(one), shift.owned(other)) == (2, 0)
    read.set()
    await shift.until(lambda: shift.owned(one) == shift.owned(other) == 1)
    assert await shift.longest_wait(began) < HAND_OVER_SECONDS


@virtually
async def test_who_has_not_read_all_takes_what_nobody_else_has() -> None:
    shift = Shift()
    one = shift.machine("1", fit=lambda: False)
    await shift.until(lambda: shift.owned(one) == 2)
    other = shift.machine("2", fit=lambda: False)
    await asyncio.sleep(5)
    assert shift.owned(other) == 0
    one.kill(restart_seconds=1_000)
    await shift.until(lambda: shift.owned(other) == 2)


@pytest.mark.parametrize(
    ("warm_after", "leaves_too", "ends_within"), [(3, False, 4), (1_000, False, HEIR_SECONDS + 1), (1_000, True, 1)]
)
def test_who_leaves_waits_a_while_for_one_that_has_just_begun(
    monkeypatch: pytest.MonkeyPatch,
    warm_after: float,
    leaves_too: bool,  # noqa: FBT001
    ends_within: float,
) -> None:
    """It let go of all at once, and nobody decided until the other had read the journal."""
    restore = Standby._restore  # of a journal that takes long to read

    async def restore_late(self: Standby[State]) -> None:
        await asyncio.sleep(warm_after)
        await restore(self)

    @virtually
    async def scenario() -> None:
        shift = Shift()
        one, other = await shift.both()
        monkeypatch.setattr(Standby, "_restore", restore_late)
        other.kill(restart_seconds=2)
        await shift.until(lambda: shift.owned(one) == 2)
        await shift.until(lambda: other.running)
        await asyncio.sleep(0.5)
        began = shift.clock.now()
        for machine in (one, other) if leaves_too else (one,):
            machine.restart_seconds = 1_000
            machine.stop.set()
        await shift.until(lambda: not one.running, ends_within)
        if warm_after < HEIR_SECONDS:
            assert await shift.longest_wait(began) < HAND_OVER_SECONDS
        assert one.ended_by == ["stopped"]

    scenario()


@virtually
async def test_who_has_handed_over_takes_back_the_state_as_it_was_and_reads_no_snapshot() -> None:
    unpacked: list[Iterator[bytes]] = []

    def read(lines: Iterator[bytes]) -> Generator[None, None, Any]:
        unpacked.append(lines)
        return TOY.packer.read(lines)

    shift = Shift()
    service = replace(TOY, packer=replace(TOY.packer, read=read))
    one = shift.machine("1", service=service, snapshot_every_records=20)
    await shift.until(lambda: shift.owned(one) == 2)
    await asyncio.sleep(2)
    other = shift.machine("2", snapshot_every_records=20)
    await shift.until(lambda: shift.owned(one) == shift.owned(other) == 1)
    await asyncio.sleep(2)
    other.kill(restart_seconds=1_000)
    await shift.until(lambda: shift.owned(one) == 2)
    await asyncio.sleep(5)
    assert shift.states(one) == shift.folded()
    assert not unpacked
    one.kill(restart_seconds=1_000)
    third = shift.machine("3")
    await shift.until(lambda: shift.owned(third) == 2)
    # what it saved is right too; a step may be on its way from the journal to the state
    await shift.until(lambda: shift.states(third) == shift.folded(), every=0.0005)


@virtually
async def test_after_a_kill_the_other_decides_soon() -> None:
    shift = Shift()
    one, other = await shift.both()
    began = shift.clock.now()
    assert figure("careroute_warm_partitions", service=TOY.name) == 1
    one.kill(restart_seconds=20)
    await asyncio.sleep(3)
    assert shift.owned(other) == 2
    assert figure("careroute_warm_partitions", service=TOY.name) == 0
    assert await shift.longest_wait(began) < KILL_SECONDS


@virtually
async def test_after_a_hang_the_other_decides_soon_and_who_wakes_learns_of_it_even_with_nothing_to_write() -> None:
    shift = Shift()
    one, other = await shift.both()
    woken = figure("careroute_processes_woken_total", service=TOY.name) or 0.0
    began = shift.clock.now()
    one.pause(10)
    await asyncio.sleep(5)
    assert await shift.longest_wait(began) < KILL_SECONDS < HANG_SECONDS
    shift._calling.cancel()
    await shift.until(lambda: one.paused is None)
    await asyncio.sleep(0.5)
    assert one.ended_by == ["NotOwner"]
    assert figure("careroute_processes_woken_total", service=TOY.name) == woken + 1
    await shift.until(lambda: shift.owned(one) == shift.owned(other) == 1)


@virtually
async def test_an_effect_that_takes_its_time_is_waited_for_and_decisions_are_not() -> None:
    shift, ended = Shift(), list[str]()
    one, other = await shift.both()

    async def slow(agency: str, effect: Effect) -> EffectDone:
        del agency
        await asyncio.sleep(3)
        ended.append(effect.effect_id)
        return EffectDone(effect.effect_id, "done")

    one.perform = slow
    await asyncio.sleep(1)
    began = shift.clock.now()
    one.retire()
    await shift.until(lambda: not one.running)
    assert 2 < (shift.clock.now() - began).total_seconds() < DRAIN_SECONDS
    assert await shift.longest_wait(began) < HAND_OVER_SECONDS
    assert ended
    assert "page-failed" not in types(shift.log)
    assert shift.owned(other) == 2
    assert max(Counter([*ended, *shift.outside.performed]).values()) == 1


@virtually
async def test_of_several_that_could_one_takes_over() -> None:
    shift = Shift()
    one, _ = await shift.both()
    third = shift.machine("3")
    await shift.until(lambda: shift.ready(third))
    await asyncio.sleep(8)
    claims = shift.claims()
    began = shift.clock.now()
    one.kill(restart_seconds=60)
    await asyncio.sleep(4)
    assert shift.claims() == claims + 1
    assert await shift.longest_wait(began) < KILL_SECONDS


@virtually
async def test_two_that_claim_at_once_agree_on_one_owner() -> None:
    bench, background = Bench(), Background()
    pair: list[Standby[State]] = []
    for _ in range(2):
        broker = MemoryBroker(bench.log)
        pair.append(Standby(TOY, broker, bench.clock, background, background.wake))
        pair[-1].start(*[await broker.reader() for _ in range(3)])
    await bench.until(lambda: all(0 in standby.warm for standby in pair))
    claims = await asyncio.gather(*(standby.claim(0, f"token {number}") for number, standby in enumerate(pair)))
    assert sorted(claim is None for claim in claims) == [False, True]
    loser = pair[[claim is None for claim in claims].index(True)]
    assert loser.warm == {0: 1}, "it follows on"
    await background.cancel()


@virtually
async def test_who_has_won_and_never_heard_of_it_learns_it_from_the_journal() -> None:
    """It gave up, nobody knew who had claimed, and the partition waited for the group to think of it."""
    shift = Shift()
    one, other = await shift.both()
    claims = shift.claims()
    other.trap = ("claim", "lose-answer")
    one.kill(restart_seconds=1_000)
    await shift.until(lambda: other.sprung == ["claim/lose-answer"])
    await shift.until(lambda: shift.owned(other) == 2, APPEND_TIMEOUT_SECONDS)
    taken_over_at = shift.clock.now()
    await asyncio.sleep(3)
    assert await shift.longest_wait(taken_over_at) < HAND_OVER_SECONDS
    assert shift.claims() == claims + 1
    assert other.ended_by == []


@virtually
async def test_who_cannot_own_a_partition_does_not_claim_it() -> None:
    """An event of a later version has just come, and is not read yet."""
    bench, background = Bench(), Background()
    broker = MemoryBroker(bench.log)
    standby = Standby(TOY, broker, bench.clock, background, background.wake)
    standby.start(*[await broker.reader() for _ in range(3)])
    write(bench, 0, Claimed(epoch=1, writer="of a later version"), 1)
    await bench.until(lambda: standby.warm == {0: 1})
    write(bench, 0, noted(bench), 1, b"from-the-future")
    with pytest.raises(UnknownJournalEvent):
        await standby.claim(0, "token")
    claims = [stored for stored in bench.log.places[ASSIGNMENTS.name, 0] if stored.headers["type"] == b"claimed"]
    assert len(claims) == 1, "and ousts nobody"
    await background.cancel()


# --- what is not taken ----------------------------------------------------------------------------------------------


def write(bench: Bench, number: int, event: Event, epoch: int, kind: bytes | None = None) -> None:
    """Append to the journal as a process that is not simulated."""
    common = StepHeaders(epoch, bench.clock.now(), "1", {}, TOY.name).common()
    headers = dict(headers_of(event, "cause", 0, common))
    headers["type"] = kind or headers["type"]
    bench.log.append(ASSIGNMENTS.name, number, [Record("a", event.encode(), tuple(headers.items()))])


def noted(bench: Bench) -> VersionNoted:
    return VersionNoted(call_id="c", event_id="e", updated_at=bench.clock.now(), why="late")


@virtually
async def test_an_event_that_only_a_later_version_knows_ends_nobody_who_follows_its_owner() -> None:
    bench = Bench(partitions=2)
    pair = bench.machine("1"), bench.machine("2")
    await bench.until(lambda: all(m.worker is not None and len(m.worker.owned) == 1 and m.worker.ready for m in pair))
    assert pair[1].worker is not None
    ((number, partition),) = pair[1].worker.owned.items()
    write(bench, number, noted(bench), partition.epoch, b"from-the-future")
    await asyncio.sleep(20)
    assert pair[0].ended_by == pair[1].ended_by == []
    pair[1].retire()
    await asyncio.sleep(20)
    assert pair[0].ended_by == []
    assert pair[0].worker is not None
    assert [*pair[0].worker.owned] == [1 - number]
    assert not pair[0].worker.ready, "now it should own it"


@virtually
async def test_an_owner_that_does_not_beat_is_left_to_the_group() -> None:
    bench = Bench()
    machine = bench.machine("1")
    await bench.until(lambda: machine.worker is not None and machine.worker.ready)
    guest = bench.log, TOY.name, "0", object()
    MemoryLog.join(*guest)
    await asyncio.sleep(1)
    write(bench, 0, Claimed(epoch=2, writer="of a version before"), 2)
    await asyncio.sleep(1)
    bench.call("c1")
    await bench.until(lambda: machine.ended_by == ["NotOwner"])
    for _ in range(10):
        MemoryLog.assigned(*guest)
        await asyncio.sleep(1)
        write(bench, 0, noted(bench), 2)
    assert types(bench.log).count("version-noted") == 10
    await asyncio.sleep(8)
    assert machine.worker is not None
    assert 0 in machine.worker.owned, "the group has given it back"


@virtually
async def test_two_processes_of_one_name_are_told_what_each_of_them_lacks() -> None:
    """They took the partitions from each other in turn, every few seconds, and nothing said why."""
    bench = Bench()
    worker = Worker(TOY, MemoryBroker(bench.log), bench.clock, "1")
    running = asyncio.create_task(worker.run(asyncio.Event()))
    await bench.until(lambda: worker.ready)
    beat = TypeAdapter(Beat).dump_json(Beat("another", owned={0: 2}))
    bench.log.append(beats_of(TOY.name).name, 0, [Record("1", beat)])
    with pytest.raises(NotOwner, match="give each of a service its own CAREROUTE_INSTANCE"):
        await running
