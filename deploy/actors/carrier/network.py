"""The network: its phones, and its carriers with their moods. It hands requests to them and carries their callbacks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from deploy.actors.carrier.phones import Phone, ReceivedCall, ReceivedText
from deploy.actors.carrier.timeline import Timeline

STOP_WORDS = frozenset(
    {"stop", "stopall", "stop all", "unsubscribe", "cancel", "end", "quit", "revoke", "optout", "opt out"}
)
START_WORDS = frozenset({"start", "yes", "unstop"})

Fault = Literal["", "dns", "connect", "tls", "silent", "silent-taken"]
"""Why a request has no answer: nobody is there; or it hangs, and the carrier has it or not."""
News = Literal["in-order", "reversed", "twice", "late", "first", "none"]
"""How callbacks come: `first`: before the answer to the request that they are about."""


class Answered(NamedTuple):
    """An HTTP answer."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = {}


class NotReached(Exception):
    """A request has no answer."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault)
        self.fault = fault


Post = Callable[[str, Mapping[str, str], bytes], Awaitable[Answered]]
"""`await post(url, headers, body)`: how a carrier reaches whoever asked it."""


@dataclass(slots=True)
class Mood:
    """How a carrier does today."""

    fault: Fault = ""
    status: int = 0
    """Answers every request so, e.g. 503; 0: as it should."""
    retry_after: str = ""
    takes_though_failing: bool = False
    """A 5xx that had done its work all the same."""
    news: News = "in-order"
    late_seconds: float = 3600.0
    answers_after_seconds: float = 0.0
    """It has taken the request by then."""
    lying: bool = False
    """Says `delivered` of texts that reach nobody."""
    times: int | None = None
    """So many requests are met so, and the next ones as they should be; None: all."""


@dataclass(slots=True)
class Network:
    """Phones by number, and what goes to and from them, at a pace that a test can set."""

    time: Timeline
    post: Post
    phones: dict[str, Phone] = field(default_factory=dict)
    opted_out: set[tuple[str, str]] = field(default_factory=set)
    """Carrier and phone: carriers block by themselves."""
    callbacks: list[tuple[str, int]] = field(default_factory=list)
    """Address and the status that was answered."""

    def phone(self, number: str, **does: object) -> Phone:
        """A phone; its owner does as told."""
        phone = self.phones.get(number) or self.phones.setdefault(number, Phone(number))
        for name, value in does.items():
            setattr(phone, name, value)
        return phone

    def deliver(self, number: str, sender: str, body: str) -> str:
        """Bring a text to a phone; the code of what went wrong, if something did."""
        phone = self.phones.get(number)
        if phone is None or phone.text_error:
            return phone.text_error if phone else "30005"
        phone.texts.append(ReceivedText(self.time.now(), sender, body))
        return ""

    def ring(self, number: str, sender: str) -> tuple[Phone, ReceivedCall] | Literal["failed", "busy"]:
        """Let a phone ring, unless there is none, or it has a call already."""
        phone = self.phones.get(number)
        if phone is None:
            return "failed"
        if any(not call.ended for call in phone.calls):
            phone.calls.append(ReceivedCall(self.time.now(), sender, "busy"))
            return "busy"
        call = ReceivedCall(self.time.now(), sender)
        phone.calls.append(call)
        return phone, call

    def hang_up(self, call: ReceivedCall, how: str) -> str:
        """A call is over; how it ended."""
        call.ended, call.ended_at = how, self.time.now()
        return how

    def sent(self) -> list[tuple[str, str]]:
        """Everything that any phone got, by number: what it says, or `call`."""
        texts = [(phone.number, text.body) for phone in self.phones.values() for text in phone.texts]
        return texts + [(phone.number, "call") for phone in self.phones.values() for _ in phone.calls]

    async def call_back(self, url: str, headers: Mapping[str, str], body: bytes) -> Answered:
        """Post a callback, and note what was answered."""
        answered = await self.post(url, headers, body)
        self.callbacks.append((url, answered.status))
        return answered
