"""Latency under an open load: from the intended send time at the CAD's door to the durable `PageDue` or outcome.

The end is when an independent reader of the topics has the record in hand, on the same clock; it is later than the
broker's append, never earlier. Only first versions of calls are timed: an update seldom has an outcome of its own.
"""

from __future__ import annotations

import asyncio
import gc
import json
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from hdrh.histogram import HdrHistogram

from shared.topics import ASSIGNMENTS, NOTIFICATIONS
from tests.bench.stage import PARTITIONS, SERVICES, Stage
from tests.rig.log import Entry, Rule, TopicPartition, ends, follow, read

TOPICS = ("calls", "decisions", "assignments", "notifications")
WARM_SECONDS = 5.0
DRAIN_SECONDS = 20.0
ENDS = ("page-due", "call-routed")


@dataclass(slots=True)
class Row:
    """What happened to one version."""

    call_id: str
    event_id: str
    due: float
    sent: float
    answered: float
    status: int


@dataclass(slots=True)
class Measured:
    """One run."""

    rate: int
    seconds: float
    rows: list[Row]
    """Without the warm-up."""
    arrived: dict[str, tuple[str, float]]
    """By call: `page-due` or `call-routed`, whichever came first, and when the reader had it."""
    usage: dict[str, tuple[float, float]] = field(default_factory=dict)
    """By process: share of a core, resident MiB."""
    cpu_ms: dict[str, float] = field(default_factory=dict)
    """By service: milliseconds of processor time that it took for an event."""
    hops: dict[str, HdrHistogram] = field(default_factory=dict)

    @property
    def new(self) -> list[Row]:
        """First versions that intake acknowledged."""
        return [row for row in self.rows if row.status == 200 and row.event_id.endswith("-0")]

    @property
    def lost(self) -> int:
        """Acknowledged calls without page or outcome."""
        return sum(row.call_id not in self.arrived for row in self.new)

    @property
    def diverted(self) -> int:
        """Calls for which a team was paged."""
        return sum(self.arrived.get(row.call_id, ("",))[0] == "page-due" for row in self.new)

    def histogram(self, kind: str = "") -> HdrHistogram:
        """Microseconds from the intended send time to the end."""
        ends = (self.arrived.get(row.call_id) for row in self.new)
        pairs = zip(self.new, ends, strict=True)
        return filled((end[1] - row.due for row, end in pairs if end is not None and kind in ("", end[0])))


def filled(seconds: Iterable[float]) -> HdrHistogram:
    """A histogram of durations, in microseconds."""
    histogram = HdrHistogram(1, 600_000_000, 3)
    for duration in seconds:
        histogram.record_value(max(1, round(duration * 1e6)))
    return histogram


async def measure(stage: Stage, rate: int, seconds: float, seed: int) -> Measured:
    """One run at a rate: warm up, load, drain."""
    start = await ends(stage.kafka.address, PARTITIONS, TOPICS)
    arrived: dict[str, tuple[str, float]] = {}
    ready = asyncio.Event()
    watching = asyncio.get_running_loop().create_task(_watch(stage, arrived, ready))
    await ready.wait()
    gc.collect()
    gc.disable()
    try:
        rows, usage, used = await _load(stage, rate, seconds, seed)
        measured = Measured(rate, seconds, rows, arrived, usage)
        until = time.monotonic() + DRAIN_SECONDS
        while measured.lost and time.monotonic() < until:  # noqa: ASYNC110  # other processes have to finish
            await asyncio.sleep(0.1)
        measured.cpu_ms = used.an_event(stage.usage())
    finally:
        gc.enable()
        watching.cancel()
        await asyncio.wait([watching])
    measured.hops = await _hops(stage, measured, start)
    return measured


@dataclass(frozen=True, slots=True)
class Used:
    """What was used before the events that are measured."""

    usage: dict[str, tuple[float, float]]
    accepted: int
    """Events that intake has taken since."""

    def an_event(self, usage: dict[str, tuple[float, float]]) -> dict[str, float]:
        """Milliseconds of processor time for an event, by service; of those that have not died meanwhile."""
        seconds = {name: usage[name][0] - self.usage[name][0] for name in SERVICES if name in usage}
        return {name: 1000 * took / max(self.accepted, 1) for name, took in seconds.items()}


async def _load(
    stage: Stage, rate: int, seconds: float, seed: int
) -> tuple[list[Row], dict[str, tuple[float, float]], Used]:
    out = stage.directory / "rows.json"
    spec = {**stage.publishing, "rate": rate, "seconds": WARM_SECONDS + seconds, "seed": seed, "out": str(out)}
    process = await stage.beside("load", spec)
    await asyncio.sleep(WARM_SECONDS)
    before, began, began_at = stage.usage(), time.monotonic(), time.time()
    after, ended = before, began
    while process.poll() is None:
        after, ended = stage.usage(), time.monotonic()
        await asyncio.sleep(0.5)
    usage = {
        name: ((cpu - before[name][0]) / max(ended - began, 0.1), resident)
        for name, (cpu, resident) in after.items()
        if name in before
    }
    rows = [Row(*row) for row in json.loads(await asyncio.to_thread(Path(out).read_text))]
    first = min(row.due for row in rows) + WARM_SECONDS
    used = Used(before, sum(row.status == 200 and row.answered >= began_at for row in rows))
    return [row for row in rows if row.due >= first], usage, used


async def _watch(stage: Stage, arrived: dict[str, tuple[str, float]], ready: asyncio.Event) -> None:
    def take(records: list[Entry]) -> None:
        now = time.time()
        for record in records:
            if record.type in ENDS:
                arrived.setdefault(record.subject, (record.type, now))

    await follow(stage.kafka.address, PARTITIONS, (ASSIGNMENTS.name, NOTIFICATIONS.name), ready, take)


async def _hops(stage: Stage, measured: Measured, start: dict[TopicPartition, int]) -> dict[str, HdrHistogram]:
    """Where the time went, from the broker's times (to the millisecond) and the writers' own in the headers."""
    firsts = _firsts(await read(stage.kafka.address, PARTITIONS, TOPICS, start, Rule(applies=False)))
    spans: dict[str, list[float]] = {}

    def note(name: str, seconds: float) -> None:
        spans.setdefault(name, []).append(seconds)

    for row in measured.new:
        note("due → sent (the generator's own lateness)", row.sent - row.due)
        note("sent → answered (the CAD's wait)", row.answered - row.sent)
        at = firsts.get(row.call_id, {})
        if not {"calls", "decisions", "assignments"} <= at.keys():
            continue
        chain = [at["calls"], at["decisions"], at["assignments"]]
        chain += [at["notifications"]] if "notifications" in at else []
        note("sent → intake has checked and sealed it", chain[0].decided_at - row.sent)
        note("intake → durable in calls", chain[0].time - chain[0].decided_at)
        for before, record in pairwise(chain):
            note(f"{before.topic} → being decided for {record.topic}", record.decided_at - before.time)
            note(f"being decided → durable in {record.topic}", record.time - record.decided_at)
        if row.call_id in measured.arrived:
            note("durable → in the reader's hand", measured.arrived[row.call_id][1] - chain[-1].time)
    return {name: filled(seconds) for name, seconds in spans.items()}


def _firsts(records: Iterable[Entry]) -> dict[str, dict[str, Entry]]:
    """By call and topic: the first record that carries the call on."""
    wanted = {"call-reported", "call-triaged", "offer-made", "call-routed", "page-due"}
    firsts: dict[str, dict[str, Entry]] = {}
    for record in records:
        if record.counts and record.type in wanted:
            firsts.setdefault(record.subject, {}).setdefault(record.topic, record)
    return firsts


def figures(histogram: HdrHistogram) -> dict[str, Any]:
    """Milliseconds."""
    at = {f"p{percent:g}": histogram.get_value_at_percentile(percent) / 1000 for percent in (50, 90, 99, 99.9)}
    return {"count": histogram.total_count, **at, "max": histogram.get_max_value() / 1000}
