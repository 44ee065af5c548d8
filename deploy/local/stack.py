"""A whole careroute on this machine: topics, and every service as a process of its own, restarted when it dies.

For the demo, the tests on a real Kafka and the benchmark. Addresses are loopback ports, secrets are made fresh, and
everything written stands in one directory.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

import httpx
import psutil

from deploy.local.access import Access, AgencySpec
from deploy.local.kafka.node import CHECKOUT, free_port
from deploy.local.kafka.security import Security, settings_of
from deploy.local.probes import probed, probes_with, write_probes
from deploy.local.processes import STOP_SECONDS, Children, end_all, processes_of
from deploy.local.programs import DOORS, HOST, SERVICES, STORING, Program, environment_of, write_secrets
from deploy.local.supervisor import PID_FILE, Supervisor, supervisor_pid
from deploy.principals import PRINCIPALS, rights_of
from deploy.topics import topic_faults
from shared.connection import Connection
from shared.engine.kafka import create_topics
from shared.engine.kafka_replicas import replicas_for
from shared.engine.kafka_rights import grant, set_passwords
from shared.topics import TOPICS

PROBER = "prober"
RUNBOOKS = CHECKOUT / "deploy/runbooks"
READY_SECONDS = 240.0
WEBHOOK_NETWORKS = ("127.0.0.0/8",)
"""Whoever is told something is played on this machine."""


class StackError(RuntimeError):
    """The stack could not be started; the message says what to look into."""


class Stack:
    """Every service of careroute, started and stopped together.

    `supervised=False` starts the same processes as `children` of this one and restarts nothing.
    """

    def __init__(
        self,
        directory: Path,
        bootstrap: str,
        agencies: Iterable[AgencySpec],
        *,
        instances: int = 2,
        partitions: int = 4,
        services: Iterable[str] = tuple(SERVICES),
        supervised: bool = True,
        environment: Mapping[str, str] | None = None,
        alarm_url: str = "",
        security: Security | None = None,
    ) -> None:
        """`instances`: processes of a service at most; its settings say how many there are in full.

        On a Kafka with `security` the first process of a service says its password, the others show a certificate.

        `environment` is added to every process's own, e.g. `{"CAREROUTE_LOG_LEVEL": "warning"}`. `alarm_url` is where
        the prober posts its alarms; without it there is no prober.
        """
        self.directory, self.bootstrap, self.partitions = directory.resolve(), bootstrap, partitions
        self.security = security
        self._alarm_url = alarm_url
        self.children = Children(self.directory)
        self._supervisor = Supervisor(self.directory) if supervised else None
        self._environment = dict(environment or {})
        ports = _free_ports()
        self._door_ports = {door: next(ports) for door in SERVICES if door in DOORS}
        self._agencies = tuple(agencies)
        if alarm_url:
            self._agencies = probed(self._agencies, self.url_of(PROBER), partitions)
        self.access = Access(self._agencies)
        self.programs = tuple(
            self._program(service, number, next(ports))
            for service in services
            if service != PROBER or alarm_url
            for number in range(1, min(instances, SERVICES[service].processes) + 1)
        )

    def url_of(self, door: str) -> str:
        """Where a door listens, whether or not it is one of those that are started."""
        return f"http://{HOST}:{self._door_ports[door]}"

    async def start(self, progress: Callable[[str], None] = lambda _: None) -> None:
        """Create the topics, start every process, and return once each says that it is ready. Raises `StackError`."""
        progress("creating the topics")
        await self.prepare()
        try:
            (self._supervisor or self.children).start(self.programs)
            await self._wait_until_ready(progress)
        except BaseException:
            await asyncio.to_thread(self.stop)
            raise

    async def prepare(self) -> None:
        """Create the topics, and write the files that processes read. Raises `StackError`."""
        self.directory.mkdir(parents=True, exist_ok=True)
        stop_leftover(self.directory)
        await create_topics(self.connection, self.partitions, await replicas_for(self.connection), TOPICS)
        if self.security is not None:
            names = (principal.name for principal in PRINCIPALS)
            await set_passwords(self.connection, {name: self.security.password_of(name) for name in names})
            await grant(self.connection, rights_of())
        if faults := await topic_faults(self.connection, self.partitions):
            raise StackError(f"The topics on {self.bootstrap} are not as they should be: {'; '.join(faults)}.")
        self.access.write(self._agencies_file)
        write_probes(self._probes_file, probes_with(self.access, self._agencies, self.partitions))
        for program in self.programs:
            settings = self._settings_of(program.service, program.number)
            write_secrets(program.service, settings, self._secrets_of(program.name))
        for service in STORING:
            self.storage_of(service).mkdir(parents=True, exist_ok=True)

    def stop(self) -> None:
        """End every process (SIGTERM, after a while SIGKILL) and see to it that none is left."""
        self.children.stop()
        stop_leftover(self.directory)

    @property
    def connection(self) -> Connection:
        """How whoever looks on from outside gets at Kafka."""
        return Connection(self.bootstrap) if self.security is None else self.security.operator

    def program(self, service: str, number: int = 1) -> Program:
        """One of those that are run. Raises StopIteration where it is none of them."""
        return next(program for program in self.programs if (program.service, program.number) == (service, number))

    def pid_of(self, service: str, number: int = 1) -> int | None:
        """The process id at this moment; None while it is down."""
        return (self._supervisor or self.children).pid_of(f"{service}-{number}")

    def running(self) -> set[str]:
        """Names of the processes that are up at this moment."""
        return (self._supervisor or self.children).running()

    @property
    def _agencies_file(self) -> Path:
        return self.directory / "agencies.toml"

    @property
    def _probes_file(self) -> Path:
        return self.directory / "probes.toml"

    def storage_of(self, service: str) -> Path:
        """The directory of the files that a service keeps."""
        return self.directory / "storage" / service

    def _secrets_of(self, name: str) -> Path:
        return self.directory / "secrets" / name

    def _program(self, service: str, number: int, operations_port: int) -> Program:
        settings = self._settings_of(service, number) | {"operations_port": operations_port}
        environment = environment_of(service, settings, self._secrets_of(f"{service}-{number}"))
        environment |= {"PYTHONUNBUFFERED": "1"} | self._environment
        return Program(service, number, operations_port, self._door_ports.get(service), environment)

    def _way_to_kafka(self, service: str, number: int) -> Mapping[str, object]:
        if self.security is None:
            return settings_of(Connection(self.bootstrap))
        way = self.security.by_password if number == 1 else self.security.by_certificate
        return settings_of(way(service))

    def _settings_of(self, service: str, number: int) -> dict[str, object]:
        return {
            **self._way_to_kafka(service, number),
            "partitions": self.partitions,
            "instance": number,
            "host": HOST,
            "port": self._door_ports.get(service),
            "agencies_file": self._agencies_file,
            "card_numbers": self.access.card_numbers,
            "storage_directory": self.storage_of(service),
            "sealing_key": self.access.sealing_key,
            "audit_keys": self.access.audit_key,
            "link_secret": self.access.link_secret,
            "pocket_url": self.url_of("pocket"),
            "callbacks_url": self.url_of("callbacks"),
            "reporting_url": self.url_of("reporting"),
            "reporting_key": self.access.reporting_key,
            "intake_url": self.url_of("intake"),
            "console_url": self.url_of("console"),
            "prober_url": self.url_of(PROBER) if self._alarm_url else "",
            "probes_file": self._probes_file,
            "alarm_url": self._alarm_url,
            "webhook_networks": ",".join(WEBHOOK_NETWORKS),
            "console_runbooks": RUNBOOKS,
            "console_sessions_file": self.directory / "sessions.json",
            "watch_url": "off",
        }

    async def _wait_until_ready(self, progress: Callable[[str], None]) -> None:
        waiting = {program.name: program for program in self.programs}
        deadline = time.monotonic() + READY_SECONDS
        async with httpx.AsyncClient(timeout=2, trust_env=False) as client:
            while waiting:
                for name, program in list(waiting.items()):
                    with contextlib.suppress(httpx.HTTPError):
                        if (await client.get(program.ready_url)).status_code == httpx.codes.OK:
                            del waiting[name]
                progress(f"{len(self.programs) - len(waiting)} of {len(self.programs)} processes ready")
                if time.monotonic() > deadline:
                    raise StackError(self._not_ready(waiting.values()))
                await asyncio.sleep(0.2)

    def _not_ready(self, waiting: Iterable[Program]) -> str:
        lines = [f"Not ready within {READY_SECONDS:.0f} s:"]
        for program in waiting:
            log = self.directory / f"{program.name}.log"
            lines.append(f"{program.name}, see {log}")
            lines += [f"  {line}" for line in log.read_text(errors="replace").splitlines()[-5:]] if log.exists() else []
        return "\n".join(lines)


def stop_leftover(directory: Path) -> int:
    """End whatever was started in a directory, its supervisor first; how many processes that were."""
    started = processes_of(directory)
    for process in started:
        with contextlib.suppress(psutil.Error):
            process.resume()  # a frozen process hears no SIGTERM
    supervisor = [process for process in started if process.pid == supervisor_pid(directory)]
    for process in supervisor:
        with contextlib.suppress(psutil.Error):
            process.terminate()
    end_all(supervisor, asked_seconds=STOP_SECONDS)
    end_all(processes_of(directory))
    (directory / PID_FILE).unlink(missing_ok=True)
    return len(started)


def _free_ports() -> Iterator[int]:
    """Ports that nothing listens on, none of them twice."""
    given: set[int] = set()
    while True:
        if (port := free_port()) not in given:
            given.add(port)
            yield port
