"""The lightest client there is, on the parser that serves the doors: what a load costs must not show in its figures.

aiohttp, which the actors use, takes 100 µs of CPU more for each request: a tenth of a core at 800 events a second.
"""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import urlsplit

from httptools import HttpResponseParser

from deploy.actors.http import IDLE_SECONDS, LOST


class Client:
    """Posts JSON to one address; each request has a connection to itself, kept for the next one."""

    def __init__(self, url: str, connections: int) -> None:
        """`connections` bounds how many there are; further requests wait."""
        door = urlsplit(url)
        self._host, self._port = door.hostname or "", door.port or 80
        self._head = f"POST {door.path} HTTP/1.1\r\nhost: {door.netloc}\r\ncontent-type: application/json\r\n"
        self._idle: list[_Connection] = []
        self._free = asyncio.Semaphore(connections)

    async def post(self, token: str, body: bytes, seconds: float) -> int:
        """The status that a body is answered with; `LOST` where the connection broke or nothing came in time."""
        head = f"{self._head}authorization: Bearer {token}\r\ncontent-length: {len(body)}\r\n\r\n"
        connection = None
        try:
            async with self._free, asyncio.timeout(seconds):
                connection = await self._connection()
                status = await connection.ask(head.encode() + body)
        except (OSError, TimeoutError):
            if connection is not None:
                connection.transport.abort()
            return LOST
        self._idle.append(connection)
        return status

    async def _connection(self) -> _Connection:
        """An idle one that the door will not close just now, or a new one."""
        loop = asyncio.get_running_loop()
        while self._idle:
            idle = self._idle.pop()
            if idle.answered_at > loop.time() - IDLE_SECONDS and not idle.transport.is_closing():
                return idle
            idle.transport.abort()
        _, connection = await loop.create_connection(_Connection, self._host, self._port)
        return connection


class _Connection(asyncio.Protocol):
    """One request at a time; the parser calls back when its answer is whole."""

    transport: asyncio.Transport
    answered_at = 0.0

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    async def ask(self, request: bytes) -> int:
        self._parser, self._answered = HttpResponseParser(self), asyncio.get_running_loop().create_future()
        self.transport.write(request)
        await self._answered
        self.answered_at = asyncio.get_running_loop().time()
        return self._parser.get_status_code()

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        self._answered.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # asyncio's own name
        if not self._answered.done():
            self._answered.set_exception(ConnectionResetError())
