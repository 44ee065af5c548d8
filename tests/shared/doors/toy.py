"""A door of three routes on a real socket, and a client that writes bytes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from shared.clock import SystemClock
from shared.doors.connections import ConnectionBounds
from shared.doors.guard import Bounds, Guard, bearer_of, handler_of
from shared.doors.operations import operations_routes
from shared.doors.problems import problem_response
from shared.doors.serve import server_of
from tests.rig.serving import serving

BOUNDS = Bounds(requests_in_flight=8, body_bytes=1000, larger_bodies={"/larger": 5000})
CONNECTIONS = ConnectionBounds(shared_addresses=frozenset(), sweep_seconds=0.02)
KNOWN = ("ann", "bob")
Answer = tuple[int, dict[str, str], bytes]
"""Status, headers and body."""


@dataclass
class Toy:
    """The door, and what it lets one see of it."""

    bounds: Bounds = BOUNDS
    connections: ConnectionBounds = CONNECTIONS
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    """Until it is set, `/wait` does not answer."""
    waiting: int = 0
    """Requests that have come to `/wait`."""
    dear: list[str] = field(default_factory=list)
    """What has happened to requests for `/dear`, in order: each is begun, and answered."""
    port: int = 0
    wires: list[Wire] = field(default_factory=list)

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/hello/{name}", self._hello),
                Route("/length", self._length, methods=["POST"]),
                Route("/larger", self._length, methods=["POST"]),
                Route("/wait", self._wait),
                Route("/dear", self._dear),
                Route("/broken", self._broken),
                Route("/large", self._large),
                Route("/cached", self._cached),
                *operations_routes(lambda: True),
            ],
            exception_handlers={HTTPException: handler_of(respond)},
            middleware=[
                Middleware(
                    Guard,
                    door="toy",
                    clock=SystemClock(),
                    bounds=self.bounds,
                    caller_of=lambda request: bearer_of(request) if bearer_of(request) in KNOWN else None,
                    respond=respond,
                    failure="Something broke.",
                )
            ],
        )

    async def _hello(self, request: Request) -> Response:
        return PlainTextResponse(f"hello {request.path_params['name']}")

    async def _length(self, request: Request) -> Response:
        return PlainTextResponse(str(len(await request.body())))

    async def _wait(self, request: Request) -> Response:
        self.waiting += 1
        await self.gate.wait()
        return PlainTextResponse(request.method)

    async def _dear(self, request: Request) -> Response:  # noqa: ARG002  # Starlette's shape
        """Two milliseconds of the processor, and an answer of the log in twenty turns of the loop."""
        self.dear.append("begun")
        until = time.perf_counter() + 0.002
        while time.perf_counter() < until:
            pass
        for _ in range(20):
            await asyncio.sleep(0)
        self.dear.append("answered")
        return PlainTextResponse("done")

    async def _broken(self, request: Request) -> Response:
        raise ValueError(f"CANARY {request.query_params}")

    async def _large(self, request: Request) -> Response:  # noqa: ARG002  # Starlette's shape
        return PlainTextResponse("x" * 50_000_000)

    async def _cached(self, request: Request) -> Response:  # noqa: ARG002  # Starlette's shape
        return PlainTextResponse("cached", headers={"Cache-Control": "max-age=60"})

    @asynccontextmanager
    async def served(self) -> AsyncIterator[Toy]:
        """On a free port of this machine, until the end of the block."""
        server = server_of("toy", self.app(), self.connections, "127.0.0.1", 0)
        async with serving(server) as self.port:
            try:
                yield self
            finally:
                for wire in self.wires:
                    await wire.close()
                self.gate.set()

    async def connect(self) -> Wire:
        self.wires.append(Wire(*await asyncio.open_connection("127.0.0.1", self.port)))
        return self.wires[-1]

    async def ask(self, data: bytes) -> Answer:
        """What is answered to bytes sent over a connection of their own."""
        wire = await self.connect()
        answer = await wire.ask(data)
        await wire.close()
        return answer

    async def until_waiting(self, number: int) -> None:
        """Until so many requests wait."""
        async with asyncio.timeout(5):
            while self.waiting < number:  # noqa: ASYNC110  # polled, as the door has no event for it
                await asyncio.sleep(0.001)

    def with_connections(self, **changes: float) -> Toy:
        return replace(self, connections=replace(self.connections, **changes))  # type: ignore[arg-type]


def respond(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return problem_response(error)


class Wire:
    """A connection, byte by byte."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def close(self) -> None:
        self._writer.transport.abort()
        with suppress(ConnectionError):
            await self._writer.wait_closed()

    def send(self, data: bytes) -> None:
        self._writer.write(data)

    async def send_slowly(self, data: bytes) -> None:
        """Send no faster than the other side reads."""
        self.send(data)
        await self._writer.drain()

    async def ask(self, data: bytes) -> Answer:
        self.send(data)
        return await self.answer()

    async def answer(self) -> Answer:
        """Status, headers and body of the next answer."""
        async with asyncio.timeout(5):
            head = (await self._reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            lines = (line.partition(": ") for line in head[1:] if line)
            headers = {name.lower(): value for name, _, value in lines}
            return int(head[0].split()[1]), headers, await self._reader.readexactly(int(headers["content-length"]))

    async def closed(self) -> bool:
        """Whether the other side closes within some seconds, without another word."""
        try:
            async with asyncio.timeout(3):
                return await self._reader.read() == b""
        except ConnectionError:
            return True
        except TimeoutError:
            return False

    async def drip(self, data: bytes, every_seconds: float) -> None:
        """Send byte by byte, as long as the other side listens."""
        for byte in data:
            if self._reader.at_eof() or self._writer.is_closing():
                return
            self.send(bytes((byte,)))
            await asyncio.sleep(every_seconds)


HELLO = b"GET /hello/ann HTTP/1.1\r\nhost: toy\r\n\r\n"


def get(path: str, token: str = "") -> bytes:
    return f"GET {path} HTTP/1.1\r\nhost: toy\r\nauthorization: Bearer {token}\r\n\r\n".encode()


def post(path: str, body: bytes, token: str = "", stated: int | None = None) -> bytes:
    """A request; `stated` is the length it claims to have."""
    authorization = f"authorization: Bearer {token}\r\n" if token else ""
    length = len(body) if stated is None else stated
    return f"POST {path} HTTP/1.1\r\nhost: toy\r\n{authorization}content-length: {length}\r\n\r\n".encode() + body
