"""Snapshots: a cache of the state, so that a restart need not fold the whole journal. Never needed for correctness.

A round writes each agency's state that has changed, then a floor: every agency is saved at least up to there. A
process that was paused and wakes up may overwrite a newer snapshot with an older one; restoring therefore takes, per
agency, the highest (epoch, position), and reads the journal from the lowest of the floor and those positions,
skipping per agency.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from shared import telemetry
from shared.engine.broker import Broker, Reader, Record, Stored
from shared.engine.journal import InputPosition, positions_of
from shared.engine.service import Service
from shared.engine.topic import SNAPSHOT_BYTES, snapshots_of

if TYPE_CHECKING:
    from shared.engine.partition import Partition

S = TypeVar("S")

FLOOR = "#floor"
SNAPSHOT_EVERY_EVENTS = 5_000


@dataclass(frozen=True, slots=True)
class Snapshot(Generic[S]):
    """An agency's state at a position of the journal."""

    state: S
    epoch: int
    position: int


@dataclass(slots=True)
class Kept(Generic[S]):
    """What the cache holds for a partition, and where the journal has to be read from."""

    agencies: dict[str, Snapshot[S]] = field(default_factory=dict)
    start: int = 0
    start_epoch: int = 0
    positions: dict[str, InputPosition] = field(default_factory=dict)
    time: datetime | None = None


async def read_snapshots(service: Service[S], reader: Reader, partition: int) -> Kept[S]:
    """What is cached for a partition in this version of the state."""
    place = (snapshots_of(service.name).name, partition)
    end = (await reader.ends([place]))[place]
    best: dict[str, Stored] = {}
    if end:
        await reader.assign({place: 0})
        last = -1
        while last < end - 1:
            records = await reader.poll(0.5, 100)
            for stored in records:
                last = stored.offset
                if stored.offset < end and _rank(stored) >= _rank(best.get(stored.key)):
                    best[stored.key] = stored
            if not records:
                break  # the end of a compacted topic need not hold a record
        await reader.assign({})
    return _kept(service, best)


def _rank(stored: Stored | None) -> tuple[int, int]:
    if stored is None:
        return (-1, -1)
    return int(stored.headers["epoch"]), int(stored.headers["position"])


def _kept(service: Service[S], best: Mapping[str, Stored]) -> Kept[S]:
    suffix = f"/{service.state_version}"
    kept: Kept[S] = Kept()
    for key, stored in best.items():
        if key.endswith(suffix) and not key.startswith(FLOOR):
            epoch, position = _rank(stored)
            kept.agencies[key.removesuffix(suffix)] = Snapshot(service.packer.unpack(stored.value), epoch, position)
    floor = best.get(FLOOR + suffix)
    if floor is not None:
        saved: dict[str, int] = json.loads(floor.value)
        epoch, position = _rank(floor)
        older = [
            (snapshot.position, snapshot.epoch)
            for agency, snapshot in kept.agencies.items()
            if snapshot.position < saved.get(agency, position)
        ]
        kept.start, kept.start_epoch = min([(position, epoch), *older])
        kept.positions = positions_of(floor.headers)
        kept.time = datetime.fromisoformat(floor.headers["time"].decode())
    return kept


async def write_snapshots(partition: Partition[Any], broker: Broker, now: datetime) -> int:
    """One round; how many agencies were saved. What the state was at each moment is consistent in itself."""
    service, topic = partition.service, snapshots_of(partition.service.name).name
    floor = _headers(partition, now)
    waiting, partition.unsaved = sorted(partition.unsaved), set()
    partition.events_since_snapshot = 0
    for agency in waiting:
        headers, value = _headers(partition, now), service.packer.pack(partition.states[agency])
        if len(value) > SNAPSHOT_BYTES - 65_536:
            telemetry.logger().error("snapshot too large", agency=agency, count=len(value))
            partition.unsaved.update(waiting)  # no floor may pass over any of them
            return 0
        key = f"{agency}/{service.state_version}"
        await broker.append(topic, partition.number, [Record(key, value, headers)])
        partition.saved[agency] = int(dict(headers)["position"])
        telemetry.SNAPSHOTS.labels(service.name).inc()
    saved = json.dumps(partition.saved).encode()
    await broker.append(topic, partition.number, [Record(f"{FLOOR}/{service.state_version}", saved, floor)])
    return len(waiting)


def _headers(partition: Partition[Any], now: datetime) -> tuple[tuple[str, bytes], ...]:
    time = partition.last_time or now
    return (
        ("epoch", b"%d" % partition.epoch),
        ("position", b"%d" % partition.next_offset),
        ("positions", json.dumps(partition.positions, separators=(",", ":")).encode()),
        ("time", time.isoformat().encode()),
    )
