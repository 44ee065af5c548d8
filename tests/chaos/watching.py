"""Gives each fault its window: does the harm, waits until what it brought about is over, and notes what was seen."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from deploy.local.watch import Watch
from tests.chaos.windows import Window

AFTER_SECONDS = 5.0
"""How long after its healing something still belongs to a fault."""
LOOK_SECONDS = 1.0
ENDED = '"event": "process ended"'


class Watching:
    """Makes windows, one at a time."""

    def __init__(self, answers: Callable[[], Mapping[int, int]], logs: Path, watch: Watch | None = None) -> None:
        """`answers()`: of intake so far, by status; `logs`: where those of the processes are."""
        self.windows: list[Window] = []
        self._answers, self._logs, self._watch = answers, logs, watch
        self._alarms: set[str] = set()

    async def during(self, fault: str, harm: Awaitable[None]) -> None:
        """Do some harm, and note what was seen from then until a while after it was healed."""
        answers, ended, began_at = Counter(self._answers()), self._processes_ended(), time.time()
        before, self._alarms = await self._firing(), set()
        looking = asyncio.get_running_loop().create_task(self._look())
        try:
            await harm
            well_at = time.time()
            await asyncio.sleep(AFTER_SECONDS)
        finally:
            looking.cancel()
        self.windows.append(
            Window(
                fault,
                began_at,
                well_at,
                time.time(),
                Counter(self._answers()) - answers,
                frozenset(self._alarms - before),
                self._processes_ended() - ended,
            )
        )

    async def _look(self) -> None:
        while True:
            self._alarms |= await self._firing()
            await asyncio.sleep(LOOK_SECONDS)

    async def _firing(self) -> set[str]:
        return {name for name, *_ in await self._watch.firing()} if self._watch is not None else set()

    def _processes_ended(self) -> int:
        """How many processes could not go on and said so."""
        return sum(log.read_text(errors="replace").count(ENDED) for log in self._logs.glob("*.log"))
