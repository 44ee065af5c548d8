"""The CAD, played: sends every version when it is due, until it is acknowledged, and hears what becomes of its calls.

The same server stands in for the provider that pages the teams.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

import httpx
import uvicorn
from standardwebhooks import Webhook, WebhookVerificationError
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from deploy.demo.traffic import Sending
from shared.clock import Clock, SystemClock

REQUESTS_AT_A_TIME = 64
PAUSE_SECONDS = 0.5
SLOW_SHARE, DOWN_SHARE, SLOW_SECONDS = 0.02, 0.04, 2.5


class Sender:
    """Publishes versions over HTTP, open loop: what is due is sent, whatever became of what was sent before."""

    def __init__(self, client: httpx.AsyncClient, intake_url: str, key: str, clock: Clock) -> None:
        self._client, self._url, self._clock = client, f"{intake_url}/v1/calls", clock
        self._headers = {"Authorization": f"Bearer {key}"}
        self._slots = asyncio.Semaphore(REQUESTS_AT_A_TIME)
        self._newest: dict[str, asyncio.Task[None]] = {}
        self.acknowledged: dict[tuple[str, str], None] = {}
        """Call id and event id of every version that was answered with 2xx, in order: the sender's own list."""
        self.done = 0
        """Requests that were answered with 2xx; a version may be sent twice."""
        self.answers: Counter[int | str] = Counter()

    async def play(self, sendings: Iterable[Sending], prepare: Callable[[Sending, datetime], dict[str, Any]]) -> None:
        """Send each at its time from now on; returns when all are acknowledged. Raises ValueError for a 4xx."""
        start, began = self._clock.now(), self._clock.monotonic()
        async with asyncio.TaskGroup() as tasks:
            for sending in sendings:
                wait = began + sending.at_seconds - self._clock.monotonic()
                if wait > 0:
                    await asyncio.sleep(wait)
                await self._slots.acquire()
                body = prepare(sending, start)
                before = self._newest.get(body["incident_id"])
                self._newest[body["incident_id"]] = tasks.create_task(self._send(body, before))

    async def _send(self, body: dict[str, Any], before: asyncio.Task[None] | None) -> None:
        """Send one version again and again until it is acknowledged, and not before the last one of its call was."""
        try:
            if before is not None:
                await asyncio.wait([before])
            while not await self._try(body):  # noqa: ASYNC110  # it tries again: no event to wait for
                await asyncio.sleep(PAUSE_SECONDS)
        finally:
            self._slots.release()

    async def _try(self, body: dict[str, Any]) -> bool:
        try:
            answer = await self._client.post(self._url, json=body, headers=self._headers, timeout=5)
        except httpx.HTTPError as error:
            self.answers[type(error).__name__] += 1
            return False
        self.answers[answer.status_code] += 1
        if answer.is_success:
            self.done += 1
            for taken in answer.json()["taken"]:
                self.acknowledged[taken["call_id"], taken["event_id"]] = None
        elif answer.is_client_error and answer.status_code != httpx.codes.TOO_MANY_REQUESTS:
            raise ValueError(f"intake refused {body['event_id']}: {answer.text}")
        return answer.is_success


class Receiver:
    """What careroute tells: messages to the CAD, and pages. Checks every signature; now and then it is slow or down."""

    def __init__(
        self, secret: str, page_secret: str, clock: Clock, *, seed: int = 0, page: Callable[[str, str], None]
    ) -> None:
        """`page(team_id, link)` is called for every page that offers a call."""
        self._cad, self._provider, self._clock, self._page = Webhook(secret), Webhook(page_secret), clock, page
        self._chance = random.Random(f"receiver/{seed}")  # noqa: S311  # a simulation that can be repeated
        self.messages: Counter[str] = Counter()
        self.pages: Counter[str] = Counter()
        """How often each page came; more than once is a broken promise."""
        self.page_kinds: Counter[str] = Counter()
        self.sent_late = 0
        """Pages that were sent after their time, by the sender's own stamp: each is a broken promise."""
        self.not_passed_on = 0
        """Pages whose time was over when they came: a provider passes them on to nobody."""
        self.forged = 0
        self.refused = 0
        self.faulty = True
        """Whether it is slow or down now and then."""

    def app(self) -> Starlette:
        """The two addresses, `/cad` and `/pages`."""
        routes = [Route("/cad", self._message, methods=["POST"]), Route("/pages", self._paged, methods=["POST"])]
        return Starlette(routes=routes)

    async def _message(self, request: Request) -> Response:
        told = await self._verified(request, self._cad)
        if told is None:
            return Response(status_code=401)
        drawn = self._chance.random()
        if self.faulty and drawn < DOWN_SHARE:
            self.refused += 1
            return Response(status_code=503)
        if self.faulty and drawn < DOWN_SHARE + SLOW_SHARE:
            await asyncio.sleep(SLOW_SECONDS)
        self.messages[told["type"]] += 1
        return Response(status_code=204)

    async def _paged(self, request: Request) -> Response:
        told = await self._verified(request, self._provider)
        if told is None:
            return Response(status_code=401)
        self.pages[request.headers["webhook-id"]] += 1
        self.page_kinds[told["type"]] += 1
        not_after = datetime.fromisoformat(told["data"]["not_after"])
        self.sent_late += int(request.headers["webhook-timestamp"]) > not_after.timestamp()
        if self._clock.now() > not_after:
            self.not_passed_on += 1
        elif told["type"] == "page.offer":
            self._page(told["data"]["team_id"], told["data"]["link"])
        return Response(status_code=204)

    async def _verified(self, request: Request, webhook: Webhook) -> dict[str, Any] | None:
        try:
            body = (await request.body()).decode()
            told: dict[str, Any] = webhook.verify(body, dict(request.headers))
        except ClientDisconnect:
            return None
        except WebhookVerificationError:
            self.forged += 1
            return None
        return told


def main() -> None:
    """`python -m deploy.demo.cad PORT`: hears and acknowledges for a demo that was left running."""
    receiver = Receiver(
        os.environ["DEMO_CAD_SECRET"], os.environ["DEMO_PAGE_SECRET"], SystemClock(), page=lambda _team, _link: None
    )
    receiver.faulty = False
    uvicorn.run(receiver.app(), host="127.0.0.1", port=int(sys.argv[1]), log_config=None, access_log=False)


if __name__ == "__main__":
    main()
