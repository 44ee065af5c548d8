"""A follower as a process: ready once it has read what was there, and with the exit codes of every process."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from structlog.testing import capture_logs

from deploy.local.kafka.node import free_port
from shared.clock import SystemClock
from shared.engine.broker import BrokerUnavailable
from shared.engine.process import (
    BEGIN_SECONDS,
    EXIT_FAILED,
    EXIT_WATCHDOG,
    HANG_SECONDS,
    Together,
    Waiting,
    Watchdog,
)
from shared.telemetry import configure_logs
from tests.rig.clocks import StandingClock

RECORDS = 15


@contextmanager
def process(meets: str, file: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """The process, and where it says how it is."""
    port = free_port()
    environment = {**os.environ, "CAREROUTE_KAFKA": "127.0.0.1:9", "CAREROUTE_OPERATIONS_PORT": str(port)}
    command = [sys.executable, "-m", "tests.shared.engine.follower_process", meets, str(file)]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE) as started:
        try:
            yield started, f"http://127.0.0.1:{port}"
        finally:
            started.kill()


def until_answered(url: str, status: int) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            if httpx.get(url, trust_env=False).status_code == status:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.02)
    pytest.fail(f"{url} does not answer {status}")


def test_it_is_ready_once_what_was_there_is_stored_and_ends_well_when_told_to_stop(tmp_path: Path) -> None:
    file = tmp_path / "stored"
    with process("a slow database", file) as (started, url):
        until_answered(f"{url}/readyz", 503)
        until_answered(f"{url}/livez", 200)
        time.sleep(0.3)
        until_answered(f"{url}/readyz", 503)
        file.touch()
        until_answered(f"{url}/readyz", 200)
        assert file.read_text() == str(RECORDS)
        started.send_signal(signal.SIGTERM)
        assert started.wait(10) == 0


def test_a_stop_lets_it_store_what_it_has_read(tmp_path: Path) -> None:
    file = tmp_path / "stored"
    with process("a slow database", file) as (started, url):
        until_answered(f"{url}/readyz", 503)
        time.sleep(0.5)
        started.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        assert started.poll() is None
        file.touch()
        assert (started.wait(10), file.read_text()) == (0, str(RECORDS))


def test_one_that_cannot_go_on_ends_with_the_code_that_asks_for_a_new_start(tmp_path: Path) -> None:
    with process("an error", tmp_path / "stored") as (started, _):
        _, written = started.communicate(timeout=20)
    assert started.returncode == EXIT_FAILED
    assert b'"error": "KeyError"' in written
    assert b"Traceback" not in written
    assert not (tmp_path / "stored").exists()


@pytest.mark.slow
def test_one_that_hangs_is_ended_by_its_watchdog_which_says_where(tmp_path: Path) -> None:
    with process("a hang", tmp_path / "stored") as (started, _):
        _, written = started.communicate(timeout=20)
    assert started.returncode == EXIT_WATCHDOG
    said = json.loads(written.splitlines()[-1])
    assert said["event"] == "the loop hangs; exiting"
    assert said["runs"][-1].endswith(" hang")
    assert [line for line in said["awaits"] if line.endswith(" _follow")], "what it was at otherwise"


@pytest.mark.slow
def test_one_that_hangs_over_its_log_is_ended_all_the_same(tmp_path: Path) -> None:
    """Where nobody takes what it writes the watchdog waited, too, for its last words to be out."""
    with process("a log that nobody takes", tmp_path / "stored") as (started, _):
        assert started.wait(20) == EXIT_WATCHDOG


def test_who_begins_has_a_minute_and_once_it_was_ready_seconds() -> None:
    """A process that started on a busy machine had asked the broker six times, was taken for hung, and began anew.

    Another had come round before it made its store's tables, which took all of eight seconds there.
    """
    clock, runner = Later(), Half(ready=False)
    watchdog = Watchdog(runner, clock)
    watchdog.start()
    watchdog.stop()
    alive = []

    def later(seconds: float) -> None:
        clock.later_seconds += seconds
        alive.append(watchdog.live())

    later(1)
    runner.turned_at = clock.monotonic()
    later(HANG_SECONDS + 1)
    later(BEGIN_SECONDS - HANG_SECONDS - 3)
    assert alive == [True] * 3, "it begins"
    later(2)
    assert not alive.pop(), "a minute is over"

    runner.turned_at, runner.ready = clock.monotonic(), True
    watchdog.start()
    watchdog.stop()
    later(HANG_SECONDS - 1)
    runner.ready = False
    later(2)
    assert alive[-2:] == [True, False], "it had been ready"


def test_one_that_waits_for_its_broker_can_be_told_to_stop(tmp_path: Path) -> None:
    with process("no broker", tmp_path / "stored") as (started, url):
        until_answered(f"{url}/readyz", 503)
        started.send_signal(signal.SIGTERM)
        assert started.wait(10) == 0


class Later(SystemClock):
    """A clock that is set forward."""

    later_seconds = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self.later_seconds


@dataclass(slots=True)
class Half:
    """One of two that run together: it fails after so long, or runs until it is told to stop."""

    fails_after_seconds: float | None = None
    ready: bool = True
    turned_at: float = 0.0
    ended: bool = False

    async def run(self, stop: asyncio.Event) -> None:
        try:
            if self.fails_after_seconds is None:
                await stop.wait()
            else:
                await asyncio.sleep(self.fails_after_seconds)
                raise BrokerUnavailable("it is away")
        finally:
            self.ended = True


async def test_of_two_that_run_together_the_one_ends_with_the_other() -> None:
    worker, follower = Half(), Half(fails_after_seconds=0.01)
    with pytest.raises(BrokerUnavailable, match="away"):
        await Together(worker, follower).run(asyncio.Event())
    assert worker.ended
    stop = asyncio.Event()
    stop.set()
    await Together(Half(), Half()).run(stop)


async def test_who_has_ended_in_order_is_not_taken_for_hung_while_the_other_hands_over() -> None:
    """A follower that had ended nine seconds before had its watchdog end a worker that was still handing over."""
    clock, stop, handed_over = Later(), asyncio.Event(), asyncio.Event()

    class HandsOver(Half):
        async def run(self, stop: asyncio.Event) -> None:
            await stop.wait()
            await handed_over.wait()

    worker, follower = HandsOver(turned_at=clock.monotonic()), Half(turned_at=clock.monotonic())
    both = Together(worker, follower)
    watchdog = Watchdog(both, clock)
    watchdog.start()
    watchdog.stop()
    running = asyncio.ensure_future(both.run(stop))
    assert watchdog.live(), "ready: no more time to begin"
    stop.set()
    await asyncio.sleep(0.01)
    clock.later_seconds = HANG_SECONDS + 1
    worker.turned_at = clock.monotonic()
    assert follower.ended
    assert watchdog.live()
    clock.later_seconds += HANG_SECONDS + 1
    assert not watchdog.live(), "the worker hangs"
    handed_over.set()
    await running


def test_two_that_run_together_are_ready_and_alive_if_both_are() -> None:
    worker, follower = Half(turned_at=5), Half(turned_at=3, ready=False)
    both = Together(worker, follower)
    assert (both.turned_at, both.ready) == (3, False)
    follower.ready = True
    assert both.ready


def test_why_a_process_waits_is_told_when_it_is_news_and_else_now_and_then() -> None:
    """It looked twice a second, and said so each time: nothing else was left on the screen."""
    configure_logs("toy", "1")
    clock = StandingClock(datetime(2026, 3, 2, 18, tzinfo=UTC))
    waiting, said = Waiting(clock), list[tuple[float, str]]()
    for half_second in range(50):
        with capture_logs() as lines:
            waiting.tell("a wrong certificate" if half_second < 45 else "topics are missing")
        said += [(half_second / 2, line["wrong"]) for line in lines]
        clock.at += timedelta(seconds=0.5)
    assert said == [(at, "a wrong certificate") for at in (0, 10, 20)] + [(22.5, "topics are missing")]
