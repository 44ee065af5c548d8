"""Web push: a page sealed for one browser (RFC 8291), left at the push service that this browser has named (RFC 8030).

Whoever runs that service sees when and how much, neither what nor for whom. One payload serves browsers that show it by
themselves (Declarative Web Push) and those whose worker does (`services/pocket/me/static/worker.js`).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import timedelta, tzinfo
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import http_ece  # type: ignore[import-untyped]
from cryptography.hazmat.primitives.asymmetric import ec
from py_vapid import Vapid02  # type: ignore[import-untyped]

from services.notification.carriers.words import headline
from services.notification.exchange import Ask, NoAnswer, Reply
from services.notification.outcome import DONE, Outcome
from services.notification.webhook import ATTEMPT_SECONDS
from shared.addresses import Network, UrlRefused, reachable
from shared.base64url import decoded
from shared.clock import Clock
from shared.events import PageDue, PageKind

MOST_BYTES = 3_000
"""Less than any push service refuses."""
PATIENCE_SECONDS = 3.0
"""So long a push service that is busy is waited for; then the next way to the person has its turn."""
TRIES = 3
PAUSE_SECONDS = 0.5
LEAST_ATTEMPT_SECONDS = 0.5
TOKEN_LIFE, TOKEN_USED_FOR = timedelta(hours=12), timedelta(hours=6)
"""How long a token of ours is valid, and how long it is used: push services take none that is valid for over a day."""
LATER: frozenset[PageKind] = frozenset({"signed-on", "reminder", "cover", "gap", "shift-moved", "contact"})
"""What may wait until a phone wakes up by itself; everything else is to wake it."""
ANSWERS = ({"action": "accept", "title": "Take"}, {"action": "decline", "title": "Leave"})
"""Buttons under an offer: each names where its page takes the answer."""


class Subscription(NamedTuple):
    """Where pushes for a browser are left, and what they are sealed with."""

    endpoint: str
    key: bytes
    auth: bytes

    @classmethod
    def parse(cls, address: str) -> Subscription:
        """An address as it was sealed. Raises ValueError, KeyError."""
        said = json.loads(address)
        return cls(said["endpoint"], decoded(said["keys"]["p256dh"]), decoded(said["keys"]["auth"]))


@dataclass(slots=True)
class Signer:
    """Says who we are to push services (VAPID, RFC 8292): one token a service, for some hours."""

    key: str
    contact: str
    clock: Clock
    _tokens: dict[str, tuple[float, str]] = field(default_factory=dict)

    def authorization(self, endpoint: str) -> str:
        """The header for a push service."""
        parts, now = urlsplit(endpoint), self.clock.now().timestamp()
        audience = f"{parts.scheme}://{parts.netloc}"
        since, token = self._tokens.get(audience, (0.0, ""))
        if not 0 <= now - since < TOKEN_USED_FOR.total_seconds():
            claims = {"aud": audience, "exp": int(now + TOKEN_LIFE.total_seconds()), "sub": self.contact}
            token = Vapid02.from_raw(self.key.encode()).sign(claims)["Authorization"]
            self._tokens[audience] = (now, token)
        return token


@dataclass(frozen=True, slots=True)
class PushPage:
    """Web push, as a way to page a person."""

    ask: Ask
    link_of: Callable[[PageDue], str]
    signer: Signer
    zone_of: Callable[[str], tzinfo | None]
    """Where an agency's clocks stand, if anybody says so."""
    clock: Clock
    allowed: Collection[Network] = ()
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def send(self, agency: str, page: PageDue, address: str) -> Outcome:
        """Leave one page at the push service; again only where it was certainly not taken, and soon.

        `gone`: the browser has ended it; `credentials`: our key is refused; `unknown`: it may have been taken.
        """
        try:
            subscription = Subscription.parse(address)
            url = reachable(subscription.endpoint, self.allowed)
            content = self._sealed(agency, page, subscription)
        except UrlRefused:
            return Outcome("failed", "bad-url")
        except (ValueError, KeyError, TypeError):
            return Outcome("failed", "bad-address")
        if len(content) > MOST_BYTES:
            return Outcome("failed", "too-large")
        return await self._leave(page, url, content)

    async def _leave(self, page: PageDue, url: str, content: bytes) -> Outcome:
        why: str = "expired"
        wait_seconds: float | None
        for _ in range(TRIES):
            left_seconds = self._left_seconds(page)
            if left_seconds <= 0:
                break
            try:
                reply = await self.ask(url, self._headers(page, url), content, min(ATTEMPT_SECONDS, left_seconds))
            except NoAnswer as none:
                if none.sent:
                    return Outcome("failed", "unknown")
                why, wait_seconds = none.why, PAUSE_SECONDS
            else:
                if 200 <= reply.status < 300:  # noqa: PLR2004  # HTTP's
                    return DONE
                why, wait_seconds = _why(reply.status), _wait_seconds(reply)
            if wait_seconds is None or wait_seconds > self._left_seconds(page) - LEAST_ATTEMPT_SECONDS:
                break
            await self.sleep(wait_seconds)
        return Outcome("failed", why)

    def _headers(self, page: PageDue, url: str) -> Mapping[str, str]:
        return {
            "authorization": self.signer.authorization(url),
            "content-encoding": "aes128gcm",
            "content-type": "application/octet-stream",
            "ttl": str(max(1, int(self._left_seconds(page)))),
            "topic": topic_of(page),
            "urgency": "normal" if page.kind in LATER else "high",
        }

    def _sealed(self, agency: str, page: PageDue, subscription: Subscription) -> bytes:
        payload = json.dumps(self._payload(agency, page), ensure_ascii=False, separators=(",", ":")).encode()
        sealed: bytes = http_ece.encrypt(
            payload,
            private_key=ec.generate_private_key(ec.SECP256R1()),
            dh=subscription.key,
            auth_secret=subscription.auth,
            version="aes128gcm",
        )
        return sealed

    def _payload(self, agency: str, page: PageDue) -> Mapping[str, Any]:
        """What the phone shows, and where it leads: nothing personal."""
        link, zone = self.link_of(page), self.zone_of(agency)
        line = headline(page)
        notification = {
            "title": f"{page.team_id or 'careroute'}: {line}",
            "body": _body(page, zone),
            "navigate": link,
            "tag": topic_of(page),
            "lang": "en",
            "dir": "ltr",
            "silent": False,
        }
        if page.kind == "offer":
            notification["actions"] = [{**answer, "navigate": link} for answer in ANSWERS]
        return {"web_push": 8030, "notification": notification}

    def _left_seconds(self, page: PageDue) -> float:
        return (page.not_after - self.clock.now()).total_seconds()


def topic_of(page: PageDue) -> str:
    """What replaces what: an offer, and that it is over, stand in one place. It has the 32 characters that it may."""
    return page.offer_id if page.kind in ("offer", "withdrawn") and page.offer_id else page.page_id


def _body(page: PageDue, zone: tzinfo | None) -> str:
    if page.kind == "offer":
        return (
            f"Answer by {page.not_after.astimezone(zone):%H:%M:%S}."
            if zone
            else "Answer at once: it counts for seconds."
        )
    if page.kind == "test":
        return "Open it, so that we know that you are reached here."
    return "Open it to read on."


def _why(status: int) -> str:
    if status in (404, 410):
        return "gone"
    if status in (401, 403):
        return "credentials"
    if status == 413:  # noqa: PLR2004  # HTTP's
        return "too-large"
    if status == 429:  # noqa: PLR2004  # HTTP's
        return "queue-full"
    return "refused" if 400 <= status < 500 and status != 408 else "unknown"  # noqa: PLR2004  # HTTP's


def _wait_seconds(reply: Reply) -> float | None:
    """When to try again: only where the service is busy, certainly has nothing, and it is soon."""
    if reply.status != 429:  # noqa: PLR2004  # HTTP's
        return None
    stated = reply.headers.get("retry-after", "1")
    seconds = float(stated) if stated.isdecimal() and len(stated) < 6 else PATIENCE_SECONDS + 1  # noqa: PLR2004  # a day
    return seconds if seconds <= PATIENCE_SECONDS else None
