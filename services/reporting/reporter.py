"""Reporting as a process: prepares the store, carries every record into it, and serves its door."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict

import uvicorn
from sqlalchemy.ext.asyncio import AsyncEngine

from services.reporting.carrier import Carrier
from services.reporting.keeper import StoreKeeper
from services.reporting.store.prepare import prepare
from services.reporting.store.write import write
from shared import telemetry
from shared.clock import Clock
from shared.engine.broker import Broker, Stored
from shared.topics import ASSIGNMENTS, AUDITS, CALLS, COMMANDS, DECISIONS, NOTIFICATIONS

READS = (CALLS, COMMANDS, DECISIONS, ASSIGNMENTS, NOTIFICATIONS, AUDITS)


class DoorEnded(RuntimeError):
    """The door serves no more, or never did: mostly its port is taken."""


class Reporter(StoreKeeper):
    """Keeps the star schema."""

    def __init__(self, engine: AsyncEngine, broker: Broker, carrier: Carrier, clock: Clock) -> None:
        super().__init__(engine, broker, carrier, clock, [topic.name for topic in READS])
        self.topics = READS
        self.door: uvicorn.Server | None = None
        """Served beside the rest, where there is one."""
        self.prepared = False
        """Whether the store has its tables."""

    @property
    def ready(self) -> bool:
        """Whether everything that was there at the start is in the store, and the database is there."""
        return self._lag.caught_up and not self._away

    async def _run(self, ticking: asyncio.Future[None]) -> None:
        telemetry.REPORT_LAG.set_function(self._lag.seconds)
        async with _served(self.door) as serving:
            await self._once_there(lambda: prepare(self._engine, self._clock.now()))
            self.prepared = True
            async with self._carrying() as (reader, carrying):
                await self._watch(reader, (ticking, serving, carrying))

    async def _take(self, batch: Sequence[Stored]) -> None:
        written = await self._once_there(lambda: write(self._engine, batch))
        telemetry.REPORT_LAST_BATCH.set(self._clock.now().timestamp())
        for result, count in asdict(written).items():
            telemetry.REPORT_RECORDS.labels(result).inc(count)

    def _note_away(self, error: Exception | None) -> None:
        super()._note_away(error)
        telemetry.REPORT_DATABASE_AWAY.set(self._away)


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
