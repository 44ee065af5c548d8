"""An auditor's store filled from a log, topic by topic, in whatever order."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from services.reporting.auditor.fold.batch import JOURNALS, TOPICS, take
from services.reporting.auditor.tables import METADATA
from services.reporting.store.engine import open_engine, sqlite_url, transaction
from shared.engine.broker import Stored
from shared.engine.journal import Progress

BATCH = 200


@asynccontextmanager
async def opened(url: str | Path) -> AsyncIterator[AsyncEngine]:
    """A store with its tables."""
    engine = open_engine(url if isinstance(url, str) else sqlite_url(url, "audit.sqlite"))
    async with transaction(engine) as connection:
        await connection.run_sync(METADATA.create_all)
    try:
        yield engine
    finally:
        await engine.dispose()


async def fill(engine: AsyncEngine, batches: Iterable[Sequence[Stored]], canaries: Sequence[bytes] = ()) -> None:
    """Take every record that counts in, a transaction a batch."""
    progress = Progress(JOURNALS)
    for batch in batches:
        counting = [stored for stored in batch if progress.counts(stored)]
        async with transaction(engine) as connection:
            await connection.run_sync(take, counting, canaries)


def batches_of(
    log: Mapping[tuple[str, int], Sequence[Stored]], dice: random.Random, until: datetime | None = None
) -> Iterable[Sequence[Stored]]:
    """The records of every topic, in batches that come in no order among topics and partitions."""
    waiting = {
        place: [stored for stored in records if until is None or stored.time <= until]
        for place, records in log.items()
        if place[0] in TOPICS
    }
    while waiting := {place: records for place, records in waiting.items() if records}:
        place = dice.choice(sorted(waiting))
        size = dice.randint(1, BATCH)
        yield waiting[place][:size]
        waiting[place] = waiting[place][size:]
