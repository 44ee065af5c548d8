"""A database that goes away and comes back: what was read meanwhile is stored then, once."""

from __future__ import annotations

import asyncio
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY
from pydantic import SecretStr

from services.reporting import lag
from services.reporting.auditor.auditing import Auditing
from services.reporting.auditor.config import AuditorSettings
from services.reporting.carrier import Carrier
from services.reporting.reporter import Reporter
from services.reporting.store.engine import open_engine
from services.reporting.store.prepare import prepare
from services.reporting.store.tables import OUTCOME
from services.reporting.store.write import begin_at
from shared.audit_log.chain import new_audit_key
from shared.clock import SystemClock
from shared.connection import Connection
from shared.engine.memory import MemoryBroker, MemoryLog
from tests.builders import call_routed
from tests.services.reporting.conftest import NOW, address_of, started_postgres, stop_at_once
from tests.services.reporting.journals import PLACES, Topics, rows_of


@pytest.fixture
def server(postgres: str) -> Iterator[Any]:
    """A PostgreSQL of its own."""
    del postgres  # it says whether one can be had here
    directory = Path(tempfile.mkdtemp(prefix="careroute-postgres-"))
    server = started_postgres(directory / "data")
    yield server
    stop_at_once(server)
    shutil.rmtree(directory, ignore_errors=True)


@contextmanager
def hanging(server: Any) -> Iterator[None]:
    """Every process of it stands still: connections stay, and nothing answers."""
    postmaster = server.get_postmaster_info().process
    processes = [postmaster, *postmaster.children(recursive=True)]
    for process in processes:
        process.suspend()
    try:
        yield
    finally:
        for process in processes:
            process.resume()


def away() -> float | None:
    return REGISTRY.get_sample_value("careroute_report_database_away")


async def test_whoever_waits_for_the_database_can_be_told_to_stop(tmp_path: Path) -> None:
    engine, stop = open_engine("postgresql+asyncpg://nobody@127.0.0.1:1/nothing"), asyncio.Event()
    reporter = Reporter(engine, MemoryBroker(MemoryLog(4)), Carrier(Connection(""), "1", tmp_path), SystemClock())
    running = asyncio.ensure_future(reporter.run(stop))
    await asyncio.sleep(1)
    assert (running.done(), reporter.ready, away()) == (False, False, 1)
    stop.set()
    await asyncio.wait_for(running, 5)


async def test_so_can_the_auditor(tmp_path: Path) -> None:
    engine, stop = open_engine("postgresql+asyncpg://nobody@127.0.0.1:1/nothing"), asyncio.Event()
    settings = AuditorSettings(
        kafka="nowhere:9", storage_directory=tmp_path, watch_url="off", audit_keys=SecretStr(new_audit_key())
    )
    auditing = Auditing(
        engine, MemoryBroker(MemoryLog(4)), Carrier(Connection(""), "1", tmp_path), SystemClock(), settings
    )
    running = asyncio.ensure_future(auditing.run(stop))
    await asyncio.sleep(1)
    assert (running.done(), auditing.ready) == (False, False)
    stop.set()
    await asyncio.wait_for(running, 5)


async def test_a_batch_waits_for_the_database_for_as_long_as_it_takes(server: Any, tmp_path: Path) -> None:
    engine, topics = open_engine(address_of(server)), Topics()
    await prepare(engine, NOW)
    await begin_at(engine, dict.fromkeys(PLACES, 0))
    reporter = Reporter(engine, MemoryBroker(MemoryLog(4)), Carrier(Connection(""), "1", tmp_path), SystemClock())
    await reporter._take(topics.assignments(call_routed("metro/cad/1", NOW)))
    server.get_postmaster_info().process.send_signal(signal.SIGQUIT)
    await asyncio.sleep(0.5)
    waiting = asyncio.ensure_future(reporter._take(topics.assignments(call_routed("metro/cad/2", NOW))))
    await asyncio.sleep(1.5)
    assert (waiting.done(), reporter.ready, away()) == (False, False, 1)
    await asyncio.to_thread(server.ensure_postgres_running)
    await asyncio.wait_for(waiting, 20)
    assert away() == 0
    assert [row["call_id"] for row in await rows_of(engine, OUTCOME)] == ["metro/cad/1", "metro/cad/2"]
    await engine.dispose()


async def test_a_database_that_hangs_is_as_good_as_away(server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lag, "ANSWER_SECONDS", 1.0)
    engine, reader = open_engine(address_of(server)), await MemoryBroker(MemoryLog(4)).reader()
    await prepare(engine, NOW)
    await begin_at(engine, dict.fromkeys(PLACES, 0))
    looking = lag.Lag(engine, SystemClock())
    with hanging(server):
        await asyncio.wait_for(looking.look(reader, excused=False), 10)
        assert not looking.caught_up
    await looking.look(reader, excused=False)
    assert looking.caught_up
    await engine.dispose()
