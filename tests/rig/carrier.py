"""The played carriers on a test's own time, and notification's adapters that hand pages to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from deploy.actors.carrier.network import Answered, Mood, Network, NotReached
from deploy.actors.carrier.phones import Phone
from deploy.actors.carrier.telnyx import PlayedTelnyx
from deploy.actors.carrier.timeline import MovedTime
from deploy.actors.carrier.twilio import PlayedTwilio
from services.notification.adapters import Links
from services.notification.carriers.order import Carriers, Errand
from services.notification.carriers.urls import CallbackUrls
from services.notification.exchange import NoAnswer, Reply
from services.notification.outcome import Outcome
from shared.agencies import Agency
from shared.carriers import CarrierName, Channel, Telnyx, Twilio
from shared.events import ContactMethod, PageDue

AGENCY, PHONE, OTHER_PHONE = "madison", "+16085550123", "+16085550177"
TWILIO_NUMBER, TELNYX_NUMBER = "+16085550100", "+16085550200"
CALLBACKS = "https://callbacks.example"
LINK_SECRET = "s" * 32
NOON = datetime(2026, 3, 2, 18, tzinfo=UTC)


@dataclass
class MovedClock:
    """The time of the played world, as our own code asks for it."""

    time: MovedTime

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.time.now(), UTC)

    def monotonic(self) -> float:
        return self.time.now()


@dataclass
class Town:
    """One agency with an account at each carrier, and its people's phones."""

    twilio_first: bool = True
    posted: list[tuple[str, Mapping[str, str], bytes]] = field(default_factory=list)
    """Callbacks, where nobody listens: a test may."""

    def __post_init__(self) -> None:
        self.time = MovedTime(NOON.timestamp())
        self.clock = MovedClock(self.time)
        self.network = Network(self.time, self._post)
        self.twilio = PlayedTwilio(self.network, f"{CALLBACKS}/in/twilio/{AGENCY}")
        self.telnyx = PlayedTelnyx(self.network, f"{CALLBACKS}/in/telnyx/{AGENCY}")
        self.urls = CallbackUrls(CALLBACKS, LINK_SECRET)
        self.reaching = self._reaching()
        self.adapters = Carriers(
            self.ask, self, self.urls, Links("https://pocket.example", LINK_SECRET).of, self.clock, self.sleep
        )

    def phone(self, number: str = PHONE, **does: object) -> Phone:
        return self.network.phone(number, **does)

    def mood(self, carrier: str, **mood: object) -> None:
        setattr(getattr(self, carrier), "mood", Mood(**mood))  # type: ignore[arg-type]  # noqa: B010  # by its name

    async def send(self, page: PageDue, channel: Channel = "sms", address: str = PHONE) -> Outcome:
        return await self.adapters.send(Errand(AGENCY, channel, page, address))

    # --- what the adapters need ---

    def carriers(self, _agency: str, channel: Channel) -> Mapping[CarrierName, Twilio | Telnyx]:
        return self.reaching.reach.order(channel, self.reaching.carriers)

    def zone(self, _agency: str) -> tzinfo | None:
        return ZoneInfo(self.reaching.zone) if self.reaching.zone else None

    async def sleep(self, seconds: float) -> None:
        await self.time.pass_seconds(seconds)

    async def ask(self, url: str, headers: Mapping[str, str], content: bytes, seconds: float) -> Reply:
        played = self.twilio if "twilio" in url else self.telnyx
        try:
            answered = await played.handle(urlsplit(url).path, headers, content)
        except NotReached as none:
            if none.fault in ("silent", "silent-taken"):
                await self.time.pass_seconds(seconds)
                raise NoAnswer("timeout", sent=True) from None
            raise NoAnswer("unreachable" if none.fault != "tls" else "tls", sent=False) from None
        return Reply(answered.status, answered.headers, answered.body)

    async def look(self, url: str, headers: Mapping[str, str], seconds: float) -> Reply:
        return await self.ask(url, headers, b"", seconds)

    async def _post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answered:
        self.posted.append((url, headers, body))
        return Answered(200, b"<Response/>")

    def _reaching(self) -> Agency:
        order = ["twilio", "telnyx"] if self.twilio_first else ["telnyx", "twilio"]
        return Agency.model_validate(
            {
                "zone": "America/Chicago",
                "reach": {"sms": order, "voice": order},
                "carriers": {
                    "twilio": {
                        "account_sid": self.twilio.account_sid,
                        "auth_token": self.twilio.auth_token,
                        "senders": [TWILIO_NUMBER],
                        "texts_per_second": 1000,
                        "calls_per_second": 100,
                    },
                    "telnyx": {
                        "api_key": self.telnyx.api_key,
                        "public_key": self.telnyx.public_key,
                        "senders": [TELNYX_NUMBER],
                        "texts_per_second": 1000,
                        "calls_per_second": 100,
                        "account_sid": self.telnyx.account_sid,
                        "application": self.telnyx.application,
                    },
                },
            }
        )


def page(number: int = 1, *, seconds: float = 25, kind: str = "offer", **changed: object) -> PageDue:
    """A page of an offer that has just been made."""
    fields: dict[str, object] = {
        "page_id": f"{number:032x}",
        "kind": kind,
        "call_id": "madison/dane/26-001",
        "episode": 1,
        "team_id": "alpha-1",
        "person_id": "ana",
        "method": ContactMethod(method_id="mobile", kind="sms"),
        "not_after": NOON + timedelta(seconds=seconds),
        "offer_id": "0f" * 16,
        "district": "Central",
        "priority": "2",
    }
    return PageDue.model_validate(fields | changed)
