"""The guard, on real sockets: what a request may cost, who gets a slot, and what is said of what went wrong."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import REGISTRY, generate_latest

from shared import telemetry
from shared.clock import SystemClock
from shared.doors import guard
from shared.doors.guard import WRONG_TOKEN_SECONDS, WRONG_TOKENS_AT_ONCE, Slots, Turns, WrongTokens
from tests.shared.doors.toy import BOUNDS, HELLO, Answer, Toy, Wire, get, post

ANN, BOB, NOBODY = "ann", "bob", "somebody-unknown"


@pytest.fixture
async def toy() -> AsyncIterator[Toy]:
    async with Toy(replace(BOUNDS, body_seconds=0.15)).served() as served:
        yield served


def counted(path: str, status: int) -> float:
    labels = {"door": "toy", "path": path, "status": str(status)}
    return REGISTRY.get_sample_value("careroute_requests_total", labels) or 0


async def first_answers(wires: list[Wire], number: int) -> tuple[list[Answer], dict[Wire, asyncio.Task[Answer]]]:
    """The answers that come first, and who still waits for one."""
    answering = {wire: asyncio.get_running_loop().create_task(wire.answer()) for wire in wires}
    async with asyncio.timeout(5):
        while sum(task.done() for task in answering.values()) < number:
            await asyncio.wait(
                [task for task in answering.values() if not task.done()], return_when=asyncio.FIRST_COMPLETED
            )
    answers = [task.result() for task in answering.values() if task.done()]
    return answers, {wire: task for wire, task in answering.items() if not task.done()}


# --- bodies


async def test_a_body_that_drips_is_answered_408_and_closed(toy: Toy) -> None:
    wire = await toy.connect()
    wire.send(post("/length", b"", stated=100))
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(wire.drip(b"x" * 99, 0.01))
        status, headers, body = await wire.answer()
    assert (status, headers["connection"]) == (408, "close")
    assert b"did not come within" in body
    assert await wire.closed()


async def test_a_body_that_is_stated_to_be_too_large_is_answered_before_it_comes(toy: Toy) -> None:
    status, headers, body = await toy.ask(post("/length", b"", stated=1001))
    assert (status, headers["content-type"]) == (413, "application/problem+json")
    assert b"at most 1000 bytes" in body
    assert (await toy.ask(post("/length", b"x" * 1000)))[2] == b"1000"


async def test_a_body_without_a_stated_length_is_counted_as_it_comes(toy: Toy) -> None:
    head = b"POST /length HTTP/1.1\r\nhost: toy\r\ntransfer-encoding: chunked\r\n\r\n"
    chunk = b"190\r\n" + b"x" * 400 + b"\r\n"
    assert (await toy.ask(head + chunk * 2 + b"0\r\n\r\n"))[2] == b"800"
    wire = await toy.connect()
    status, _, _ = await wire.ask(head + chunk * 3)
    assert status == 413, "it has not even ended"


async def test_a_path_may_take_more(toy: Toy) -> None:
    assert (await toy.ask(post("/larger", b"x" * 5000)))[2] == b"5000"
    assert (await toy.ask(post("/larger", b"x" * 5001)))[0] == 413


async def test_a_client_that_leaves_gives_its_slot_back(toy: Toy) -> None:
    for _ in range(20):
        wire = await toy.connect()
        wire.send(post("/length", b"x", ANN, stated=100))
        await wire.close()
    async with asyncio.timeout(5):
        while (await toy.ask(post("/length", b"x", ANN)))[0] != 200:  # noqa: ASYNC110  # the door has no event for it
            await asyncio.sleep(0.01)


# --- slots


async def test_slow_bodies_of_one_source_starve_no_other() -> None:
    async with Toy().served() as toy:
        slow = [await toy.connect() for _ in range(55)]
        for wire in slow:
            wire.send(post("/length", b"x", ANN, stated=100))
        refused, admitted = await first_answers(slow, 51)
        assert {(status, headers["retry-after"]) for status, headers, _ in refused} == {(429, "1")}
        assert (await toy.ask(post("/length", b"xyz", BOB)))[2] == b"3"
        assert (await toy.ask(HELLO))[0] == 200
        assert (await toy.ask(post("/length", b"xyz", ANN)))[0] == 429
        for wire, task in admitted.items():
            wire.send(b"x" * 99)
            assert (await task)[2] == b"100"


async def test_above_the_bound_is_429_with_retry_after_and_below_it_served_again(toy: Toy) -> None:
    wires = [await toy.connect() for _ in range(9)]
    for wire in wires:
        wire.send(get("/wait", ANN))
    refused, admitted = await first_answers(wires, 5)
    assert {(status, headers["retry-after"]) for status, headers, _ in refused} == {(429, "1")}
    assert b"Too many" in (await toy.ask(get("/hello/ann", ANN)))[2]
    toy.gate.set()
    assert [(await task)[0] for task in admitted.values()] == [200] * 4
    assert (await toy.ask(get("/hello/ann", ANN)))[0] == 200


async def test_who_asks_whether_a_door_lives_needs_no_token_and_none_is_wrong(toy: Toy) -> None:
    for token in (NOBODY, ANN):
        answers = [(await toy.ask(get("/livez", token)))[0] for _ in range(WRONG_TOKENS_AT_ONCE + 2)]
        assert set(answers) == {200}


async def test_strangers_are_one_caller_wherever_they_are(toy: Toy) -> None:
    for _ in range(30):
        (await toy.connect()).send(get("/wait", NOBODY))
    await toy.until_waiting(4)
    assert (await toy.ask(get("/hello/x", NOBODY)))[0] == 429
    assert (await toy.ask(get("/hello/ann", ANN)))[0] == 200


async def test_operators_are_answered_when_nobody_else_is() -> None:
    async with Toy(replace(BOUNDS, requests_in_flight=1)).served() as toy:
        (await toy.connect()).send(get("/wait", ANN))
        await toy.until_waiting(1)
        assert (await toy.ask(get("/hello/bob", BOB)))[0] == 429
        assert [(await toy.ask(get(path)))[0] for path in ("/livez", "/readyz")] == [200] * 2


@given(most=st.integers(1, 40), greedy=st.lists(st.sampled_from("abcde"), max_size=200))
def test_a_few_greedy_callers_leave_a_slot_to_the_next(most: int, greedy: list[str]) -> None:
    slots, taken = Slots(most), Counter[str]()
    for caller in greedy:
        taken[caller] += slots.take((caller,))
    if 2 ** len(taken) <= most:
        assert slots.take(("newcomer",))
        slots.give_back(("newcomer",))
    assert taken.total() <= most
    assert all(count <= (most + 1) // 2 for count in taken.values())
    for caller in taken.elements():
        slots.give_back((caller,))
    assert (slots.free, slots.taken) == (most, {})


# --- turns


async def test_what_has_begun_is_answered_while_hundreds_wait_to_begin() -> None:
    """All began as they came: on a full machine the log's answers to them came in when it was too late for each."""
    roomy = Toy(replace(BOUNDS, requests_in_flight=1000)).with_connections(connections_per_address=200)
    async with roomy.served() as toy:
        answers = await asyncio.gather(*(toy.ask(get("/dear", ANN)) for _ in range(100)))
    assert [status for status, _, _ in answers] == [200] * 100
    assert toy.dear.index("answered") < 50, "20 turns of the loop were enough"


@pytest.mark.parametrize("seconds", [0.0, 60.0])
async def test_whose_turn_does_not_come_in_time_is_sent_away(seconds: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "TURN_SECONDS", seconds)
    turns, loop = Turns(SystemClock()), asyncio.get_running_loop()
    first, gone, *others = [loop.create_task(turns.come()) for _ in range(6)]
    await asyncio.sleep(0)
    gone.cancel()
    assert await first
    assert [await task for task in others] == [seconds > 0] * 4
    await asyncio.sleep(0)
    assert await turns.come(), "nobody waits any more"


async def test_whoever_sends_many_waits_for_themselves() -> None:
    """One person's hundred requests were before everybody else's next: a pause took five seconds, or was sent away."""
    turns, began = Turns(SystemClock()), list[str]()

    async def ask(caller: str) -> None:
        assert await turns.come(caller)
        began.append(caller)

    sent = ["eve"] * 100 + ["ann", "ben", "ann"]
    await asyncio.gather(*map(ask, sent))
    assert began[:8] == ["eve", "eve", "ann", "ben", "eve", "ann", "eve", "eve"]
    assert sorted(began) == sorted(sent)


# --- what is said


async def test_a_fault_of_ours_is_a_problem_that_quotes_nothing(toy: Toy, capfd: pytest.CaptureFixture[str]) -> None:
    telemetry.configure_logs("toy", "1")
    before = counted("/broken", 500)
    status, headers, body = await toy.ask(get("/broken?CANARY=1"))
    assert (status, headers["content-type"]) == (500, "application/problem+json")
    assert b'"detail":"Something broke."' in body
    written = "".join(capfd.readouterr())
    assert "CANARY" not in body.decode() + written
    assert "ValueError" in written
    assert counted("/broken", 500) == before + 1


async def test_a_refusal_needs_no_thread(toy: Toy) -> None:
    """It took ten times as long in one, and the first of them had to load what starts it."""
    before = threading.active_count()
    assert (await toy.ask(b"GET /nothing-here HTTP/1.1\r\n\r\n"))[0] == 404
    assert threading.active_count() == before


async def test_requests_are_counted_by_the_route_as_it_is_declared(toy: Toy) -> None:
    before = [counted("/hello/{name}", 200), counted("unknown", 404), counted("/length", 413)]
    await toy.ask(get("/hello/CANARY"))
    await toy.ask(get("/CANARY"))
    await toy.ask(HELLO.replace(b"/hello/ann", b"/length"))
    await toy.ask(post("/length", b"", stated=5000))
    after = [counted("/hello/{name}", 200), counted("unknown", 404), counted("unknown", 413)]
    assert after[:2] == [before[0] + 1, before[1] + 1]
    assert after[2] >= 1, "a body that is too large is refused before its route is looked for"
    assert counted("/length", 405) >= 1
    assert b"CANARY" not in generate_latest()
    assert (REGISTRY.get_sample_value("careroute_request_seconds_count", {"door": "toy"}) or 0) >= 4


async def test_nothing_that_a_door_answers_is_stored(toy: Toy) -> None:
    for request in (HELLO, get("/nothing"), get("/broken"), post("/length", b"", stated=5000)):
        assert (await toy.ask(request))[1]["cache-control"] == "no-store"
    assert (await toy.ask(get("/cached")))[1]["cache-control"] == "max-age=60"


@given(seconds=st.lists(st.floats(0, 60), min_size=1, max_size=60))
def test_f16_an_address_is_wrong_some_times_and_then_now_and_then(seconds: list[float]) -> None:
    wrong, now, looked_at = WrongTokens(), 0.0, []
    for pause in seconds:
        now += pause
        if not wrong.note("address", now):
            looked_at.append(now)
        assert wrong.note(f"other-{now}-{len(looked_at)}", now) == 0
    for first in looked_at:
        within = [at for at in looked_at if first <= at < first + 60]
        assert len(within) <= WRONG_TOKENS_AT_ONCE + 60 / WRONG_TOKEN_SECONDS
