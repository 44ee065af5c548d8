"""Sends what is owed: pages over their adapter, messages to the CAD of a source."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from services.notification.adapters import Adapter, adapters_of
from services.notification.config import NotificationSettings
from services.notification.exchange import Exchanges
from services.notification.outcome import DONE, Outcome
from services.notification.webhook import Message, Sender
from shared.agencies import Agencies, CadWebhook
from shared.clock import Clock, SystemClock
from shared.engine.service import Effect, EffectDone
from shared.events import CadMessageDue, PageDue
from shared.telemetry import PAGE_SECONDS


@dataclass(frozen=True, slots=True)
class Performer:
    """Performs effects, called as `await perform(agency, effect)`; a bad receiver is a result, never an exception."""

    adapters: Mapping[str, Adapter]
    """By the kind of contact method."""
    sender: Sender
    cad_webhook: Callable[[str, str], CadWebhook | None]
    clock: Clock

    async def __call__(self, agency: str, effect: Effect) -> EffectDone:
        """Send a page once, or a message to the CAD until it is acknowledged, and not after its time."""
        if self.clock.now() >= effect.not_after:
            return EffectDone(effect.effect_id, "expired")
        if isinstance(effect.event, PageDue):
            outcome = await self._page(agency, effect.event)
        elif isinstance(effect.event, CadMessageDue):
            outcome = await self._message(agency, effect.event)
        else:
            outcome = Outcome("failed", "unknown-effect")
        return EffectDone(effect.effect_id, outcome.result, outcome.why)

    async def _page(self, agency: str, page: PageDue) -> Outcome:
        kind, began = page.method.kind, self.clock.monotonic()
        adapter = self.adapters.get(kind)
        outcome = Outcome("failed", "no-adapter") if adapter is None else await adapter.send(agency, page)
        PAGE_SECONDS.labels(kind).observe(self.clock.monotonic() - began)
        return outcome

    async def _message(self, agency: str, message: CadMessageDue) -> Outcome:
        webhook = self.cad_webhook(agency, message.source)
        if webhook is None:
            return Outcome("failed", "no-webhook")
        why = await self.sender.post(
            Message(webhook.url, webhook.secret, message.message_id, message.body, message.not_after)
        )
        return DONE if why is None else Outcome("failed", why)


def performer(settings: NotificationSettings) -> Performer:
    """The performer of a process."""
    clock, agencies = SystemClock(), Agencies(settings.agencies_file)
    sender = Sender(Exchanges(settings.webhook_networks).post, clock)
    return Performer(adapters_of(settings, agencies, sender), sender, agencies.cad_webhook, clock)
