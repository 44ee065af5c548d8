"""The world around the services: CADs that publish until they are acknowledged, crews at the console, receivers."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random
from typing import Any

from aiohttp.web import BaseRequest

from deploy.actors.cad import Cad
from deploy.actors.console import CommandFailed, Console
from deploy.actors.http import session
from deploy.actors.webhooks import Delivery, delivery, receiving
from deploy.local.stack import Stack
from tests.chaos.oracle import Sent
from tests.chaos.telephony import Telephony
from tests.rig.calls import CALM, CallStream, OpenCall, body_of
from tests.rig.crews import Crews
from tests.rig.log import Entry, follow
from tests.rig.town import Town

NEW_EVERY = 5
RUDE_PERCENT = 2
"""Of the webhooks, for each way in which CADs and providers answer badly."""
DRIP_SECONDS = 1.5
CLOCK_JUMPS_SECONDS = (-3600, -300, -5, 0, 0, 240, 3600)
"""How far the clock of one town's CAD is off, each time that it looks at it."""
CONNECTIONS = 200
"""With the silent callers fewer than a door takes."""
REFUSED = 409
MOVED_SECONDS = 4
"""From now, the end of a shift that is moved while it runs."""


class City:
    """Everything that happens outside, and what it saw."""

    def __init__(self, stack: Stack, towns: list[Town], port: int, seed: int) -> None:
        self.telephony = Telephony(towns, seed)
        self.sent: list[Sent] = []
        self.received: list[Delivery] = []
        self.routed: set[str] = set()
        self.spoiled: dict[str, str] = {}
        """Call id -> the service that cannot decide it."""
        self._stack, self._towns, self._port, self._seed = stack, towns, port, seed
        self._random = Random(seed)
        self._calls = CallStream([town.name for town in towns], seed, NEW_EVERY, settle_events=100)
        self._cads: dict[str, Cad] = {}
        self._consoles: dict[str, Console] = {}
        self._crews = Crews(self._act, seed)
        self._publishing: set[asyncio.Task[None]] = set()
        self._following: asyncio.Task[None] | None = None
        self._exit = AsyncExitStack()
        self._over = False

    @property
    def towns(self) -> list[str]:
        """Their names."""
        return [town.name for town in self._towns]

    @property
    def statuses(self) -> Counter[int]:
        """Of intake's answers."""
        return sum((cad.answers for cad in self._cads.values()), Counter[int]())

    @property
    def commands(self) -> set[str]:
        """Ids of commands that the console said are durable."""
        return {command_id for console in self._consoles.values() for command_id in console.durable}

    async def start(self) -> None:
        """Receive webhooks, watch the journal."""
        access, http = self._stack.access, await self._exit.enter_async_context(session(CONNECTIONS))
        for name in (town.name for town in self._towns):
            self._cads[name] = Cad(http, self._stack.url_of("intake"), access.key(name), seed=self._seed)
            self._consoles[name] = Console(http, self._stack.url_of("console"), partial(access.token, name))
        await self._exit.enter_async_context(receiving(self._port, self._take))
        ready = asyncio.Event()
        self._following = asyncio.get_running_loop().create_task(self._follow(ready))
        await ready.wait()

    async def publish(self, rate: float, until: asyncio.Event) -> None:
        """Publish `rate` events a second, each until it is acknowledged."""
        began, number = time.monotonic(), 0
        while not until.is_set():
            await asyncio.sleep(max(0.0, began + number / rate - time.monotonic()))
            number += 1
            call, body = self._calls.next()
            if call.agency == self._towns[0].name:
                jump = timedelta(seconds=self._random.choice(CLOCK_JUMPS_SECONDS))
                body = body_of(call, (datetime.now(UTC) + jump).isoformat())
            self.send(call, body)

    def send(self, call: OpenCall, body: bytes) -> None:
        """Publish a version of a call, until it is acknowledged."""
        version = Sent(call.call_id, call.event_id, time.time())
        task = asyncio.get_running_loop().create_task(self._publish(self._cads[call.agency], version, body))
        self._publishing.add(task)
        task.add_done_callback(self._publishing.discard)

    def spoil(self, kind: str, service: str) -> None:
        """Publish a call that a service cannot decide: it would `spin` for ever, or `die` of it."""
        agency, now = self._random.choice(self._towns).name, datetime.now(UTC).isoformat()
        call = OpenCall(agency, f"{kind}-{service}-{len(self.spoiled)}", "MENTAL", CALM, now, 0)
        self.spoiled[call.call_id] = service
        self.send(call, body_of(call, now))

    async def end_shifts_early(self, on_call: str) -> None:
        """In each town the shift of a team on call is moved: it ends now, whatever its people are about."""
        await asyncio.gather(*(self._end_shift_early(town.name, on_call) for town in self._towns))

    async def _end_shift_early(self, agency: str, on_call: str) -> None:
        console = self._consoles[agency]
        try:
            (shift,) = await console.read("ana", "/v1/rota", team_id=on_call)
            times = {
                "starts_at": shift["starts_at"],
                "ends_at": (datetime.now(UTC) + timedelta(seconds=MOVED_SECONDS)).isoformat(),
            }
            path = f"/v1/rota/shifts/{shift['shift_id']}/move"
            await console.command("ana", path, {**times, "reason": "it ends early"})
        except CommandFailed as failed:
            print(f"a shift was not moved: {failed}", flush=True)  # noqa: T201

    async def drain(self, seconds: float) -> None:
        """Wait until every version is acknowledged, every call has an outcome, and all that crews ask for is answered.

        But no longer than this.
        """
        until = time.monotonic() + seconds
        while self._unfinished() and time.monotonic() < until:  # noqa: ASYNC110  # other processes have to finish
            await asyncio.sleep(0.2)
        await self._crews.finish(until - time.monotonic())

    def _unfinished(self) -> bool:
        outcomes = self.routed | {
            call_id for call_id, service in self.spoiled.items() if service == "team-availability"
        }
        under_way = bool(self._publishing) or self.telephony.is_posting
        return under_way or not outcomes.issuperset(version.call_id for version in self.sent)

    async def stop(self) -> None:
        """Leave."""
        self._over = True
        await self._crews.stop()
        tasks = [*self._publishing, *([self._following] if self._following else [])]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        await self._exit.aclose()

    async def _publish(self, cad: Cad, version: Sent, body: bytes) -> None:
        await cad.publish(body)
        self.sent.append(replace(version, acknowledged_at=time.time()))

    async def _follow(self, ready: asyncio.Event) -> None:
        """From wherever the journal ends; after Kafka was away, from the beginning, which does no harm."""
        while not self._over:
            try:
                await follow(
                    self._stack.connection, self._stack.partitions, ("assignments",), ready, self._take_records
                )
            except Exception as error:  # noqa: BLE001  # whatever it is, the journal is still there
                print(f"the city lost sight of the journal: {type(error).__name__}: {error}", flush=True)  # noqa: T201
                await asyncio.sleep(1)

    def _take_records(self, records: list[Entry]) -> None:
        for record in records:
            if record.type in ("call-routed", "input-refused"):  # either is an outcome
                self.routed.add(record.subject)
            self._crews.take(record)

    async def _act(self, agency: str, kind: str, fields: dict[str, Any], key: str) -> None:
        """A tap on the console; again, with the same key, if nobody answered."""
        body = dict(fields)
        path = (
            f"/v1/teams/{body.pop('team_id')}/status"
            if kind == "status"
            else f"/v1/offers/{body.pop('offer_id')}/{kind}"
        )
        try:
            await self._consoles[agency].command("ana", path, body, key)
        except CommandFailed as failed:
            if failed.status != REFUSED:
                print(f"the console failed: {failed}", flush=True)  # noqa: T201

    async def _take(self, request: BaseRequest) -> int:
        """A webhook has come: `/page/TOWN` or `/cad/TOWN`."""
        _, kind, town = request.path.split("/")
        if kind == "alerts":
            return 204
        access = self._stack.access
        secret = access.page_secret(town) if kind == "page" else access.webhook_secret(town)
        self.received.append(await delivery(request, secret))
        drawn = self._random.randrange(100) // RUDE_PERCENT
        return await RUDE[drawn](request) if drawn < len(RUDE) else 204


async def _unavailable(_request: BaseRequest) -> int:
    return 503


async def _slow_head(_request: BaseRequest) -> int:
    await asyncio.sleep(2 * DRIP_SECONDS)
    return 204


async def _breaks(request: BaseRequest) -> int:
    """No answer: the connection is gone."""
    assert request.transport is not None
    request.transport.abort()
    return 503


async def _lies(request: BaseRequest) -> int:
    """A status, and a length that is none; the rest never comes."""
    assert request.transport is not None
    request.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n")
    request.transport.close()
    return 204


async def _drips(request: BaseRequest) -> int:
    """A status, then a body for the rest of the day."""
    transport = request.transport
    assert transport is not None
    transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n")
    while not transport.is_closing():
        transport.write(b".")
        await asyncio.sleep(DRIP_SECONDS)
    return 204


RUDE = (_unavailable, _slow_head, _breaks, _lies, _drips)
