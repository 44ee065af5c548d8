"""Where the store, the one that is made anew, and the one before it stand: files of SQLite's, or schemas."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol

from sqlalchemy import inspect, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.reporting.config import ReportingSettings
from services.reporting.figures.publication import alone, take_along
from services.reporting.store.engine import FILE_NAME, SCHEMA, open_engine, sqlite_url, transaction
from services.reporting.store.lock import locked

NEW_FILE, OLD_FILE = "reporting.new.sqlite", "reporting.old.sqlite"
NEW_SCHEMA, OLD_SCHEMA = f"{SCHEMA}_new", f"{SCHEMA}_old"


class NoNewStore(RuntimeError):
    """There is none that could take the place of the store."""


class Places(Protocol):
    """A store, and room for another beside it."""

    schema: str
    """Of the new one, where there are schemas."""

    def current(self) -> AsyncEngine | None:
        """The store, if there is one."""

    def new(self) -> AsyncEngine:
        """The one that is made anew."""

    async def clear(self) -> None:
        """Take away what is left of an earlier new one."""

    async def swap(self) -> None:
        """Put the new one, with all that was published until now, in the place of the store, which stays beside it.

        Raises StoreInUse, NoNewStore.
        """


def places_of(settings: ReportingSettings) -> Places:
    """Where the stores of these settings stand."""
    if settings.reporting_database_url is None:
        return _Files(settings.storage_directory)
    return _Schemas(settings.reporting_database_url.get_secret_value())


class _Files:
    schema = SCHEMA

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._file, self._new, self._old = (directory / name for name in (FILE_NAME, NEW_FILE, OLD_FILE))

    def current(self) -> AsyncEngine | None:
        return open_engine(sqlite_url(self._directory)) if self._file.exists() else None

    def new(self) -> AsyncEngine:
        return open_engine(sqlite_url(self._directory, NEW_FILE))

    async def clear(self) -> None:
        for ending in ("", "-wal", "-shm"):
            await asyncio.to_thread(Path(f"{self._new}{ending}").unlink, missing_ok=True)

    async def swap(self) -> None:
        with locked(self._directory):
            if not self._new.exists():
                raise NoNewStore(f"there is no {NEW_FILE} in {self._directory}")
            await _take_along(self)
            for engine in (self.current(), self.new()):
                if engine is not None:  # what stands beside the file goes into it
                    async with engine.connect() as connection:
                        await connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
                        await connection.exec_driver_sql("PRAGMA journal_mode=DELETE")
                    await engine.dispose()
            if self._file.exists():
                self._file.replace(self._old)
            self._new.replace(self._file)


class _Schemas:
    schema = NEW_SCHEMA

    def __init__(self, url: str) -> None:
        self._url = url

    def current(self) -> AsyncEngine | None:
        return open_engine(self._url)

    def new(self) -> AsyncEngine:
        return open_engine(self._url, NEW_SCHEMA)

    async def clear(self) -> None:
        async with self._transaction() as connection:
            await connection.execute(text(f'DROP SCHEMA IF EXISTS "{NEW_SCHEMA}" CASCADE'))

    async def swap(self) -> None:
        """A process that runs finds records missing in the new one, ends, and goes on where that is."""
        if not await self._is_there(NEW_SCHEMA):
            raise NoNewStore(f"the database has no schema {NEW_SCHEMA}")
        async with self._transaction() as connection:
            await alone(connection)  # what is being published is taken along; what comes then waits for the new one
            await _take_along(self)
            for statement in (
                f'CREATE SCHEMA IF NOT EXISTS "{SCHEMA}"',
                f'DROP SCHEMA IF EXISTS "{OLD_SCHEMA}" CASCADE',
                f'ALTER SCHEMA "{SCHEMA}" RENAME TO "{OLD_SCHEMA}"',
                f'ALTER SCHEMA "{NEW_SCHEMA}" RENAME TO "{SCHEMA}"',
            ):
                await connection.execute(text(statement))

    async def _is_there(self, schema: str) -> bool:
        engine = open_engine(self._url)
        async with engine.connect() as connection:
            is_there = await connection.run_sync(lambda connection: inspect(connection).has_schema(schema))
        await engine.dispose()
        return is_there

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[AsyncConnection]:
        engine = open_engine(self._url)
        try:
            async with transaction(engine) as connection:
                yield connection
        finally:
            await engine.dispose()


async def _take_along(places: Places) -> None:
    old, new = places.current(), places.new()
    try:
        if old is not None:
            await take_along(old, new)
    finally:
        for engine in (old, new):
            if engine is not None:
                await engine.dispose()
