"""Teams as people are: they accept, decline, stay silent, sometimes two tap at once; then they go, arrive and clear."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from random import Random
from typing import Any, cast

from tests.rig.log import Seen

Act = Callable[[str, str, dict[str, Any], str], Awaitable[None]]
"""`await act(agency, kind, fields, key)`: kind `accept`, `decline` or `status`; a repeat carries the same key."""

ACCEPT_PERCENT, DECLINE_PERCENT, BOTH_PERCENT = 70, 15, 20
"""Of the offers; the rest are left to expire. Of the acceptances so many are tapped by both members at once."""


class Crews:
    """Answers every offer that the journal makes."""

    def __init__(self, act: Act, seed: int, *, slowly: float = 1.0) -> None:
        """`slowly` stretches every pause."""
        self._act, self._random, self._slowly = act, Random(seed), slowly
        self._tasks: set[asyncio.Task[None]] = set()

    def take(self, record: Seen) -> None:
        """A record of the assignments that counts."""
        if record.type == "offer-made":
            self._spawn(self._answer(record))
        elif record.type == "offer-accepted":
            self._spawn(self._work(record))

    async def stop(self) -> None:
        """Do nothing more."""
        for task in list(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _answer(self, record: Seen) -> None:
        drawn, pause = self._random.randrange(100), self._random.uniform(0.2, 2.0)
        both = self._random.randrange(100) < BOTH_PERCENT
        await asyncio.sleep(pause * self._slowly)
        offer = record.said
        recipients = cast("list[dict[str, Any]]", offer["recipients"])
        people = [str(one["person_id"]) for one in recipients][: 2 if both else 1]
        if drawn >= ACCEPT_PERCENT + DECLINE_PERCENT:
            return
        kind = "accept" if drawn < ACCEPT_PERCENT else "decline"
        async with asyncio.TaskGroup() as tasks:
            for person in people:
                said = {"offer_id": offer["offer_id"], "person_id": person}
                tasks.create_task(self._spawned(record.key, kind, said, f"{offer['offer_id']}/{person}"))

    async def _work(self, record: Seen) -> None:
        accepted = record.said
        about = {"team_id": accepted["team_id"], "call_id": accepted["call_id"]}
        for status in ("en-route", "on-scene", "cleared"):
            await asyncio.sleep(self._random.uniform(0.3, 1.5) * self._slowly)
            said = about | {"status": status} | ({"disposition": "resolved-on-scene"} if status == "cleared" else {})
            await self._act(record.key, "status", said, f"{accepted['offer_id']}/{status}")

    async def _spawned(self, agency: str, kind: str, said: dict[str, Any], key: str) -> None:
        await self._act(agency, kind, said, key)

    def _spawn(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
