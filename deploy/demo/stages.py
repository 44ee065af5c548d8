"""Where the demo's services run: each a process of its own on Kafka, or all in this process on the in-memory twin."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Protocol

from aiohttp.web import BaseRequest
from pydantic import SecretStr

from deploy.actors.http import ask, session
from deploy.actors.scenario import Scenario
from deploy.actors.story import CANARY
from deploy.actors.webhooks import receiving
from deploy.demo.audited import Auditor
from deploy.demo.phones import SENDERS, ZONE, PhoneBook
from deploy.local.access import Access, AgencySpec, SourceSpec, people_with
from deploy.local.asgi import serving_each
from deploy.local.broker import KafkaNode
from deploy.local.kafka.node import free_port
from deploy.local.kafka.security import OPERATOR
from deploy.local.programs import DOORS, HOST
from deploy.local.stack import WEBHOOK_NETWORKS, Stack
from deploy.local.watch import Watch
from services.console.api.http import create_app as console_app
from services.console.config import ConsoleSettings
from services.intake.config import IntakeSettings
from services.intake.http import create_app as intake_app
from services.notification.callbacks.config import CallbacksSettings
from services.notification.callbacks.http import create_app as callbacks_app
from services.notification.callbacks.http import open_door as callbacks_door
from services.notification.config import NotificationSettings
from services.notification.perform import performer
from services.notification.service import NOTIFICATION
from services.pocket.config import PocketSettings
from services.pocket.door import open_door
from services.pocket.http import create_app as pocket_app
from services.rostering.service import ROSTERING
from services.team_availability.service import TEAM_AVAILABILITY
from services.triage.prepared import prepared_by
from services.triage.service import TRIAGE, triage_service
from shared import telemetry
from shared.agencies import Agencies
from shared.call_keys import CallKeys
from shared.clock import SystemClock
from shared.engine.broker import Broker
from shared.engine.kafka import KafkaBroker
from shared.engine.memory import MemoryBroker, MemoryLog
from shared.engine.process import Together
from shared.engine.service import Service
from shared.engine.worker import Worker
from shared.sealing import Sealer

PARTITIONS = 4
AUDIT_SECONDS = 2
"""A demo is over soon: the auditor looks more often than it does beside a city."""
PROBER_SECONDS = 5.0


def agency_of(scenario: Scenario, port: int, carriers_port: int = 0) -> AgencySpec:
    """The agency that is played: its CAD is told at a loopback port, its staff have tokens, and some of them phones."""
    source = SourceSpec(scenario.source, f"http://{HOST}:{port}/cad", scenario.replay)
    staff = (person for team in scenario.teams for person in team.members)
    carriers = PhoneBook(scenario.phones).setup("", scenario.agency).accounts(carriers_port, SENDERS)
    return AgencySpec(
        scenario.agency, (source,), people_with(staff), zone=ZONE, carriers=carriers if scenario.phones else {}
    )


class Stage(Protocol):
    """A running careroute."""

    description: str
    access: Access
    reports: bool
    """Whether reporting follows it."""
    auditor: Auditor | None
    """Who reads beside it, where somebody does."""
    watch: Watch | None
    """Prometheus and Alertmanager on it, where it is watched."""

    async def start(self, progress: Callable[[str], None]) -> None:
        """Start everything, and return once it is ready."""

    async def stop(self) -> None:
        """End everything."""

    def url_of(self, door: str) -> str:
        """Where a door listens."""

    def broker(self, who: str = OPERATOR) -> Broker:
        """A connection of one's own to the log; where it is secured, with that principal's rights."""

    def processes(self) -> str:
        """What runs, in a few words."""

    def logs(self) -> Iterable[Path]:
        """The log files."""

    async def probes(self) -> str:
        """What the prober saw, in a sentence; empty where none runs."""


class Processes:
    """Every service a process of its own, under a supervisor, on a real Kafka; watched, where there is a watch."""

    def __init__(
        self,
        directory: Path,
        node: KafkaNode,
        *agencies: AgencySpec,
        instances: int = 2,
        watch: Watch | None = None,
    ) -> None:
        self._directory, self._node, self._agencies, self._instances = directory, node, agencies, instances
        self.reports = True
        self.auditor: Auditor | None = None
        self.watch = watch
        self._stack: Stack | None = None
        self._exit, self._alarms = AsyncExitStack(), list[str]()
        self.description = f"{node.description}, every service a process of its own"

    async def start(self, progress: Callable[[str], None]) -> None:
        """Start Kafka, then the services, then what watches them. Raises KafkaError, StackError, WatchError."""
        progress(f"starting {self._node.description}")
        bootstrap = await asyncio.to_thread(self._node.start)
        progress(f"{self._node.description} on {bootstrap}")
        alarm_port = free_port()
        await self._exit.enter_async_context(receiving(alarm_port, self._take_alarm))
        self._stack = Stack(
            self._directory,
            bootstrap,
            self._agencies,
            instances=self._instances,
            partitions=PARTITIONS,
            environment={
                "CAREROUTE_AUDIT_SECONDS": str(AUDIT_SECONDS),
                "CAREROUTE_PLANTED_WORDS": CANARY,
                **(self.watch.environment if self.watch else {}),
            },
            alarm_url=f"http://{HOST}:{alarm_port}/alarms",
            security=self._node.security,
        )
        self.access = self._stack.access
        program = self._stack.program("auditor")
        self.auditor = Auditor(program.metrics_url, self._stack.storage_of("auditor") / "lists")
        await self._stack.start(progress)
        if self.watch is not None:
            await self.watch.start(self._stack.programs)
            progress(f"watched by Prometheus at {self.watch.prometheus_url}")

    async def stop(self) -> None:
        """End the services and what watches them, then Kafka."""
        if self._stack is not None:
            await asyncio.to_thread(self._stack.stop)
        await self._exit.aclose()
        await asyncio.to_thread(self._node.discard)

    def url_of(self, door: str) -> str:
        """Where a door listens."""
        return self._running.url_of(door)

    def broker(self, who: str = OPERATOR) -> Broker:
        """A connection of one's own to Kafka."""
        security = self._node.security
        return KafkaBroker(security.by_certificate(who) if security else self._running.bootstrap, PARTITIONS)

    def processes(self) -> str:
        """How many are up."""
        up = self._running.running()
        down = [program.name for program in self._running.programs if program.name not in up]
        return f"{len(up)} processes up" + (f", down: {', '.join(down)}" if down else "")

    @property
    def _running(self) -> Stack:
        if self._stack is None:
            raise RuntimeError("not started")
        return self._stack

    def logs(self) -> Iterable[Path]:
        """One for each process."""
        return sorted(self._directory.glob("*.log"))

    async def probes(self) -> str:
        """How many test calls were sent and seen, and in what time half of them."""
        async with session() as http:
            answer = await ask(http, "GET", f"{self.url_of('prober')}/state", seconds=PROBER_SECONDS)
        if not answer.is_success:
            return "probes: the prober does not answer"
        state = answer.json()
        half = "" if state["median_seconds"] is None else f", half of them within {state['median_seconds']:.2f} s"
        alarms = "".join(f"; {alarm}" for alarm in self._alarms)
        open_ = state["sent"] - state["seen"] - state["missed"]
        missed = f"{state['missed']} missed, {open_} under way{alarms}"
        return f"probes: {state['sent']} test calls sent, {state['seen']} seen{half}, {missed}"

    async def _take_alarm(self, request: BaseRequest) -> int:
        self._alarms.append(json.loads(await request.read())["sentence"])
        return 204


class OneProcess:
    """All services in this process, on the in-memory twin: nothing survives it, and nothing runs beside another."""

    reports = False
    auditor: Auditor | None = None
    watch: Watch | None = None
    """One process has one set of metrics: there is nothing to scrape."""
    description = "NO KAFKA HERE: all services in this one process, on the in-memory twin, which loses all when it ends"

    def __init__(self, directory: Path, *agencies: AgencySpec) -> None:
        self._directory = directory
        self._log, self._clock = MemoryLog(PARTITIONS), SystemClock()
        self._stopping, self._exit = asyncio.Event(), AsyncExitStack()
        self._workers: list[asyncio.Task[None]] = []
        self.access = Access(agencies)
        self._ports = {door: free_port() for door in DOORS}

    async def start(self, progress: Callable[[str], None]) -> None:
        """Start two workers of each service, then the doors."""
        telemetry.configure_logs("demo", "1", "error")
        self._directory.mkdir(parents=True, exist_ok=True)
        file = self._directory / "agencies.toml"
        self.access.write(file)
        common: dict[str, Any] = {
            "kafka": "memory",
            "partitions": PARTITIONS,
            "agencies_file": file,
            "webhook_networks": WEBHOOK_NETWORKS,
        }
        link_secret, sealer = SecretStr(self.access.link_secret), Sealer(self.access.sealing_key)
        notifying = NotificationSettings(
            **common,
            link_secret=link_secret,
            pocket_url=self.url_of("pocket"),
            callbacks_url=self.url_of("callbacks"),
            sealing_key=SecretStr(self.access.sealing_key),
        )
        loop = asyncio.get_running_loop()
        for number in (1, 2):
            runners = (
                self._triage(sealer, number),
                self._worker(TEAM_AVAILABILITY, number),
                self._notification(notifying, number),
                self._worker(ROSTERING, number),
            )
            self._workers += [loop.create_task(runner.run(self._stopping)) for runner in runners]
        progress("workers started")
        await self._open_doors(common, link_secret, sealer, file)
        progress("doors open")

    def _triage(self, sealer: Sealer, number: int) -> Together:
        keys = CallKeys(self.broker(), sealer)
        name = f"{TRIAGE.name}-{number}"
        prepare = prepared_by(keys)
        return Together(Worker(triage_service(keys), self.broker(), self._clock, name, prepare=prepare), keys)

    def _notification(self, settings: NotificationSettings, number: int) -> Together:
        perform, name = performer(settings, self.broker()), f"{NOTIFICATION.name}-{number}"
        worker = Worker(NOTIFICATION, self.broker(), self._clock, name, perform, watch=perform.watch)
        return Together(worker, perform.contacts)

    def _worker(self, service: Service[Any], number: int) -> Worker[Any]:
        return Worker(service, self.broker(), self._clock, f"{service.name}-{number}")

    async def _open_doors(self, common: dict[str, Any], link_secret: SecretStr, sealer: Sealer, file: Path) -> None:
        agencies = Agencies(file)
        sealing_key, audit_keys = SecretStr(self.access.sealing_key), SecretStr(self.access.audit_key)
        taking = IntakeSettings(**common, sealing_key=sealing_key)
        for_people: dict[str, Any] = {
            **common,
            "link_secret": link_secret,
            "sealing_key": sealing_key,
            "audit_keys": audit_keys,
            "pocket_url": self.url_of("pocket"),
        }
        commanding = ConsoleSettings(**for_people)
        answering = PocketSettings(**for_people, card_numbers=agencies.senders())
        calling_back = CallbacksSettings(
            **common,
            link_secret=link_secret,
            sealing_key=sealing_key,
            pocket_url=self.url_of("pocket"),
            callbacks_url=self.url_of("callbacks"),
            card_numbers=agencies.senders(),
        )
        door = open_door(self.broker(), self._clock, answering)
        apps = {
            "callbacks": callbacks_app(callbacks_door(self.broker(), self._clock, calling_back)),
            "intake": intake_app(self.broker(), self._clock, agencies, sealer, taking),
            "pocket": pocket_app(door),
            "console": console_app(self.broker(), self._clock, agencies, commanding),
        }
        served = {self._ports[name]: app for name, app in apps.items()}
        await self._exit.enter_async_context(serving_each(served))

    async def stop(self) -> None:
        """Close the doors, then let the workers finish."""
        await self._exit.aclose()
        self._stopping.set()
        if self._workers:
            await asyncio.wait(self._workers)

    def url_of(self, door: str) -> str:
        """Where a door listens."""
        return f"http://{HOST}:{self._ports[door]}"

    def broker(self, who: str = OPERATOR) -> Broker:
        """A connection of one's own to the twin."""
        del who  # it knows nobody apart
        return MemoryBroker(self._log)

    def processes(self) -> str:
        """How many workers run; one that has failed says why."""
        failed = [task.exception() for task in self._workers if task.done() and not task.cancelled()]
        return f"one process, {len(self._workers) - len(failed)} workers" + "".join(
            f", FAILED: {why!r}" for why in failed
        )

    def logs(self) -> Iterable[Path]:
        """None: one process writes no log file."""
        return ()

    async def probes(self) -> str:
        """None: what probes itself proves little."""
        return ""
