"""Recovery: how fast 100,000 waiting events are drained, and how soon a restarted service decides again."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from services.intake import flat
from services.intake.call_keys import CallKeyCache
from services.intake.version import record as record_of
from shared.agencies import Source
from shared.call_keys import CallKey
from shared.clock import SystemClock
from shared.engine.broker import Record
from shared.engine.kafka import KafkaBroker
from shared.sealing import Sealer
from tests.bench.load import NEW_EVERY
from tests.bench.stage import PARTITIONS, Stage
from tests.rig.calls import CallStream, OpenCall
from tests.rig.log import Entry, Rule, ends, follow, read

JOURNAL_OF = {"triage": "decisions", "team-availability": "assignments", "notification": "notifications"}
INPUTS_OF = {
    "triage": ("calls",),
    "team-availability": ("calls", "decisions"),
    "notification": ("assignments",),
}
TOPICS = ("calls", *JOURNAL_OF.values())
BATCH = 200
DRAIN_SECONDS = 400.0
IDLE_SECONDS, IDLE_SHARE, LOOK_SECONDS = 5.0, 0.05, 0.5
"""Whoever has used less than this share of a core for so long has nothing left to do; how often that is looked at."""
RESTART_SECONDS = 120.0
TRICKLE_RATE = 40
WITHOUT_SNAPSHOTS = {"PYTHONPATH": str(Path(__file__).parent / "without_snapshots")}


@dataclass(frozen=True, slots=True)
class Drained:
    """One service on its backlog."""

    service: str
    inputs: int
    appended: int
    seconds: float
    """Until the last record that follows from the backlog alone; of what clocks and crews do later nothing counts."""
    cpu_seconds: float
    """All that it used until it was idle."""
    finished: bool


@dataclass(frozen=True, slots=True)
class Restarted:
    """One service, killed and started again."""

    service: str
    snapshots: bool
    journal_events: int
    seconds: float | None
    """From exec to its first decision; None: not within two minutes."""


def updated(stage: Stage, number: int) -> Iterable[tuple[OpenCall, bytes]]:
    """So many versions: some of new calls, the others of calls that are open."""
    calls = CallStream(stage.keys, int(time.time()), NEW_EVERY, settle_events=100)
    return (calls.next() for _ in range(number))


async def drain(
    stage: Stage, versions: Iterable[tuple[OpenCall, bytes]], patience_seconds: float = IDLE_SECONDS
) -> list[Drained]:
    """Let versions wait in `calls` while nothing decides, then start all three services at once.

    Behind them waits a new call a partition: a service that has nothing about one of these is not done. It is over when
    all have been idle for as long as there is patience; on a busy machine who works may seem idle for some seconds.
    """
    for service in JOURNAL_OF:
        stage.end(service)
    start = await ends(stage.kafka.address, PARTITIONS, TOPICS)
    await _append(stage, versions, BATCH, None)
    last = await _publish_last(stage)
    began = {service: stage.start(service) for service in JOURNAL_OF}
    cpu_seconds = await _until_idle(stage, patience_seconds)
    records: dict[str, list[Entry]] = {topic: [] for topic in TOPICS}
    for record in await read(stage.kafka.address, PARTITIONS, TOPICS, start, Rule(applies=False)):
        records[record.topic].append(record)
    followed = {record.position for record in records["calls"]}
    drained = []
    for service, journal in JOURNAL_OF.items():
        of_backlog = [record for record in records[journal] if record.cause in followed]
        followed |= {record.position for record in of_backlog}
        drained.append(
            Drained(
                service,
                sum(len(records[topic]) for topic in INPUTS_OF[service]),
                len(records[journal]),
                max((record.time for record in of_backlog), default=time.time()) - began[service],
                cpu_seconds[service],
                last <= {record.subject for record in records[journal]},
            )
        )
    return drained


async def _until_idle(stage: Stage, patience_seconds: float) -> dict[str, float]:
    """Wait until no service uses the processor any more; by service, the CPU seconds that it had used by then.

    Nothing is read meanwhile: on the same machine that would slow down what is measured.
    """
    used = dict.fromkeys(JOURNAL_OF, 0.0)
    lately = {service: deque([0.0], maxlen=int(IDLE_SECONDS / LOOK_SECONDS)) for service in JOURNAL_OF}
    idle_since = dict.fromkeys(JOURNAL_OF, time.monotonic())
    until = time.monotonic() + DRAIN_SECONDS
    while time.monotonic() - max(idle_since.values()) < patience_seconds and time.monotonic() < until:
        await asyncio.sleep(LOOK_SECONDS)
        for service in (service for service in JOURNAL_OF if stage.stack.pid_of(service) is not None):
            cpu = sum(stage.process(service).cpu_times()[:2])
            if cpu - lately[service][0] > IDLE_SHARE * IDLE_SECONDS:
                used[service], idle_since[service] = cpu, time.monotonic()
            lately[service].append(cpu)
    return used


async def restart(stage: Stage, service: str, *, snapshots: bool) -> Restarted:
    """Kill a service and start it again while calls trickle in."""
    address, journal = stage.kafka.address, JOURNAL_OF[service]
    journal_events = sum((await ends(address, PARTITIONS, (journal,))).values())
    stage.end(service)
    ready, first = asyncio.Event(), asyncio.get_running_loop().create_future()

    claimed: set[int] = set()

    def take(entries: list[Entry]) -> None:
        for record in entries:
            if record.type == "claimed":
                claimed.add(record.partition)
            elif record.partition in claimed and not first.done():
                first.set_result(time.time())

    watching = asyncio.get_running_loop().create_task(follow(address, PARTITIONS, (journal,), ready, take))
    await ready.wait()
    trickling = asyncio.get_running_loop().create_task(_append(stage, updated(stage, 100_000), 1, TRICKLE_RATE))
    began = stage.start(service, {} if snapshots else WITHOUT_SNAPSHOTS)
    try:
        at = await asyncio.wait_for(first, RESTART_SECONDS)
    except TimeoutError:
        at = None
    for task in (trickling, watching):
        task.cancel()
    await asyncio.wait([trickling, watching])
    return Restarted(service, snapshots, journal_events, None if at is None else at - began)


async def _publish_last(stage: Stage) -> set[str]:
    """Put one new call into each partition of `calls`; their ids."""
    broker = KafkaBroker(stage.kafka.address, PARTITIONS)
    agencies = {broker.partition_of(agency): agency for agency in stage.keys}
    await broker.close()
    calls = [CallStream([agency], 0, new_every=1, settle_events=0).next() for agency in agencies.values()]
    await _append(stage, calls, BATCH, None)
    return {call.call_id for call, _ in calls}


async def _append(stage: Stage, calls: Iterable[tuple[OpenCall, bytes]], most: int, rate: float | None) -> None:
    """Append versions exactly as intake does, so many of a partition at once."""
    broker, clock = KafkaBroker(stage.kafka.address, PARTITIONS), SystemClock()
    sealer = Sealer(stage.stack.access.sealing_key)
    sources = {town.name: Source(agency=town.name, name="cad") for town in stage.towns}
    keys = CallKeyCache(broker, clock, sealer)
    waiting: dict[int, list[Record]] = {partition: [] for partition in range(PARTITIONS)}
    new: dict[int, list[CallKey]] = {partition: [] for partition in range(PARTITIONS)}
    try:
        for call, body in calls:
            partition, batch = broker.partition_of(call.agency), waiting[broker.partition_of(call.agency)]
            for version in flat.read(body):
                key = keys.key_of(version.call.call_id)
                new[partition].append(key)
                batch.append(record_of(version, sources[call.agency], sealer, key.key, clock.now()))
            if len(batch) >= most:
                await _write(broker, keys, partition, new, waiting)
            if rate is not None:
                await asyncio.sleep(1 / rate)
        for partition, batch in waiting.items():
            if batch:
                await _write(broker, keys, partition, new, waiting)
    finally:
        await broker.close()


async def _write(
    broker: KafkaBroker,
    keys: CallKeyCache,
    partition: int,
    new: Mapping[int, list[CallKey]],
    waiting: Mapping[int, list[Record]],
) -> None:
    await keys.make_durable(new[partition])
    await broker.append("calls", partition, waiting[partition])
    new[partition].clear()
    waiting[partition].clear()
