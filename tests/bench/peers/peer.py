"""Who is compared: each host, what it is run with, and the environment of their own that the peers are installed in."""

from __future__ import annotations

import subprocess
import sys
import venv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.local.kafka.node import CHECKOUT

LOCK = Path(__file__).parent / "requirements.lock"
ENVIRONMENT = CHECKOUT / ".venv-peers"
INSTALLED = ENVIRONMENT / "installed"


class NotInstalled(RuntimeError):
    """The peers could not be installed."""


@dataclass(frozen=True, slots=True)
class Peer:
    """A host, with or without exactly-once."""

    package: str
    """As it is published; careroute's own worker is in none."""
    name: str
    keeps: str
    """Where its state comes from after a restart."""
    exactly_once: bool = False

    @property
    def run(self) -> str:
        """Begins the names of what it has in Kafka."""
        return f"{self.name}-{'once' if self.exactly_once else 'least'}"

    @property
    def python(self) -> Path:
        """What it is run by."""
        return Path(sys.executable) if self.is_own else ENVIRONMENT / "bin" / "python"

    @property
    def module(self) -> str:
        """Its host."""
        return f"tests.bench.peers.hosts.on_{self.name}"

    @property
    def is_own(self) -> bool:
        """Whether it is careroute's own worker."""
        return not self.package

    @property
    def guarantee(self) -> str:
        """What it is set to."""
        if self.is_own:
            return "one batch a step, owner in the journal"
        return "exactly once" if self.exactly_once else "at least once"


PEERS: tuple[Peer, ...] = (
    Peer("", "careroute", "snapshots, journal"),
    Peer("confluent-kafka", "confluent", "journal"),
    Peer("confluent-kafka", "confluent", "journal", exactly_once=True),
    Peer("faststream", "faststream", "journal"),
    Peer("quixstreams", "quix", "state store"),
    Peer("quixstreams", "quix", "state store", exactly_once=True),
    Peer("faust-streaming", "faust", "table"),
    Peer("faust-streaming", "faust", "table", exactly_once=True),
)
"""FastStream has no transactions."""


def install() -> None:
    """Install what the peers' lock pins, unless that is done. Raises NotInstalled."""
    if INSTALLED.exists() and INSTALLED.read_bytes() == LOCK.read_bytes():
        return
    sys.stderr.write(f"Installing the peers' Python packages into {ENVIRONMENT.name}, this once\n")
    venv.create(ENVIRONMENT, with_pip=True, clear=True)
    python = str(ENVIRONMENT / "bin" / "python")
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]
    done = subprocess.run([*pip, "--requirement", str(LOCK)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise NotInstalled(f"pip could not install {LOCK.relative_to(CHECKOUT)}: {done.stderr.strip()[-600:]}")
    INSTALLED.write_bytes(LOCK.read_bytes())


def versions(peers: Sequence[Peer]) -> dict[str, str]:
    """By package, the version that the lock pins."""
    pinned = dict(
        line.split(" ")[0].split("==") for line in LOCK.read_text().splitlines() if "==" in line and line[0].isalnum()
    )
    return {peer.package: pinned[peer.package] for peer in peers if peer.package}
