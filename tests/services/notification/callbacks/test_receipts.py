"""News of pages: in any order, as often as it comes, and only from the carrier and of a page of ours."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from prometheus_client import REGISTRY

from deploy.actors.carrier.network import Mood
from services.notification.callbacks.http import create_app
from services.notification.callbacks.signatures import form_of
from shared.carriers import CarrierName
from shared.engine.broker import BrokerUnavailable
from shared.events import NoteReceipt
from tests.rig.carrier import AGENCY, PHONE
from tests.services.notification.callbacks.driver import Callbacks

CARRIERS: tuple[CarrierName, ...] = ("twilio", "telnyx")


@dataclass(frozen=True)
class Kind:
    """What is told of: a text that arrives, one that does not, a call that nobody picks up."""

    name: str
    channel: Any
    phone: Mapping[str, Any]
    noted: tuple[tuple[str, str], ...]
    sent: int


KINDS = [
    Kind("delivered", "sms", {}, (("sent", ""), ("delivered", "")), 1),
    Kind("undelivered", "sms", {"text_error": "30006"}, (("sent", ""), ("undelivered", "landline")), 0),
    Kind("rang", "voice", {"picks_up_after_seconds": None}, (("ringing", ""), ("no-answer", "")), 1),
]
MOODS = ["in-order", "late", "twice", "reversed", "first"]


@pytest.fixture(params=CARRIERS)
async def city(request: pytest.FixtureRequest) -> AsyncIterator[Callbacks]:
    callbacks = Callbacks(twilio_first=request.param == "twilio")
    async with callbacks.living():
        yield callbacks


def forged(carrier: str) -> float:
    labels = {"carrier": carrier, "result": "forged"}
    return REGISTRY.get_sample_value("careroute_callbacks_total", labels) or 0.0


async def page_somebody(city: Callbacks, kind: Kind, mood: str) -> str:
    """Page somebody, and let everything come back that comes; the page's id."""
    for played in (city.twilio, city.telnyx):
        played.mood = Mood(news=mood, late_seconds=7200)  # type: ignore[arg-type]
    city.phone(**kind.phone)
    due = city.owe(city.page(city.offer(), kind=kind.channel))
    assert (await city.page_out(due, kind.channel)).result == "done"
    await city.time.pass_seconds(3 * 7200)
    return due.page_id


@pytest.mark.scenario("receipts")
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
@pytest.mark.parametrize("mood", MOODS)
async def test_news_is_noted_whenever_and_however_often_it_comes(city: Callbacks, kind: Kind, mood: str) -> None:
    page_id = await page_somebody(city, kind, mood)
    assert sorted(city.receipts()) == sorted(kind.noted)
    assert {note.page_id for note in city.commands() if isinstance(note, NoteReceipt)} == {page_id}
    assert {status for _, status in city.network.callbacks} == {204}
    assert city.answers() == []
    assert len(city.network.sent()) == kind.sent  # and nothing else was sent


@pytest.mark.scenario("receipts")
@pytest.mark.parametrize("port", ["", ":443"])
async def test_what_twilio_signs_over_its_address_with_the_port_is_its_own(port: str) -> None:
    """It signs now with it and now without: all news was forged, and who answered 1 by text heard nothing."""
    city = Callbacks()
    async with city.living():
        await page_somebody(city, KINDS[0], "in-order")
        for url, _, body in list(city.seen):
            signed = url.replace("callbacks.example", f"callbacks.example{port}")
            assert (await city._post(url, *city.twilio.signed_form(signed, form_of(body)))).status == 204
            elsewhere = url.replace("callbacks.example", "callbacks.example:8443")
            assert (await city._post(url, *city.twilio.signed_form(elsewhere, form_of(body)))).status == 403


@pytest.mark.scenario("receipts")
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
@pytest.mark.parametrize("forgery", ["key", "page", "agency", "unsigned", "altered"])
async def test_what_is_forged_is_refused_counted_and_changes_nothing(city: Callbacks, kind: Kind, forgery: str) -> None:
    carrier = "twilio" if city.twilio_first else "telnyx"
    await page_somebody(city, kind, "in-order")
    noted, before = len(city.commands()), forged(carrier)
    real = [posted for posted in city.seen if "/cb/" in posted[0]]
    for url, headers, body in real:
        await city.forge(carrier, forgery, url, headers, body)
    assert [status for _, status, _ in city.responses[len(real) :]] == [403] * len(real)
    assert {text for _, _, text in city.responses[len(real) :]} == {""}
    assert len(city.commands()) == noted
    assert forged(carrier) - before == len(real)


@pytest.mark.scenario("receipts")
async def test_the_state_that_a_lying_carrier_gives_is_a_hint_and_no_answer(city: Callbacks) -> None:
    for played in (city.twilio, city.telnyx):
        played.mood = Mood(lying=True)
    city.phone()
    due = city.owe(city.page(city.offer()))
    assert (await city.page_out(due)).result == "done"
    await city.time.pass_seconds(60)
    assert city.receipts() == [("sent", ""), ("delivered", "")]
    assert city.answers() == []
    assert city.network.sent() == []


@pytest.mark.scenario("failures")
@pytest.mark.parametrize(
    ("code", "reason"),
    [("30003", "unreachable"), ("30004", "blocked"), ("30005", "unknown-number"), ("30007", "filtered")],
)
async def test_why_a_text_did_not_arrive_is_told_in_one_word_for_every_carrier(
    city: Callbacks, code: str, reason: str
) -> None:
    city.phone(text_error=code)
    due = city.owe(city.page(city.offer()))
    await city.page_out(due)
    await city.time.pass_seconds(60)
    expected = {"blocked": "unreachable"}.get(reason, reason) if not city.twilio_first else reason
    assert city.receipts() == [("sent", ""), ("undelivered", expected)]
    assert city.network.sent() == []


@pytest.mark.scenario("receipts")
async def test_while_the_broker_is_away_carriers_are_asked_to_come_again(
    city: Callbacks, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> None:
        raise BrokerUnavailable("gone")

    city.phone()
    due = city.owe(city.page(city.offer()))
    with monkeypatch.context() as patched:
        patched.setattr(type(city.broker), "append", away)
        await city.page_out(due)
        await city.time.pass_seconds(60)
        assert {status for _, status in city.network.callbacks} == {503}
    url, headers, body = city.seen[-1]
    assert (await city._post(url, headers, body)).status == 204
    assert len(city.receipts()) == 1


@pytest.mark.scenario("receipts")
async def test_where_too_much_is_under_way_carriers_are_asked_to_come_again(city: Callbacks) -> None:
    """They come again after a 503, and not after a 429."""
    city.phone()
    due = city.owe(city.page(city.offer()))
    busy = httpx.ASGITransport(app=create_app(city.door, requests_in_flight=0))
    free, city.http = city.http, httpx.AsyncClient(transport=busy, base_url="http://door.internal")
    await city.page_out(due)
    await city.time.pass_seconds(60)
    assert {status for _, status in city.network.callbacks} == {503}
    url, headers, body = city.seen[-1]
    city.http = free
    assert (await city._post(url, headers, body)).status == 204
    assert len(city.receipts()) == 1


async def test_strangers_who_send_slowly_keep_no_carrier_out(city: Callbacks) -> None:
    """What is texted to an agency goes to an address that anybody can guess, and is read before it is checked."""
    city.phone()
    await city.page_out(city.owe(city.page(city.offer())))
    await city.time.pass_seconds(60)
    url, headers, body = city.seen[-1]
    let_go = asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        yield b"From="
        await let_go.wait()

    app = httpx.ASGITransport(app=create_app(city.door, requests_in_flight=8))
    async with (
        httpx.AsyncClient(transport=app, base_url="http://door.internal") as client,
        asyncio.TaskGroup() as tasks,
    ):
        strangers = [
            tasks.create_task(client.post(path, content=slowly()))
            for path in ("/in/twilio/nobody", "/cb/twilio/a.b.c", f"/in/twilio/{AGENCY}", "/in", "/cb//") * 4
        ]
        await asyncio.sleep(0.05)
        assert (await client.post(f"/in/twilio/{AGENCY}")).status_code == 503
        before, city.http = city.http, client
        assert (await city._post(url, headers, body)).status == 204
        city.http = before
        let_go.set()
    assert {403, 503} <= {stranger.result().status_code for stranger in strangers}


@pytest.mark.scenario("receipts")
async def test_a_recording_is_refused_after_five_minutes_where_the_carrier_signs_the_time() -> None:
    callbacks = Callbacks(twilio_first=False)
    async with callbacks.living():
        callbacks.phone()
        await callbacks.page_out(callbacks.owe(callbacks.page(callbacks.offer())))
        await callbacks.time.pass_seconds(60)
        url, headers, body = callbacks.seen[-1]
        await callbacks.time.pass_seconds(200)
        assert (await callbacks._post(url, headers, body)).status == 204
        await callbacks.time.pass_seconds(301 - 200)
        assert (await callbacks._post(url, headers, body)).status == 403


async def test_a_rule_of_twilios_signs_with_a_key_of_its_own_and_sha_256() -> None:
    callbacks = Callbacks()
    callbacks.twilio.rule_key = "r" * 32
    async with callbacks.living():
        callbacks.phone()
        await callbacks.page_out(callbacks.owe(callbacks.page(callbacks.offer())))
        await callbacks.time.pass_seconds(60)
        assert {status for _, status in callbacks.network.callbacks} == {403}  # the file does not know the key
        carriers = callbacks.reaching.carriers
        twilio = carriers.twilio.model_copy(update={"webhook_key": "r" * 32}) if carriers.twilio else None
        known = carriers.model_copy(update={"twilio": twilio})
        callbacks.reaching = callbacks.reaching.model_copy(update={"carriers": known})
        url, headers, body = callbacks.seen[-1]
        assert (await callbacks._post(url, headers, body)).status == 204


async def test_what_nobody_understands_is_taken_and_not_asked_for_again(city: Callbacks) -> None:
    carrier: CarrierName = "twilio" if city.twilio_first else "telnyx"
    url = city.urls.of(carrier, AGENCY, "0" * 32)
    played = city.twilio if city.twilio_first else city.telnyx
    for fields in ({"Nothing": "known"}, {"MessageStatus": "sending"}, {"CallStatus": "dreaming"}, {}):
        headers, body = played.signed_form(url, fields)
        assert (await city._post(url, headers, body)).status == 204
    assert city.commands() == []


async def test_a_text_that_comes_before_the_door_knows_anybody_is_asked_for_again() -> None:
    callbacks = Callbacks()
    async with callbacks.living():
        await callbacks.door.follower.stop()
        callbacks.door.follower.failed = RuntimeError("not ready")
        headers, body = callbacks.twilio.inbound("SM1", PHONE, "+16085550100", "1")
        assert (await callbacks._post(callbacks.twilio.inbound_url, headers, body)).status == 503
        assert callbacks.commands() == []


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
async def test_only_post_does_anything(city: Callbacks, method: str) -> None:
    token = city.urls.token(AGENCY, "0" * 32)
    for path in (f"/cb/twilio/{token}", f"/cb/twilio/{token}/key", f"/in/twilio/{AGENCY}"):
        assert (await city.http.request(method, path)).status_code == 405
    assert city.commands() == []


async def test_bodies_are_bounded(city: Callbacks) -> None:
    response = await city.http.post(f"/in/twilio/{AGENCY}", content=b"x" * (1 << 16))
    assert response.status_code == 413


@pytest.mark.parametrize("path", ["/in/vonage/madison", "/in/twilio/boston", "/cb/twilio/nonsense", "/cb/x/y/z"])
async def test_other_addresses_lead_nowhere(city: Callbacks, path: str) -> None:
    assert (await city.http.post(path, content=b"a=b")).status_code in (403, 404)
