"""Reporting as a process: prepares the store, carries every record into it, serves its door, and watches all that."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict
from typing import Any, TypeVar

import uvicorn
from sqlalchemy.ext.asyncio import AsyncEngine

from services.reporting.begin import begin, set_back
from services.reporting.carrier import Carrier, carried
from services.reporting.lag import Lag
from services.reporting.store.engine import is_away
from services.reporting.store.prepare import prepare
from services.reporting.store.write import write
from shared import telemetry
from shared.clock import Clock
from shared.engine.broker import Broker, Reader, Stored
from shared.topics import ASSIGNMENTS, AUDITS, CALLS, COMMANDS, DECISIONS, NOTIFICATIONS

READS = (CALLS, COMMANDS, DECISIONS, ASSIGNMENTS, NOTIFICATIONS, AUDITS)
T = TypeVar("T")
LOOK_SECONDS = 0.5
AGAIN_SECONDS = 0.5
"""How soon a database that is away is asked again."""


class DoorEnded(RuntimeError):
    """The door serves no more, or never did: mostly its port is taken."""


class _Stopped(Exception):
    """It was told to stop while it waited for the database."""


class Reporter:
    """Runs until told to stop, or until something is so that only a new process can mend it."""

    def __init__(self, engine: AsyncEngine, broker: Broker, carrier: Carrier, clock: Clock) -> None:
        self._engine, self._broker, self._carrier, self._clock = engine, broker, carrier, clock
        self.topics = READS
        self.door: uvicorn.Server | None = None
        """Served beside the rest, where there is one."""
        self.prepared = False
        """Whether the store has its tables."""
        self.turned_at = clock.monotonic()
        self._lag, self._away, self._stop = Lag(engine, clock), False, asyncio.Event()

    @property
    def ready(self) -> bool:
        """Whether everything that was there at the start is in the store, and the database is there."""
        return self._lag.caught_up and not self._away

    async def run(self, stop: asyncio.Event) -> None:
        """Run until `stop` is set. Raises whatever makes it unable to go on."""
        telemetry.REPORT_LAG.set_function(self._lag.seconds)
        self._stop = stop
        with suppress(_Stopped):
            await self._run(stop)
        await self._engine.dispose()

    async def _run(self, stop: asyncio.Event) -> None:
        async with _beside(self._tick()) as ticking, _served(self.door) as serving:
            await self._once_there(lambda: prepare(self._engine, self._clock.now()))
            self.prepared = True
            reader = await self._broker.reader()
            places = [(topic.name, number) for topic in READS for number in range(self._broker.partitions)]
            await set_back(self._carrier, await begin(self._engine, reader, places), self._clock)
            async with carried(self._carrier, [topic.name for topic in READS], self._take) as carrying:
                await self._watch(reader, stop, (ticking, serving, carrying))
            await reader.close()

    async def _take(self, batch: Sequence[Stored]) -> None:
        """Store a batch, however long the database is away. Raises Gap."""
        written = await self._once_there(lambda: write(self._engine, batch))
        telemetry.REPORT_LAST_BATCH.set(self._clock.now().timestamp())
        for result, count in asdict(written).items():
            telemetry.REPORT_RECORDS.labels(result).inc(count)

    async def _once_there(self, work: Callable[[], Awaitable[T]]) -> T:
        """Do what needs the database, until it is there. Raises whatever else goes wrong, or _Stopped."""
        while not self._stop.is_set():
            try:
                done = await work()
            except Exception as error:
                if not is_away(error):
                    raise
                self._note_away(error)
                await asyncio.sleep(AGAIN_SECONDS)
            else:
                self._note_away(None)
                return done
        raise _Stopped

    def _note_away(self, error: Exception | None) -> None:
        if error is not None and not self._away:
            telemetry.logger().error("the database is away", error=type(error).__name__)
        self._away = error is not None
        telemetry.REPORT_DATABASE_AWAY.set(self._away)

    async def _watch(self, reader: Reader, stop: asyncio.Event, ends: Sequence[asyncio.Future[None]]) -> None:
        """See how far the store is behind, until told to stop. Raises Stalled, or what one of `ends` fails with."""
        while not stop.is_set():
            await asyncio.wait(ends, timeout=LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            for ended in ends:
                if ended.done() and not stop.is_set():
                    ended.result()
            await self._lag.look(reader, excused=self._away)

    async def _tick(self) -> None:
        """Show the watchdog that the loop comes round."""
        while True:
            self.turned_at = self._clock.monotonic()
            await asyncio.sleep(LOOK_SECONDS)


@asynccontextmanager
async def _beside(work: Coroutine[Any, Any, None]) -> AsyncIterator[asyncio.Task[None]]:
    """Run a coroutine beside the block, and end it with the block."""
    task = asyncio.get_running_loop().create_task(work)
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait([task])


@asynccontextmanager
async def _served(door: uvicorn.Server | None) -> AsyncIterator[asyncio.Future[None]]:
    """Serve a door for as long as the block lasts; the future fails where it does not."""
    if door is None:
        yield asyncio.get_running_loop().create_future()
        return
    serving = asyncio.get_running_loop().create_task(_serve(door))
    try:
        yield serving
    finally:
        door.should_exit = True
        await asyncio.wait([serving])
        serving.exception()  # looked at: that it ends now is as it should be


async def _serve(door: uvicorn.Server) -> None:
    try:
        await door.serve()
    except SystemExit:  # uvicorn leaves by itself where its port is taken
        message = "the door cannot listen"
        raise DoorEnded(message) from None
    message = "the door has ended"
    raise DoorEnded(message)
