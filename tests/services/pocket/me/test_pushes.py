"""A phone asks for pushes: what its browser gave it is sealed at the door, and stands in no command, journal or log."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from services.pocket.door import OwnPage
from shared.contacts import ContactKey
from shared.engine.broker import BrokerUnavailable
from shared.events import ContactBroken, ContactSealed, RemoveContact, SetContact, decode
from shared.sealing import Sealer, new_key
from shared.topics import CONTACTS
from tests.rig.browser_push import BrowserPush
from tests.services.pocket.driver import AGENCY, City
from tests.services.pocket.me.test_own_page import PUSH_KEY, a_browser, enrol
from tests.services.pocket.test_http import settle, shown

ENDPOINT = "https://push.example/send/abc-CANARY-123"
JSON = {"content-type": "application/json"}


@pytest.fixture
async def city() -> Any:
    made = City(OwnPage(push_key=PUSH_KEY, sealer=Sealer(new_key())))
    async with made.living():
        yield made


async def subscribe(browser: httpx.AsyncClient, push: BrowserPush, **more: Any) -> httpx.Response:
    return await browser.post("/me/push", content=push.subscription, headers={**JSON, **more})


def addresses(city: City) -> list[Any]:
    return [stored for (topic, _), places in city.log.places.items() if topic == CONTACTS.name for stored in places]


async def test_a_subscription_is_sealed_and_becomes_a_way_to_its_person(city: City, phone: httpx.AsyncClient) -> None:
    await enrol(city, phone)
    push = BrowserPush(ENDPOINT)
    answer = await subscribe(phone, push)
    assert (answer.status_code, answer.json()) == (200, {"sentence": "This phone is told of calls."})
    command = city.commands()[-1]
    assert isinstance(command, SetContact)
    (stored,) = addresses(city)
    assert (command.person_id, command.kind, command.shown) == ("ana", "push", "…push.example")
    assert (command.position, command.after_seconds) == (stored.offset, 0)
    key = ContactKey(AGENCY, "ana", command.method_id)
    assert stored.key == str(key)
    event = decode(stored.headers["type"].decode(), stored.value)
    assert isinstance(event, ContactSealed)
    assert city.door.own.sealer is not None
    opened = json.loads(city.door.own.sealer.open(str(key), event.sealed)["address"])
    assert opened == {k: v for k, v in json.loads(push.subscription).items() if k != "expirationTime"}
    everything = str(list(city.log.places.values()))
    for canary in ("CANARY", opened["keys"]["auth"], opened["keys"]["p256dh"]):
        assert canary not in everything
    page = await shown(city, phone, "/me")
    assert "Notification …push.example" in page
    assert "Turn off notifications" in page


async def test_sent_again_at_each_visit_it_is_written_once(city: City, phone: httpx.AsyncClient) -> None:
    await enrol(city, phone)
    push, before = BrowserPush(ENDPOINT), len(city.commands())
    for _ in range(3):
        assert (await subscribe(phone, push)).status_code == 200
    assert len(city.commands()) == before + 1
    assert len(addresses(city)) == 1
    await subscribe(phone, BrowserPush(ENDPOINT))
    assert len(addresses(city)) == 2, "a browser that has subscribed anew has other keys"


@pytest.mark.scenario("failures")
async def test_a_push_that_was_gone_stands_again_once_the_page_is_opened(city: City, phone: httpx.AsyncClient) -> None:
    await enrol(city, phone)
    push = BrowserPush(ENDPOINT)
    await subscribe(phone, push)
    method_id = next(command for command in city.commands() if isinstance(command, SetContact)).method_id
    city.write(ContactBroken(person_id="ana", method_id=method_id, why="gone"))
    assert "open this page on it, and turn it on again" in await shown(city, phone, "/me")
    await subscribe(phone, push)
    assert len([command for command in city.commands() if isinstance(command, SetContact)]) == 2
    assert "open this page on it" not in await shown(city, phone, "/me")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"\xff",
        b'{"endpoint": "https://push.example"}',
        BrowserPush("http://push.example/x").subscription.encode(),
        BrowserPush("https://10.1.2.3/x").subscription.encode(),
        BrowserPush("https://localhost/x").subscription.encode(),
        BrowserPush("https://user:pass@push.example/x").subscription.encode(),
        b"[" * 2_000,
    ],
)
async def test_what_is_no_subscription_is_refused_and_quotes_nothing(
    city: City,
    phone: httpx.AsyncClient,
    content: bytes,
) -> None:
    await enrol(city, phone)
    before = len(city.commands())
    answer = await phone.post("/me/push", content=content, headers=JSON)
    assert answer.status_code == 422
    assert "push.example" not in answer.text
    assert len(city.commands()) == before
    assert addresses(city) == []


async def test_a_form_of_another_site_subscribes_nobody(city: City, phone: httpx.AsyncClient) -> None:
    await enrol(city, phone)
    push = BrowserPush(ENDPOINT)
    assert (await phone.post("/me/push", content=push.subscription)).status_code == 415
    headers = {"content-type": "text/plain", "sec-fetch-site": "cross-site"}
    assert (await phone.post("/me/push", content=push.subscription, headers=headers)).status_code == 403
    assert (await subscribe(phone, push, **{"sec-fetch-site": "cross-site"})).status_code == 403
    assert (await phone.post("/me/push/end", headers={"sec-fetch-site": "cross-site"})).status_code == 403
    assert addresses(city) == []


async def test_turned_off_the_address_is_erased(city: City, phone: httpx.AsyncClient) -> None:
    await enrol(city, phone)
    await subscribe(phone, BrowserPush(ENDPOINT))
    answer = await phone.post("/me/push/end")
    assert answer.url.path == "/me"
    assert isinstance(city.commands()[-1], RemoveContact)
    assert [bool(stored.value) for stored in addresses(city)] == [True, False]
    assert "Turn off notifications" not in await shown(city, phone, "/me")


async def test_who_gives_a_phone_up_gives_its_pushes_up(city: City, phone: httpx.AsyncClient) -> None:
    await enrol(city, phone)
    await subscribe(phone, BrowserPush(ENDPOINT))
    await phone.post("/me/leave", data={"page_at": 1})
    assert not addresses(city)[-1].value


async def test_a_tablet_gets_none_and_neither_does_who_has_no_key(city: City, phone: httpx.AsyncClient) -> None:
    await enrol(city, phone, person_id=None, team_id="alpha-1")
    assert (await subscribe(phone, BrowserPush(ENDPOINT))).status_code == 409
    assert (await phone.post("/me/push/end")).status_code == 403
    without = City(OwnPage(sealer=Sealer(new_key())))
    async with without.living(), a_browser(without) as browser:
        await enrol(without, browser)
        assert "Notifications on this phone" not in await shown(without, browser, "/me")
        assert (await subscribe(browser, BrowserPush(ENDPOINT))).status_code == 409
    assert addresses(city) + addresses(without) == []


async def test_a_log_that_is_away_and_a_refusal_are_told(
    city: City,
    phone: httpx.AsyncClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await enrol(city, phone)
    city.refuse = "ana has 10 ways to be reached already: remove one first."
    answer = await subscribe(phone, BrowserPush(ENDPOINT))
    assert (answer.status_code, answer.json()["sentence"]) == (409, city.refuse)

    async def away(*_: Any) -> Any:
        raise BrokerUnavailable("away")

    monkeypatch.setattr(type(city.broker), "append", away)
    assert (await subscribe(phone, BrowserPush(ENDPOINT))).status_code == 503
    assert (await phone.post("/me/push/end")).status_code == 503
    await settle(city)
