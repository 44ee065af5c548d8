"""A page as a web push: read by a browser of our own, at a push service that checks who left it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from ipaddress import ip_network
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec

from services.notification.adapters import Links
from services.notification.exchange import Exchanges
from services.notification.outcome import DONE, Outcome
from services.notification.push import MOST_BYTES, PATIENCE_SECONDS, PushPage, Signer, topic_of
from shared.events import ContactMethod, PageDue, child_id
from tests.rig.browser_push import BrowserPush, b64url, point_of
from tests.rig.push_service import PushService
from tests.services.notification.test_perform import FakeClock

KEY = ec.generate_private_key(ec.SECP256R1())
PRIVATE = b64url(KEY.private_numbers().private_value.to_bytes(32, "big"))
CONTACT = "mailto:ops@madison.gov"
OFFER, CHICAGO = child_id("offer", "1"), ZoneInfo("America/Chicago")
LINKS = Links("https://pocket.example", "s" * 32)
HERE = (ip_network("127.0.0.0/8"),)


@pytest.fixture
async def service() -> AsyncIterator[PushService]:
    made = PushService(b64url(point_of(KEY.public_key())))
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def pushing(clock: FakeClock) -> PushPage:
    signer = Signer(PRIVATE, CONTACT, clock)
    return PushPage(Exchanges(HERE).ask, LINKS.of, signer, lambda _: CHICAGO, clock, HERE, clock.sleep)


@pytest.fixture
def page(clock: FakeClock) -> Callable[..., PageDue]:
    def make(seconds: float = 25, **more: Any) -> PageDue:
        fields: dict[str, Any] = {
            "page_id": child_id("page", str(more)),
            "kind": "offer",
            "call_id": "madison/dane/26-001",
            "episode": 1,
            "team_id": "alpha-1",
            "person_id": "ana-canary",
            "method": ContactMethod(method_id="phone", kind="push"),
            "not_after": clock.now() + timedelta(seconds=seconds),
            "offer_id": OFFER,
            "district": "Central",
            "priority": "3",
        }
        return PageDue(**fields | more)

    return make


async def test_a_browser_reads_what_was_left_for_it(
    service: PushService, pushing: PushPage, page: Callable[..., PageDue]
) -> None:
    due = page()
    assert await pushing.send("madison", due, service.browser.subscription) == DONE
    (left,) = service.pushes
    link = LINKS.of(due)
    until = due.not_after.astimezone(CHICAGO)
    assert left.said == {
        "web_push": 8030,
        "notification": {
            "title": "alpha-1: a call for you in Central, P3",
            "body": f"Answer by {until:%H:%M:%S}.",
            "navigate": link,
            "tag": OFFER,
            "lang": "en",
            "dir": "ltr",
            "silent": False,
            "actions": [
                {"action": "accept", "title": "Take", "navigate": link},
                {"action": "decline", "title": "Leave", "navigate": link},
            ],
        },
    }
    assert left.claims["sub"] == CONTACT
    assert (left.headers["ttl"], left.headers["urgency"], left.headers["topic"]) == ("25", "high", OFFER)
    assert len(left.headers["topic"]) == 32
    assert left.bytes <= MOST_BYTES
    assert "ana-canary" not in str(left.said), "nobody is named"
    assert due.call_id not in str(left.said)


async def test_no_two_pushes_look_alike_and_a_token_serves_for_hours(
    service: PushService, pushing: PushPage, page: Callable[..., PageDue], clock: FakeClock
) -> None:
    bodies: list[bytes] = []
    sent: list[str] = []

    async def note(url: str, headers: Any, content: bytes, seconds: float) -> Any:
        bodies.append(content)
        sent.append(headers["authorization"])
        return await Exchanges(HERE).ask(url, headers, content, seconds)

    noted = PushPage(note, LINKS.of, pushing.signer, pushing.zone_of, clock, HERE, clock.sleep)
    for _ in range(2):
        await noted.send("madison", page(), service.browser.subscription)
    assert bodies[0] != bodies[1], "salt and key are fresh"
    assert sent[0] == sent[1]
    clock.time += timedelta(hours=6)
    noted.signer.authorization(service.browser.endpoint)
    assert noted.signer.authorization(service.browser.endpoint) != sent[0]


@pytest.mark.parametrize(
    ("kind", "urgency"), [("withdrawn", "high"), ("safety-check", "high"), ("test", "high"), ("reminder", "normal")]
)
async def test_every_kind_shows_something_and_wakes_the_phone_where_it_must(
    service: PushService,
    pushing: PushPage,
    page: Callable[..., PageDue],
    kind: Any,
    urgency: str,
) -> None:
    due = page(kind=kind)
    assert await pushing.send("madison", due, service.browser.subscription) == DONE
    (left,) = service.pushes
    notification = left.said["notification"]
    assert left.headers["urgency"] == urgency
    assert notification["title"]
    assert notification["body"]
    assert not notification["silent"]
    assert (topic_of(due) == OFFER) == (notification["tag"] == OFFER) == (kind == "withdrawn"), "it replaces the offer"
    assert "actions" not in notification


@pytest.mark.scenario("failures")
@pytest.mark.parametrize(
    ("status", "why"),
    [
        (404, "gone"),
        (410, "gone"),
        (413, "too-large"),
        (401, "credentials"),
        (403, "credentials"),
        (400, "refused"),
        (500, "unknown"),
        (503, "unknown"),
    ],
)
async def test_what_a_push_service_refuses_is_tried_once(
    service: PushService, pushing: PushPage, page: Callable[..., PageDue], status: int, why: str
) -> None:
    service.answers = [web.Response(status=status)]
    assert await pushing.send("madison", page(), service.browser.subscription) == Outcome("failed", why)
    assert (service.asked, service.pushes) == (1, [])


@pytest.mark.scenario("failures")
@pytest.mark.parametrize("stated", [None, "2"])
async def test_a_busy_push_service_is_waited_for_where_that_is_soon(
    service: PushService, pushing: PushPage, page: Callable[..., PageDue], clock: FakeClock, stated: str | None
) -> None:
    service.answers = [web.Response(status=429, headers={"Retry-After": stated} if stated else {})]
    assert await pushing.send("madison", page(), service.browser.subscription) == DONE
    assert clock.slept == [float(stated or 1)]
    (left,) = service.pushes
    assert left.headers["ttl"] == str(25 - int(stated or 1)), "it counts for less by then"


@pytest.mark.scenario("failures")
@pytest.mark.parametrize(("stated", "seconds"), [("60", 25), ("Fri, 27 Nov 2026 00:00:00 GMT", 25), ("2", 2)])
async def test_a_push_service_that_is_busy_for_long_leaves_it_to_the_next_way(
    service: PushService, pushing: PushPage, page: Callable[..., PageDue], stated: str, seconds: float
) -> None:
    service.answers = [web.Response(status=429, headers={"Retry-After": stated})]
    outcome = await pushing.send("madison", page(seconds), service.browser.subscription)
    assert outcome == Outcome("failed", "queue-full")
    assert (service.asked, service.pushes) == (1, [])
    assert PATIENCE_SECONDS < 60


@pytest.mark.scenario("failures")
async def test_a_push_service_that_takes_it_and_says_nothing_counts_as_told(
    pushing: PushPage, page: Callable[..., PageDue]
) -> None:
    asked = 0

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        asked += 1
        await reader.readuntil(b"\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    async with server:
        push = BrowserPush(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/x")
        assert await pushing.send("madison", page(), push.subscription) == Outcome("failed", "unknown")
    assert asked == 1, "it may be on its way: never a second time"


@pytest.mark.scenario("failures")
async def test_a_push_service_that_cannot_be_reached_is_tried_while_nothing_has_left(
    pushing: PushPage, page: Callable[..., PageDue], clock: FakeClock
) -> None:
    unused = BrowserPush("http://127.0.0.1:9/x")
    assert await pushing.send("madison", page(), unused.subscription) == Outcome("failed", "unreachable")
    assert clock.slept == [0.5, 0.5, 0.5]


@pytest.mark.scenario("failures")
@pytest.mark.parametrize(
    ("address", "why"),
    [
        (BrowserPush("https://10.0.0.1/x").subscription, "bad-url"),
        (BrowserPush("https://[::1]/x").subscription, "bad-url"),
        (BrowserPush("http://push.example/x").subscription, "bad-url"),
        ("{}", "bad-address"),
        ("no json", "bad-address"),
        ('{"endpoint": 1, "keys": {"p256dh": 2, "auth": 3}}', "bad-address"),
    ],
)
async def test_nothing_goes_where_no_push_service_can_be(
    pushing: PushPage, page: Callable[..., PageDue], address: str, why: str
) -> None:
    assert await pushing.send("madison", page(), address) == Outcome("failed", why)


@pytest.mark.scenario("failures")
async def test_a_key_that_is_no_key_fails_this_page_alone(
    service: PushService, pushing: PushPage, page: Callable[..., PageDue]
) -> None:
    wrong = service.browser.subscription.replace(b64url(point_of(service.browser.key.public_key())), "AAAA")
    assert await pushing.send("madison", page(), wrong) == Outcome("failed", "bad-address")
    assert service.asked == 0


@pytest.mark.scenario("failures")
async def test_nothing_is_pushed_after_its_time(
    service: PushService, pushing: PushPage, page: Callable[..., PageDue]
) -> None:
    assert await pushing.send("madison", page(seconds=0), service.browser.subscription) == Outcome("failed", "expired")
    assert service.asked == 0


async def test_who_signs_with_another_key_is_refused(
    service: PushService, page: Callable[..., PageDue], clock: FakeClock
) -> None:
    other = ec.generate_private_key(ec.SECP256R1())
    signer = Signer(b64url(other.private_numbers().private_value.to_bytes(32, "big")), CONTACT, clock)
    pushing = PushPage(Exchanges(HERE).ask, LINKS.of, signer, lambda _: None, clock, HERE, clock.sleep)
    assert await pushing.send("madison", page(), service.browser.subscription) == Outcome("failed", "credentials")
    assert service.pushes == []
