"""A dispatcher, who confirms, overrides or lets pass what careroute advises, and throws the stop switch."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from deploy.actors.console import CommandFailed, Console

LOOK_SECONDS = 1.0
CONFIRMED_SHARE, OVERRULED_SHARE = 0.68, 0.14
"""Of the calls that wait for a confirmation; the rest are let pass."""
OVERRIDDEN_SHARE = 0.04


class Dispatcher:
    """Watches the open calls: those of advisory districts, and those of districts where some are taken away from us."""

    def __init__(self, console: Console, *, seed: int, districts: Iterable[str], overrides_in: Iterable[str]) -> None:
        self._console, self._chance = console, random.Random(f"dispatcher/{seed}")  # noqa: S311  # a simulation
        self._advisory, self._overrides_in = tuple(districts), tuple(overrides_in)
        self._seen: set[tuple[str, int]] = set()
        self.did: Counter[str] = Counter()

    async def watch(self) -> None:
        """Look at the open calls once a second, for ever."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                for district in self._advisory:
                    for call in await self._open_calls(district):
                        await self._advise(call)
                for district in self._overrides_in:
                    for call in await self._open_calls(district):
                        await self._override(call)
            except CommandFailed:
                self.did["was refused, or too late"] += 1

    async def pause(self, district: str, seconds: float) -> None:
        """Throw the stop switch, and have the supervisor end it after a while. Raises CommandFailed."""
        await self._console.command(
            "cleo", "/v1/switchboard/pause", {"district": district, "reason": "smoke in the area"}
        )
        self.did["paused"] += 1
        await asyncio.sleep(seconds)
        await self._console.command("ana", "/v1/switchboard/resume", {"district": district, "reason": "all clear"})
        self.did["resumed"] += 1

    async def _open_calls(self, district: str) -> list[dict[str, Any]]:
        calls: list[dict[str, Any]] = await self._console.read(
            "cleo", "/v1/calls", district=district, open="true", limit="100"
        )
        return calls

    async def _advise(self, call: Mapping[str, Any]) -> None:
        if call["state"] != "advised" or not self._first_time(call):
            return
        drawn = self._chance.random()
        if drawn < CONFIRMED_SHARE:
            await self._console.command("cleo", f"/v1/calls/{call['call_id']}/confirm", {"reason": "fits"})
            self.did["confirmed"] += 1
        elif drawn < CONFIRMED_SHARE + OVERRULED_SHARE:
            await self._send_default(call)

    async def _override(self, call: Mapping[str, Any]) -> None:
        if call["state"] not in ("offered", "triaged") or not self._first_time(call):
            return
        if self._chance.random() < OVERRIDDEN_SHARE:
            await self._send_default(call)

    async def _send_default(self, call: Mapping[str, Any]) -> None:
        body = {"send": "default", "reason": "I know the address"}
        await self._console.command("cleo", f"/v1/calls/{call['call_id']}/override", body)
        self.did["overrode with default"] += 1

    def _first_time(self, call: Mapping[str, Any]) -> bool:
        key = (call["call_id"], len(call["outcomes"]))
        is_first = key not in self._seen
        self._seen.add(key)
        return is_first
