"""Snapshots: a cache of the state, so that a restart need not fold the whole journal. Never needed for correctness.

A round writes each agency's state that has changed, then a floor: for every agency the position that it is saved up to.
A process that was paused and wakes up may overwrite a newer snapshot with an older one; restoring therefore takes, per
agency, the highest (epoch, position), and reads the journal from the lowest of the floor and those positions, skipping
per agency.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

from shared import telemetry
from shared.engine.broker import Broker, Reader, Record, Stored
from shared.engine.journal import START, InputPosition, positions_of
from shared.engine.service import Service
from shared.engine.state import Packer
from shared.engine.topic import SNAPSHOT_BYTES, snapshots_of

S = TypeVar("S")

FLOOR = "#floor"
SNAPSHOT_EVERY_RECORDS = 5_000


@dataclass(frozen=True, slots=True)
class Snapshot(Generic[S]):
    """An agency's state at a position of the journal."""

    state: S
    epoch: int
    position: int


@dataclass(slots=True)
class Snapshots(Generic[S]):
    """What the cache holds for a partition, and where the journal has to be read from."""

    agencies: dict[str, Snapshot[S]] = field(default_factory=dict)
    start: InputPosition = START
    positions: dict[str, InputPosition] = field(default_factory=dict)
    time: datetime | None = None


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
    saved: Mapping[str, int]
    """By agency, the position of its last snapshot, before this round."""


async def read_snapshots(service: Service[S], reader: Reader, partitions: Iterable[int]) -> dict[int, Snapshots[S]]:
    """What is cached for each partition in this version of the state. Raises BrokerUnavailable."""
    ends = await reader.ends([(snapshots_of(service.name).name, number) for number in partitions])
    best: dict[int, dict[str, Stored]] = {number: {} for _, number in ends}
    left = {place: end for place, end in ends.items() if end}
    await reader.assign(dict.fromkeys(left, 0))
    while left:
        records = await reader.poll(0.5, 100)
        for stored in records:
            place, of_partition = (stored.topic, stored.partition), best[stored.partition]
            if stored.offset < ends[place] and rank(stored) >= rank(of_partition.get(stored.key)):
                of_partition[stored.key] = stored
            if stored.offset >= ends[place] - 1:
                left.pop(place, None)
        if not records:
            break  # the end of a compacted topic need not hold a record
    await reader.assign({})
    return {number: snapshots_from(service, newest) for number, newest in best.items()}


def rank(stored: Stored | None) -> tuple[int, int]:
    """Epoch and position of a snapshot or floor: the highest is the newest, wherever it stands in its topic."""
    if stored is None:
        return (-1, -1)
    return int(stored.headers["epoch"]), int(stored.headers["position"])


def snapshots_from(service: Service[S], newest: Mapping[str, Stored]) -> Snapshots[S]:
    """What the newest records, by key, amount to."""
    suffix = f"/{service.state_version}"
    snapshots: Snapshots[S] = Snapshots()
    for key, stored in newest.items():
        if key.endswith(suffix) and not key.startswith(FLOOR):
            state: S = service.packer.unpack(stored.value)
            snapshots.agencies[key.removesuffix(suffix)] = Snapshot(state, *rank(stored))
    floor = newest.get(FLOOR + suffix)
    if floor is not None:
        saved: dict[str, int] = json.loads(floor.value)
        epoch, position = rank(floor)
        older = [
            InputPosition(snapshot.position, snapshot.epoch)
            for agency, snapshot in snapshots.agencies.items()
            if snapshot.position < saved.get(agency, position)
        ]
        snapshots.start = min([InputPosition(position, epoch), *older])
        snapshots.positions = positions_of(floor.headers)
        snapshots.time = datetime.fromisoformat(floor.headers["time"].decode())
    return snapshots


async def write_snapshots(service: Service[S], broker: Broker, round_: SnapshotRound[S]) -> dict[str, int]:
    """Write a round: by agency, the position that it is saved up to now. Raises BrokerUnavailable.

    Where a state is too large to be saved there is no floor, and nothing counts as saved.
    """
    topic = snapshots_of(service.name).name
    headers = (
        ("epoch", b"%d" % round_.epoch),
        ("position", b"%d" % round_.position),
        ("positions", json.dumps(round_.input_positions, separators=(",", ":")).encode()),
        ("time", round_.time.isoformat().encode()),
    )
    for agency, state in sorted(round_.states.items()):
        value = await packed(service.packer, state)
        if len(value) > SNAPSHOT_BYTES - 65_536:
            telemetry.logger().error("snapshot too large", agency=agency, count=len(value))
            return {}
        key = f"{agency}/{service.state_version}"
        await broker.append(topic, round_.partition, [Record(key, value, headers)])
        telemetry.SNAPSHOTS.labels(service.name).inc()
    saved = {**round_.saved, **dict.fromkeys(round_.states, round_.position)}
    floor = Record(f"{FLOOR}/{service.state_version}", json.dumps(saved).encode(), headers)
    await broker.append(topic, round_.partition, [floor])
    return saved


async def packed(packer: Packer, state: Any) -> bytes:
    """A state, written while the process goes on: other work waits for a piece at most."""
    data = bytearray()
    for piece in packer.pieces(state):
        if data:
            await asyncio.sleep(0)
        data += piece
    return bytes(data)
