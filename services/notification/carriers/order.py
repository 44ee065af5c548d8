"""A page over its carriers, in their order: the next one only where nothing can have been taken.

So nobody gets a page twice over one way. After a request has gone out, a fault or silence may mean that the text is on
its way: that counts as sent, and it is the next way to the person that is tried, not the next carrier.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Final, Protocol
from zlib import crc32

from services.notification.carriers import telnyx, twilio
from services.notification.carriers.breaker import Breaker
from services.notification.carriers.handed import Handed
from services.notification.carriers.pace import RANKS, Pace
from services.notification.carriers.request import Call, Text
from services.notification.carriers.urls import CallbackUrls
from services.notification.carriers.words import text_of
from services.notification.exchange import Ask
from services.notification.lines import ring_seconds
from services.notification.outcome import Outcome
from services.notification.tally import OFFER_OVER
from services.notification.webhook import ATTEMPT_SECONDS
from shared.carriers import CarrierName, Channel, Telnyx, Twilio
from shared.clock import Clock
from shared.events import Event, LadderEnded, PageDue
from shared.telemetry import CARRIER_ANSWERS, logger

LEAST_VALID_SECONDS = 5
"""Carriers take no shorter validity."""
PATIENCE_SECONDS = 3.0
"""So long a carrier that is busy is waited for, if it says when it takes the page; then the next one is asked."""
AGAIN_SECONDS = 1.0
"""After so long all carriers are asked once more, where every one was too busy: what is 429 was not taken."""
LEAST_ATTEMPT_SECONDS = 0.5
END_SECONDS = 1.5
"""So long the end of a call may take before the next one is placed."""
TOO_BUSY: Final = "queue-full"
TEAM_HAS_IT: Final = frozenset({"accepted", "answered"})
MOST_OVER = 1_000
COUNTED_APART: Final = frozenset({"credentials", TOO_BUSY, "unregistered", "filtered"})
Account = Twilio | Telnyx


class Accounts(Protocol):
    """What is asked of the agencies file."""

    def carriers(self, agency: str, channel: Channel) -> Mapping[CarrierName, Account]:
        """Who carries an agency's texts or calls, in their order."""
        ...

    def zone(self, agency: str) -> tzinfo | None:
        """Where an agency's clocks stand."""
        ...


@dataclass(frozen=True, slots=True)
class Errand:
    """One page, to one address, over one channel."""

    agency: str
    channel: Channel
    page: PageDue
    address: str


@dataclass(slots=True)
class Carriers:
    """Pages over carriers: one for all agencies of a process, for it remembers who failed and whose turn it is."""

    ask: Ask
    accounts: Accounts
    urls: CallbackUrls
    link_of: Callable[[PageDue], str]
    clock: Clock
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    breaker: Breaker = field(default_factory=Breaker)
    _paces: dict[tuple[str, CarrierName, Channel], Pace] = field(default_factory=lambda: defaultdict(Pace))
    _over: OrderedDict[str, None] = field(default_factory=OrderedDict)
    """The offers that have ended of late."""

    def note(self, event: Event) -> None:
        """Hear what is durable: a page of an offer that is over waits for no sender any more.

        But where the team has it: to its others the page tells that there is a call.
        """
        if not isinstance(event, LadderEnded) or event.why in TEAM_HAS_IT:
            return
        self._over[event.offer_id] = None
        if len(self._over) > MOST_OVER:
            self._over.popitem(last=False)
        for pace in self._paces.values():
            pace.leave(event.offer_id)

    async def send(self, errand: Errand) -> Outcome:
        """Hand a page to the first carrier that can have it; nothing is handed over after `page.not_after`."""
        if not errand.address:
            return Outcome("failed", "no-address")
        if not self.urls.base_url:
            return Outcome("failed", "no-callbacks-url")
        outcome = await self._ask_in_order(errand)
        if outcome.why == TOO_BUSY and self._left_seconds(errand.page) >= AGAIN_SECONDS + LEAST_ATTEMPT_SECONDS:
            await self.sleep(AGAIN_SECONDS)
            outcome = await self._ask_in_order(errand)
        return outcome

    async def end_call(self, agency: str, taken_as: str, *, unanswered: bool = False) -> str:
        """End a call, once; `unanswered`: only while it rings. Why it was not ended, or nothing.

        Twilio alone names a call when it takes it.
        """
        account = self.accounts.carriers(agency, "voice").get("twilio")
        if not isinstance(account, Twilio):
            return "no-carrier"
        name = taken_as.removeprefix("twilio/")
        ended = await twilio.end_call(self.ask, account, name, END_SECONDS, unanswered=unanswered)
        if ended.result == "taken":
            return ""
        logger().warning("a call was not ended", agency=agency, reason=ended.why)
        return ended.why or ended.result

    async def _ask_in_order(self, errand: Errand) -> Outcome:
        outcome = Outcome("failed", "no-carrier")
        for name, account in self._in_order(errand):
            handed = await self._hand(errand, name, account)
            if handed.result == "not-taken" and errand.page.kind == "offer" and errand.page.offer_id in self._over:
                return Outcome("failed", OFFER_OVER)
            self._note(errand.agency, name, handed)
            if handed.result == "taken":
                return Outcome("done", taken_as=handed.taken_as)
            outcome = Outcome("failed", handed.why)
            if handed.result != "not-taken" or self._left_seconds(errand.page) < LEAST_ATTEMPT_SECONDS:
                break
        return outcome

    def _in_order(self, errand: Errand) -> list[tuple[CarrierName, Account]]:
        now = self.clock.monotonic()
        accounts = self.accounts.carriers(errand.agency, errand.channel).items()
        return sorted(accounts, key=lambda item: self.breaker.failed_at((errand.agency, item[0]), now))

    async def _hand(self, errand: Errand, name: CarrierName, account: Account) -> Handed:
        """To one carrier; once more where it is busy and says for how long, and that is short: 429 was not taken."""
        hand = self._text if errand.channel == "sms" else self._call
        handed = await hand(errand, name, account)
        wait_seconds = handed.retry_seconds
        if wait_seconds is None:
            return handed
        if wait_seconds > min(PATIENCE_SECONDS, self._left_seconds(errand.page) - LEAST_ATTEMPT_SECONDS):
            return handed
        await self.sleep(wait_seconds)
        return await hand(errand, name, account)

    async def _call(self, errand: Errand, name: CarrierName, account: Account) -> Handed:
        page = errand.page
        caller = _steady(account.callers, page)
        if await self._turn(errand, name, (name,), account.calls_per_second) is None:
            return Handed("not-taken", TOO_BUSY)
        call = Call(
            to=errand.address,
            sender=caller,
            seconds=min(ATTEMPT_SECONDS, self._left_seconds(page)),
            ring_seconds=ring_seconds(page, self.clock.now()),
            voice_url=self.urls.of(name, errand.agency, page.page_id, "/voice"),
            callback=self.urls.of(name, errand.agency, page.page_id),
        )
        if isinstance(account, Twilio):
            return await twilio.place_call(self.ask, account, call)
        return await telnyx.place_call(self.ask, account, call)

    async def _text(self, errand: Errand, name: CarrierName, account: Account) -> Handed:
        page = errand.page
        sender = await self._turn(errand, name, *_texting(account))
        if sender is None:
            return Handed("not-taken", TOO_BUSY)
        left_seconds = self._left_seconds(page)
        text = Text(
            to=errand.address,
            sender=sender,
            body=text_of(page, self.link_of(page), self.accounts.zone(errand.agency)),
            seconds=min(ATTEMPT_SECONDS, left_seconds),
            valid_seconds=max(LEAST_VALID_SECONDS, int(left_seconds)),
            callback=self.urls.of(name, errand.agency, page.page_id),
        )
        if isinstance(account, Twilio):
            return await twilio.send_text(self.ask, account, text)
        return await telnyx.send_text(self.ask, account, text)

    async def _turn(self, errand: Errand, name: CarrierName, senders: Sequence[str], per_second: float) -> str | None:
        """The sender whose turn it is, as soon as it is; None if that is too late, or the offer is over."""
        spare_seconds = self._left_seconds(errand.page) - LEAST_ATTEMPT_SECONDS
        page, pace = errand.page, self._paces[errand.agency, name, errand.channel]
        offer_id = (page.offer_id or "") if page.kind == "offer" else ""
        if offer_id in self._over:
            return None
        sender = await pace.turn(senders, per_second, RANKS[page.kind], spare_seconds, offer_id)
        return None if offer_id in self._over else sender

    def _note(self, agency: str, name: CarrierName, handed: Handed) -> None:
        """Figures for those who run it; and of what only they can mend, a line."""
        CARRIER_ANSWERS.labels(agency, name, _ended(handed)).inc()
        if "refused" not in (handed.result, handed.why):  # that lies with the number, or the page
            self.breaker.note((agency, name), self.clock.monotonic(), failed=handed.result != "taken")
        if handed.why == "credentials":
            logger().error("a carrier refuses our credentials", agency=agency, kind=name)

    def _left_seconds(self, page: PageDue) -> float:
        return (page.not_after - self.clock.now()).total_seconds()


def _ended(handed: Handed) -> str:
    if handed.result != "not-taken":
        return handed.result
    return handed.why if handed.why in COUNTED_APART else "not-taken"


def _texting(account: Account) -> tuple[Sequence[str], float]:
    """Who sends, and how much each of them; a messaging service shares the work out among its own."""
    if isinstance(account, Twilio) and account.messaging_service:
        return (account.messaging_service,), account.texts_per_second * max(1, len(account.senders))
    return account.senders, account.texts_per_second


def _steady(senders: tuple[str, ...], page: PageDue) -> str:
    """The same number for the same way to a person: it is the one that their phone knows."""
    return senders[crc32(f"{page.person_id}/{page.method.method_id}".encode()) % len(senders)]


@dataclass(frozen=True, slots=True)
class CarrierPage:
    """One channel of the carriers, as a way to page a person."""

    carriers: Carriers
    channel: Channel

    async def send(self, agency: str, page: PageDue, address: str) -> Outcome:
        """Hand one page over, once."""
        return await self.carriers.send(Errand(agency, self.channel, page, address))
