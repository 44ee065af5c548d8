"""The heartbeat: never silently unconfigured, and one that was not heard is counted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client import REGISTRY
from pydantic import SecretStr

from services.reporting.auditor.auditing import Auditing
from services.reporting.auditor.config import AuditorSettings
from services.reporting.auditor.heartbeat import UNCONFIGURED, UNWATCHED, Heartbeat
from services.reporting.auditor.prepare import FILE_NAME
from services.reporting.carrier import Carrier
from services.reporting.store.engine import open_engine, sqlite_url
from shared.audit_log.chain import new_audit_key
from shared.clock import SystemClock
from shared.connection import Connection
from shared.engine.memory import MemoryBroker, MemoryLog
from tests.services.reporting.auditor.test_on_kafka import SECRET, Watcher


@pytest.fixture
def watcher() -> Iterator[Watcher]:
    watcher = Watcher()
    yield watcher
    watcher.close()


def settings(directory: Path, watch_url: str = "", secret: str = SECRET) -> AuditorSettings:
    return AuditorSettings(
        kafka="nowhere:9",
        storage_directory=directory,
        watch_url=watch_url,
        watch_secret=SecretStr(secret),
        audit_keys=SecretStr(new_audit_key()),
    )


def beats(result: str) -> float:
    return REGISTRY.get_sample_value("careroute_audit_heartbeats_total", {"result": result}) or 0.0


@pytest.mark.parametrize(
    ("watch_url", "configured", "remark"),
    [("", False, UNCONFIGURED), ("off", True, UNWATCHED), ("http://watch.example/beat/auditor", True, "")],
)
async def test_it_is_not_ready_before_it_was_said_who_watches(
    tmp_path: Path, watch_url: str, remark: str, *, configured: bool
) -> None:
    engine = open_engine(sqlite_url(tmp_path, FILE_NAME))
    broker, carrier = MemoryBroker(MemoryLog(1)), Carrier(Connection("nowhere:9"), "1", tmp_path, "g")
    auditing = Auditing(engine, broker, carrier, SystemClock(), settings(tmp_path, watch_url))
    assert auditing.heartbeat.remark() == remark
    assert not auditing.ready
    auditing._lag.caught_up, auditing._ran_at = True, SystemClock().monotonic()
    assert auditing.ready is configured
    await engine.dispose()


async def test_a_beat_is_heard_by_whoever_shares_the_secret(tmp_path: Path, watcher: Watcher) -> None:
    sent, failed = beats("sent"), beats("failed")
    await Heartbeat(settings(tmp_path, watcher.url)).beat()
    assert (watcher.beats, beats("sent"), beats("failed")) == (1, sent + 1, failed)
    await Heartbeat(settings(tmp_path, watcher.url, "another secret")).beat()
    await Heartbeat(settings(tmp_path, "http://127.0.0.1:1/")).beat()
    await Heartbeat(settings(tmp_path, watcher.url, "Schlüssel")).beat()  # no header can hold it
    assert (watcher.beats, beats("sent"), beats("failed")) == (1, sent + 1, failed + 3)


async def test_that_none_is_sent_is_counted_too(tmp_path: Path) -> None:
    before = beats("off")
    await Heartbeat(settings(tmp_path, "off")).beat()
    assert beats("off") == before + 1
