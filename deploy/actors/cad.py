"""A CAD at intake's door: it sends every version of its calls when it is due, until it is acknowledged."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime
from random import Random
from typing import Any

from aiohttp import ClientSession

from deploy.actors.http import LOST, Answer, ask
from deploy.actors.story import Sending
from shared.clock import Clock

SENDINGS_AT_A_TIME = 64
ANSWER_SECONDS = 5.0
PAUSE_SECONDS, MOST_PAUSES = 1.0, 4
"""What it waits before it sends a version again, as `Retry-After` says; each time that much longer, up to a bound."""
AGAIN = (LOST, 408, 429)
"""Answers after which a version is sent again; so is it after any of 5xx."""


class VersionRefused(ValueError):
    """Intake will never take a version; says why."""


class Cad:
    """One source of an agency; `key` is its own."""

    def __init__(self, http: ClientSession, intake_url: str, key: str, *, seed: int = 0) -> None:
        self._http, self._url = http, f"{intake_url}/v1/calls"
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        self._chance = Random(f"cad/{seed}")  # noqa: S311  # a simulation
        self.answers: Counter[int] = Counter()
        """Of intake, by status."""
        self.acknowledged: dict[tuple[str, str], None] = {}
        """Call id and event id of every version that was answered with 2xx, in order: the CAD's own list."""

    @property
    def acknowledgements(self) -> int:
        """Requests that were answered with 2xx; a version may be sent twice."""
        return sum(count for status, count in self.answers.items() if 200 <= status < 300)

    async def publish(self, body: bytes) -> None:
        """Send a flat record again and again until it is acknowledged. Raises VersionRefused."""
        pauses = 0
        while not (answer := await self._post(body)).is_success:
            if answer.status not in AGAIN and answer.status < 500:
                raise VersionRefused(f"intake refused {json.loads(body)['event_id']}: {answer.text}")
            pauses = min(pauses + 1, MOST_PAUSES)
            await asyncio.sleep(PAUSE_SECONDS * pauses * self._chance.uniform(0.7, 1.3))
        for version in answer.json()["taken"]:
            self.acknowledged[version["call_id"], version["event_id"]] = None

    async def _post(self, body: bytes) -> Answer:
        answer = await ask(self._http, "POST", self._url, seconds=ANSWER_SECONDS, data=body, headers=self._headers)
        self.answers[answer.status] += 1
        return answer


class Schedule:
    """Plays what a CAD sends, open loop: what is due is sent, whatever became of what was sent before."""

    def __init__(self, cad: Cad, clock: Clock) -> None:
        self._cad, self._clock = cad, clock
        self._slots = asyncio.Semaphore(SENDINGS_AT_A_TIME)
        self._newest: dict[str, asyncio.Task[None]] = {}
        """By call: the sending that the next version waits for."""

    async def play(self, sendings: Iterable[Sending], record: Callable[[Sending, datetime], dict[str, Any]]) -> None:
        """Send each at its time from now on; returns when all are acknowledged. Raises VersionRefused, in a group.

        `record(sending, start)` is the flat record to send.
        """
        start, began = self._clock.now(), self._clock.monotonic()
        async with asyncio.TaskGroup() as tasks:
            for sending in sendings:
                await asyncio.sleep(max(0.0, began + sending.at_seconds - self._clock.monotonic()))
                await self._slots.acquire()
                body = record(sending, start)
                before = self._newest.get(body["incident_id"])
                self._newest[body["incident_id"]] = tasks.create_task(self._send(json.dumps(body).encode(), before))

    async def _send(self, body: bytes, before: asyncio.Task[None] | None) -> None:
        """Publish one version, and not before the last one of its call was acknowledged."""
        try:
            if before is not None:
                await asyncio.wait([before])
            await self._cad.publish(body)
        finally:
            self._slots.release()
