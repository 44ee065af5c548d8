"""The way out that does not lead through careroute: an alarm is posted to an address, and the watcher is beaten to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx
from pydantic import SecretStr

from services.prober.book import ALARM_AFTER, Book, Record, Target
from services.prober.config import ProberSettings
from shared import telemetry

AGAIN_SECONDS = 60.0
"""How often an alarm that stands is posted again."""
RETRY_SECONDS = 2.0
"""How soon one is that did not get through."""
BEAT_SECONDS = 30.0
POST_SECONDS = 5.0


@dataclass(slots=True)
class Alarms:
    """Posts what is wrong for as long as it is, and that it is over: a call is seen, or none is sent any more."""

    book: Book
    settings: ProberSettings
    http: httpx.AsyncClient
    failing: bool = field(default=False, init=False)
    """Whether one of the last posts did not get through."""
    _told_at: dict[Target, float] = field(default_factory=dict, init=False)
    """When each alarm that stands was last told, on the loop's clock."""
    _news: asyncio.Event = field(default_factory=asyncio.Event, init=False)

    def look(self) -> None:
        """There is a new verdict."""
        self._news.set()

    async def keep_telling(self) -> None:
        """Tell of every alarm at once, and again while it stands; for ever."""
        while True:
            self._news.clear()
            await self._tell()
            pause = RETRY_SECONDS if self.failing else AGAIN_SECONDS / 4
            try:
                async with asyncio.timeout(pause):
                    await self._news.wait()
            except TimeoutError:
                continue

    async def _tell(self) -> None:
        """Post all that is due, at once: what somebody does not take, or takes long to, keeps back nothing else."""
        now, standing, over = asyncio.get_running_loop().time(), dict(self.book.alarms()), self.book.over()
        self._told_at = {target: at for target, at in self._told_at.items() if target in standing}
        due = [target for target in standing if now - self._told_at.get(target, -AGAIN_SECONDS) >= AGAIN_SECONDS]
        messages = [
            *(_missed(target, standing[target]) for target in due),
            *(_over(target, is_probed=target in self.book.targets()) for target in over),
        ]
        self.failing = self.failing and bool(messages)
        if not messages or not self.settings.alarm_url:
            return
        taken = await asyncio.gather(*map(self._post, messages))
        self.failing = not all(taken)
        for target, is_taken in zip((*due, *over), taken, strict=True):
            if is_taken:
                self.book.note_told(target, is_over=target not in standing)
        self._told_at |= {target: now for target, is_taken in zip(due, taken, strict=False) if is_taken}

    async def _post(self, message: Mapping[str, Any]) -> bool:
        """Whether somebody has acknowledged it."""
        is_taken = await posted(self.http, self.settings.alarm_url, self.settings.alarm_token, message)
        if not is_taken:
            telemetry.logger().error("alarm not delivered", kind=message["alarm"])
        return is_taken


async def keep_beating(settings: ProberSettings, http: httpx.AsyncClient, is_alive: Callable[[], bool]) -> None:
    """Beat to the watcher for as long as probes get their verdicts, and alarms get out; for ever."""
    url = settings.beat_url("prober")
    while url:
        if is_alive() and not await posted(http, url, settings.watch_secret, {"beat": "prober"}):
            telemetry.logger().warning("the watcher cannot be reached")
        await asyncio.sleep(BEAT_SECONDS)


async def posted(http: httpx.AsyncClient, url: str, token: SecretStr, message: Mapping[str, Any]) -> bool:
    """Whether somebody has acknowledged a message; `token` may be empty."""
    secret = token.get_secret_value()
    headers = {"Authorization": f"Bearer {secret}"} if secret else {}
    try:
        async with asyncio.timeout(POST_SECONDS):  # all in all: an answer may come byte by byte
            return (await http.post(url, json=message, headers=headers)).is_success
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, TimeoutError):  # an address that nothing can be sent to, too
        return False


def _missed(target: Target, record: Record) -> dict[str, Any]:
    since, is_deaf = datetime.fromisoformat(record.since), record.missed_in_a_row >= ALARM_AFTER
    how_many = f"{record.missed_in_a_row} test calls in a row were" if is_deaf else "every few test calls one is"
    sentence = (
        f"careroute may be deaf for {target}: {how_many} missed since {since:%H:%M:%S} UTC, the last because "
        f"{record.why}. The default response stands."
    )
    return {**_about(target), "alarm": "probe-missed", "since": record.since, "why": record.why, "sentence": sentence}


def _over(target: Target, *, is_probed: bool) -> dict[str, Any]:
    if is_probed:
        return {**_about(target), "alarm": "probe-seen-again", "sentence": f"A test call for {target} was seen again."}
    sentence = f"No test call for {target} was seen again, and none is sent any more: nothing is live there now."
    return {**_about(target), "alarm": "probe-ended", "sentence": sentence}


def _about(target: Target) -> dict[str, Any]:
    return {"agency": target.agency, "district": target.district, "partition": target.partition}
