"""A real Apache Kafka node on this machine, from Java and Maven alone."""

from __future__ import annotations

import argparse
import base64
import contextlib
import fcntl
import hashlib
import os
import re
import secrets
import shutil
import socket
import ssl
import string
import struct
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Self

import psutil

from deploy.local.kafka.security import Security

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parents[2]
CACHE = CHECKOUT / ".kafka"
INSTALL_TIMEOUT_SECONDS = 600
START_TIMEOUT_SECONDS = 90
STOP_TIMEOUT_SECONDS = 20
JAVA_OPTIONS = (
    "-Xms256m",
    "-Xmx384m",
    "-XX:+UseSerialGC",
    "-XX:-UsePerfData",
    "-XX:+ExitOnOutOfMemoryError",
    "-Djava.net.preferIPv4Stack=true",
)
BRIEF = "-XX:TieredStopAtLevel=1"
"""Compiles quickly, and not as well as it could: 3 s of processor time less until it answers."""
PORTS_HELD = 256
_held: deque[int] = deque()
"""Of ports given last: a descriptor of each."""


class KafkaError(RuntimeError):
    """The local Kafka could not be installed or started; the message says what to do next."""


def missing() -> str | None:
    """What keeps Kafka from running here without Docker, as a sentence; `None` if nothing does."""
    java = shutil.which("java")
    if java is None or (_java_version(java) or 0) < 17:
        return "Java 17 or later is missing (Debian: apt-get install default-jre-headless)."
    if not _installed() and shutil.which("mvn") is None:
        return "Maven is missing (Debian: apt-get install maven)."
    return None


class LocalKafka:
    """One Kafka node whose data, log and process id live in `directory`; the same directory is the same node again.

    Port 0 means the port that the directory had before, or any free one. With `security` it lets nobody in unnamed.
    It is ready soon; one that is `lasting` is as fast as it would be in production. Every method is bounded in time.
    """

    def __init__(
        self,
        directory: Path,
        port: int = 0,
        security: Security | None = None,
        number: int = 1,
        *,
        lasting: bool = False,
    ) -> None:
        """`number`: which one it is of a cluster that it is to `join`."""
        self._options = JAVA_OPTIONS if lasting else (*JAVA_OPTIONS, BRIEF)
        self.directory, self.security, self.number = directory.resolve(), security, number
        self.description = f"Apache Kafka from Java and Maven{', secured' if security else ''}"
        self.data = self.directory / "data"
        self._cluster = ""
        self._nodes: tuple[LocalKafka, ...] = (self,)
        self._properties = self.directory / "server.properties"
        self._log = self.directory / "kafka.log"
        self._pid = self.directory / "kafka.pid"
        recorded = _recorded_ports(self._properties)
        self._port = port or (recorded[0] if recorded else free_port())
        self.controller_port = recorded[1] if recorded else free_port(other_than=self._port)
        self._certificate_port = free_port(other_than=self.controller_port) if security else 0

    @property
    def log(self) -> Path:
        """The file in which it says what is wrong."""
        return self._log

    @property
    def address(self) -> str:
        """The bootstrap address, `127.0.0.1:PORT`."""
        return f"127.0.0.1:{self._port}"

    def join(self, cluster: str, nodes: Sequence[LocalKafka]) -> None:
        """Be one of several nodes, before the first start; `cluster`: an id that `kafka_id` makes."""
        self._cluster, self._nodes = cluster, tuple(nodes)

    def install(self) -> None:
        """Download Kafka into the checkout, once. Raises `KafkaError`."""
        CACHE.mkdir(exist_ok=True)
        with (CACHE / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # parallel test runs: one downloads, the others wait
            if not _installed():
                _download()

    def start(self) -> str:
        """Start the node, installed and formatted first where it is new, and return its address once it answers.

        A node that runs already is left as it is. Raises `KafkaError`.
        """
        if (reason := missing()) is not None:
            raise KafkaError(reason)
        self.install()
        if self.process() is None:
            self.directory.mkdir(parents=True, exist_ok=True)
            self._write_properties()
            if not (self.data / "meta.properties").exists():
                self._format()
            self._launch()
        self._wait_until_it_answers()
        return self.address

    def stop(self) -> None:
        """End the node in order (SIGTERM), by force after 20 s. The data stay."""
        if (process := self.process()) is None:
            return
        process.resume()
        process.terminate()
        try:
            self._wait_until_gone(process)
        except psutil.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End the node at once (SIGKILL), as a crash would. The data stay."""
        if (process := self.process()) is not None:
            process.kill()
            self._wait_until_gone(process)

    def pause(self) -> None:
        """Freeze the node (SIGSTOP) until `resume`.

        Until one of its threads has taken the signal in, which takes a while on a busy machine, all others go on.
        """
        if (process := self.process()) is not None:
            process.suspend()
            deadline = time.monotonic() + STOP_TIMEOUT_SECONDS
            while process.status() != psutil.STATUS_STOPPED and time.monotonic() < deadline:
                time.sleep(0.01)

    def resume(self) -> None:
        """Let a frozen node go on (SIGCONT)."""
        if (process := self.process()) is not None:
            process.resume()

    def discard(self) -> None:
        """End the node and delete its data."""
        self.kill()
        shutil.rmtree(self.directory, ignore_errors=True)

    def process(self) -> psutil.Process | None:
        """The running Java process of this directory, whoever started it; `None` if there is none."""
        try:
            pid = int(self._pid.read_text())
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)  # a child that died leaves the process table only when asked for
            process = psutil.Process(pid)
            command = process.cmdline()  # empty for an instant after the launch
        except (OSError, ValueError, psutil.Error):
            return None
        return process if not command or str(self._properties) in command else None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self.stop()

    def _write_properties(self) -> None:
        text = string.Template((HERE / "server.properties").read_text()).substitute(
            bind="127.0.0.1",
            port=self._port,
            controller_port=self.controller_port,
            data=self.data,
        )
        if self._cluster:  # of two lines for one setting the last counts
            text += string.Template((HERE / "clustered.properties").read_text()).substitute(
                number=self.number,
                controllers=",".join(f"127.0.0.1:{node.controller_port}" for node in self._nodes),
                nodes=len(self._nodes),
            )
        if self.security is not None:
            text += self.security.properties(self._port, self._certificate_port, self.controller_port)
        self._properties.write_text(text)

    def _format(self) -> None:
        shutil.rmtree(self.data, ignore_errors=True)
        controllers = ["--standalone"]
        if self._cluster:
            controllers = ["--initial-controllers", ",".join(node.voter for node in self._nodes)]
        cluster = self._cluster or kafka_id(secrets.token_hex(16))
        tool = self._java("kafka.tools.StorageTool")
        _run([*tool, "format", *controllers, "-t", cluster, "-c", str(self._properties)])

    @property
    def voter(self) -> str:
        """As the controllers of its cluster know it."""
        return f"{self.number}@127.0.0.1:{self.controller_port}:{kafka_id(str(self.data))}"

    def _launch(self) -> None:
        for port in filter(None, (self._port, self.controller_port, self._certificate_port)):
            if listens(f"127.0.0.1:{port}"):  # else whatever answers there would be taken for this node
                msg = f"Port {port} is in use: stop what listens there, or delete {self.directory} to begin anew."
                raise KafkaError(msg)
        java = self._java("kafka.Kafka")
        output = str(self.directory / "kafka.out")
        # Not a Popen: the node may outlive this process. A session of its own: Ctrl-C in the terminal must not take
        # Kafka away before the services have ended.
        pid = os.posix_spawnp(
            java[0],
            [*java, str(self._properties)],
            os.environ,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644),
                (os.POSIX_SPAWN_DUP2, 1, 2),
            ],
            setsid=True,
        )
        self._pid.write_text(str(pid))

    def _java(self, main: str) -> list[str]:
        logging = [f"-Dlog4j2.configurationFile={HERE / 'log4j2.xml'}", f"-Dcareroute.kafka.log={self._log}"]
        if self.security is not None and self.security.logs_rights:
            logging += ["-Dcareroute.kafka.rights=debug", "-Dcareroute.kafka.log.size=1 GB"]
        return ["java", *self._options, *logging, "-cp", f"{CACHE / 'lib'}/*", main]

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        while not self._answers():
            if self.process() is None:
                msg = f"Kafka ended while starting on {self.address}.\n{self._last_words()}"
                raise KafkaError(msg)
            if time.monotonic() > deadline:
                self.kill()
                msg = f"Kafka gave no answer within {START_TIMEOUT_SECONDS} s.\n{self._last_words()}"
                raise KafkaError(msg)
            time.sleep(0.1)

    def _answers(self) -> bool:
        if self.security is None:
            return answers(self.address)
        operator = self.security.operator
        return answers(operator.servers, tls=operator.tls)

    def _last_words(self) -> str:
        lines = [line for name in ("kafka.log", "kafka.out") for line in _tail(self.directory / name)]
        return "\n".join([*lines, f"Look into {self._log}, or delete {self.directory} to begin anew."])

    def _wait_until_gone(self, process: psutil.Process) -> None:
        process.wait(STOP_TIMEOUT_SECONDS)
        self._pid.unlink(missing_ok=True)


def answers(address: str, timeout_seconds: float = 2.0, tls: ssl.SSLContext | None = None) -> bool:
    """Whether a Kafka at `HOST:PORT` answers a metadata request and knows of a broker that is ready."""
    return brokers_at(address, timeout_seconds, tls) > 0


def brokers_at(address: str, timeout_seconds: float = 2.0, tls: ssl.SSLContext | None = None) -> int:
    """How many brokers the Kafka at `HOST:PORT` knows to be ready; 0 where it gives no answer."""
    host, _, port = address.rpartition(":")
    request = struct.pack(">hhihi", 3, 1, 0, -1, 0)  # Metadata v1, no client id, no topics
    try:
        with (
            socket.create_connection((host, int(port)), timeout_seconds) as opened,
            opened if tls is None else tls.wrap_socket(opened, server_hostname=host) as connection,
        ):
            connection.settimeout(timeout_seconds)
            connection.sendall(struct.pack(">i", len(request)) + request)
            with connection.makefile("rb") as reply:
                head = reply.read(12)  # size, correlation id, number of brokers
    except (OSError, ValueError):
        return 0
    return int(struct.unpack(">iii", head)[2]) if len(head) == 12 else 0


def kafka_id(text: str) -> str:
    """An id as Kafka writes them, always the same for a text: a cluster's, or that of a node's data."""
    digest = bytearray(hashlib.sha256(text.encode()).digest()[:16])
    digest[0] &= 0x7F  # else it might begin with a dash, and be taken for an option
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def listens(address: str, timeout_seconds: float = 2.0) -> bool:
    """Whether anything accepts connections at `HOST:PORT`."""
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout_seconds).close()
    except (OSError, ValueError):
        return False
    return True


def free_port(other_than: int = 0) -> int:
    """A port that nothing listens on, below the range from which clients get theirs: it stays free over a restart.

    Who is given one listens there only after a while. Until this process has asked for many more, or has ended, nobody
    is given it again: its number is held, for datagrams, which nobody sends.
    """
    for _ in range(200):
        port = 20000 + secrets.randbelow(12000)
        if port == other_than:
            continue
        with contextlib.suppress(OSError), socket.socket() as probe, socket.socket(type=socket.SOCK_DGRAM) as held:
            probe.bind(("127.0.0.1", port))
            held.bind(("127.0.0.1", port))
            _held.append(held.detach())
            if len(_held) > PORTS_HELD:
                os.close(_held.popleft())
            return port
    msg = "No free port between 20000 and 31999 on 127.0.0.1: stop something that listens there."
    raise KafkaError(msg)


def _java_version(java: str) -> int | None:
    try:
        output = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=20, check=True).stderr
    except (OSError, subprocess.SubprocessError):
        return None
    version = re.search(r'version "(\d+)', output)
    return int(version[1]) if version else None


def _recorded_ports(properties: Path) -> tuple[int, int] | None:
    if not properties.exists():
        return None
    ports = re.search(r"^advertised\.listeners=PLAINTEXT:.*:(\d+),.*:(\d+)$", properties.read_text(), re.MULTILINE)
    return (int(ports[1]), int(ports[2])) if ports else None


def _installed() -> bool:
    stamp = CACHE / "lib" / "pom.xml"
    return stamp.exists() and stamp.read_bytes() == (HERE / "pom.xml").read_bytes()


def _download() -> None:
    _say("Kafka: downloading it from Maven Central into .kafka, about 60 MB, this once.")
    fresh, log = CACHE / "lib.new", CACHE / "install.log"
    shutil.rmtree(fresh, ignore_errors=True)
    goal = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
    command = ["mvn", "-B", "-f", str(HERE / "pom.xml"), goal, "-DincludeScope=runtime", f"-DoutputDirectory={fresh}"]
    with (
        log.open("w") as output,
        subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT) as maven,
    ):
        for seconds in _seconds(INSTALL_TIMEOUT_SECONDS, maven):
            if seconds % 5 == 0:
                _say(f"Kafka: {log.read_text().count('Downloaded from')} files after {seconds} s")
        if maven.poll() is None:
            maven.kill()
    if maven.returncode != 0 or not fresh.exists():
        msg = "\n".join(
            ["Maven could not download Kafka.", *_tail(log), f"Look into {log}; check the network, then try again."]
        )
        raise KafkaError(msg)
    shutil.copy(HERE / "pom.xml", fresh / "pom.xml")
    shutil.rmtree(CACHE / "lib", ignore_errors=True)
    fresh.rename(CACHE / "lib")


def _seconds(limit: int, process: subprocess.Popen[bytes]) -> Iterator[int]:
    for second in range(1, limit + 1):
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(1)
            return
        yield second


def _run(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode != 0:
        msg = f"Kafka's storage tool failed:\n{done.stdout}{done.stderr}"
        raise KafkaError(msg)
    return done.stdout


def _tail(path: Path) -> list[str]:
    return path.read_text(errors="replace").splitlines()[-15:] if path.exists() else []


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def main() -> None:
    """`python -m deploy.local.kafka.node start|stop|status`: the node that keeps its state in `.run/kafka`."""
    parser = argparse.ArgumentParser(prog="python -m deploy.local.kafka.node", description=__doc__)
    parser.add_argument("action", choices=["start", "stop", "status"])
    parser.add_argument("--directory", type=Path, default=CHECKOUT / ".run" / "kafka")
    chosen = parser.parse_args()
    node = LocalKafka(chosen.directory)
    try:
        if chosen.action == "start":
            node.start()
        elif chosen.action == "stop":
            node.stop()
    except KafkaError as problem:
        sys.exit(str(problem))
    sys.stdout.write(f"Kafka runs on {node.address}\n" if node.process() else "Kafka does not run\n")


if __name__ == "__main__":
    main()
