"""Callers that connect to every door and say nothing, or a byte now and then; and one that only wants an answer."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import NamedTuple
from urllib.parse import urlsplit

from tests.rig.machine import slowness

CALLERS = 256
DRIPPING = 64
"""Of them, at each door: they send the head of a request, a byte at a time."""
HEAD = b"GET / HTTP/1.1\r\nHost: careroute\r\nX-Slow: "
DRIP_SECONDS = 1.0
PATIENCE_SECONDS = 3.0
"""How long an honest caller waits, on a machine that is not slower than others."""
ANSWERS = (b"HTTP/1.1 2", b"HTTP/1.1 3", b"HTTP/1.1 4")


class Wait(NamedTuple):
    """What an honest caller met with at a door."""

    seconds: float
    in_vain: str
    """Where there was no answer: what there was instead."""


@asynccontextmanager
async def silence(urls: Sequence[str]) -> AsyncIterator[list[Wait]]:
    """Keep every door occupied while the block runs; gives what honest callers met with.

    They are a process of their own: in that of a busy city their own lateness would look like a door's.
    """
    waited: list[Wait] = []
    program = sys.executable, "-m", "tests.chaos.silence", str(PATIENCE_SECONDS * slowness())
    process = await asyncio.create_subprocess_exec(*program, *urls, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    listening = asyncio.get_running_loop().create_task(_listen(process.stdout, waited))
    try:
        yield waited
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await listening
        await process.wait()


async def _listen(lines: asyncio.StreamReader, waited: list[Wait]) -> None:
    waited.extend([Wait(*json.loads(line)) async for line in lines])


async def _call_all(patience_seconds: float, urls: Sequence[str]) -> None:
    """Occupy the doors and call there, for ever."""
    doors = [(parts.hostname or "", parts.port or 0) for parts in map(urlsplit, urls)]
    async with asyncio.TaskGroup() as tasks:
        for door in doors:
            for number in range(CALLERS):
                tasks.create_task(_occupy(*door, dripping=number < DRIPPING))
        for url in urls:
            tasks.create_task(_call(url, patience_seconds))


async def _occupy(host: str, port: int, *, dripping: bool) -> None:
    while True:
        with suppress(OSError):
            reader, writer = await asyncio.open_connection(host, port)
            over = asyncio.get_running_loop().create_task(reader.read())
            try:
                for byte in HEAD + b"x" * 1000 if dripping else b"":
                    if over.done():
                        break
                    writer.write(bytes([byte]))
                    await asyncio.sleep(DRIP_SECONDS)
                await over
            finally:
                over.cancel()
                writer.close()
        await asyncio.sleep(0.2)


async def _call(url: str, patience_seconds: float) -> None:
    """Ask for a page that is not there, again and again: any answer but an overload's will do."""
    while True:
        await asyncio.sleep(0.5)
        began = time.monotonic()
        try:
            met = await asyncio.wait_for(_asked(url), patience_seconds)
        except (OSError, TimeoutError) as error:
            met = repr(error).encode()
        seconds = time.monotonic() - began
        in_vain = "" if met.startswith(ANSWERS) else f"{url} after {seconds:.2f} s: {met.decode().strip() or 'closed'}"
        print(json.dumps(Wait(seconds, in_vain)), flush=True)  # noqa: T201


async def _asked(url: str) -> bytes:
    door = urlsplit(url)
    reader, writer = await asyncio.open_connection(door.hostname, door.port)
    try:
        writer.write(b"GET /nothing-here HTTP/1.1\r\nHost: careroute\r\nConnection: close\r\n\r\n")
        return await reader.readline()
    finally:
        writer.close()


if __name__ == "__main__":
    asyncio.run(_call_all(float(sys.argv[1]), sys.argv[2:]))
