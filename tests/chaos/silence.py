"""Callers that connect to every door and say nothing, or a byte now and then; and one that only wants an answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

CALLERS = 256
DRIPPING = 64
"""Of them, at each door: they send the head of a request, a byte at a time."""
HEAD = b"GET / HTTP/1.1\r\nHost: careroute\r\nX-Slow: "
DRIP_SECONDS = 1.0
PATIENCE_SECONDS = 3.0
ANSWERS = (b"HTTP/1.1 2", b"HTTP/1.1 3", b"HTTP/1.1 4")


@asynccontextmanager
async def silence(urls: Iterable[str]) -> AsyncIterator[list[float | None]]:
    """Keep every door occupied while the block runs; gives what an honest caller waited, None where in vain."""
    waited: list[float | None] = []
    doors = [(parts.hostname or "", parts.port or 0) for parts in map(urlsplit, urls)]
    loop = asyncio.get_running_loop()
    tasks = [
        loop.create_task(_occupy(*door, dripping=number < DRIPPING)) for door in doors for number in range(CALLERS)
    ]
    tasks += [loop.create_task(_call(*door, waited)) for door in doors]
    try:
        yield waited
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


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


async def _call(host: str, port: int, waited: list[float | None]) -> None:
    """Ask for a page that is not there, again and again: any answer but an overload's will do."""
    while True:
        await asyncio.sleep(0.5)
        began = time.monotonic()
        try:
            answered = await asyncio.wait_for(_asked(host, port), PATIENCE_SECONDS)
        except (OSError, TimeoutError):
            answered = False
        waited.append(time.monotonic() - began if answered else None)


async def _asked(host: str, port: int) -> bool:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(b"GET /nothing-here HTTP/1.1\r\nHost: careroute\r\nConnection: close\r\n\r\n")
        return (await reader.readline()).startswith(ANSWERS)
    finally:
        writer.close()
