"""F1: what one decision may take of the processor; beyond that it is refused, and everybody else's inputs go on."""

from __future__ import annotations

import re
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from types import FrameType
from typing import Any

import pytest
import uvloop

from services.triage import state as triage_state
from shared.engine.budget import BUDGET_SECONDS, Stopwatch, within_budget
from shared.engine.service import DecisionTooLong, EffectStarting, Input, Tick
from shared.events import CallReported, ClockFailed, Event, InputRefused
from shared.programme import ProgrammeRefused
from tests.shared.engine import toy
from tests.shared.engine.test_step import Desk, types
from tests.shared.engine.toy import TOY, State

Work = Callable[[], object]


def swallowing() -> None:
    while True:
        with suppress(Exception):
            sum(range(1_000))


def endless() -> None:
    while True:
        pass


def backtracking() -> None:
    re.match(r"(a+)+$", "a" * 60 + "b")


def service(work: Work, on: type[Any] = CallReported) -> Any:
    """The toy, which does some work on inputs that are so named."""

    def decide(state: State, given: Input, now: datetime) -> Sequence[Event]:
        if isinstance(given.event, on) and "slow" in str(given.event):
            work()
        return toy.decide(state, given, now)

    return replace(TOY, decide=decide)


@pytest.mark.parametrize("work", [endless, swallowing, backtracking])
def test_f1_an_input_that_never_ends_is_refused_and_others_are_decided(work: Work) -> None:
    """F1: others wait for less than a second; the refusal says where the time went, and nothing of the input."""
    with within_budget(service(work)) as bounded:
        desk = Desk(bounded)
        desk.call("slow")
        desk.call("c1", agency="other")
        began = time.thread_time()
        refused, *rest = desk.live()
    assert BUDGET_SECONDS <= time.thread_time() - began < 1
    assert isinstance(refused, InputRefused)
    assert refused.call_id is None or refused.call_id.endswith("slow")
    assert refused.wrong.startswith("it took more than 0.5 s of the processor; it was in ")
    assert [event.type for event in rest] == ["deadline-set", "cad-message-due"]
    assert dict(desk.state.of("a").calls) == {}


def test_f1_it_is_refused_in_the_event_loop_of_a_process_as_well() -> None:
    """The loop looks after signals itself; the one that counts the time still reaches the decision."""

    async def live() -> list[Event]:
        with within_budget(service(endless), 0.05) as bounded:
            desk = Desk(bounded)
            desk.call("slow")
            return desk.live()

    assert [type(event) for event in uvloop.run(live())] == [InputRefused]


def test_f1_a_clock_and_a_report_that_never_end_are_refused_alike() -> None:
    with within_budget(service(endless, Tick), 0.05) as bounded:
        desk = Desk(bounded)
        desk.call("slow")
        desk.live()
        desk.at = desk.state.due["a"][1]
        assert [type(event) for event in desk.live()] == [ClockFailed]
    with within_budget(service(endless, EffectStarting), 0.05) as bounded:
        desk = Desk(bounded)
        desk.backlog.reports.append(("a", EffectStarting("slow")))
        assert [type(event) for event in desk.live()] == [InputRefused]


def test_many_short_decisions_take_as_long_as_they_take() -> None:
    def work() -> None:
        end = time.thread_time() + 0.04
        while time.thread_time() < end:
            pass

    with within_budget(service(work), 0.1) as bounded:
        desk = Desk(bounded)
        for number in range(10):
            desk.call(f"slow{number}")
        assert types(desk.decide()).count("deadline-set") == 10


def test_a_process_that_gets_no_processor_time_refuses_nothing() -> None:
    with within_budget(service(lambda: time.sleep(0.4)), 0.1) as bounded:
        desk = Desk(bounded)
        desk.call("slow")
        assert types(desk.decide()) == ["deadline-set", "cad-message-due"]


def test_work_in_another_thread_is_not_counted() -> None:
    over = threading.Event()

    def busy() -> None:
        while not over.is_set():
            sum(range(100))

    thread = threading.Thread(target=busy)
    with within_budget(service(lambda: time.sleep(0.4)), 0.1) as bounded:
        thread.start()
        desk = Desk(bounded)
        desk.call("slow")
        made = types(desk.decide())
        over.set()
        thread.join()
    assert made == ["deadline-set", "cad-message-due"]


def test_nothing_but_a_decision_is_interrupted() -> None:
    with within_budget(TOY, 0.02) as bounded:
        desk = Desk(bounded)
        desk.call("c1")
        desk.live()
        end = time.thread_time() + 0.2
        while time.thread_time() < end:
            pass


def test_the_timer_ends_with_the_service() -> None:
    before = signal.getsignal(signal.SIGPROF)
    with within_budget(TOY):
        assert signal.getitimer(signal.ITIMER_PROF)[1] > 0
    assert signal.getitimer(signal.ITIMER_PROF) == (0.0, 0.0)
    assert signal.getsignal(signal.SIGPROF) is before


def test_wherever_a_decision_is_interrupted_it_is_whole_or_refused() -> None:
    """The interruption is made at each line that runs between the step and the decision, one after the other."""
    refused = decided = 0
    for line in range(1_000):
        with within_budget(TOY, 0.0) as bounded:
            signal.setitimer(signal.ITIMER_PROF, 0)  # the lines are counted here, not the time
            desk = Desk(bounded)
            desk.call("c1")
            desk.call("c2", agency="other")
            lines = Lines(line, signal.getsignal(signal.SIGPROF))
            sys.settrace(lines.trace)
            try:
                made = desk.decide()
            finally:
                sys.settrace(None)
            desk.commit(made)
            for _ in range(2):
                lines.look(signal.SIGPROF, sys._getframe())  # no decision is taken to be under way any more
        kinds = [[one.event.type for one in made.made if one.cause == f"calls/0/{number}"] for number in range(2)]
        assert all(kind in (["deadline-set", "cad-message-due"], ["input-refused"]) for kind in kinds), (line, kinds)
        for agency, kind in zip(("a", "other"), kinds, strict=True):
            assert len(desk.state.of(agency).calls) == (kind[0] == "deadline-set")
        refused += kinds.count(["input-refused"])
        decided += kinds.count(["deadline-set", "cad-message-due"])
        if not lines.reached:
            break
    assert line > 50
    assert refused > 20
    assert decided > refused


class Lines:
    """Lets the signal come at a line that runs, counted from the beginning of the step."""

    def __init__(self, line: int, look: Any) -> None:
        self.reached, self._left, self.look = False, line, look

    def trace(self, frame: FrameType, event: str, _given: object) -> Any:
        if event == "line" and not self.reached:
            self._left -= 1
            if self._left < 0:
                self.reached = True
                self.look(signal.SIGPROF, frame)  # notes when the decision was seen first
                self.look(signal.SIGPROF, frame)
        return self.trace


def test_a_decision_is_seen_twice_before_it_is_ended() -> None:
    """What cannot be interrupted, as a collection of garbage that happens to fall into a decision, costs nobody."""
    watch = Stopwatch(toy.evolve.__code__, 0.0)
    watch.deciding, watch.number = True, 1
    frame = sys._getframe()
    watch.look(signal.SIGPROF, frame)
    with pytest.raises(DecisionTooLong, match="test_budget"):
        watch.look(signal.SIGPROF, frame)
    watch.number = 2
    watch.look(signal.SIGPROF, frame)


def test_it_costs_less_than_two_microseconds() -> None:
    given = Input(EffectStarting("x"), "x", Desk().at, "a")
    quiet = replace(TOY, decide=lambda _state, _given, _now: ())
    costs = []
    with within_budget(quiet) as bounded:
        for _ in range(5):
            seconds = []
            for decide in (quiet.decide, bounded.decide):
                began = time.thread_time()
                for _ in range(20_000):
                    decide(TOY.initial, given, given.time)
                seconds.append(time.thread_time() - began)
            costs.append((seconds[1] - seconds[0]) / 20_000)
    print(f"a decision within its budget costs {min(costs) * 1e6:.2f} µs more")  # noqa: T201
    assert min(costs) < 2e-6


def test_a_document_that_a_decision_has_no_time_to_read_is_not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """F1: after a restart each call of its agency would cost all others half a second."""
    times = 0

    def read(_text: str) -> Any:
        nonlocal times
        times += 1
        raise DecisionTooLong

    monkeypatch.setattr(triage_state, "read", read)
    for _ in range(3):
        with pytest.raises(ProgrammeRefused, match="too large to verify"):
            triage_state.parsed("# takes long\n")
    assert times == 1
