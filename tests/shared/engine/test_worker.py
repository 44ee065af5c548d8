"""The worker on the in-memory twin, under virtual time: whatever happens to its process, the journal stays right."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from prometheus_client import REGISTRY

from shared import telemetry
from shared.engine import step, worker
from shared.engine.broker import Appended, BrokerUnavailable, Record, Stored, TopicPartition
from shared.engine.claim import ClockSkewed
from shared.engine.journal import START, Ownership, StepHeaders, headers_of, positions_of, time_of
from shared.engine.memory import MemoryBroker, MemoryLog, MemoryReader
from shared.engine.partition import Partition
from shared.engine.process import HANG_SECONDS
from shared.engine.reader import JournalReader
from shared.engine.service import Effect, EffectDone, Input
from shared.engine.topic import DEAD_LETTERS
from shared.engine.writer import GapReader, NotOwner, least_offset_seconds
from shared.events import (
    CallReported,
    CallRouted,
    Claimed,
    CommandDone,
    CommandRefused,
    Event,
    InputRefused,
    OverrideCall,
    PageFailed,
    VersionNoted,
    decode,
)
from shared.topics import ASSIGNMENTS, CALLS, COMMANDS, DECISIONS
from tests.shared.engine import toy
from tests.shared.engine.toy import CLOCK_SECONDS, TOY, Outside, State, counted, owner, put, reported, types
from tests.simulation.machine import Machine
from tests.simulation.virtual_time import EPOCH, VirtualClock, VirtualLoop, run

SNAPSHOTS = "team-availability-snapshots"


@dataclass(slots=True)
class Bench:
    """A log, and machines that run the toy service on it."""

    partitions: int = 1
    clock: VirtualClock = field(init=False)
    log: MemoryLog = field(init=False)
    outside: Outside = field(default_factory=Outside)
    machines: list[Machine] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.clock = VirtualClock(asyncio.get_running_loop())
        self.log = MemoryLog(self.partitions, self.clock)

    def machine(self, name: str = "1", **given: Any) -> Machine:
        given = {"service": TOY, "perform": self.outside, "random": random.Random(name), **given}
        machine = Machine(log=self.log, name=name, **given)
        machine.start()
        self.machines.append(machine)
        return machine

    def call(self, name: str, **given: Any) -> int:
        return put(self.log, CALLS.name, reported(name, self.clock), self.clock, **given)

    def override(self, name: str, command_id: str = "o", seconds: float = 60) -> int:
        now = self.clock.now()
        command = OverrideCall(
            command_id=command_id,
            issued_by="anna",
            issued_at=now,
            expires_at=now + timedelta(seconds=seconds),
            call_id=f"a/cad/{name}",
            send="default",
        )
        return put(self.log, COMMANDS.name, command, self.clock)

    async def until(self, check: Callable[[], bool], seconds: float = 30, every: float = 0.01) -> None:
        end = self.clock.monotonic() + seconds
        while not check():
            assert self.clock.monotonic() < end, f"not in {seconds} s: {Counter(types(self.log))}"
            await asyncio.sleep(every)

    async def decided(self, event_type: str, count: int = 1, seconds: float = 30, every: float = 0.05) -> None:
        await self.until(lambda: types(self.log).count(event_type) >= count, seconds, every)

    def events(self, kind: type[Event]) -> list[Any]:
        return [
            decode(kind.type, stored.value)
            for stored in counted(self.log)
            if stored.headers["type"] == kind.type.encode()
        ]

    def state(self, machine: Machine, number: int = 0) -> State:
        assert machine.worker is not None
        state: State = machine.worker.owned[number].states["a"]
        return state


def virtually(scenario: Callable[[], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    """A test under virtual time."""

    def test() -> None:
        run(scenario())

    test.__name__ = scenario.__name__
    return test


def folded(log: MemoryLog) -> State:
    """The state as the journal alone gives it."""
    state = State()
    for stored in counted(log):
        if stored.headers["type"] != b"positions-noted":
            event = decode(stored.headers["type"].decode(), stored.value)
            state = toy.evolve(state, event, time_of(stored.headers))
    return state


# --- the daily round ------------------------------------------------------------------------------------------------


@virtually
async def test_a_call_is_decided_paged_told_and_routed_once() -> None:
    bench = Bench()
    bench.machine()
    bench.call("c1")
    bench.call("c1")
    await bench.decided("call-routed")
    await asyncio.sleep(3)
    assert Counter(types(bench.log)) == {
        "deadline-set": 1,
        "cad-message-due": 1,
        "page-attempted": 1,
        "page-delivered": 1,
        "cad-informed": 1,
        "call-routed": 1,
    }
    assert len(bench.outside.performed) == 2
    set_, routed = (
        next(s for s in counted(bench.log) if s.headers["type"] == t) for t in (b"deadline-set", b"call-routed")
    )
    assert set_.headers["cause"] == b"calls/0/0"
    assert routed.headers["cause"].startswith(b"tick/a/a/cad/c1/")
    assert positions_of(routed.headers)[CALLS.name] == (2, 0)
    due = bench.log.places[CALLS.name, 0][0].time + timedelta(seconds=CLOCK_SECONDS)
    assert set_.time < due <= routed.time < due + timedelta(seconds=0.1)


@virtually
async def test_the_same_command_twice_gets_one_answer_and_a_late_one_is_refused() -> None:
    bench = Bench()
    bench.override("c1", "one")
    bench.override("c1", "one")
    bench.override("c1", "late", seconds=-1)
    bench.machine()
    await bench.decided("command-refused")
    assert [event.command_id for event in bench.events(CommandDone)] == ["one"]
    assert [(event.command_id, event.reason) for event in bench.events(CommandRefused)] == [("late", "expired")]


@pytest.mark.parametrize("snapshot_every_records", [5, 1_000_000])
def test_a_restart_restores_the_state(snapshot_every_records: int) -> None:
    async def scenario() -> None:
        bench = Bench()
        machine = bench.machine(snapshot_every_records=snapshot_every_records)
        for number in range(40):
            bench.call(f"c{number}")
            await asyncio.sleep(0.3)
        before = len(bench.outside.performed)
        machine.kill()
        await asyncio.sleep(1)
        assert bench.state(machine) == folded(bench.log)
        assert (len(bench.log.places[SNAPSHOTS, 0]) > 0) == (snapshot_every_records == 5)
        await asyncio.sleep(20)
        assert Counter(types(bench.log))["call-routed"] == 40
        assert Counter(types(bench.log))["page-delivered"] >= 39
        assert len(bench.outside.performed) <= 81
        assert before <= len(bench.outside.performed)

    run(scenario())


@virtually
async def test_with_snapshots_a_restart_does_not_need_the_old_journal() -> None:
    bench = Bench()
    machine = bench.machine(snapshot_every_records=10)
    for number in range(40):
        bench.call(f"c{number}")
    await bench.decided("call-routed", 40)
    bench.call("last")
    await bench.decided("call-routed", 41)
    await asyncio.sleep(2)
    state, floors = bench.state(machine), [s for s in bench.log.places[SNAPSHOTS, 0] if s.key.startswith("#floor")]
    bench.log.dropped_before[ASSIGNMENTS.name, 0] = int(floors[-1].headers["position"])
    machine.kill()
    await asyncio.sleep(1)
    assert bench.state(machine) == state
    bench.call("after")
    await bench.decided("call-routed", 1)


@pytest.mark.parametrize("what", ["lose-request", "lose-answer"])
def test_a_snapshot_that_is_not_written_ends_nothing_and_the_next_round_saves(what: str) -> None:
    async def scenario() -> None:
        bench, before = Bench(), not_saved()
        machine = bench.machine(snapshot_every_records=10, trap=("snapshot", what))
        for number in range(40):
            bench.call(f"c{number}")
            await bench.decided("call-routed", number + 1)
        await bench.until(lambda: any(s.key.startswith("#floor") for s in bench.log.places[SNAPSHOTS, 0]))
        assert machine.sprung == [f"snapshot/{what}"]
        assert machine.ended_by == []
        assert not_saved() == before + 1
        state = bench.state(machine)
        bench.log.dropped_before[ASSIGNMENTS.name, 0] = int(bench.log.places[SNAPSHOTS, 0][-1].headers["position"])
        machine.kill()
        await asyncio.sleep(1)
        assert bench.state(machine) == state

    run(scenario())


def not_saved() -> float:
    return figure("careroute_snapshots_not_saved_total", service=TOY.name, why="unavailable") or 0.0


@virtually
async def test_snapshots_of_another_version_of_the_state_are_ignored() -> None:
    bench = Bench()
    machine = bench.machine(snapshot_every_records=3)
    bench.call("c1")
    await bench.until(lambda: len(bench.log.places[SNAPSHOTS, 0]) >= 2)
    machine.service = replace(TOY, state_version=2)
    machine.kill()
    await asyncio.sleep(8)
    assert bench.state(machine) == folded(bench.log)


@virtually
async def test_two_processes_share_the_partitions_and_one_takes_over_all() -> None:
    bench = Bench(partitions=4)
    one, other = bench.machine("1"), bench.machine("2")
    await bench.until(lambda: all(m.worker and len(m.worker.owned) == 2 for m in (one, other)))
    assert one.worker is not None
    one.retire()
    await bench.until(lambda: other.worker is not None and len(other.worker.owned) == 4)
    assert other.worker is not None
    assert other.worker.ready
    assert one.ended_by == ["stopped"]


# --- figures --------------------------------------------------------------------------------------------------------


def figure(metric: str, **labels: str) -> float | None:
    return REGISTRY.get_sample_value(metric, labels)


@virtually
async def test_whether_it_is_ready_can_be_asked_when_its_membership_is_over() -> None:
    """The watchdog asks, and ended of the answer: nothing would have ended a process that hangs on its way out."""
    bench = Bench()
    machine = bench.machine()
    await bench.until(lambda: machine.worker is not None and machine.worker.ready)
    worker = machine.worker
    assert worker is not None
    bench.log.join("team-availability", "1", object())
    assert worker.ready
    await bench.until(lambda: machine.ended_by == ["BrokerUnavailable"])
    assert worker.ready in (True, False)


@virtually
async def test_it_says_of_every_partition_whether_it_owns_it() -> None:
    bench = Bench(partitions=2)
    machine = bench.machine()
    topic = TOY.writes.name
    await bench.until(lambda: machine.worker is not None and len(machine.worker.owned) == 2)
    assert [figure("careroute_partition_owner", topic=topic, partition=n) for n in "01"] == [1, 1]
    assert machine.worker is not None
    machine.worker._hand_over([1], follow=False)
    await bench.until(
        lambda: [figure("careroute_partition_owner", topic=topic, partition=n) for n in "01"] == [1, 0], every=0.0005
    )


@virtually
async def test_counters_begin_at_0_for_the_agencies_of_a_partition_once_it_is_claimed_and_for_new_ones() -> None:
    telemetry.OFFERS.clear()
    bench = Bench()
    machine = bench.machine()
    await bench.until(lambda: machine.worker is not None and machine.worker.ready)
    begun: dict[str, str] = {"agency": "a", "ended": "expired"}
    assert figure("careroute_offers_total", **begun) is None
    bench.call("c1")
    await bench.decided("deadline-set")
    assert figure("careroute_offers_total", **begun) == 0
    assert figure("careroute_inputs_refused_total", service=TOY.name) is not None
    machine.retire()
    telemetry.OFFERS.clear()
    other = bench.machine("2")
    await bench.until(lambda: other.worker is not None and bool(other.worker.owned))
    assert figure("careroute_offers_total", **begun) == 0


@virtually
async def test_the_oldest_input_that_waits_has_an_age_and_none_has_none() -> None:
    bench = Bench()
    machine = bench.machine()
    await bench.until(lambda: machine.worker is not None and machine.worker.ready)
    assert machine.worker is not None
    assert machine.worker.oldest_undecided_seconds() == 0
    backlog = machine.worker.owned[0].backlog
    at = bench.clock.now() - timedelta(seconds=12)
    waiting = Stored(CALLS.name, 0, backlog.next_offsets[CALLS.name], at, "a", b"", {})
    backlog.feed(waiting, in_preparation=True)
    assert machine.worker.oldest_undecided_seconds() == pytest.approx(12, abs=0.1)
    assert figure("careroute_oldest_undecided_seconds", service=TOY.name) == pytest.approx(12, abs=0.1)


@virtually
async def test_an_append_proves_how_far_a_clock_is_off_at_least() -> None:
    bench = Bench()
    bench.machine("1", skew_seconds=0.45)
    bench.call("c1")
    await bench.decided("deadline-set")
    await asyncio.sleep(1)
    offset = figure("careroute_clock_offset_seconds", service=TOY.name)
    assert offset is not None
    assert 0.3 < offset <= 0.45


@pytest.mark.parametrize(
    ("asked", "stored", "answered", "offset"),
    [(0, 0, 0, 0), (0, 1, 2, 0), (0, -1, 2, 1), (0, 3, 2, -1), (0, 2, 2, 0)],
)
def test_a_slow_answer_is_no_offset(asked: int, stored: int, answered: int, offset: int) -> None:
    instants = [EPOCH + timedelta(seconds=seconds) for seconds in (asked, stored, answered)]
    assert least_offset_seconds(*instants) == offset


# --- bad input ------------------------------------------------------------------------------------------------------


@virtually
async def test_bad_input_is_refused_with_a_dead_letter_and_the_loop_goes_on() -> None:
    bench = Bench()
    secret = b"Mr Doe, 5 Elm Street"
    bad = [
        Record("a", secret, (("type", b"call-reported"), ("subject", b"a/cad/bad"))),
        Record("a", b"\xff\xfe", (("type", b"call-reported"),)),
        Record("a", b"{}", (("type", b"no-such-thing"),)),
        Record("a", b"{}", (("type", b"\xff"),)),
        Record("a", b"{}"),
    ]
    bench.machine()
    bench.log.append(CALLS.name, 0, bad)
    bench.call("raises")
    bench.call("good")
    await bench.decided("call-routed")
    refused: list[InputRefused] = bench.events(InputRefused)
    assert [event.position for event in refused] == [f"calls/0/{offset}" for offset in range(6)]
    assert refused[0].call_id == "a/cad/bad"
    assert refused[5].wrong.startswith("KeyError in toy.py")
    letters = bench.log.places[DEAD_LETTERS.name, 0]
    assert [stored.headers["id"] for stored in letters] == [event.position.encode() for event in refused]
    assert not any(b"Doe" in stored.value for stored in (*counted(bench.log), *letters))


@virtually
async def test_a_decision_that_fits_into_no_step_is_refused() -> None:
    bench = Bench()
    bench.machine()
    bench.call("huge")
    bench.call("good")
    await bench.decided("deadline-set")
    (refused,) = bench.events(InputRefused)
    assert refused.wrong.startswith("ValueError")


@virtually
async def test_steps_stay_within_what_a_batch_takes() -> None:
    bench = Bench()
    for number in range(1_000):
        bench.call(f"c{number}-{'x' * 100}")
    bench.machine()
    await bench.decided("deadline-set", 1_000)
    assert len(bench.state(bench.machines[0]).calls) == 1_000


@virtually
async def test_a_key_of_another_partition_is_refused() -> None:
    bench = Bench(partitions=2)
    bench.machine()
    broker = MemoryBroker(bench.log)
    wrong = 1 - broker.partition_of("a")
    bench.call("c1", partition=wrong)
    await bench.decided("input-refused")
    (refused,) = bench.events(InputRefused)
    assert (refused.position, "partition" in refused.wrong) == (f"calls/{wrong}/0", True)


@pytest.mark.parametrize(("seconds", "rounds"), [(0.03, 12), (0.0, 1)], ids=["each-takes-its-time", "none-takes-any"])
def test_partitions_decide_in_one_round_of_the_loop_as_long_as_that_is_short(seconds: float, rounds: int) -> None:
    """Twelve long steps in one round kept beats waiting for seconds: others took a process that decides for dead.

    Were each always alone, no two appends would be one request, and the second would wait for the answer to the first.
    """
    run(_rounds_that_decide(seconds, rounds))


async def _rounds_that_decide(seconds: float, expected: int) -> None:
    bench = Bench(partitions=12)
    rounds, decided_in = [0], dict[str, int]()

    def decide(state: State, given: Input, now: datetime) -> Sequence[Event]:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        loop.seconds += seconds
        loop.call_soon(rounds.append, rounds[-1] + 1)
        decided_in[given.agency] = rounds[-1]
        return toy.decide(state, given, now)

    machine = bench.machine(service=replace(TOY, decide=decide))
    await bench.until(lambda: machine.worker is not None and len(machine.worker.owned) == bench.partitions)
    partition_of = MemoryBroker(bench.log).partition_of
    agencies = {partition_of(name): name for name in map(str, range(1_000))}
    for number, agency in agencies.items():
        put(bench.log, CALLS.name, reported("c1", bench.clock, agency), bench.clock, agency=agency, partition=number)
    await bench.decided("deadline-set", bench.partitions)
    assert len(set(decided_in.values())) == expected


@pytest.mark.parametrize("name", ["clock-raises", "clock-stays"])
def test_a_clock_that_fails_is_taken_out(name: str) -> None:
    async def scenario() -> None:
        bench = Bench()
        machine = bench.machine()
        bench.call(name)
        bench.call("good")
        await bench.decided("clock-failed")
        await bench.decided("call-routed")
        await asyncio.sleep(10)
        assert types(bench.log).count("clock-failed") == 1
        assert len(bench.state(machine).clocks) == 0
        assert machine.ended_by == []

    run(scenario())


# --- clocks and commands after a take-over --------------------------------------------------------------------------


@virtually
async def test_an_overdue_clock_fires_once_after_a_restart() -> None:
    bench = Bench()
    machine = bench.machine()
    bench.call("c1")
    await bench.decided("cad-informed")
    machine.kill(restart_seconds=60)
    await bench.decided("call-routed", seconds=70)
    machine.kill()
    await asyncio.sleep(30)
    assert types(bench.log).count("call-routed") == 1


@virtually
async def test_what_waits_at_a_take_over_is_decided_before_clocks_and_commands_before_all() -> None:
    bench = Bench()
    machine = bench.machine()
    bench.call("c1")
    await bench.decided("cad-informed")
    machine.kill(restart_seconds=20)
    await asyncio.sleep(2)
    bench.call("c2")
    bench.override("c1", "in time")
    await bench.decided("call-routed", 2)
    assert [routed.outcome for routed in bench.events(CallRouted)] == ["cancelled", "default"]
    kinds = types(bench.log)
    assert kinds.index("command-done") < len(kinds) - 1 - kinds[::-1].index("deadline-set")


@virtually
async def test_what_is_prepared_beside_the_loop_waits_in_its_topic_and_keeps_nothing_else_waiting() -> None:
    bench, ready = Bench(), asyncio.Event()
    prepared: list[str] = []

    async def prepare(stored: Stored) -> None:
        prepared.append(stored.position)
        await ready.wait()
        raise ValueError("what goes wrong here goes wrong again when it is decided")

    machine = bench.machine(prepare={OverrideCall.type: prepare})
    bench.call("1")
    await bench.decided("deadline-set")
    bench.override("1")
    bench.override("1", "second")
    bench.call("2")
    await bench.decided("deadline-set", 2)
    assert len(prepared) == 2
    assert "command-done" not in types(bench.log)
    assert machine.worker is not None
    assert not machine.worker.owned[0].has_work(), "it does not spin meanwhile"
    ready.set()
    await bench.decided("command-done", 2)
    answered = [event.command_id for event in bench.events(CommandDone)]
    assert answered == ["o", "second"]


@virtually
async def test_what_cannot_even_begin_to_be_prepared_is_decided_all_the_same() -> None:
    """It would end every process that reads it, before anything says over what."""

    def prepare(stored: Stored) -> None:
        raise ValueError(stored.position)

    bench = Bench()
    bench.machine(prepare={OverrideCall.type: prepare})
    bench.call("1")
    await bench.decided("deadline-set")
    bench.override("1")
    await bench.decided("command-done")


@pytest.mark.parametrize("comes", ["before the take-over", "after it", "while calls wait"])
def test_a_backlog_of_calls_does_not_keep_the_commands_out(monkeypatch: pytest.MonkeyPatch, comes: str) -> None:
    """Behind 37,000 calls on a real Kafka a command that came after the take-over waited for nine seconds."""
    assign, may_be_decided = MemoryReader.assign, asyncio.Event()

    async def commands_come_last(
        self: MemoryReader, positions: Mapping[TopicPartition, int], *, seeks_beginnings: bool = True
    ) -> dict[TopicPartition, int]:
        return await assign(self, dict(reversed(list(positions.items()))), seeks_beginnings=seeks_beginnings)

    async def wait(_stored: Stored) -> None:
        await may_be_decided.wait()

    async def scenario() -> None:
        bench = Bench()
        machine = bench.machine(prepare={CallReported.type: wait} if comes == "while calls wait" else {})
        if comes == "before the take-over":
            machine.kill(restart_seconds=1)
        else:
            await bench.until(lambda: machine.worker is not None and machine.worker.ready)
        for number in range(60):
            bench.call(f"c{number}")
        await asyncio.sleep(0.1 if comes == "while calls wait" else 0)
        bench.override("c1")
        await bench.decided("command-done")
        may_be_decided.set()
        await bench.decided("deadline-set", 60)
        assert types(bench.log).index("command-done") <= (0 if comes == "before the take-over" else 2 * 20)
        assert machine.ended_by in ([], ["killed"])

    monkeypatch.setattr(MemoryReader, "assign", commands_come_last)
    monkeypatch.setattr(MemoryReader.poll, "__defaults__", (10,))
    monkeypatch.setattr(worker, "BACKLOG_RECORDS", 20)
    run(scenario())


def test_an_idle_partition_notes_how_far_it_read(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        bench = Bench()
        machine = bench.machine()
        bench.call("c1")
        await bench.decided("call-routed")
        bench.call("c1")
        await asyncio.sleep(100)
        noted = [stored for stored in counted(bench.log) if stored.headers["type"] == b"positions-noted"]
        assert 2 <= len(noted) <= 3
        assert positions_of(noted[-1].headers)[CALLS.name] == (2, 0)
        machine.kill()
        await asyncio.sleep(2)
        assert machine.worker is not None
        assert machine.worker.owned[0].positions[CALLS.name] == (2, 0)

    assert timedelta(hours=1) == step.IDLE_NOTE
    monkeypatch.setattr(step, "IDLE_NOTE", timedelta(seconds=30))
    run(scenario())


# --- effects --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("trap", "sent", "ends"),
    [
        (("journal", "kill-before"), 1, "page-delivered"),
        (("journal", "kill-after"), 0, "page-failed"),
        (("journal", "pause-after"), 1, "page-delivered"),
        (("journal", "lose-answer"), 0, "page-failed"),
        (("effect", "kill-before"), 0, "page-failed"),
        (("effect", "kill-after"), 1, "page-failed"),
    ],
)
def test_a_page_goes_out_once_at_most_wherever_the_process_dies(trap: tuple[str, str], sent: int, ends: str) -> None:
    async def scenario() -> None:
        bench = Bench()
        machine = bench.machine(service=replace(TOY, pending=pages_only))
        bench.call("c1")
        await bench.decided("deadline-set", every=0.0002)
        machine.trap = trap
        await bench.decided(ends)
        await asyncio.sleep(20)
        assert machine.sprung == ["/".join(trap)]
        assert len(bench.outside.performed) == sent
        assert Counter(types(bench.log))[ends] == 1
        if ends == "page-failed":
            assert [event.why for event in bench.events(PageFailed)] == ["unknown"]

    run(scenario())


def pages_only(state: State) -> dict[str, Effect]:
    return {effect_id: effect for effect_id, effect in toy.pending(state).items() if effect.at_most_once}


def messages_only(state: State) -> dict[str, Effect]:
    return {effect_id: effect for effect_id, effect in toy.pending(state).items() if not effect.at_most_once}


@virtually
async def test_a_webhook_is_sent_again_under_the_same_id_until_it_is_noted() -> None:
    bench = Bench()
    machine = bench.machine(service=replace(TOY, pending=messages_only))
    bench.call("c1")
    machine.trap = ("effect", "kill-after")
    await bench.decided("cad-informed")
    assert len(bench.outside.performed) == 2
    assert len(set(bench.outside.performed)) == 1
    assert types(bench.log).count("cad-informed") == 1


@virtually
async def test_an_adapter_that_raises_is_a_failed_effect() -> None:
    async def raises(agency: str, effect: Effect) -> EffectDone:
        raise ConnectionError(agency + effect.effect_id)

    bench = Bench()
    machine = bench.machine(perform=raises)
    bench.call("c1")
    await bench.decided("cad-not-informed")
    await bench.decided("page-failed")
    assert [event.why for event in bench.events(PageFailed)] == ["ConnectionError"]
    assert machine.ended_by == []


@virtually
async def test_an_effect_that_comes_too_late_is_not_tried() -> None:
    bench = Bench()
    machine = bench.machine(service=replace(TOY, pending=messages_only))
    bench.call("c1")
    machine.trap, machine.down_seconds = ("effect", "kill-before"), (90.0,)
    await bench.decided("cad-not-informed", seconds=120)
    assert bench.outside.performed == []


@virtually
async def test_a_stop_lets_effects_finish_and_notes_them() -> None:
    async def slow(agency: str, effect: Effect) -> EffectDone:
        del agency
        await asyncio.sleep(2)
        return EffectDone(effect.effect_id, "done")

    bench = Bench()
    machine = bench.machine(perform=slow)
    bench.call("c1")
    await bench.decided("page-attempted")
    machine.retire()
    await bench.until(lambda: not machine.running)
    assert machine.ended_by == ["stopped"]
    assert {"page-delivered", "cad-informed"} <= set(types(bench.log))


# --- who owns -------------------------------------------------------------------------------------------------------


async def claim(bench: Bench, token: str) -> Partition[State]:
    return await owner(TOY, MemoryBroker(bench.log), bench.clock, token)


@virtually
async def test_ownership_is_looked_at_again_before_an_effect_after_two_seconds() -> None:
    bench = Bench()
    owner = await claim(bench, "one")
    await asyncio.sleep(3)
    await owner.confirm()
    await asyncio.sleep(3)
    await claim(bench, "two")
    with pytest.raises(NotOwner):
        await owner.confirm()


@virtually
async def test_a_former_owner_writes_in_vain_and_learns_of_it() -> None:
    bench = Bench()
    owner = await claim(bench, "one")
    bench.call("c1")
    stored = bench.log.places[CALLS.name, 0][0]
    await claim(bench, "two")
    owner.backlog.feed(stored)
    with pytest.raises(NotOwner):
        await owner.step()
    assert types(bench.log) == []
    assert owner.states == {}


@virtually
async def test_late_writes_of_former_owners_do_not_stop_the_owner() -> None:
    bench = Bench()
    former, owner = await claim(bench, "one"), await claim(bench, "two")
    bench.call("c1")
    stored = bench.log.places[CALLS.name, 0][0]
    former.backlog.feed(stored)
    with pytest.raises(NotOwner):
        await former.step()
    lost = Claimed(epoch=2, writer="three")
    common = StepHeaders(2, bench.clock.now(), "1", {}, TOY.name).common()
    bench.log.append(ASSIGNMENTS.name, 0, [Record("", lost.encode(), headers_of(lost, "claim", 0, common))])
    owner.backlog.feed(stored)
    await owner.step()
    await owner.step()
    assert types(bench.log) == ["positions-noted", "deadline-set", "cad-message-due"]
    assert (await claim(bench, "four")).states == owner.states


@pytest.mark.parametrize("what", ["pause-before", "pause-in-flight", "pause-after"])
@pytest.mark.parametrize("place", ["journal", "claim", "snapshot", "effect"])
def test_a_zombie_changes_nothing(place: str, what: str) -> None:
    async def scenario() -> None:
        bench = Bench()
        zombie = bench.machine("1", snapshot_every_records=4, pause_seconds=20.0)
        heir: Machine | None = None
        if place != "claim":
            await bench.until(lambda: zombie.worker is not None and 0 in zombie.worker.owned)
        zombie.trap = (place, what)
        for number in range(40):
            bench.call(f"c{number}")
            await asyncio.sleep(1)
            if number == 3:
                heir = bench.machine("2")
        await asyncio.sleep(30)
        assert zombie.sprung == [f"{place}/{what}"]
        kinds = Counter(types(bench.log))
        assert (kinds["deadline-set"], kinds["call-routed"]) == (40, 40)
        assert kinds["page-delivered"] + kinds["page-failed"] == 40
        assert all(n == 1 for effect_id, n in Counter(bench.outside.performed).items() if effect_id.startswith("a/"))
        owner = next(m for m in (zombie, heir) if m and m.worker and 0 in m.worker.owned)
        assert bench.state(owner) == folded(bench.log)

    run(scenario())


@virtually
async def test_a_clock_that_is_off_by_more_than_half_a_second_owns_nothing() -> None:
    bench = Bench()
    machines = [bench.machine("1", skew_seconds=0.6), bench.machine("2", skew_seconds=-0.6)]
    bench.call("c1")
    await asyncio.sleep(10)
    assert {why for machine in machines for why in machine.ended_by} == {ClockSkewed.__name__}
    assert types(bench.log) == []
    machines[0].skew_seconds = machines[1].skew_seconds = -0.45
    await bench.decided("call-routed")


@virtually
async def test_time_does_not_go_back_in_a_journal() -> None:
    bench = Bench()
    fast = bench.machine("1", skew_seconds=0.45)
    bench.call("c1")
    await bench.decided("deadline-set")
    fast.skew_seconds = -0.45
    fast.kill(restart_seconds=0.05)
    bench.call("c2")
    await bench.decided("call-routed", 2)
    times = [time_of(stored.headers) for stored in counted(bench.log)]
    assert times == sorted(times)


@virtually
async def test_code_that_does_not_know_an_event_of_its_journal_does_not_own_it() -> None:
    bench = Bench()
    machine = bench.machine()
    bench.call("c1")
    await bench.decided("call-routed")
    last = bench.log.places[ASSIGNMENTS.name, 0][-1]
    headers = tuple({**last.headers, "type": b"from-the-future"}.items())
    machine.kill()
    bench.log.append(ASSIGNMENTS.name, 0, [Record("a", b"{}", headers)])
    await asyncio.sleep(5)
    assert machine.ended_by == ["killed"]
    assert machine.worker is not None
    assert machine.worker.owned == {}
    assert not machine.worker.ready


@virtually
async def test_what_was_deleted_for_its_age_before_it_was_read_is_counted_and_the_rest_decided() -> None:
    def deleted() -> float:
        labels = {"service": "team-availability", "topic": CALLS.name}
        return REGISTRY.get_sample_value("careroute_inputs_deleted_total", labels) or 0.0

    bench, before = Bench(), deleted()
    machine = bench.machine()
    bench.call("c1")
    await bench.decided("call-routed")
    machine.kill(restart_seconds=5)
    await asyncio.sleep(1)
    for number in range(5):
        bench.call(f"c{number + 2}")
    bench.log.dropped_before[CALLS.name, 0] = 4
    await bench.decided("call-routed", 3)
    assert deleted() - before == 3
    assert len(machine.ended_by) == 1
    machine.kill(restart_seconds=1)
    bench.call("c7")
    await bench.decided("call-routed", 4)
    assert deleted() - before == 3, "said once"


@virtually
async def test_a_topic_that_ends_before_what_was_read_of_it_ends_the_process_loudly() -> None:
    bench = Bench()
    machine = bench.machine()
    for number in range(3):
        bench.call(f"c{number}")
    await bench.decided("call-routed", 3)
    machine.kill(restart_seconds=1)
    bench.log.places[CALLS.name, 0] = bench.log.places[CALLS.name, 0][:1]
    await asyncio.sleep(5)
    assert set(machine.ended_by[1:]) == {"PositionOutOfRange"}


@virtually
async def test_a_zombies_records_in_a_journal_that_is_read_are_passed_over() -> None:
    bench = Bench()
    machine = bench.machine()

    def write(epoch: int, call_id: str | None) -> None:
        now = bench.clock.now()
        event: Event = (
            Claimed(epoch=epoch, writer=str(epoch))
            if call_id is None
            else VersionNoted(call_id=call_id, event_id="e", updated_at=now, why="late")
        )
        common = StepHeaders(epoch, now, "1", {}, "triage").common()
        bench.log.append(DECISIONS.name, 0, [Record("a", event.encode(), headers_of(event, "x/0/0", 0, common))])

    for epoch, call_id in ((1, None), (1, "one"), (2, None), (2, "two")):
        write(epoch, call_id)
    await bench.decided("version-noted", 2)
    machine.kill()
    await asyncio.sleep(1)
    for epoch, call_id in ((1, "zombie"), (2, "three"), (1, None), (2, "four")):
        write(epoch, call_id)
    await bench.decided("version-noted", 4)
    assert [event.call_id for event in bench.events(VersionNoted)] == ["one", "two", "three", "four"]


@virtually
async def test_an_answer_that_never_comes_ends_the_process_and_nothing_is_decided_twice() -> None:
    bench = Bench()
    machine = bench.machine()
    for number, what in enumerate(("lose-answer", "lose-request", "lose-answer", "lose-request")):
        await bench.until(lambda: machine.worker is not None and 0 in machine.worker.owned)
        machine.trap = ("journal", what)
        bench.call(f"c{number}")
        await bench.until(lambda number=number: len(machine.sprung) > number)  # type: ignore[misc]
        await asyncio.sleep(12)
    await bench.decided("call-routed", 4)
    assert machine.ended_by == ["BrokerUnavailable"] * 4
    kinds = Counter(types(bench.log))
    assert (kinds["deadline-set"], kinds["call-routed"]) == (4, 4)


def test_to_wait_for_a_slow_broker_time_and_again_is_no_hang(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each wait is bounded, and says why it ends the process; the watchdog would say that the loop hangs."""
    append, slow = Machine.append, 5.5

    async def late(self: Machine, topic: str, partition: int, records: Sequence[Record]) -> Appended:
        if topic in (ASSIGNMENTS.name, DEAD_LETTERS.name):
            await asyncio.sleep(slow)
        return await append(self, topic, partition, records)

    async def scenario() -> None:
        bench, waited = Bench(), [0.0]
        machine = bench.machine()
        await bench.until(lambda: machine.worker is not None and 0 in machine.worker.owned)
        assert machine.worker is not None
        monkeypatch.setattr(Machine, "append", late)
        bench.call("raises")
        retires_at = bench.clock.monotonic() + slow + 1
        while machine.running:
            await asyncio.sleep(0.1)
            waited.append(bench.clock.monotonic() - machine.worker.turned_at)
            if not machine.stop.is_set() and bench.clock.monotonic() > retires_at:
                machine.retire()
        assert machine.ended_by == ["stopped"]
        assert types(bench.log)[0] == "input-refused"
        assert len(bench.log.places[DEAD_LETTERS.name, 0]) == 1
        assert max(waited) < 1 < HANG_SECONDS

    run(scenario())


@virtually
async def test_a_gap_that_cannot_be_read_ends_the_process_and_says_so() -> None:
    bench = Bench()
    gaps = GapReader(JournalReader(await MemoryBroker(bench.log).reader(), [ASSIGNMENTS.name]))
    began = bench.clock.monotonic()
    with pytest.raises(BrokerUnavailable, match="what others have written to assignments/0 did not come in 6 s"):
        await gaps.read((ASSIGNMENTS.name, 0), START, 5)
    assert bench.clock.monotonic() - began < HANG_SECONDS - 1


def test_the_fold_of_the_journal_is_what_the_worker_uses() -> None:
    """The oracle's own fold stands on the same rule, stated here once by hand."""

    def record(kind: bytes, epoch: int, value: bytes = b"") -> Stored:
        return Stored("t", 0, 0, EPOCH, "a", value, {"type": kind, "epoch": b"%d" % epoch})

    ownership = Ownership()
    first, second = Claimed(epoch=1, writer="one").encode(), Claimed(epoch=1, writer="two").encode()
    assert not ownership.counts(record(b"claimed", 1, first))
    assert not ownership.counts(record(b"claimed", 1, second))
    assert ownership.writer == "one"
    assert ownership.counts(record(b"x", 1))
    assert not ownership.counts(record(b"x", 0))
