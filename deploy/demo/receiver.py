"""Hears what careroute tells: messages to the CAD, pages to the teams, as a provider would pass them on, and alerts."""

from __future__ import annotations

import asyncio
import json
import os
import random
import sys
from collections import Counter
from collections.abc import Callable

import uvloop
from aiohttp.web import BaseRequest

from deploy.actors.webhooks import Delivery, delivery, receiving
from deploy.demo import alerts
from deploy.demo.alerts import Alerts

SLOW_SHARE, DOWN_SHARE, SLOW_SECONDS = 0.02, 0.04, 2.5


class Receiver:
    """Two addresses, `/cad` and `/pages`. Checks every signature; sometimes the CAD is slow or down.

    Below a third, `/alerts`, Alertmanager may tell what it likes: it signs nothing, and nothing follows from it.
    """

    def __init__(
        self,
        cad_secret: str,
        page_secret: str,
        *,
        seed: int = 0,
        page: Callable[[str, str], None],
        roll: Callable[[str], None] = lambda _link: None,
    ) -> None:
        """`page(team_id, link)` is called for every page that offers a call, `roll(link)` for one of a roll call."""
        self._cad_secret, self._page_secret, self._page, self._roll = cad_secret, page_secret, page, roll
        self._chance = random.Random(f"receiver/{seed}")  # noqa: S311  # a simulation that can be repeated
        self.messages: Counter[str] = Counter()
        self.pages: Counter[str] = Counter()
        """How often each page came; more than once is a broken promise."""
        self.sent_late = 0
        """Pages that were sent after their time, by the sender's own stamp: each is a broken promise."""
        self.forged: list[str] = []
        """Ids of what nobody who knows the secret had signed: another stack of this machine may post here too."""
        self.alerts = Alerts()
        self.faulty = True
        """Whether the CAD is slow or down sometimes."""

    async def take(self, request: BaseRequest) -> int:
        """Take one webhook; the status to answer with."""
        if request.path.startswith(f"{alerts.PATH}/"):
            return self.alerts.take(await request.read())
        is_page = request.path == "/pages"
        came = await delivery(request, self._page_secret if is_page else self._cad_secret)
        if not came.is_genuine:
            self.forged.append(came.message_id)
            return 401
        return self._take_page(came) if is_page else await self._take_message(came)

    async def _take_message(self, message: Delivery) -> int:
        drawn = self._chance.random()
        if self.faulty and drawn < DOWN_SHARE:
            return 503
        if self.faulty and drawn < DOWN_SHARE + SLOW_SHARE:
            await asyncio.sleep(SLOW_SECONDS)
        self.messages[json.loads(message.body)["type"]] += 1
        return 204

    def _take_page(self, page: Delivery) -> int:
        self.pages[page.message_id] += 1
        self.sent_late += page.signed_at > page.not_after
        message = json.loads(page.body)
        if page.at <= page.not_after and message["type"] == "page.offer":  # else its time is over: nobody is rung
            self._page(message["data"]["team_id"], message["data"]["link"])
        elif message["type"] == "page.test":
            self._roll(message["data"]["link"])
        return 204


async def main() -> None:
    """`python -m deploy.demo.receiver PORT`: hears and acknowledges for a demo that was left running."""
    secrets = os.environ["DEMO_CAD_SECRET"], os.environ["DEMO_PAGE_SECRET"]
    receiver = Receiver(*secrets, page=lambda _team, _link: None)
    receiver.faulty = False
    async with receiving(int(sys.argv[1]), receiver.take):
        await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main())
