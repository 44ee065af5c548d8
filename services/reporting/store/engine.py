"""How the store is opened: SQLite in a file by default, PostgreSQL where an address is given."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
from sqlalchemy import event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

FILE_NAME = "reporting.sqlite"
SCHEMA = "careroute_reporting"
"""Where the tables stand in a PostgreSQL database, which others may share."""
WAIT_SECONDS = 5
"""The longest that a statement waits for a lock of SQLite, or a connection for PostgreSQL to answer."""


def sqlite_url(directory: Path, name: str = FILE_NAME) -> str:
    """The address of the store in a directory."""
    return f"sqlite+aiosqlite:///{directory / name}"


def open_engine(url: str, schema: str = SCHEMA) -> AsyncEngine:
    """An engine on a store; nothing is connected yet."""
    if url.startswith("sqlite"):
        engine = create_async_engine(
            url, isolation_level="AUTOCOMMIT", connect_args={"timeout": WAIT_SECONDS}, hide_parameters=True
        )
        event.listen(engine.sync_engine, "connect", _set_pragmas)
        return engine
    settings = {"search_path": schema, "application_name": "careroute-reporting"}
    arguments = {"timeout": WAIT_SECONDS, "server_settings": settings}
    return create_async_engine(url, connect_args=arguments, pool_pre_ping=True, hide_parameters=True)


def is_sqlite(engine: AsyncEngine) -> bool:
    """Whether a store is a file of SQLite's."""
    return engine.dialect.name == "sqlite"


def _set_pragmas(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", f"busy_timeout={WAIT_SECONDS * 1000}"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


@asynccontextmanager
async def transaction(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A transaction that writes: all of it, or none.

    SQLite is asked for its lock at once: later it is refused where another process has written since.
    """
    async with engine.connect() as connection:
        if not is_sqlite(engine):
            async with connection.begin():
                yield connection
            return
        await connection.exec_driver_sql("BEGIN IMMEDIATE")
        try:
            yield connection
        except BaseException:
            await connection.exec_driver_sql("ROLLBACK")
            raise
        await connection.exec_driver_sql("COMMIT")


AWAY = (
    OSError,
    TimeoutError,
    OperationalError,
    InterfaceError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,  # it starts, or is being stopped
    asyncpg.InsufficientResourcesError,
    asyncpg.TransactionRollbackError,  # a deadlock: another process was first
)


UNUSABLE = DBAPIError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError
"""What is raised where a store is away, full, shut to us, or damaged."""


def said(error: BaseException) -> str:
    """What was wrong with a store, in the database's own words."""
    return str(error.orig if isinstance(error, DBAPIError) else error)


def is_away(error: BaseException | None) -> bool:
    """Whether an error says that the database is away or busy, and may be back; any other is a fault."""
    while error is not None:
        if isinstance(error, AWAY) or (isinstance(error, DBAPIError) and error.connection_invalidated):
            return True
        error = error.__cause__  # the driver's own words stand behind those of SQLAlchemy
    return False
