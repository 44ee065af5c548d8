"""One host on trial: the towns, a steady load, the same with a kill in the middle of it, and a backlog."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Iterable, Sequence
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
    await _create_topics(peer, stand.bootstrap)
    result = Result(peer, await floor(stand.bootstrap, stand.load.rate, FLOOR_SECONDS))
    broker = KafkaBroker(stand.bootstrap, PARTITIONS)
    running = _Trial(
        stand.load,
        Processes(peer, stand.bootstrap, stand.directory),
        Watch(stand.bootstrap, PARTITIONS, peer.run),
        Feed(broker, peer.run, stand.past.agencies, stand.sealer),
    )
    loop = asyncio.get_running_loop()
    beside = [loop.create_task(running.watch.follow()), loop.create_task(running.feed.tick())]
    try:
        running.processes.start()
        await stand.past.again(broker, running.watch)
        await running.steady(result)
        await running.killed(result)
        await running.backlog(result)
        await running.until_done()
        result.calls, result.counted = len(running.feed.due), running.counted()
    except NotSettled as problem:
        result.wrong = f"{problem}\n"
    finally:
        result.wrong += running.processes.last_words()
        running.processes.kill()
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


@dataclass(frozen=True, slots=True)
class _Trial:
    load: Load
    processes: Processes
    watch: Watch
    feed: Feed

    async def steady(self, result: Result) -> None:
        """Latency and CPU under the load."""
        await self.feed.publish(self.load.rate, WARM_SECONDS)
        before, earlier = self.processes.cpu_seconds(), set(self.feed.due)
        await self.feed.publish(self.load.rate, self.load.seconds)
        result.cpu_ms = 1000 * (self.processes.cpu_seconds() - before) / (self.load.rate * self.load.seconds)
        calls = self.feed.due.keys() - earlier
        await self._until_ended(calls, DRAIN_SECONDS)
        result.hop, result.chain = self._took(calls, (DECIDED,)), self._took(calls, ENDS)

    async def killed(self, result: Result) -> None:
        """How soon it is back."""
        earlier = set(self.feed.due)
        publishing = asyncio.get_running_loop().create_task(self.feed.publish(self.load.rate, self.load.seconds))
        await asyncio.sleep(self.load.seconds / 4)
        self.processes.kill()
        at = time.time()
        self.processes.start()
        await publishing
        await self._until_ended(self.feed.due.keys() - earlier, DRAIN_SECONDS)
        first: dict[str, float] = {}
        for entry, arrived in self.watch.since(at):
            first.setdefault(entry.topic, arrived)
        came = first.keys() == set(JOURNALS)
        result.back_seconds = f"{max(first.values()) - at:.1f}" if came else f"over {time.time() - at:.0f}"

    async def backlog(self, result: Result) -> None:
        """How fast it works off what waits, after a start in order."""
        await self.watch.until_quiet(QUIET_SECONDS, DRAIN_SECONDS)
        await asyncio.to_thread(self.processes.stop)
        calls, at = await self.feed.pile_up(self.load.backlog), time.time()
        self.processes.start()
        await self._until_ended(calls, BACKLOG_SECONDS)
        arrived = [arrived for entry, arrived in self.watch.since(at) if entry.subject in calls]
        ends = self._seen(calls, ENDS)
        if arrived and len(ends) == len(calls):
            result.drained = f"{self.load.backlog / (max(ends.values()) - min(arrived)):.0f}"
        else:
            result.drained = f"under {self.load.backlog / BACKLOG_SECONDS:.0f}"

    async def until_done(self) -> None:
        """Wait until nothing is lost, or nothing more comes: what is late is not lost."""
        until = time.monotonic() + DONE_SECONDS
        while self.counted().lost and time.monotonic() < until:
            before = len(self.watch.entries)
            await asyncio.sleep(SILENT_SECONDS)
            if len(self.watch.entries) == before:
                return

    def counted(self) -> Counted:
        """What became of all calls so far."""
        return counted(self.watch.entries, self.feed.due)

    async def _until_ended(self, calls: Collection[str], most_seconds: float) -> None:
        until = time.monotonic() + most_seconds
        while len(self._seen(calls, ENDS)) < len(calls) and time.monotonic() < until:  # noqa: ASYNC110  # as in `measure`
            await asyncio.sleep(0.25)

    def _took(self, calls: Iterable[str], kinds: Sequence[str]) -> HdrHistogram:
        return filled(at - self.feed.due[call] for call, at in self._seen(calls, kinds).items())

    def _seen(self, calls: Iterable[str], kinds: Sequence[str]) -> dict[str, float]:
        """Of these calls, those with an event of such a kind, and when the first of it was seen."""
        first = self.watch.first
        seen = ((call, [first[kind, call] for kind in kinds if (kind, call) in first]) for call in calls)
        return {call: min(at) for call, at in seen if at}
