"""Writes to a journal as its owner, and notices when it is the owner no longer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime

from shared.clock import Clock
from shared.engine.broker import Broker, BrokerUnavailable, Record, Stored, TopicPartition
from shared.engine.journal import InputPosition
from shared.engine.reader import JournalReader

CONFIRM_SECONDS = 2.0
"""No effect happens when ownership was last confirmed longer ago than this."""

GAP_SECONDS = 6.0
"""The longest that reading a gap may take, as an append."""


class NotOwner(Exception):
    """Somebody else has claimed the partition."""


def check_gap(epoch: int, counting: Sequence[Stored], after: InputPosition) -> None:
    """Judge a gap by what counts in it and by the position after it: what an owner of an epoch did not write itself.

    Late writes of former owners and claims that lost are harmless. Raises NotOwner for anything else.
    """
    if counting or after.epoch != epoch:
        what = f"{counting[0].position} counts" if counting else f"epoch {after.epoch} was claimed"
        message = f"{what}, and epoch {epoch} did not write it"
        raise NotOwner(message)


def least_offset_seconds(asked_at: datetime, stored_at: datetime, answered_at: datetime) -> float:
    """By how much at least a clock is ahead of the broker's (behind: below 0), however long the answer took."""
    nearest = min(max(stored_at, asked_at), answered_at)
    return (nearest - stored_at).total_seconds()


class GapReader:
    """Reads what others have written to the partitions of a journal that this process owns, one gap at a time."""

    def __init__(self, journal: JournalReader) -> None:
        self._journal, self._lock = journal, asyncio.Lock()

    async def read(self, place: TopicPartition, start: InputPosition, end: int) -> tuple[list[Stored], InputPosition]:
        """What counts in a gap, and the position after it. Raises BrokerUnavailable."""
        try:
            async with asyncio.timeout(GAP_SECONDS), self._lock:
                await self._journal.assign({place: start})
                counting = [stored async for stored in self._journal.until({place: end})]
                return counting, self._journal.position(place)
        except TimeoutError as error:
            message = f"what others have written to {place[0]}/{place[1]} did not come in {GAP_SECONDS:.0f} s"
            raise BrokerUnavailable(message) from error

    async def end(self, place: TopicPartition) -> int:
        """Where a partition ends. Raises BrokerUnavailable."""
        return (await self._journal.ends([place]))[place]


class JournalWriter:
    """Appends to one partition of a journal under the epoch that it has won."""

    def __init__(
        self,
        broker: Broker,
        clock: Clock,
        gaps: GapReader,
        place: TopicPartition,
        *,
        start: InputPosition,
        confirmed_at: float,
    ) -> None:
        """`start`: after the claim, in its epoch; `confirmed_at`: monotonic time before the claim was sent."""
        self.epoch = start.epoch
        self._broker, self._clock, self._gaps, self._place = broker, clock, gaps, place
        self._next_offset, self._confirmed_at = start.offset, confirmed_at
        self._lock = asyncio.Lock()
        self.clock_offset_seconds = 0.0
        """How far at least this clock was ahead of the broker's at the last append; behind: below 0."""

    async def append(self, records: Sequence[Record], answered: Callable[[], None] = lambda: None) -> int:
        """Write a batch and see that it counts; the offset after it. Raises NotOwner, BrokerUnavailable.

        `answered()` is called between one question to the broker and the next.
        """
        async with self._lock:
            asked_at, before = self._clock.monotonic(), self._clock.now()
            appended = await self._broker.append(*self._place, records)
            self.clock_offset_seconds = least_offset_seconds(before, appended.time, self._clock.now())
            answered()
            await self._read_gap(appended.offset)
            self._next_offset, self._confirmed_at = appended.offset + len(records), asked_at
            return self._next_offset

    async def confirm(self) -> None:
        """See that nobody else has claimed the partition, unless that was seen lately.

        Raises NotOwner, BrokerUnavailable.
        """
        if self._is_confirmed():
            return
        async with self._lock:
            if self._is_confirmed():
                return  # another effect asked while this one waited
            asked_at = self._clock.monotonic()
            end = await self._gaps.end(self._place)
            await self._read_gap(end)
            self._next_offset, self._confirmed_at = end, asked_at

    def _is_confirmed(self) -> bool:
        return self._clock.monotonic() - self._confirmed_at <= CONFIRM_SECONDS

    async def _read_gap(self, end: int) -> None:
        if end == self._next_offset:
            return
        if end < self._next_offset:
            message = f"the journal goes on at {end}, and had reached {self._next_offset}: its end was lost"
            raise NotOwner(message)
        start = InputPosition(self._next_offset, self.epoch)
        check_gap(self.epoch, *await self._gaps.read(self._place, start, end))
