"""An asyncio loop whose time jumps to the next timer: an hour passes in no time, and the same way every time."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

T = TypeVar("T")

EPOCH = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)


class NothingWillHappen(Exception):
    """Every task waits, and no timer is set."""


class _Jump(selectors.SelectSelector):
    """Never waits: puts the loop's time forward instead."""

    loop: VirtualLoop

    def select(self, timeout: float | None = None) -> list[Any]:
        if timeout is None:
            raise NothingWillHappen
        self.loop.seconds += max(0.0, timeout)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop under virtual time. No threads, no sockets, no real sleep."""

    def __init__(self) -> None:
        self.seconds = 0.0
        selector = _Jump()
        selector.loop = self
        super().__init__(selector)
        self.set_exception_handler(_ignore)

    def time(self) -> float:
        """Virtual seconds since the start."""
        return self.seconds


def _ignore(_loop: asyncio.AbstractEventLoop, _context: dict[str, Any]) -> None:
    """A worker that ends tells its first fault; what else its tasks raised by then is no news."""


class VirtualClock:
    """A machine's clock: virtual time, and how far it is off."""

    def __init__(self, loop: asyncio.AbstractEventLoop, skew_seconds: float = 0.0) -> None:
        self._loop, self.skew_seconds = loop, skew_seconds

    def now(self) -> datetime:
        """Wall time as this machine believes it to be."""
        return EPOCH + timedelta(seconds=self._loop.time() + self.skew_seconds)

    def monotonic(self) -> float:
        """Virtual seconds."""
        return self._loop.time()


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine under virtual time, and end whatever it left."""
    loop = VirtualLoop()
    try:
        asyncio.set_event_loop(loop)
        try:
            return loop.run_until_complete(main)
        finally:
            left = asyncio.all_tasks(loop)
            for task in sorted(left, key=lambda task: task.get_name()):
                task.cancel()
            if left:
                loop.run_until_complete(asyncio.wait(left))
    finally:
        asyncio.set_event_loop(None)
        loop.close()
