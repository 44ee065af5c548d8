"""Processes that belong to a directory: started there, found again whoever their parent is, and ended to the last."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

from deploy.local.programs import Program

STOP_SECONDS = 20.0
MARK = "CAREROUTE_STACK"
"""Stands in the environment of every process of a directory, with the directory's path."""


class Children:
    """Programs as children of this process; what dies stays dead."""

    def __init__(self, directory: Path) -> None:
        """`directory` takes the log files."""
        self._directory = directory
        self._children: dict[str, psutil.Popen] = {}

    def start(self, programs: Sequence[Program], environment: Mapping[str, str] | None = None) -> None:
        """Start programs; `environment` is added to their own."""
        for program in programs:
            added = {**program.environment, **(environment or {}), MARK: str(self._directory)}
            with (self._directory / f"{program.name}.log").open("ab") as log:
                self._children[program.name] = psutil.Popen(
                    program.command, cwd=program.checkout, env={**os.environ, **added}, stdout=log, stderr=log
                )

    def end(self, name: str, how: signal.Signals = signal.SIGKILL) -> None:
        """End the program of a name with a signal, and return once it is gone."""
        child = self._children.pop(name, None)
        if child is not None:
            with contextlib.suppress(psutil.NoSuchProcess):  # it has died by itself
                child.send_signal(how)
            child.wait()

    def pid_of(self, name: str) -> int | None:
        """The process id; None where it is down."""
        child = self._children.get(name)
        return child.pid if child is not None and child.poll() is None else None

    def running(self) -> set[str]:
        """Names of the programs that are up."""
        return {name for name, child in self._children.items() if child.poll() is None}

    def stop(self) -> None:
        """End all: asked at first, killed where that does not help."""
        children = list(self._children.values())
        for child in children:
            with contextlib.suppress(psutil.Error):
                child.resume()  # a frozen process hears no SIGTERM
                child.terminate()
        _, left = psutil.wait_procs(children, STOP_SECONDS)
        for process in left:
            process.kill()
            process.wait()
        self._children.clear()


def heed_termination() -> None:
    """Let SIGTERM do what Ctrl-C does, for who starts processes: what is asked to end ends them too.

    What a shell starts in the background ignores Ctrl-C, and would ignore this with it.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))


def spawn(command: list[str], directory: Path, output: str, environment: Mapping[str, str] | None = None) -> int:
    """Start a process in a session of its own, which may outlive this one and is ended by its mark; its id."""
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


def processes_of(directory: Path) -> list[psutil.Process]:
    """Every process started in a directory, found by the mark in its environment."""
    marked = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get(MARK) == str(directory.resolve()):
                marked.append(process)
    return marked


def end_all(processes: list[psutil.Process], asked_seconds: float = 0.0) -> None:
    """End processes. Those asked to already are given `asked_seconds`; then all are asked, and at last killed."""
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
