"""The receiving end of webhooks: a CAD that is told what becomes of its calls, a provider that pages the teams."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from aiohttp.web import BaseRequest, Response, Server, ServerRunner, TCPSite
from standardwebhooks import Webhook, WebhookVerificationError

Take = Callable[[BaseRequest], Awaitable[int]]
"""`await take(request)` -> the status to answer with."""
NEVER = "1970-01-01T00:00:00+00:00"


@dataclass(frozen=True, slots=True)
class Delivery:
    """A webhook that reached its receiver; times in seconds."""

    message_id: str
    path: str
    at: float
    not_after: float
    """After this nothing may be passed on."""
    is_genuine: bool
    """Whether its signature holds."""
    signed_at: float = 0.0
    """The sender's own time of sending, as it signed it: whole seconds, rounded down. A page on its way while its
    process is frozen or starved arrives later than that; its validity travels with it, and the provider drops it."""
    body: bytes = b""


@asynccontextmanager
async def receiving(port: int, take: Take) -> AsyncIterator[None]:
    """Take whatever is posted to a loopback port while the block runs."""

    async def answer(request: BaseRequest) -> Response:
        return Response(status=await take(request))

    runner = ServerRunner(Server(answer, access_log=None), shutdown_timeout=0.5)
    await runner.setup()
    try:
        await TCPSite(runner, "127.0.0.1", port, backlog=256).start()
        yield
    finally:
        await runner.cleanup()


async def delivery(request: BaseRequest, secret: str) -> Delivery:
    """What came, and whether this secret has signed it."""
    headers, body = request.headers, await request.read()
    return Delivery(
        headers.get("webhook-id", ""),
        request.path,
        time.time(),
        datetime.fromisoformat(headers.get("careroute-not-after", NEVER)).timestamp(),
        _is_genuine(secret, dict(headers), body),
        float(headers.get("webhook-timestamp", 0)),
        body,
    )


def _is_genuine(secret: str, headers: dict[str, str], body: bytes) -> bool:
    try:
        Webhook(secret).verify(body, headers)
    except WebhookVerificationError:
        return False
    return True
