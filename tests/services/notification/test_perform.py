from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from prometheus_client import REGISTRY
from pydantic import SecretStr
from standardwebhooks import Webhook, WebhookVerificationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from deploy.local.asgi import serving
from deploy.local.kafka.node import free_port
from services.notification.adapters import Links, PocketPage, WebhookPage
from services.notification.config import NotificationSettings
from services.notification.metrics import watch
from services.notification.perform import Performer, performer
from services.notification.webhook import RETRY_SECONDS, Sender, client
from shared.agencies import CadWebhook
from shared.clock import SystemClock
from shared.engine.service import Effect
from shared.events import CadMessageDue, CadNotInformed, PageDelivered, PageDropped, PageDue, PageFailed
from shared.links import offer_link
from tests.services.notification.journal import CALL, POCKET, WEBHOOK, Running, of, offer, routed

SECRET = "whsec_" + "c2VjcmV0" * 6
OTHER = "whsec_" + "b3RoZXJz" * 6


@dataclass
class FakeClock:
    """Stands still, unless somebody sleeps on it."""

    time: datetime = field(default_factory=lambda: datetime.now(UTC))
    slept: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return self.time.timestamp()

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += timedelta(seconds=seconds)


@dataclass
class Receiver:
    """A CAD's or provider's endpoint, that checks every signature and answers what it is told to."""

    answers: list[int | Exception] = field(default_factory=list)
    secret: str = SECRET
    delay_seconds: float = 0
    requests: list[httpx.Request] = field(default_factory=list)
    bodies: list[dict[str, object]] = field(default_factory=list)

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        patience_seconds: float = request.extensions["timeout"]["read"]
        await asyncio.sleep(min(self.delay_seconds, patience_seconds))
        if self.delay_seconds > patience_seconds:
            raise httpx.ReadTimeout("as a socket would")
        try:
            self.bodies.append(Webhook(self.secret).verify(request.content, dict(request.headers)))
        except WebhookVerificationError:
            return httpx.Response(401)
        answer = self.answers.pop(0) if self.answers else 204
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer)

    @property
    def ids(self) -> list[str]:
        return [request.headers["webhook-id"] for request in self.requests]


def sending(receiver: Receiver, *, webhook: CadWebhook | None, page_secret: str | None = SECRET) -> Performer:
    clock = FakeClock()
    sender = Sender(httpx.AsyncClient(transport=httpx.MockTransport(receiver)), clock, clock.sleep)
    pages = WebhookPage(sender, Links("https://pocket.example", "s" * 32), lambda _agency: page_secret)
    return Performer({"pocket": PocketPage(), "webhook": pages}, sender, lambda _agency, _source: webhook, clock)


CAD = CadWebhook(url="https://cad.example/hook", secret=SECRET)


def message(perform: Performer, seconds: float = 60) -> Effect:
    (due,) = of(Running(now=perform.clock.now()).take(routed()), CadMessageDue)
    return Effect(
        due.message_id, due.model_copy(update={"not_after": until(perform, seconds)}), until(perform, seconds)
    )


def page(perform: Performer, seconds: float = 30, **changed: object) -> Effect:
    now = perform.clock.now()
    pages = of(Running(now=now).take(offer(at=now)), PageDue)
    due = next(page for page in pages if page.method == WEBHOOK)
    due = due.model_copy(update={"not_after": until(perform, seconds), **changed})
    return Effect(due.page_id, due, due.not_after, at_most_once=True, attempted=True)


def until(perform: Performer, seconds: float) -> datetime:
    return perform.clock.now() + timedelta(seconds=seconds)


def slept(perform: Performer) -> list[float]:
    assert isinstance(perform.clock, FakeClock)
    return perform.clock.slept


async def test_the_cad_gets_a_signed_message_with_its_validity() -> None:
    receiver = Receiver()
    perform = sending(receiver, webhook=CAD)
    effect = message(perform)
    assert (await perform("madison", effect)).result == "done"
    (body,) = receiver.bodies
    assert body["type"] == "call.routed"
    assert isinstance(effect.event, CadMessageDue)
    assert body == json.loads(json.dumps(effect.event.body))
    assert receiver.ids == [effect.effect_id]
    assert receiver.requests[0].headers["careroute-not-after"] == effect.not_after.isoformat()


async def test_it_is_tried_again_under_the_same_id_until_acknowledged() -> None:
    receiver = Receiver([503, httpx.ConnectError("refused"), 429, 500, 302])
    perform = sending(receiver, webhook=CAD)
    effect = message(perform)
    assert (await perform("madison", effect)).result == "done"
    assert receiver.ids == [effect.effect_id] * 6
    assert slept(perform) == [*RETRY_SECONDS, RETRY_SECONDS[-1]]


async def test_it_is_given_up_when_its_time_is_over() -> None:
    receiver = Receiver([500] * 99)
    perform = sending(receiver, webhook=CAD)
    done = await perform("madison", message(perform, 10))
    assert (done.result, done.why) == ("failed", "http-500")
    assert sum(slept(perform)) < 10


@pytest.mark.parametrize(("answer", "why"), [(410, "gone"), (404, "http-404"), (httpx.ReadTimeout("slow"), "timeout")])
async def test_why_a_cad_could_not_be_told(answer: int | Exception, why: str) -> None:
    receiver = Receiver([answer] * 9)
    perform = sending(receiver, webhook=CAD)
    assert (await perform("madison", message(perform, 1))).why == why
    assert len(receiver.requests) == (1 if why == "gone" else 2)


async def test_a_receiver_with_another_secret_refuses_what_is_signed_with_ours() -> None:
    receiver = Receiver(secret=OTHER)
    perform = sending(receiver, webhook=CAD)
    assert (await perform("madison", message(perform, 1))).why == "http-401"


async def test_a_receiver_that_hangs_is_left_when_the_time_is_over() -> None:
    receiver = Receiver(delay_seconds=5)
    perform = sending(receiver, webhook=CAD)
    assert (await perform("madison", message(perform, 0.05))).why == "timeout"


async def test_requests_that_ran_out_of_time_leave_the_client_usable() -> None:
    stalls = True

    async def hook(_request: Request) -> Response:
        await asyncio.sleep(0.3 if stalls else 0)
        return Response(status_code=204)

    port = free_port()
    app = Starlette(routes=[Route("/hook", hook, methods=["POST"])])
    async with serving(app, port), client() as http:
        sender = Sender(http, SystemClock())

        async def post(seconds: float) -> str | None:
            not_after = sender.clock.now() + timedelta(seconds=seconds)
            return await sender.post(f"http://127.0.0.1:{port}/hook", SECRET, "id", {}, not_after, retry=False)

        for _ in range(3):
            storm = await asyncio.gather(*(post(0.01 + number / 1000) for number in range(400)))
            assert "timeout" in storm
        stalls = False
        assert await asyncio.gather(*(post(3) for _ in range(20))) == [None] * 20


async def test_a_source_without_webhook_is_said_to_have_none() -> None:
    perform = sending(Receiver(), webhook=None)
    assert (await perform("madison", message(perform))).why == "no-webhook"


async def test_nothing_is_sent_after_its_time() -> None:
    receiver = Receiver()
    perform = sending(receiver, webhook=CAD)
    assert (await perform("madison", message(perform, 0))).result == "expired"
    assert (await perform("madison", page(perform, -1))).result == "expired"
    assert receiver.requests == []


async def test_a_page_is_thin_signed_and_tried_once() -> None:
    receiver = Receiver([503])
    perform = sending(receiver, webhook=None)
    effect = page(perform)
    done = await perform("madison", effect)
    assert (done.result, done.why) == ("failed", "http-503")
    assert len(receiver.requests) == 1
    link = offer_link("https://pocket.example", "s" * 32, "offer-1", "ana")
    assert receiver.bodies == [
        {
            "type": "page.offer",
            "data": {
                "team_id": "alpha",
                "district": "central",
                "priority": "3",
                "link": link,
                "not_after": effect.not_after.isoformat(),
            },
        }
    ]
    assert str(receiver.requests[0].url) == WEBHOOK.url


async def test_an_agency_without_secret_sends_no_unsigned_page() -> None:
    receiver = Receiver()
    perform = sending(receiver, webhook=None, page_secret=None)
    assert (await perform("madison", page(perform))).why == "no-secret"
    assert receiver.requests == []


@pytest.mark.parametrize("url", [None, "http://pager.example/p", "ftp://x", "nonsense"])
async def test_a_page_goes_over_https_or_not_at_all(url: str | None) -> None:
    receiver = Receiver()
    perform = sending(receiver, webhook=None)
    effect = page(perform, method=WEBHOOK.model_copy(update={"url": url}))
    assert (await perform("madison", effect)).why == "bad-url"
    assert receiver.requests == []


async def test_a_pocket_page_is_delivered_by_being_written() -> None:
    perform = sending(Receiver(), webhook=None)
    assert (await perform("madison", page(perform, method=POCKET))).result == "done"


def count(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def test_ends_of_pages_and_alarms_are_counted() -> None:
    def not_informed(*, alarm: bool) -> CadNotInformed:
        return CadNotInformed(
            message_id="m", source="dane", kind="call.routed", why="timeout", call_id=CALL, alarm=alarm
        )

    events = [
        PageDelivered(page_id="1"),
        PageFailed(page_id="2", why="unknown"),
        PageDropped(page_id="3", why="routed"),
        not_informed(alarm=True),
        not_informed(alarm=False),
    ]
    for event in events:
        watch("counted", event)
    for ended in ("delivered", "failed", "dropped"):
        assert count("careroute_pages_total", agency="counted", ended=ended) == 1
    assert count("careroute_cad_not_informed_total", agency="counted") == 1


async def test_how_long_a_page_took_is_measured() -> None:
    before = count("careroute_page_seconds_count", method="pocket")
    perform = sending(Receiver(), webhook=None)
    await perform("madison", page(perform, method=POCKET))
    assert count("careroute_page_seconds_count", method="pocket") == before + 1


async def test_a_process_has_all_it_needs(tmp_path: Path, make_settings: Callable[..., NotificationSettings]) -> None:
    agencies = tmp_path / "agencies.toml"
    agencies.write_text(f'[agencies.madison]\npage_secret = "{SECRET}"\n')
    perform = performer(make_settings(agencies))
    assert perform.cad_webhook("madison", "dane") is None
    assert set(perform.adapters) == {"pocket", "webhook"}
    await perform.sender.client.aclose()


@pytest.fixture
def make_settings() -> Callable[..., NotificationSettings]:
    def make(agencies_file: Path) -> NotificationSettings:
        return NotificationSettings(
            kafka="127.0.0.1:9",
            agencies_file=agencies_file,
            link_secret=SecretStr("s" * 32),
            pocket_url="https://pocket.example",
        )

    return make


async def test_the_client_follows_no_redirect_and_waits_for_nothing_for_ever() -> None:
    async with client() as made:
        assert not made.follow_redirects
        assert None not in (made.timeout.connect, made.timeout.read, made.timeout.write, made.timeout.pool)
