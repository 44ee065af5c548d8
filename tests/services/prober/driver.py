"""A careroute in this process, a prober that probes it over HTTP, and somebody who hears the alarms."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp.web import BaseRequest

from deploy.actors.webhooks import receiving
from deploy.demo.stages import PARTITIONS, OneProcess
from deploy.local.access import AgencySpec
from deploy.local.asgi import serving
from deploy.local.kafka.node import free_port
from deploy.local.probes import probed, probes_with
from services.prober.config import ProberSettings
from services.prober.http import create_app, open_prober
from services.prober.prober import Prober
from shared.clock import SystemClock
from shared.probes import Probes

FIRST_LIMIT_SECONDS, LIMIT_SECONDS = 8.0, 0.75
PATIENCE_SECONDS = 30.0


@dataclass
class Alarmed:
    """Where alarms arrive."""

    port: int = field(default_factory=free_port)
    heard: list[dict[str, Any]] = field(default_factory=list)
    status: int = 204
    beats: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/alarm"

    async def take(self, request: BaseRequest) -> int:
        message = json.loads(await request.read())
        if request.path == "/beat/prober":
            self.beats += 1
        else:
            self.heard.append(message)
        return self.status

    def whys(self, kind: str = "probe-missed") -> list[str]:
        return [message.get("why", "") for message in self.heard if message["alarm"] == kind]


Change = Callable[[AgencySpec], AgencySpec]


class Town:
    """The stage, the prober's port, and what it is told."""

    def __init__(self, directory: Path, *agencies: AgencySpec, change: Change) -> None:
        self.directory, self.port = directory, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.specs = probed(agencies, self.url, PARTITIONS)
        self.specs = (*self.specs[: len(agencies)], change(self.specs[-1]))  # one made-up agency will do
        self.stage = OneProcess(directory, *self.specs)
        self.alarmed = Alarmed()

    def probes(self) -> Probes:
        return probes_with(self.stage.access, self.specs, PARTITIONS)

    def settings(self, **changes: Any) -> ProberSettings:
        given: dict[str, Any] = {
            "probes_file": self.directory / "unused.toml",
            "prober_url": self.url,
            "intake_url": self.stage.url_of("intake"),
            "console_url": self.stage.url_of("console"),
            "pocket_url": self.stage.url_of("pocket"),
            "storage_directory": self.directory,
            "alarm_url": self.alarmed.url,
            "probe_seconds": 0.2,
            "beat_seconds": 0.2,
            "probe_limit_seconds": FIRST_LIMIT_SECONDS,
        }
        return ProberSettings(**given | changes)

    def quicken(self, prober: Prober) -> None:
        """Have it wait for nothing as long as at first, when everything has to be set up."""
        prober.settings = self.settings(probe_limit_seconds=LIMIT_SECONDS)

    async def first_seen(self, prober: Prober) -> None:
        """Wait until everything is set up, and probes are quick."""
        await until(lambda: prober.book.verdicts["seen"])
        self.quicken(prober)
        seen = prober.book.verdicts["seen"]
        await until(lambda: prober.book.verdicts["seen"] > seen + 1)

    async def stop(self) -> None:
        """End at once: nobody waits for what is still owed to a prober that is gone."""
        for worker in self.stage._workers:
            worker.cancel()
        await self.stage.stop()

    @asynccontextmanager
    async def probing(
        self, change: Callable[[Probes], Probes] = lambda probes: probes, **changes: Any
    ) -> AsyncIterator[Prober]:
        """A prober while the block runs."""
        prober = open_prober(self.settings(**changes), change(self.probes()), SystemClock())
        async with serving(create_app(prober), self.port):
            yield prober


@asynccontextmanager
async def town(directory: Path, *agencies: AgencySpec, change: Change = lambda spec: spec) -> AsyncIterator[Town]:
    """A careroute that runs, and somebody who hears alarms. `change`: what is another way with the made-up agency."""
    made = Town(directory, *agencies, change=change)
    async with AsyncExitStack() as stack:
        await made.stage.start(lambda _: None)
        stack.push_async_callback(made.stop)
        await stack.enter_async_context(receiving(made.alarmed.port, made.alarmed.take))
        yield made


async def until(what: Callable[[], object], seconds: float = PATIENCE_SECONDS) -> float:
    """Wait until something is so; how many seconds that took."""
    began = time.monotonic()
    while not what():
        assert time.monotonic() - began < seconds, "it did not come to be"
        await asyncio.sleep(0.02)
    return time.monotonic() - began
