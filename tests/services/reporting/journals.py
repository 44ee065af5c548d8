"""Journals as the services write them, and what a store made of them."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Table, select
from sqlalchemy.ext.asyncio import AsyncEngine

from services.reporting.reporter import READS
from services.reporting.store.tables import METADATA, PROJECTION
from services.reporting.store.write import Written, write
from shared.engine.broker import Stored, TopicPartition
from shared.events import Command, Event
from shared.topics import ASSIGNMENTS, CALLS, COMMANDS, DECISIONS, NOTIFICATIONS

NAMES = tuple(topic.name for topic in READS)
PLACES: tuple[TopicPartition, ...] = tuple((name, partition) for name in NAMES for partition in range(4))
BEGINNING = datetime(2026, 3, 1, 12, tzinfo=UTC)
AGENCY = "metro"


class Topics:
    """Appends events, each where its service would, a second after the one before."""

    def __init__(self, agency: str = AGENCY) -> None:
        self.agency, self.now = agency, BEGINNING
        self.ends: dict[str, int] = {}

    def append(self, topic: str, event: Event, *, epoch: int = 0, event_id: str = "", cause: str = "") -> Stored:
        offset = self.ends.get(topic, 0)
        self.ends[topic] = offset + 1
        self.now += timedelta(seconds=1)
        headers = {
            "type": event.type.encode(),
            "epoch": b"%d" % epoch,
            "id": (event_id or f"{topic}-{offset}").encode(),
            "cause": cause.encode(),
            "source": b"test",
        }
        return Stored(topic, 0, offset, self.now, self.agency, event.encode(), headers)

    def calls(self, *events: Event) -> list[Stored]:
        return [self.append(CALLS.name, event) for event in events]

    def commands(self, *events: Command) -> list[Stored]:
        return [self.append(COMMANDS.name, event) for event in events]

    def decisions(self, *events: Event) -> list[Stored]:
        return [self.append(DECISIONS.name, event) for event in events]

    def assignments(self, *events: Event) -> list[Stored]:
        return [self.append(ASSIGNMENTS.name, event) for event in events]

    def notifications(self, *events: Event) -> list[Stored]:
        return [self.append(NOTIFICATIONS.name, event) for event in events]


def batches(places: Mapping[TopicPartition, Sequence[Stored]], seed: int, most: int) -> Iterator[list[Stored]]:
    """The records of all topics in some order that keeps that of each partition, in batches of some size."""
    dice = random.Random(seed)
    left = {place: list(records) for place, records in places.items() if place in PLACES and records}
    while left:
        batch: list[Stored] = []
        for _ in range(dice.randint(1, 5)):
            if left:
                place, some = dice.choice(sorted(left)), dice.randint(1, most)
                batch += left[place][:some]
                left[place] = left[place][some:]
                if not left[place]:
                    del left[place]
        yield batch


async def store_all(engine: AsyncEngine, several: Iterator[list[Stored]]) -> Written:
    written = [await write(engine, batch) for batch in several]
    return Written(*(sum(getattr(each, name) for each in written) for name in ("stored", "repeated", "late")))


async def rows_of(engine: AsyncEngine, table: Table) -> list[dict[str, Any]]:
    async with engine.connect() as connection:
        found = await connection.execute(select(table).order_by(*table.primary_key.columns))
        return [dict(row) for row in found.mappings()]


async def everything(engine: AsyncEngine) -> dict[str, list[dict[str, Any]]]:
    tables = [table for table in METADATA.sorted_tables if table is not PROJECTION]
    return {table.name: await rows_of(engine, table) for table in tables}
