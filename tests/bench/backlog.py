"""Recovery: how fast 100,000 waiting events are drained, and how soon a restarted service decides again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from aiokafka import TopicPartition

from services.intake import flat
from services.intake.call_keys import CallKeyCache
from services.intake.version import record as record_of
from shared.agencies import Source
from shared.call_keys import CallKey
from shared.clock import SystemClock
from shared.engine.broker import Record
from shared.engine.journal import positions_of
from shared.engine.kafka import KafkaBroker
from shared.sealing import Sealer
from tests.bench.load import NEW_EVERY
from tests.bench.stage import PARTITIONS, Stage
from tests.rig.calls import CallStream
from tests.rig.log import consumer, ends, follow

JOURNAL_OF = {"triage": "decisions", "team-availability": "assignments", "notification": "notifications"}
INPUTS_OF = {
    "triage": ("calls",),
    "team-availability": ("calls", "decisions"),
    "notification": ("assignments",),
}
BATCH = 200
DRAIN_SECONDS = 400.0
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
    cpu_seconds: float
    finished: bool


@dataclass(frozen=True, slots=True)
class Restarted:
    """One service, killed and started again."""

    service: str
    snapshots: bool
    journal_events: int
    seconds: float | None
    """From exec to its first decision; None: not within two minutes."""


async def drain(stage: Stage, number: int) -> list[Drained]:
    """Let `number` versions wait in `calls` while nothing decides, then start all three services at once."""
    for service in JOURNAL_OF:
        stage.end(service)
    start = await ends(stage.kafka.address, PARTITIONS, ("calls", *JOURNAL_OF.values()))
    await _publish(stage, number)
    began = {service: stage.start(service) for service in JOURNAL_OF}
    done: dict[str, tuple[float, float]] = {}
    until = time.monotonic() + DRAIN_SECONDS
    while len(done) < len(JOURNAL_OF) and time.monotonic() < until:
        await asyncio.sleep(0.5)
        for service in JOURNAL_OF.keys() - done.keys():
            upstream = {other for other, journal in JOURNAL_OF.items() if journal in INPUTS_OF[service]}
            if upstream <= done.keys() and await _caught_up(stage, service):
                done[service] = time.time(), sum(stage.process(service).cpu_times()[:2])
    end = await ends(stage.kafka.address, PARTITIONS, ("calls", *JOURNAL_OF.values()))
    grown = {topic: sum(at - start[place] for place, at in end.items() if place[0] == topic) for topic, _ in end}
    return [
        Drained(
            service,
            sum(grown[topic] for topic in INPUTS_OF[service]),
            grown[journal],
            done.get(service, (time.time(), 0.0))[0] - began[service],
            done.get(service, (0.0, 0.0))[1],
            service in done,
        )
        for service, journal in JOURNAL_OF.items()
    ]


async def restart(stage: Stage, service: str, *, snapshots: bool) -> Restarted:
    """Kill a service and start it again while calls trickle in."""
    address, journal = stage.kafka.address, JOURNAL_OF[service]
    journal_events = sum((await ends(address, PARTITIONS, (journal,))).values())
    stage.end(service)
    ready, first = asyncio.Event(), asyncio.get_running_loop().create_future()

    async def watch() -> None:
        claimed: set[int] = set()
        async for entries in follow(address, PARTITIONS, (journal,), ready):
            for record in entries:
                if record.type == "claimed":
                    claimed.add(record.partition)
                elif record.partition in claimed and not first.done():
                    first.set_result(time.time())

    watching = asyncio.get_running_loop().create_task(watch())
    await ready.wait()
    trickling = asyncio.get_running_loop().create_task(_publish(stage, 100_000, rate=TRICKLE_RATE))
    began = stage.start(service, {} if snapshots else WITHOUT_SNAPSHOTS)
    try:
        at = await asyncio.wait_for(first, RESTART_SECONDS)
    except TimeoutError:
        at = None
    for task in (trickling, watching):
        task.cancel()
    await asyncio.wait([trickling, watching])
    return Restarted(service, snapshots, journal_events, None if at is None else at - began)


async def _publish(stage: Stage, number: int, rate: float | None = None) -> None:
    """Put versions into `calls` exactly as intake does, in large batches, or at a rate."""
    broker, clock = KafkaBroker(stage.kafka.address, PARTITIONS), SystemClock()
    sealer = Sealer(stage.stack.access.sealing_key)
    sources = {town.name: Source(agency=town.name, name="cad") for town in stage.towns}
    calls = CallStream(stage.keys, int(time.time()), NEW_EVERY, settle_events=100)
    keys = CallKeyCache(broker, clock, sealer)
    waiting: dict[int, list[Record]] = {partition: [] for partition in range(PARTITIONS)}
    new: dict[int, list[CallKey]] = {partition: [] for partition in range(PARTITIONS)}
    most = BATCH if rate is None else 1
    try:
        for _ in range(number):
            call, body = calls.next()
            partition, batch = broker.partition_of(call.agency), waiting[broker.partition_of(call.agency)]
            for version in flat.read(body):
                key = keys.key_of(version.call.call_id)
                new[partition].append(key)
                batch.append(record_of(version, sources[call.agency], sealer, key.key, clock.now()))
            if len(batch) >= most:
                await _append(broker, keys, partition, new, waiting)
            if rate is not None:
                await asyncio.sleep(1 / rate)
        for partition, batch in waiting.items():
            if batch:
                await _append(broker, keys, partition, new, waiting)
    finally:
        await broker.close()


async def _append(
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


async def _caught_up(stage: Stage, service: str) -> bool:
    """Whether the journal says that its inputs are read, but for a few that left no event."""
    wanted = await ends(stage.kafka.address, PARTITIONS, INPUTS_OF[service])
    reached = await _reached(stage, JOURNAL_OF[service])
    behind = sum(max(0, end - reached.get(place, 0)) for place, end in wanted.items())
    return behind < PARTITIONS * BATCH // 4


async def _reached(stage: Stage, journal: str) -> Mapping[tuple[str, int], int]:
    """The positions in the last record of each partition."""
    places: Sequence[TopicPartition] = [TopicPartition(journal, number) for number in range(PARTITIONS)]
    reached: dict[tuple[str, int], int] = {}
    async with consumer(stage.kafka.address) as client:
        client.assign(places)
        for place, end in (await client.end_offsets(places)).items():
            if end:
                client.seek(place, end - 1)
                last = await client.getone(place)
                for topic, (offset, _) in positions_of(dict(last.headers)).items():
                    reached[topic, place.partition] = offset
    return reached
