"""Whether anybody watches over careroute: what the watcher and the prober say, asked again and again.

A dispatcher has to know when careroute may be deaf, and when nobody would notice: the default stands then all the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, TypeVar

from pydantic import BaseModel, Field

from services.console.elsewhere import Away, Elsewhere
from shared.agencies import is_probe

ASK_SECONDS = 10.0
AWAY_AFTER = 2
"""So many questions in a row without an answer: one may be lost on the way."""
MISSED_AFTER = 2
"""Test calls missed in a row, from which the prober alarms."""
MOST_NAMES, MOST_TARGETS = 100, 10_000

Name = Annotated[str, Field(max_length=100)]
S = TypeVar("S", bound=BaseModel)


class WatcherState(BaseModel):
    """What the watcher says: who is expected to beat, and is silent."""

    silent: list[Name] = Field(max_length=MOST_NAMES)


class Probed(BaseModel):
    """How a target of the prober stands."""

    agency: Name
    district: Name = ""
    missed_in_a_row: int = Field(ge=0)
    is_alarm: bool = False
    """Also where every few calls one is missed; a prober of a former version does not say it."""


class ProberState(BaseModel):
    """What the prober says."""

    targets: list[Probed] = Field(max_length=MOST_TARGETS)
    trouble: Annotated[str, Field(max_length=300)] = ""
    """What keeps it from telling anybody; a prober of a former version does not say it."""


class Overseers:
    """What they said last. Of one that this console was told of nowhere nothing is asked, and nothing is warned."""

    def __init__(self, watcher: Elsewhere, prober: Elsewhere) -> None:
        self.watcher, self.prober = watcher, prober
        self._watcher_state: WatcherState | None = None
        self._prober_state: ProberState | None = None
        self._unanswered: dict[Elsewhere, int] = {watcher: 0, prober: 0}

    @asynccontextmanager
    async def asked(self) -> AsyncIterator[None]:
        """Ask them for as long as the door is open."""
        async with asyncio.TaskGroup() as tasks:
            asking = tasks.create_task(self._keep_asking())
            yield
            asking.cancel()

    async def _keep_asking(self) -> None:
        while True:
            await self.ask()
            await asyncio.sleep(ASK_SECONDS)

    async def ask(self) -> None:
        """Ask each once, both at a time."""
        self._watcher_state, self._prober_state = await asyncio.gather(
            self._ask(self.watcher, WatcherState), self._ask(self.prober, ProberState)
        )

    async def _ask(self, overseer: Elsewhere, kind: type[S]) -> S | None:
        """What one says; None where it is away, says something else, or is not known."""
        if not overseer.is_set_up:
            return None
        try:
            state = await overseer.ask_for(kind, "state")
        except Away:
            self._unanswered[overseer] += 1
            return None
        self._unanswered[overseer] = 0
        return state

    def warnings(self, agency: str) -> tuple[str, ...]:
        """What people of an agency have to know, a sentence each; none: all is well, or nobody was asked yet."""
        lines = [f"{sentence} The default stands for whatever careroute misses." for sentence in self._nobody()]
        deaf = [] if self._prober_state is None else _deaf_for(self._prober_state, agency)
        if deaf:
            lines.append(f"careroute may be deaf: test calls are missed ({', '.join(deaf)}). The default stands.")
        return tuple(lines)

    def _nobody(self) -> list[str]:
        """Who does not watch."""
        if self._is_away(self.watcher):
            return ["Nobody is watching over careroute: the watcher gives no answer."]
        if self._is_away(self.prober):
            return ["Nobody is trying careroute with test calls: the prober gives no answer."]
        if self._trouble:
            return [f"Nobody may hear of test calls that are missed. The prober says: {self._trouble}"]
        silent = [] if self._watcher_state is None else self._watcher_state.silent
        return [f"Nobody may be watching over careroute: the watcher hears nothing of the {name}." for name in silent]

    def _is_away(self, overseer: Elsewhere) -> bool:
        return self._unanswered[overseer] >= AWAY_AFTER

    def words(self, agency: str) -> list[tuple[str, str]]:
        """How each of them stands, for the page Operations."""
        silent = [] if self._watcher_state is None else self._watcher_state.silent
        deaf = [] if self._prober_state is None else _deaf_for(self._prober_state, agency)
        prober = self._trouble or self._stands(self.prober, "CAREROUTE_PROBER_URL", "MISSES TEST CALLS FOR", deaf)
        return [
            ("Watcher", self._stands(self.watcher, "CAREROUTE_WATCH_URL", "HEARS NOTHING OF", silent)),
            ("Prober", prober),
        ]

    @property
    def _trouble(self) -> str:
        """What keeps the prober from telling anybody."""
        return "" if self._prober_state is None else self._prober_state.trouble

    def _stands(self, overseer: Elsewhere, setting: str, trouble: str, about: list[str]) -> str:
        if not overseer.is_set_up:
            return f"not asked, since {setting} is not set: this console cannot say whether it is well"
        if self._unanswered[overseer]:
            return "GIVES NO ANSWER"
        return f"{trouble}: {', '.join(about)}" if about else "well"

    async def close(self) -> None:
        """Ask no more."""
        await self.watcher.close()
        await self.prober.close()


def _deaf_for(state: ProberState, agency: str) -> list[str]:
    """What test calls are missed for: of an agency its districts, of those that are made up what they stand for."""
    missed = [target for target in state.targets if target.is_alarm or target.missed_in_a_row >= MISSED_AFTER]
    own = [target.district or "all districts" for target in missed if target.agency == agency]
    made_up = ["calls of any agency"] if any(is_probe(target.agency) for target in missed) else []
    return own + made_up
