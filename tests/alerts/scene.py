"""A careroute with Prometheus on it, towns whose CADs do as they are told to, and the ear of the on-call person."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any

import psutil
from aiohttp import ClientSession
from aiohttp.web import BaseRequest

from deploy.actors.cad import Cad
from deploy.actors.console import CommandFailed, Console, TeamSpec, adopt, set_phases, sign_on
from deploy.local.access import AgencySpec, SourceSpec, people_with
from deploy.local.kafka.node import LocalKafka
from deploy.local.programs import HOST
from deploy.local.stack import Stack
from shared.call_keys import new_call_key
from shared.clock import SystemClock
from shared.contacts import ContactKey, append_contact, seal_address
from shared.engine.broker import Record
from shared.engine.kafka import KafkaBroker
from shared.sealing import Sealer, new_key
from shared.topics import CALL_KEYS
from tests.rig.calls import CALM, OpenCall, body_of
from tests.rig.town import CREW, PROGRAMME

CLOCKS = {"deadline_seconds": 20, "step_seconds": 12, "offer_seconds": 6}
BESIDES = """
on_scene_check_minutes = 1
missed_safety_checks = 1
[automatic_pause]
unsafe_upgrades = 1
within_minutes = 60
"""
TEAM = TeamSpec("team-0", "community-responder", CREW, ("Central",))
TOWNS = ("refusing", "gone", "staying", "silent", "late", "unsafe", "ahead", "moving", "failing", "plain")
Check = Callable[[], Awaitable[bool]]


def specs(port: int) -> list[AgencySpec]:
    """Every town, its CAD told at the port."""
    return [
        AgencySpec(town, (SourceSpec("cad", f"http://{HOST}:{port}/cad/{town}"),), people_with(TEAM.members))
        for town in TOWNS
    ]


@dataclass(slots=True)
class Scene:
    """Everything that a cause may lay its hands on."""

    stack: Stack
    kafka: LocalKafka
    http: ClientSession
    port: int
    cad_answers: dict[str, int] = field(default_factory=dict)
    """By town, the status that its CAD answers with, if not 204."""
    told_at: dict[str, float] = field(default_factory=dict)
    """When somebody was first told of an alert, by its name and what it counts or is about."""
    frozen: list[psutil.Process] = field(default_factory=list)
    _calls: dict[str, int] = field(default_factory=dict)

    async def take(self, request: BaseRequest) -> int:
        """A page, a word to a CAD, or an alert."""
        body = await request.read()
        _, kind, town = request.path.split("/")
        if kind == "alerts":
            for alert in json.loads(body)["alerts"]:
                if alert["status"] == "firing":
                    self.told_at.setdefault(named(alert["labels"]), time.monotonic())
            return 204
        return self.cad_answers.get(town, 204) if kind == "cad" else 204

    def console(self, town: str) -> Console:
        """The door for people, of one town."""
        return Console(self.http, self.stack.url_of("console"), partial(self.stack.access.token, town))

    async def settle(self) -> None:
        """Every town live, with one team on shift."""
        async with asyncio.TaskGroup() as tasks:
            for town in TOWNS:
                tasks.create_task(self._settle(town))

    async def _settle(self, town: str) -> None:
        console = self.console(town)
        await adopt(console, PROGRAMME.format(agency=town, **CLOCKS) + BESIDES)
        await set_phases(console, {("cares", "Central"): "live"})
        await sign_on(console, [TEAM], f"http://{HOST}:{self.port}/page/{town}")

    async def publish(self, call: OpenCall, at: datetime | None = None) -> None:
        """A version of a call, of now if no other time is given."""
        cad = Cad(self.http, self.stack.url_of("intake"), self.stack.access.key(call.agency))
        await cad.publish(body_of(call, (at or datetime.now(UTC)).isoformat()))

    async def new_call(self, town: str, code: str = "MENTAL", name: str = "call") -> OpenCall:
        """A call that may get a team, unless its code says otherwise."""
        number = self._calls[town] = self._calls.get(town, 0) + 1
        call = OpenCall(town, f"{name}-{number}", code, dict(CALM), datetime.now(UTC).isoformat(), number)
        await self.publish(call)
        return call

    async def offered(self, call: OpenCall) -> str:
        """The id of the offer that the team has for a call."""
        made: list[Mapping[str, Any]] = []

        async def is_offered() -> bool:
            with contextlib.suppress(CommandFailed):  # the console has not heard of it yet
                made[:] = (await self.console(call.agency).read("ana", f"/v1/calls/{call.call_id}"))["offers"]
            return bool(made)

        await until(is_offered, 10)
        return str(made[0]["offer_id"])

    async def accepted(self, town: str) -> OpenCall:
        """A call that the team of a town has accepted."""
        call = await self.new_call(town)
        path = f"/v1/offers/{await self.offered(call)}/accept"
        await self.console(town).command("ana", path, {"person_id": TEAM.members[0]})
        return call

    async def report(self, call: OpenCall, status: str) -> None:
        """The team says where it stands."""
        body = {"call_id": call.call_id, "status": status}
        await self.console(call.agency).command("ana", f"/v1/teams/{TEAM.team_id}/status", body)

    async def append(self, topic: str, agency: str, value: bytes) -> None:
        """A record as nobody of ours would write it."""
        broker = KafkaBroker(self.stack.connection, self.stack.partitions)
        try:
            await broker.append(topic, broker.partition_of(agency), [Record(agency, value, (("type", b"what"),))])
        finally:
            await broker.close()

    async def seal_with_another_key(self, town: str) -> None:
        """An address of somebody there, as if the key had been changed since."""
        broker = KafkaBroker(self.stack.connection, self.stack.partitions)
        contact = seal_address(Sealer(new_key()), ContactKey(town, "ana", "phone"), "sms", "+16085550123")
        try:
            await append_contact(broker, SystemClock(), "a test", contact)
        finally:
            await broker.close()

    async def seal_a_call_with_another_key(self, town: str) -> None:
        """A key of a call there, as if intake had another sealing key than everybody else."""
        broker = KafkaBroker(self.stack.bootstrap, self.stack.partitions)
        made = new_call_key(Sealer(new_key()), SystemClock(), f"{town}/cad/sealed-with-another-key")
        try:
            await broker.append(CALL_KEYS.name, broker.partition_of(town), [made.record])
        finally:
            await broker.close()

    def freeze(self, service: str, *numbers: int) -> None:
        """Have processes of a service hang, as seen from outside."""
        for number in numbers or (1, 2):
            pid = self.stack.pid_of(service, number)
            assert pid is not None
            process = psutil.Process(pid)
            process.send_signal(signal.SIGSTOP)
            self.frozen.append(process)

    def thaw(self) -> None:
        """Let them go on; the watchdog may end them, and the supervisor starts them again."""
        for process in self.frozen:
            process.send_signal(signal.SIGCONT)
        self.frozen.clear()


def named(labels: Mapping[str, str]) -> str:
    """An alert's name, with the counter of one that stands for several."""
    return " ".join([labels["alertname"], *filter(None, [labels.get("counter", "").removeprefix("careroute_")])])


async def until(check: Check, seconds: float) -> None:
    """Wait for something. Raises TimeoutError."""
    async with asyncio.timeout(seconds):
        while not await check():  # noqa: ASYNC110
            await asyncio.sleep(0.1)
