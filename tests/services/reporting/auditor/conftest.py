"""The auditor's store on each database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from services.reporting.auditor.prepare import SCHEMA, prepare
from services.reporting.store.engine import open_engine, sqlite_url


@pytest.fixture(params=["sqlite", "postgresql"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    """An empty one."""
    on_sqlite = request.param == "sqlite"
    engine = open_engine(sqlite_url(tmp_path) if on_sqlite else request.getfixturevalue("postgres"), SCHEMA)
    await prepare(engine)
    yield engine
    if not on_sqlite:
        async with engine.begin() as connection:
            await connection.exec_driver_sql(f'DROP SCHEMA "{SCHEMA}" CASCADE')
    await engine.dispose()
