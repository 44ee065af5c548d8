"""Who carries an agency's texts and calls, as the agencies file says: accounts, secrets, senders, and their order.

A mistake in them is said when the file is read, in a sentence that says what would be right: not by the first page
that waits for it.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Annotated, Final, Literal, get_args

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from shared.addresses import Url
from shared.programme.judging.hours import fault_of_clocks
from shared.validation import several

CarrierName = Literal["twilio", "telnyx"]
Channel = Literal["sms", "voice"]
LONG_CODE_PER_SECOND: Final = 1.0
"""What a United States long code takes; a toll-free number or a short code takes more."""
ACCOUNT_PER_SECOND: Final = 1.0
"""How many calls a new account may begin; carriers raise it on request."""
PUBLIC_KEY_BYTES = 32


def _like(pattern: str, right: str) -> AfterValidator:
    def check(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(f"must be {right}")
        return text

    return AfterValidator(check)


def _base_url(url: str) -> str:
    if url.endswith("/") or "?" in url or "#" in url:
        raise ValueError("must be the start of an address, such as https://api.twilio.com, without a slash at its end")
    return url


def _public_key(key: str) -> str:
    try:
        raw = base64.b64decode(key, validate=True)
    except binascii.Error:
        raw = b""
    if len(raw) != PUBLIC_KEY_BYTES:
        raise ValueError("must be 32 bytes in base64, as Telnyx shows them under Keys & Credentials, Public Key")
    Ed25519PublicKey.from_public_bytes(raw)
    return key


def _zone(name: str) -> str:
    if wrong := fault_of_clocks(name):
        raise ValueError(wrong)
    return name


Zone = Annotated[str, AfterValidator(_zone)]
"""Where an agency's clocks stand: times that its staff read are in it."""
Sender = Annotated[
    str, _like(r"\+[1-9][0-9]{6,14}|[0-9]{3,8}", "a number such as +16085550100, or a short code such as 60855")
]
Senders = Annotated[tuple[Sender, ...], BeforeValidator(several), Field(max_length=20)]
ApiSecret = Annotated[str, _like(r"[!-~]{16,200}", "16 or more characters, without blanks")]
BaseUrl = Annotated[Url, AfterValidator(_base_url)]


class Carrier(BaseModel):
    """What every carrier has: senders, and how many texts a second each of them takes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    senders: Senders = ()
    texts_per_second: float = Field(default=LONG_CODE_PER_SECOND, ge=0.1, le=1000)
    """Of one sender. More than the network takes is queued there, where nobody can say what comes first."""

    calls_per_second: float = Field(default=ACCOUNT_PER_SECOND, ge=0.1, le=100)
    """Of the whole account. What comes faster is queued there, an offer behind a reminder."""

    @property
    def callers(self) -> tuple[str, ...]:
        """The senders that can also call: numbers, not short codes."""
        return tuple(sender for sender in self.senders if sender.startswith("+"))

    def serves(self, channel: Channel) -> str:
        """Empty where it can carry this, else what is missing for it, in words."""
        if channel == "voice" and not self.callers:
            return "has no number that can call: add one to its senders"
        return ""


class Twilio(Carrier):
    """An account at Twilio."""

    account_sid: Annotated[
        str, _like(r"AC[0-9a-f]{32}", "AC and 32 hexadecimal digits, as the Twilio console shows it")
    ]
    auth_token: ApiSecret
    """Asks their API, and checks what they sign with SHA-1."""
    second_auth_token: ApiSecret | None = None
    """While the token is changed, the other of the two: when they begin to sign with it is theirs to choose."""
    webhook_key: ApiSecret | None = None
    """The shared key of a Webhooks Rule, where there is one: they then sign with it, and with SHA-256."""
    messaging_service: Annotated[str, _like(r"MG[0-9a-f]{32}", "MG and 32 hexadecimal digits")] | None = None
    """Sends the texts where it is named: the senders are then those of the service."""
    base_url: BaseUrl = "https://api.twilio.com"

    def serves(self, channel: Channel) -> str:
        """Empty where it can carry this, else what is missing for it, in words."""
        if channel == "sms" and not self.senders and self.messaging_service is None:
            return "has neither senders nor a messaging_service: add one of them"
        return super().serves(channel)


class Telnyx(Carrier):
    """An account at Telnyx."""

    api_key: ApiSecret
    public_key: Annotated[str, AfterValidator(_public_key)]
    """Checks what they sign."""
    messaging_profile: Annotated[str, _like(r"[0-9a-f-]{36}", "an id such as 16fd2706-8baf-433b-82eb-8c7fada847da")] | (
        None
    ) = None
    account_sid: Annotated[str, _like(r"[0-9a-f-]{36}", "the account's id, 36 characters")] | None = None
    application: Annotated[str, _like(r"[0-9]{10,25}", "the number of the TeXML application")] | None = None
    """Calls need both: the account and a TeXML application of it."""
    base_url: BaseUrl = "https://api.telnyx.com"

    def serves(self, channel: Channel) -> str:
        """Empty where it can carry this, else what is missing for it, in words."""
        if channel == "sms" and not self.senders:
            return "has no senders: add one"
        if channel == "voice" and (self.account_sid is None or self.application is None):
            return "cannot call without account_sid and application, those of its TeXML application: add both"
        return super().serves(channel)


class Carriers(BaseModel):
    """The carriers of an agency; they are tried in the order of these lines, unless `reach` says another."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    twilio: Twilio | None = None
    telnyx: Telnyx | None = None

    @property
    def senders(self) -> tuple[str, ...]:
        """Every number of theirs."""
        accounts = (account for account in (self.twilio, self.telnyx) if account is not None)
        return tuple(dict.fromkeys(sender for account in accounts for sender in account.senders))

    @property
    def ours(self) -> tuple[str, ...]:
        """What people's answers are texted to: every number, and the service that may stand for some."""
        service = None if self.twilio is None else self.twilio.messaging_service
        return (*self.senders, service) if service else self.senders

    def get(self, name: CarrierName) -> Twilio | Telnyx | None:
        """One of them."""
        return self.twilio if name == "twilio" else self.telnyx


Order = Annotated[tuple[CarrierName, ...] | None, BeforeValidator(several)]


class Reach(BaseModel):
    """Which carriers a channel goes over, the first one first; each next one only where nothing can have been taken."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sms: Order = None
    voice: Order = None

    def order(self, channel: Channel, carriers: Carriers) -> Mapping[CarrierName, Twilio | Telnyx]:
        """The carriers of a channel, in their order."""
        stated = self._stated(channel)
        names: tuple[CarrierName, ...] = get_args(CarrierName) if stated is None else stated
        accounts = ((name, carriers.get(name)) for name in names)
        return {name: account for name, account in accounts if account is not None and not account.serves(channel)}

    def check(self, carriers: Carriers) -> None:
        """An order that names a carrier which cannot carry it would be shorter than it looks. Raises ValueError."""
        for channel in get_args(Channel):
            names = self._stated(channel) or ()
            if len(set(names)) < len(names):
                raise ValueError(f"reach.{channel} names a carrier twice: each page goes over a carrier once")
            for name in names:
                account = carriers.get(name)
                missing = account.serves(channel) if account else "is not there: write its part"
                if missing:
                    raise ValueError(f"reach.{channel} names {name}, but carriers.{name} {missing}, or take {name} out")

    def _stated(self, channel: Channel) -> tuple[CarrierName, ...] | None:
        return self.sms if channel == "sms" else self.voice


class MostPerDay(BaseModel):
    """How many texts and calls a day an agency pays for; without a number, as many as there are."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sms: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    voice: Annotated[int, Field(ge=0, le=1_000_000)] | None = None

    def of(self, kind: str) -> int | None:
        """Of one kind of way."""
        return {"sms": self.sms, "voice": self.voice}.get(kind)
