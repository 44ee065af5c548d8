"""Callers that connect to every door and say nothing, or a byte now and then; and one that only wants an answer."""

from __future__ import annotations

import asyncio
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
    """Keep every door occupied while the block runs; gives what honest callers met with."""
    waited: list[Wait] = []
    doors = [(parts.hostname or "", parts.port or 0) for parts in map(urlsplit, urls)]
    loop = asyncio.get_running_loop()
    tasks = [
        loop.create_task(_occupy(*door, dripping=number < DRIPPING)) for door in doors for number in range(CALLERS)
    ]
    tasks += [loop.create_task(_call(url, waited)) for url in urls]
    try:
        yield waited
    finally:
        while tasks:  # `asyncio.wait_for` may swallow a cancellation that comes with its result
            for task in tasks:
                task.cancel()
            _, left = await asyncio.wait(tasks, timeout=0.5)
            tasks = list(left)


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


async def _call(url: str, waited: list[Wait]) -> None:
    """Ask for a page that is not there, again and again: any answer but an overload's will do."""
    while True:
        await asyncio.sleep(0.5)
        began = time.monotonic()
        try:
            met = await asyncio.wait_for(_asked(url), PATIENCE_SECONDS * slowness())
        except (OSError, TimeoutError) as error:
            met = repr(error).encode()
        seconds = time.monotonic() - began
        in_vain = "" if met.startswith(ANSWERS) else f"{url} after {seconds:.2f} s: {met.decode().strip() or 'closed'}"
        waited.append(Wait(seconds, in_vain))


async def _asked(url: str) -> bytes:
    door = urlsplit(url)
    reader, writer = await asyncio.open_connection(door.hostname, door.port)
    try:
        writer.write(b"GET /nothing-here HTTP/1.1\r\nHost: careroute\r\nConnection: close\r\n\r\n")
        return await reader.readline()
    finally:
        writer.close()
