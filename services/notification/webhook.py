"""Signed webhooks (Standard Webhooks): one message, posted until it is acknowledged or too late."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from zlib import crc32

from standardwebhooks import Webhook

from services.notification.exchange import NoAnswer
from shared.clock import Clock
from shared.telemetry import logger

RETRY_SECONDS = (0.5, 1.0, 2.0, 4.0)
"""Waits between attempts, up to half as much again; the last one repeats."""
LAST_ATTEMPT_SECONDS = 0.5
"""The last attempt begins so long before the time is over: the wait before it is cut short."""
ATTEMPT_SECONDS = 4.0
"""One attempt as a whole: look-up, connection, request and status line."""
NOT_AFTER = "careroute-not-after"
"""Header: the instant after which a message must not be passed on."""

Exchange = Callable[[str, Mapping[str, str], bytes, float], Awaitable[int]]
"""`await exchange(url, headers, content, seconds)`: post, and return the status of the answer. Raises NoAnswer."""
Retry = Literal["until-acknowledged", "until-sent"]
"""Until somebody says that they have it; or only as long as nobody can have it."""


@dataclass(frozen=True, slots=True)
class Message:
    """What is to be posted, where to, until when, and every secret that signs it now."""

    url: str
    secrets: Sequence[str]
    message_id: str
    body: Mapping[str, object]
    not_after: datetime


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of one attempt: why it was not acknowledged, and whether the receiver may have the message."""

    why: str | None
    sent: bool = True


@dataclass(frozen=True, slots=True)
class Sender:
    """Posts messages; whatever a receiver does is a result."""

    exchange: Exchange
    clock: Clock
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def post(self, message: Message, retry: Retry = "until-acknowledged") -> str | None:
        """Post a message again and again until it is acknowledged (2xx) or its time is over.

        None when it was acknowledged, else why not: `gone` (410: nobody wants it any more), `expired`, `timeout`,
        `unreachable`, `private-address`, `certificate`, `tls`, `no-answer`, `not-http`, `status-503`, `fault` (ours).
        """
        why: str | None = "expired"
        number = 0
        while (left_seconds := self._left_seconds(message)) > 0:
            attempt = await self._attempt(message, left_seconds)
            why = attempt.why
            if why in (None, "gone") or (retry == "until-sent" and attempt.sent):
                break
            spare_seconds = self._left_seconds(message) - LAST_ATTEMPT_SECONDS
            if spare_seconds <= 0:
                break
            await self.sleep(min(_wait_seconds(message.message_id, number), spare_seconds))
            number += 1
        return why

    async def _attempt(self, message: Message, left_seconds: float) -> Attempt:
        """One attempt; nothing that goes wrong with it escapes as an exception."""
        try:
            content = json.dumps(message.body, separators=(",", ":"))
            seconds = min(ATTEMPT_SECONDS, left_seconds)
            status = await self.exchange(message.url, self._headers(message, content), content.encode(), seconds)
        except NoAnswer as none:
            return Attempt(none.why, none.sent)
        except Exception as error:  # noqa: BLE001  # a fault of ours must not cost the attempts that are left
            logger().error("sending failed", effect_id=message.message_id, error=type(error).__name__)
            return Attempt("fault")
        return Attempt(_why_of(status))

    def _headers(self, message: Message, content: str) -> Mapping[str, str]:
        """Signed with every secret that is valid now: a receiver that knows one of them is content."""
        now = self.clock.now()
        signatures = [Webhook(secret).sign(message.message_id, now, content) for secret in message.secrets]
        return {
            "content-type": "application/json",
            "webhook-id": message.message_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": " ".join(signatures),
            NOT_AFTER: message.not_after.isoformat(),
        }

    def _left_seconds(self, message: Message) -> float:
        return (message.not_after - self.clock.now()).total_seconds()


def _wait_seconds(message_id: str, number: int) -> float:
    """The wait after an attempt, of a length of the message's own: one that comes back is not met by all at once."""
    least = RETRY_SECONDS[min(number, len(RETRY_SECONDS) - 1)]
    return least * (1 + crc32(f"{message_id}/{number}".encode()) / 2**33)


def _why_of(status: int) -> str | None:
    if 200 <= status < 300:  # noqa: PLR2004  # HTTP's
        return None
    return "gone" if status == 410 else f"status-{status}"  # noqa: PLR2004  # HTTP's
