"""A store that is made anew says the same, or does not take the place of the old one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import delete, insert, text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.reporting.config import ReportingSettings
from services.reporting.figures.publication import alone
from services.reporting.rebuild import run
from services.reporting.rebuild.places import NEW_FILE, OLD_FILE, NoNewStore, Places, places_of
from services.reporting.rebuild.run import rebuild
from services.reporting.store.engine import FILE_NAME, open_engine, sqlite_url, transaction
from services.reporting.store.lock import StoreInUse, locked
from services.reporting.store.prepare import prepare
from services.reporting.store.tables import OUTCOME, PUBLICATION
from services.reporting.store.write import begin_at
from shared.engine.broker import Record
from shared.engine.memory import MemoryBroker, MemoryLog
from shared.topics import ASSIGNMENTS
from tests.services.reporting.conftest import NOW
from tests.services.reporting.journals import PLACES, batches, everything, rows_of, store_all
from tests.simulation.simulate import simulate


@pytest.fixture(scope="module")
def log() -> MemoryLog:
    return simulate(4, calls=60).log


@pytest.fixture(params=["sqlite", "postgresql"])
async def settings(request: pytest.FixtureRequest, tmp_path: Path) -> ReportingSettings:
    url = None if request.param == "sqlite" else request.getfixturevalue("postgres")
    if url is not None:
        engine = open_engine(url)
        async with engine.begin() as connection:
            for schema in ("careroute_reporting", "careroute_reporting_old", "careroute_reporting_new"):
                await connection.execute(text(f"DROP SCHEMA IF EXISTS {schema} CASCADE"))
        await engine.dispose()
    return ReportingSettings(
        kafka="memory",
        storage_directory=tmp_path,
        reporting_key=SecretStr("k" * 32),
        reporting_database_url=None if url is None else SecretStr(url),
    )


@pytest.fixture
async def store(settings: ReportingSettings, log: MemoryLog) -> AsyncIterator[AsyncEngine]:
    """A store as reporting has made it."""
    url = settings.reporting_database_url
    engine = open_engine(sqlite_url(settings.storage_directory) if url is None else url.get_secret_value())
    await prepare(engine, NOW)
    await begin_at(engine, dict.fromkeys(PLACES, 0))
    await store_all(engine, batches(log.places, 5, 200))
    async with transaction(engine) as connection:  # no journal holds it, and it must not be lost
        published = {"agency": "metro", "period": "2025-Q4", "published_at": NOW, "body": "{}"}
        await connection.execute(insert(PUBLICATION), published)
    yield engine
    await engine.dispose()


@pytest.fixture
def places(settings: ReportingSettings) -> Places:
    return places_of(settings)


async def test_a_store_made_anew_says_the_same_and_takes_its_place(
    store: AsyncEngine, places: Places, log: MemoryLog
) -> None:
    before = await everything(store)
    await store.dispose()
    assert await rebuild(places, MemoryBroker(log))
    await places.swap()
    current = places.current()
    assert current is not None
    after = await everything(current)
    await current.dispose()
    assert {name for name in before if before[name] != after[name]} == set()


async def test_what_is_published_before_the_new_store_takes_its_place_is_not_lost(
    store: AsyncEngine, places: Places, log: MemoryLog, capsys: pytest.CaptureFixture[str]
) -> None:
    """Reporting may go on for days before somebody stops it for the swap."""
    assert await rebuild(places, MemoryBroker(log))
    assert "publication" not in capsys.readouterr().out
    async with transaction(store) as connection:
        published = {"agency": "metro", "period": "2026-Q1", "published_at": NOW, "body": "{}"}
        await connection.execute(insert(PUBLICATION), published)
    await store.dispose()
    await places.swap()
    current = places.current()
    assert current is not None
    assert [row["period"] for row in await rows_of(current, PUBLICATION)] == ["2025-Q4", "2026-Q1"]
    await current.dispose()


@pytest.mark.parametrize("settings", ["postgresql"], indirect=True)  # of a file everybody has to let go for the swap
async def test_what_is_being_published_while_the_new_store_takes_its_place_is_not_lost(
    store: AsyncEngine, places: Places, log: MemoryLog
) -> None:
    assert await rebuild(places, MemoryBroker(log))
    async with transaction(store) as connection:
        await alone(connection)
        published = {"agency": "metro", "period": "2026-Q1", "published_at": NOW, "body": "{}"}
        await connection.execute(insert(PUBLICATION), published)
        swapping = asyncio.create_task(places.swap())
        await asyncio.wait({swapping}, timeout=1.0)
        assert not swapping.done()
    await swapping
    assert [row["period"] for row in await rows_of(store, PUBLICATION)] == ["2025-Q4", "2026-Q1"]


async def test_without_a_new_store_nothing_is_swapped(store: AsyncEngine, places: Places, log: MemoryLog) -> None:
    """Told twice, it would put a store of nothing in place of the new one, and that over the old one."""
    before = await everything(store)
    await store.dispose()
    with pytest.raises(NoNewStore):
        await places.swap()
    assert await rebuild(places, MemoryBroker(log))
    await places.swap()
    with pytest.raises(NoNewStore):
        await places.swap()
    current = places.current()
    assert current is not None
    assert await everything(current) == before
    await current.dispose()


async def test_where_the_stores_do_not_agree_the_old_one_stays(
    store: AsyncEngine, places: Places, log: MemoryLog, capsys: pytest.CaptureFixture[str]
) -> None:
    gone = (await rows_of(store, OUTCOME))[7]
    async with store.connect() as connection:
        await connection.execute(delete(OUTCOME).where(OUTCOME.c.event_id == gone["event_id"]))
        await connection.commit()
    assert not await rebuild(places, MemoryBroker(log))
    told = capsys.readouterr().out
    assert f"only in the new store: assignments/{gone['partition']}/{gone['record_offset']}: {gone['call_id']}" in told


async def test_after_a_restore_it_is_made_anew_before_anybody_writes_and_not_after(
    store: AsyncEngine, places: Places, log: MemoryLog
) -> None:
    """DISASTER.md: the old store holds what came after the backup, at places where others write something else."""
    await store.dispose()
    kept = {place: len(records) * 2 // 3 for place, records in log.places.items() if place[0] == ASSIGNMENTS.name}
    restored = MemoryLog(log.partitions)
    restored.places.update({place: records[: kept.get(place)] for place, records in log.places.items()})
    assert await rebuild(places, MemoryBroker(restored))
    for place, begin in kept.items():
        for record in log.places[place][begin + 1 :]:
            restored.append(*place, [Record(record.key, record.value, tuple(record.headers.items()))])
    assert not await rebuild(places, MemoryBroker(restored))


async def test_a_file_that_a_process_has_is_not_swapped_under_it(tmp_path: Path, log: MemoryLog) -> None:
    settings = ReportingSettings(kafka="memory", storage_directory=tmp_path, reporting_key=SecretStr("k" * 32))
    places = places_of(settings)
    assert await rebuild(places, MemoryBroker(log))
    with locked(tmp_path), pytest.raises(StoreInUse):
        await places.swap()
    assert not (tmp_path / FILE_NAME).exists()
    await places.swap()
    await rebuild(places, MemoryBroker(log))
    await places.swap()
    assert (tmp_path / FILE_NAME).exists()
    assert (tmp_path / OLD_FILE).exists()
    assert not (tmp_path / NEW_FILE).exists()


def test_a_damaged_store_is_told_in_plain_words_and_stays(
    tmp_path: Path, log: MemoryLog, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(run, "KafkaBroker", lambda *_: MemoryBroker(log))
    (tmp_path / FILE_NAME).write_bytes(b"half of it " * 1000)
    settings = ReportingSettings(kafka="memory:1", storage_directory=tmp_path, reporting_key=SecretStr("k" * 32))
    assert run.main(settings, []) == run.EXIT_DIFFERENT
    assert "damaged: file is not a database. Nothing was swapped. If the old one is damaged" in capsys.readouterr().out
    assert (tmp_path / FILE_NAME).read_bytes().startswith(b"half")
