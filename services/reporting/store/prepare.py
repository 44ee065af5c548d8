"""Makes the store, or brings it up to date. What has come to mean something else is made anew, never migrated."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, insert, inspect, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.reporting.store.engine import SCHEMA, is_sqlite, transaction
from services.reporting.store.tables import METADATA, PROJECTION, PROJECTION_VERSION

_LOCK = 0x0CA4E
"""Of PostgreSQL's advisory locks: of several processes that start, one makes the tables and the others wait."""


class StoreOutdated(RuntimeError):
    """The facts in the store mean something else than this program's."""


async def prepare(engine: AsyncEngine, now: datetime, schema: str = SCHEMA) -> None:
    """Make the tables of a new store, or add what is missing in an old one. Raises StoreOutdated."""
    async with transaction(engine) as connection:
        if not is_sqlite(engine):
            await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            await connection.execute(text(f'CREATE SCHEMA IF NOT EXISTS "{schema}"'))
        await connection.run_sync(_make, now)
        found = (await connection.execute(select(PROJECTION.c.version))).scalar_one()
    if found != PROJECTION_VERSION:
        raise StoreOutdated(
            f"The store holds facts of version {found}, and this program makes version {PROJECTION_VERSION}: "
            "make it anew with `careroute report rebuild`."
        )


def _make(connection: Connection, now: datetime) -> None:
    if inspect(connection).has_table(PROJECTION.name):
        try:
            command.upgrade(_migrations(connection), "head")
        except CommandError as error:  # of its revision there is no file here
            raise StoreOutdated(
                "The store has the tables of a newer program: take that one, or, to stay with this, make the store "
                "anew with `careroute report rebuild`."
            ) from error
        return
    METADATA.create_all(connection)
    command.stamp(_migrations(connection), "head")
    connection.execute(insert(PROJECTION), {"version": PROJECTION_VERSION, "begun_at": now})


def _migrations(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
