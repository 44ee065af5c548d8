"""Time for those who are played: a test moves it on by itself, a process of its own lets it run."""

from __future__ import annotations

import asyncio
import heapq
import time
from collections.abc import Coroutine
from typing import Any, Protocol

PATIENCE_SECONDS = 20.0
"""Of the machine's time: what takes longer before it rests waits for something that never comes."""


class Timeline(Protocol):
    """What phones and carriers need of time."""

    def now(self) -> float:
        """Seconds since 1970."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        ...

    def start(self, doing: Coroutine[Any, Any, None]) -> None:
        """Let something go on by itself."""
        ...


class RealTime:
    """The time of the machine."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def now(self) -> float:
        """Seconds since 1970."""
        return time.time()

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)

    def start(self, doing: Coroutine[Any, Any, None]) -> None:
        """Let something go on by itself."""
        task = asyncio.get_running_loop().create_task(doing)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """End what is still going on."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


class MovedTime:
    """Stands still until it is moved: whatever is due then happens in its order, and is waited for."""

    def __init__(self, now: float) -> None:
        self._now = now
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._number = 0
        self._busy = 0
        self._at_rest = asyncio.Event()
        self._faults: list[BaseException] = []

    def now(self) -> float:
        """Seconds since 1970."""
        return self._now

    async def sleep(self, seconds: float) -> None:
        """Wait until it has been moved so far."""
        self._number += 1
        waking: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._now + seconds, self._number, waking))
        self._rest(1)
        await waking

    def start(self, doing: Coroutine[Any, Any, None]) -> None:
        """Let something go on by itself, whenever time is moved."""
        self._rest(-1)
        asyncio.get_running_loop().create_task(doing).add_done_callback(self._end)

    async def pass_seconds(self, seconds: float) -> None:
        """Move on. Raises whatever went wrong in what was going on."""
        until = self._now + seconds
        await self._settle()
        while self._sleepers and self._sleepers[0][0] <= until:
            self._now, _, waking = heapq.heappop(self._sleepers)
            if not waking.done():
                self._rest(-1)
                waking.set_result(None)
            await self._settle()
        self._now = until

    async def _settle(self) -> None:
        while self._busy:
            self._at_rest.clear()
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self._at_rest.wait()
        if self._faults:
            raise self._faults.pop()

    def _rest(self, resting: int) -> None:
        self._busy -= resting
        if self._busy <= 0:
            self._at_rest.set()

    def _end(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (fault := task.exception()) is not None:
            self._faults.append(fault)
        self._rest(1)
