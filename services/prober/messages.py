"""What careroute tells the prober: pages to its team of machines, and messages to it as a CAD; unsigned is untold."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError

from shared.probes import ProbeAgency


@dataclass(frozen=True, slots=True)
class Page:
    """An offer that was paged."""

    page_id: str
    team_id: str
    link: str


@dataclass(slots=True)
class Inbox:
    """What one made-up agency was told."""

    agency: ProbeAgency
    pages: asyncio.Queue[Page] = field(default_factory=asyncio.Queue)
    outcomes: asyncio.Queue[Mapping[str, Any]] = field(default_factory=asyncio.Queue)
    forged: int = 0
    """Messages that nobody has signed who knows the secret."""

    def take_page(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Take a page; whether it is signed."""
        message = self._verified(self.agency.page_secret, headers, body)
        if message is not None and message.get("type") == "page.offer":
            data = message["data"]
            self.pages.put_nowait(Page(headers["webhook-id"], str(data["team_id"]), str(data["link"])))
        return message is not None

    def take_message(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Take a message to the CAD; whether it is signed."""
        message = self._verified(self.agency.webhook_secret, headers, body)
        if message is not None and message.get("type") == "call.routed":
            self.outcomes.put_nowait(message["data"])
        return message is not None

    def empty(self) -> None:
        """Let go of what was told of former probes."""
        self.pages, self.outcomes = asyncio.Queue(), asyncio.Queue()

    def _verified(self, secret: str, headers: Mapping[str, str], body: bytes) -> dict[str, Any] | None:
        try:
            Webhook(secret).verify(body, dict(headers))
            message = json.loads(body)
        except (WebhookVerificationError, ValueError):
            message = None
        if not isinstance(message, dict) or not isinstance(message.get("data"), dict):
            self.forged += 1
            return None
        return message
