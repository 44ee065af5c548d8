"""Becoming the owner of a partition: its state is restored, the clock compared, the claim written and seen to win."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from shared import telemetry
from shared.clock import Clock
from shared.engine.broker import Broker, Reader, Record, Stored, TopicPartition
from shared.engine.care import Endings
from shared.engine.journal import START, InputPosition, Ownership, StepHeaders, headers_of, positions_of, time_of
from shared.engine.reader import JournalReader
from shared.engine.service import Service
from shared.engine.snapshots import Snapshots, read_snapshots
from shared.engine.step import PartitionState
from shared.engine.writer import JournalWriter
from shared.events.base import Event, UndecodableEvent, decode
from shared.events.journals import Claimed, InputRefused, PositionsNoted

S = TypeVar("S")

MAX_SKEW = timedelta(milliseconds=500)
"""Half of the second in which a passed deadline has to be on record."""
NO_EPOCH = -1
"""Of a record that counts for nobody."""


class ClockSkewed(Exception):
    """This machine's clock and the broker's are more than half a second apart."""


class UnknownJournalEvent(Exception):
    """The journal holds an event that this version of the code does not know; it must not own the partition."""


@dataclass(frozen=True, slots=True)
class Claim(Generic[S]):
    """What a new owner begins with."""

    state: PartitionState[S]
    saved: Mapping[str, int]
    """By agency, the position of its snapshot."""
    floor: int
    """Up to there every agency is saved."""
    refusals: tuple[InputRefused, ...]
    """Those since the snapshots: perhaps their dead letters were never written."""
    writer: JournalWriter
    reader: Reader
    behind: Mapping[str, int]
    """By input in which something waits, where it ended at the take-over."""


async def claim_partition(
    service: Service[S], broker: Broker, clock: Clock, number: int, token: Callable[[], str]
) -> Claim[S]:
    """Restore a partition and claim it, again if another writer comes first.

    Raises ClockSkewed, UnknownJournalEvent, PositionOutOfRange, BrokerUnavailable.
    """
    place, reader = (service.writes.name, number), await broker.reader()
    journal, snapshots = JournalReader(reader, [service.writes.name]), await read_snapshots(service, reader, number)
    restoration = _Restoration(service, journal, place, snapshots)
    await _compare_clocks(service, broker, clock, place)
    while True:
        await restoration.read_to((await journal.ends([place]))[place])
        claimed = Claimed(epoch=restoration.owner.epoch + 1, writer=token())
        step = StepHeaders(
            claimed.epoch, clock.now(), service.decider_version, restoration.state.positions, service.name
        )
        asked_at = clock.monotonic()
        appended = await broker.append(*place, [_record(claimed, "claim", step)])
        await restoration.read_to(appended.offset + 1)
        if restoration.owner.writer == claimed.writer:
            break
    state = restoration.finish(claimed.epoch - 1, clock.now())
    start = InputPosition(state.offset, claimed.epoch)
    writer = JournalWriter(broker, clock, journal, place, start=start, confirmed_at=asked_at)
    behind = await _behind(service, reader, number, state.positions)
    telemetry.CLAIMS.labels(service.name).inc()
    refusals = tuple(restoration.refusals)
    return Claim(state, restoration.saved, snapshots.start.offset, refusals, writer, reader, behind)


class _Restoration(Generic[S]):
    """The state of a partition: as the snapshots have it, then with the journal after them, as far as that is read."""

    def __init__(
        self, service: Service[S], journal: JournalReader, place: TopicPartition, snapshots: Snapshots[S]
    ) -> None:
        self.owner = Ownership(snapshots.start.epoch)
        self.state: PartitionState[S] = PartitionState(service)
        self.state.offset, self.state.positions = snapshots.start.offset, dict(snapshots.positions)
        self.state.states = {agency: snapshot.state for agency, snapshot in snapshots.agencies.items()}
        self.state.time = snapshots.time
        self.saved = {agency: snapshot.position for agency, snapshot in snapshots.agencies.items()}
        self.refusals: list[InputRefused] = []
        self._endings = Endings()
        self._service, self._journal, self._place = service, journal, place
        self._last: Stored | None = None

    async def read_to(self, end: int) -> None:
        """Read the journal up to a position."""
        if self.state.offset >= end:
            return
        await self._journal.assign({self._place: InputPosition(self.state.offset, self.owner.epoch)})
        async for stored in self._journal.until({self._place: end}):
            self._fold(stored)
        self.state.offset, self.owner = end, self._journal.owner(self._place)

    def _fold(self, stored: Stored) -> None:
        self._last = stored
        kind, epoch = stored.headers.get("type", b""), int(stored.headers["epoch"])
        if stored.offset < self.saved.get(stored.key, 0):
            self._endings.take(epoch, None)
            return
        try:
            event = decode(kind.decode(), stored.value)
        except UndecodableEvent as error:
            message = f"{stored.position}: {error}; run the version that wrote it, or a later one"
            raise UnknownJournalEvent(message) from error
        self._endings.take(epoch, event)
        if isinstance(event, PositionsNoted):
            return
        if isinstance(event, InputRefused):
            self.refusals.append(event)
        self.state.fold(stored.key, event, time_of(stored.headers), stored.offset)

    def finish(self, before: int, now: datetime) -> PartitionState[S]:
        """The state as its owner takes it over: with the positions that the last record states, and clocks armed.

        `before`: the epoch of the owner before it.
        """
        if self._last is not None:
            self.state.positions.update(positions_of(self._last.headers))
            self.state.time = time_of(self._last.headers)
        for topic in self._service.reads:
            self.state.positions.setdefault(topic.name, START)
        self.state.arm(self.state.states)
        self.state.care = self._endings.care(before, now)
        return self.state


async def _compare_clocks(service: Service[Any], broker: Broker, clock: Clock, place: TopicPartition) -> None:
    """Write a record that counts for nobody and look at the broker's time of it: who is off must not oust the owner."""
    asked_at = clock.now()
    step = StepHeaders(NO_EPOCH, asked_at, service.decider_version, {}, service.name)
    appended = await broker.append(*place, [_record(PositionsNoted(), "clock", step)])
    answered_at = clock.now()
    if not asked_at - MAX_SKEW <= appended.time <= answered_at + MAX_SKEW:
        message = f"this clock says {answered_at.isoformat()}, the broker's {appended.time.isoformat()}"
        raise ClockSkewed(message)


def _record(event: Event, cause: str, step: StepHeaders) -> Record:
    return Record("", event.encode(), headers_of(event, cause, 0, step.common()))


async def _behind(
    service: Service[Any], reader: Reader, number: int, positions: Mapping[str, InputPosition]
) -> dict[str, int]:
    places = [(topic.name, number) for topic in service.reads]
    starts, ends = await reader.starts(places), await reader.ends(places)
    return {topic: end for (topic, _), end in ends.items() if end > max(positions[topic].offset, starts[topic, number])}
