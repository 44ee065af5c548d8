"""How far the store is behind the topics, and whether it gets on at all."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from sqlalchemy.ext.asyncio import AsyncEngine

from services.reporting.store.engine import is_away
from services.reporting.store.write import positions, record_times
from shared.clock import Clock
from shared.engine.broker import BrokerUnavailable, Reader, TopicPartition

STALLED_SECONDS = 60.0
"""Nothing was stored for so long though there was something to store: whatever it is, a new process begins afresh."""
ANSWER_SECONDS = 10.0
"""The longest that a look may take. A database that hangs, or that the network has cut off, is as good as away."""


class Stalled(RuntimeError):
    """Nothing is stored though there is something to store."""


class Lag:
    """Looked at now and then; of the ends of the topics, one look is kept until the store has reached it."""

    def __init__(self, engine: AsyncEngine, clock: Clock) -> None:
        self._engine, self._clock = engine, clock
        self._up_to_date_at = self._moved_at = clock.monotonic()
        self._wanted: tuple[float, Mapping[TopicPartition, int]] | None = None
        self._stored: Mapping[TopicPartition, int] = {}
        self.caught_up = False
        """Whether the store has held, since the start, all that there was."""

    def seconds(self) -> float:
        """How long ago the store last held all that there was. Any thread may ask."""
        return max(0.0, self._clock.monotonic() - self._up_to_date_at)

    async def look(self, reader: Reader, *, excused: bool) -> None:
        """Compare the store with the ends. Raises Stalled, unless it is known why nothing is stored (`excused`)."""
        now = self._clock.monotonic()
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                stored = await positions(self._engine)
                if self._wanted is None:
                    wanted = await reader.ends(stored)
                    if not self.caught_up:
                        self._up_to_date_at -= await self._missing_seconds(stored, wanted)
                    self._wanted = now, wanted
        except Exception as error:
            if not (isinstance(error, BrokerUnavailable) or is_away(error)):
                raise
            self._moved_at = now
            return
        asked_at, ends = self._wanted
        if all(stored[place] >= end for place, end in ends.items()):
            self._up_to_date_at, self._wanted, self.caught_up = asked_at, None, True
        if excused or self._wanted is None or stored != self._stored:
            self._moved_at = now
        self._stored = stored
        if now - self._moved_at > STALLED_SECONDS:
            raise Stalled(f"nothing was stored for {STALLED_SECONDS:.0f} s though there is something to store")

    async def _missing_seconds(self, stored: Mapping[TopicPartition, int], ends: Mapping[TopicPartition, int]) -> float:
        """How old, where something is missing, the newest record is that was stored: the longest of that.

        A process that has just begun knows it by nothing else; one that ends after a minute, again and again, would
        say of a store that stands still that it is a minute behind.
        """
        times, now = await record_times(self._engine), self._clock.now()
        missing = {place for place, end in ends.items() if stored[place] < end}
        return max([0.0, *((now - at).total_seconds() for place, at in times.items() if place in missing)])
