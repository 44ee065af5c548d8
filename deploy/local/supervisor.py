"""Programs under supervisord: whatever dies is started again, at once and for ever."""

from __future__ import annotations

import contextlib
import hashlib
import shlex
import sys
import tempfile
import xmlrpc.client
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from supervisor.xmlrpc import SupervisorTransport

from deploy.local.kafka.node import CHECKOUT
from deploy.local.processes import spawn
from deploy.local.programs import Program
from shared.private_file import write_private

PID_FILE = "supervisord.pid"


class Supervisor:
    """The supervisor of a directory, which holds its configuration, its process id and the programs' log files."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def start(self, programs: Sequence[Program]) -> None:
        """Start the supervisor, and it the programs."""
        configuration = self._directory / "supervisord.conf"
        write_private(configuration, _configuration(self._directory, programs))
        command = [sys.executable, "-m", "supervisor.supervisord", "--nodaemon", "-c", str(configuration)]
        pid = spawn(command, self._directory, "supervisord.out")
        (self._directory / PID_FILE).write_text(str(pid))

    def pid_of(self, name: str) -> int | None:
        """The process id of a program at this moment; None while it is down."""
        return int(self._ask("getProcessInfo", name)["pid"]) or None

    def running(self) -> set[str]:
        """Names of the programs that are up at this moment."""
        programs = self._ask("getAllProcessInfo")
        return {program["name"] for program in programs if program["statename"] in ("STARTING", "RUNNING")}

    def _ask(self, question: str, *arguments: str) -> Any:
        """What the supervisor answers to one of its own questions, e.g. `getProcessInfo`."""
        with contextlib.closing(SupervisorTransport(None, None, f"unix://{_socket(self._directory)}")) as transport:
            supervisor = xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport).supervisor
            return getattr(supervisor, question)(*arguments)


def supervisor_pid(directory: Path) -> int | None:
    """The process id of a directory's supervisor, as it was started; None where there was none."""
    with contextlib.suppress(OSError, ValueError):
        return int((directory / PID_FILE).read_text())
    return None


def _socket(directory: Path) -> str:
    """The supervisor's socket: in the directory, or where its path would be too long for one, in the temporary one."""
    inside = str(directory / "supervisor.sock")
    if len(inside) < 90:
        return inside
    return f"{tempfile.gettempdir()}/careroute-{hashlib.sha256(inside.encode()).hexdigest()[:12]}.sock"


def _configuration(directory: Path, programs: Iterable[Program]) -> str:
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
        environment = ",".join(f"{name}={_quoted(value)}" for name, value in program.environment.items())
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


def _quoted(value: str) -> str:
    """A value in the kind of quotes that it does not hold itself: the supervisor knows no other way."""
    quote = "'" if '"' in value else '"'
    return f"{quote}{_escaped(value)}{quote}"


def _escaped(value: str) -> str:
    return value.replace("%", "%%")
