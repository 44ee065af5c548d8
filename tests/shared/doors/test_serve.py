"""A door as a process: it waits for its broker, stops when it is told to, and ends when it cannot go on."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack

import httpx
import pytest
import uvloop
from starlette.applications import Starlette

from deploy.local.kafka.node import free_port
from shared.config import DoorSettings
from shared.doors import serve as serving
from shared.doors.connections import ConnectionBounds
from shared.doors.serve import connected, serve
from shared.engine.broker import BrokerUnavailable
from shared.engine.follower import Follower
from shared.engine.memory import MemoryBroker, MemoryLog
from shared.engine.process import EXIT_FAILED
from tests.shared.doors.toy import HELLO, Toy

SETTINGS = DoorSettings(kafka="memory")
PROGRAM = """
import sys
from shared.config import EXIT_SETTINGS, DoorSettings
from shared.doors.serve import serve
from tests.shared.doors.toy import Toy
serve("toy", DoorSettings(kafka="memory", port=int(sys.argv[1])), Toy().app())
"""


def door(start: Callable[[], Awaitable[None]]) -> Starlette:
    return Starlette(lifespan=lambda _: connected(MemoryBroker(MemoryLog()), start))


async def nothing() -> None:
    """There is nothing to wait for."""


def test_an_honest_caller_waits_for_no_turn_of_each_who_only_connects() -> None:
    """On a machine whose processors were all busy a turn took 20 ms, and who came after 256 others waited for 4 s."""
    turns = 0

    async def take_turns() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    async def call() -> bytes:
        async with Toy(connections=ConnectionBounds()).served() as toy:
            with ExitStack() as open_:
                address = ("127.0.0.1", toy.port)
                *_, honest = (open_.enter_context(socket.create_connection(address)) for _ in range(300))
                honest.settimeout(0)
                honest.sendall(HELLO)
                busy = asyncio.create_task(take_turns())
                answer = await asyncio.get_running_loop().sock_recv(honest, 1000)
                busy.cancel()
        return answer

    assert uvloop.run(call()).startswith(b"HTTP/1.1 200")
    assert turns < 100


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_door_that_is_told_to_stop_ends_well(number: signal.Signals) -> None:
    port = free_port()
    with subprocess.Popen([sys.executable, "-c", PROGRAM, str(port)], stderr=subprocess.PIPE) as process:
        url = f"http://127.0.0.1:{port}/hello/ann"
        for _ in range(200):
            try:
                assert httpx.get(url, trust_env=False).text == "hello ann"
                break
            except httpx.TransportError:
                time.sleep(0.05)
        process.send_signal(number)
        _, written = process.communicate(timeout=10)
    assert (process.returncode, written) == (0, b"")


def test_a_door_whose_follower_fails_ends(capfd: pytest.CaptureFixture[str]) -> None:
    follower = Follower(MemoryBroker(MemoryLog()), (), lambda *_: None)
    follower.failed = RuntimeError()
    with pytest.raises(SystemExit) as ended:
        serve("toy", SETTINGS, door(nothing), follower)
    assert ended.value.code == EXIT_FAILED
    assert "Traceback" not in capfd.readouterr().err


def test_a_door_that_cannot_start_ends(capfd: pytest.CaptureFixture[str]) -> None:
    async def break_down() -> None:
        raise ValueError("CANARY")

    with pytest.raises(SystemExit) as ended:
        serve("toy", SETTINGS, door(break_down))
    assert ended.value.code == EXIT_FAILED
    written = capfd.readouterr().err
    assert '"error": "ValueError"' in written
    assert "CANARY" not in written


@pytest.mark.parametrize("setting", ["port", "operations_port"])
def test_a_door_whose_port_is_taken_ends_and_says_which_setting_that_is(
    capfd: pytest.CaptureFixture[str], setting: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        settings = DoorSettings.model_validate({"kafka": "memory", setting: port})
        with pytest.raises(SystemExit) as ended:
            serve("toy", settings, door(nothing))
    assert ended.value.code == EXIT_FAILED
    written = capfd.readouterr().err
    assert (f"CAREROUTE_{setting.upper()}: " in written, f"127.0.0.1 port {port}" in written) == (True, True), written


async def test_a_door_waits_for_its_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "RETRY_SECONDS", 0.001)
    tries, closed = 0, []

    async def start() -> None:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise BrokerUnavailable("away")

    async def close() -> None:
        closed.append("door")

    broker = MemoryBroker(MemoryLog())
    async with connected(broker, start, close):
        while tries < 3:  # noqa: ASYNC110  # there is no event to wait for
            await asyncio.sleep(0.001)
    assert closed == ["door"]


async def test_a_door_whose_broker_never_comes_can_end() -> None:
    async def start() -> None:
        raise BrokerUnavailable("away")

    async with asyncio.timeout(1), connected(MemoryBroker(MemoryLog()), start):
        await asyncio.sleep(0.01)
