"""Follows every partition of a journal that this process does not own, so that it can take over any at once.

What it costs is the folding: each event of the service is decided by one process and folded by the others.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Generic, TypeVar

from shared import telemetry
from shared.clock import Clock
from shared.engine.background import Background
from shared.engine.broker import Broker, BrokerUnavailable, Reader, Stored, TopicPartition
from shared.engine.claim import Claim, compare_clocks, look_at_inputs, write_claim
from shared.engine.journal import START, InputPosition
from shared.engine.reader import JournalReader
from shared.engine.restoration import Restoration, UnknownJournalEvent
from shared.engine.service import Service
from shared.engine.snapshot_cache import Snapshots
from shared.engine.snapshots import read_snapshots
from shared.engine.writer import GapReader, JournalWriter
from shared.events.journals import Claimed

S = TypeVar("S")

LULL_SECONDS = 0.2
"""What has come meanwhile is fetched and folded together, unless a claim waits for it."""
POLL_SECONDS = 0.5
MAX_RECORDS = 200
"""Folded at a time; the partitions that are owned have their turn between."""


class _Followed(Generic[S]):
    """A partition that somebody else owns, or nobody."""

    def __init__(self, restoration: Restoration[S], at: InputPosition, warm_at: int) -> None:
        self.restoration, self.at = restoration, at
        self.warm_at = warm_at
        """Where its journal ended when the following began."""
        self.writer: str | None = None
        """Who has claimed it last."""
        self.wrong: Exception | None = None
        """Why it cannot be followed any further, and thus not be owned by this process."""

    @property
    def is_warm(self) -> bool:
        return self.wrong is None and self.at.offset >= self.warm_at


class Standby(Generic[S]):
    """The journal of a service, as far as this process does not own it."""

    def __init__(
        self, service: Service[S], broker: Broker, clock: Clock, background: Background, news: Callable[[], None]
    ) -> None:
        """`news()` is called when a partition has become warm."""
        self._service, self._broker, self._clock, self._background = service, broker, clock, background
        self._news = news
        self._followed: dict[int, _Followed[S]] = {}
        self._is_restored = False
        self._journal: JournalReader
        self._aside: Reader
        """For snapshots, and where topics begin and end."""
        self._gaps: GapReader
        self._is_changed = False
        self._claiming, self._hurry, self._turned = 0, asyncio.Event(), asyncio.Event()
        self._warm_gauge = telemetry.WARM.labels(service.name)

    def start(self, followed: Reader, gaps: Reader, aside: Reader) -> None:
        """Start following every partition, with a reader for the journal, one for its gaps, and one for all else."""
        journal = [self._service.writes.name]
        self._journal, self._gaps = JournalReader(followed, journal), GapReader(JournalReader(gaps, journal))
        self._aside = aside
        self._background.start(self._restore())
        self._background.start(self._follow_on())

    def follow(self, number: int, restoration: Restoration[S], at: InputPosition) -> None:
        """Follow a partition too that this process has owned, from where that ended."""
        self._followed[number] = _Followed(restoration, at, at.offset)
        self._change()

    @property
    def warm(self) -> Mapping[int, int]:
        """By partition that could be taken over at once, the epoch in force in the journal."""
        return {number: followed.at.epoch for number, followed in self._followed.items() if followed.is_warm}

    @property
    def is_warm(self) -> bool:
        """Whether all that can be followed could be taken over at once. Other threads ask too: they look at a copy."""
        followed = tuple(self._followed.values())
        return self._is_restored and all(each.is_warm or each.wrong is not None for each in followed)

    # --- claiming --------------------------------------------------------------------------------------------------

    async def claim(self, number: int, token: str) -> Claim[S] | None:
        """Claim a partition that is warm, under a fresh token; None where another writer has come first.

        So it is where the broker does not take the claim: others may be written to, and it is tried again. Where only
        its answer was lost the journal says who has won. Raises ClockSkewed, UnknownJournalEvent, and BrokerUnavailable
        once it is won.
        """
        service, place, asked_at = self._service, self._place(number), self._clock.monotonic()
        followed = self._followed[number]
        try:
            await self._write_claim(followed, place, token)
        except BrokerUnavailable as error:
            telemetry.logger().error("cannot claim", partition=number, wrong=str(error)[:300])
        if followed.writer != token:
            return None
        del self._followed[number]
        self._change()
        telemetry.CLAIMS.labels(service.name).inc()
        restoration = followed.restoration
        state = restoration.finish(followed.at, self._clock.now())
        writer = JournalWriter(self._broker, self._clock, self._gaps, place, start=followed.at, confirmed_at=asked_at)
        state.positions, behind = await look_at_inputs(service, self._aside, number, state.positions)
        return Claim(state, restoration, writer, behind)

    async def _write_claim(self, followed: _Followed[S], place: TopicPartition, token: str) -> None:
        """Write a claim, unless somebody has come meanwhile, and read up to it."""
        service, before = self._service, followed.at.epoch
        compared = await compare_clocks(service, self._broker, self._clock, place)
        await self._until(followed, compared.offset + 1)
        if followed.at.epoch == before:  # who has come meanwhile lives: to oust it would look like a death
            claimed, positions = Claimed(epoch=before + 1, writer=token), followed.restoration.positions()
            appended = await write_claim(
                service, self._broker, self._clock, place, claimed=claimed, positions=positions
            )
            await self._until(followed, appended.offset + 1)

    async def _until(self, followed: _Followed[S], offset: int) -> None:
        """Have the journal followed up to a position, without a lull."""
        self._claiming += 1
        self._hurry.set()
        try:
            while followed.at.offset < offset and followed.wrong is None:
                await self._turned.wait()
            if followed.wrong is not None:
                raise followed.wrong
        finally:
            self._claiming -= 1
            if not self._claiming:
                self._hurry.clear()

    # --- following -------------------------------------------------------------------------------------------------

    async def _restore(self) -> None:
        snapshots = await read_snapshots(self._service, self._aside, range(self._broker.partitions))
        places = [self._place(number) for number in snapshots]
        starts, ends = await self._aside.starts(places), await self._aside.ends(places)
        for (number, cached), place in zip(snapshots.items(), places, strict=True):
            start, end = cached.start, ends[place]
            if starts[place] < start.offset:  # the record before tells whether they are of this journal
                start = start._replace(offset=start.offset - 1)
            self._followed[number] = _Followed(Restoration(self._service, cached, start.offset), start, end)
            if cached.reaches > end:
                self._fold_anew(number)
        self._is_restored = True
        self._change()

    def _fold_anew(self, number: int) -> None:
        """The journal has lost its end since it was saved: it says what is so, snapshots do not."""
        telemetry.logger().error("snapshots of another journal", partition=number)
        restoration = Restoration[S](self._service, Snapshots())
        self._followed[number] = _Followed(restoration, START, self._followed[number].warm_at)
        self._change()

    def _place(self, number: int) -> TopicPartition:
        return self._service.writes.name, number

    def _change(self) -> None:
        """Other partitions are to be followed than before."""
        self._warm_gauge.set(len(self.warm))
        self._is_changed = True
        self._hurry.set()

    async def _follow_on(self) -> None:
        assigned: dict[int, _Followed[S]] = {}
        while True:
            if not self._claiming:
                self._hurry.clear()
            if self._is_changed:
                self._is_changed = False
                assigned = {number: each for number, each in self._followed.items() if each.wrong is None}
                await self._journal.assign({self._place(number): each.at for number, each in assigned.items()})
            records: list[Stored] = []
            if assigned:
                records = await self._journal.poll(POLL_SECONDS, MAX_RECORDS)
                for stored in records:
                    self._fold(assigned[stored.partition], stored)
                self._note_reached(assigned)
            else:
                await asyncio.sleep(0)  # a claim that waits has to learn that its partition cannot be followed
            rests = len(records) < MAX_RECORDS and (self.is_warm or not assigned)
            with suppress(TimeoutError):
                async with asyncio.timeout(LULL_SECONDS if rests else 0):
                    await self._hurry.wait()

    def _fold(self, followed: _Followed[S], stored: Stored) -> None:
        if followed.wrong is not None or self._followed.get(stored.partition) is not followed:
            return  # it is owned by now: its owner folds what it writes
        try:
            followed.restoration.fold(stored)
        except Exception as error:  # noqa: BLE001  # what cannot be followed harms nothing that is owned
            followed.wrong = error
            self._change()
            wrong = str(error)[:300] if isinstance(error, UnknownJournalEvent) else type(error).__name__
            telemetry.logger().critical("cannot follow", position=stored.position, wrong=wrong)

    def _note_reached(self, assigned: Mapping[int, _Followed[S]]) -> None:
        warm = self.warm.keys()
        for number, followed in assigned.items():
            if self._followed.get(number) is followed:
                place = self._place(number)
                followed.at = self._journal.position(place)
                followed.writer = self._journal.owner(place).writer or followed.writer
                if not followed.restoration.is_of(followed.at.offset):
                    self._fold_anew(number)
        self._turned.set()
        self._turned.clear()
        if warm != self.warm.keys():
            self._news()
        self._warm_gauge.set(len(self.warm))
