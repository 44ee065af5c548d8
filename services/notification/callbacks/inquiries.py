"""Asks carriers for the news that they have not brought: a callback can be lost for good.

Once an hour at most for each page, and for a day: what is undelivered may be a number that works no more. What they say
goes the same way as what they call back with, and is the same command, so it counts once however often it is said.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from services.notification.callbacks.answering import Reader
from services.notification.callbacks.news import NoNews, looked_up_news
from services.notification.callbacks.view import SILENT_HOURS, Silent, View
from services.notification.carriers import telnyx, twilio
from services.notification.exchange import Look, NoAnswer
from shared.carriers import CarrierName, Telnyx, Twilio
from shared.clock import Clock
from shared.doors.command import LogAway
from shared.events import Command
from shared.telemetry import LOOK_UPS, logger

ROUND_SECONDS = 60.0
MOST_A_ROUND, AT_ONCE = 200, 10
LOOK_SECONDS = 4.0
HOUR = timedelta(hours=1)


Account = Twilio | Telnyx


@dataclass(slots=True)
class Inquiries:
    """The pages of which nothing is heard, and when each was asked for last."""

    view: View
    reader: Reader
    account: Callable[[str, CarrierName], Account | None]
    look: Look
    clock: Clock
    note: Callable[[str, Sequence[Command]], Awaitable[None]]
    _hours: dict[str, int] = field(default_factory=dict)
    """By page, the whole hours of its age at which it was looked at last."""

    async def run(self) -> None:
        """Ask, for ever. Whatever goes wrong costs a round."""
        while True:
            await asyncio.sleep(ROUND_SECONDS)
            try:
                await self.round()
            except Exception as error:  # noqa: BLE001  # it is reported, and the next round comes
                logger().error("carriers were not asked for news", error=type(error).__name__)

    async def round(self) -> None:
        """Ask for those whose hour has come, the oldest first."""
        due = list(self._due())[:MOST_A_ROUND]
        for start in range(0, len(due), AT_ONCE):
            await asyncio.gather(*(self._ask(agency, silent) for agency, silent in due[start : start + AT_ONCE]))

    def _due(self) -> Iterator[tuple[str, Silent]]:
        """Whose age has passed another whole hour since it was looked at; a process that starts asks no sooner."""
        now, silent_pages = self.clock.now(), list(self.view.silent())
        self._hours = {
            silent.page_id: self._hours.get(silent.page_id, int((now - silent.taken_at) / HOUR))
            for _, silent in silent_pages
        }
        for agency, silent in sorted(silent_pages, key=lambda each: each[1].taken_at):
            hours = int((now - silent.taken_at) / HOUR)
            if self._hours[silent.page_id] < hours <= SILENT_HOURS:
                yield agency, silent

    async def _ask(self, agency: str, silent: Silent) -> None:
        self._hours[silent.page_id] = int((self.clock.now() - silent.taken_at) / HOUR)
        carrier, name = silent.taken_by
        account = self.account(agency, carrier)
        if account is None:
            return
        result = "failed"
        try:
            if isinstance(account, Twilio):
                reply = await twilio.look_up(self.look, account, silent.channel, name, LOOK_SECONDS)
            else:
                reply = await telnyx.look_up(self.look, account, name, LOOK_SECONDS)
            news = looked_up_news(carrier, silent.channel, reply)
            if news is not None:
                command = self.reader.receipt(carrier, silent.page_id, news.state, news.reason, news.sequence)
                await self.note(agency, [command])
            result = "none" if news is None else "news"
        except (NoAnswer, NoNews, LogAway):
            return  # its next hour comes
        finally:
            LOOK_UPS.labels(carrier, result).inc()
