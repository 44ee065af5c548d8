"""What is done to the nodes of a cluster: one after the other, each healed again before the next."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from random import Random

import psutil
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError

from deploy.local.kafka.cluster import LocalCluster
from deploy.local.kafka.node import LocalKafka
from shared.connection import Connection
from shared.engine.kafka_client import administering
from shared.topics import ASSIGNMENTS, TOPICS
from tests.chaos.disk import SmallDisk
from tests.chaos.stalls import Fault

DOWN_SECONDS = 8.0
"""Longer than a broker's session: the others know that it is gone before it comes back."""
PAUSED_SECONDS = 30.0
FULL_SECONDS = 12.0
WELL_SECONDS = 60.0
"""The longest that it may take until every copy is in step again."""
GROUP = "team-availability"


class Brokers:
    """Does harm to nodes, and remembers what and when."""

    def __init__(self, cluster: LocalCluster, partitions: int, seed: int, say: Callable[[str], None]) -> None:
        self.done: list[Fault] = []
        """What was done, as faults of Kafka itself."""
        self._cluster, self._partitions, self._random, self._say = cluster, partitions, Random(seed), say
        self._disks: dict[int, SmallDisk] = {}

    def give_small_disks(self) -> None:
        """Put each node's data on a disk that can be filled, before the first start. Raises `DiskError`."""
        for node in self._cluster.nodes:
            self._disks[node.number] = SmallDisk(node.data)

    def take_disks(self) -> None:
        """Take them away again, once no node runs."""
        for disk in self._disks.values():
            disk.unmount()

    def drawn(self) -> Iterator[str]:
        """Names of faults in random order, each as often as any other, without an end."""
        while True:
            possible = [name for name in FAULTS if self._disks or name not in DISK_FAULTS]
            yield from self._random.sample(possible, len(possible))

    async def harm(self, name: str) -> None:
        """Do it, heal it, and return once every copy is in step again."""
        self.done.append(Fault(name, "*", 0, time.time()))
        await FAULTS[name](self)
        await self.wait_until_well()

    async def wait_until_well(self) -> None:
        """Return once no partition lacks a copy. Raises TimeoutError."""
        async with asyncio.timeout(WELL_SECONDS):
            while not await self._is_well():  # noqa: ASYNC110  # other processes have to finish
                await asyncio.sleep(0.3)

    # --- who is who ------------------------------------------------------------------------------------------------

    async def leader_of(self, topic: str, partition: int) -> LocalKafka:
        """The node that takes what is written to a partition."""
        async with self._admin() as admin:
            (described,) = await admin.describe_topics([topic])
        leaders = {entry["partition"]: entry["leader"] for entry in described["partitions"]}
        return self._cluster.node(leaders[partition])

    async def coordinator_of(self, group: str) -> LocalKafka:
        """The node that shares out partitions to a group."""
        async with self._admin() as admin:
            return self._cluster.node(await admin.find_coordinator(group))

    async def controller(self) -> LocalKafka:
        """The node that leads the cluster."""
        return self._cluster.node(await asyncio.to_thread(active_controller, self._running()[0].address))

    async def _is_well(self) -> bool:
        with contextlib.suppress(KafkaError, TimeoutError, OSError):
            async with self._admin() as admin:
                described = await admin.describe_topics([topic.name for topic in TOPICS])
            copies = [part for topic in described for part in topic["partitions"]]
            return bool(copies) and all(len(part["isr"]) == len(self._cluster.nodes) for part in copies)
        return False

    def _running(self) -> list[LocalKafka]:
        return [
            node
            for node in self._cluster.nodes
            if (process := node.process()) is not None and process.status() != psutil.STATUS_STOPPED
        ]

    def _admin(self) -> contextlib.AbstractAsyncContextManager[AIOKafkaAdminClient]:
        return administering(Connection(self._running()[0].address))

    # --- what is done ----------------------------------------------------------------------------------------------

    async def _kill_leader(self) -> None:
        node = await self.leader_of(ASSIGNMENTS.name, self._random.randrange(self._partitions))
        await self._kill("it leads a busy journal", node)

    async def _kill_controller(self) -> None:
        await self._kill("it is the controller", await self.controller())

    async def _kill_coordinator(self) -> None:
        await self._kill(f"it coordinates the group {GROUP}", await self.coordinator_of(GROUP))

    async def _kill_two(self) -> None:
        await self._kill("one is left", *self._random.sample(self._cluster.nodes, 2))

    async def _kill_all(self) -> None:
        await self._kill("the power goes", *self._cluster.nodes)

    async def _kill(self, why: str, *nodes: LocalKafka) -> None:
        self._say(f"killing {_named(nodes)}: {why}")
        for node in nodes:
            await asyncio.to_thread(node.kill)
        await asyncio.sleep(DOWN_SECONDS)
        await self._start()

    async def _ask_for_three(self) -> None:
        """One copy is gone, and every topic asks for all three: the leader refuses what it is to append."""
        await self._set_least_copies(len(self._cluster.nodes))
        try:
            await self._kill("and every copy is asked for", self._random.choice(self._cluster.nodes))
        finally:
            await self._set_least_copies(2)

    async def _set_least_copies(self, copies: int) -> None:
        settings = [
            ConfigResource(
                ConfigResourceType.TOPIC,
                topic.name,
                topic.settings(len(self._cluster.nodes)) | {"min.insync.replicas": str(copies)},
            )
            for topic in TOPICS
        ]
        async with self._admin() as admin:
            answers = await admin.alter_configs(settings)
        refused = [name for answer in answers for code, _, _, name in answer.resources if code]
        if refused:
            message = f"Kafka does not take the settings of {', '.join(refused)}"
            raise RuntimeError(message)

    async def _pause_leader(self) -> None:
        node = await self.leader_of(ASSIGNMENTS.name, self._random.randrange(self._partitions))
        self._say(f"{_named([node])} hangs for {PAUSED_SECONDS:.0f} s")
        node.pause()
        try:
            await asyncio.sleep(PAUSED_SECONDS)
        finally:
            node.resume()

    async def _roll(self) -> None:
        for node in self._cluster.nodes:
            self._say(f"restarting {_named([node])}")
            await asyncio.to_thread(node.stop)
            await self._start()
            await self.wait_until_well()

    async def _fill_one(self) -> None:
        await self._fill(self._random.choice(self._cluster.nodes))

    async def _fill_all(self) -> None:
        await self._fill(*self._cluster.nodes)

    async def _fill(self, *nodes: LocalKafka) -> None:
        self._say(f"the disk of {_named(nodes)} is full")
        for node in nodes:
            self._disks[node.number].fill()
        await asyncio.sleep(FULL_SECONDS)
        alive = [node for node in nodes if node.process() is not None]
        self._say(f"of {_named(nodes)} there run: {_named(alive) or 'none'}")
        for node in nodes:
            self._disks[node.number].clear()
        for node in alive:  # what could not write is not to be trusted
            await asyncio.to_thread(node.stop)
        await self._start()

    async def _start(self) -> None:
        await asyncio.to_thread(self._cluster.start)


FAULTS: Mapping[str, Callable[[Brokers], Awaitable[None]]] = {
    "leader": Brokers._kill_leader,
    "controller": Brokers._kill_controller,
    "coordinator": Brokers._kill_coordinator,
    "paused": Brokers._pause_leader,
    "min-isr": Brokers._ask_for_three,
    "two": Brokers._kill_two,
    "all": Brokers._kill_all,
    "rolling": Brokers._roll,
    "disk": Brokers._fill_one,
    "disks": Brokers._fill_all,
}
"""What can be done, by name."""
DISK_FAULTS = {"disk", "disks"}
WORDS = {
    "leader": "leader of a busy journal killed",
    "controller": "controller killed",
    "coordinator": "coordinator of a group killed",
    "paused": f"leader of a busy journal hangs for {PAUSED_SECONDS:.0f} s",
    "min-isr": "too few copies: leaders refuse to append",
    "two": "two of three killed: no quorum",
    "all": "all killed",
    "rolling": "all restarted, one after the other",
    "disk": "one disk full",
    "disks": "all disks full",
}
"""The same, for people."""


def _named(nodes: Iterable[LocalKafka]) -> str:
    return ", ".join(f"node {node.number}" for node in nodes)


def active_controller(address: str, timeout_seconds: float = 5.0) -> int:
    """The number of the node that leads the quorum, as the broker at `HOST:PORT` knows it. Raises OSError."""
    host, _, port = address.rpartition(":")
    topic = b"__cluster_metadata"
    head = struct.pack(">hhihb", 55, 0, 0, -1, 0)  # DescribeQuorum v0, no client id
    request = head + bytes([2, len(topic) + 1]) + topic + bytes([2]) + struct.pack(">ibbb", 0, 0, 0, 0)
    with socket.create_connection((host, int(port)), timeout_seconds) as connection:
        connection.settimeout(timeout_seconds)
        connection.sendall(struct.pack(">i", len(request)) + request)
        with connection.makefile("rb") as reply:
            (size,) = struct.unpack(">i", reply.read(4))
            answer = reply.read(size)
    # correlation id, tags, error, one topic with its name, one partition with its number and error, then its leader
    return int(struct.unpack_from(">i", answer, 4 + 1 + 2 + 1 + 1 + len(topic) + 1 + 4 + 2)[0])
