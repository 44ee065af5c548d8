"""The ways to page a person, behind one interface: the pocket page, and a signed webhook to a paging provider."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from pydantic import TypeAdapter, ValidationError

from services.notification.webhook import Sender
from shared.agencies import Url
from shared.events import PageDue
from shared.links import offer_link

URL: TypeAdapter[str] = TypeAdapter(Url)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of sending: `done` or `failed`, and why it failed."""

    result: Literal["done", "failed"]
    why: str = ""


DONE = Outcome("done")


class Adapter(Protocol):
    """One way to page a person."""

    async def send(self, agency: str, page: PageDue) -> Outcome:
        """Hand one page over, once; nothing is sent after `page.not_after`."""
        ...


class PocketPage:
    """The pocket page follows the journal: a page that is written is on it already."""

    async def send(self, agency: str, page: PageDue) -> Outcome:  # noqa: ARG002  # there is nothing left to do
        """It is there."""
        return DONE


@dataclass(frozen=True, slots=True)
class Links:
    """Makes the link of a page: where the pocket page is, and the secret that no journal holds."""

    base_url: str
    secret: str

    def of(self, page: PageDue) -> str:
        """The person's own link to the offer; after acceptance it leads to the call."""
        return offer_link(self.base_url, self.secret, page.offer_id or "", page.person_id)


@dataclass(frozen=True, slots=True)
class WebhookPage:
    """A signed webhook to a paging provider, tried once: the provider, not we, knows whether a phone has rung."""

    sender: Sender
    links: Links
    secret_of: Callable[[str], str | None]

    async def send(self, agency: str, page: PageDue) -> Outcome:
        """Post the page: team, district, priority, kind and link, how long it is valid, and nothing personal."""
        secret = self.secret_of(agency)
        if secret is None:
            return Outcome("failed", "no-secret")
        try:
            url = URL.validate_python(page.method.url)
        except ValidationError:
            return Outcome("failed", "bad-url")
        why = await self.sender.post(url, secret, page.page_id, self._body(page), page.not_after, retry=False)
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
