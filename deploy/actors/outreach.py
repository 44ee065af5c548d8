"""Those to whom calls are referred: they get in touch, and say what became of most referrals and follow-ups."""

from __future__ import annotations

import asyncio
import random
from collections import Counter

from deploy.actors.console import CommandFailed, Console

LOOK_SECONDS = 2.0
SILENT_SHARE = 0.4
"""Of the referrals: nobody says what became of them."""
RESULTS = ("contacted", "contacted", "contacted", "not-reached", "refused", "no-longer-needed")


class Outreach:
    """Looks at the list of open referrals; everybody in it is one dispatcher, who writes down what they say."""

    def __init__(self, console: Console, *, seed: int) -> None:
        self._console, self._chance = console, random.Random(f"outreach/{seed}")  # noqa: S311  # a simulation
        self._seen: set[str] = set()
        self.did: Counter[str] = Counter()

    async def watch(self) -> None:
        """Look every other second, for ever."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                for referral in await self._console.read("cleo", "/v1/referrals", open="true"):
                    if referral["referral_id"] not in self._seen:
                        self._seen.add(referral["referral_id"])
                        await self._say(referral["referral_id"])
            except CommandFailed:
                self.did["was refused, or too late"] += 1

    async def _say(self, referral_id: str) -> None:
        if self._chance.random() < SILENT_SHARE:
            return
        body = {"result": self._chance.choice(RESULTS), "reason": "as they told me"}
        await self._console.command("cleo", f"/v1/referrals/{referral_id}/close", body)
        self.did[body["result"]] += 1
