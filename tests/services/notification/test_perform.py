from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import REGISTRY
from pydantic import SecretStr
from standardwebhooks import Webhook, WebhookVerificationError

from services.notification.adapters import Adapter, Links, PocketPage, WebhookPage
from services.notification.callbacks.config import CallbacksSettings
from services.notification.callbacks.http import open_door
from services.notification.carriers.order import CarrierPage
from services.notification.config import NotificationSettings
from services.notification.exchange import NoAnswer
from services.notification.metrics import watch
from services.notification.perform import Performer, performer
from services.notification.service import NOTIFICATION
from services.notification.webhook import ATTEMPT_SECONDS, LAST_ATTEMPT_SECONDS, RETRY_SECONDS, Sender
from shared.agencies import CadWebhook
from shared.clock import SystemClock
from shared.config import EXIT_SETTINGS
from shared.contacts import ContactKey, Contacts, append_contact, erase_contacts, seal_address
from shared.engine.memory import MemoryBroker, MemoryLog
from shared.engine.service import Effect
from shared.events import CadMessageDue, CadNotInformed, ContactMethod, PageDelivered, PageDropped, PageDue, PageFailed
from shared.links import offer_link
from shared.sealing import Sealer, new_key
from tests.services.notification.driver import CALL, POCKET, WEBHOOK, Running, of, offer, routed

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
    urls: list[str] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)
    bodies: list[dict[str, object]] = field(default_factory=list)

    async def __call__(self, url: str, headers: Mapping[str, str], content: bytes, seconds: float) -> int:
        assert 0 < seconds <= ATTEMPT_SECONDS
        self.urls.append(url)
        self.headers.append(headers)
        try:
            self.bodies.append(Webhook(self.secret).verify(content, dict(headers)))
        except WebhookVerificationError:
            return 401
        answer = self.answers.pop(0) if self.answers else 204
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def ids(self) -> list[str]:
        return [headers["webhook-id"] for headers in self.headers]


def sending(
    receiver: Receiver,
    *,
    webhook: CadWebhook | None,
    page_secrets: tuple[str, ...] = (SECRET,),
    contacts: Contacts | None = None,
) -> Performer:
    clock = FakeClock()
    sender = Sender(receiver, clock, clock.sleep)
    pages = WebhookPage(sender, Links("https://pocket.example", "s" * 32), lambda _agency: page_secrets)
    adapters: dict[str, Adapter] = {"pocket": PocketPage(), "webhook": pages}
    contacts = contacts or Contacts(MemoryBroker(MemoryLog()), None)
    return Performer(adapters, sender, lambda _agency, _source: webhook, contacts, clock)


CAD = CadWebhook(url="https://cad.example/hook", secret=(SECRET,))


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
    assert receiver.headers[0]["careroute-not-after"] == effect.not_after.isoformat()


def no_answer(why: str = "unreachable", *, sent: bool = False) -> NoAnswer:
    return NoAnswer(why, sent=sent)


async def test_b1_every_failure_is_retried_under_the_same_id_until_acknowledged() -> None:
    answers: list[int | Exception] = [
        503,
        no_answer(),
        429,
        no_answer("not-http", sent=True),
        RuntimeError("a fault of ours"),
        302,
    ]
    receiver = Receiver(answers)
    perform = sending(receiver, webhook=CAD)
    effect = message(perform, 120)
    assert (await perform("madison", effect)).result == "done"
    assert receiver.ids == [effect.effect_id] * 7
    for slept_seconds, least in zip(slept(perform), (*RETRY_SECONDS, 4.0, 4.0), strict=True):
        assert least <= slept_seconds <= least * 1.5


async def test_the_waits_of_two_messages_are_not_the_same() -> None:
    performs = [sending(Receiver([500] * 99), webhook=CAD) for _ in range(2)]
    for number, perform in enumerate(performs):
        effect = message(perform, 30)
        assert isinstance(effect.event, CadMessageDue)
        await perform("madison", replace(effect, event=effect.event.model_copy(update={"message_id": f"m{number}"})))
    assert slept(performs[0]) != slept(performs[1])


@given(
    st.lists(
        st.sampled_from([500, 302, 404, no_answer(), no_answer("timeout", sent=True), ValueError("ours")]),
        min_size=1,
        max_size=3,
    ),
    st.floats(0.01, 300),
)
def test_b1_it_is_given_up_when_its_time_is_over_and_not_before(answers: list[int | Exception], seconds: float) -> None:
    receiver = Receiver(answers * 200)
    perform = sending(receiver, webhook=CAD)
    effect = message(perform, seconds)
    done = asyncio.run(perform("madison", effect))
    assert done.result == "failed"
    assert done.why in {"status-500", "status-302", "status-404", "unreachable", "timeout", "fault"}
    left_seconds = (effect.not_after - perform.clock.now()).total_seconds()
    assert 0 < left_seconds < LAST_ATTEMPT_SECONDS + 0.001


@pytest.mark.parametrize(("answer", "why"), [(410, "gone"), (404, "status-404"), (no_answer("timeout"), "timeout")])
async def test_why_a_cad_could_not_be_told(answer: int | Exception, why: str) -> None:
    receiver = Receiver([answer] * 9)
    perform = sending(receiver, webhook=CAD)
    assert (await perform("madison", message(perform, 1))).why == why
    assert len(receiver.urls) == (1 if why == "gone" else 2)


async def test_b6_while_a_secret_is_changed_a_message_is_signed_with_both() -> None:
    both = CadWebhook(url=CAD.url, secret=(SECRET, OTHER))
    for secret in (SECRET, OTHER):
        receiver = Receiver(secret=secret)
        perform = sending(receiver, webhook=both)
        assert (await perform("madison", message(perform))).result == "done"
        assert len(receiver.bodies) == 1


async def test_a_receiver_with_another_secret_refuses_what_is_signed_with_ours() -> None:
    receiver = Receiver(secret=OTHER)
    perform = sending(receiver, webhook=CAD)
    assert (await perform("madison", message(perform, 1))).why == "status-401"


async def test_a_source_without_webhook_is_said_to_have_none() -> None:
    perform = sending(Receiver(), webhook=None)
    assert (await perform("madison", message(perform))).why == "no-webhook"


async def test_nothing_is_sent_after_its_time() -> None:
    receiver = Receiver()
    perform = sending(receiver, webhook=CAD)
    assert (await perform("madison", message(perform, 0))).result == "expired"
    assert (await perform("madison", page(perform, -1))).result == "expired"
    assert receiver.urls == []


async def test_a_page_is_thin_signed_and_tried_once() -> None:
    receiver = Receiver([503])
    perform = sending(receiver, webhook=None)
    effect = page(perform)
    done = await perform("madison", effect)
    assert (done.result, done.why) == ("failed", "status-503")
    assert len(receiver.urls) == 1
    link = offer_link("https://pocket.example", "s" * 32, "offer-1", "ana", method_id="pager")
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
    assert receiver.urls[0] == WEBHOOK.url


class Sealed:
    """A pager whose address stands in `contacts`, and notification's process, which follows them."""

    def __init__(self, sealer: Sealer | None = None) -> None:
        self.broker, self.sealer = MemoryBroker(MemoryLog()), Sealer(new_key())
        self.contacts, self.receiver = Contacts(self.broker, sealer or self.sealer), Receiver()
        self.perform = sending(self.receiver, webhook=None, contacts=self.contacts)
        self.key = ContactKey("madison", "ana", "pager")

    async def put(self, url: str) -> int:
        contact = seal_address(self.sealer, self.key, "webhook", url)
        return await append_contact(self.broker, SystemClock(), "test", contact)

    async def page(self, position: int, seconds: float = 30) -> tuple[str, str]:
        """Send one, while the topic is followed: what came of it, and why."""
        method = ContactMethod(method_id="pager", kind="webhook", position=position)
        await self.contacts.start()
        try:
            done = await self.perform("madison", page(self.perform, seconds, method=method))
        finally:
            await self.contacts.stop()
        return done.result, done.why


@pytest.mark.scenario("contacts")
async def test_a_page_goes_to_the_sealed_address_as_it_stands_when_it_is_sent() -> None:
    city = Sealed()
    position = await city.put("https://pager.example/former")
    await city.put("https://pager.example/now")
    assert await city.page(position) == ("done", "")
    assert city.receiver.urls == ["https://pager.example/now"]


@pytest.mark.scenario("contacts")
async def test_a_page_waits_until_its_address_has_been_read() -> None:
    city = Sealed()
    position = await city.put("https://pager.example/former")
    paging = asyncio.create_task(city.page(position + 1))
    await asyncio.sleep(0.05)
    assert city.receiver.urls == []
    await city.put("https://pager.example/now")
    assert await paging == ("done", "")
    assert city.receiver.urls == ["https://pager.example/now"]


@pytest.mark.scenario("contacts")
async def test_a_page_whose_address_is_not_read_in_its_time_fails_and_goes_nowhere() -> None:
    city = Sealed()
    position = await city.put("https://pager.example/former")
    assert await city.page(position + 1, seconds=0.05) == ("failed", "contacts-behind")
    assert city.receiver.urls == []


@pytest.mark.scenario("contacts")
async def test_a_page_to_an_address_that_was_erased_meanwhile_goes_nowhere() -> None:
    city = Sealed()
    position = await city.put("https://pager.example/now")
    await erase_contacts(city.broker, "madison", [city.key])
    assert await city.page(position + 1) == ("failed", "erased")
    assert city.receiver.urls == []


@pytest.mark.scenario("contacts")
async def test_a_page_whose_address_is_sealed_with_another_key_fails_loudly() -> None:
    city = Sealed(Sealer(new_key()))
    position = await city.put("https://pager.example/now")
    assert await city.page(position) == ("failed", "sealed")
    assert city.receiver.urls == []
    assert count("careroute_contacts_unopenable") == 1


async def test_an_agency_without_secret_sends_no_unsigned_page() -> None:
    receiver = Receiver()
    perform = sending(receiver, webhook=None, page_secrets=())
    assert (await perform("madison", page(perform))).why == "no-secret"
    assert receiver.urls == []


async def test_a_page_is_tried_again_only_as_long_as_nothing_of_it_was_sent() -> None:
    receiver = Receiver([no_answer("unreachable"), no_answer("timeout", sent=True)])
    perform = sending(receiver, webhook=None)
    assert (await perform("madison", page(perform))).why == "timeout"
    assert len(receiver.urls) == 2


@pytest.mark.parametrize("url", ["", "http://pager.example/p", "ftp://x", "nonsense", "https://169.254.169.254/x"])
async def test_f14_a_page_goes_over_https_to_a_public_host_or_not_at_all(url: str) -> None:
    receiver = Receiver()
    perform = sending(receiver, webhook=None)
    effect = page(perform, method=WEBHOOK.model_copy(update={"url": url}))
    assert (await perform("madison", effect)).why == "bad-url"
    assert receiver.urls == []


def test_f12_whatever_takes_the_pages_of_one_person_has_a_lane_of_its_own() -> None:
    running = Running()
    running.take(offer())
    lanes = {effect.lane for effect in NOTIFICATION.pending(running.state).values()}
    running.take(routed())
    lanes |= {effect.lane for effect in NOTIFICATION.pending(running.state).values()}
    assert lanes == {"cad/dane", "pages/pocket", "pages/webhook/ana/pager"}


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


@pytest.mark.parametrize(
    ("method", "ended"), [(POCKET, "done"), (POCKET.model_copy(update={"kind": "email"}), "failed")]
)
async def test_what_became_of_a_page_is_counted_by_its_kind_of_way(method: ContactMethod, ended: str) -> None:
    """Where the settings of mail are gone, no mail goes out; each page says so, and nobody reads each."""
    labels = {"agency": "madison", "kind": method.kind, "ended": ended}
    before = count("careroute_pages_handed_total", **labels)
    perform = sending(Receiver(), webhook=None)
    await perform("madison", page(perform, method=method))
    assert count("careroute_pages_handed_total", **labels) == before + 1


async def test_how_long_a_page_took_is_measured() -> None:
    before = count("careroute_page_seconds_count", method="pocket")
    perform = sending(Receiver(), webhook=None)
    await perform("madison", page(perform, method=POCKET))
    assert count("careroute_page_seconds_count", method="pocket") == before + 1


def test_a_wrong_agencies_file_is_said_in_a_line(
    tmp_path: Path, make_settings: Callable[..., NotificationSettings], capsys: pytest.CaptureFixture[str]
) -> None:
    settings, broker = make_settings(tmp_path / "missing.toml"), MemoryBroker(MemoryLog())
    calling_back = CallbacksSettings(**settings.model_dump() | {"callbacks_url": "https://callbacks.example"})
    for begin in (lambda: performer(settings, broker), lambda: open_door(broker, SystemClock(), calling_back)):
        with pytest.raises(SystemExit) as ended:
            begin()
        assert ended.value.code == EXIT_SETTINGS
        assert capsys.readouterr().err.startswith("CAREROUTE_AGENCIES_FILE: ")


async def test_a_process_has_all_it_needs(tmp_path: Path, make_settings: Callable[..., NotificationSettings]) -> None:
    agencies = tmp_path / "agencies.toml"
    agencies.write_text(f'[agencies.madison]\npage_secret = "{SECRET}"\n')
    perform = performer(make_settings(agencies), MemoryBroker(MemoryLog()))
    assert perform.cad_webhook("madison", "dane") is None
    assert set(perform.adapters) == {"pocket", "webhook", "sms", "voice"}
    texts = perform.adapters["sms"]
    assert isinstance(texts, CarrierPage)
    assert perform.note == texts.carriers.note, "what waits there hears that its offer is over"


@pytest.fixture
def make_settings() -> Callable[..., NotificationSettings]:
    def make(agencies_file: Path) -> NotificationSettings:
        return NotificationSettings(
            kafka="127.0.0.1:9",
            agencies_file=agencies_file,
            link_secret=SecretStr("s" * 32),
            pocket_url="https://pocket.example",
            sealing_key=SecretStr(new_key()),
        )

    return make
