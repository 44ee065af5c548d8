"""A whole careroute on this machine: topics, and every service as a process of its own, restarted when it dies.

For the demo, the tests on a real Kafka and the benchmark. Addresses are loopback ports, secrets are made fresh, and
everything written stands in one directory.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import shlex
import sys
import tempfile
import time
import xmlrpc.client
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil
from supervisor.xmlrpc import SupervisorTransport

from deploy.local.access import Access, AgencyWanted, write_private
from deploy.local.kafka.node import CHECKOUT, free_port
from shared.engine.kafka import check_topics, create_topics
from shared.topics import TOPICS

READY_SECONDS = 60.0
STOP_SECONDS = 20.0
HOST = "127.0.0.1"
PID_FILE = "supervisord.pid"
MARK = "CAREROUTE_STACK"
"""Stands in the environment of every process of a stack, with its directory."""


class StackError(RuntimeError):
    """The stack could not be started; the message says what to look into."""


@dataclass(frozen=True, slots=True)
class _Service:
    module: str
    is_door: bool = False
    """A door runs once and has a port of its own; what decides runs as often as wanted."""
    needs: frozenset[str] = frozenset()


SERVICES: Mapping[str, _Service] = {
    "intake": _Service("services.intake", is_door=True, needs=frozenset({"agencies", "sealing"})),
    "triage": _Service("services.triage", needs=frozenset({"sealing"})),
    "team-availability": _Service("services.team_availability"),
    "notification": _Service("services.notification", needs=frozenset({"agencies", "links"})),
    "pocket": _Service("services.pocket", is_door=True, needs=frozenset({"agencies", "sealing", "links"})),
    "console": _Service("services.console", is_door=True, needs=frozenset({"agencies", "links"})),
}


@dataclass(frozen=True, slots=True)
class Program:
    """One process: `service` and its number, from 1."""

    service: str
    number: int
    operations_port: int
    port: int | None
    environment: Mapping[str, str]

    @property
    def name(self) -> str:
        """`triage-1`."""
        return f"{self.service}-{self.number}"

    @property
    def command(self) -> tuple[str, ...]:
        """What starts it."""
        return (sys.executable, "-m", SERVICES[self.service].module)

    @property
    def operations_url(self) -> str:
        """Where its `/readyz` and `/metrics` are."""
        return f"http://{HOST}:{self.port or self.operations_port}"


class Stack:
    """Every service of careroute, started and stopped together.

    `supervised=False` starts the same processes as children of this one and restarts nothing: what dies stays dead.
    """

    def __init__(
        self,
        directory: Path,
        bootstrap: str,
        agencies: Iterable[AgencyWanted],
        *,
        instances: int = 2,
        partitions: int = 4,
        services: Iterable[str] = tuple(SERVICES),
        supervised: bool = True,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """`environment` is added to every process's own, e.g. `{"CAREROUTE_LOG_LEVEL": "warning"}`."""
        self.directory, self.bootstrap, self.partitions = directory.resolve(), bootstrap, partitions
        self.access = Access(agencies)
        self._supervised = supervised
        self._given = dict(environment or {})
        self._children: dict[str, psutil.Popen] = {}
        ports = _free_ports()
        self._door_ports = {name: next(ports) for name, service in SERVICES.items() if service.is_door}
        self.programs = tuple(
            self._program(name, number, next(ports))
            for name in services
            for number in range(1, 2 if SERVICES[name].is_door else instances + 1)
        )

    @property
    def intake_url(self) -> str:
        """Where CADs publish."""
        return f"http://{HOST}:{self._door_ports['intake']}"

    @property
    def pocket_url(self) -> str:
        """Where teams' pages are."""
        return f"http://{HOST}:{self._door_ports['pocket']}"

    @property
    def console_url(self) -> str:
        """Where people command."""
        return f"http://{HOST}:{self._door_ports['console']}"

    async def start(self, progress: Callable[[str], None] = lambda _: None) -> None:
        """Create the topics, start every process, and return once each says that it is ready. Raises `StackError`."""
        self.directory.mkdir(parents=True, exist_ok=True)
        stop_leftover(self.directory)
        progress("creating the topics")
        await create_topics(self.bootstrap, self.partitions, 1, TOPICS)
        if faults := await _topic_faults(self.bootstrap, self.partitions):
            raise StackError(f"The topics on {self.bootstrap} are not as they should be: {'; '.join(faults)}.")
        self.access.write(self._agencies_file)
        try:
            if self._supervised:
                self._start_supervisor()
            else:
                for program in self.programs:
                    self._start_child(program)
            await self._wait_until_ready(progress)
        except BaseException:
            await asyncio.to_thread(self.stop)
            raise

    def stop(self) -> None:
        """End every process (SIGTERM, after a while SIGKILL) and see to it that none is left."""
        stop_leftover(self.directory)
        for child in self._children.values():
            child.wait()
        self._children.clear()

    def pid_of(self, service: str, number: int = 1) -> int | None:
        """The process id at this moment; None while it is down."""
        name = f"{service}-{number}"
        if not self._supervised:
            child = self._children.get(name)
            return child.pid if child is not None and child.poll() is None else None
        return int(_ask_supervisor(self.directory, "getProcessInfo", name)["pid"]) or None

    def running(self) -> set[str]:
        """Names of the processes that are up at this moment."""
        if not self._supervised:
            return {name for name, child in self._children.items() if child.poll() is None}
        found = _ask_supervisor(self.directory, "getAllProcessInfo")
        return {one["name"] for one in found if one["statename"] in ("STARTING", "RUNNING")}

    def log_of(self, service: str, number: int = 1) -> Path:
        """Where a process's log lines are."""
        return self.directory / f"{service}-{number}.log"

    @property
    def _agencies_file(self) -> Path:
        return self.directory / "agencies.toml"

    def _program(self, name: str, number: int, operations_port: int) -> Program:
        service = SERVICES[name]
        environment = {
            "CAREROUTE_KAFKA": self.bootstrap,
            "CAREROUTE_PARTITIONS": str(self.partitions),
            "CAREROUTE_INSTANCE": str(number),
            "CAREROUTE_OPERATIONS_PORT": str(operations_port),
            "PYTHONUNBUFFERED": "1",
        }
        port = self._door_ports[name] if service.is_door else None
        if port is not None:
            environment |= {"CAREROUTE_HOST": HOST, "CAREROUTE_PORT": str(port)}
        if "agencies" in service.needs:
            environment["CAREROUTE_AGENCIES_FILE"] = str(self._agencies_file)
        if "sealing" in service.needs:
            environment["CAREROUTE_SEALING_KEY"] = self.access.sealing_key
        if "links" in service.needs:
            environment["CAREROUTE_LINK_SECRET"] = self.access.link_secret
            environment["CAREROUTE_POCKET_URL"] = self.pocket_url
        return Program(name, number, operations_port, port, environment | self._given)

    def _start_supervisor(self) -> None:
        configuration = self.directory / "supervisord.conf"
        write_private(configuration, _configuration(self.directory, self.programs))
        command = [sys.executable, "-m", "supervisor.supervisord", "--nodaemon", "-c", str(configuration)]
        pid = spawn(command, self.directory, "supervisord.out")
        (self.directory / PID_FILE).write_text(str(pid))

    def _start_child(self, program: Program) -> None:
        with self.log_of(program.service, program.number).open("ab") as log:
            self._children[program.name] = psutil.Popen(
                program.command, cwd=CHECKOUT, env=self._child_environment(program), stdout=log, stderr=log
            )

    def _child_environment(self, program: Program) -> dict[str, str]:
        return {**os.environ, **program.environment, MARK: str(self.directory)}

    async def _wait_until_ready(self, progress: Callable[[str], None]) -> None:
        waiting = {program.name: program for program in self.programs}
        deadline = time.monotonic() + READY_SECONDS
        async with httpx.AsyncClient(timeout=2, trust_env=False) as client:
            while waiting:
                for name, program in list(waiting.items()):
                    with contextlib.suppress(httpx.HTTPError):
                        if (await client.get(f"{program.operations_url}/readyz")).status_code == httpx.codes.OK:
                            del waiting[name]
                progress(f"{len(self.programs) - len(waiting)} of {len(self.programs)} processes ready")
                if time.monotonic() > deadline:
                    raise StackError(self._not_ready(waiting.values()))
                await asyncio.sleep(0.2)

    def _not_ready(self, waiting: Iterable[Program]) -> str:
        lines = [f"Not ready within {READY_SECONDS:.0f} s:"]
        for program in waiting:
            log = self.log_of(program.service, program.number)
            lines.append(f"{program.name}, see {log}")
            lines += [f"  {line}" for line in log.read_text(errors="replace").splitlines()[-5:]] if log.exists() else []
        return "\n".join(lines)


def stop_leftover(directory: Path) -> int:
    """End whatever was started in a directory, its supervisor first; how many processes that were."""
    found = processes_of(directory)
    for process in found:
        with contextlib.suppress(psutil.Error):
            process.resume()  # a frozen process hears no SIGTERM
    supervisor = [process for process in found if process.pid == _recorded_pid(directory)]
    for process in supervisor:
        with contextlib.suppress(psutil.Error):
            process.terminate()
    end_all(supervisor, asked_seconds=STOP_SECONDS)
    end_all(processes_of(directory))
    (directory / PID_FILE).unlink(missing_ok=True)
    return len(found)


def processes_of(directory: Path) -> list[psutil.Process]:
    """Every process started in a directory, found by the mark in its environment, whoever its parent is now."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get(MARK) == str(directory.resolve()):
                found.append(process)
    return found


def _recorded_pid(directory: Path) -> int | None:
    with contextlib.suppress(OSError, ValueError):
        return int((directory / PID_FILE).read_text())
    return None


def spawn(command: list[str], directory: Path, output: str, environment: Mapping[str, str] | None = None) -> int:
    """Start a process in a session of its own, which may outlive this one and is ended by `stop_leftover`; its id."""
    return os.posix_spawn(
        command[0],
        command,
        {**os.environ, **(environment or {}), MARK: str(directory.resolve())},
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(directory / output), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
    )


def end_all(processes: list[psutil.Process], asked_seconds: float = 0.0) -> None:
    """End processes. Those asked to already are given so long; then all are asked, and at last killed."""
    _, left = _wait(processes, asked_seconds)
    for end in (psutil.Process.terminate, psutil.Process.kill):
        for process in left:
            with contextlib.suppress(psutil.Error):
                end(process)
        _, left = _wait(left, STOP_SECONDS)


def _wait(processes: list[psutil.Process], seconds: float) -> tuple[list[psutil.Process], list[psutil.Process]]:
    """Which are gone and which are left. One that waits to be collected by somebody else is gone."""
    deadline, left = time.monotonic() + seconds, processes
    while left:
        left = [process for process in left if not _gone(process)]
        if time.monotonic() >= deadline:
            break
        time.sleep(0.05)
    return [process for process in processes if process not in left], left


def _gone(process: psutil.Process) -> bool:
    with contextlib.suppress(ChildProcessError, OSError):
        os.waitpid(process.pid, os.WNOHANG)  # a child that died leaves the process table only when asked for
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.Error:
        return True


async def _topic_faults(bootstrap: str, partitions: int) -> list[str]:
    """What is wrong with the topics, once the broker has had time to tell of new ones."""
    faults: list[str] = []
    for _ in range(25):
        if not (faults := await check_topics(bootstrap, partitions, TOPICS)):
            break
        await asyncio.sleep(0.2)
    return faults


def _free_ports() -> Iterator[int]:
    given: set[int] = set()
    while True:
        if (port := free_port()) not in given:
            given.add(port)
            yield port


def _socket(directory: Path) -> str:
    """The supervisor's socket: in the directory, or where its path would be too long for one, in the temporary one."""
    inside = str(directory / "supervisor.sock")
    if len(inside) < 90:
        return inside
    return f"{tempfile.gettempdir()}/careroute-{hashlib.sha256(inside.encode()).hexdigest()[:12]}.sock"


def _ask_supervisor(directory: Path, question: str, *about: str) -> Any:
    """What the supervisor answers to one of its own questions, e.g. `getProcessInfo`."""
    with contextlib.closing(SupervisorTransport(None, None, f"unix://{_socket(directory)}")) as transport:
        supervisor = xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport).supervisor
        return getattr(supervisor, question)(*about)


def _configuration(directory: Path, programs: Iterable[Program]) -> str:
    """The supervisor's configuration: whatever dies is started again, at once and for ever."""
    parts = [
        "[unix_http_server]",
        f"file = {_escaped(_socket(directory))}",
        "chmod = 0600",
        "[supervisord]",
        f"directory = {_escaped(str(CHECKOUT))}",
        f"logfile = {_escaped(str(directory / 'supervisord.log'))}",
        f"pidfile = {_escaped(str(directory / 'supervisord.own.pid'))}",
        "minfds = 1024",
        "[rpcinterface:supervisor]",
        "supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface",
    ]
    for program in programs:
        environment = ",".join(f'{name}="{_escaped(value)}"' for name, value in program.environment.items())
        parts += [
            f"[program:{program.name}]",
            f"command = {_escaped(shlex.join(program.command))}",
            f"environment = {environment}",
            "autorestart = true",
            "startsecs = 1",  # what dies sooner is started again after a short wait
            "startretries = 1000000",
            "stopsignal = TERM",
            "stopwaitsecs = 15",
            "redirect_stderr = true",
            f"stdout_logfile = {_escaped(str(directory / f'{program.name}.log'))}",
            "stdout_logfile_maxbytes = 20MB",
            "stdout_logfile_backups = 1",
        ]
    return "\n".join(parts) + "\n"


def _escaped(value: str) -> str:
    return value.replace("%", "%%")
