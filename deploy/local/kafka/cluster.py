"""Several Kafka nodes on this machine, each broker and controller in one: what holds of a cluster can be tried."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from deploy.local.kafka.node import START_TIMEOUT_SECONDS, KafkaError, LocalKafka, brokers_at, kafka_id
from deploy.local.kafka.security import Security


class LocalCluster:
    """Nodes whose data live below `directory`; the same directory is the same cluster again."""

    security: Security | None = None

    def __init__(self, directory: Path, size: int = 3) -> None:
        self.directory = directory.resolve()
        self.description = f"{size} nodes of Apache Kafka from Java and Maven"
        numbers = range(1, size + 1)
        self.nodes = tuple(LocalKafka(self.directory / f"node-{number}", number=number) for number in numbers)
        for node in self.nodes:
            node.join(kafka_id(str(self.directory)), self.nodes)

    @property
    def address(self) -> str:
        """The bootstrap addresses of all nodes."""
        return ",".join(node.address for node in self.nodes)

    def node(self, number: int) -> LocalKafka:
        """The node that the cluster knows by this number."""
        return self.nodes[number - 1]

    def start(self) -> str:
        """Start the nodes that do not run, and return the addresses once each knows of all. Raises `KafkaError`."""
        self.nodes[0].install()
        _at_once(node.start for node in self.nodes)
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        while not all(brokers_at(node.address) == len(self.nodes) for node in self.nodes):
            if time.monotonic() > deadline:
                msg = f"The nodes do not find each other: see {self.directory}, or delete it to begin anew."
                raise KafkaError(msg)
            time.sleep(0.1)
        return self.address

    def stop(self) -> None:
        """End all nodes in order. The data stay."""
        _at_once(node.stop for node in self.nodes)

    def kill(self) -> None:
        """End all nodes at once, as a power cut would. The data stay."""
        for node in self.nodes:
            node.kill()

    def discard(self) -> None:
        """End all nodes and delete their data."""
        self.kill()
        shutil.rmtree(self.directory, ignore_errors=True)


def _at_once(works: Iterable[Callable[[], object]]) -> None:
    """Do all of it at the same time. Raises what the first that fails raises."""
    works = list(works)
    with ThreadPoolExecutor(len(works)) as pool:
        for done in [pool.submit(work) for work in works]:
            done.result()
