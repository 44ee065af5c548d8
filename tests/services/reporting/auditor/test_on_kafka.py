"""The auditor as a process on a real Kafka: killed and frozen while journals grow, owners change, zombies write."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest
from sqlalchemy import NullPool, create_engine, text

from deploy.local.kafka.node import CHECKOUT, free_port
from services.reporting.auditor.invariants import INVARIANTS
from services.reporting.auditor.prepare import FILE_NAME
from shared.audit_log.chain import new_audit_key
from shared.engine.broker import Record
from shared.engine.kafka import KafkaBroker, create_topics
from shared.events import CadInformed, CadMessageDue, CallRouted, Claimed, DeadlineSet, Event
from shared.topics import TOPICS

pytestmark = [pytest.mark.kafka, pytest.mark.slow]

AGENCY = "madison-wi"
SECRET = "a secret of the watcher's, long enough"
AUDIT_KEY = new_audit_key()
FROZEN_SECONDS = 7.0
"""Longer than Kafka waits for a member of the group."""


class Watcher:
    """Counts heartbeats."""

    def __init__(self) -> None:
        self.beats = 0
        watcher = self

        class Ear(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                heard = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                known = heard == {"beat": "auditor"} and self.headers["Authorization"] == f"Bearer {SECRET}"
                watcher.beats += known
                self.send_response(204 if known else 401)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Nothing is logged."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Ear)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Auditor:
    """The process, with what it says of itself."""

    def __init__(self, servers: str, directory: Path, watcher: Watcher) -> None:
        self.port, self._directory = free_port(), directory
        self._environment = {
            **os.environ,
            "CAREROUTE_KAFKA": servers,
            "CAREROUTE_PARTITIONS": "1",
            "CAREROUTE_STORAGE_DIRECTORY": str(directory),
            "CAREROUTE_OPERATIONS_PORT": str(self.port),
            "CAREROUTE_AUDIT_KEYS": AUDIT_KEY,
            "CAREROUTE_AUDIT_SECONDS": "0.5",
            "CAREROUTE_WATCH_URL": watcher.url,
            "CAREROUTE_WATCH_SECRET": SECRET,
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with (self._directory / "auditor.log").open("ab") as log:
            command = [sys.executable, "-m", "services.reporting.auditor"]
            self._process = subprocess.Popen(command, env=self._environment, cwd=CHECKOUT, stdout=log, stderr=log)

    def send(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def ended(self, seconds: float = 15) -> int:
        assert self._process is not None
        return self._process.wait(seconds)

    def restart_if_ended(self) -> None:
        if self._process is not None and self._process.poll() is not None:
            self.start()

    def close(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def stored(self, sql: str) -> int:
        engine = create_engine(f"sqlite:///{self._directory / FILE_NAME}", poolclass=NullPool)
        with engine.connect() as connection:
            return int(connection.execute(text(sql)).scalar_one())

    async def says(self, name: str) -> float:
        with contextlib.suppress(httpx.HTTPError):
            async with httpx.AsyncClient(timeout=2, trust_env=False) as client:
                lines = (await client.get(f"http://127.0.0.1:{self.port}/metrics")).text.splitlines()
            return next((float(line.split()[-1]) for line in lines if line.startswith(f"careroute_audit_{name}")), 0.0)
        return -1.0


class Journals:
    """Calls with all that belongs to them, as their owners write it; now and then another owner, and a late write."""

    def __init__(self, broker: KafkaBroker) -> None:
        self._broker, self._epoch, self.calls = broker, 0, 0

    async def change_hands(self) -> None:
        """Another owner; the former one writes a second outcome of the last call, which counts for nothing."""
        self._epoch += 1
        for topic in ("assignments", "notifications"):
            await self._append(topic, self._epoch, Claimed(epoch=self._epoch, writer=f"w{self._epoch}"))
        if self.calls:
            await self._append("assignments", self._epoch - 1, self.routed(self.calls))

    async def write_calls(self, count: int) -> None:
        first, self.calls = self.calls + 1, self.calls + count
        numbers = range(first, self.calls + 1)
        routed = [event for number in numbers for event in (self.begun(number), self.routed(number))]
        told = [event for number in numbers for event in self._told(number)]
        await self._append("assignments", self._epoch, *routed)
        await self._append("notifications", self._epoch, *told)

    async def append(self, *events: Event) -> None:
        await self._append("assignments", self._epoch, *events)

    def begun(self, number: int, deadline_seconds: float = 60) -> DeadlineSet:
        now = datetime.now(UTC)
        due = now + timedelta(seconds=deadline_seconds)
        return DeadlineSet(call_id=_call(number), episode=1, deadline=due, received_at=now, call_at=f"calls/0/{number}")

    def routed(self, number: int) -> CallRouted:
        due = datetime.now(UTC) + timedelta(seconds=60)
        return CallRouted(call_id=_call(number), episode=1, outcome="default", reasons=("deadline",), deadline=due)

    def _told(self, number: int) -> Iterator[Event]:
        about: dict[str, Any] = {"message_id": f"m{number}", "kind": "call.routed", "source": "cad"}
        about |= {"call_id": _call(number), "episode": 1}
        body = {"data": {"outcome": "default"}}
        yield CadMessageDue(**about, body=body, not_after=datetime.now(UTC) + timedelta(seconds=60))
        yield CadInformed(**about)

    async def _append(self, topic: str, epoch: int, *events: Event) -> None:
        headers = (("epoch", b"%d" % epoch), ("time", datetime.now(UTC).isoformat().encode()), ("positions", b"{}"))
        records = [Record(AGENCY, event.encode(), (("type", event.type.encode()), *headers)) for event in events]
        await self._broker.append(topic, 0, records)


def _call(number: int) -> str:
    return f"{AGENCY}/cad/{number}"


async def until(is_so: Callable[[], bool], what: str, seconds: float = 30) -> None:
    async with asyncio.timeout(seconds):
        while not is_so():  # noqa: ASYNC110  # of another process, which sets no event of ours
            await asyncio.sleep(0.1)
    assert is_so(), what


@pytest.fixture
async def broker(servers: str) -> AsyncIterator[KafkaBroker]:
    await create_topics(servers, 1, 1, TOPICS)
    broker = KafkaBroker(servers, 1)
    yield broker
    await broker.close()


async def test_it_reads_all_that_counts_and_is_clean_until_a_call_has_no_outcome(
    servers: str, broker: KafkaBroker, tmp_path: Path
) -> None:
    watcher, journals = Watcher(), Journals(broker)
    auditor = Auditor(servers, tmp_path, watcher)
    try:
        await _kill_and_freeze(auditor, journals, watcher)
        await _lose_a_call(auditor, journals, watcher, broker)
    finally:
        auditor.close()
        watcher.close()


async def _kill_and_freeze(auditor: Auditor, journals: Journals, watcher: Watcher) -> None:
    await journals.change_hands()
    await journals.write_calls(100)
    auditor.start()
    await until(lambda: watcher.beats > 0, "the first heartbeat")
    for number in (signal.SIGKILL, signal.SIGSTOP):
        auditor.send(number)
        await journals.change_hands()
        await journals.write_calls(200)
        if number is signal.SIGKILL:
            auditor.ended()
            auditor.start()
        else:
            await asyncio.sleep(FROZEN_SECONDS)
            auditor.send(signal.SIGCONT)
        await journals.write_calls(100)
        await _caught_up(auditor, journals)
        beats = watcher.beats
        await until(lambda beats=beats: watcher.beats > beats, "a heartbeat afterwards")  # type: ignore[misc]
    assert auditor.stored("SELECT count(*) FROM outcome") == journals.calls
    assert auditor.stored("SELECT max(outcomes) FROM episode") == 1
    assert auditor.stored("SELECT sum(late_writes) FROM place") == 2
    assert await auditor.says("planted_found") == len(INVARIANTS)


async def _caught_up(auditor: Auditor, journals: Journals) -> None:
    async with asyncio.timeout(40):
        while auditor.stored("SELECT count(*) FROM outcome") < journals.calls:
            auditor.restart_if_ended()
            await asyncio.sleep(0.2)


async def _lose_a_call(auditor: Auditor, journals: Journals, watcher: Watcher, broker: KafkaBroker) -> None:
    """A call that nobody decides is told, and the heartbeat stops, until it is decided."""
    reader = await broker.reader()
    await reader.assign({("audits", 0): 0})
    lost = journals.calls + 1
    await journals.append(journals.begun(lost, deadline_seconds=-20))
    (found,) = await reader.poll(20)
    assert found.headers["type"] == b"audit-gap-found"
    assert json.loads(found.value)["call_id"] == _call(lost)
    beats = watcher.beats
    await asyncio.sleep(1.5)
    assert watcher.beats <= beats + 1
    assert await auditor.says('violations{invariant="outcome-by-deadline"}') == 1
    await journals.append(journals.routed(lost))
    (closed,) = await reader.poll(20)
    assert closed.headers["type"] == b"audit-gap-closed"
    await reader.close()
