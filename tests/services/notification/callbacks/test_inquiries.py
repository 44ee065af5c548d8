"""What carriers do not tell is asked for, seldom, and only while it matters."""

from __future__ import annotations

from datetime import timedelta

import pytest
from prometheus_client import REGISTRY

from services.notification.callbacks.view import SILENT_HOURS
from shared.carriers import CarrierName
from shared.events import ContactProved, LineFreed, NoteReceipt, PageDelivered, PageReceived, PageUndelivered
from shared.topics import NOTIFICATIONS
from tests.rig.carrier import PHONE
from tests.services.notification.callbacks.driver import Callbacks

HOUR = timedelta(hours=1).total_seconds()
CARRIERS = pytest.mark.parametrize("carrier", ["twilio", "telnyx"])


async def taken(city: Callbacks, kind: str = "sms") -> str:
    """A page that its carrier took, in the journal as notification writes it; its id."""
    city.phone()
    due = city.owe(city.page(city.offer(), kind=kind))
    outcome = await city.page_out(due, kind)  # type: ignore[arg-type]
    city.write(PageDelivered(page_id=due.page_id, taken_as=outcome.taken_as), topic=NOTIFICATIONS)
    await city.time.pass_seconds(60)
    await city.settled()
    return due.page_id


async def hours(city: Callbacks, number: float, *, often: int = 4) -> None:
    """Let hours pass, with several rounds in each."""
    for _ in range(int(number * often)):
        await city.time.pass_seconds(HOUR / often)
        await city.inquiries.round()
        await city.settled()


def looked_up(city: Callbacks) -> list[str]:
    return city.twilio.looked_up + city.telnyx.looked_up


def counted(carrier: str, result: str) -> float:
    labels = {"carrier": carrier, "result": result}
    return REGISTRY.get_sample_value("careroute_look_ups_total", labels) or 0.0


@pytest.mark.scenario("receipts")
@CARRIERS
@pytest.mark.parametrize(
    ("error", "receipt"),
    [("", ("delivered", "")), ("30005", ("undelivered", "unknown-number")), ("30003", ("undelivered", "unreachable"))],
)
async def test_what_became_of_a_text_is_asked_for_after_an_hour(
    carrier: CarrierName, error: str, receipt: tuple[str, str]
) -> None:
    city, before = Callbacks(twilio_first=carrier == "twilio"), counted(carrier, "news")
    city.mood(carrier, news="none")
    city.phone(text_error=error)
    async with city.living():
        page_id = await taken(city)
        await hours(city, 0.75)
        assert looked_up(city) == [], "not before an hour"
        await hours(city, 0.5)
        assert len(looked_up(city)) == 1
        assert city.receipts() == [receipt]
        (note,) = [each for each in city.commands() if isinstance(each, NoteReceipt)]
        assert (note.page_id, note.provider) == (page_id, carrier)
        assert counted(carrier, "news") == before + 1
        assert {sent for _, sent in city.network.sent()} <= {city.phone(PHONE).texts[0].body} if not error else True


@pytest.mark.scenario("receipts")
async def test_what_became_of_a_call_is_asked_for_where_the_carrier_has_named_it() -> None:
    city = Callbacks()
    city.mood("twilio", news="none")
    city.phone(picks_up_after_seconds=None)
    async with city.living():
        await taken(city, "voice")
        await hours(city, 1.25)
        assert city.receipts() == [("no-answer", "")]


@pytest.mark.scenario("receipts")
async def test_a_call_that_telnyx_did_not_name_is_not_asked_for() -> None:
    city = Callbacks(twilio_first=False)
    city.mood("telnyx", news="none")
    async with city.living():
        await taken(city, "voice")
        await hours(city, 3)
        assert looked_up(city) == []


@pytest.mark.scenario("receipts")
@CARRIERS
async def test_news_that_comes_after_all_is_the_same_command(carrier: CarrierName) -> None:
    city = Callbacks(twilio_first=carrier == "twilio")
    city.mood(carrier, news="late", late_seconds=2 * HOUR)
    async with city.living():
        await taken(city)
        await hours(city, 1.25)
        assert city.receipts() == [("delivered", "")]
        await hours(city, 2)
        assert sorted(city.receipts()) == [("delivered", ""), ("sent", "")]


@pytest.mark.scenario("receipts")
@CARRIERS
async def test_a_carrier_that_does_not_know_either_is_asked_once_an_hour_and_for_a_day(carrier: CarrierName) -> None:
    city, before = Callbacks(twilio_first=carrier == "twilio"), counted(carrier, "none")
    city.mood(carrier, news="none")
    async with city.living():
        await taken(city)
        played = city.twilio if carrier == "twilio" else city.telnyx
        for each in played.taken:
            each.state = "queued"
        await hours(city, 60)
        assert len(looked_up(city)) == SILENT_HOURS
        assert counted(carrier, "none") == before + SILENT_HOURS
        assert city.receipts() == []
        assert list(city.door.view.silent()) == []


@pytest.mark.scenario("receipts")
@CARRIERS
@pytest.mark.parametrize("fault", ["connect", "silent", "401", "503"])
async def test_a_carrier_that_does_not_answer_is_asked_again_the_next_hour(carrier: CarrierName, fault: str) -> None:
    city, before = Callbacks(twilio_first=carrier == "twilio"), counted(carrier, "failed")
    city.mood(carrier, news="none")
    async with city.living():
        await taken(city)
        if fault.isdigit():
            city.mood(carrier, status=int(fault))
        else:
            city.mood(carrier, fault=fault)
        await hours(city, 1.25)
        assert city.receipts() == []
        assert counted(carrier, "failed") == before + 1
        city.mood(carrier)
        await hours(city, 1)
        assert city.receipts() == [("delivered", "")]


@pytest.mark.scenario("receipts")
@pytest.mark.parametrize("known", ["received", "undelivered", "answered", "over"])
async def test_what_is_known_is_not_asked_for(known: str) -> None:
    city = Callbacks()
    city.mood("twilio", news="none")
    async with city.living():
        page_id = await taken(city)
        about = {"page_id": page_id, "provider": "twilio", "kind": "sms"}
        events = {
            "received": PageReceived.model_validate(about | {"evidence": "carrier"}),
            "undelivered": PageUndelivered.model_validate(about | {"why": "unreachable"}),
            "answered": ContactProved(person_id="ana", method_id="mobile", page_id=page_id),
            "over": LineFreed(page_id=page_id, why="over"),
        }
        city.write(events[known], topic=NOTIFICATIONS)
        await city.settled()
        await hours(city, 3)
        assert looked_up(city) == []


@pytest.mark.scenario("receipts")
async def test_a_process_that_starts_anew_asks_no_sooner() -> None:
    city = Callbacks()
    city.mood("twilio", news="none")
    async with city.living():
        await taken(city)
        await city.time.pass_seconds(5.5 * HOUR)
        for _ in range(5):
            await city.inquiries.round()
        assert looked_up(city) == [], "its first look only notes how old the page is"
        await hours(city, 0.75)
        assert len(looked_up(city)) == 1
