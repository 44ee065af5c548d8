"""A store is made whole, or brought up to date; one that means something else is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, event, text, update
from sqlalchemy.ext.asyncio import AsyncEngine

from services.reporting.store.engine import open_engine, sqlite_url
from services.reporting.store.prepare import StoreOutdated, prepare
from services.reporting.store.tables import METADATA, PROJECTION
from tests.services.reporting.conftest import NOW


def differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return [change for change in compare_metadata(context, METADATA) if "alembic_version" not in str(change)]


async def schema_of(store: AsyncEngine) -> str:
    if store.dialect.name == "sqlite":
        return "main"
    async with store.connect() as connection:
        return str((await connection.execute(text("SELECT current_schema()"))).scalar_one())


async def test_a_store_has_the_tables_of_the_code_and_is_prepared_again_at_every_start(store: AsyncEngine) -> None:
    await prepare(store, NOW, await schema_of(store))
    async with store.connect() as connection:
        assert await connection.run_sync(differences) == []
        stamped = await connection.execute(text("SELECT version_num FROM alembic_version"))
        assert stamped.scalars().all() == ["first"]


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
async def test_a_store_that_was_cut_off_while_it_was_made_is_made_at_the_next_start(
    database: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    schema = "cut_off"
    url = sqlite_url(tmp_path) if database == "sqlite" else request.getfixturevalue("postgres")
    engine = open_engine(url, schema)

    def die(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if statement.startswith("INSERT INTO projection"):
            raise EOFError

    event.listen(engine.sync_engine, "before_cursor_execute", die)
    with pytest.raises(EOFError):
        await prepare(engine, NOW, schema)
    event.remove(engine.sync_engine, "before_cursor_execute", die)
    await engine.dispose()
    await prepare(engine, NOW, schema)
    await engine.dispose()


async def test_facts_that_mean_something_else_are_refused(store: AsyncEngine) -> None:
    async with store.connect() as connection:
        await connection.execute(update(PROJECTION).values(version=0))
        await connection.commit()
    with pytest.raises(StoreOutdated, match="careroute report rebuild"):
        await prepare(store, NOW, await schema_of(store))


async def test_so_are_tables_of_a_newer_program(store: AsyncEngine) -> None:
    """On the way back from an upgrade."""
    async with store.connect() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = 'later'"))
        await connection.commit()
    with pytest.raises(StoreOutdated, match=r"newer program.*careroute report rebuild"):
        await prepare(store, NOW, await schema_of(store))
