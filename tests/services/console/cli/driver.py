"""A door that runs on a loop of its own in a thread, and people at their command lines before it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx
from typer.testing import CliRunner, Result

from services.console.cli.app import app
from services.console.cli.client import Door
from shared.events import Event
from shared.topics import ASSIGNMENTS
from tests.services.console.driver import AGENCY, City, running_city
from tests.services.console.stories import ACCEPTED

T = TypeVar("T")


class Bridge(httpx.BaseTransport):
    """Carries the command line's requests to the ASGI application on its loop."""

    def __init__(self, city: City, loop: asyncio.AbstractEventLoop) -> None:
        self._transport, self._loop = httpx.ASGITransport(city.app), loop

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        async def carried() -> tuple[httpx.Response, bytes]:
            sent = httpx.Request(request.method, request.url, headers=request.headers, content=request.read())
            response = await self._transport.handle_async_request(sent)
            return response, await response.aread()

        response, content = asyncio.run_coroutine_threadsafe(carried(), self._loop).result(10)
        return httpx.Response(response.status_code, headers=response.headers, content=content)


@dataclass
class Town:
    """A running city, and people at their command lines."""

    city: City
    loop: asyncio.AbstractEventLoop

    def run(self, token: str, *arguments: str, answers: str | None = None) -> Result:
        http = httpx.Client(
            transport=Bridge(self.city, self.loop), base_url="http://door", headers={"Authorization": f"Bearer {token}"}
        )
        with http:
            return CliRunner().invoke(app, list(arguments), obj=Door(http), input=answers)

    def json(self, token: str, *arguments: str, exit_code: int = 0) -> Any:
        result = self.run(token, *arguments, "--json")
        assert result.exit_code == exit_code, result.output
        return json.loads(result.stdout)

    def call(self, do: Callable[[], Coroutine[Any, Any, T]]) -> T:
        return asyncio.run_coroutine_threadsafe(do(), self.loop).result(10)

    def write(self, *made: Event, journal: str = ASSIGNMENTS.name) -> None:
        """A service writes events, and the door reads them."""

        async def write() -> None:
            self.city.services.write(AGENCY, *made, journal=journal)
            await self.city.settle()

        self.call(write)

    def tell(self) -> None:
        """A team accepts a call."""

        async def write() -> None:
            for topic, event in ACCEPTED:
                self.city.services.write(AGENCY, event, journal=topic)
            await self.city.settle()

        self.call(write)


@contextlib.contextmanager
def living_town(folder: Path) -> Iterator[Town]:
    """A city that runs on a loop in a thread of its own."""
    ready: list[City] = []
    up = threading.Event()
    loop = asyncio.new_event_loop()
    over = asyncio.Event()

    async def live() -> None:
        async with running_city(folder) as city:
            ready.append(city)
            up.set()
            await over.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(live()))
    thread.start()
    assert up.wait(10)
    try:
        yield Town(ready[0], loop)
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(10)
        loop.close()
