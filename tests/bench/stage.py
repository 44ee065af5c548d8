"""The stage: Kafka, one process of each service, the towns; who uses how much of the machine."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import psutil

from deploy.local.kafka.node import CHECKOUT, LocalKafka, free_port
from deploy.local.programs import Program
from deploy.local.stack import Stack
from tests.rig.town import Terms, Town, names, settle

SERVICES = ("intake", "triage", "team-availability", "notification")
AGENCIES, TEAMS, PARTITIONS = 24, 12, 4
TERMS = Terms(deadline_seconds=35, step_seconds=25, offer_seconds=12)
HERE = Path(__file__).parent


@dataclass(slots=True)
class Stage:
    """What is running."""

    directory: Path
    kafka: LocalKafka
    stack: Stack
    towns: list[Town]
    outside: dict[str, psutil.Popen] = field(default_factory=dict)
    """Processes that belong to the measurement, not to careroute."""

    @property
    def keys(self) -> dict[str, str]:
        """The CAD's key of each agency."""
        return {town.name: self.stack.access.key(town.name) for town in self.towns}

    @property
    def carried_file(self) -> Path:
        """Where the carriers write down what they have carried, when they are ended."""
        return self.directory / "carried.json"

    @property
    def publishing(self) -> dict[str, Any]:
        """What the load generator is told of where to publish, and as whom."""
        return {"intake": self.stack.url_of("intake"), "keys": self.keys}

    def program(self, service: str) -> Program:
        """The one process of a service."""
        return next(program for program in self.stack.programs if program.service == service)

    def process(self, service: str) -> psutil.Process:
        """The same, as it runs."""
        return psutil.Process(self.stack.pid_of(service))

    def start(self, service: str, environment: Mapping[str, str] | None = None) -> float:
        """Start a service's process; the instant of it."""
        began = time.time()
        self.stack.children.start([self.program(service)], environment)
        return began

    def end(self, service: str, how: signal.Signals = signal.SIGKILL) -> None:
        """End a service's process and wait until it is gone."""
        self.stack.children.end(f"{service}-1", how)

    def leave(self) -> None:
        """End all that runs but Kafka."""
        for process in self.outside.values():
            if process.poll() is None:
                process.kill()
                process.wait()
        self.stack.stop()

    async def beside(self, name: str, spec: dict[str, Any]) -> psutil.Popen:
        """Start a process of the measurement, `tests.bench.<name>`, with a spec."""
        path = self.directory / f"{name}.json"
        path.write_text(json.dumps(spec))
        with (self.directory / f"{name}.log").open("ab") as log:
            command = [sys.executable, "-m", f"tests.bench.{name}", str(path)]
            process = psutil.Popen(command, cwd=CHECKOUT, stdout=log, stderr=subprocess.STDOUT)
        self.outside[name] = process
        return process

    def usage(self) -> dict[str, tuple[float, float]]:
        """CPU seconds so far and resident MiB now, of every process."""
        processes = {service: self.process(service) for service in SERVICES if self.stack.pid_of(service)}
        processes |= {
            name: psutil.Process(process.pid) for name, process in self.outside.items() if process.poll() is None
        }
        if (kafka := self.kafka.process()) is not None:
            processes["kafka"] = kafka
        processes["reader"] = psutil.Process()
        return {
            name: (sum(process.cpu_times()[:2]), process.memory_info().rss / 2**20)
            for name, process in processes.items()
        }


@contextlib.asynccontextmanager
async def stage(
    directory: Path, environment: Mapping[str, str], *, keep: bool, phones: bool = False
) -> AsyncIterator[Stage]:
    """Everything up, every programme live, every team on shift; with `phones`, one of each is texted and called."""
    kafka, port = LocalKafka(directory / "kafka", lasting=True), free_port()
    kafka.start()
    carriers = free_port() if phones else 0
    towns = [Town(name, TEAMS, 0, port, carriers) for name in names(AGENCIES, PARTITIONS)]
    stack = Stack(
        directory / "stack",
        kafka.address,
        [town.spec for town in towns],
        instances=1,
        partitions=PARTITIONS,
        services=(*SERVICES, "console", *(["callbacks"] if phones else [])),
        supervised=False,
        environment={"CAREROUTE_LOG_LEVEL": "warning", **environment},
    )
    made = Stage(directory, kafka, stack, towns)
    try:
        await stack.start()
        if phones:
            setup = asdict(towns[0].phones.setup(stack.url_of("callbacks"), ""))  # one for all: they differ in nothing
            await made.beside("carriers", {"port": carriers, "setup": setup, "out": str(made.carried_file)})
        await settle(stack, towns, TERMS)
        made.end("console")  # it is there to settle the towns; nobody commands it while something is measured
        ready = directory / "town.ready"
        about = {"bootstrap": kafka.address, "partitions": PARTITIONS, "seed": 1, "port": port, "ready": str(ready)}
        await made.beside("town", about)
        while not ready.exists():  # noqa: ASYNC110  # a process of its own says so, not a task
            await asyncio.sleep(0.1)
        yield made
    finally:
        await asyncio.to_thread(made.leave)
        kafka.kill()
        if not keep:
            shutil.rmtree(directory, ignore_errors=True)
