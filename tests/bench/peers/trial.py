"""One host on trial: the towns, a steady load, the same with a kill in the middle of it, and a backlog."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from hdrh.histogram import HdrHistogram

from shared.engine.kafka import KafkaBroker, create_topics
from shared.engine.topic import beats_of, snapshots_of
from shared.sealing import Sealer
from shared.topics import ASSIGNMENTS, CALLS, COMMANDS, DECISIONS, NOTIFICATIONS, ROSTERS
from tests.bench.floor import floor
from tests.bench.latency import filled
from tests.bench.peers.counting import DECIDED, ENDS, Counted, counted
from tests.bench.peers.feed import Feed
from tests.bench.peers.hosting import SERVICES, TICKS
from tests.bench.peers.peer import Peer
from tests.bench.peers.processes import Processes
from tests.bench.peers.town import NotSettled, Past
from tests.bench.peers.watching import JOURNALS, Watch
from tests.bench.stage import PARTITIONS

FLOOR_SECONDS, WARM_SECONDS = 3.0, 3.0
QUIET_SECONDS, DRAIN_SECONDS, BACKLOG_SECONDS = 2.0, 15.0, 30.0
DONE_SECONDS, SILENT_SECONDS = 60.0, 10.0


@dataclass(frozen=True, slots=True)
class Load:
    """How much a host is given."""

    rate: int
    seconds: float
    """Of the steady load; then once more, with the kill after a quarter of it."""
    backlog: int


@dataclass(slots=True)
class Result:
    """What came of it; what is empty was not measured, and `wrong` says why."""

    peer: Peer
    floor: HdrHistogram | None = None
    """A bare append and read, just before."""
    hop: HdrHistogram | None = None
    """From when a new call was due until its decision is seen."""
    chain: HdrHistogram | None = None
    """Likewise until its page or outcome is."""
    cpu_ms: float | None = None
    """Of all its processes, for a version."""
    back_seconds: str = ""
    """From the kill until each service has decided again."""
    drained: str = ""
    """Versions of the backlog a second, from the first that was decided to the last page or outcome."""
    calls: int = 0
    counted: Counted | None = None
    wrong: str = ""
    """Also the last words of processes that ended by themselves."""


@dataclass(frozen=True, slots=True)
class Stand:
    """What all hosts stand on."""

    bootstrap: str
    past: Past
    sealer: Sealer
    load: Load
    directory: Path


async def trial(peer: Peer, stand: Stand) -> Result:
    """Everything about one host."""
    bootstrap, load = stand.bootstrap, stand.load
    broker = KafkaBroker(bootstrap, PARTITIONS)
    await _create_topics(peer, bootstrap)
    processes, result = (
        Processes(peer, bootstrap, stand.directory),
        Result(peer, await floor(bootstrap, load.rate, FLOOR_SECONDS)),
    )
    watch, feed = Watch(bootstrap, PARTITIONS, peer.run), Feed(broker, peer.run, stand.past.agencies, stand.sealer)
    loop = asyncio.get_running_loop()
    beside = [loop.create_task(watch.follow()), loop.create_task(feed.tick())]
    try:
        processes.start()
        await stand.past.again(broker, watch)
        await _steady(result, processes, watch, feed, load)
        await _killed(result, processes, watch, feed, load)
        await _backlog(result, processes, watch, feed, load)
        await _until_done(watch, feed)
        result.calls, result.counted = len(feed.due), counted(watch.entries, feed.due)
        result.wrong = processes.last_words()
    except NotSettled as problem:
        result.wrong = f"{problem}\n{processes.last_words()}"
    finally:
        processes.kill()
        for task in beside:
            task.cancel()
        await asyncio.wait(beside)
        await broker.close()
    return result


async def _create_topics(peer: Peer, bootstrap: str) -> None:
    topics = (COMMANDS, CALLS, DECISIONS, ASSIGNMENTS, NOTIFICATIONS, ROSTERS, TICKS)
    of_run = [replace(topic, name=f"{peer.run}-{topic.name}") for topic in topics]
    own = [made(f"{peer.run}-{name}") for name in SERVICES for made in (snapshots_of, beats_of)] if peer.is_own else []
    await create_topics(bootstrap, PARTITIONS, 1, [*of_run, *own])


async def _steady(result: Result, processes: Processes, watch: Watch, feed: Feed, load: Load) -> None:
    await feed.publish(load.rate, WARM_SECONDS)
    before, known = processes.cpu_seconds(), set(feed.due)
    await feed.publish(load.rate, load.seconds)
    result.cpu_ms = 1000 * (processes.cpu_seconds() - before) / (load.rate * load.seconds)
    calls = feed.due.keys() - known
    await _until_ended(watch, calls, DRAIN_SECONDS)
    result.hop = _took(watch, feed, calls, (DECIDED,))
    result.chain = _took(watch, feed, calls, ENDS)


async def _killed(result: Result, processes: Processes, watch: Watch, feed: Feed, load: Load) -> None:
    known = set(feed.due)
    publishing = asyncio.get_running_loop().create_task(feed.publish(load.rate, load.seconds))
    await asyncio.sleep(load.seconds / 4)
    processes.kill()
    killed_at = time.time()
    processes.start()
    await publishing
    await _until_ended(watch, feed.due.keys() - known, DRAIN_SECONDS)
    first: dict[str, float] = {}
    for entry, arrived in watch.since(killed_at):
        first.setdefault(entry.topic, arrived)
    came = first.keys() == set(JOURNALS)
    result.back_seconds = f"{max(first.values()) - killed_at:.1f}" if came else f"over {time.time() - killed_at:.0f}"


async def _backlog(result: Result, processes: Processes, watch: Watch, feed: Feed, load: Load) -> None:
    await watch.until_quiet(QUIET_SECONDS, DRAIN_SECONDS)
    await asyncio.to_thread(processes.stop)
    calls = await feed.pile_up(load.backlog)
    started_at = time.time()
    processes.start()
    await _until_ended(watch, calls, BACKLOG_SECONDS)
    arrived = [at for entry, at in watch.since(started_at) if entry.subject in calls]
    ended = _ended(watch, calls)
    if arrived and len(ended) == len(calls):
        result.drained = f"{load.backlog / (max(ended.values()) - min(arrived)):.0f}"
    else:
        result.drained = f"under {load.backlog / BACKLOG_SECONDS:.0f}"


async def _until_done(watch: Watch, feed: Feed) -> None:
    """Wait until nothing is lost, or nothing more comes: what is late is not lost."""
    until = time.monotonic() + DONE_SECONDS
    while counted(watch.entries, feed.due).lost and time.monotonic() < until:
        before = len(watch.entries)
        await asyncio.sleep(SILENT_SECONDS)
        if len(watch.entries) == before:
            return


async def _until_ended(watch: Watch, calls: Collection[str], most_seconds: float) -> None:
    until = time.monotonic() + most_seconds
    while len(_ended(watch, calls)) < len(calls) and time.monotonic() < until:  # noqa: ASYNC110  # other processes have to finish
        await asyncio.sleep(0.25)


def _ended(watch: Watch, calls: Iterable[str]) -> dict[str, float]:
    """Of these calls, those with a page or an outcome, and when it was seen."""
    seen = ((call, [watch.first[kind, call] for kind in ENDS if (kind, call) in watch.first]) for call in calls)
    return {call: min(at) for call, at in seen if at}


def _took(watch: Watch, feed: Feed, calls: Iterable[str], kinds: tuple[str, ...]) -> HdrHistogram:
    seen = ((call, [watch.first[kind, call] for kind in kinds if (kind, call) in watch.first]) for call in calls)
    return filled(min(at) - feed.due[call] for call, at in seen if at)
