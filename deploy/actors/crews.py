"""Teams as people are: they accept, decline, or stay silent; then they go, arrive, perhaps need police, and clear."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections import Counter
from dataclasses import dataclass
from random import Random
from typing import Generic, TypeVar

Offer = TypeVar("Offer")

DISPOSITIONS = (
    "resolved-on-scene",
    "resolved-on-scene",
    "transported-crisis-centre",
    "transported-home",
    "handed-over-provider",
    "unable-to-locate",
    "refused",
    "no-longer-needed",
)
ETA_MINUTES = (5, 10, 15)


@dataclass(frozen=True, slots=True)
class Habits:
    """How teams behave: shares of offers declined and left unanswered, and how long each thing takes, in seconds."""

    declines: float = 0.13
    is_silent: float = 0.12
    needs_police: float = 0.06
    answer: tuple[float, float] = (0.3, 1.8)
    travel: tuple[float, float] = (0.8, 2.5)
    work: tuple[float, float] = (1.5, 5.0)
    dispositions: tuple[str, ...] = DISPOSITIONS


class Crew(ABC, Generic[Offer]):
    """A team; `did` counts what it does. How it acts on an offer is said by those that inherit from it."""

    def __init__(self, habits: Habits, chance: Random, did: Counter[str]) -> None:
        self._habits, self._chance, self.did = habits, chance, did

    async def answer(self, offer: Offer) -> bool:
        """Answer an offer, or do not; whether the call is theirs."""
        habits, drawn = self._habits, self._chance.random()
        await asyncio.sleep(self._chance.uniform(*habits.answer))
        is_theirs = False
        if not await self.is_open(offer):
            did = "offer was over"
        elif drawn < habits.declines:
            await self.decline(offer)
            did = "declined"
        elif drawn < habits.declines + habits.is_silent:
            did = "stayed silent"
        else:
            is_theirs = await self.accept(offer, self._chance.choice(ETA_MINUTES))
            did = "accepted" if is_theirs else "accepted too late"
        self.did[did] += 1
        return is_theirs

    async def work(self, offer: Offer) -> None:
        """En route, on scene, perhaps police, cleared; it ends early when the team is released."""
        chance, habits = self._chance, self._habits
        steps = [("en-route", habits.answer), ("on-scene", habits.travel)]
        if chance.random() < habits.needs_police:
            steps.append(("need-police", habits.answer))
        for status, seconds in steps:
            await asyncio.sleep(chance.uniform(*seconds))
            if not await self.report(offer, status):
                self.did["released"] += 1
                return
            self.did[status] += 1
        await asyncio.sleep(chance.uniform(*habits.work))
        is_theirs = await self.report(offer, "cleared", chance.choice(habits.dispositions))
        self.did["cleared" if is_theirs else "released"] += 1

    @abstractmethod
    async def is_open(self, offer: Offer) -> bool:
        """Whether an offer can still be answered."""

    @abstractmethod
    async def accept(self, offer: Offer, eta_minutes: int) -> bool:
        """Accept an offer; whether the call is theirs, as far as they can tell."""

    @abstractmethod
    async def decline(self, offer: Offer) -> None:
        """Decline an offer."""

    @abstractmethod
    async def report(self, offer: Offer, status: str, disposition: str | None = None) -> bool:
        """Say where they stand; False where nobody asks any more: they are released."""
