"""An ASGI application on a loopback port of this process, beside everything else in it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import uvicorn

from deploy.local.programs import HOST


class _Server(uvicorn.Server):
    """Leaves the signals of the process alone: this is one of several servers in it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def serving(app: Any, port: int) -> AsyncIterator[None]:
    """Serve while the block runs."""
    async with serving_each({port: app}):
        yield


@asynccontextmanager
async def serving_each(apps: Mapping[int, Any]) -> AsyncIterator[None]:
    """Serve several, each on its port, while the block runs; they end at the same time."""
    servers: list[tuple[_Server, asyncio.Task[None]]] = []
    try:
        for port, app in apps.items():
            config = uvicorn.Config(
                app,
                host=HOST,
                port=port,
                http="httptools",
                log_config=None,
                access_log=False,
                timeout_graceful_shutdown=2,
            )
            server = _Server(config)
            servers.append((server, asyncio.get_running_loop().create_task(server.serve())))
            await _started(*servers[-1], port)
        yield
    finally:
        for server, _ in servers:
            server.should_exit = True
        await asyncio.gather(*(task for _, task in servers), return_exceptions=True)


async def _started(server: _Server, task: asyncio.Task[None], port: int) -> None:
    while not (server.started or task.done()):  # noqa: ASYNC110  # uvicorn has no event for it
        await asyncio.sleep(0.02)
    if not server.started:
        await task
        raise RuntimeError(f"nothing could be served on port {port}")
