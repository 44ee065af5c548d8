"""A host's processes: one a service, started, killed and looked at together."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
from dataclasses import asdict, dataclass, field
from pathlib import Path

import psutil

from deploy.local.kafka.node import CHECKOUT
from tests.bench.peers.hosting import SERVICES, Spec
from tests.bench.peers.peer import Peer
from tests.bench.stage import PARTITIONS

STOP_SECONDS = 10.0


@dataclass(slots=True)
class Processes:
    """Of one host."""

    peer: Peer
    bootstrap: str
    directory: Path
    running: dict[str, psutil.Popen] = field(default_factory=dict)
    """By service."""

    def start(self) -> None:
        """Start them all."""
        settings = {
            "CAREROUTE_KAFKA": self.bootstrap,
            "CAREROUTE_PARTITIONS": str(PARTITIONS),
            "CAREROUTE_LOG_LEVEL": "warning",
        }
        for service in SERVICES:
            home = self.directory / self.peer.run / service
            home.mkdir(parents=True, exist_ok=True)
            state = str(home / "state")
            spec = Spec(self.bootstrap, PARTITIONS, self.peer.run, service, self.peer.exactly_once, state)
            path = home / "spec.json"
            path.write_text(json.dumps(asdict(spec)))
            with (home / "log").open("ab") as log:
                self.running[service] = psutil.Popen(
                    [str(self.peer.python), "-m", self.peer.module, str(path)],
                    cwd=CHECKOUT,
                    env={**os.environ, **settings},
                    stdout=log,
                    stderr=subprocess.STDOUT,
                )

    def stop(self) -> None:
        """End them all in order, by force where that takes long."""
        for process in self.running.values():
            with contextlib.suppress(psutil.NoSuchProcess):
                process.terminate()
        psutil.wait_procs(self.running.values(), STOP_SECONDS)
        self.kill()

    def kill(self) -> None:
        """Kill them all, and wait until they are gone."""
        for process in self.running.values():
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        for process in self.running.values():
            process.wait()

    def cpu_seconds(self) -> float:
        """What all of them have used so far."""
        with contextlib.suppress(psutil.NoSuchProcess):
            return sum(sum(process.cpu_times()[:2]) for process in self.running.values())
        return float("nan")

    def ended(self) -> list[str]:
        """Services whose process is not there any more."""
        return [service for service, process in self.running.items() if process.poll() is not None]

    def last_words(self) -> str:
        """The ends of the logs of those that have ended."""
        logs = [self.directory / self.peer.run / service / "log" for service in self.ended()]
        return "\n".join(line for log in logs for line in log.read_text(errors="replace").splitlines()[-8:])
