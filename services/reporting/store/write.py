"""Writes batches of records: facts, positions and the ownership epoch in one transaction, or none of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import Table, delete, insert, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.reporting.projection.needs import verdicts_of_episodes
from services.reporting.projection.project import Read, needs_of, project, read
from services.reporting.projection.rows import Lookup, Row, Rows, Values
from services.reporting.store.engine import is_sqlite, transaction
from services.reporting.store.tables import PLACE
from shared.engine.broker import Stored, TopicPartition
from shared.engine.journal import InputPosition, Progress, is_late_write
from shared.topics import TOPICS

JOURNALS = tuple(topic.name for topic in TOPICS if topic.journal)
MOST_PARAMETERS = 16_000
"""Of one statement; PostgreSQL and SQLite take about twice as many."""


class Gap(RuntimeError):
    """Records are missing between the store and what was read next: whoever reads has to go back, or they are lost."""


@dataclass(frozen=True, slots=True)
class Written:
    """What became of the records of a batch: stored, there before, or a late write that does not count."""

    stored: int = 0
    repeated: int = 0
    late: int = 0


Facts = Callable[[AsyncConnection, Sequence[Stored]], Awaitable[None]]
"""Writes what follows from records that count, within the transaction."""


async def star(connection: AsyncConnection, counted: Sequence[Stored]) -> None:
    """The facts of the star schema."""
    batch = [read(stored) for stored in counted]
    rows = await _rows_for(connection, batch)
    project(rows, batch)
    await _store(connection, rows)


async def write(engine: AsyncEngine, batch: Sequence[Stored], facts: Facts = star) -> Written:
    """Write the facts of a batch, whoever else has written some of it before. Raises Gap."""
    places = sorted({(stored.topic, stored.partition) for stored in batch})
    async with transaction(engine) as connection:
        found = await _locked(connection, places)
        sieve = _Sieve(found)
        counted = [stored for stored in batch if sieve.counts(stored)]
        await facts(connection, counted)
        await upsert(connection, PLACE, sieve.places())
    return Written(len(counted), sieve.repeated, sum(sieve.late.values()))


class _Sieve:
    """What of a batch counts, by where the store is."""

    def __init__(self, found: Mapping[TopicPartition, Row]) -> None:
        self._found = found
        self._progress = Progress(
            JOURNALS, {place: InputPosition(row["next_offset"], row["epoch"]) for place, row in found.items()}
        )
        self._times = {place: row["record_time"] for place, row in found.items()}
        self.repeated = 0
        self.late: defaultdict[TopicPartition, int] = defaultdict(int)

    def counts(self, stored: Stored) -> bool:
        """Take the next record in; whether it counts, and is new. Raises Gap."""
        place = stored.topic, stored.partition
        expected = self._progress.position(place).offset
        if stored.offset < expected:
            self.repeated += 1
            return False
        if stored.offset > expected:
            raise Gap(f"{stored.topic}/{stored.partition}: {expected} was to come, and {stored.offset} came")
        self._times[place] = stored.time
        if self._progress.counts(stored):
            return True
        self.late[place] += is_late_write(stored)
        return False

    def places(self) -> list[Row]:
        """How far each partition is after the batch."""
        return [
            {
                "topic": place[0],
                "partition": place[1],
                "next_offset": self._progress.position(place).offset,
                "epoch": self._progress.position(place).epoch,
                "late_writes": row["late_writes"] + self.late[place],
                "record_time": self._times[place],
            }
            for place, row in self._found.items()
        ]


async def _locked(connection: AsyncConnection, places: Sequence[TopicPartition]) -> dict[TopicPartition, Row]:
    """Where the store is in some partitions. Until the transaction ends nobody else writes what they hold."""
    wanted = tuple_(PLACE.c.topic, PLACE.c.partition).in_(places)
    locked = select(PLACE).where(wanted).order_by(PLACE.c.topic, PLACE.c.partition).with_for_update()
    found = {(row["topic"], row["partition"]): dict(row) for row in (await connection.execute(locked)).mappings()}
    for place in places:
        if place not in found:
            raise Gap(f"{place[0]}/{place[1]}: the store does not say where it begins")
    return found


async def _rows_for(connection: AsyncConnection, batch: Sequence[Read]) -> Rows:
    rows = Rows()
    await _load(connection, rows, needs_of(batch))
    await _load(connection, rows, verdicts_of_episodes(rows))
    return rows


async def _load(connection: AsyncConnection, rows: Rows, needs: Iterable[tuple[Lookup, Values]]) -> None:
    wanted: defaultdict[Lookup, set[Values]] = defaultdict(set)
    for lookup, values in needs:
        if values not in rows.asked_for[lookup] and None not in values:
            wanted[lookup].add(values)
    for lookup, several in wanted.items():
        rows.asked_for[lookup] |= several
        order = lookup.table.primary_key.columns
        columns = [lookup.table.c[name] for name in lookup.columns]
        for some in _chunks(sorted(several), len(columns)):
            chosen = columns[0].in_([values[0] for values in some]) if len(columns) == 1 else tuple_(*columns).in_(some)
            found = await connection.execute(select(lookup.table).where(chosen).order_by(*order))
            rows.put(lookup.table, found.mappings().all())


def _chunks(several: Sequence[Any], columns: int) -> Iterable[list[Any]]:
    left = iter(several)
    while some := list(islice(left, MOST_PARAMETERS // columns)):
        yield some


async def _store(connection: AsyncConnection, rows: Rows) -> None:
    for table, keys in rows.removed.items():
        await connection.execute(delete(table).where(tuple_(*table.primary_key.columns).in_(keys)))
    for table, added in rows.added.items():
        await connection.execute(insert(table), added)
    for table, changed in rows.changed.items():
        await upsert(connection, table, changed)


async def upsert(connection: AsyncConnection, table: Table, rows: Sequence[Row]) -> None:
    """Insert rows, or replace those that are there."""
    if not rows:
        return
    statement = (sqlite if connection.dialect.name == "sqlite" else postgresql).insert(table)
    keys = [column.name for column in table.primary_key]
    replaced = {column.name: statement.excluded[column.name] for column in table.columns if column.name not in keys}
    await connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=replaced), list(rows))


async def positions(engine: AsyncEngine) -> dict[TopicPartition, int]:
    """The offset that comes next in each partition."""
    async with engine.connect() as connection:
        found = await connection.execute(select(PLACE.c.topic, PLACE.c.partition, PLACE.c.next_offset))
        return {(topic, partition): offset for topic, partition, offset in found}


async def record_times(engine: AsyncEngine) -> dict[TopicPartition, datetime]:
    """When the record was written that was read last, in each partition of which any was."""
    read = PLACE.c.record_time.is_not(None)
    async with engine.connect() as connection:
        found = await connection.execute(select(PLACE.c.topic, PLACE.c.partition, PLACE.c.record_time).where(read))
        return {(topic, partition): at for topic, partition, at in found}


async def begin_at(engine: AsyncEngine, starts: Mapping[TopicPartition, int]) -> None:
    """Note where partitions begin that the store has nothing of yet: at the first record that is kept."""
    known = await positions(engine)
    new = [
        {
            "topic": topic,
            "partition": partition,
            "next_offset": offset,
            "epoch": 0,
            "late_writes": 0,
            "record_time": None,
        }
        for (topic, partition), offset in starts.items()
        if (topic, partition) not in known
    ]
    if new:
        async with transaction(engine) as connection:
            dialect = sqlite if is_sqlite(engine) else postgresql
            await connection.execute(dialect.insert(PLACE).on_conflict_do_nothing(), new)
