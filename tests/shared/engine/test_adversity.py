"""What goes wrong around a worker, in the broker, in a topic, in a clock, reaches no further than it must."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

from shared.engine.background import Background
from shared.engine.broker import Appended, BrokerUnavailable, Record, Stored
from shared.engine.claim import ClockSkewed
from shared.engine.journal import Ownership, StepHeaders, headers_of, is_late_write
from shared.engine.memory import MemoryBroker, MemoryLog
from shared.engine.service import Effect, EffectDone
from shared.engine.standby import Standby
from shared.engine.topic import DEAD_LETTERS
from shared.engine.worker import Worker
from shared.engine.writer import NotOwner
from shared.events import CallRouted, Claimed, DeadlineSet, Event, VersionNoted
from shared.topics import ASSIGNMENTS, CALLS
from tests.shared.engine import toy
from tests.shared.engine.test_effects import in_lanes
from tests.shared.engine.test_standby import noted, write
from tests.shared.engine.test_worker import SNAPSHOTS, Bench, folded, virtually
from tests.shared.engine.toy import CLOCK_SECONDS, TOY, State, counted
from tests.simulation.machine import Machine
from tests.simulation.virtual_time import EPOCH, VirtualClock

REFUSED_SECONDS = 6.0
"""An append that Kafka does not take ends after so long."""


@contextmanager
def meddling(seconds_of: Callable[[Machine, str, int], float | None], *, refuses: bool) -> Iterator[None]:
    """Some appends of some machines take so many seconds more, and are then taken, or refused; others are as ever."""
    usual = Machine.append

    async def append(self: Machine, topic: str, partition: int, records: Sequence[Record]) -> Appended:
        if (seconds := seconds_of(self, topic, partition)) is not None:
            await asyncio.sleep(seconds)
            if refuses:
                raise BrokerUnavailable("NotEnoughReplicas")
        return await usual(self, topic, partition, records)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Machine, "append", append)
        yield


def refusing(
    refuses: Callable[[Machine, str, int], bool], seconds: float = REFUSED_SECONDS
) -> AbstractContextManager[None]:
    """Some appends of some machines are not taken."""
    return meddling(lambda *append: seconds if refuses(*append) else None, refuses=True)


def agencies_of(bench: Bench) -> dict[int, str]:
    """An agency for each partition."""
    return {MemoryBroker(bench.log).partition_of(name): name for name in "abcdefghijklm"}


async def pair_of(bench: Bench) -> tuple[Machine, Machine]:
    """Two machines that share all partitions, and could each take over."""
    pair = bench.machine("1"), bench.machine("2")
    await bench.until(lambda: all(each.worker and each.worker.ready for each in pair))
    await bench.until(lambda: sum(len(each.worker.owned) for each in pair if each.worker) == bench.partitions)
    return pair


def waits(bench: Bench, partition: int) -> list[float]:
    """How long each call of a partition waited for its decision, in seconds; the longest last."""
    decided = {each.headers["cause"]: each.time for each in counted(bench.log) if each.header("type") == "deadline-set"}
    calls = bench.log.places[CALLS.name, partition]
    return sorted((decided[call.position.encode()] - call.time).total_seconds() for call in calls)


# --- the broker ----------------------------------------------------------------------------------------------------


@virtually
async def test_who_cannot_be_heard_takes_nobody_for_dead() -> None:
    """A standby whose own appends are refused for some seconds, while the others beat on."""
    bench = Bench(partitions=2)
    pair = await pair_of(bench)
    third = bench.machine("3")
    await bench.until(lambda: bool(third.worker and third.worker.ready))
    await asyncio.sleep(3)
    with refusing(lambda machine, _topic, _partition: machine is third, seconds=0):
        await asyncio.sleep(3)
    await asyncio.sleep(10)
    assert [each.ended_by for each in (*pair, third)] == [[], [], []]


@pytest.mark.parametrize("refused", [0, 3])
def test_a_partition_that_takes_no_claim_keeps_nobody_from_the_others(refused: int) -> None:
    """Its owner ends once; then it is tried for as long as it takes, and the other partitions are decided for."""

    @virtually
    async def scenario() -> None:
        bench = Bench(partitions=4)
        pair = await pair_of(bench)
        agencies = agencies_of(bench)
        with refusing(lambda _machine, topic, partition: (topic, partition) == (ASSIGNMENTS.name, refused)):
            for call in range(60):
                for number, agency in agencies.items():
                    bench.call(f"c{call}", agency=agency, partition=number)
                await asyncio.sleep(0.5)
        await asyncio.sleep(20)
        assert Counter(why for each in pair for why in each.ended_by) == {"BrokerUnavailable": 1}
        assert max(waits(bench, number)[-1] for number in range(4) if number != refused) < 1
        assert sorted(number for each in pair if each.worker for number in each.worker.owned) == [0, 1, 2, 3]

    scenario()


@virtually
async def test_an_event_of_a_later_version_in_one_partition_keeps_nobody_from_the_others() -> None:
    """Gone back after an upgrade: each process ended over it as soon as it had begun, and nothing was decided."""
    bench = Bench(partitions=4)
    machine, agencies = bench.machine(), agencies_of(bench)
    await bench.until(lambda: bool(machine.worker and len(machine.worker.owned) == 4))
    write(bench, 3, noted(bench), 1, b"from-the-future")
    machine.kill(restart_seconds=1)
    for call in range(20):
        for number, agency in agencies.items():
            bench.call(f"c{call}", agency=agency, partition=number)
        await asyncio.sleep(0.5)
    assert max(waits(bench, number)[-1] for number in range(3)) < 3
    assert machine.ended_by == ["killed"]
    assert machine.worker is not None
    assert [*machine.worker.owned] == [0, 1, 2]
    assert not machine.worker.ready


@virtually
async def test_a_partition_whose_leader_is_slow_holds_up_no_other() -> None:
    """Not its calls, nor its clocks."""
    bench = Bench(partitions=2)
    agencies = agencies_of(bench)
    machine = bench.machine()
    await bench.until(lambda: bool(machine.worker and len(machine.worker.owned) == 2))
    with meddling(lambda _machine, *place: 4.0 if place == (ASSIGNMENTS.name, 1) else None, refuses=False):
        for number in range(40):
            for partition, agency in agencies.items():
                bench.call(f"c{number}", agency=agency, partition=partition)
            await asyncio.sleep(0.5)
        await asyncio.sleep(20)
    assert waits(bench, 0)[-1] < 0.5 < waits(bench, 1)[-1]
    routed = [
        (stored.time - bench.log.places[CALLS.name, 0][at].time).total_seconds()
        for at, stored in enumerate(each for each in counted(bench.log) if routed_in(each, 0))
    ]
    assert len(routed) == 40
    assert max(routed) < CLOCK_SECONDS + 0.5
    assert machine.ended_by == []


@virtually
async def test_to_hand_over_a_partition_whose_leader_is_slow_holds_up_no_other() -> None:
    """A second process has begun: all that the first one owned stood still until one journal had taken its word."""
    bench = Bench(partitions=4)
    agencies, first = agencies_of(bench), bench.machine("1")
    await bench.until(lambda: bool(first.worker and len(first.worker.owned) == 4))
    with meddling(lambda _machine, *place: 5.0 if place == (ASSIGNMENTS.name, 1) else None, refuses=False):
        second = bench.machine("2")
        for number in range(60):
            for partition, agency in agencies.items():
                bench.call(f"c{number}", agency=agency, partition=partition)
            await asyncio.sleep(0.5)
        await asyncio.sleep(20)
    assert second.worker is not None
    assert sorted(second.worker.owned) == [1, 3]
    assert max(waits(bench, number)[-1] for number in (0, 2, 3)) < 0.5
    assert first.ended_by == second.ended_by == []


def routed_in(stored: Stored, partition: int) -> bool:
    return stored.partition == partition and stored.header("type") == "call-routed"


@virtually
async def test_the_loop_rests_while_a_careful_partition_waits_for_another() -> None:
    """After a death two partitions are careful, and one at a time makes a step: the other is no work meanwhile."""
    bench = Bench(partitions=2)
    agencies = agencies_of(bench)
    machine = bench.machine(slowness_seconds=2.0)
    await bench.until(lambda: bool(machine.worker and len(machine.worker.owned) == 2))
    machine.kill(restart_seconds=1)
    for number in range(20):
        for partition, agency in agencies.items():
            bench.call(f"c{number}", agency=agency, partition=partition)
    turns, turn = 0, Worker._turn

    async def counted_turn(self: Worker[State], *, leaves: bool) -> None:
        nonlocal turns
        turns += 1
        assert turns < 5_000, "it spins"
        await turn(self, leaves=leaves)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Worker, "_turn", counted_turn)
        await bench.decided("deadline-set", 40, seconds=300)
    assert machine.ended_by == ["killed"]


@virtually
async def test_where_dead_letters_cannot_be_written_everything_else_is_decided() -> None:
    """The journal has what was refused; operators are told once the topic takes it."""
    bench = Bench()
    pair = await pair_of(bench)
    with refusing(lambda _machine, topic, _partition: topic == DEAD_LETTERS.name):
        for number in range(100):
            bench.call("raises" if number == 5 else f"c{number}")
            await asyncio.sleep(0.2)
    assert not bench.log.places[DEAD_LETTERS.name, 0]
    await asyncio.sleep(10)
    letters = bench.log.places[DEAD_LETTERS.name, 0]
    assert [letter.header("id") for letter in letters] == [f"{CALLS.name}/0/5"]
    del bench.log.places[CALLS.name, 0][5]
    assert waits(bench, 0)[-1] < 1
    assert [each.ended_by for each in pair] == [[], []]


# --- the clock -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("set_by_seconds", [-600.0, 600.0])
def test_an_owner_whose_clock_is_set_ends_and_what_is_due_comes_in_time(set_by_seconds: float) -> None:
    """Back: a deadline would pass unseen. Ahead: the journal's time would never go back, for whoever owns it next."""

    @virtually
    async def scenario() -> None:
        bench = Bench()
        pair = await pair_of(bench)
        owner = next(each for each in pair if each.worker and each.worker.owned)
        bench.call("c1")
        await bench.decided("deadline-set")
        owner.worker._clock.skew_seconds = set_by_seconds  # type: ignore[union-attr]
        began = bench.clock.monotonic()
        await asyncio.sleep(1)
        bench.call("c2")
        await bench.decided("call-routed", 2, seconds=60)
        assert bench.clock.monotonic() - began < CLOCK_SECONDS + 5
        assert set(owner.ended_by) == {ClockSkewed.__name__}

    scenario()


@pytest.mark.parametrize("off_seconds", [0.7, -3600.0])
def test_one_broker_whose_clock_is_off_keeps_nobody_from_any_partition(off_seconds: float) -> None:
    """Whoever was to claim one of its partitions ended over it, and had none of the others either."""

    @virtually
    async def scenario() -> None:
        bench, usual = Bench(partitions=4), MemoryLog.append

        def append(self: MemoryLog, topic: str, partition: int, records: Sequence[Record]) -> Appended:
            appended = usual(self, topic, partition, records)
            is_off = (topic, partition) == (ASSIGNMENTS.name, 3)
            return replace(appended, time=appended.time + timedelta(seconds=off_seconds * is_off))

        pair = await pair_of(bench)
        agencies = agencies_of(bench)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(MemoryLog, "append", append)
            next(each for each in pair if each.worker and 3 in each.worker.owned).kill(restart_seconds=1)
            for call in range(40):
                for number, agency in agencies.items():
                    bench.call(f"c{call}", agency=agency, partition=number)
                await asyncio.sleep(0.5)
        assert sorted(why for each in pair for why in each.ended_by) == ["killed"]
        assert max(waits(bench, number)[-1] for number in range(4)) < 2

    scenario()


@virtually
async def test_a_call_whose_broker_is_ahead_has_its_deadline_all_the_same() -> None:
    """It was durable when it was read; an hour ahead, it would have had no outcome for an hour."""
    bench = Bench()
    machine = bench.machine()
    await bench.until(lambda: bool(machine.worker and machine.worker.ready))
    bench.call("c")
    calls = bench.log.places[CALLS.name, 0]
    calls[0] = replace(calls[0], time=calls[0].time + timedelta(hours=1))
    await bench.decided("call-routed", seconds=CLOCK_SECONDS + 1)
    deadlines = [event.deadline for event in bench.events(DeadlineSet)]
    assert abs(deadlines[0] - bench.clock.now()) < timedelta(seconds=1)


# --- effects -------------------------------------------------------------------------------------------------------


@virtually
async def test_a_page_does_not_wait_for_something_else_to_change_while_another_lane_is_full() -> None:
    """Two calls shortly after each other, of an agency whose CAD hangs."""
    bench, began = Bench(), dict[str, float]()

    async def perform(_agency: str, effect: Effect) -> EffectDone:
        began[effect.effect_id] = bench.clock.monotonic()
        if not effect.at_most_once:
            await asyncio.sleep(50)
        return EffectDone(effect.effect_id, "done")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(toy, "CLOCK_SECONDS", 300.0)
        machine = bench.machine(service=replace(TOY, pending=in_lanes), perform=perform)
        await bench.until(lambda: bool(machine.worker and machine.worker.ready))
        for number in range(20):
            bench.call(f"c{number}")
        await asyncio.sleep(2)
        bench.call("w1")
        await asyncio.sleep(0.1)
        at = bench.clock.monotonic()
        bench.call("w2")
        await asyncio.sleep(5)
        assert began["a/cad/w2"] - at < 1


# --- what is read --------------------------------------------------------------------------------------------------


def journalled(event: Event, epoch: int, cause: str, clock: VirtualClock) -> Record:
    common = StepHeaders(epoch, clock.now(), "1", {}, TOY.name).common()
    return Record("" if isinstance(event, Claimed) else "a", event.encode(), headers_of(event, cause, 0, common))


@virtually
async def test_a_standby_keeps_up_with_whatever_an_owner_writes() -> None:
    """3,000 records a second, as where a backlog is drained."""
    clock = VirtualClock(asyncio.get_running_loop())
    log = MemoryLog(1, clock)
    broker, background = MemoryBroker(log), Background()
    log.append(ASSIGNMENTS.name, 0, [journalled(Claimed(epoch=1, writer="o"), 1, "claim", clock)])
    standby = Standby(TOY, broker, clock, background, background.wake)
    standby.start(*[await broker.reader() for _ in range(3)])
    await asyncio.sleep(1)
    noted = journalled(
        VersionNoted(call_id="a/cad/1", event_id="x", updated_at=clock.now(), why="late"), 1, "calls/0/1", clock
    )
    for _ in range(60):
        log.append(ASSIGNMENTS.name, 0, [noted] * 150)
        await asyncio.sleep(0.05)
    await asyncio.sleep(0.5)
    assert standby._followed[0].at.offset == len(log.places[ASSIGNMENTS.name, 0])
    await background.cancel()


@virtually
async def test_a_journal_that_has_lost_its_end_under_its_owner_is_noticed() -> None:
    bench = Bench()
    machine = bench.machine()
    for number in range(3):
        bench.call(f"c{number}")
    await bench.decided("deadline-set", 3)
    await asyncio.sleep(1)
    del bench.log.places[ASSIGNMENTS.name, 0][-3:]
    bench.call("next")
    await bench.until(lambda: bool(machine.ended_by))
    assert machine.ended_by == [NotOwner.__name__]


async def killed_with_snapshots() -> tuple[Bench, Machine]:
    """A machine that has saved snapshots, and was killed just now."""
    bench = Bench()
    machine = bench.machine(snapshot_every_records=5)
    for number in range(4):
        bench.call(f"c{number}")
        await asyncio.sleep(0.2)
    await asyncio.sleep(20)
    machine.kill(restart_seconds=1)
    return bench, machine


@pytest.mark.parametrize("spoilt", ["ahead", "just ahead", "of a journal before", "unreadable"])
def test_a_snapshot_is_a_cache_whatever_becomes_of_it(spoilt: str) -> None:
    """Ahead of a journal that has lost its end, or bytes that are no state: the journal says what is so.

    Just ahead, the end was back as soon as a process began, which writes a record that counts for nobody.
    """

    @virtually
    async def scenario() -> None:
        bench, machine = await killed_with_snapshots()
        saved = [stored for stored in bench.log.places[SNAPSHOTS, 0] if stored.key == "a/1"][-1]
        journal = bench.log.places[ASSIGNMENTS.name, 0]
        if spoilt == "unreadable":
            bench.log.append(SNAPSHOTS, 0, [Record(saved.key, b"spoilt", tuple(saved.headers.items()))])
        elif spoilt == "of a journal before":
            journal.clear()
            write(bench, 0, Claimed(epoch=1, writer="another"), 1)
            for _ in range(60):
                write(bench, 0, noted(bench), 1)
        else:
            del journal[int(saved.header("position")) - (5 if spoilt == "ahead" else 1) :]
        await asyncio.sleep(10)
        assert bench.state(machine) == folded(bench.log)
        bench.call("new")
        await bench.until(lambda: any(routed.call_id == "a/cad/new" for routed in bench.events(CallRouted)))
        assert machine.ended_by == ["killed"]

    scenario()


RANKED = (("epoch", b"99"), ("position", b"1"), ("positions", b"{}"), ("time", b"2026-01-01T00:00:00+00:00"))


@pytest.mark.parametrize(
    "strange",
    [
        Record("a/1", b""),
        Record("a/1", b"state", (("epoch", b"x"), ("position", b"0"))),
        Record("#floor/1", b"no json", RANKED),
        Record("#floor/1", b'["a"]', RANKED),
        Record("#floor/1", b"{}", RANKED[:2]),
        Record("a/1#1.5", b"two", RANKED),
        Record("a/1#1.5", b"9" * 5_000, RANKED),
    ],
    ids=lambda record: f"{record.key} {record.value[:8]!r}",
)
def test_what_a_stranger_writes_among_snapshots_keeps_no_process_from_starting(strange: Record) -> None:
    """Somebody erased the snapshot of one agency by hand: the service never came up again, for all of them."""

    @virtually
    async def scenario() -> None:
        bench, machine = await killed_with_snapshots()
        bench.log.append(SNAPSHOTS, 0, [strange])
        await asyncio.sleep(10)
        assert machine.ended_by == ["killed"]
        assert bench.state(machine) == folded(bench.log)
        bench.call("new")
        await bench.until(lambda: any(routed.call_id == "a/cad/new" for routed in bench.events(CallRouted)))

    scenario()


@pytest.mark.parametrize(
    ("value", "headers"),
    [
        (b"no json", {"type": b"claimed", "epoch": b"7"}),
        (b'{"epoch": "many"}', {"type": b"claimed"}),
        (b"{}", {"type": b"deadline-set", "epoch": b"seven"}),
    ],
)
def test_f6_what_a_stranger_writes_into_a_journal_does_not_count_and_is_told(
    value: bytes, headers: Mapping[str, bytes]
) -> None:
    """It is passed over as what a former owner writes, and counted with that."""

    @virtually
    async def scenario() -> None:
        bench = Bench()
        pair = await pair_of(bench)
        bench.log.append(ASSIGNMENTS.name, 0, [Record("a", value, tuple(headers.items()))])
        bench.call("c")
        await bench.decided("call-routed")
        assert [each.ended_by for each in pair] == [[], []]

    scenario()
    strange = Stored(ASSIGNMENTS.name, 0, 0, EPOCH, "a", value, headers)
    assert not Ownership(epoch=7).counts(strange)
    assert is_late_write(strange)
