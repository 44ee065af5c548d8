"""What a process writes into the audit log: taken at once, written in the background, never in the way of a call.

`record` never waits and never fails: it puts the entry in a bounded queue, from which `run` writes it. An entry that
cannot be written is tried again until it can; how long the oldest has waited is measured, and is an alarm. Where so
many wait that one more finds no room it is counted, and once the log can be written again it says how many are lost.

`recorded` waits until the entry is durable. It is for what must not be shown unless it stands in the log: data handed
out in bulk, which can wait, and which nobody can call back.

What repeats itself is not written each time: a page that a team leaves open opens its call every few seconds, triage
opens every version. The first time is written at once, the repeats of each minute as one entry that counts them.
"""

from __future__ import annotations

import asyncio
import math
import secrets
from collections import deque
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby, islice
from typing import Any

from shared.audit_log.chain import ChainKeys
from shared.audit_log.chain_writer import ChainWriter, entry_record
from shared.clock import Clock
from shared.engine.background import Background
from shared.engine.broker import Broker, BrokerUnavailable
from shared.events import AuditEntriesLost, AuditEntry, child_id
from shared.telemetry import AUDIT_ENTRIES, AUDIT_ENTRIES_LOST, AUDIT_UNWRITTEN_SECONDS, begin, logger

MOST_WAITING = 10_000
"""Entries that wait in a process; as many repeats are counted at a time, and as many agencies' losses."""
BATCH = 200
LINGER_SECONDS = 0.2
"""So long an entry that nobody waits for may wait for others, to be written with them."""
REPEATS_SECONDS = 60.0
CITE_SECONDS = 600.0
"""So often a process that has nothing to write cites what others have written since, if anything."""
RETRY_SECONDS = 1.0
CLOSING_SECONDS = 2.0


@dataclass(slots=True, eq=False)
class _Waiting:
    """An entry that is not known to be durable."""

    agency: str
    partition: int
    entry: AuditEntry
    entry_id: str
    since: float
    written: asyncio.Future[None] | None = None


@dataclass(slots=True)
class _Repeats:
    """What came again within a minute of the first time."""

    agency: str
    entry: AuditEntry
    ends_at: float
    times: int = 0
    first: datetime | None = None
    last: datetime | None = None


class AuditLog:
    """The audit log, as one process writes it."""

    def __init__(self, broker: Broker, clock: Clock, keys: ChainKeys, process: str) -> None:
        self._broker, self._clock, self._process = broker, clock, process
        self._chains = ChainWriter(broker, keys, process)
        self._waiting: deque[_Waiting] = deque()
        self._repeats: dict[tuple[str, str], _Repeats] = {}
        self._lost: dict[str, AuditEntriesLost] = {}
        self._id, self._count = secrets.token_hex(16), 0
        self._bell, self._hurry = Background(), asyncio.Event()
        self._cite_at = math.inf
        begin("audit log", service=process)

    def unwritten_seconds(self) -> float:
        """How long the oldest entry has waited to be written; 0: none waits. Any thread may ask."""
        with suppress(IndexError):
            since = self._waiting[0].since
            return max(0.0, self._clock.monotonic() - since)
        return 0.0

    def record(self, agency: str, entry: AuditEntry) -> None:
        """Take an entry, to be written as soon as that can be."""
        if "times" not in type(entry).model_fields or not self._repeated(agency, entry):
            self._put(agency, entry)

    async def recorded(self, agency: str, entry: AuditEntry, seconds: float) -> bool:
        """Take an entry, and wait so long until it is durable; whether it is."""
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._put(agency, entry, written)
        self._hurry.set()
        await asyncio.wait([written], timeout=seconds)
        return written.done()

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[None]:
        """Write what is recorded meanwhile; at the end what is left, if that can be done soon."""
        self._cite_at = self._clock.monotonic() + CITE_SECONDS
        unwritten = AUDIT_UNWRITTEN_SECONDS.labels(self._process)
        unwritten.set_function(self.unwritten_seconds)
        task = asyncio.get_running_loop().create_task(self._run())
        try:
            yield
        finally:
            await self._close(task)
            unwritten.set_function(float)

    async def _close(self, task: asyncio.Task[None]) -> None:
        self._end_repeats(list(self._repeats))
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSING_SECONDS):
                while self._waiting:
                    self._hurry.set()
                    await asyncio.sleep(LINGER_SECONDS / 100)
        task.cancel()
        await asyncio.wait([task])
        if gone := len(self._waiting) + sum(lost.count for lost in self._lost.values()):
            logger().error("audit log not written, and the process ends: what it had is lost", count=gone)
        await self._chains.close()

    def _repeated(self, agency: str, entry: AuditEntry) -> bool:
        """Whether it says what was said within the last minute, and is counted instead."""
        key = (agency, f"{entry.type} {entry.model_dump_json(exclude={'at'})}")
        repeats = self._repeats.get(key)
        if repeats is None:
            if len(self._repeats) < MOST_WAITING:
                self._repeats[key] = _Repeats(agency, entry, self._clock.monotonic() + REPEATS_SECONDS)
            return False
        repeats.times += 1
        repeats.first, repeats.last = repeats.first or entry.at, entry.at
        return True

    def _end_repeats(self, ended: Iterable[tuple[str, str]]) -> None:
        for key in ended:
            repeats = self._repeats.pop(key)
            if repeats.times:
                counted: dict[str, Any] = {"at": repeats.first, "times": repeats.times, "until": repeats.last}
                self._put(repeats.agency, repeats.entry.model_copy(update=counted))

    def _put(self, agency: str, entry: AuditEntry, written: asyncio.Future[None] | None = None) -> None:
        if len(self._waiting) >= MOST_WAITING:
            self._lose(agency, entry)
            return
        self._count += 1
        entry_id, since = child_id(self._id, str(self._count)), self._clock.monotonic()
        partition = self._broker.partition_of(agency)
        self._waiting.append(_Waiting(agency, partition, entry, entry_id, since, written))
        self._bell.wake()

    def _lose(self, agency: str, entry: AuditEntry) -> None:
        AUDIT_ENTRIES_LOST.labels(self._process).inc()
        lost = self._lost.get(agency)
        if lost is not None:
            self._lost[agency] = lost.model_copy(update={"count": lost.count + 1, "until": entry.at})
        elif len(self._lost) < MOST_WAITING:
            made = AuditEntriesLost(at=entry.at, by=self._process, door=self._process, count=1, until=entry.at)
            self._lost[agency] = made

    async def _run(self) -> None:
        while True:
            try:
                await self._turn()
            except BrokerUnavailable as error:
                logger().warning("audit log not written", wrong=str(error)[:300], count=len(self._waiting))
                await asyncio.sleep(RETRY_SECONDS)
            except Exception as error:  # noqa: BLE001  # what waits is an alarm by itself, and nothing else may end
                logger().error("audit log not written", error=type(error).__name__, count=len(self._waiting))
                await asyncio.sleep(RETRY_SECONDS)

    async def _turn(self) -> None:
        """Wait until there is something to do, and do it. Raises BrokerUnavailable."""
        if not self._waiting:
            ends = [
                repeats.ends_at for repeats in islice(self._repeats.values(), 1)
            ]  # the first to begin is first to end
            await self._bell.wait(min([self._cite_at, *ends]) - self._clock.monotonic())
        with suppress(TimeoutError):
            async with asyncio.timeout(LINGER_SECONDS):
                await self._hurry.wait()
        self._hurry.clear()
        now = self._clock.monotonic()
        self._end_repeats([key for key, repeats in self._repeats.items() if repeats.ends_at <= now])
        await self._write()
        if now >= self._cite_at:
            self._cite_at = now + CITE_SECONDS
            await self._chains.cite(self._clock.now())

    async def _write(self) -> None:
        while self._waiting:
            batch = sorted(islice(self._waiting, BATCH), key=lambda waiting: waiting.partition)
            for partition, group in groupby(batch, key=lambda waiting: waiting.partition):
                await self._append(partition, list(group))
            while self._lost and len(self._waiting) < MOST_WAITING:
                self._put(*self._lost.popitem())

    async def _append(self, partition: int, group: list[_Waiting]) -> None:
        now = self._clock.now()
        records = [
            entry_record(waiting.agency, waiting.entry, waiting.entry_id, self._process, now) for waiting in group
        ]
        await self._chains.append(partition, records, now)
        for waiting in group:
            self._waiting.remove(waiting)
            AUDIT_ENTRIES.labels(self._process).inc()
            if waiting.written is not None and not waiting.written.done():
                waiting.written.set_result(None)
