"""The carriers of every town, that have bad days, and its phones: what was carried, and how news of it was taken."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from random import Random
from typing import Literal
from urllib.parse import urlsplit

from deploy.actors.carrier.carriers import Carrier
from deploy.actors.carrier.network import Answered, Mood, Network
from deploy.actors.carrier.serving import Exchange, serving
from tests.rig.machine import slowness
from tests.rig.town import Town

AGAIN_SECONDS, PATIENCE_SECONDS = 1.0, 60.0
"""How often, and for how long, a carrier posts what was not taken."""
MOOD_SECONDS = (1.0, 3.0)
WELL = Mood()
BAD_DAYS = (
    Mood(answers_after_seconds=1.5),
    Mood(fault="connect"),
    Mood(status=429, retry_after="1"),
    Mood(status=429),
    Mood(status=503, takes_though_failing=True),
    Mood(fault="silent"),
    Mood(fault="silent-taken"),
    Mood(lying=True),
    Mood(news="twice"),
    Mood(news="reversed"),
    Mood(news="first"),
)
WELL_PERCENT = 40
REPLY_SECONDS = 0.8


@dataclass(frozen=True, slots=True)
class Carried:
    """A text or a call that a carrier has taken, for a page."""

    agency: str
    page_id: str
    carrier: str
    kind: Literal["text", "call"]
    at: float


class Telephony:
    """Carriers and phones, a network for each town."""

    def __init__(self, towns: Iterable[Town], seed: int) -> None:
        self._towns, self._random = list(towns), Random(seed)
        self._exchanges: dict[str, Exchange] = {}
        self._posts = 0
        self._exit = AsyncExitStack()
        self._moods: asyncio.Task[None] | None = None

    async def start(self, callbacks_url: str) -> None:
        """Let the carriers listen, on good days so far."""
        for town in self._towns:
            setup = town.phones.setup(callbacks_url, town.name)
            exchange = await self._exit.enter_async_context(serving(town.carriers_port, setup))
            numbers = town.phones.numbers()
            for person_id, owner in town.phones.owners.items():
                if owner == "texts":
                    exchange.network.phone(numbers[person_id], replies="1", replies_after_seconds=REPLY_SECONDS)
            self._post_until_taken(exchange.network)
            self._exchanges[town.name] = exchange

    def begin_bad_days(self) -> None:
        """From now on carriers are slow, refuse, are silent and lie, each for a while."""
        self._moods = asyncio.get_running_loop().create_task(self._change_moods())

    async def end_bad_days(self) -> None:
        """Everybody is well again."""
        if self._moods is not None:
            self._moods.cancel()
            await asyncio.wait([self._moods])
        for carrier in self._carriers():
            carrier.mood = WELL

    async def stop(self) -> None:
        """Leave."""
        await self.end_bad_days()
        await self._exit.aclose()

    @property
    def is_posting(self) -> bool:
        """Whether news is on its way."""
        return self._posts > 0

    @property
    def carried(self) -> list[Carried]:
        """Every text and call that was taken for a page; answers to people's own texts are for none."""
        return [
            carried
            for agency, exchange in self._exchanges.items()
            for carrier in (exchange.twilio, exchange.telnyx)
            for carried in _carried(agency, carrier)
        ]

    @property
    def answers(self) -> list[tuple[str, int]]:
        """Where news was posted, and the status that it was answered with in the end."""
        return [answer for exchange in self._exchanges.values() for answer in exchange.network.callbacks]

    def _post_until_taken(self, network: Network) -> None:
        """Carriers come again where nobody was there, as ours are asked to."""
        post = network.post

        async def post_until_taken(url: str, headers: Mapping[str, str], body: bytes) -> Answered:
            until = time.monotonic() + PATIENCE_SECONDS * slowness()
            self._posts += 1
            try:
                while True:
                    answered = await post(url, headers, body)
                    if 0 < answered.status < 500 or time.monotonic() > until:
                        return answered
                    await asyncio.sleep(AGAIN_SECONDS)
            finally:
                self._posts -= 1

        network.post = post_until_taken

    async def _change_moods(self) -> None:
        while True:
            for carrier in self._carriers():
                well = self._random.randrange(100) < WELL_PERCENT
                carrier.mood = WELL if well else replace(self._random.choice(BAD_DAYS))
            await asyncio.sleep(self._random.uniform(*MOOD_SECONDS))

    def _carriers(self) -> Iterator[Carrier]:
        for exchange in self._exchanges.values():
            yield from (exchange.twilio, exchange.telnyx)


def _carried(agency: str, carrier: Carrier) -> Iterator[Carried]:
    for taken in carrier.taken:
        if taken.callback:
            token = urlsplit(taken.callback).path.rpartition("/")[2]
            kind: Literal["text", "call"] = "call" if taken.voice_url else "text"
            yield Carried(agency, token.split(".")[-2], carrier.name, kind, taken.at)
