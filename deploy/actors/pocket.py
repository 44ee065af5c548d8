"""Crews at their phones: they answer on the pocket page, by the same forms that a thumb would tap."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from random import Random

from aiohttp import ClientSession

from deploy.actors.crews import Crew, Habits
from deploy.actors.http import LOST, ask

LOOK_SECONDS = 1.0
PAGE_SECONDS = 6.0
TRIES, PAUSE_SECONDS = 6, 0.5
REPLY_LOOKS = 12
"""How often it looks for what came of an answer that it did not tap: a phone has to ring first."""
_ACCEPT = re.compile(r'action="/p/([\w-]+)/accept"')
_PAGE_AT = re.compile(r'name="page_at" value="(\d+)"')


class PageAway(Exception):
    """The pocket page cannot be reached."""


class PocketCrew(Crew[str]):
    """A team at its phone; an offer is the link that its page is at."""

    def __init__(self, http: ClientSession, marked: str, habits: Habits, chance: Random, did: Counter[str]) -> None:
        """`marked` stands in every address."""
        super().__init__(habits, chance, did)
        self._http, self._marked = http, marked

    async def is_open(self, link: str) -> bool:
        """Whether the page shows a button for it. Raises PageAway."""
        return _ACCEPT.search(await fetch(self._http, link)) is not None

    async def accept(self, link: str, eta_minutes: int) -> bool:
        """Tap accept; whether the page says that the call is theirs. Raises PageAway."""
        page = await fetch(self._http, f"{link}/accept", {"eta_minutes": str(eta_minutes)})
        is_theirs = "You have this call" in page
        self.did["address shown"] += is_theirs and bool(self._marked) and self._marked in page
        return is_theirs

    async def decline(self, link: str) -> None:
        """Tap decline. Raises PageAway."""
        await fetch(self._http, f"{link}/decline", {})

    async def report(self, link: str, status: str, disposition: str | None = None) -> bool:
        """Fill in the form that the page shows; False where it shows none any more. Raises PageAway."""
        form = {"status": status} | ({"disposition": disposition} if disposition else {})
        for _ in range(TRIES):
            page = await fetch(self._http, link)
            page_at = _PAGE_AT.search(page)
            if page_at is not None and "You are released" in page:  # nothing else is asked of them before
                await fetch(self._http, f"{link}/released", {"status": "available", "page_at": page_at[1]})
                return False
            if page_at is None:
                return False
            page = await fetch(self._http, f"{link}/status", {**form, "page_at": page_at[1]})
            if "Not sent" not in page and "not answered yet" not in page:
                return True
            await asyncio.sleep(PAUSE_SECONDS)
        return True


Reply = Callable[[str], Awaitable[None]]
"""Answers an offer in a few words, by text; or by a key, where the phone has rung."""


class ReplyingCrew(PocketCrew):
    """A team that answers otherwise than by a tap, and then looks at its page for what came of it."""

    def __init__(  # noqa: PLR0917  # those of the crew that it is, and one more
        self, http: ClientSession, marked: str, habits: Habits, chance: Random, did: Counter[str], reply: Reply
    ) -> None:
        super().__init__(http, marked, habits, chance, did)
        self._reply = reply

    async def accept(self, link: str, eta_minutes: int) -> bool:
        """Say `1` and the minutes; whether the page says that the call is theirs. Raises PageAway."""
        await self._reply(f"1 {eta_minutes}")
        page = ""
        for _ in range(REPLY_LOOKS):
            page = await fetch(self._http, link)
            if "You have this call" in page or _ACCEPT.search(page) is None:
                break
            await asyncio.sleep(PAUSE_SECONDS)
        is_theirs = "You have this call" in page
        self.did["address shown"] += is_theirs and bool(self._marked) and self._marked in page
        return is_theirs

    async def decline(self, link: str) -> None:  # noqa: ARG002  # it is the words that decline
        """Say `2`."""
        await self._reply("2")


class PocketCrews:
    """All teams of an agency. Links reach them by page, or on their own page when they look."""

    def __init__(
        self,
        http: ClientSession,
        pocket_url: str,
        *,
        seed: int,
        links: Mapping[str, str],
        unpaged: frozenset[str],
        replies: Mapping[str, Reply],
        habits: Habits,
        marked: str,
    ) -> None:
        """`links`: each team's shift page; `unpaged`: teams that look; `marked`: stands in every address.

        `replies`: how teams answer that do not tap.
        """
        self._http, self._url, self._links, self._unpaged = http, pocket_url, links, unpaged
        self._habits, self._marked, self._seed, self._replies = habits, marked, seed, replies
        self._pages: dict[str, asyncio.Queue[str]] = {team_id: asyncio.Queue() for team_id in links}
        self._rolls: asyncio.Queue[str] = asyncio.Queue()
        self._busy: set[str] = set()
        self.did: Counter[str] = Counter()

    def page(self, team_id: str, link: str) -> None:
        """A page has come for a team."""
        if team_id in self._pages:
            self._pages[team_id].put_nowait(link)

    def roll(self, link: str) -> None:
        """A page of a roll call has come for somebody."""
        self._rolls.put_nowait(link)

    @property
    def at_work(self) -> int:
        """Teams that have a call at this moment."""
        return len(self._busy)

    async def work(self) -> None:
        """Answer offers and do the jobs, for ever."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._answer_rolls())
            for team_id in self._links:
                tasks.create_task(self._team(team_id))

    async def _answer_rolls(self) -> None:
        while True:
            link = await self._rolls.get()
            try:
                if (page_at := _PAGE_AT.search(await fetch(self._http, link))) is not None:
                    await fetch(self._http, f"{link}/answer", {"page_at": page_at[1]})
                    self.did["answered the roll"] += 1
            except PageAway:
                self.did["door away"] += 1

    async def _team(self, team_id: str) -> None:
        chance = Random(f"{self._seed}/{team_id}")  # noqa: S311  # a simulation
        given = (self._http, self._marked, self._habits, chance, self.did)
        reply = self._replies.get(team_id)
        crew = PocketCrew(*given) if reply is None else ReplyingCrew(*given, reply)
        seen: set[str] = set()
        while True:
            link = await self._next_link(team_id, seen)
            try:
                if await crew.answer(link):
                    self._busy.add(team_id)
                    await crew.work(link)
            except PageAway:
                self.did["door away"] += 1
            finally:
                self._busy.discard(team_id)

    async def _next_link(self, team_id: str, seen: set[str]) -> str:
        """The link of an offer that was not seen before."""
        while team_id in self._unpaged:
            answer = await ask(self._http, "GET", self._links[team_id], seconds=PAGE_SECONDS)
            for token in _ACCEPT.findall(answer.text):
                if token not in seen:
                    seen.add(token)
                    return f"{self._url}/p/{token}"
            await asyncio.sleep(LOOK_SECONDS)
        return await self._pages[team_id].get()


async def fetch(http: ClientSession, url: str, form: Mapping[str, str] | None = None) -> str:
    """A page, or the page that a form leads to; asks again while the door is away. Raises PageAway when it stays so."""
    for _ in range(TRIES):
        answer = await ask(http, "GET" if form is None else "POST", url, seconds=PAGE_SECONDS, data=form)
        if answer.status not in (LOST, 503):
            return answer.text
        await asyncio.sleep(PAUSE_SECONDS)
    raise PageAway
