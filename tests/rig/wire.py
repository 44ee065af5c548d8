"""HTTP/1.1 as light as it can be: a pool of kept-alive connections to one door, and a receiver of webhooks."""

from __future__ import annotations

import asyncio
import json
import re
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
LOST = 0
"""The status of a request whose connection broke before the answer."""


def request(method: str, path: str, body: bytes = b"", **headers: str) -> bytes:
    """The bytes of a request; underscores in a header's name are hyphens."""
    lines = [f"{method} {path} HTTP/1.1", "host: rig", f"content-length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Wire:
    """Requests to one door; each has its own connection while it is under way, and waits for one if all are in use."""

    def __init__(self, port: int, most: int = 200, host: str = "127.0.0.1") -> None:
        self._host, self._port = host, port
        self._idle: deque[_Connection] = deque()
        self._free = asyncio.Semaphore(most)

    async def open(self, number: int) -> None:
        """Open connections ahead of their use."""
        self._idle.extend([await self._connect() for _ in range(number)])

    async def ask(self, data: bytes, timeout_seconds: float) -> tuple[int, bytes]:
        """Send a request; status and body. `LOST` if the connection broke or nothing came in time."""
        async with self._free:
            return await self._ask(data, timeout_seconds)

    async def _ask(self, data: bytes, timeout_seconds: float) -> tuple[int, bytes]:
        connection = None
        try:
            async with asyncio.timeout(timeout_seconds):
                connection = self._idle_connection() or await self._connect()
                status, body = await connection.ask(data)
        except (OSError, TimeoutError):
            if connection is not None:
                connection.drop()
            return LOST, b""
        if not connection.closed:
            self._idle.append(connection)
        return status, body

    def close(self) -> None:
        """Drop what is idle."""
        while self._idle:
            self._idle.popleft().drop()

    def _idle_connection(self) -> _Connection | None:
        while self._idle:
            if not (connection := self._idle.pop()).closed:
                return connection
        return None

    async def _connect(self) -> _Connection:
        _, connection = await asyncio.get_running_loop().create_connection(_Connection, self._host, self._port)
        return connection


class _Parts(asyncio.Protocol):
    """Cuts a stream into messages: head and body."""

    def __init__(self) -> None:
        self.transport: Any = None
        self.closed = False
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head, start = self._buffer[:end], end + 4
            length = _LENGTH.search(head)
            stop = start + (int(length[1]) if length else 0)
            if len(self._buffer) < stop:
                return
            body, self._buffer = self._buffer[start:stop], self._buffer[stop:]
            self.came(head, body)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # asyncio's own name
        self.closed = True

    def drop(self) -> None:
        """Close at once."""
        self.closed = True
        self.transport.abort()

    def came(self, head: bytes, body: bytes) -> None:
        """A message has come."""
        raise NotImplementedError


class _Connection(_Parts):
    def __init__(self) -> None:
        super().__init__()
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None

    async def ask(self, data: bytes) -> tuple[int, bytes]:
        self._answer = asyncio.get_running_loop().create_future()
        self.transport.write(data)
        return await self._answer

    def came(self, head: bytes, body: bytes) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result((int(head[9:12]), body))

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(ConnectionResetError())


Take = Callable[[str, Mapping[str, str], bytes], int]
"""`take(path, headers, body)` -> status."""


class Receiver:
    """Takes webhooks, from CADs' and paging providers' side."""

    def __init__(self, take: Take) -> None:
        self._take = take
        self._server: asyncio.Server | None = None

    async def start(self, port: int) -> None:
        """Listen."""
        self._server = await asyncio.get_running_loop().create_server(
            lambda: _Taking(self._take), "127.0.0.1", port, backlog=256
        )

    def stop(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.close()


class _Taking(_Parts):
    def __init__(self, take: Take) -> None:
        super().__init__()
        self._take = take

    def came(self, head: bytes, body: bytes) -> None:
        first, *rest = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in rest)}
        status = self._take(first.split(" ")[1], headers, body)
        self.transport.write(b"HTTP/1.1 %d Taken\r\ncontent-length: 0\r\n\r\n" % status)


def fields(body: bytes) -> dict[str, Any]:
    """A JSON body, or nothing if it is none."""
    try:
        return dict(json.loads(body))
    except ValueError:
        return {}
