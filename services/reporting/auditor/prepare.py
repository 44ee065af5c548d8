"""Makes the auditor's store. Its tables are a fold of the topics: those of another version are made anew."""

from __future__ import annotations

from sqlalchemy import Connection, insert, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.reporting.auditor.tables import FOLDED, METADATA, VERSION_OF_FOLD
from services.reporting.store.engine import is_sqlite, transaction

SCHEMA = "careroute_auditor"
"""Where the tables stand in a PostgreSQL database, which others may share."""
FILE_NAME = "auditor.sqlite"


class StoreOutdated(RuntimeError):
    """The store was folded by another version of this program."""


async def prepare(engine: AsyncEngine) -> None:
    """Make the tables, if they are not there. Raises StoreOutdated."""
    async with transaction(engine) as connection:
        if not is_sqlite(engine):
            await connection.execute(text(f'CREATE SCHEMA IF NOT EXISTS "{SCHEMA}"'))
        version = await connection.run_sync(_make)
    if version != VERSION_OF_FOLD:
        raise StoreOutdated(
            f"The auditor's store is of version {version}, and this program's is {VERSION_OF_FOLD}: remove "
            f"{FILE_NAME}, or the schema {SCHEMA}, and it is made anew from the topics."
        )


def _make(connection: Connection) -> int | None:
    METADATA.create_all(connection)
    version: int | None = connection.execute(select(FOLDED.c.version)).scalar()
    if version is None:
        connection.execute(insert(FOLDED), {"version": VERSION_OF_FOLD})
        return VERSION_OF_FOLD
    return version
