"""F1: an input that kills its worker is refused by the owner after the next, and nobody else loses anything by it."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import groupby

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.engine import care, step
from shared.engine.broker import Stored
from shared.engine.care import (
    ALONE_INPUTS,
    CAREFUL_INPUTS,
    CAREFUL_TIME,
    DEATHS,
    GROUPS_IN_A_ROW,
    Care,
    DeadlyInput,
    Endings,
)
from shared.engine.memory import MemoryBroker
from shared.engine.redecide import Redecision
from shared.engine.service import EffectDone, EffectStarting, Input, Service, Tick
from shared.events import CallReported, ClockFailed, DeadlineSet, Event, InputRefused, PositionsNoted
from shared.events.base import decode
from shared.topics import ASSIGNMENTS, CALLS
from tests.shared.engine import toy
from tests.shared.engine.test_worker import SNAPSHOTS, Bench
from tests.shared.engine.toy import TOY, State, counted, put, reported, types
from tests.simulation.machine import Machine
from tests.simulation.virtual_time import EPOCH, run


class Died(BaseException):
    """The process is gone: nothing of it is caught, noted or let go in order."""


def dying(kills: Callable[[Input], bool]) -> Service[State]:
    """The toy as a process that dies over some inputs."""

    def decide(state: State, given: Input, now: datetime) -> Sequence[Event]:
        if kills(given):
            raise Died
        return toy.decide(state, given, now)

    return replace(TOY, decide=decide)


def kills_on_call(given: Input) -> bool:
    return isinstance(given.event, CallReported) and "deadly" in given.event.call_id


def watched(service: Service[State], bench: Bench, unnoted: list[str]) -> Service[State]:
    """The same, and what a careful owner decides while the journal's last record does not say so."""

    def decide(state: State, given: Input, now: datetime) -> Sequence[Event]:
        workers = [machine.worker for machine in bench.machines if machine.running and machine.worker is not None]
        is_careful = any(worker.owned[0].care.inputs_left for worker in workers)
        if is_careful and given.cause not in attempted(deque(counted(bench.log), maxlen=1)):
            unnoted.append(given.cause)
        return service.decide(state, given, now)

    return replace(service, decide=decide)


def attempted(last: Iterable[Stored]) -> tuple[str, ...]:
    events = [decode(stored.headers["type"].decode(), stored.value) for stored in last]
    return tuple(cause for event in events if isinstance(event, PositionsNoted) for cause in event.attempting)


def notes(bench: Bench) -> list[PositionsNoted]:
    noted: list[PositionsNoted] = bench.events(PositionsNoted)
    return noted


async def retire(machine: Machine) -> None:
    machine.retire()
    await asyncio.sleep(3)
    assert machine.ended_by[-1] == "stopped"


# --- how owners ended -----------------------------------------------------------------------------------------------

DECIDED = InputRefused.of_effect("z", "")
RELEASED = PositionsNoted(released=True)


def attempt(*causes: str) -> PositionsNoted:
    return PositionsNoted(attempting=causes)


@pytest.mark.parametrize(
    ("records", "before", "careful", "suspects", "deadly"),
    [
        ([], 0, False, "", ""),
        ([], 1, True, "", ""),
        ([(1, DECIDED)], 1, True, "", ""),
        ([(1, DECIDED), (1, RELEASED)], 1, False, "", ""),
        ([(1, RELEASED)], 2, True, "", ""),  # the owner of epoch 2 died before it wrote anything
        ([(1, RELEASED), (2, DECIDED)], 2, True, "", ""),
        ([(1, attempt("x", "y"))], 1, True, "xy", ""),
        ([(1, attempt("x", "y")), (1, DECIDED)], 1, True, "", ""),
        ([(1, attempt("x", "y")), (2, attempt("x"))], 2, True, "xy", ""),
        ([(1, attempt("x", "y")), (2, attempt("x")), (3, attempt("x"))], 3, True, "y", "x"),
        ([(1, attempt("x", "y")), (2, attempt("x", "y"))], 2, True, "xy", ""),
        ([(1, attempt("x")), (3, attempt("x"))], 4, True, "", "x"),
        ([(1, attempt("x")), (1, attempt("x"))], 1, True, "x", ""),  # noted twice by one owner
        ([(1, attempt("x")), (2, attempt("y"))], 2, True, "xy", ""),
        ([(1, attempt("x")), (1, DECIDED), (2, attempt("x"))], 2, True, "x", ""),  # the first died of something else
        ([(1, attempt("x")), (1, attempt("y")), (2, attempt("x"))], 2, True, "xy", ""),
        ([(1, attempt("x")), (2, attempt("y")), (3, attempt("x")), (4, attempt("y"))], 4, True, "", "xy"),
        ([(1, attempt("x")), (2, attempt("x")), (3, RELEASED)], 3, False, "", "x"),
    ],
)
def test_how_careful_an_owner_is(
    records: list[tuple[int, Event]],
    before: int,
    careful: bool,  # noqa: FBT001  # a column
    suspects: str,
    deadly: str,
) -> None:
    endings = Endings()
    for epoch, event in records:
        endings.take(epoch, event)
    found = endings.care(before, EPOCH)
    assert (found.suspects, found.deadly, len(found.attempting)) == (frozenset(suspects), frozenset(deadly), 0)
    assert (found.inputs_left, found.alone_left) == ((CAREFUL_INPUTS, ALONE_INPUTS) if careful else (0, 0))


def test_who_takes_over_twice_counts_a_death_before_it_once() -> None:
    """It hands over in order between, before the input comes up that the one before died of."""
    endings = Endings()
    endings.take(1, attempt("x"))
    assert endings.care(1, EPOCH).deadly == frozenset()
    endings.take(2, RELEASED)
    again = endings.care(2, EPOCH)
    assert (again.suspects, again.deadly) == (frozenset("x"), frozenset())


def test_care_lasts_longer_after_each_death_in_a_row() -> None:
    lasts = []
    for deaths in range(8):
        endings = Endings()
        for epoch in range(deaths):
            endings.take(epoch + 2, attempt("x"))
        until = endings.care(deaths + 1, EPOCH).until
        assert until is not None
        lasts.append((until - EPOCH) / CAREFUL_TIME)
    assert lasts == [1, 1, 2, 4, 8, 16, 16, 16]


def test_a_suspect_is_taken_alone_and_others_together() -> None:
    with_care = Care(12, alone_left=2, suspects=frozenset("cd"))
    taken = []
    waiting = "xyabcdef"
    while waiting:
        with_care = with_care.after(waiting)
        taken.append("".join(with_care.attempting))
        assert [cause for cause in waiting if with_care.takes(cause)] == list(with_care.attempting)
        waiting = waiting[len(with_care.attempting) :]
    assert taken == ["x", "y", "ab", "c", "d", "ef"]
    assert (with_care.inputs_left, with_care.after("gh").inputs_left) == (6, 4)
    over = Care(2, attempting=("a", "b")).after("cd")
    assert (over.attempting, over.takes("c")) == ((), True)


def test_after_some_groups_in_a_row_none_is_noted_once() -> None:
    with_care, taken = Care(100, alone_left=100), []
    for _ in range(GROUPS_IN_A_ROW * 2 + 2):
        with_care = with_care.after("x")
        taken.append(len(with_care.attempting))
    assert taken == 2 * [*GROUPS_IN_A_ROW * [1], 0]


def test_care_is_over_after_a_while() -> None:
    with_care = Care(10, EPOCH)
    assert not with_care.at(EPOCH - timedelta(seconds=1)).takes("x")
    assert with_care.at(EPOCH).takes("x")


def test_what_is_deadly_says_why_it_is_refused() -> None:
    with_care = Care(deadly=frozenset("x"))
    with pytest.raises(DeadlyInput, match="2 owners of its partition died while they decided it"):
        with_care.check("x")
    with_care.check("y")


# --- what comes of it -----------------------------------------------------------------------------------------------


def test_f1_an_input_that_kills_is_refused_and_all_others_are_decided() -> None:
    """F1: it costs three lives, one unseen and two alone; every other call is decided as ever."""

    async def scenario() -> None:
        bench = Bench()
        machine = bench.machine(service=dying(kills_on_call))
        for name in ("before", "deadly", "after"):
            bench.call(name)
        bench.override("after", seconds=600)
        await bench.decided("call-routed", 2)
        assert machine.ended_by == ["Died"] * (DEATHS + 1)
        (refused,) = bench.events(InputRefused)
        assert (refused.position, refused.call_id) == ("calls/0/1", "a/cad/deadly")
        assert refused.wrong == "2 owners of its partition died while they decided it"
        assert Counter(types(bench.log))["deadline-set"] == 2
        await asyncio.sleep(30)
        assert machine.ended_by == ["Died"] * (DEATHS + 1)
        assert _noted(bench, "calls/0/1") == DEATHS + 1

    run(scenario())


@pytest.mark.parametrize(
    ("kind", "refusal"), [(Tick, ClockFailed), (EffectStarting, InputRefused), (EffectDone, InputRefused)]
)
def test_f1_a_clock_or_a_report_that_kills_is_refused(kind: type, refusal: type[Event]) -> None:
    """F1: whatever is decided may be what kills."""

    def kills(given: Input) -> bool:
        return isinstance(given.event, kind) and "deadly" in str(given.event)

    async def scenario() -> None:
        bench = Bench()
        machine = bench.machine(service=dying(kills))
        bench.call("deadly")
        bench.call("good")
        await bench.until(lambda: bool(bench.events(refusal)), 120)
        await bench.decided("call-routed", 1 if kind is Tick else 2)
        assert DEATHS + 1 <= len(machine.ended_by) <= DEATHS + 2
        (refused,) = bench.events(refusal)
        assert refused.wrong.startswith("2 owners")

    run(scenario())


def test_what_one_owner_died_at_by_chance_is_decided() -> None:
    """A process that is killed for another reason leaves a note of what it was about to decide, and no more."""

    async def scenario() -> None:
        bench = Bench()
        machine = bench.machine()
        bench.call("first")
        await bench.decided("deadline-set")
        machine.kill()
        await asyncio.sleep(1)
        machine.trap = ("journal", "kill-after")
        bench.call("second")
        await bench.decided("call-routed", 2)
        assert _noted(bench, "calls/0/1") == 2
        assert bench.events(InputRefused) == []

    run(scenario())


def test_an_owner_that_ends_in_order_says_so_and_the_next_takes_many_inputs_at_a_time() -> None:
    async def scenario() -> None:
        bench = Bench()
        first = bench.machine("1")
        bench.call("c0")
        await bench.decided("deadline-set")
        await retire(first)
        assert notes(bench)[-1] == RELEASED
        for number in range(1, 6):
            bench.call(f"c{number}")
        bench.machine("2")
        await bench.decided("deadline-set", 6)
        assert notes(bench) == [RELEASED]

    run(scenario())


def test_an_owner_that_ends_in_order_while_it_is_careful_hands_its_care_on() -> None:
    async def scenario() -> None:
        bench = Bench()
        first = bench.machine("1")
        bench.call("c0")
        await bench.decided("deadline-set")
        first.kill()
        await asyncio.sleep(1)
        await retire(first)
        assert notes(bench)[-1] == PositionsNoted()
        bench.call("c1")
        bench.machine("2")
        await bench.decided("deadline-set", 2)
        assert _noted(bench, "calls/0/1") == 1

    run(scenario())


@pytest.mark.parametrize("snapshot_every", [10_000, 20], ids=["no snapshot", "snapshots often"])
@pytest.mark.parametrize("many", [True, False])
def test_what_kills_among_many_others_is_found(
    many: bool,  # noqa: FBT001
    snapshot_every: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Also where snapshots are saved so often that an owner need not read how those before it ended."""
    monkeypatch.setattr(care, "ALONE_INPUTS", 3)

    async def scenario() -> None:
        bench = Bench()
        for number in range(30 if many else 1):
            bench.call(f"c{number}")
        bench.call("deadly")
        machine = bench.machine(service=dying(kills_on_call), snapshot_every_records=snapshot_every)
        await bench.decided("input-refused")
        assert machine.ended_by == ["Died"] * (DEATHS + 1 + many)

    run(scenario())


def test_after_a_death_a_snapshot_is_saved_later_but_not_for_ever_later() -> None:
    async def scenario() -> None:
        bench = Bench()
        machine = bench.machine(snapshot_every_records=5)
        await bench.until(lambda: machine.worker is not None and 0 in machine.worker.owned)
        machine.kill()
        for number in range(2):
            bench.call(f"c{number}")
        await bench.decided("call-routed", 2)
        assert bench.log.places[SNAPSHOTS, 0] == []
        for number in range(2, 20):
            bench.call(f"c{number}")
        await bench.decided("deadline-set", 20)
        await bench.until(lambda: len(bench.log.places[SNAPSHOTS, 0]) > 0, 5)

    run(scenario())


def test_what_kills_in_one_partition_is_not_blamed_on_another() -> None:
    async def scenario() -> None:
        bench = Bench(partitions=4)
        broker = MemoryBroker(bench.log)
        agencies = {broker.partition_of(name): name for name in "abcdefghijklmnop"}
        assert len(agencies) == 4
        for partition, agency in agencies.items():
            for number in range(6):
                name = "deadly" if (partition, number) == (2, 3) else f"c{number}"
                put(bench.log, CALLS.name, reported(name, bench.clock, agency), bench.clock,
                    agency=agency, partition=partition)  # fmt: skip
        machine = bench.machine(service=dying(kills_on_call))
        await bench.decided("deadline-set", 23, 60)
        assert [event.position for event in bench.events(InputRefused)] == ["calls/2/3"]
        assert machine.ended_by == ["Died"] * (DEATHS + 1)

    run(scenario())


def test_what_is_decided_and_what_is_next_are_one_append() -> None:
    async def scenario() -> None:
        bench = Bench()
        machine = bench.machine(service=replace(TOY, pending=lambda _: {}))
        bench.call("c0")
        await bench.decided("deadline-set")
        machine.kill()
        for number in range(1, ALONE_INPUTS + 3):
            bench.call(f"c{number}")
        before = _appends(bench)
        await bench.decided("deadline-set", ALONE_INPUTS + 3, every=0.0005)
        assert [len(note.attempting) for note in notes(bench)] == [*ALONE_INPUTS * [1], 2]
        looks, claim, first_note, after_a_row, decisions = 2, 1, 1, 1, ALONE_INPUTS + 1
        assert _appends(bench) - before == looks + claim + first_note + after_a_row + decisions

    run(scenario())


@pytest.mark.parametrize("what", ["kill-before", "kill-in-flight", "kill-after"])
@pytest.mark.parametrize("appends", range(9))
def test_a_careful_owner_may_die_at_any_append(what: str, appends: int) -> None:
    """What its last record says is not decided yet, nothing is twice, and nothing is refused for it."""

    async def scenario() -> None:
        bench, unnoted = Bench(), list[str]()
        machine = bench.machine(service=watched(TOY, bench, unnoted))
        bench.call("c0")
        await bench.decided("deadline-set")
        machine.kill()
        for number in range(1, 6):
            bench.call(f"c{number}")
        before = _appends(bench)
        await bench.until(lambda: _appends(bench) == before + appends, every=0.0005)
        machine.trap = ("journal", what)
        await bench.until(lambda: len(machine.ended_by) == 2, every=0.0005)
        *decided, last = counted(bench.log)
        assert not {stored.headers["cause"].decode() for stored in decided}.intersection(attempted([last]))
        await bench.decided("call-routed", 6, 120)
        assert len(machine.ended_by) == 2
        assert Counter(types(bench.log))["deadline-set"] == 6
        assert bench.events(InputRefused) == []
        assert unnoted == []

    run(scenario())


def test_a_partition_that_is_careful_does_not_keep_the_others_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(step, "GROUP_INPUTS", 1)

    async def scenario() -> None:
        bench = Bench(partitions=2)
        broker = MemoryBroker(bench.log)
        agencies = {broker.partition_of(name): name for name in "abcdefgh"}
        machine = bench.machine()
        await bench.until(lambda: machine.worker is not None and len(machine.worker.owned) == 2)
        machine.kill()
        for number in range(3 * GROUPS_IN_A_ROW):
            for partition, agency in agencies.items():
                put(bench.log, CALLS.name, reported(f"c{number}", bench.clock, agency), bench.clock,
                    agency=agency, partition=partition)  # fmt: skip
        await bench.decided("deadline-set", 2 * 3 * GROUPS_IN_A_ROW)
        steps = {
            (stored.time, number)
            for number in agencies
            for stored in bench.log.places[ASSIGNMENTS.name, number]
            if stored.headers["type"] == b"deadline-set"
        }
        turns = groupby(number for _, number in sorted(steps))
        assert [len(list(turn)) for _, turn in turns] == 6 * [GROUPS_IN_A_ROW]

    run(scenario())


def test_care_ends_after_so_many_inputs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(care, "CAREFUL_INPUTS", 4)
    monkeypatch.setattr(care, "ALONE_INPUTS", 0)
    monkeypatch.setattr(step, "GROUP_INPUTS", 2)

    async def scenario() -> None:
        bench = Bench()
        machine = bench.machine()
        bench.call("c0")
        await bench.decided("call-routed")
        machine.kill()
        for number in range(1, 8):
            bench.call(f"c{number}")
        await bench.decided("deadline-set", 8)
        first, second = (note.attempting for note in notes(bench))
        assert (first, second[:2]) == (("calls/0/1", "calls/0/2"), ("calls/0/3", "calls/0/4"))
        deadlines = [stored for stored in counted(bench.log) if stored.headers["type"] == b"deadline-set"]
        assert list(Counter(stored.headers["positions"] for stored in deadlines).values()) == [1, 2, 2, 3]

    run(scenario())


def test_a_journal_with_such_notes_is_decided_again_the_same() -> None:
    async def scenario() -> None:
        bench = Bench()
        bench.machine(service=dying(kills_on_call))
        for name in ("c1", "deadly", "c2", "c1"):
            bench.call(name)
        await bench.decided("call-routed", 2)
        again = Redecision(TOY, lambda position: _stored(bench, position))
        assert list(again.differences(counted(bench.log))) == []
        assert (again.failed, again.decisions > 4) == (1, True)
        assert "" not in again.states

    run(scenario())


def _noted(bench: Bench, cause: str) -> int:
    return sum(cause in note.attempting for note in notes(bench))


def _appends(bench: Bench) -> int:
    """How many batches stand in the journal; none comes in the same instant as another."""
    return len({stored.time for stored in bench.log.places[ASSIGNMENTS.name, 0]})


def _stored(bench: Bench, position: str) -> Stored:
    topic, number, offset = position.split("/")
    return bench.log.places[topic, int(number)][int(offset)]


@settings(max_examples=60)
@given(st.lists(st.sampled_from(["deadly", "good", "good", "raises"]), min_size=1, max_size=9), st.data())
def test_whatever_kills_the_rest_is_decided_once(kinds: list[str], data: st.DataObject) -> None:
    """Any inputs, deadly ones among them, and a process that is killed at random besides."""
    kills = data.draw(st.lists(st.floats(0.0, 3.0), max_size=2))

    async def scenario() -> None:
        bench, unnoted = Bench(), list[str]()
        machine = bench.machine(service=watched(dying(kills_on_call), bench, unnoted))
        for number, kind in enumerate(kinds):
            bench.call(f"{kind}{number}")
        for seconds in kills:
            asyncio.get_running_loop().call_later(seconds, machine.kill)
        deadly, good = kinds.count("deadly"), kinds.count("good")
        await bench.decided("input-refused", len(kinds) - good, 120)
        await bench.decided("call-routed", good, 120)
        assert {event.call_id.removeprefix("a/cad/") for event in bench.events(DeadlineSet)} == {
            f"{kind}{number}" for number, kind in enumerate(kinds) if kind == "good"
        }
        assert Counter(types(bench.log))["deadline-set"] == good
        positions = [event.position for event in bench.events(InputRefused)]
        assert len(positions) == len(set(positions)) == len(kinds) - good
        assert machine.ended_by.count("Died") <= deadly * (DEATHS + 2)
        assert unnoted == []

    run(scenario())
