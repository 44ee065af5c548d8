"""What becomes of a page where a carrier fails: the next carrier only where nothing can have been taken."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from services.notification.carriers.breaker import SKIP_SECONDS
from shared.carriers import Channel
from tests.rig.carrier import OTHER_PHONE, PHONE, Town, page

FAILURES = 5
CHANNELS: tuple[Channel, ...] = ("sms", "voice")
ORDERS = (("twilio", "telnyx"), ("telnyx", "twilio"))


@dataclass
class Case:
    """A mood of the first carrier, and what has to come of it."""

    what: str
    result: str
    why: str
    over: str
    """Which carriers were asked for something they could have taken: `both`, `first`, `second`."""
    reached: int
    """How often the phone is reached."""
    mood: dict[str, Any] = field(default_factory=dict)


CASES = [
    Case("no name", "done", "", "second", 1, {"fault": "dns"}),
    Case("no connection", "done", "", "second", 1, {"fault": "connect"}),
    Case("no certificate", "done", "", "second", 1, {"fault": "tls"}),
    Case("credentials refused", "done", "", "second", 1, {"status": 401}),
    Case("forbidden", "done", "", "second", 1, {"status": 403}),
    Case("too busy for the time that is left", "done", "", "second", 1, {"status": 429, "retry_after": "60"}),
    Case("too busy, nobody knows for how long", "done", "", "second", 1, {"status": 429}),
    Case("busy for a moment", "done", "", "first", 1, {"status": 429, "retry_after": "2", "times": 1}),
    Case("silent, and it has it", "failed", "unknown", "first", 1, {"fault": "silent-taken"}),
    Case("silent, and it has it not", "failed", "unknown", "first", 0, {"fault": "silent"}),
    Case("5xx, and it has it", "failed", "unknown", "first", 1, {"status": 503, "takes_though_failing": True}),
    Case("5xx, and it has it not", "failed", "unknown", "first", 0, {"status": 500}),
]


@pytest.mark.scenario("failures")
@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.what)
async def test_the_next_carrier_is_asked_only_where_nothing_can_have_been_taken(case: Case, channel: Channel) -> None:
    for first, second in ORDERS:
        town = Town(twilio_first=first == "twilio")
        phone = town.phone(picks_up_after_seconds=None)
        town.mood(first, **case.mood)
        outcome = await town.send(page(), channel)
        await town.time.pass_seconds(60)
        assert (outcome.result, outcome.why) == (case.result, case.why)
        assert len(getattr(town, second).requests) == (1 if case.over == "second" else 0)
        assert len(phone.texts) + len(phone.calls) == case.reached
        assert len(town.network.sent()) == case.reached  # and nothing else was sent


@pytest.mark.scenario("failures")
@pytest.mark.parametrize("channel", CHANNELS)
async def test_all_carriers_down_is_said_at_once(channel: Channel) -> None:
    town = Town()
    town.phone()
    town.mood("twilio", fault="connect")
    town.mood("telnyx", status=401)
    outcome = await town.send(page(), channel)
    await town.time.pass_seconds(60)
    assert (outcome.result, outcome.why) == ("failed", "credentials")
    assert town.network.sent() == []


@pytest.mark.scenario("failures")
@pytest.mark.parametrize("channel", CHANNELS)
async def test_where_every_carrier_is_too_busy_they_are_asked_once_more(channel: Channel) -> None:
    town = Town()
    phone = town.phone(picks_up_after_seconds=None)
    for carrier in ("twilio", "telnyx"):
        town.mood(carrier, status=429, times=1)
    assert (await town.send(page(), channel)).result == "done"
    await town.time.pass_seconds(60)
    assert len(phone.texts) + len(phone.calls) == 1
    assert len(town.network.sent()) == 1
    for carrier in ("twilio", "telnyx"):
        town.mood(carrier, status=429)
    outcome = await town.send(page(2, seconds=90), channel)
    assert (outcome.result, outcome.why) == ("failed", "queue-full")


@pytest.mark.scenario("failures")
@pytest.mark.parametrize("carrier", ["twilio", "telnyx"])
async def test_who_has_opted_out_is_not_reached_by_another_carrier(carrier: str) -> None:
    town = Town(twilio_first=carrier == "twilio")
    town.phone()
    town.network.opted_out.add((carrier, PHONE))
    outcome = await town.send(page())
    await town.time.pass_seconds(60)
    assert (outcome.result, outcome.why) == ("failed", "opted-out")
    assert town.network.sent() == []


@pytest.mark.scenario("failures")
async def test_what_is_no_number_is_refused_by_name() -> None:
    town = Town()
    outcome = await town.send(page(), address="+1608555")
    assert outcome.result == "done"  # nobody can know before it is tried
    outcome = await town.send(page(2), address="six-oh-eight")
    assert (outcome.result, outcome.why) == ("failed", "unknown-number")
    outcome = await town.send(page(3), address="")
    assert (outcome.result, outcome.why) == ("failed", "no-address")
    await town.time.pass_seconds(60)
    assert town.network.sent() == []


@pytest.mark.scenario("failures")
@pytest.mark.parametrize("channel", CHANNELS)
async def test_a_carrier_that_has_failed_comes_last_for_a_while_and_then_first_again(channel: Channel) -> None:
    town = Town()
    town.phone()
    town.mood("twilio", fault="connect", times=1)
    for number in range(FAILURES + 1):
        assert (await town.send(page(number, seconds=500), channel)).result == "done"
    assert (len(town.twilio.requests), len(town.telnyx.requests)) == (0, FAILURES + 1)
    await town.time.pass_seconds(SKIP_SECONDS)
    assert (await town.send(page(99, seconds=SKIP_SECONDS + 500), channel)).result == "done"
    assert len(town.twilio.requests) == 1
    assert len(town.telnyx.requests) == FAILURES + 1


@pytest.mark.scenario("failures")
@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("mood", [{"status": 503}, {"fault": "silent"}], ids=["503", "silent"])
async def test_an_hour_without_one_carrier_loses_three_pages_however_seldom_pages_are(
    channel: Channel, mood: dict[str, Any]
) -> None:
    town = Town()
    town.phone()
    town.mood("twilio", **mood)
    results = []
    for number in range(6):
        results.append((await town.send(page(number, seconds=number * 600 + 25), channel)).result)
        await town.time.pass_seconds(600)
    assert results == [*["failed"] * 3, *["done"] * 3], "so many are tried that somebody hears of it"


@pytest.mark.scenario("failures")
@pytest.mark.parametrize("channel", CHANNELS)
async def test_a_page_that_one_carrier_refuses_says_nothing_of_the_next_page(channel: Channel) -> None:
    town = Town()
    town.phone()
    town.mood("twilio", status=400, times=1)
    for number in range(2):
        assert (await town.send(page(number, seconds=500), channel)).result == "done"
    assert (len(town.twilio.requests), len(town.telnyx.requests)) == (1, 1)


@pytest.mark.scenario("failures")
async def test_of_two_carriers_that_failed_the_one_that_failed_last_comes_last() -> None:
    """A sick one does not come first again because the other has had one bad moment."""
    town = Town()
    town.phone()
    town.mood("twilio", status=503)
    results = []
    for number in range(6):
        if number == 2:
            town.mood("telnyx", status=503, times=1)
        results.append((await town.send(page(number, seconds=500))).result)
        await town.time.pass_seconds(1)
    assert results == ["failed", "done", "failed", "failed", "done", "done"]


@pytest.mark.scenario("failures")
async def test_the_only_carrier_is_asked_however_often_it_has_failed() -> None:
    town = Town()
    only_one = town.reaching.reach.model_copy(update={"sms": ("twilio",)})
    town.reaching = town.reaching.model_copy(update={"reach": only_one})
    phone = town.phone()
    town.mood("twilio", fault="connect", times=FAILURES)
    results = [(await town.send(page(number, seconds=500))).result for number in range(FAILURES + 1)]
    assert results == ["failed"] * FAILURES + ["done"]
    await town.time.pass_seconds(10)
    assert len(phone.texts) == 1


@pytest.mark.scenario("failures")
@pytest.mark.parametrize("channel", CHANNELS)
async def test_a_page_for_another_person_is_not_held_up_by_a_carrier_that_hangs(channel: Channel) -> None:
    town = Town()
    town.phone()
    other = town.phone(OTHER_PHONE)
    town.mood("twilio", fault="silent", times=1)
    assert (await town.send(page(1), channel)).why == "unknown"
    assert (await town.send(page(2), channel, OTHER_PHONE)).result == "done"
    await town.time.pass_seconds(60)
    assert len(other.texts) + len(other.calls) == 1
