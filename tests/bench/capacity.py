"""What the model of capacity takes as measured: processor time, bytes on disk and memory, by version and by call.

Nothing here is told by the clock on the wall, so that it holds on a machine that does other things beside.
"""

from __future__ import annotations

import asyncio
import json
import os
import platform
import signal
import subprocess
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import psutil

from deploy.capacity.inputs import Decider, Measured, Process, Run, TopicShare
from deploy.local.kafka.node import CHECKOUT
from shared.topics import ASSIGNMENTS, CALL_KEYS, CALLS, COMMANDS, DECISIONS, NOTIFICATIONS
from tests.bench.backlog import JOURNAL_OF, drain
from tests.bench.latency import measure
from tests.bench.stage import AGENCIES, PARTITIONS, SERVICES, TEAMS, Stage
from tests.rig.calls import KINDS, NARRATIVE, SUITABLE_PERCENT, OpenCall, body_of
from tests.rig.log import TopicPartition, ends

RATE = 80
"""Slow enough that versions come one by one."""
IDLE_SECONDS, START_SECONDS, QUIET_SECONDS = 20.0, 20.0, 45.0
"""Nothing is offered any more after the last."""
LEAST_ACCEPTED = 0.9
"""Of the versions that are sent."""
VERSIONS_A_CALL = 10
ENDED_OF_TEN = 7
"""Calls that their CAD closes in the end."""
AT_ONCE = 300
"""Calls whose versions come in turn."""
TOPICS = tuple(topic.name for topic in (CALLS, CALL_KEYS, COMMANDS, DECISIONS, ASSIGNMENTS, NOTIFICATIONS))
FOLD_SECONDS, PATIENCE_SECONDS = 600.0, 30.0


@dataclass(frozen=True, slots=True)
class OneByOne:
    """What came of versions that came one by one."""

    sent: int
    seconds: float
    cpu_seconds: dict[str, float]
    """By process."""
    resident_mib: dict[str, float]
    topics: dict[str, TopicShare]


async def capacity(stage: Stage, seconds: float, versions: int) -> Measured:
    """Measure on a stage that nothing was sent to yet. Raises RuntimeError where the machine is too busy for it."""
    load_average = os.getloadavg()[0]
    base = await ends(stage.kafka.address, PARTITIONS, tuple(JOURNAL_OF.values()))
    started = {service: await _started(stage, service) for service in JOURNAL_OF}
    sent = await _one_by_one(stage, seconds)
    await asyncio.sleep(QUIET_SECONDS)
    idle = await _idle(stage)  # once all have worked: what runs for the first time takes longer
    processes = {
        name: Process(
            idle_cores=_rounded(idle[name]),
            cpu_ms_a_version=_rounded(1000 * (sent.cpu_seconds[name] - idle[name] * sent.seconds) / sent.sent),
            resident_mib=_rounded(sent.resident_mib[name]),
        )
        for name in (*SERVICES, "kafka")
    }
    start_cpu = {service: max(0.01, cpu - START_SECONDS * idle[service]) for service, cpu in started.items()}
    topics = sent.topics
    whole_calls = lives(stage, versions // VERSIONS_A_CALL)
    drained = {each.service: each for each in await drain(stage, whole_calls, PATIENCE_SECONDS)}
    if behind := [each.service for each in drained.values() if not each.finished]:
        raise RuntimeError(f"{', '.join(behind)}: the backlog was not drained, so there is nothing to weigh")
    folded = {service: await _folded(stage, service, base) for service in JOURNAL_OF}
    calls = folded["triage"]["calls"]
    deciders = {
        service: _decider(
            folded[service],
            calls,
            start_cpu_seconds=start_cpu[service],
            drained=versions / max(drained[service].cpu_seconds - start_cpu[service], 0.01),
            journal=topics[JOURNAL_OF[service]],
        )
        for service in JOURNAL_OF
    }
    about = (
        f"{AGENCIES} agencies on {PARTITIONS} partitions, one broker; {RATE} versions a second for {seconds:.0f} s, "
        f"then a backlog of {versions}; {VERSIONS_A_CALL} versions a call, {SUITABLE_PERCENT} % of the calls suit one "
        f"of {TEAMS} teams; a narrative of {len(NARRATIVE)} characters; no compression"
    )
    run = Run(
        date=datetime.now(UTC).date(),
        commit=_commit(),
        machine=f"{os.cpu_count()} cores, {psutil.virtual_memory().total / 2**30:.1f} GiB, {platform.machine()}, "
        f"Python {platform.python_version()}",
        load_average=round(load_average, 1),
        calls=about,
        versions_a_call=VERSIONS_A_CALL,
    )
    return Measured(run=run, processes=processes, deciders=deciders, topics=topics)  # type: ignore[arg-type]


async def _idle(stage: Stage) -> dict[str, float]:
    """By process, the share of a core that it uses while nothing happens."""
    before, began = stage.usage(), time.monotonic()
    await asyncio.sleep(IDLE_SECONDS)
    after, took = stage.usage(), time.monotonic() - began
    return {name: (cpu - before[name][0]) / took for name, (cpu, _) in after.items()}


async def _started(stage: Stage, service: str) -> float:
    """Processor time of a process that has just been started on an almost empty journal, and then waits for work."""
    stage.end(service, signal.SIGTERM)  # in order: whoever comes after a process that died is careful at first
    stage.start(service)
    await asyncio.sleep(START_SECONDS)
    return float(sum(stage.process(service).cpu_times()[:2]))


async def _one_by_one(stage: Stage, seconds: float) -> OneByOne:
    before, before_bytes = await ends(stage.kafka.address, PARTITIONS, TOPICS), segment_bytes(stage)
    used, began = stage.usage(), time.monotonic()
    await measure(stage, RATE, seconds, seed=RATE)
    await asyncio.sleep(1)
    uses, took = stage.usage(), time.monotonic() - began
    after, after_bytes = await ends(stage.kafka.address, PARTITIONS, TOPICS), segment_bytes(stage)
    sent = appended(before, after, CALLS.name)
    if sent < LEAST_ACCEPTED * RATE * seconds:
        raise RuntimeError(f"intake took {sent} versions of {RATE * seconds:.0f}: the machine is too busy")
    topics = {
        name: TopicShare(
            records_a_version=_rounded(appended(before, after, name) / sent),
            bytes_a_version=_rounded((after_bytes[name] - before_bytes[name]) / sent),
        )
        for name in TOPICS
    }
    cpu_seconds = {name: cpu - used[name][0] for name, (cpu, _) in uses.items() if name in used}
    return OneByOne(sent, took, cpu_seconds, {name: resident for name, (_, resident) in uses.items()}, topics)


def lives(stage: Stage, number: int) -> Iterator[tuple[OpenCall, bytes]]:
    """Whole calls, one after another in groups whose versions come in turn; the last version ends most of them."""
    random, agencies, numbers = Random(0), list(stage.keys), count()
    for first in range(0, number, AT_ONCE):
        group = [_call(random, agencies, next(numbers)) for _ in range(first, min(first + AT_ONCE, number))]
        for version in range(VERSIONS_A_CALL):
            for call in group:
                call.version = version
                if version == VERSIONS_A_CALL - 1 and call.number % 10 < ENDED_OF_TEN:
                    call.status = "closed"
                yield call, body_of(call, datetime.now(UTC).isoformat())


def _call(random: Random, agencies: list[str], number: int) -> OpenCall:
    (code, answers, _), *_ = random.choices(KINDS, [share for _, _, share in KINDS])
    now = datetime.now(UTC).isoformat()
    return OpenCall(agencies[random.randrange(len(agencies))], f"life-{number}", code, answers, now, number)


def segment_bytes(stage: Stage) -> dict[str, int]:
    """By topic, the bytes of its segments on disk."""
    data = stage.kafka.directory / "data"
    return {
        name: sum(
            segment.stat().st_size
            for partition in range(PARTITIONS)
            for segment in (data / f"{name}-{partition}").glob("*.log")
        )
        for name in TOPICS
    }


def appended(before: Mapping[TopicPartition, int], after: Mapping[TopicPartition, int], topic: str) -> int:
    """Records that a topic has got."""
    return sum(end - before[place] for place, end in after.items() if place[0] == topic)


async def _folded(stage: Stage, service: str, base: Mapping[TopicPartition, int]) -> dict[str, Any]:
    out = stage.directory / f"{service}-folded.out"
    begins = {number: base[JOURNAL_OF[service], number] for number in range(PARTITIONS)}
    spec = {"service": service, "bootstrap": stage.kafka.address, "partitions": PARTITIONS, "base": begins}
    process = await stage.beside("folded", {**spec, "out": str(out)})
    await asyncio.to_thread(process.wait, FOLD_SECONDS)
    folded: dict[str, Any] = json.loads(await asyncio.to_thread(Path(out).read_text))
    return folded


def _decider(
    folded: Mapping[str, Any], calls: int, *, start_cpu_seconds: float, drained: float, journal: TopicShare
) -> Decider:
    base, fullest, last = folded["base"], folded["fullest"], folded["last"]
    base_bytes = _total(base, "other_bytes") + _total(base, "remembered_bytes")
    opened = _total(fullest, "other_bytes") - _total(base, "other_bytes")
    remembered = _total(last, "remembered_bytes") - _total(base, "remembered_bytes")
    calls -= _total(last, "open_calls")
    return Decider(
        drained_versions_a_cpu_second=_rounded(drained),
        journal_records_a_version=journal.records_a_version,
        fold_us_a_record=_rounded(1e6 * folded["fold_cpu_seconds"] / folded["records"]),
        start_cpu_seconds=_rounded(start_cpu_seconds),
        bytes_an_agency=_rounded(base_bytes / AGENCIES),
        bytes_an_open_call=_rounded(opened / max(1, _total(fullest, "open_calls"))),
        bytes_a_remembered_call=_rounded(remembered / calls),
        resident_a_counted_byte=max(1.0, _rounded(folded["copies"]["resident_a_counted_byte"])),
        snapshot_bytes_a_call=_rounded(_grown(folded, "snapshot_bytes") / calls),
        pack_us_a_call=_rounded(1e6 * _grown(folded, "pack_cpu_seconds") / calls),
        unpack_us_a_call=_rounded(1e6 * _grown(folded, "unpack_cpu_seconds") / calls),
        collect_us_a_call=_rounded(1e6 * folded["copies"]["collect_cpu_seconds"] / calls),
    )


def _grown(folded: Mapping[str, Any], name: str) -> float:
    """What the calls added to it."""
    return float(folded["packed"][name] - folded["packed_base"][name])


def _total(weighed: Iterable[Mapping[str, int]], name: str) -> int:
    return sum(each[name] for each in weighed)


def _rounded(figure: float) -> float:
    """To three figures: more would pretend to what one run cannot tell."""
    return float(f"{figure:.3g}")


def _commit() -> str:
    said = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=CHECKOUT, capture_output=True, text=True, check=False
    )
    return said.stdout.strip() or "unknown"
