"""One HTTP exchange: connect, send, and read the status of the answer; more of it only where somebody asks why not.

The status is the answer. What comes after it may be endless, broken or slow: it changes nothing any more. HTTP
libraries read the whole head, and refuse one that they dislike. No connection is shared either: each message has its
own, so that no receiver can be held up by another, or by what it answered before.
"""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from ipaddress import ip_address
from threading import Thread
from typing import cast
from urllib.parse import SplitResult, urlsplit

from shared.addresses import Address, Network, literal, may_reach

CONNECT_SECONDS = 2.0
"""For one address of a host that has several."""
STATUS = re.compile(rb"HTTP/1\.[01] ([1-9][0-9][0-9])[ \r\n]")
STATUS_BYTES = len(b"HTTP/1.1 200 ")
HEAD_END = re.compile(rb"\r?\n\r?\n")
CHUNK = re.compile(rb"([0-9A-Fa-f]{1,8})(?:;[^\r\n]*)?\r\n")
HEADS_BYTES = 1 << 16
"""Interim answers (1xx) are read past up to here in order to find the real one."""
ANSWER_BYTES = 1 << 14
"""So much of an answer is read: its head, and the name or the reasons that its body gives."""
YES, REFUSAL = 2, 4
"""The hundreds of their status."""
REST_SECONDS = 1.0
"""So long the rest of an answer is waited for, once its status is there."""
PARTING_SECONDS = 1.0
PARTING_BYTES = 1 << 16
"""So long and so much the rest of an answer is taken, for a receiver that thinks a cut connection a fault."""

Resolve = Callable[[str, int], list[str]]


class NoAnswer(Exception):
    """The exchange brought no status, and why, in a word; `sent`: the receiver may have the message nevertheless."""

    def __init__(self, why: str, *, sent: bool) -> None:
        super().__init__(why)
        self.why, self.sent = why, sent


def addresses_of(host: str, port: int) -> list[str]:
    """The addresses of a host, as the machine's resolver gives them. Raises OSError, UnicodeError."""
    entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in entries))


@dataclass(frozen=True, slots=True)
class Names:
    """Looks hosts up; a name that hangs in the resolver holds one thread, however many messages wait for it."""

    resolve: Resolve = addresses_of
    _under_way: dict[tuple[str, int], asyncio.Future[list[str]]] = field(default_factory=dict)

    async def addresses(self, host: str, port: int) -> list[Address]:
        """The addresses of a host now. Raises OSError."""
        if (address := literal(host)) is not None:
            return [address]
        looking = self._under_way.get((host, port)) or self._look_up(host, port)
        return [ip_address(text.partition("%")[0]) for text in await asyncio.shield(looking)]

    def _look_up(self, host: str, port: int) -> asyncio.Future[list[str]]:
        loop = asyncio.get_running_loop()
        looking: asyncio.Future[list[str]] = loop.create_future()

        def settle(addresses: list[str] | None) -> None:
            self._under_way.pop((host, port))
            if addresses is None:
                looking.set_exception(OSError("not resolved"))
                looking.exception()  # seen, also where whoever asked has gone
            else:
                looking.set_result(addresses)

        def look_up() -> None:
            try:
                addresses = self.resolve(host, port)
            except (OSError, UnicodeError):
                addresses = None
            with suppress(RuntimeError):  # the loop has closed meanwhile
                loop.call_soon_threadsafe(settle, addresses)

        self._under_way[host, port] = looking
        # of its own, and none that the end of the process waits for
        Thread(target=look_up, name=f"look-up {host}", daemon=True).start()
        return looking


def tls_context() -> ssl.SSLContext:
    """TLS as clients should have it: the certificate is checked, and is the host's."""
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


@dataclass(frozen=True, slots=True)
class Reply:
    """What a receiver answered: the status, and of a yes or a refusal as much of head and body as came in time."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    """By their names in small letters."""
    body: bytes = b""


Ask = Callable[[str, Mapping[str, str], bytes, float], Awaitable[Reply]]
"""`await ask(url, headers, content, seconds)`: post, and return the answer. Raises NoAnswer."""
Look = Callable[[str, Mapping[str, str], float], Awaitable[Reply]]
"""`await look(url, headers, seconds)`: get, and return the answer. Raises NoAnswer."""


@dataclass(frozen=True, slots=True)
class Exchanges:
    """Makes exchanges with hosts that may be reached."""

    allowed: Collection[Network] = ()
    names: Names = field(default_factory=Names)
    tls: ssl.SSLContext = field(default_factory=tls_context)

    async def post(self, url: str, headers: Mapping[str, str], content: bytes, seconds: float) -> int:
        """Post, and return the status of the answer; all of it takes `seconds` at most. Raises NoAnswer."""
        return (await self._exchange(_request("POST", url, headers, content), url, seconds, read=())).status

    async def ask(self, url: str, headers: Mapping[str, str], content: bytes, seconds: float) -> Reply:
        """Post, and return the answer; of a refusal (4xx) also what it says. It takes `seconds` at most, like `post`.

        Raises NoAnswer.
        """
        return await self._exchange(_request("POST", url, headers, content), url, seconds, read=(REFUSAL,))

    async def hear(self, url: str, headers: Mapping[str, str], content: bytes, seconds: float) -> Reply:
        """Ask, and of a yes (2xx), too, read what it says. Raises NoAnswer."""
        return await self._exchange(_request("POST", url, headers, content), url, seconds, read=(YES, REFUSAL))

    async def look(self, url: str, headers: Mapping[str, str], seconds: float) -> Reply:
        """Get, and return the answer with what it says. Raises NoAnswer."""
        return await self._exchange(_request("GET", url, headers, b""), url, seconds, read=(YES, REFUSAL))

    async def _exchange(self, request: bytes, url: str, seconds: float, *, read: Collection[int]) -> Reply:
        answer: _Answer | None = None
        ends_at = asyncio.get_running_loop().time() + seconds
        try:
            async with asyncio.timeout_at(ends_at):
                answer = await self._connect(urlsplit(url), request)
                status = await answer.status
            if status // 100 in read:
                with suppress(TimeoutError):
                    async with asyncio.timeout_at(min(ends_at, asyncio.get_running_loop().time() + REST_SECONDS)):
                        await answer.whole.wait()
            return answer.reply(status)
        except ssl.SSLCertVerificationError:
            raise NoAnswer("certificate", sent=False) from None
        except TimeoutError:
            raise NoAnswer("timeout", sent=answer is not None) from None
        except ssl.SSLError:
            raise NoAnswer("tls", sent=answer is not None) from None
        except OSError:
            raise NoAnswer("no-answer" if answer else "unreachable", sent=answer is not None) from None
        finally:
            if answer is not None:
                answer.part()

    async def _connect(self, url: SplitResult, request: bytes) -> _Answer:
        """Send to the first of the host's addresses that may be reached and takes a connection."""
        host = (url.hostname or "").removesuffix(".")
        port = url.port or (443 if url.scheme == "https" else 80)
        addresses = await self.names.addresses(host, port)
        open_addresses = [str(address) for address in addresses if may_reach(address, self.allowed)]
        if addresses and not open_addresses:
            raise NoAnswer("private-address", sent=False)
        tls, name = (self.tls, host) if url.scheme == "https" else (None, None)
        for left, address in zip(reversed(range(len(open_addresses))), open_addresses, strict=True):
            try:
                async with asyncio.timeout(CONNECT_SECONDS if left else None):
                    _, answer = await asyncio.get_running_loop().create_connection(
                        lambda: _Answer(request), address, port, ssl=tls, server_hostname=name
                    )
            except ssl.SSLError:
                raise
            except OSError:  # a timeout is one, too; the next address may do better
                if not left:
                    raise
            else:
                return answer
        raise NoAnswer("unreachable", sent=False)


class _Answer(asyncio.Protocol):
    """Sends a request as soon as there is a connection, and finds the status in what comes back."""

    def __init__(self, request: bytes) -> None:
        self.status: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.whole = asyncio.Event()
        """Nothing more will be read of the answer."""
        self._request, self._received, self._rest_bytes = request, b"", 0
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's have not asyncio's class
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        if self.status.done():
            self._take_rest(data)
            return
        self._received += data
        try:
            status = self._real_status()
        except NoAnswer as none:
            self.status.set_exception(none)
        else:
            if status is not None:
                self.status.set_result(status)
                self._take_rest(b"")

    def connection_lost(self, exc: Exception | None) -> None:
        self.whole.set()
        if not self.status.done():
            self.status.set_exception(exc or ConnectionError("closed before it answered"))
            self.status.exception()  # seen, also where whoever asked has gone

    def part(self) -> None:
        """Close: at once where there is no answer, else when the rest of it has been taken, within bounds."""
        if self.status.done() and not self.status.cancelled() and self.status.exception() is None:
            asyncio.get_running_loop().call_later(PARTING_SECONDS, self._abort)
        else:
            self._abort()

    def reply(self, status: int) -> Reply:
        """The answer, as far as it came."""
        head, _, body = self._received[:ANSWER_BYTES].partition(b"\r\n\r\n")
        headers = _headers(head)
        return Reply(status, headers, _unchunked(body) if "chunked" in headers.get("transfer-encoding", "") else body)

    def _take_rest(self, data: bytes) -> None:
        """Keep the beginning of what follows the status, for whoever asks why; of what is endless no more is taken."""
        self._rest_bytes += len(data)
        self._received += data[: max(0, ANSWER_BYTES - len(self._received))]
        if self._rest_bytes > PARTING_BYTES:
            self._abort()
        head, end, body = self._received.partition(b"\r\n\r\n")
        if len(self._received) >= ANSWER_BYTES or (end and str(len(body)) == _headers(head).get("content-length")):
            self.whole.set()

    def _real_status(self) -> int | None:
        """The status of the first answer that is not interim, once it is there. Raises NoAnswer."""
        while len(self._received) >= STATUS_BYTES:
            if (line := STATUS.match(self._received)) is None:
                raise NoAnswer("not-http", sent=True)
            if (status := int(line[1])) >= 200 or status == 101:  # noqa: PLR2004  # HTTP's: below 200 it is interim
                return status
            if (end := HEAD_END.search(self._received)) is None:
                if len(self._received) > HEADS_BYTES:
                    raise NoAnswer("not-http", sent=True)
                return None
            self._received = self._received[end.end() :]
        return None

    def _abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()


def _headers(head: bytes) -> dict[str, str]:
    """The fields of a head, whatever else it holds."""
    fields = (line.partition(":") for line in head.decode("latin-1").splitlines()[1:])
    return {name.strip().lower(): value.strip() for name, _, value in fields}


def _unchunked(body: bytes) -> bytes:
    """A body that came in chunks, as far as it can be read."""
    whole = b""
    while (line := CHUNK.match(body)) is not None and (size := int(line[1], 16)):
        whole += body[line.end() : line.end() + size]
        body = body[line.end() + size + len(b"\r\n") :]
    return whole


def _request(method: str, url: str, headers: Mapping[str, str], content: bytes) -> bytes:
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    length = {"content-length": str(len(content))} if method == "POST" else {}
    fields = {"host": parts.netloc, **length, "connection": "close", **headers}
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
    return "\r\n".join([*lines, "", ""]).encode("ascii") + content
