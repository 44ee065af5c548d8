"""Exchanges with receivers on real sockets that lie, drip, break and hang."""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from services.notification.exchange import Exchanges, Names, NoAnswer, addresses_of
from services.notification.webhook import Message, Sender
from shared.clock import SystemClock

HERE = (ip_network("127.0.0.0/8"),)
SECRET = "whsec_" + "c2VjcmV0" * 6
OK = b"HTTP/1.1 200 OK\r\n"
BROKEN = b"<html>502</html>\r\n\r\n"
SHORT_SECONDS, LONG_SECONDS = 0.6, 10.0
"""What an attempt has that is to run out of time, and one that is to have enough on a machine that is busy."""

Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


def says(data: bytes) -> Answer:
    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.drain()

    return answer


def drips(first: bytes, drop: bytes) -> Answer:
    """Says something, and then one drop after the other for ever."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(first)
        while True:
            await asyncio.sleep(0.05)
            writer.write(drop)
            await writer.drain()

    return answer


async def hangs(_writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(3600)


async def floods(writer: asyncio.StreamWriter) -> None:
    writer.write(OK + b"\r\n")
    while True:
        writer.write(b"x" * 65536)
        await writer.drain()


async def breaks(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


@dataclass
class Receiver:
    """Answers each request in the next of its ways; the last one repeats."""

    answers: list[Answer]
    requests: list[bytes] = field(default_factory=list)
    port: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = int((re.findall(rb"content-length: (\d+)", head) or [b"0"])[0])
            self.requests.append(head + await reader.readexactly(length))
            answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
            await answer(writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?x=1"


@asynccontextmanager
async def receiving(*answers: Answer, tls: ssl.SSLContext | None = None) -> AsyncIterator[Receiver]:
    receiver = Receiver(list(answers))
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0, ssl=tls)
    receiver.port = server.sockets[0].getsockname()[1]
    yield receiver
    server.close()


async def why_of(url: str, exchanges: Exchanges | None = None, seconds: float = SHORT_SECONDS) -> tuple[str, bool]:
    with pytest.raises(NoAnswer) as caught:
        await (exchanges or Exchanges(HERE)).post(url, {}, b"{}", seconds)
    return caught.value.why, caught.value.sent


async def sent(url: str, seconds: float = LONG_SECONDS) -> str | None:
    sender = Sender(Exchanges(HERE).post, SystemClock())
    return await sender.post(Message(url, (SECRET,), "id", {"a": 1}, datetime.now(UTC) + timedelta(seconds=seconds)))


async def test_a_request_is_whole_and_asks_for_a_connection_of_its_own() -> None:
    async with receiving(says(OK + b"\r\n")) as receiver:
        assert await Exchanges(HERE).post(receiver.url, {"webhook-id": "1"}, b"{}", LONG_SECONDS) == 200
    assert receiver.requests == [
        b"POST /hook?x=1 HTTP/1.1\r\nhost: 127.0.0.1:%d\r\ncontent-length: 2\r\n"
        b"connection: close\r\nwebhook-id: 1\r\n\r\n{}" % receiver.port
    ]


async def test_b1_a_broken_answer_is_tried_again_while_there_is_time() -> None:
    async with receiving(says(BROKEN), breaks, says(b""), says(b"HTTP/1.1 204 \r\n\r\n")) as receiver:
        assert await sent(receiver.url) is None
    assert len(receiver.requests) == 4


@pytest.mark.parametrize(
    "rest",
    [
        b"x-long: " + b"y" * 9000 + b"\r\n\r\n",
        b"content-length: 2\r\ncontent-length: 3\r\n\r\nok",
        b"content-length:\r\n\r\n",
        b"content-length: many\r\n\r\n",
        b"content-length: -1\r\n\r\n",
        b"transfer-encoding: gzip, chunked\r\n\r\nzzz",
        b"content-encoding: gzip\r\ncontent-length: 4\r\n\r\nnope",
        b": nameless\r\n\x00\xff\r\n",
        b"location: http://127.0.0.1:1/\r\n\r\n",
        b"",
    ],
)
async def test_b2_a_status_that_was_read_counts_whatever_comes_after_it(rest: bytes) -> None:
    async with receiving(says(OK + rest)) as receiver:
        assert await sent(receiver.url) is None
    assert len(receiver.requests) == 1


@pytest.mark.parametrize(
    "answer",
    [
        drips(OK + b"content-length: 400\r\n\r\n", b"x"),
        drips(OK, b"x-more: y\r\n"),
        floods,
    ],
    ids=["body", "head", "flood"],
)
async def test_b3_an_answer_counts_at_its_status_and_the_rest_is_not_waited_for(answer: Answer) -> None:
    async with receiving(answer) as receiver:
        began = time.monotonic()
        assert await sent(receiver.url) is None
        assert time.monotonic() - began < 1


@pytest.mark.parametrize(
    "answer", [hangs, drips(b"H", b"T"), drips(b"HTTP/1.1 100 \r\n\r\n", b"HTTP/1.1 102 \r\n\r\n")]
)
async def test_b3_an_attempt_without_status_is_bounded_as_a_whole(answer: Answer) -> None:
    async with receiving(answer) as receiver:
        began = time.monotonic()
        why, was_sent = await why_of(receiver.url)
        assert why in ("timeout", "not-http")
        assert was_sent
        assert time.monotonic() - began < 1


async def test_interim_answers_are_read_past() -> None:
    async with receiving(
        says(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nlink: x\r\n\r\nHTTP/1.1 503 No\r\n")
    ) as r:
        assert await Exchanges(HERE).post(r.url, {}, b"{}", LONG_SECONDS) == 503


@given(st.binary(max_size=80), st.integers(0, 40))
def test_whatever_a_receiver_says_is_a_status_or_a_reason(noise: bytes, cut: int) -> None:
    for data in (noise, OK[:cut] + noise, noise + OK):

        async def attempt(data: bytes = data) -> int | str:
            async with receiving(says(data)) as receiver:
                try:
                    return await Exchanges(HERE).post(receiver.url, {}, b"{}", LONG_SECONDS)
                except NoAnswer as none:
                    return none.why if none.sent else "not sent"

        came = asyncio.run(attempt())
        assert came in ("no-answer", "not-http") or (isinstance(came, int) and 100 <= came <= 999)


async def test_b4_a_refused_connection_is_unreachable() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        assert await why_of(f"http://127.0.0.1:{unused.getsockname()[1]}/") == ("unreachable", False)


async def test_b4_a_bad_certificate_is_said_to_be_one(tmp_path: Path) -> None:
    async with receiving(says(OK), tls=server_tls(tmp_path, "127.0.0.1")) as receiver:
        assert await why_of(receiver.url.replace("http:", "https:")) == ("certificate", False)
        knows_it = Exchanges(HERE, tls=ssl.create_default_context(cafile=tmp_path / "certificate"))
        assert await knows_it.post(receiver.url.replace("http:", "https:"), {}, b"{}", LONG_SECONDS) == 200
        elsewhere = Exchanges(HERE, Names(lambda _host, _port: ["127.0.0.1"]), knows_it.tls)
        url = f"https://pager.example:{receiver.port}/"
        assert await why_of(url, elsewhere) == ("certificate", False)


async def test_b4_a_receiver_that_speaks_no_tls_is_said_to_be_one() -> None:
    async with receiving(says(OK)) as receiver:
        why, was_sent = await why_of(receiver.url.replace("http:", "https:"))
        assert (why, was_sent) in [("tls", False), ("unreachable", False), ("timeout", False)]


async def test_b4_a_name_that_is_not_known_is_unreachable_and_one_that_hangs_holds_up_nobody() -> None:
    def resolve(host: str, port: int) -> list[str]:
        if host == "hangs.example":
            time.sleep(1)
        if host == "nowhere.example":
            raise socket.gaierror
        return ["127.0.0.1"] if host == "here.example" else addresses_of(host, port)

    exchanges = Exchanges(HERE, Names(resolve))
    async with receiving(says(OK)) as receiver:
        hanging = [asyncio.create_task(why_of("http://hangs.example/", exchanges)) for _ in range(300)]
        await asyncio.sleep(0)
        began = time.monotonic()
        assert await why_of("http://nowhere.example/", exchanges) == ("unreachable", False)
        assert await exchanges.post(f"http://here.example:{receiver.port}/", {}, b"{}", LONG_SECONDS) == 200
        assert time.monotonic() - began < 0.4
        assert set(await asyncio.gather(*hanging)) == {("timeout", False)}


async def test_the_next_address_is_tried_where_the_first_takes_no_connection() -> None:
    async with receiving(says(OK)) as receiver:
        exchanges = Exchanges(HERE, Names(lambda _host, _port: ["127.0.0.2", "127.0.0.1"]))
        assert await exchanges.post(f"http://two.example:{receiver.port}/", {}, b"{}", LONG_SECONDS) == 200


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.0.0.1", "169.254.169.254", "192.168.1.1", "172.16.0.1", "0.0.0.0", "100.64.0.1", "224.0.0.1",
     "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "fe80::1", "fd00::1", "ff02::1"],
)  # fmt: skip
async def test_f14_a_name_that_leads_to_a_private_address_is_not_sent_to(address: str) -> None:
    exchanges = Exchanges(names=Names(lambda _host, _port: [address]))
    assert await why_of("https://pager.example/", exchanges) == ("private-address", False)
    host = f"[{address}]" if ip_address(address).version == 6 else address
    assert await why_of(f"https://{host}/", exchanges) == ("private-address", False)


async def test_f12_receivers_that_hang_or_drip_hold_up_no_other() -> None:
    async with receiving(hangs) as hanging, receiving(drips(b"H", b"T")) as dripping, receiving(says(OK)) as healthy:
        exchanges = Exchanges(HERE)
        bad = [asyncio.create_task(why_of(r.url, exchanges, 1.5)) for r in (hanging, dripping) for _ in range(100)]
        await asyncio.sleep(0.3)
        began = time.monotonic()
        statuses = await asyncio.gather(*(exchanges.post(healthy.url, {}, b"{}", LONG_SECONDS) for _ in range(20)))
        assert statuses == [200] * 20
        assert time.monotonic() - began < 0.5
        await asyncio.gather(*bad)


def server_tls(folder: Path, host: str) -> ssl.SSLContext:
    """A self-signed certificate of a host, and TLS with it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(days=1), now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(host))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "certificate").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    pkcs8 = serialization.PrivateFormat.PKCS8
    (folder / "key").write_bytes(key.private_bytes(serialization.Encoding.PEM, pkcs8, plain))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "certificate", folder / "key")
    return context


REFUSED = b"HTTP/1.1 400 Bad Request\r\n"
WHY = b'{"code": 21610}'


@pytest.mark.parametrize(
    "rest",
    [
        b"Content-Length: 15\r\nRetry-After: 7\r\n\r\n" + WHY,
        b"retry-after:7\r\n\r\n" + WHY,
        b"Retry-After: 7\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\n"
        + WHY[:5]
        + b"\r\na\r\n"
        + WHY[5:]
        + b"\r\n0\r\n\r\n",
    ],
    ids=["length", "to the end", "chunks"],
)
async def test_of_a_refusal_the_reasons_are_read(rest: bytes) -> None:
    async with receiving(says(REFUSED + rest)) as receiver:
        reply = await Exchanges(HERE).ask(receiver.url, {}, b"{}", LONG_SECONDS)
    assert (reply.status, reply.headers["retry-after"], reply.body) == (400, "7", WHY)


@pytest.mark.parametrize("answer", [drips(REFUSED + b"\r\n", b"x"), drips(REFUSED, b"x-more: y\r\n")])
async def test_reasons_that_have_no_end_are_not_waited_for(answer: Answer) -> None:
    async with receiving(answer) as receiver:
        began = time.monotonic()
        assert (await Exchanges(HERE).ask(receiver.url, {}, b"{}", SHORT_SECONDS)).status == 400
        assert time.monotonic() - began < 1


async def test_reasons_are_bounded() -> None:
    async with receiving(says(REFUSED + b"\r\n" + b"x" * 100_000)) as receiver:
        reply = await Exchanges(HERE).ask(receiver.url, {}, b"{}", LONG_SECONDS)
    assert (reply.status, len(reply.body)) == (400, (1 << 14) - len(REFUSED) - 2)


async def test_of_a_yes_nothing_more_is_waited_for() -> None:
    async with receiving(drips(OK + b"\r\n", b"x")) as receiver:
        began = time.monotonic()
        assert (await Exchanges(HERE).ask(receiver.url, {}, b"{}", LONG_SECONDS)).status == 200
        assert time.monotonic() - began < 0.5


@pytest.mark.parametrize("rest", [b"Content-Length: 15\r\n\r\n" + WHY, b"\r\n" + WHY], ids=["length", "to the end"])
async def test_a_carriers_yes_is_heard_to_its_end(rest: bytes) -> None:
    async with receiving(says(b"HTTP/1.1 201 Created\r\n" + rest)) as receiver:
        reply = await Exchanges(HERE).hear(receiver.url, {}, b"{}", LONG_SECONDS)
    assert (reply.status, reply.body) == (201, WHY)


async def test_a_yes_without_end_is_taken_as_far_as_it_came() -> None:
    async with receiving(drips(OK + b"\r\n", b"x")) as receiver:
        began = time.monotonic()
        assert (await Exchanges(HERE).hear(receiver.url, {}, b"{}", SHORT_SECONDS)).status == 200
        assert time.monotonic() - began < 1


async def test_who_looks_something_up_sends_nothing_and_reads_what_is_there() -> None:
    async with receiving(says(OK + b"Content-Length: 15\r\n\r\n" + WHY)) as receiver:
        reply = await Exchanges(HERE).look(receiver.url, {"authorization": "Basic eA=="}, 3)
    assert (reply.status, reply.body) == (200, WHY)
    (request,) = receiver.requests
    assert request.startswith(b"GET /")
    assert b"content-length" not in request.lower()
    assert b"authorization: Basic eA==" in request
