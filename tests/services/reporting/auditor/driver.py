"""An auditor's store filled from a log, topic by topic, in whatever order."""

from __future__ import annotations

import contextlib
import math
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

from sqlalchemy import Engine, StaticPool, create_engine
from sqlalchemy.ext.asyncio import AsyncEngine

from services.reporting.auditor.audit import ask, keep_books
from services.reporting.auditor.fold.batch import JOURNALS, TOPICS, take
from services.reporting.auditor.invariants import INVARIANTS
from services.reporting.auditor.tables import METADATA, SECOND
from services.reporting.store.engine import transaction
from shared.audit_log.chain import ChainKeys, new_audit_key
from shared.engine.broker import Stored
from shared.engine.journal import Progress

BATCH = 200
AFTERWARDS = 2 * 60 * 60 * SECOND
"""Long enough for everything that waits to be overdue."""
NOW = datetime(2026, 3, 1, tzinfo=UTC)
NO_KEYS = ChainKeys(new_audit_key())


async def fill(engine: AsyncEngine, batches: Iterable[Sequence[Stored]], canaries: Sequence[bytes] = ()) -> None:
    """Take every record that counts in, a transaction a batch."""
    for counting in counted(batches):
        async with transaction(engine) as connection:
            await connection.run_sync(take, counting, NO_KEYS, NOW, canaries)


@contextlib.contextmanager
def in_memory() -> Iterator[Engine]:
    """A store that is quicker, where it does not matter which."""
    engine = create_engine("sqlite://", poolclass=StaticPool)
    METADATA.create_all(engine)
    try:
        yield engine
    finally:
        engine.dispose()


@contextlib.contextmanager
def filled(batches: Iterable[Sequence[Stored]], canaries: Sequence[bytes] = ()) -> Iterator[Engine]:
    """A store in memory that has taken every record that counts in."""
    with in_memory() as engine:
        with engine.begin() as connection:
            for counting in counted(batches):
                take(connection, counting, NO_KEYS, NOW, canaries)
        yield engine


def asked(engine: Engine, now_us: int) -> Counter[str]:
    """What is open after a run."""
    with engine.connect() as connection:
        answers = ask(connection, INVARIANTS, now_us, math.inf)
        connection.rollback()
    assert answers.blind == []
    with engine.begin() as connection:
        return keep_books(connection, answers, INVARIANTS, now_us)


def counted(batches: Iterable[Sequence[Stored]]) -> Iterable[Sequence[Stored]]:
    progress = Progress(JOURNALS)
    for batch in batches:
        yield [stored for stored in batch if progress.counts(stored)]


def batches_of(log: Mapping[tuple[str, int], Sequence[Stored]], dice: random.Random) -> Iterable[Sequence[Stored]]:
    """The records of every topic, in batches that come in no order among topics and partitions."""
    waiting = {place: records for place, records in log.items() if place[0] in TOPICS}
    while waiting := {place: records for place, records in waiting.items() if records}:
        place = dice.choice(sorted(waiting))
        size = dice.randint(1, BATCH)
        yield waiting[place][:size]
        waiting[place] = waiting[place][size:]
