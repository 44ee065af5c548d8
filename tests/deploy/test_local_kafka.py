"""The local Kafka keeps what it acknowledged through a kill, on the same port, and leaves nothing running."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator

import psutil
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from deploy.local.broker import GivenBroker
from deploy.local.kafka.node import CHECKOUT, PORTS_HELD, KafkaError, LocalKafka, answers, free_port, missing

pytestmark = [pytest.mark.kafka, pytest.mark.usefixtures("kafka")]  # the fixture installs Kafka, or skips loudly


@pytest.fixture
def node() -> Iterator[LocalKafka]:
    if (reason := missing()) is not None:
        pytest.skip(reason)
    node = LocalKafka(CHECKOUT / ".run" / f"kafka-test-{free_port()}")
    try:
        yield node
    finally:
        node.discard()


async def append(address: str, *values: bytes) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=address, acks="all", enable_idempotence=True)
    await producer.start()
    try:
        for value in values:
            await producer.send_and_wait("calls", value)
    finally:
        await producer.stop()


async def read(address: str, count: int) -> list[bytes]:
    consumer = AIOKafkaConsumer("calls", bootstrap_servers=address, auto_offset_reset="earliest")
    await consumer.start()
    try:
        return [(await consumer.getone()).value or b"" for _ in range(count)]
    finally:
        await consumer.stop()


async def test_comes_back_after_a_kill_with_its_data_on_the_same_port(node: LocalKafka) -> None:
    address = await asyncio.to_thread(node.start)
    admin = AIOKafkaAdminClient(bootstrap_servers=address)
    await admin.start()
    await admin.create_topics([NewTopic("calls", num_partitions=1, replication_factor=1)])
    await admin.close()
    await append(address, b"one", b"two")
    assert await asyncio.wait_for(read(address, 2), 20) == [b"one", b"two"]

    killed = node.process()
    node.kill()
    assert killed is not None
    assert not killed.is_running()
    assert not answers(address)
    assert await asyncio.to_thread(node.start) == address
    await append(address, b"three")
    assert await asyncio.wait_for(read(address, 3), 20) == [b"one", b"two", b"three"]


def test_pause_silences_it_and_another_process_can_take_it_over(node: LocalKafka) -> None:
    address = node.start()
    node.pause()
    # a thread that runs just then ends its answer
    assert any(not answers(address, timeout_seconds=0.5) for _ in range(3))
    node.resume()
    assert answers(address, timeout_seconds=10)

    same = LocalKafka(CHECKOUT / ".run" / node.directory.name)
    assert same.start() == address
    process = same.process()
    assert process is not None
    same.pause()
    same.stop()  # works on a frozen node too
    assert node.process() is None
    assert not psutil.pid_exists(process.pid)


def test_a_port_in_use_is_an_error_that_names_it(node: LocalKafka, kafka: str) -> None:
    port = kafka.rpartition(":")[2]
    with pytest.raises(KafkaError, match=f"Port {port} is in use"):
        LocalKafka(node.directory, port=int(port)).start()


def test_a_given_broker_is_asked_before_it_is_used(kafka: str) -> None:
    assert GivenBroker(f"127.0.0.1:1, {kafka}").start() == f"127.0.0.1:1, {kafka}"
    with pytest.raises(KafkaError, match="CAREROUTE_KAFKA"):
        GivenBroker("127.0.0.1:1", timeout_seconds=0.5).start()


async def test_the_command_line_tells_what_runs() -> None:
    directory = str(CHECKOUT / ".run" / f"kafka-test-{free_port()}")
    command = [sys.executable, "-m", "deploy.local.kafka.node", "status", "--directory", directory]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, cwd=CHECKOUT)
    output, _ = await process.communicate()
    assert output == b"Kafka does not run\n"


def test_a_port_that_was_given_is_given_to_nobody_else_before_somebody_listens() -> None:
    """Neither here nor in another process."""
    asks = f"from {free_port.__module__} import free_port; print(*(free_port() for _ in range({PORTS_HELD})))"
    here = {free_port() for _ in range(PORTS_HELD)}
    there = set(subprocess.check_output([sys.executable, "-c", asks], cwd=CHECKOUT, text=True).split())
    assert (len(here), len(there)) == (PORTS_HELD, PORTS_HELD)
    assert here.isdisjoint(map(int, there))
