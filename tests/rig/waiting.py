"""Waits for what has no event that one could await."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any


async def until(holds: Callable[[], Any], seconds: float = 10) -> Any:
    """What holds, once it does. Raises TimeoutError."""
    async with asyncio.timeout(seconds):
        while not (found := holds()):  # noqa: ASYNC110  # of another task or process
            await asyncio.sleep(0.01)
    return found
