"""Sends what is owed: pages over their adapter, messages to the CAD of a source.

A text or call that can wait, and comes after as many as its agency pays for in a day, is not sent. The journal has the
count, so neither a restart nor another process forgets it; only here are the limit and the agency's midnight known.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from services.notification.adapters import Adapter, adapters_of, carriers_of
from services.notification.config import NotificationSettings
from services.notification.exchange import Exchanges
from services.notification.metrics import watch
from services.notification.outcome import DONE, Outcome
from services.notification.state import EndCallEffect, PageEffect
from services.notification.tally import LIMITED, OVER_LIMIT
from services.notification.webhook import Message, Sender
from shared.agencies import CadWebhook, DayLimit, agencies_in
from shared.audit_log.key_use import KeyUse
from shared.clock import Clock, SystemClock
from shared.contacts import ContactErased, ContactKey, Contacts
from shared.engine.broker import Broker
from shared.engine.service import Effect, EffectDone
from shared.erasable import Behind
from shared.events import CadMessageDue, ContactKind, Event, PageDue
from shared.sealing import CannotOpen
from shared.telemetry import PAGE_SECONDS, PAGES_HANDED, PAGES_NEAR_LIMIT, logger

OPEN_SECONDS = 4.0
"""How long a page waits until `contacts` has been read as far as its address: then the next way has its turn."""

NEAR = 0.8
"""The part of a day's pages after which somebody hears that they run out."""


class EndCall(Protocol):
    """Ends calls."""

    async def __call__(self, agency: str, taken_as: str, *, unanswered: bool = False) -> str:
        """End a call; `unanswered`: only while it rings. Why it was not ended, or nothing."""
        ...


async def no_calls(agency: str, taken_as: str, *, unanswered: bool = False) -> str:  # noqa: ARG001  # as asked
    """Where nothing goes over carriers there is no call to end."""
    return "no-carrier"


@dataclass(frozen=True, slots=True)
class Performer:
    """Performs effects, called as `await perform(agency, effect)`; a bad receiver is a result, never an exception."""

    adapters: Mapping[str, Adapter]
    """By the kind of contact method."""
    sender: Sender
    cad_webhook: Callable[[str, str], CadWebhook | None]
    contacts: Contacts
    clock: Clock
    day_limit: Callable[[str, ContactKind], DayLimit | None] = lambda _agency, _kind: None
    """How many pages of a kind of way an agency pays for in a day, if it has said so."""
    end_call: EndCall = no_calls
    note: Callable[[Event], None] = lambda _event: None
    """Told of each event of the journal, for what it overtakes."""
    opened: Callable[[str], None] = lambda _agency: None
    """Told of each address that is opened, by its agency."""

    def watch(self, agency: str, event: Event) -> None:
        """Count an event of the journal, once it is durable, and let go of what it overtakes."""
        watch(agency, event)
        self.note(event)

    async def __call__(self, agency: str, effect: Effect) -> EffectDone:
        """Send a page once, or a message to the CAD until it is acknowledged, and not after its time."""
        if self.clock.now() >= effect.not_after:
            return EffectDone(effect.effect_id, "expired")
        if isinstance(effect, EndCallEffect):
            why_not = await self.end_call(agency, effect.taken_as, unanswered=True)
            return EffectDone(effect.effect_id, "failed" if why_not else "done", why_not)
        if isinstance(effect.event, PageDue):
            if self._is_over_limit(agency, effect, effect.event):
                return EffectDone(effect.effect_id, "failed", OVER_LIMIT)
            if isinstance(effect, PageEffect) and effect.ends:
                await self.end_call(agency, effect.ends)
            outcome = await self._page(agency, effect.event)
        elif isinstance(effect.event, CadMessageDue):
            outcome = await self._message(agency, effect.event)
        else:
            outcome = Outcome("failed", "unknown-effect")
        return EffectDone(effect.effect_id, outcome.result, outcome.why or outcome.taken_as)

    def _is_over_limit(self, agency: str, effect: Effect, page: PageDue) -> bool:
        """Whether a page is not sent because the day is spent; past four fifths of it every page is counted."""
        kind = page.method.kind
        limit = self.day_limit(agency, kind)
        if limit is None or not isinstance(effect, PageEffect):
            return False
        pages = effect.tally.since(limit.day_began(self.clock.now()))
        is_over = pages > limit.most and page.kind in LIMITED
        if pages > limit.most * NEAR:
            PAGES_NEAR_LIMIT.labels(agency, kind, "stopped" if is_over else "sent").inc()
        return is_over

    async def _page(self, agency: str, page: PageDue) -> Outcome:
        kind, began = page.method.kind, self.clock.monotonic()
        adapter = self.adapters.get(kind)
        outcome = Outcome("failed", "no-adapter") if adapter is None else await self._hand_over(adapter, agency, page)
        PAGE_SECONDS.labels(kind).observe(self.clock.monotonic() - began)
        PAGES_HANDED.labels(agency, kind, outcome.result).inc()
        return outcome

    async def _hand_over(self, adapter: Adapter, agency: str, page: PageDue) -> Outcome:
        """Open the address and send the page there; what keeps it from being opened is why the page failed."""
        try:
            address = await self._address(agency, page)
        except ContactErased:
            return Outcome("failed", "erased")
        except Behind:
            return Outcome("failed", "contacts-behind")
        except CannotOpen as error:
            logger().error("an address cannot be opened", agency=agency, wrong=str(error))
            return Outcome("failed", "sealed")
        return await adapter.send(agency, page, address)

    async def _address(self, agency: str, page: PageDue) -> str:
        method = page.method
        if method.kind == "pocket" or method.url is not None:  # a page of a record from before addresses were sealed
            return method.url or ""
        left_seconds = (page.not_after - self.clock.now()).total_seconds()
        key = ContactKey(agency, page.person_id, method.method_id)
        wait_seconds = min(OPEN_SECONDS, left_seconds)
        address = await self.contacts.address(key, method.kind, position=method.position, seconds=wait_seconds)
        self.opened(agency)
        return address

    async def _message(self, agency: str, message: CadMessageDue) -> Outcome:
        webhook = self.cad_webhook(agency, message.source)
        if webhook is None:
            return Outcome("failed", "no-webhook")
        why = await self.sender.post(
            Message(webhook.url, webhook.secret, message.message_id, message.body, message.not_after)
        )
        return DONE if why is None else Outcome("failed", why)


def nobody_counts(_agency: str) -> None:
    """Where it is not counted how many addresses are opened."""


def use_of(settings: NotificationSettings) -> KeyUse:
    """What this process writes into the audit log of the addresses that it opens."""
    return KeyUse(settings, "notification", settings.sealer.key_id, "addresses", "send")


def performer(
    settings: NotificationSettings, broker: Broker, opened: Callable[[str], None] = nobody_counts
) -> Performer:
    """The performer of a process, which has to run its `contacts` beside it; `opened` is told of each address."""
    clock, agencies = SystemClock(), agencies_in(settings.agencies_file)
    sender = Sender(Exchanges(settings.webhook_networks).post, clock)
    contacts = Contacts(broker, settings.sealer)
    carriers = carriers_of(settings, agencies, clock)
    adapters = adapters_of(settings, agencies, sender, carriers)
    return Performer(
        adapters,
        sender,
        agencies.cad_webhook,
        contacts,
        clock,
        agencies.day_limit,
        end_call=carriers.end_call,
        note=carriers.note,
        opened=opened,
    )
