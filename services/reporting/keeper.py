"""Keeps a store up to date with topics, as a process: what reporting and the auditor have in common."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar

from sqlalchemy.ext.asyncio import AsyncEngine

from services.reporting.begin import begin, set_back
from services.reporting.carrier import Carrier, carried
from services.reporting.lag import Lag
from services.reporting.store.engine import is_away
from shared import telemetry
from shared.clock import Clock
from shared.engine.broker import Broker, Reader, Stored, reading

T = TypeVar("T")
AGAIN_SECONDS = 0.5
"""How soon a database that is away is asked again."""


class _Stopped(Exception):
    """It was told to stop while it waited for the database."""


class StoreKeeper(ABC):
    """Runs until told to stop, or until something is so that only a new process can mend it."""

    look_seconds = 0.5
    """How often it sees how far the store is behind."""

    def __init__(
        self, engine: AsyncEngine, broker: Broker, carrier: Carrier, clock: Clock, reads: Sequence[str]
    ) -> None:
        """`reads`: the topics whose records go into the store."""
        self._engine, self._broker, self._carrier, self._clock, self._reads = engine, broker, carrier, clock, reads
        self._lag, self._away, self._stop = Lag(engine, clock), False, asyncio.Event()
        self.turned_at = clock.monotonic()

    async def run(self, stop: asyncio.Event) -> None:
        """Run until `stop` is set. Raises whatever makes it unable to go on."""
        self._stop = stop
        with suppress(_Stopped):
            async with beside(self._tick()) as ticking:
                await self._run(ticking)
        await self._engine.dispose()

    @abstractmethod
    async def _run(self, ticking: asyncio.Future[None]) -> None:
        """Prepare the store, and `_keep` it, with `ticking` among what must not end."""

    @abstractmethod
    async def _take(self, batch: Sequence[Stored]) -> None:
        """Store a batch, however long the database is away. Raises Gap."""

    @asynccontextmanager
    async def _carrying(self) -> AsyncIterator[tuple[Reader, asyncio.Future[None]]]:
        """Carry records from where the store is, for as long as the block lasts; the future fails with the carrying."""
        async with reading(self._broker) as reader:
            places = [(topic, number) for topic in self._reads for number in range(self._broker.partitions)]
            await set_back(self._carrier, await begin(self._engine, reader, places), self._clock)
            async with carried(self._carrier, self._reads, self._take) as carrying:
                yield reader, carrying

    async def _watch(self, reader: Reader, ends: Sequence[asyncio.Future[None]]) -> None:
        """See how far the store is behind, until told to stop. Raises Stalled, or what one of `ends` fails with."""
        while not self._stop.is_set():
            await asyncio.wait(ends, timeout=self.look_seconds, return_when=asyncio.FIRST_COMPLETED)
            for ended in ends:
                if ended.done() and not self._stop.is_set():
                    ended.result()
            await self._lag.look(reader, excused=self._away)

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

    async def _tick(self) -> None:
        """Show the watchdog that the loop comes round."""
        while True:
            self.turned_at = self._clock.monotonic()
            await asyncio.sleep(self.look_seconds)


@asynccontextmanager
async def beside(work: Coroutine[Any, Any, None]) -> AsyncIterator[asyncio.Task[None]]:
    """Run a coroutine beside the block, and end it with the block."""
    task = asyncio.get_running_loop().create_task(work)
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait([task])
