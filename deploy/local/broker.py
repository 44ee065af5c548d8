"""Finds a Kafka for this machine: the one that was named, one from Java and Maven, or one from Docker."""

from __future__ import annotations

import re
import shutil
import string
import subprocess
import time
from pathlib import Path
from typing import Protocol

from deploy.local.kafka.node import HERE, KafkaError, LocalKafka, answers, free_port, listens, missing
from deploy.local.kafka.security import Security

DOCKER_IMAGE = "apache/kafka:4.1.1"


class KafkaNode(Protocol):
    """A Kafka that can be started and stopped."""

    security: Security | None
    """What lets processes in, where it asks for that."""

    @property
    def description(self) -> str:
        """What it is, for people."""

    def start(self) -> str:
        """Start it unless it runs, and return its bootstrap servers once it answers. Raises `KafkaError`."""

    def discard(self) -> None:
        """Stop it and delete its data."""


def find_broker(
    run_directory: Path, bootstrap_servers: str | None = None, *, secured: bool = False
) -> KafkaNode | None:
    """The first that there is: the broker named, Java and Maven, Docker; `None` where there is none.

    `bootstrap_servers` is the value of `CAREROUTE_KAFKA`. The broker's data live in `run_directory`. A `secured` one is
    made from Java and Maven; where they are not, raises `KafkaError`.
    """
    if secured:
        if (reason := missing()) is not None:
            raise KafkaError(f"A secured Kafka is started from Java and Maven. {reason}")
        return LocalKafka(run_directory / "kafka", security=Security(run_directory / "kafka" / "security"))
    if bootstrap_servers:
        return GivenBroker(bootstrap_servers)
    if missing() is None:
        return LocalKafka(run_directory / "kafka")
    if _docker("info") is not None:
        return DockerKafka(f"careroute-{run_directory.name.strip('.')}-kafka")
    return None


def why_none() -> str:
    """What to do where `find_broker` found nothing, as one sentence."""
    return f"{missing()} Or start Docker, or name a broker in CAREROUTE_KAFKA."


class GivenBroker:
    """A Kafka that somebody else runs: it is neither started nor stopped here."""

    security: Security | None = None

    def __init__(self, bootstrap_servers: str, timeout_seconds: float = 5.0) -> None:
        self._bootstrap_servers = bootstrap_servers
        self._timeout_seconds = timeout_seconds
        self.description = f"Kafka at {bootstrap_servers}"

    def start(self) -> str:
        """Return the bootstrap servers if one of them listens. Raises `KafkaError`."""
        addresses = [address.strip() for address in self._bootstrap_servers.split(",")]
        if not any(listens(address, self._timeout_seconds) for address in addresses):
            msg = f"Nothing listens at {self._bootstrap_servers}: start that broker, or unset CAREROUTE_KAFKA."
            raise KafkaError(msg)
        return self._bootstrap_servers

    def discard(self) -> None:
        """Leave it and its data alone."""


class DockerKafka:
    """One Kafka node in a container of the official image, on a loopback port; `name` is the container's."""

    description = f"{DOCKER_IMAGE} in Docker"
    security: Security | None = None

    def __init__(self, name: str) -> None:
        self._name = name

    def start(self) -> str:
        """Start the container, created first where it is new, and return its address. Raises `KafkaError`."""
        if _docker("inspect", self._name) is None:
            self._create()
        elif _docker("start", self._name) is None:
            msg = f"Docker could not start {self._name}: see docker logs {self._name}, or docker rm -f -v {self._name}."
            raise KafkaError(msg)
        published = re.search(r"127\.0\.0\.1:\d+", _docker("port", self._name) or "")
        deadline = time.monotonic() + 90
        while published is None or not answers(published[0]):
            if published is None or time.monotonic() > deadline:
                msg = f"Kafka in Docker gave no answer: see docker logs {self._name}."
                raise KafkaError(msg)
            time.sleep(0.2)
        return published[0]

    def discard(self) -> None:
        """Remove the container and its data."""
        _docker("rm", "--force", "--volumes", self._name)

    def _create(self) -> None:
        port = free_port()
        settings = [f"--env={name}={value}" for name, value in docker_settings(port).items()]
        publish = f"--publish=127.0.0.1:{port}:{port}"
        # the image is pulled here, once
        if _docker("run", "--detach", f"--name={self._name}", publish, *settings, DOCKER_IMAGE, seconds=600) is None:
            msg = f"Docker could not run {DOCKER_IMAGE}: try docker pull {DOCKER_IMAGE} to see why."
            raise KafkaError(msg)


def docker_settings(port: int) -> dict[str, str]:
    """The local node's settings as the environment that Kafka's image turns into its own `server.properties`."""
    text = string.Template((HERE / "server.properties").read_text()).substitute(
        bind="0.0.0.0",  # noqa: S104  # inside the container; Docker publishes it on the loopback interface
        port=port,
        controller_port=port + 1,
        data="/var/lib/kafka/data",
    )
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    pairs = (line.split("=", 1) for line in lines)
    return {f"KAFKA_{name.upper().replace('.', '_')}": value for name, value in pairs}


def _docker(*arguments: str, seconds: float = 60) -> str | None:
    """What the command printed; `None` if it failed, took longer, or Docker is not there."""
    if (docker := shutil.which("docker")) is None:
        return None
    try:
        done = subprocess.run([docker, *arguments], capture_output=True, text=True, timeout=seconds, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout
