"""The world around the services: CADs that publish until they are acknowledged, crews at the console, receivers."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from itertools import count
from random import Random
from typing import Any
from urllib.parse import urlsplit

from standardwebhooks import Webhook, WebhookVerificationError

from deploy.local.stack import Stack
from tests.chaos.oracle import Received, Sent
from tests.rig.cad import Cads
from tests.rig.crew import Crews
from tests.rig.log import follow
from tests.rig.town import Town
from tests.rig.wire import LOST, Receiver, Wire, request

NEW_ONE_IN = 5
AGAIN = (LOST, 408, 429, 500, 502, 503)
AGAIN_SECONDS = (0.2, 0.6)
MOST_SECONDS = 4
"""What a CAD waits at most before it sends a version again; at first it waits a second, as Retry-After says."""
FAIL_PERCENT = 3
"""Of the webhooks: answered with 503, as CADs and providers do."""
NOT_AFTER = "careroute-not-after"


class City:
    """Everything that happens outside, and what it saw."""

    def __init__(self, stack: Stack, towns: list[Town], port: int, seed: int) -> None:
        self.sent: list[Sent] = []
        self.received: list[Received] = []
        self.statuses: Counter[int] = Counter()
        """Of intake's answers."""
        self.commands: set[str] = set()
        """Ids of commands that the console took."""
        self.routed: set[str] = set()
        self._stack, self._port, self._random = stack, port, Random(seed)
        self._towns = {town.name: town for town in towns}
        keys = {town.name: stack.access.key(town.name) for town in towns}
        self._cads = Cads(keys, seed, NEW_ONE_IN, settle_events=100)
        self._intake, self._console = Wire(_port_of(stack.url_of("intake"))), Wire(_port_of(stack.url_of("console")))
        self._crews = Crews(self._act, seed)
        self._receiver = Receiver(self._take)
        self._publishing: set[asyncio.Task[None]] = set()
        self._following: asyncio.Task[None] | None = None
        self._over = False

    async def start(self) -> None:
        """Receive webhooks, watch the journal."""
        await self._receiver.start(self._port)
        ready = asyncio.Event()
        self._following = asyncio.get_running_loop().create_task(self._follow(ready))
        await ready.wait()

    async def publish(self, rate: float, until: asyncio.Event) -> None:
        """Publish so many events a second, each until it is acknowledged."""
        began, number = time.monotonic(), 0
        while not until.is_set():
            await asyncio.sleep(max(0.0, began + number / rate - time.monotonic()))
            number += 1
            call, data = self._cads.next()
            task = asyncio.get_running_loop().create_task(self._publish(call.call_id, call.event_id, data))
            self._publishing.add(task)
            task.add_done_callback(self._publishing.discard)

    async def drain(self, seconds: float) -> None:
        """Wait until every version is acknowledged and every call has an outcome, so long at most."""
        until = time.monotonic() + seconds
        while self._unfinished() and time.monotonic() < until:  # noqa: ASYNC110  # other processes have to finish
            await asyncio.sleep(0.2)

    def _unfinished(self) -> bool:
        return bool(self._publishing) or not self.routed.issuperset(one.call_id for one in self.sent)

    async def stop(self) -> None:
        """Leave."""
        self._over = True
        await self._crews.stop()
        if self._following is not None:
            self._following.cancel()
            await asyncio.wait([self._following])
        for task in list(self._publishing):
            task.cancel()
        self._receiver.stop()
        self._intake.close()
        self._console.close()

    async def _publish(self, call_id: str, event_id: str, data: bytes) -> None:
        for pause in count(1):
            status, _ = await self._intake.ask(data, 3.0)
            self.statuses[status] += 1
            if status == 200:
                self.sent.append(Sent(call_id, event_id))
            if status not in AGAIN:
                return
            await asyncio.sleep(min(pause, MOST_SECONDS) * self._random.uniform(0.7, 1.3))

    async def _follow(self, ready: asyncio.Event) -> None:
        """From wherever the journal ends; after Kafka was away, from the beginning, which does no harm."""
        while not self._over:
            try:
                async for records in follow(self._stack.bootstrap, self._stack.partitions, ("assignments",), ready):
                    for record in records:
                        if record.type == "call-routed":
                            self.routed.add(record.subject)
                        self._crews.take(record)
            except Exception as error:  # noqa: BLE001  # whatever it is, the journal is still there
                print(f"the city lost sight of the journal: {type(error).__name__}: {error}", flush=True)  # noqa: T201
                await asyncio.sleep(1)

    async def _act(self, agency: str, kind: str, said: dict[str, Any], key: str) -> None:
        """A tap on the console; again, with the same key, if nobody answered."""
        about = dict(said)
        path = (
            f"/v1/teams/{about.pop('team_id')}/status"
            if kind == "status"
            else f"/v1/offers/{about.pop('offer_id')}/{kind}"
        )
        token = self._stack.access.token(agency, "ana")
        headers = {"authorization": f"Bearer {token}", "content_type": "application/json", "idempotency_key": key}
        data = request("POST", path, json.dumps(about).encode(), **headers)
        for _ in range(8):
            status, body = await self._console.ask(data, 5.0)
            if status not in AGAIN:
                if status in (200, 202):
                    self.commands.add(json.loads(body)["command_id"])
                elif status != 409:
                    print(f"the console answered {status} to {path}: {body[:200]!r}", flush=True)  # noqa: T201
                return
            await asyncio.sleep(self._random.uniform(*AGAIN_SECONDS))

    def _take(self, path: str, headers: Mapping[str, str], body: bytes) -> int:
        """A webhook has come: `/page/TOWN` or `/cad/TOWN`."""
        _, kind, town = path.split("/")
        access = self._stack.access
        secret = access.page_secret(town) if kind == "page" else access.webhook_secret(town)
        not_after = datetime.fromisoformat(headers[NOT_AFTER]).timestamp()
        holds = _holds(secret, headers, body)
        signed_at = float(headers["webhook-timestamp"])
        self.received.append(Received(headers["webhook-id"], path, time.time(), not_after, holds, signed_at))
        return 503 if self._random.randrange(100) < FAIL_PERCENT else 204


def _holds(secret: str, headers: Mapping[str, str], body: bytes) -> bool:
    try:
        Webhook(secret).verify(body, dict(headers))
    except WebhookVerificationError:
        return False
    return True


def _port_of(url: str) -> int:
    port = urlsplit(url).port
    assert port is not None
    return port
