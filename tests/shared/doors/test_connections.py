"""Bounds of connections, on real sockets: silence, dripping and floods cost those who do it, and nobody else."""

from __future__ import annotations

import asyncio
import socket
import tracemalloc

import pytest

from shared.doors.connections import PIPELINED_REQUESTS, BoundedConnection, ConnectionBounds
from tests.shared.doors.toy import HELLO, Toy, Wire, post


async def test_a_connection_serves_one_request_after_another() -> None:
    async with Toy().served() as toy:
        wire = await toy.connect()
        for _ in range(20):
            assert (await wire.ask(HELLO))[0] == 200
        assert (await wire.ask(post("/length", b"x" * 900)))[2] == b"900"


async def test_no_answer_is_kept_back_until_another_packet_is_acknowledged(monkeypatch: pytest.MonkeyPatch) -> None:
    undelayed: list[int] = []

    def note(connection: BoundedConnection, transport: asyncio.Transport) -> None:
        connected = transport.get_extra_info("socket")
        undelayed.append(connected.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        made(connection, transport)

    made = BoundedConnection.connection_made
    monkeypatch.setattr(BoundedConnection, "connection_made", note)
    async with Toy().served() as toy:
        await toy.ask(HELLO)
    assert undelayed
    assert all(undelayed)


@pytest.mark.parametrize("bound", ["connections", "connections_per_address"])
async def test_silent_connections_turn_nobody_away(bound: str) -> None:
    async with Toy().with_connections(**{bound: 64}).served() as toy:
        silent = [await toy.connect() for _ in range(300)]
        began = asyncio.get_running_loop().time()
        async with asyncio.timeout(1):
            answers = await asyncio.gather(*(toy.ask(HELLO) for _ in range(20)))
        assert [status for status, _, _ in answers] == [200] * 20
        assert asyncio.get_running_loop().time() - began < 1
        assert sum([await wire.closed() for wire in silent[:200]]) == 200, "the oldest made room"


async def test_where_all_have_requests_under_way_the_newcomer_is_closed() -> None:
    async with Toy().with_connections(connections_per_address=4).served() as toy:
        busy = [await toy.connect() for _ in range(4)]
        for wire in busy:
            wire.send(b"GET /wait HTTP/1.1\r\nauthorization: Bearer ann\r\n\r\n")
        await toy.until_waiting(4)
        assert await (await toy.connect()).closed()
        toy.gate.set()
        assert [(await wire.answer())[0] for wire in busy] == [200] * 4
        assert (await toy.ask(HELLO))[0] == 200


async def test_this_machine_is_not_bounded_by_address() -> None:
    async with Toy(connections=ConnectionBounds(connections_per_address=4)).served() as toy:
        open_ = [await toy.connect() for _ in range(20)]
        assert [(await wire.ask(HELLO))[0] for wire in open_] == [200] * 20


async def test_an_idle_connection_is_closed_and_one_in_use_is_not() -> None:
    async with Toy().with_connections(idle_seconds=0, head_seconds=0.2).served() as toy:
        wire = await toy.connect()
        assert (await wire.ask(HELLO))[0] == 200
        assert await wire.closed()
    async with Toy().with_connections(head_seconds=0.3).served() as toy:
        wire = await toy.connect()
        for _ in range(3):
            assert (await wire.ask(HELLO))[0] == 200
            await asyncio.sleep(0.2)


@pytest.mark.parametrize("sent", [b"", b"GET /hel", HELLO[:-2], HELLO[:-2] + b"x: " + b"y" * 1000, b"\r\n" * 100])
async def test_a_head_that_is_not_complete_in_time_is_closed(sent: bytes) -> None:
    async with Toy().with_connections(head_seconds=0.1).served() as toy:
        wire = await toy.connect()
        wire.send(sent)
        assert await wire.closed()


async def test_a_dripping_head_is_closed() -> None:
    async with Toy().with_connections(head_seconds=0.1).served() as toy:
        wire = await toy.connect()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(wire.drip(HELLO[:-2] + b"x: " + b"y" * 100, 0.01))
            assert await wire.closed()


async def test_a_head_that_drips_after_an_answer_is_closed_too() -> None:
    async with Toy().with_connections(idle_seconds=0, head_seconds=0.1).served() as toy:
        wire = await toy.connect()
        assert (await wire.ask(HELLO))[0] == 200
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(wire.drip(b"\r\n" * 100, 0.01))
            assert await wire.closed()


async def test_megabytes_of_header_lines_are_refused_and_not_kept() -> None:
    lines = b"".join(b"x-%d: %s\r\n" % (number, b"y" * 90) for number in range(1_000))
    async with Toy().served() as toy:
        wire = await toy.connect()
        tracemalloc.start()
        wire.send(HELLO[:-2])
        for _ in range(50):
            await wire.send_slowly(lines)
        _, peak_bytes = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert (await wire.answer())[0] == 431
    assert peak_bytes < 1_500_000, f"of {50 * len(lines)} bytes sent"


@pytest.mark.parametrize(
    "head",
    [
        b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\n\r\n",
        HELLO[:-2] + b"x: " + b"y" * 70_000,
        HELLO[:-2] + b"x: " + b"y" * 70_000 + b"\r\n\r\n",
        HELLO[:-2] + b"a:b\r\n" * 2_500 + b"\r\n",
        b"\r\n" * 40_000,
    ],
    ids=["the address", "a line without end", "a line", "many tiny lines", "nothing but line ends"],
)
async def test_a_head_above_64_kibibytes_is_refused(head: bytes) -> None:
    async with Toy().served() as toy:
        wire = await toy.connect()
        status, headers, _ = await wire.ask(head)
        assert (status, headers["connection"]) == (431, "close")
        assert await wire.closed()


async def test_a_head_below_64_kibibytes_is_served() -> None:
    async with Toy().served() as toy:
        assert (await toy.ask(HELLO[:-2] + b"x: " + b"y" * 60_000 + b"\r\n\r\n"))[0] == 200


async def test_a_large_body_behind_a_small_head_is_no_large_head() -> None:
    async with Toy().served() as toy:
        wire = await toy.connect()
        assert (await wire.ask(post("/length", b"x" * 200_000)))[0] == 413
        assert (await wire.ask(post("/length", b"x" * 1000)))[2] == b"1000", "the connection can be used again"


async def test_fields_without_end_behind_a_body_are_closed() -> None:
    head = b"POST /length HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n"
    async with Toy().served() as toy:
        wire = await toy.connect()
        wire.send(head + b"x: y\r\n" * 20_000)
        assert await wire.closed()


async def test_a_body_that_goes_on_after_its_answer_is_closed() -> None:
    async with Toy().with_connections(body_seconds=0.1).served() as toy:
        wire = await toy.connect()
        assert (await wire.ask(post("/length", b"", stated=100_000)))[0] == 413
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(wire.drip(b"x" * 100, 0.01))
            assert await wire.closed()


async def test_requests_may_be_pipelined_within_a_bound() -> None:
    async with Toy().served() as toy:
        wire = await toy.connect()
        wire.send(HELLO * PIPELINED_REQUESTS)
        assert [(await wire.answer())[0] for _ in range(PIPELINED_REQUESTS)] == [200] * PIPELINED_REQUESTS
        wire.send(HELLO * 5_000)
        assert await wire.closed()


OFFERS = (
    b"connection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAEAAEAA\r\n",
    b"connection: upgrade\r\nupgrade: websocket\r\n",
)


@pytest.mark.parametrize("offer", OFFERS)
async def test_who_offers_another_protocol_is_heard_in_this_one(offer: bytes) -> None:
    """Java's own client does, with each request over plain HTTP: what it posted was lost."""
    posted = [post("/length", b"x" * 900), HELLO, b"POST /length HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n"]
    posted[2] += b"5\r\nhello\r\n0\r\n\r\n"
    offering = [request.replace(b"HTTP/1.1\r\n", b"HTTP/1.1\r\n" + offer) for request in posted]
    async with Toy().served() as toy:
        wire = await toy.connect()
        for request in (*offering, *posted):
            assert (await wire.ask(request))[2] in (b"900", b"hello ann", b"5")
        wire.send(b"".join(offering * 3))
        assert [(await wire.answer())[2] for _ in range(9)] == [b"900", b"hello ann", b"5"] * 3
        wire = await toy.connect()
        wire.send(offering[0][:-890])
        await asyncio.sleep(0.05)
        assert (await wire.ask(offering[0][-890:]))[2] == b"900", "the body comes later"
        assert (await toy.ask(offering[0].replace(b"/length", b"/larger")))[2] == b"900"
        assert (await toy.ask(b"CONNECT x:80 HTTP/1.1\r\nhost: x\r\n" + offer + b"\r\n"))[0] == 400


@pytest.mark.parametrize("offer", OFFERS)
async def test_who_offers_another_protocol_is_bounded_like_others(offer: bytes) -> None:
    async with Toy().with_connections(head_seconds=0.1, body_seconds=0.1).served() as toy:
        wire = await toy.connect()
        wire.send(post("/length", b"", stated=900).replace(b"HTTP/1.1\r\n", b"HTTP/1.1\r\n" + offer))
        assert await wire.closed()
        large = offer + b"x: y\r\n" * 5_000
        assert (await toy.ask(HELLO.replace(b"HTTP/1.1\r\n", b"HTTP/1.1\r\n" + large)))[0] == 431
        flood = await toy.connect()
        flood.send(HELLO.replace(b"HTTP/1.1\r\n", b"HTTP/1.1\r\n" + offer) * 5_000)
        assert await flood.closed()


async def test_whoever_does_not_take_an_answer_is_closed() -> None:
    async with Toy().with_connections(answer_seconds=0.2).served() as toy:
        wire = await toy.connect()
        wire.send(b"GET /large HTTP/1.1\r\n\r\n")
        await asyncio.sleep(0.5)
        with pytest.raises(asyncio.IncompleteReadError):
            await wire.answer()


async def test_nothing_is_left_of_closed_connections() -> None:
    async with Toy().with_connections(connections_per_address=2).served() as toy:
        for _ in range(10):
            assert (await toy.ask(HELLO))[0] == 200
        await asyncio.sleep(0.05)
        wires: list[Wire] = [await toy.connect() for _ in range(2)]
        assert [(await wire.ask(HELLO))[0] for wire in wires] == [200, 200]
