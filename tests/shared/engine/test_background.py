"""Tasks beside a loop: it meets whatever ended one that was to go on, and not that it ended one itself."""

from __future__ import annotations

import asyncio

import pytest

from shared.engine.background import Background, EndedByNobody


async def for_ever() -> None:
    await asyncio.sleep(60)


async def of_a_library() -> None:
    """What it waits for is cancelled inside."""
    inside = asyncio.ensure_future(for_ever())
    inside.cancel()
    await inside


async def test_a_task_that_ends_as_if_it_had_been_cancelled_ends_the_loop() -> None:
    background = Background()
    background.start(of_a_library())
    await background.wait(5)
    with pytest.raises(EndedByNobody):
        background.check()


async def test_tasks_that_are_cancelled_end_nothing() -> None:
    background = Background()
    one = background.start(for_ever())
    background.start(for_ever())
    await asyncio.sleep(0)
    one.cancel()
    await background.cancel()
    background.check()
