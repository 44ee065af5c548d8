"""Calls: what is said, which key does what, and that picking up alone is never an answer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import Any
from xml.etree.ElementTree import ParseError

import pytest
from defusedxml.ElementTree import fromstring
from hypothesis import given
from hypothesis import strategies as st

from deploy.actors.carrier.network import Answered
from deploy.actors.carrier.phones import ReceivedCall
from services.notification.callbacks import words
from services.notification.carriers.twiml import NOTHING_PRESSED, ONLY_WRONG_KEYS, WRONG_KEY, twiml
from shared.carriers import CarrierName
from shared.events import AcceptOffer, AnswerRoll, ContactMethod, DeclineOffer, OfferWithdrawn
from tests.builders import of_offer
from tests.rig.carrier import AGENCY, OTHER_PHONE, PHONE, page
from tests.services.notification.callbacks.driver import CALL, NUMBERS, OFFER, Callbacks

CARRIERS: tuple[CarrierName, ...] = ("twilio", "telnyx")
SENTENCE = (
    "This is care route for team alpha 1: a call for you in Central, priority 2. "
    "To take the call, press 1. To leave it, press 2."
)


@pytest.fixture(params=CARRIERS)
async def city(request: pytest.FixtureRequest) -> AsyncIterator[Callbacks]:
    callbacks = Callbacks(twilio_first=request.param == "twilio")
    async with callbacks.living():
        yield callbacks


async def called(city: Callbacks, **phone: Any) -> ReceivedCall:
    """A person is called for an offer: how the call went."""
    city.phone(**phone)
    city.reach(kind="voice", method_id="voice")
    due = city.owe(city.page(city.offer(), kind="voice"))
    assert (await city.page_out(due, "voice")).result == "done"
    await city.settled()
    await city.time.pass_seconds(90)
    (call,) = city.phone().calls
    return call


@pytest.mark.scenario("answers")
async def test_key_1_takes_the_call_and_says_what_came_of_it(city: Callbacks) -> None:
    call = await called(city, presses="1")
    assert call.heard == [SENTENCE, "The call is yours."]
    (command,) = city.answers()
    assert isinstance(command, AcceptOffer)
    assert (command.person_id, command.method_id) == ("ana", "voice")
    assert ("heard", "") in city.receipts()
    assert city.network.sent() == [(PHONE, "call")]  # and nothing else was sent


@pytest.mark.scenario("answers")
async def test_key_2_leaves_it(city: Callbacks) -> None:
    call = await called(city, presses="2")
    assert call.heard[-1] == "The call goes to another."
    (command,) = city.answers()
    assert isinstance(command, DeclineOffer)


@pytest.mark.scenario("answers")
async def test_who_presses_too_late_in_the_call_hears_who_has_it(city: Callbacks) -> None:
    city.refuse = ("taken", "beta-2 has this call.")
    call = await called(city, presses="1")
    assert call.heard[-1] == words.TAKEN


@pytest.mark.scenario("answers")
async def test_who_was_refused_over_one_telephone_is_heard_over_the_next(city: Callbacks) -> None:
    """Who had to say first that they are on the team, and did, was refused until the offer was over."""
    city.refuse = ("not-confirmed", "ana has not confirmed yet to be on alpha-1: that comes first.")
    city.phone(presses="1")
    first = city.owe(city.page(city.offer(seconds=300), kind="voice"))
    home = {"page_id": "9" * 32, "method": ContactMethod(method_id="home", kind="voice")}
    for due in (first, city.owe(first.model_copy(update=home))):
        await city.page_out(due, "voice")
        await city.settled()
        await city.time.pass_seconds(90)
        await city.settled()
        city.refuse = None
    assert [call.heard[-1] for call in city.phone().calls] == [words.REFUSALS["not-confirmed"], "The call is yours."]
    assert len(city.answers()) == 2


@pytest.mark.scenario("answers")
async def test_a_key_that_a_carrier_tells_twice_is_one_answer(city: Callbacks) -> None:
    await called(city, presses="1")
    keys = [(url, headers, body) for url, headers, body in city.seen if b"Digits=1" in body]
    for again in keys:
        assert (await city._post(*again)).status == 200
    await city.settled()
    assert len(city.answers()) == len(keys) == 1


@pytest.mark.scenario("answers")
async def test_a_wrong_key_is_told_which_ones_there_are(city: Callbacks) -> None:
    call = await called(city, presses="71")
    assert call.heard[1].startswith(WRONG_KEY)
    assert call.heard[-1] == "The call is yours."


@pytest.mark.scenario("answers")
async def test_who_presses_only_wrong_keys_is_not_listened_to_for_ever(city: Callbacks) -> None:
    call = await called(city, presses="7")
    assert len(call.heard) == 4
    assert call.heard[-1] == ONLY_WRONG_KEYS
    assert city.answers() == []


@pytest.mark.scenario("failures")
async def test_that_no_key_was_pressed_is_no_wrong_key(city: Callbacks) -> None:
    """A carrier that tells of it heard thrice more what a key is for, and in the end that it means nothing here."""
    due = city.owe(city.page(city.offer(), kind="voice"))
    await city.settled()
    carrier = city.twilio if city.twilio_first else city.telnyx
    url, heard = city.urls.of("twilio" if city.twilio_first else "telnyx", AGENCY, due.page_id, "/key"), list[str]()
    for wrong in ("", "?wrong=1"):
        answered = await city._post(url + wrong, *carrier.signed_form(url + wrong, {"Digits": ""}))
        heard.append(answered.body.decode())
    assert f"{SENTENCE}</Say></Gather>" in heard[0]
    assert heard[1].endswith(f"<Response><Say>{NOTHING_PRESSED}</Say><Hangup/></Response>")
    assert city.answers() == []


@pytest.mark.scenario("answers")
async def test_without_an_answer_of_ours_whoever_listens_is_asked_for_patience_and_then_sent_to_the_page(
    city: Callbacks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.notification.callbacks.http.ANSWER_SECONDS", 0.1)
    city.silent = True
    call = await called(city, presses="1")
    assert call.heard == [SENTENCE, *["One moment."] * 3, words.NOT_HEARD_YET]
    assert len(city.answers()) == 1


@pytest.mark.scenario("failures")
@pytest.mark.parametrize("phone", [{"voicemail": True, "presses": "1"}, {"presses": ""}], ids=["machine", "silence"])
async def test_a_call_without_a_key_is_no_answer(city: Callbacks, phone: dict[str, Any]) -> None:
    call = await called(city, **phone)
    assert call.heard == [SENTENCE, SENTENCE, NOTHING_PRESSED]
    assert "If you hear this later, it is over" in NOTHING_PRESSED, "a machine plays it in the morning"
    assert city.answers() == []
    assert city.receipts() == [("ringing", ""), ("no-answer", "")]


@pytest.mark.scenario("failures")
@pytest.mark.parametrize(
    ("phone", "state"),
    [
        ({"picks_up_after_seconds": None}, "no-answer"),
        ({"call_ends": "busy"}, "busy"),
        ({"call_ends": "failed"}, "failed"),
    ],
)
async def test_a_phone_that_nobody_picks_up(city: Callbacks, phone: dict[str, Any], state: str) -> None:
    call = await called(city, **phone)
    assert call.heard == []
    assert city.answers() == []
    assert city.receipts() == [("ringing", ""), (state, "")]


@pytest.mark.scenario("answers")
async def test_who_picks_up_when_it_is_over_hears_that_and_is_asked_nothing(city: Callbacks) -> None:
    city.phone(presses="1", picks_up_after_seconds=4)
    due = city.owe(city.page(city.offer(), kind="voice"))
    await city.page_out(due, "voice")
    await city.settled()
    await city.time.pass_seconds(2)
    city.write(of_offer(OfferWithdrawn, city.offers[due.offer_id or ""], why="taken"))
    await city.settled()
    await city.time.pass_seconds(60)
    (call,) = city.phone().calls
    assert call.heard == [words.TAKEN]
    assert city.answers() == []


@pytest.mark.scenario("answers")
async def test_a_roll_call_is_answered_by_a_key(city: Callbacks) -> None:
    city.phone(presses="1")
    due = city.owe(page(kind="test", offer_id=None, about="roll-1", seconds=3600))
    await city.page_out(due, "voice")
    await city.settled()
    await city.time.pass_seconds(60)
    (call,) = city.phone().calls
    assert call.heard[-1] == words.RECEIVED
    (command,) = city.answers()
    assert isinstance(command, AnswerRoll)


@pytest.mark.scenario("failures")
async def test_what_a_proxy_cannot_pass_on_is_asked_for_again_and_no_error_is_read_out() -> None:
    """While a door begins anew a proxy answers 502: Twilio asks again where the address says so, and not else."""
    city, failed = Callbacks(), set[str]()

    async def post(url: str, headers: Mapping[str, str], body: bytes) -> Answered:
        door = url.rpartition("/")[2]
        if door in ("voice", "key") and door not in failed:
            failed.add(door)
            return Answered(502)
        return await city._post(url, headers, body)

    city.network.post = post
    async with city.living():
        call = await called(city, presses="1")
    assert failed == {"voice", "key"}
    assert call.heard == [SENTENCE, "The call is yours."]


async def test_a_notice_is_read_twice_and_asks_for_no_key(city: Callbacks) -> None:
    city.phone(presses="1")
    due = city.owe(page(kind="withdrawn", why="taken", not_after=city.clock.now() + timedelta(minutes=3)))
    await city.page_out(due, "voice")
    await city.settled()
    await city.time.pass_seconds(60)
    (call,) = city.phone().calls
    assert call.heard == ["This is care route for team alpha 1: the call in Central is over for you."] * 2
    assert call.pressed == []


# --- calling back


async def calls_back(city: Callbacks, phone: str = PHONE) -> list[str]:
    """Somebody calls the number that pages come from: what they hear."""
    carrier = city.twilio if city.twilio_first else city.telnyx
    await city.settled()
    heard = carrier.call_in(phone, NUMBERS[carrier.name]).heard
    await city.time.pass_seconds(60)
    assert heard == heard[:1] * 2, "each thing twice, and no key is asked for"
    await city.settled()
    assert city.answers() == []
    return heard[:1]


@pytest.mark.scenario("answers")
async def test_who_calls_the_number_back_hears_what_they_were_called_for_and_how_to_answer(city: Callbacks) -> None:
    """Whoever missed the call at night calls back: nobody answered there, or the carrier's own "not in service"."""
    city.phone(presses="1")
    city.reach(kind="voice", method_id="voice")
    city.owe(city.page(city.offer(), kind="voice"))
    city.owe(page(7, kind="reminder", call_id="", offer_id=None, seconds=3600))
    call = "This is care route for team alpha 1: a call for you in Central, priority 2."
    assert await calls_back(city) == [f"{call} {words.ANSWER_ELSEWHERE}"]
    city.write(of_offer(OfferWithdrawn, city.offers[OFFER], why="taken"))
    assert await calls_back(city) == [words.TAKEN]


@pytest.mark.scenario("answers")
async def test_who_calls_back_is_told_the_newest_that_holds(city: Callbacks) -> None:
    """Not "go now" of a call that was taken back since, nor of a shift before what may be dangerous."""
    city.reach(kind="voice", method_id="voice")
    by_phone: dict[str, Any] = {
        "method": ContactMethod(method_id="voice", kind="voice"),
        "offer_id": None,
        "seconds": 600,
    }
    for number, (kind, call) in enumerate({"assigned": CALL, "upgrade": CALL, "reminder": ""}.items()):
        city.owe(page(number + 1, kind=kind, call_id=call, **by_phone))
    (heard,) = await calls_back(city)
    assert "your call in Central has become more dangerous" in heard
    city.owe(page(9, kind="withdrawn", **by_phone))
    (heard,) = await calls_back(city)
    assert "the call in Central is over for you" in heard


@pytest.mark.scenario("failures")
@pytest.mark.parametrize("who", ["on-the-books", "stranger", "hidden"])
async def test_who_calls_without_having_been_paged_is_told_where_help_is(city: Callbacks, who: str) -> None:
    city.reach()
    phone = {"on-the-books": PHONE, "stranger": OTHER_PHONE, "hidden": "anonymous"}[who]
    assert await calls_back(city, phone) == [words.CALLED_US]


async def test_a_call_that_the_carrier_has_not_signed_hears_nothing(city: Callbacks) -> None:
    carrier = city.twilio if city.twilio_first else city.telnyx
    headers = {"content-type": "application/x-www-form-urlencoded"}
    answered = await city._post(f"{carrier.inbound_url}/call", headers, b"From=%2B16085550123&To=%2B16085550100")
    assert (answered.status, answered.body) == (403, b"")


@given(st.text(max_size=80), st.text(max_size=200), st.text(max_size=9), st.none() | st.text(max_size=200))
def test_what_is_said_is_always_a_document_that_can_be_played(
    team: str, district: str, digits: str, result: str | None
) -> None:
    for look_again in ("", "https://door.example/x?Digits=1&again=2"):
        text = twiml(page(team_id=team, district=district), digits, result, "https://door.example/k", look_again)
        try:
            document = fromstring(text)
        except ParseError:
            pytest.fail(text)
        assert {verb.tag for verb in document} <= {"Say", "Gather", "Pause", "Redirect", "Hangup"}
