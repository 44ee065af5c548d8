"""One text a second on a long code: offers first, and none of them waits behind a reminder."""

from __future__ import annotations

import asyncio

from services.notification.carriers.pace import LATER, OFFERS, Pace

PER_SECOND = 50.0


async def test_a_sender_sends_so_many_a_second_and_no_more() -> None:
    pace, loop = Pace(), asyncio.get_running_loop()
    began = loop.time()
    turns = await asyncio.gather(*(pace.turn(["a"], PER_SECOND, OFFERS, 5) for _ in range(11)))
    assert turns == ["a"] * 11
    assert loop.time() - began >= 10 / PER_SECOND * 0.95


async def test_two_senders_send_twice_as_many() -> None:
    pace, loop = Pace(), asyncio.get_running_loop()
    began = loop.time()
    turns = await asyncio.gather(*(pace.turn(["a", "b"], PER_SECOND, OFFERS, 5) for _ in range(10)))
    assert sorted(filter(None, turns)) == ["a"] * 5 + ["b"] * 5
    assert loop.time() - began < 10 / PER_SECOND


async def test_an_offer_never_waits_behind_a_reminder() -> None:
    pace, order = Pace(), list[str]()

    async def send(name: str, rank: int) -> None:
        await pace.turn(["a"], PER_SECOND, rank, 5)
        order.append(name)

    async with asyncio.TaskGroup() as tasks:
        for number in range(5):
            tasks.create_task(send(f"reminder {number}", LATER))
        await asyncio.sleep(0)
        tasks.create_task(send("offer", OFFERS))
    assert order == ["reminder 0", "offer", "reminder 1", "reminder 2", "reminder 3", "reminder 4"]


async def test_what_has_no_turn_in_time_is_not_sent_and_takes_nobodys_turn() -> None:
    pace = Pace()
    assert await pace.turn(["a"], 1, OFFERS, 1) == "a"
    assert await pace.turn(["a"], 1, OFFERS, 0.01) is None
    assert await pace.turn(["a", "b"], 1, OFFERS, 0.01) == "b"
