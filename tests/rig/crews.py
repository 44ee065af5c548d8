"""Crews that answer every offer which the journal makes, sometimes two members of a team at once."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from random import Random
from typing import Any

from deploy.actors.crews import Crew, Habits
from tests.rig.log import Entry

Act = Callable[[str, str, dict[str, Any], str], Awaitable[None]]
"""`await act(agency, kind, fields, key)`: kind `accept`, `decline` or `status`; a repeat carries the same key."""

HABITS = Habits(
    declines=0.15,
    is_silent=0.15,
    needs_police=0.0,
    answer=(0.2, 2.0),
    travel=(0.3, 1.5),
    work=(0.3, 1.5),
    dispositions=("resolved-on-scene",),
)
BOTH_PERCENT = 20
"""Of the offers: both members tap at once."""


class Crews(Crew[Entry]):
    """All teams of all agencies; an offer is the entry of the journal that made it, or that says it was accepted."""

    def __init__(self, act: Act, seed: int) -> None:
        super().__init__(HABITS, Random(seed), Counter())
        self._act = act
        self._tasks: set[asyncio.Task[None]] = set()

    def take(self, entry: Entry) -> None:
        """An entry of the assignments that counts."""
        if entry.type == "offer-made":
            self._spawn(self.answer(entry))
        elif entry.type == "offer-accepted":
            self._spawn(self.work(entry))

    async def finish(self, seconds: float) -> None:
        """Wait until everybody is done and was answered, but no longer than this."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)

    async def stop(self) -> None:
        """Do nothing more."""
        for task in list(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def is_open(self, offer: Entry) -> bool:  # noqa: ARG002  # they have just heard of it
        return True

    async def accept(self, offer: Entry, eta_minutes: int) -> bool:  # noqa: ARG002  # nobody looks at it here
        await self._tap("accept", offer)
        return True

    async def decline(self, offer: Entry) -> None:
        await self._tap("decline", offer)

    async def report(self, offer: Entry, status: str, disposition: str | None = None) -> bool:
        accepted = offer.fields
        fields = {"team_id": accepted["team_id"], "call_id": accepted["call_id"], "status": status}
        fields |= {"disposition": disposition} if disposition else {}
        await self._act(offer.key, "status", fields, f"{accepted['offer_id']}/{status}")
        return True

    async def _tap(self, kind: str, offer: Entry) -> None:
        made: dict[str, Any] = offer.fields
        both = self._chance.randrange(100) < BOTH_PERCENT
        people = [recipient["person_id"] for recipient in made["recipients"]][: 2 if both else 1]
        about = {person: {"offer_id": made["offer_id"], "person_id": person} for person in people}
        taps = (self._act(offer.key, kind, about[person], f"{made['offer_id']}/{person}") for person in people)
        await asyncio.gather(*taps)

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
