"""The teams, played: each answers its offers on the pocket page, by the same forms that a thumb would tap."""

from __future__ import annotations

import asyncio
import random
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import httpx

LOOK_SECONDS = 1.0
TRIES = 6
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
_ACCEPT = re.compile(r'action="/p/([\w-]+)/accept"')
_PAGE_AT = re.compile(r'name="page_at" value="(\d+)"')


@dataclass(frozen=True, slots=True)
class Habits:
    """How teams behave: shares of offers declined and left unanswered, and how long each thing takes, in seconds."""

    declines: float = 0.13
    is_silent: float = 0.12
    needs_police: float = 0.06
    answer: tuple[float, float] = (0.3, 1.8)
    travel: tuple[float, float] = (0.8, 2.5)
    work: tuple[float, float] = (1.5, 5.0)


class Crews:
    """All teams of an agency. Links reach them by page, or on their own page when they look."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        pocket_url: str,
        *,
        seed: int,
        links: Mapping[str, str],
        look: frozenset[str] = frozenset(),
        habits: Habits | None = None,
        marked: str = "",
    ) -> None:
        """`links`: each team's shift page; `look`: teams that are not paged; `marked`: stands in every address."""
        self._client, self._url, self._links, self._look = client, pocket_url, links, look
        self._habits, self._marked = habits or Habits(), marked
        self._chance = {team_id: random.Random(f"{seed}/{team_id}") for team_id in links}  # noqa: S311  # a simulation
        self._queues: dict[str, asyncio.Queue[str]] = {team_id: asyncio.Queue() for team_id in links}
        self._busy: set[str] = set()
        self.did: Counter[str] = Counter()

    def page(self, team_id: str, link: str) -> None:
        """A page has come for a team."""
        if team_id in self._queues:
            self._queues[team_id].put_nowait(link)

    @property
    def at_work(self) -> int:
        """Teams that have a call at this moment."""
        return len(self._busy)

    async def work(self) -> None:
        """Answer offers and do the jobs, for ever."""
        async with asyncio.TaskGroup() as tasks:
            for team_id in self._links:
                tasks.create_task(self._team(team_id))

    async def _team(self, team_id: str) -> None:
        seen: set[str] = set()
        while True:
            link = await self._next_link(team_id, seen)
            try:
                await self._answer(team_id, link)
            except httpx.HTTPError:
                self.did["door away"] += 1
            finally:
                self._busy.discard(team_id)

    async def _next_link(self, team_id: str, seen: set[str]) -> str:
        """The link of an offer that was not seen before."""
        while team_id in self._look:
            try:
                page = (await self._client.get(self._links[team_id], timeout=5)).text
            except httpx.HTTPError:
                page = ""
            for token in _ACCEPT.findall(page):
                if token not in seen:
                    seen.add(token)
                    return f"{self._url}/p/{token}"
            await asyncio.sleep(LOOK_SECONDS)
        return await self._queues[team_id].get()

    async def _answer(self, team_id: str, link: str) -> None:
        chance, habits = self._chance[team_id], self._habits
        drawn, wait = chance.random(), chance.uniform(*habits.answer)
        await asyncio.sleep(wait)
        page = await self._get(link)
        if not _ACCEPT.search(page):
            self.did["offer was over"] += 1
        elif drawn < habits.declines:
            await self._post(f"{link}/decline", {})
            self.did["declined"] += 1
        elif drawn < habits.declines + habits.is_silent:
            self.did["stayed silent"] += 1
        else:
            page = await self._post(f"{link}/accept", {"eta_minutes": str(chance.choice((5, 10, 15)))})
            if "You have this call" in page:
                self._busy.add(team_id)
                self.did["accepted"] += 1
                self.did["address shown"] += bool(self._marked) and self._marked in page
                await self._job(team_id, link)
            else:
                self.did["accepted too late"] += 1

    async def _job(self, team_id: str, link: str) -> None:
        """En route, on scene, perhaps police, cleared; it ends early when the team is released."""
        chance, habits = self._chance[team_id], self._habits
        steps = [("en-route", habits.answer), ("on-scene", habits.travel)]
        if chance.random() < habits.needs_police:
            steps.append(("need-police", habits.answer))
        for status, seconds in steps:
            await asyncio.sleep(chance.uniform(*seconds))
            if not await self._report(link, {"status": status}):
                self.did["released"] += 1
                return
            self.did[status] += 1
        await asyncio.sleep(chance.uniform(*habits.work))
        cleared = {"status": "cleared", "disposition": chance.choice(DISPOSITIONS)}
        self.did["cleared" if await self._report(link, cleared) else "released"] += 1

    async def _report(self, link: str, form: Mapping[str, str]) -> bool:
        """Fill in the form that the page shows; False where it shows none any more: the team is released."""
        for _ in range(TRIES):
            page = await self._get(link)
            page_at = _PAGE_AT.search(page)
            if page_at is None or "You are released" in page:
                await self._acknowledge(link, page)
                return False
            page = await self._post(f"{link}/status", {**form, "page_at": page_at[1]})
            if "Not sent" not in page and "not answered yet" not in page:
                return True
            await asyncio.sleep(0.5)
        return True

    async def _acknowledge(self, link: str, page: str) -> None:
        """A team that was turned back says that it knows: it is asked for nothing else before."""
        if (page_at := _PAGE_AT.search(page)) is not None:
            await self._post(f"{link}/released", {"status": "available", "page_at": page_at[1]})

    async def _get(self, url: str) -> str:
        return await self._steadily("GET", url, None)

    async def _post(self, url: str, form: Mapping[str, str]) -> str:
        return await self._steadily("POST", url, form)

    async def _steadily(self, method: str, url: str, form: Mapping[str, str] | None) -> str:
        """Ask again while the door is away. Raises httpx.HTTPError when it stays away."""
        for _ in range(TRIES):
            try:
                answer = await self._client.request(method, url, data=form, timeout=6, follow_redirects=True)
            except httpx.HTTPError:
                await asyncio.sleep(0.5)
                continue
            if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                return answer.text
            await asyncio.sleep(0.5)
        raise httpx.ConnectError("the pocket page stays away")
