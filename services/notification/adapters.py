"""The ways to page a person, behind one interface: the pocket page, texts, calls, a signed webhook to a provider."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from services.notification.carriers.order import CarrierPage, Carriers
from services.notification.carriers.urls import CallbackUrls
from services.notification.config import NotificationSettings
from services.notification.exchange import Exchanges
from services.notification.outcome import DONE, Outcome
from services.notification.reach import mail_page, push_page
from services.notification.webhook import Message, Sender
from shared.addresses import Network, UrlRefused, reachable
from shared.agencies import Agencies
from shared.clock import Clock
from shared.events import PageDue, PageKind
from shared.links import offer_link, roll_link, shift_link


class Adapter(Protocol):
    """One way to page a person; `adapters_of` names it by the kind of contact method that it serves."""

    async def send(self, agency: str, page: PageDue, address: str) -> Outcome:
        """Hand one page over, once; nothing is sent after `page.not_after`.

        `address`: opened for this page alone; it goes into no log and no metric. Empty for `pocket`.
        """
        ...


class PocketPage:
    """The pocket page follows the journal: a page that is written is on it already."""

    async def send(self, agency: str, page: PageDue, address: str) -> Outcome:  # noqa: ARG002  # nothing is left to do
        """It is there."""
        return DONE


OF_A_SHIFT: frozenset[PageKind] = frozenset(("signed-on", "safety-check", "team-unanswering"))
"""Where they name one, they lead to its page."""


@dataclass(frozen=True, slots=True)
class Links:
    """Makes the link of a page: where the pocket page is, and the secret that no journal holds."""

    base_url: str
    secret: str

    def of(self, page: PageDue) -> str:
        """The person's own link: to the offer, and after acceptance to the call; to their shift; to their answer.

        What is about none of these leads to the page of their own that a phone is enrolled for.
        """
        person = (page.person_id, page.link_generation)
        if page.kind in OF_A_SHIFT and page.about and page.offer_id is None:
            return shift_link(self.base_url, self.secret, page.about, *person)
        if page.kind == "test":
            return roll_link(self.base_url, self.secret, page.about, *person, method_id=page.method.method_id)
        if page.offer_id is None:
            return f"{self.base_url.rstrip('/')}/me"
        return offer_link(self.base_url, self.secret, page.offer_id, *person, method_id=page.method.method_id)


@dataclass(frozen=True, slots=True)
class WebhookPage:
    """A signed webhook to a paging provider, sent once: the provider, not we, knows whether a phone has rung.

    It is tried again only as long as nothing of it has been sent.
    """

    sender: Sender
    links: Links
    secrets_of: Callable[[str], Sequence[str]]
    allowed: Collection[Network] = ()

    async def send(self, agency: str, page: PageDue, address: str) -> Outcome:
        """Post the page: team, district, priority, kind and link, how long it is valid, and nothing personal."""
        secrets = self.secrets_of(agency)
        if not secrets:
            return Outcome("failed", "no-secret")
        try:
            url = reachable(address, self.allowed)
        except UrlRefused:
            return Outcome("failed", "bad-url")
        message = Message(url, secrets, page.page_id, self._body(page), page.not_after)
        why = await self.sender.post(message, retry="until-sent")
        return DONE if why is None else Outcome("failed", why)

    def _body(self, page: PageDue) -> Mapping[str, object]:
        return {
            "type": f"page.{page.kind}",
            "data": {
                "team_id": page.team_id,
                "district": page.district,
                "priority": page.priority,
                "link": self.links.of(page),
                "not_after": page.not_after.isoformat(),
            },
        }


def carriers_of(settings: NotificationSettings, agencies: Agencies, clock: Clock) -> Carriers:
    """The carriers of texts and calls, of all agencies."""
    secret = settings.link_secret.get_secret_value()
    ask, urls = Exchanges(settings.webhook_networks).hear, CallbackUrls(settings.callbacks_url, secret)
    return Carriers(ask, agencies, urls, Links(settings.pocket_url, secret).of, clock)


def adapters_of(
    settings: NotificationSettings, agencies: Agencies, sender: Sender, carriers: Carriers
) -> dict[str, Adapter]:
    """Every adapter, by the kind of contact method: a new provider is a class above and a line here."""
    links = Links(settings.pocket_url, settings.link_secret.get_secret_value())
    ask, clock = Exchanges(settings.webhook_networks).ask, sender.clock
    set_up: dict[str, Adapter | None] = {
        "push": push_page(settings, ask, links.of, agencies.zone, clock),
        "email": mail_page(settings, links.of, agencies.zone, clock),
    }
    return {
        **{kind: adapter for kind, adapter in set_up.items() if adapter is not None},
        "pocket": PocketPage(),
        "sms": CarrierPage(carriers, "sms"),
        "voice": CarrierPage(carriers, "voice"),
        "webhook": WebhookPage(sender, links, agencies.page_secrets, settings.webhook_networks),
    }
