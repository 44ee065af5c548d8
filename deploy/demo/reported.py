"""What reporting made of a run, compared with the ledger: the same outcomes, each exactly once."""

from __future__ import annotations

import asyncio
from collections import Counter
from http import HTTPStatus
from typing import NamedTuple

from aiohttp import ClientError, ClientSession

from deploy.demo.ledger import Ledger

WAIT_SECONDS = 30.0
"""How long reporting may be behind the last outcome."""
AGAIN_SECONDS = 0.5
SHOWN = 5


class Outcome(NamedTuple):
    """What became of an episode."""

    call_id: str
    episode: int
    outcome: str


class Comparison(NamedTuple):
    """How many outcomes the store of reporting holds, and what is wrong with them."""

    outcomes: int
    wrong: tuple[str, ...]

    def __str__(self) -> str:
        return f"The store of reporting holds the same {self.outcomes} outcomes, each once."


async def compare(http: ClientSession, url: str, key: str, ledger: Ledger, source: str) -> Comparison:
    """Ask the door of reporting until it holds what the ledger does, for a while.

    Compared are the calls of a source: test calls go on while the ledger has ended.
    """
    played = f"{ledger.agency}/{source}/"
    expected = Counter(
        Outcome(call_id, number, outcome)
        for call_id, history in ledger.calls.items()
        if call_id.startswith(played)
        for number, episode in history.episodes.items()
        for outcome in episode.outcomes
    )
    loop = asyncio.get_running_loop()
    deadline = loop.time() + WAIT_SECONDS
    while True:
        everything = await _reported(http, url, key, ledger.agency)
        found = Counter({outcome: count for outcome, count in everything.items() if outcome.call_id.startswith(played)})
        if found == expected or loop.time() > deadline:
            return Comparison(found.total(), tuple(_differences(expected, found)))
        await asyncio.sleep(AGAIN_SECONDS)


def _differences(expected: Counter[Outcome], found: Counter[Outcome]) -> list[str]:
    lines = [f"{_said(outcome)} is missing in the store of reporting" for outcome in (expected - found)]
    lines += [f"{_said(outcome)} is in the store of reporting once too often" for outcome in (found - expected)]
    more = [f"and {len(lines) - SHOWN} more in the store of reporting"] if len(lines) > SHOWN else []
    return lines[:SHOWN] + more


def _said(outcome: Outcome) -> str:
    return f"{outcome.call_id}, episode {outcome.episode}: {outcome.outcome}"


async def _reported(http: ClientSession, url: str, key: str, agency: str) -> Counter[Outcome]:
    """Every outcome that reporting says there is; none while it does not answer."""
    found, after, has_more = Counter[Outcome](), -1, True
    while has_more:
        try:
            question = http.get(
                f"{url}/outcomes/{agency}", params={"after": str(after)}, headers={"Authorization": f"Bearer {key}"}
            )
            async with question as answer:
                if answer.status != HTTPStatus.OK:
                    return Counter()
                body = await answer.json()
        except ClientError:
            return Counter()
        found.update(Outcome(one["call_id"], one["episode"], one["outcome"]) for one in body["outcomes"])
        has_more = body["has_more"]
        after = body["outcomes"][-1]["offset"] if body["outcomes"] else after
    return found
