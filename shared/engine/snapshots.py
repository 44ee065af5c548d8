"""Snapshots: a cache of the state, so that a restart need not fold the whole journal. Never needed for correctness.

A round writes each agency's state that has changed, then a floor: for every agency the position that it is saved up to.
A process that was paused and wakes up may overwrite a newer snapshot with an older one; restoring therefore takes, per
agency, the highest (epoch, position) of which everything is there, and reads the journal from the lowest of the floor
and those positions, skipping per agency. A state that does not fit into a record is written in parts; how these are
named, so that they are never mixed, says `shared.engine.snapshot_cache`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Collection, Generator, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from shared import telemetry
from shared.engine.broker import Broker, Reader, Record, Stored, reading
from shared.engine.journal import InputPosition
from shared.engine.snapshot_cache import (
    FLOOR,
    FLOOR_ON_PARTS,
    IN_LINES,
    Packing,
    PartKey,
    Rank,
    SavedFor,
    SnapshotCache,
    Snapshots,
)
from shared.engine.topic import SNAPSHOT_BYTES, snapshots_of

S = TypeVar("S")
T = TypeVar("T")

SNAPSHOT_EVERY_RECORDS = 5_000
STATE_BYTES = 256 * 1024 * 1024
"""What a state may come to, packed. A larger one is not saved, and voids the rounds of its partition; ALERT."""
ERASED_AT_ONCE = 500
POLL_SECONDS, SILENT_POLLS = 0.5, 4
"""After so many without a record a partition is read: the end of a compacted topic need not hold any."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """Into how many bytes a state is cut."""

    record: int = SNAPSHOT_BYTES - 65_536
    """The most that one record takes; beyond, a state is written in parts."""
    part: int = 1024 * 1024
    """Small, since the loop stands still while one is handed over, and so does whatever else goes to that broker."""
    state: int = STATE_BYTES
    """The most that is saved."""


SIZES = Sizes()


@dataclass(frozen=True, slots=True)
class Saved:
    """What an owner knows of its partition's snapshots."""

    positions: Mapping[str, int]
    """By agency, the position that it is saved up to."""
    parts: frozenset[PartKey] | None = None
    """The parts that stand in the topic; None before it has looked."""


@dataclass(frozen=True, slots=True)
class SnapshotRound(Generic[S]):
    """What a round saves: states at one moment, which is one position of the journal."""

    partition: int
    epoch: int
    position: int
    input_positions: Mapping[str, InputPosition]
    time: datetime
    states: Mapping[str, S]
    """Of the agencies that have changed since they were saved last."""
    saved: Saved
    """Before this round."""


# --- reading ---------------------------------------------------------------------------------------------------------


async def read_snapshots(service: SavedFor[S], reader: Reader, partitions: Iterable[int]) -> dict[int, Snapshots[S]]:
    """What is cached for each partition in this version of the state. Raises BrokerUnavailable."""
    caches = {number: SnapshotCache(service) for number in partitions}
    async for stored in _records(service, reader, caches):
        caches[stored.partition].take(stored)
    snapshots = {number: await _in_turn(cache.restored()) for number, cache in caches.items()}
    for number, restored in snapshots.items():
        for agency, error in restored.unreadable.items():
            telemetry.logger().error("snapshot not read", partition=number, agency=agency, error=error)
        for agency in restored.missing:
            telemetry.logger().error("snapshot missing", partition=number, agency=agency)
    return snapshots


async def _records(service: SavedFor[S], reader: Reader, partitions: Collection[int]) -> AsyncIterator[Stored]:
    """Everything that stands in these partitions now. Raises BrokerUnavailable."""
    ends = await reader.ends([(snapshots_of(service.name).name, number) for number in partitions])
    left, silent = {place: end for place, end in ends.items() if end}, 0
    await reader.assign(dict.fromkeys(left, 0))
    while left and silent < SILENT_POLLS:
        records = await reader.poll(POLL_SECONDS, 100)
        silent = 0 if records else silent + 1
        for stored in records:
            place = stored.topic, stored.partition
            if stored.offset < ends[place]:
                yield stored
            if stored.offset >= ends[place] - 1:
                left.pop(place, None)
    await reader.assign({})


async def _in_turn(work: Generator[None, None, T]) -> T:
    """Do what pauses, while other work goes on."""
    while True:
        try:
            next(work)
        except StopIteration as over:
            result: T = over.value
            return result
        await asyncio.sleep(0)


# --- writing ---------------------------------------------------------------------------------------------------------


async def write_snapshots(
    service: SavedFor[S], broker: Broker, round_: SnapshotRound[S], sizes: Sizes = SIZES
) -> Saved:
    """Write a round: what is saved now. Raises BrokerUnavailable.

    Where a state is too large to be saved there is no floor, and nothing counts as saved.
    """
    parts = round_.saved.parts
    if parts is None:
        parts = await _standing_parts(service, broker, round_.partition)
    return await _Writer(service, broker, round_, set(parts), sizes).write()


async def _standing_parts(service: SavedFor[S], broker: Broker, partition: int) -> frozenset[PartKey]:
    """Whatever parts anybody has left in a partition, in this version of the state."""
    parts: set[PartKey] = set()
    async with reading(broker) as reader:
        async for stored in _records(service, reader, [partition]):
            part = PartKey.parse(stored.key)
            if part is not None and part.snapshot.endswith(f"/{service.state_version}"):
                (parts.add if stored.value else parts.discard)(part)
    return frozenset(parts)


class _Writer(Generic[S]):
    """Writes a round."""

    def __init__(
        self, service: SavedFor[S], broker: Broker, round_: SnapshotRound[S], parts: set[PartKey], sizes: Sizes
    ) -> None:
        self._service, self._broker, self._round, self._parts, self._sizes = service, broker, round_, parts, sizes
        self._rank = Rank(round_.epoch, round_.position)
        self._headers = (
            ("epoch", b"%d" % round_.epoch),
            ("position", b"%d" % round_.position),
            ("positions", json.dumps(round_.input_positions, separators=(",", ":")).encode()),
            ("time", round_.time.isoformat().encode()),
        )

    async def write(self) -> Saved:
        """All of it: states, floor, and then what of the rounds before is of no use any more."""
        round_, written = self._round, set[PartKey]()
        for agency, state in sorted(round_.states.items()):
            parts = await self._write_state(agency, state)
            if parts is None:
                return Saved({}, frozenset(self._parts))
            written |= parts
            telemetry.SNAPSHOTS.labels(self._service.name).inc()
        positions = {**round_.saved.positions, **dict.fromkeys(round_.states, round_.position)}
        saved_now = set(map(self._key, round_.states))
        old = {part for part in self._parts - written if part.snapshot in saved_now and part.rank <= self._rank}
        floor = FLOOR_ON_PARTS if self._parts - old else FLOOR
        await self._append(self._key(floor), json.dumps(positions).encode())
        await self._erase(old)
        return Saved(positions, frozenset(self._parts))

    async def _write_state(self, agency: str, state: S) -> set[PartKey] | None:
        """In one record or in parts; which parts, or None where it is too large to be saved."""
        key, sizes, size, parts = self._key(agency), self._sizes, 0, set[PartKey]()
        waiting: list[bytes] = []
        async for chunk in _chunks(self._service.packer, state, sizes.part):
            waiting.append(chunk)
            size += len(chunk)
            while waiting and sizes.record < size <= sizes.state:
                await self._append_part(PartKey(key, self._rank, len(parts)), waiting.pop(0), parts)
            if size > sizes.state:
                telemetry.SNAPSHOTS_NOT_SAVED.labels(self._service.name, "too-large").inc()
                telemetry.logger().error("snapshot too large", agency=agency, count=size)
                await self._erase(parts)
                return None
        if parts:
            await self._append_part(PartKey(key, self._rank, None), b"%d" % len(parts), parts)
        else:
            await self._append(key, b"".join(waiting), (IN_LINES, b"1"))
        return parts

    async def _append_part(self, part: PartKey, value: bytes, parts: set[PartKey]) -> None:
        await self._append(str(part), value)
        parts.add(part)
        self._parts.add(part)

    async def _erase(self, parts: Collection[PartKey]) -> None:
        left = sorted(parts, key=str)
        while left:
            some, left = left[:ERASED_AT_ONCE], left[ERASED_AT_ONCE:]
            await self._append_all([Record(str(part), b"", self._headers[:2]) for part in some])
            self._parts.difference_update(some)

    def _key(self, name: str) -> str:
        return f"{name}/{self._service.state_version}"

    async def _append(self, key: str, value: bytes, *headers: tuple[str, bytes]) -> None:
        await self._append_all([Record(key, value, (*self._headers, *headers))])

    async def _append_all(self, records: list[Record]) -> None:
        await self._broker.append(snapshots_of(self._service.name).name, self._round.partition, records)


async def _chunks(packer: Packing, state: Any, size: int) -> AsyncIterator[bytes]:
    """A state, packed while the process goes on: other work waits for a piece at most."""
    chunk = bytearray()
    for piece in packer.pieces(state):
        await asyncio.sleep(0)
        chunk += piece
        while len(chunk) >= size:
            yield bytes(chunk[:size])
            del chunk[:size]
    if chunk:
        yield bytes(chunk)
