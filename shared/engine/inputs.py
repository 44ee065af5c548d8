"""Some of the topics that a service reads, by a reader of their own.

A reader hands out what it has fetched in the order in which that came. Behind a backlog of calls a command would wait
until most of it is decided: what is marked `first` has another reader than all else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping

from shared.engine.background import Background
from shared.engine.broker import Reader, Stored, TopicPartition


class Inputs:
    """Reads them on and on, a poll at a time, which wakes the loop."""

    def __init__(self, reader: Reader, topics: Iterable[str], background: Background) -> None:
        self.topics = frozenset(topics)
        self._reader, self._background = reader, background
        self._poll: asyncio.Task[list[Stored]] | None = None

    async def assign(self, positions: Mapping[TopicPartition, int]) -> None:
        """Read its topics from these positions. Raises BrokerUnavailable."""
        own = {place: position for place, position in positions.items() if place[0] in self.topics}
        await self._reader.assign(own, seeks_beginnings=False)

    def read_on(self, seconds: float) -> None:
        """Wait for so long for what comes, unless it is waited for already."""
        if self._poll is None:
            self._poll = self._background.start_unchecked(self._reader.poll(seconds))
            self._poll.add_done_callback(self._background.wake)

    def polled(self) -> list[Stored]:
        """What has come. Raises PositionOutOfRange, BrokerUnavailable."""
        if self._poll is None or not self._poll.done():
            return []
        poll, self._poll = self._poll, None
        return [] if poll.cancelled() else poll.result()

    async def interrupt(self) -> None:
        """Wait no longer for what comes: other places are to be read."""
        if self._poll is not None:
            self._poll.cancel()
            await asyncio.wait([self._poll])
