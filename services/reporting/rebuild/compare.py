"""Whether a store that was made anew says the same of what the journals still hold."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Table, func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.reporting.store.tables import METADATA, OUTCOME, PLACE, PROJECTION, PUBLICATION
from shared.topics import ASSIGNMENTS

SHOWN = 10


class Comparison(NamedTuple):
    """Outcomes that only one of the stores has, in words, and how many rows each table of facts has in both."""

    differences: list[str]
    rows: dict[str, tuple[int, int]]


async def compare(old: AsyncEngine, new: AsyncEngine) -> Comparison:
    """Compare the outcomes up to where both stores have read, and count the rows of what the journals hold."""
    async with old.connect() as before, new.connect() as after:
        if not await _is_store(before):
            return Comparison([], {})
        reached = await _reached(before), await _reached(after)
        upto = {partition: min(each.get(partition, 0) for each in reached) for partition in reached[0]}
        one, other = await _outcomes(before, upto), await _outcomes(after, upto)
        lines = [f"only in the old store: {outcome}" for outcome in sorted(one - other)]
        lines += [f"only in the new store: {outcome}" for outcome in sorted(other - one)]
        tables = [table for table in METADATA.sorted_tables if table not in (PROJECTION, PUBLICATION)]
        rows = {table.name: (await _count(before, table), await _count(after, table)) for table in tables}
        return Comparison(lines[:SHOWN], rows)


async def _is_store(connection: AsyncConnection) -> bool:
    try:
        await connection.execute(select(PROJECTION))
    except SQLAlchemyError:
        return False
    return True


async def _reached(connection: AsyncConnection) -> dict[int, int]:
    wanted = select(PLACE.c.partition, PLACE.c.next_offset).where(PLACE.c.topic == ASSIGNMENTS.name)
    return {row.partition: row.next_offset for row in await connection.execute(wanted)}


async def _outcomes(connection: AsyncConnection, upto: dict[int, int]) -> set[str]:
    columns = OUTCOME.c.partition, OUTCOME.c.record_offset, OUTCOME.c.call_id, OUTCOME.c.episode, OUTCOME.c.outcome
    return {
        f"{ASSIGNMENTS.name}/{partition}/{offset}: {call_id}, episode {episode}: {outcome}"
        for partition, offset, call_id, episode, outcome in await connection.execute(select(*columns))
        if offset < upto.get(partition, 0)
    }


async def _count(connection: AsyncConnection, table: Table) -> int:
    try:
        return int((await connection.execute(select(func.count()).select_from(table))).scalar_one())
    except SQLAlchemyError:
        return 0  # an old store may lack it
