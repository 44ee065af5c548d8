"""What a connection may cost: how many there are, how long one may keep us waiting, how large a head may be.

uvicorn bounds none of it: it waits for a head for ever and gathers header lines without end, and its own limit counts
connections, so that whoever opens some hundred and sends nothing turns everybody else away.
"""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from shared.telemetry import REQUESTS

SLICE_BYTES = 4 * 1024
FIELD_BYTES = 32
"""What a header field costs beside its text, as HTTP/2 counts it (RFC 9113, 6.5.2): many small ones are a lot, too."""
PIPELINED_REQUESTS = 16
"""How many requests may wait behind the one that is being answered."""
LINGER_SECONDS = 1.0
"""After a refusal the rest of what is sent is read and thrown away: closing at once could take the answer with it."""


@dataclass(frozen=True, slots=True)
class ConnectionBounds:
    """What connections may cost."""

    connections: int = 512
    connections_per_address: int = 64
    shared_addresses: frozenset[str] = frozenset(("127.0.0.1", "::1"))
    """Not bounded by address: this machine, where a proxy before the door has the connections of all callers."""
    head_bytes: int = 64 * 1024
    head_seconds: float = 5.0
    body_seconds: float = 12.0
    """Longer than the guard waits: for bodies that go on although their request is answered."""
    answer_seconds: float = 60.0
    """From the end of a request until its answer is taken."""
    idle_seconds: int = 5
    """From an answer to the next request."""
    sweep_seconds: float = 0.25
    """How exact these times are."""


class Connections:
    """The open connections of a door. Of one too many, that which has waited longest for a request is closed."""

    def __init__(self, door: str, bounds: ConnectionBounds) -> None:
        self.door, self.bounds = door, bounds
        self._open: dict[BoundedConnection, None] = {}
        """The one whose last answer is longest ago comes first."""
        self._of_address: Counter[str] = Counter()
        self._sweeping = False

    def open(self, *args: Any, **kwargs: Any) -> BoundedConnection:
        """A connection, with what uvicorn gives to its own."""
        return BoundedConnection(self, *args, **kwargs)

    def add(self, connection: BoundedConnection) -> None:
        """Count a new connection in; it may be the one that has to go."""
        self._open[connection] = None
        self._of_address[connection.address] += 1
        if not self._sweeping:
            self._sweep()
        if self._is_full(connection.address):
            self._drop_first(lambda other: other.waits and other.address == connection.address)
        elif len(self._open) > self.bounds.connections:
            self._drop_first(lambda other: other.waits)

    def answered(self, connection: BoundedConnection) -> None:
        """Put a connection that has just been of use behind all others."""
        if connection in self._open:
            del self._open[connection]
            self._open[connection] = None

    def remove(self, connection: BoundedConnection) -> None:
        """Count a connection out."""
        if connection in self._open:
            del self._open[connection]
            self._of_address -= Counter((connection.address,))

    def _is_full(self, address: str) -> bool:
        bounds = self.bounds
        return address not in bounds.shared_addresses and self._of_address[address] > bounds.connections_per_address

    def _drop_first(self, may_go: Callable[[BoundedConnection], bool]) -> None:
        """Close the first that may go at once; the newest waits too, and comes last."""
        self._drop(next(connection for connection in self._open if may_go(connection)))

    def _drop(self, connection: BoundedConnection) -> None:
        self.remove(connection)
        connection.transport.abort()

    def _sweep(self) -> None:
        """Close what has kept us waiting for too long, and look again while anything is open."""
        loop = asyncio.get_running_loop()
        for connection in [connection for connection in self._open if connection.due_at <= loop.time()]:
            self._drop(connection)
        self._sweeping = bool(self._open)
        if self._sweeping:
            loop.call_later(self.bounds.sweep_seconds, self._sweep)


class BoundedConnection(HttpToolsProtocol):
    """One connection, as uvicorn handles it, within bounds."""

    def __init__(self, connections: Connections, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._connections, self._bounds = connections, connections.bounds
        self.address = ""
        self.waits = True
        """Whether it has no request that is under way: a head is missing, or incomplete."""
        self.due_at = self.loop.time() + self._bounds.head_seconds
        """When it will have kept us waiting for too long."""
        self._head_bytes, self._unread_bytes = 0, 0
        self._in_body, self._refused = False, False
        self._part = b""
        """What is being read."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Count it in."""
        super().connection_made(transport)
        self.address = self.client[0] if self.client else ""
        self._connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Count it out."""
        self._connections.remove(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Hand on what came in slices, so that a head that is too large is seen before it is all there."""
        for start in range(0, len(data), SLICE_BYTES):
            if self._refused or self.transport.is_closing():
                return
            part = data[start : start + SLICE_BYTES]
            self._unread_bytes += len(part)
            self._read(part)
            if self._head_bytes + self._unread_bytes > self._bounds.head_bytes:
                self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
            elif len(self.pipeline) > PIPELINED_REQUESTS:
                self.transport.abort()

    # --- what the parser found in it ---

    def on_message_begin(self) -> None:
        """A head begins."""
        super().on_message_begin()
        self._head_bytes, self._unread_bytes = 0, 0

    def on_url(self, url: bytes) -> None:
        """A part of the request's address."""
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header field, of the head or behind a body."""
        self._count(len(name) + len(value) + FIELD_BYTES)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is complete."""
        if self._is_upgrade():
            return
        self._unread_bytes = 0
        self.waits, self._in_body = False, True
        self.due_at = self.loop.time() + self._bounds.body_seconds
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A part of the body."""
        self._unread_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is complete."""
        if self._is_upgrade():
            return
        self._unread_bytes = 0
        self._in_body = False
        super().on_message_complete()
        self._go_on()

    def on_response_complete(self) -> None:
        """An answer is complete."""
        super().on_response_complete()
        self._connections.answered(self)
        self._go_on()

    def _read(self, part: bytes) -> None:
        self._part = part
        super().data_received(part)

    def _is_upgrade(self) -> bool:
        """Whether another protocol is offered, which the parser takes for agreed: it would read no body any more."""
        return bool(self.parser.should_upgrade()) and self.parser.get_method() != b"CONNECT"

    def _unsupported_upgrade_warning(self) -> None:
        """Read the request again without the offer, which a server may ignore (RFC 9110, 7.8).

        Java's own client offers HTTP/2 with each request over plain HTTP: of all that it posted nothing came in.
        """
        (end,) = sys.exception().args  # type: ignore[union-attr]  # uvicorn calls this where it has caught one
        fields = [b"%b: %b\r\n" % field for field in self.headers if field[0] != b"upgrade"]
        line = b"%b %b HTTP/%b\r\n" % (self.parser.get_method(), self.url, self.parser.get_http_version().encode())
        self.parser = type(self.parser)(self)
        self._read(b"".join((line, *fields, b"\r\n", self._part[end:])))

    def _count(self, size: int) -> None:
        self._head_bytes += size
        self._unread_bytes = 0

    def _go_on(self) -> None:
        """Wait for what comes next, once the body is here: the answer, or another request."""
        if self._in_body:
            return
        self.waits, bounds = self.cycle.response_complete, self._bounds
        taken = self.waits and not self.transport.get_write_buffer_size()
        self.due_at = self.loop.time() + (bounds.idle_seconds + bounds.head_seconds if taken else bounds.answer_seconds)

    def _refuse(self, status: HTTPStatus) -> None:
        """Close, and say why where no other answer is under way."""
        if not self.waits:
            self.transport.abort()
            return
        self._refused = True
        self.due_at = self.loop.time() + LINGER_SECONDS
        REQUESTS.labels(self._connections.door, "unknown", str(int(status))).inc()
        self.transport.write(STATUS_LINE[status] + b"connection: close\r\ncontent-length: 0\r\n\r\n")
        self.transport.write_eof()
