"""What a desk does beside the requests: it follows a topic of what is sealed, and has what is to go be gone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from shared.engine.broker import BrokerUnavailable
from shared.erasable import Erasable

FINISH_SECONDS = 60.0


@asynccontextmanager
async def tended(topic: Erasable, finish: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """Until the end of the block: whatever goes wrong with it keeps nobody from the stop switch."""
    async with asyncio.TaskGroup() as tasks:
        works = (topic.follow_for_ever(), topic.tend_for_ever(), _finish_for_ever(finish))
        beside = [tasks.create_task(work) for work in works]
        yield
        for task in beside:
            task.cancel()


async def _finish_for_ever(finish: Callable[[], Awaitable[None]]) -> None:
    while True:
        await asyncio.sleep(FINISH_SECONDS)
        with suppress(BrokerUnavailable):
            await finish()
