"""An ASGI application on a loopback port of this process, beside everything else in it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
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
    config = uvicorn.Config(
        app, host=HOST, port=port, http="httptools", log_config=None, access_log=False, timeout_graceful_shutdown=2
    )
    server = _Server(config)
    task = asyncio.get_running_loop().create_task(server.serve())
    try:
        while not (server.started or task.done()):  # noqa: ASYNC110  # uvicorn has no event for it
            await asyncio.sleep(0.02)
        if not server.started:
            await task
            raise RuntimeError(f"nothing could be served on port {port}")
        yield
    finally:
        server.should_exit = True
        await asyncio.wait([task])
