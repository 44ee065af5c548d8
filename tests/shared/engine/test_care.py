"""F1: an input that kills its worker is refused by the owner after the next, and nobody else loses anything by it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.engine import care, step
from shared.engine.broker import Stored
from shared.engine.care import ALONE_INPUTS, CAREFUL_INPUTS, CAREFUL_TIME, DEATHS, Care, DeadlyInput, Endings
from shared.engine.redecide import Redecision
from shared.engine.service import EffectDone, EffectStarting, Input, Service, Tick
from shared.events import CallReported, ClockFailed, DeadlineSet, Event, InputRefused, PositionsNoted
from tests.shared.engine import toy
from tests.shared.engine.test_worker import Bench
from tests.shared.engine.toy import TOY, State, counted, types
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
    expected = Care(suspects=frozenset(suspects), deadly=frozenset(deadly))
    if careful:
        expected = replace(expected, inputs_left=CAREFUL_INPUTS, until=EPOCH + CAREFUL_TIME, alone_left=ALONE_INPUTS)
    assert endings.care(before, EPOCH) == expected


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


@pytest.mark.parametrize("many", [True, False])
def test_what_kills_among_many_others_is_found(many: bool, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: FBT001
    monkeypatch.setattr(care, "ALONE_INPUTS", 3)

    async def scenario() -> None:
        bench = Bench()
        for number in range(30 if many else 1):
            bench.call(f"c{number}")
        bench.call("deadly")
        machine = bench.machine(service=dying(kills_on_call))
        await bench.decided("input-refused")
        assert machine.ended_by == ["Died"] * (DEATHS + 1 + many)

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
        assert [note.attempting for note in notes(bench)] == [("calls/0/1", "calls/0/2"), ("calls/0/3", "calls/0/4")]
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


def _stored(bench: Bench, position: str) -> Stored:
    topic, number, offset = position.split("/")
    return bench.log.places[topic, int(number)][int(offset)]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(["deadly", "good", "good", "raises"]), min_size=1, max_size=9), st.data())
def test_whatever_kills_the_rest_is_decided_once(kinds: list[str], data: st.DataObject) -> None:
    """Any inputs, deadly ones among them, and a process that is killed at random besides."""
    kills = data.draw(st.lists(st.floats(0.0, 3.0), max_size=2))

    async def scenario() -> None:
        bench = Bench()
        machine = bench.machine(service=dying(kills_on_call))
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

    run(scenario())
