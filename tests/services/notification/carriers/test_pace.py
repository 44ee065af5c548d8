"""One text a second on a long code: offers first, and none of them waits behind a reminder."""

from __future__ import annotations

import asyncio

import pytest

from services.notification.carriers.pace import LATER, OFFERS, Pace
from shared.carriers import Reach
from shared.events import ContactMethod, LadderEnded
from tests.rig.carrier import Town, page

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


@pytest.mark.scenario("ladder")
async def test_calls_are_placed_so_many_a_second_an_account_and_offers_before_all_else() -> None:
    """Texts have a pace of their own: a call waits for no text."""
    town, voice = Town(), ContactMethod(method_id="call", kind="voice")
    twilio = town.reaching.carriers.twilio
    assert twilio is not None
    slow = twilio.model_copy(update={"calls_per_second": PER_SECOND, "texts_per_second": 0.1})
    town.reaching = town.reaching.model_copy(
        update={
            "carriers": town.reaching.carriers.model_copy(update={"twilio": slow, "telnyx": None}),
            "reach": Reach(),
        }
    )
    assert (await town.send(page(99))).result == "done"
    began = asyncio.get_running_loop().time()
    notices = [
        town.send(page(number, kind="test", method=voice), "voice", f"+1608555{number:04d}") for number in range(10)
    ]
    offers = [town.send(page(50 + number, method=voice), "voice", f"+1608556{number:04d}") for number in range(3)]
    outcomes = await asyncio.gather(*notices, *offers)
    assert {outcome.result for outcome in outcomes} == {"done"}
    assert asyncio.get_running_loop().time() - began >= 12 / PER_SECOND * 0.95
    called = [dict(fields)["To"] for path, fields in town.twilio.requests if path.endswith("/Calls.json")]
    assert called[1:4] == [f"+1608556{number:04d}" for number in range(3)], "one had its turn before they came"


@pytest.mark.scenario("ladder")
@pytest.mark.parametrize(("why", "went"), [("taken", 1), ("cancelled", 1), ("accepted", 4), ("answered", 4)])
async def test_a_page_that_waits_for_its_sender_does_not_go_out_once_its_offer_is_over(why: str, went: int) -> None:
    """But to the others of the team that has the call it does: it tells them that there is one. No turn is lost."""
    town = Town()
    twilio = town.reaching.carriers.twilio
    assert twilio is not None
    slow = twilio.model_copy(update={"texts_per_second": PER_SECOND / 5})
    carriers = town.reaching.carriers.model_copy(update={"twilio": slow, "telnyx": None})
    town.reaching = town.reaching.model_copy(update={"carriers": carriers, "reach": Reach()})
    offers = [asyncio.ensure_future(town.send(page(number))) for number in range(4)]
    other = asyncio.ensure_future(town.send(page(9, offer_id="ab" * 16)))
    await asyncio.sleep(0.01)
    town.adapters.note(LadderEnded(offer_id=page().offer_id or "", why=why))
    outcomes = await asyncio.gather(*offers)
    assert [outcome.why for outcome in outcomes if outcome.result == "failed"] == ["offer-over"] * (4 - went)
    if went == 1:
        assert (await asyncio.wait_for(other, 2 / (PER_SECOND / 5))).result == "done", "at once after the first"
    assert (await other).result == "done"
    assert len(town.twilio.requests) == went + 1
    late = await town.send(page(5))
    assert late.why == ("offer-over" if went == 1 else "")
