"""Tasks beside a loop: none is forgotten, and one that fails ends the loop; and work that has a task of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class EndedByNobody(Exception):
    """A task ended as if it had been cancelled, which nobody did: what it waited for was, inside a library."""


def failure_of(task: asyncio.Task[Any]) -> BaseException | None:
    """Why a task is over that was to go on; None where it came to its end, or was cancelled."""
    if not task.cancelled():
        return task.exception()
    return None if task.cancelling() else EndedByNobody(task.get_name())


def is_cancelled() -> bool:
    """Whether somebody has cancelled the task that asks."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


class Background:
    """The tasks that a loop has started, and the bell that wakes it."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()
        self._failure: BaseException | None = None
        self._bell = asyncio.Event()

    def start(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Start a task whose failure the loop meets at `check`."""
        task = self.start_unchecked(work)
        task.add_done_callback(self._note_failure)
        return task

    def start_unchecked(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Start a task whose result the loop looks at anyway."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def check(self) -> None:
        """Raise what a task has failed with."""
        if self._failure is not None:
            raise self._failure

    def wake(self, *_: object) -> None:
        """There is news for the loop; also to be called when a task is done."""
        self._bell.set()

    async def wait(self, seconds: float) -> None:
        """Let the tasks run until there is news, but no longer than this."""
        if seconds > 0:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._bell.wait()
        else:
            await asyncio.sleep(0)
        self._bell.clear()

    async def cancel(self) -> None:
        """End all tasks, and see them end."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def _note_failure(self, task: asyncio.Task[Any]) -> None:
        if (failure := failure_of(task)) is not None:
            self._failure = failure
            self.wake()


class Beginning(Generic[T]):
    """What takes a while to begin, and begins once for all who ask meanwhile.

    Who cannot wait so long leaves it to the next: where each began anew, none came to an end on a full machine.
    """

    def __init__(self, begin: Callable[[], Coroutine[Any, Any, T]]) -> None:
        self._begin = begin
        self._task: asyncio.Task[T] | None = None

    async def begun(self) -> T:
        """What has begun. Raises as beginning does, and begins again for who asks after that."""
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._begin())
            self._task.add_done_callback(_seen)  # all who asked may be gone by then
        return await asyncio.shield(self._task)

    async def cancel(self) -> None:
        """Begin no more, and see that end."""
        if self._task is not None:
            self._task.cancel()
            await over(self._task)


def _seen(task: asyncio.Task[Any]) -> None:
    """Have asyncio not tell of what a task has failed with."""
    if not task.cancelled():
        task.exception()


async def over(task: asyncio.Task[Any]) -> None:
    """Wait until a task is over, however it ends. Who is cancelled meanwhile is so once it is over.

    aiokafka swallows a cancellation that comes while it closes: what it does then has a task of its own.
    """
    try:
        await asyncio.wait([task])
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise
    finally:
        if task.done():
            _seen(task)
