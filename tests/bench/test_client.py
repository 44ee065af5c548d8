"""The load's client keeps its connections, and says what is lost."""

from __future__ import annotations

import asyncio

from aiohttp.web import BaseRequest

from deploy.actors.http import LOST
from deploy.actors.webhooks import receiving
from deploy.local.kafka.node import free_port
from tests.bench.client import Client


async def test_statuses_over_kept_connections_and_what_is_lost() -> None:
    seen: list[tuple[object, str, bytes]] = []

    async def take(request: BaseRequest) -> int:
        body = await request.read()
        seen.append((request.transport, request.headers["authorization"], body))
        if body == b"slow":
            await asyncio.sleep(1)
        return 503 if body == b"down" else 200

    port = free_port()
    client = Client(f"http://127.0.0.1:{port}/v1/calls", 8)
    async with receiving(port, take):
        assert [await client.post("key", body, 1) for body in (b"a", b"down", b"b")] == [200, 503, 200]
        assert len({connection for connection, _, _ in seen}) == 1
        assert await client.post("key", b"slow", 0.1) == LOST
        assert await asyncio.gather(*(client.post("key", b"c", 1) for _ in range(20))) == [200] * 20
    assert await client.post("key", b"gone", 1) == LOST
    assert {key for _, key, _ in seen} == {"Bearer key"}
