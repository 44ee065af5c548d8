"""One text a second is what a long code takes, one call a second an account: whose turn it is.

Offers come first, then what has waited longest.
"""

from __future__ import annotations

import asyncio
import heapq
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from shared.events import PageKind

OFFERS, OF_A_CALL, OF_A_TEAM, LATER = range(4)
"""An offer never waits behind anything else; what tells of calls comes before what tells of shifts."""
RANKS: Final[Mapping[PageKind, int]] = {
    "offer": OFFERS,
    "assigned": OFFERS,
    "hold": OF_A_TEAM,
    "safety-check": OF_A_CALL,
    "upgrade": OF_A_CALL,
    "withdrawn": OF_A_CALL,
    "unconfirmed": OF_A_CALL,
    "not-moving": OF_A_CALL,
    "stays": OF_A_CALL,
    "may-enter": OF_A_CALL,
    "changed": OF_A_CALL,
    "team-missing": OF_A_TEAM,
    "team-unanswering": OF_A_TEAM,
    "signed-on": OF_A_TEAM,
    "left-out": OF_A_TEAM,
    "contact": OF_A_TEAM,
    "gap": LATER,
    "shift-moved": LATER,
    "cover": LATER,
    "reminder": LATER,
    "test": LATER,
}


@dataclass(slots=True)
class Pace:
    """The senders of one account, and who waits for one of them."""

    _free_at: dict[str, float] = field(default_factory=dict)
    """Sender → when it may send again, in the loop's time."""
    _waiting: list[tuple[int, int, asyncio.Future[str], Sequence[str], float]] = field(default_factory=list)
    _of_offers: dict[str, set[asyncio.Future[str]]] = field(default_factory=lambda: defaultdict(set))
    """Of those that wait, the pages of offers."""
    _number: int = 0
    _timer: asyncio.TimerHandle | None = None

    async def turn(
        self, senders: Sequence[str], per_second: float, rank: int, seconds: float, offer_id: str = ""
    ) -> str | None:
        """The sender whose turn it is; None if none has a turn in time, or before the offer is over."""
        waiting: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._number += 1
        heapq.heappush(self._waiting, (rank, self._number, waiting, senders, 1 / per_second))
        self._of_offers[offer_id].add(waiting)
        self._give_turns()
        try:
            async with asyncio.timeout(seconds):
                return await waiting or None
        except TimeoutError:
            return None
        finally:
            self._of_offers[offer_id].discard(waiting)
            if not self._of_offers[offer_id]:
                del self._of_offers[offer_id]

    def leave(self, offer_id: str) -> None:
        """The pages of an offer that is over wait no more: nobody's turn is lost to them."""
        for waiting in self._of_offers.get(offer_id, ()):
            if not waiting.done():
                waiting.set_result("")

    def _give_turns(self) -> None:
        """Give what senders are free to those who come first, and look again when the next one is."""
        loop = asyncio.get_running_loop()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._waiting:
            _, _, waiting, senders, gap_seconds = self._waiting[0]
            if waiting.done():  # it has given up
                heapq.heappop(self._waiting)
                continue
            sender = min(senders, key=lambda sender: self._free_at.get(sender, 0.0))
            free_at = self._free_at.get(sender, 0.0)
            if free_at > loop.time():
                self._timer = loop.call_at(free_at, self._give_turns)
                return
            heapq.heappop(self._waiting)
            self._free_at[sender] = loop.time() + gap_seconds
            waiting.set_result(sender)
