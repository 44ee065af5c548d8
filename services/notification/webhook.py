"""Signed webhooks (Standard Webhooks): one message, posted until it is acknowledged or too late."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import httpx
from httpx_aiohttp import AiohttpTransport
from standardwebhooks import Webhook
from tenacity import AsyncRetrying, RetryCallState, retry_if_result, wait_chain, wait_fixed

from shared.clock import Clock

RETRY_SECONDS = (0.5, 1, 2, 4)
"""Waits between attempts; the last one repeats."""
ATTEMPT_SECONDS = 4.0
SMALL_BYTES = 4096
"""A shorter answer is read, so that its connection can serve again; of a longer one only the status counts."""
GONE = 410
NOT_AFTER = "careroute-not-after"
"""Header: the instant after which a message must not be passed on."""


def client() -> httpx.AsyncClient:
    """An HTTP client whose every wait is bounded; it follows no redirect, for a signed message is for one receiver."""
    timeout = httpx.Timeout(ATTEMPT_SECONDS, connect=2.0)
    # httpx's own pool looks at every connection for each request: four times the work with thirty under way
    return httpx.AsyncClient(transport=AiohttpTransport(), timeout=timeout, follow_redirects=False, trust_env=False)


@dataclass(frozen=True, slots=True)
class Sender:
    """Posts messages."""

    client: httpx.AsyncClient
    clock: Clock
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def post(
        self, url: str, secret: str, message_id: str, body: Mapping[str, object], not_after: datetime, *, retry: bool
    ) -> str | None:
        """Post a message, with `retry` again and again until it is acknowledged (2xx) or its time is over.

        None when it was acknowledged, else why not: `gone` (410: nobody wants it any more), `expired`, `timeout`,
        `unreachable`, `http-<status>`.
        """
        content = json.dumps(body, separators=(",", ":"))

        async def attempt() -> str | None:
            return await self._attempt(url, secret, message_id, content, not_after)

        if not retry:
            return await attempt()
        retrying = AsyncRetrying(
            retry=retry_if_result(lambda why: why not in (None, "gone")),
            wait=wait_chain(*(wait_fixed(seconds) for seconds in RETRY_SECONDS)),
            stop=lambda state: self._left_seconds(not_after) <= state.upcoming_sleep,
            sleep=self.sleep,
            retry_error_callback=_last_why,
        )
        why: str | None = await retrying(attempt)
        return why

    async def _attempt(self, url: str, secret: str, message_id: str, content: str, not_after: datetime) -> str | None:
        left_seconds = self._left_seconds(not_after)
        if left_seconds <= 0:
            return "expired"
        now = self.clock.now()
        headers = {
            "content-type": "application/json",
            "webhook-id": message_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(secret).sign(message_id, now, content),
            NOT_AFTER: not_after.isoformat(),
        }
        try:
            return _why_of(await self._status(url, content, headers, min(ATTEMPT_SECONDS, left_seconds)))
        except httpx.TimeoutException:
            return "timeout"
        except (httpx.HTTPError, httpx.InvalidURL):
            return "unreachable"

    async def _status(self, url: str, content: str, headers: Mapping[str, str], seconds: float) -> int:
        """By the client's own timeout: a request that asyncio cancels keeps its place in the pool for good."""
        async with self.client.stream("POST", url, content=content, headers=headers, timeout=seconds) as response:
            if int(response.headers.get("content-length", SMALL_BYTES + 1)) <= SMALL_BYTES:
                await response.aread()
            return response.status_code

    def _left_seconds(self, not_after: datetime) -> float:
        return (not_after - self.clock.now()).total_seconds()


def _why_of(status: int) -> str | None:
    if httpx.codes.is_success(status):
        return None
    return "gone" if status == GONE else f"http-{status}"


def _last_why(state: RetryCallState) -> str | None:
    why: str | None = state.outcome.result() if state.outcome else None
    return why
