"""What is done to the processes, in phases: kill, hang, none, term, harmful calls, all mixed; then to all in order."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from random import Random

import httpx

from deploy.local.kafka.cluster import LocalCluster
from deploy.local.kafka.node import LocalKafka
from deploy.local.programs import Program
from deploy.local.stack import Stack
from tests.chaos.stalls import JOURNAL_OF, Fault
from tests.rig.machine import slowness

PHASES = (("kill", 0.2), ("hang", 0.25), ("none", 0.05), ("term", 0.1), ("spin", 0.1), ("die", 0.2), ("mixed", 0.1))
"""Each with its share of a round."""
ROUND_SECONDS = 90.0
HANG_SECONDS = (6.8, 10.0)
"""Longer than the session of six seconds; beyond eight the watchdog ends a process as soon as it wakes."""
REST_SECONDS = {"kill": 7.0, "term": 7.0, "hang": 15.0, "spin": 3.0, "die": 25.0}
"""How long a service is left alone after a fault, so that what it brought about can be told apart."""
PAUSE_SECONDS = (1.0, 3.0)
ROLL_SECONDS = 60.0
"""The longest that a process may take to be ready again before the next one is restarted, on a machine that is not
slower than others."""
SIGNALS = {"kill": signal.SIGKILL, "term": signal.SIGTERM}
SERVICES = (*JOURNAL_OF, "callbacks")
SPOILED = ("triage", "team-availability")
"""Those that decide what a CAD reports."""


class Faults:
    """Does harm, and remembers what and when."""

    def __init__(
        self,
        stack: Stack,
        kafka: LocalKafka | LocalCluster,
        seed: int,
        say: Callable[[str], None],
        spoil: Callable[[str, str], None],
    ) -> None:
        """`spoil(kind, service)`: have a CAD report a call that a service cannot decide."""
        self.done: list[Fault] = []
        self._spoil = spoil
        self._stack, self._kafka, self._random, self._say = stack, kafka, Random(seed), say
        self._hanging: dict[int, asyncio.Task[None]] = {}
        self._left_alone_until = dict.fromkeys(SERVICES, 0.0)

    async def run(self, seconds: float) -> None:
        """Rotate through the phases, then let whatever hangs go on."""
        for kind, length in phases(seconds):
            self._say(f"phase {kind}, {length:.0f} s")
            until = time.monotonic() + length
            while (left := until - time.monotonic()) > 0:
                if kind != "none":
                    self._harm(kind)
                await asyncio.sleep(min(left, self._random.uniform(*PAUSE_SECONDS)))
        if self._hanging:
            await asyncio.wait(list(self._hanging.values()))

    async def roll(self) -> None:
        """Restart every process of the services that decide, in order: the next one once the last is ready again.

        Raises RuntimeError where one does not come back.
        """
        most_seconds = ROLL_SECONDS * slowness()
        async with httpx.AsyncClient(timeout=1, trust_env=False) as client:
            for program in [program for program in self._stack.programs if program.service in JOURNAL_OF]:
                try:
                    async with asyncio.timeout(most_seconds):
                        await self._restart(client, program)
                except TimeoutError:
                    message = (
                        f"{program.name} was not ready again within {most_seconds:.0f} s. If both processors were busy "
                        "all the time, this machine does not carry the load: give a lower --rate."
                    )
                    raise RuntimeError(message) from None

    async def _restart(self, client: httpx.AsyncClient, program: Program) -> None:
        pid = await self._ready_pid(client, program, None)
        self._say(f"restarting {program.name}")
        self.done.append(Fault("roll", program.service, program.number, time.time()))
        os.kill(pid, signal.SIGTERM)
        await self._ready_pid(client, program, pid)

    async def _ready_pid(self, client: httpx.AsyncClient, program: Program, before: int | None) -> int:
        """The process id of a program, once it is ready and no longer the process that it was before."""
        while True:
            pid = self._stack.pid_of(program.service, program.number)
            with contextlib.suppress(httpx.HTTPError):
                if pid not in (None, before) and (await client.get(program.ready_url)).status_code == httpx.codes.OK:
                    return pid
            await asyncio.sleep(0.1)

    async def kill_broker(self) -> None:
        """Kill Kafka, wait a moment, start it again on the same data."""
        self._say("killing Kafka")
        self.done.append(Fault("broker", "*", 0, time.time()))
        await asyncio.to_thread(self._kafka.kill)
        await asyncio.sleep(self._random.uniform(0.5, 2.5))
        await asyncio.to_thread(self._kafka.start)
        self._say("Kafka is back")

    def _harm(self, phase: str) -> None:
        mixed = phase == "mixed"
        kind = self._random.choice(("kill", "kill", "hang", "term")) if mixed else phase
        harmed = SPOILED if kind in ("spin", "die") else SERVICES
        free = [name for name in harmed if mixed or self._left_alone_until[name] < time.monotonic()]
        if not free:
            return
        service = self._random.choice(free)
        number = self._random.choice([program.number for program in self._stack.programs if program.service == service])
        if kind in ("spin", "die"):
            self._left_alone_until[service] = time.monotonic() + REST_SECONDS[kind]
            self.done.append(Fault(kind, service, 0, time.time()))
            self._say(f"a call over which {service} would {kind}")
            self._spoil(kind, service)
            return
        pid = self._stack.pid_of(service, number)
        if pid is None or pid in self._hanging:
            return
        self._left_alone_until[service] = time.monotonic() + REST_SECONDS[kind]
        self.done.append(Fault(kind, service, number, time.time(), mixed))
        self._say(f"{kind} {service}-{number}")
        if kind == "hang":
            self._hanging[pid] = asyncio.get_running_loop().create_task(self._hang(pid))
        else:
            os.kill(pid, SIGNALS[kind])

    async def _hang(self, pid: int) -> None:
        os.kill(pid, signal.SIGSTOP)
        try:
            await asyncio.sleep(self._random.uniform(*HANG_SECONDS))
        finally:
            os.kill(pid, signal.SIGCONT)
            del self._hanging[pid]


def phases(seconds: float) -> Iterator[tuple[str, float]]:
    """Rounds of all phases; a run shorter than a round is one round."""
    rounds = max(1, round(seconds / ROUND_SECONDS))
    for _ in range(rounds):
        for kind, share in PHASES:
            yield kind, seconds / rounds * share
