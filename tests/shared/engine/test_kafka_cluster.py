"""Whether topics have the copies and settings that promises rest on, and who is asked first."""

from __future__ import annotations

import os
import socket
from dataclasses import replace
from types import SimpleNamespace

import pytest
from aiokafka import TopicPartition
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.client import AIOKafkaClient

from shared.connection import Connection
from shared.engine.broker import BrokerUnavailable
from shared.engine.kafka import create_topics
from shared.engine.kafka_client import administering, arguments_now, find_again
from shared.engine.kafka_replicas import replica_faults, replicas_for
from shared.engine.kafka_restore import cluster_id
from shared.engine.topic import Topic
from shared.topics import TOPICS

NOBODY = "127.0.0.1:1"
MADE = Topic(f"copied-{os.getpid()}", "a test", compacted=True)


@pytest.mark.kafka
async def test_topics_that_lack_copies_or_are_set_up_otherwise_are_named(kafka: str) -> None:
    at = Connection(kafka)
    assert await replicas_for(at) == 1
    await create_topics(at, 2, 1, [MADE])
    assert await replica_faults(at, 1, [MADE, Topic("never-made", "nobody")]) == []
    assert await replica_faults(at, 3, [replace(MADE, compacted=False)]) == [
        f"topic {MADE.name} has 1 copies and needs 3: kafka-reassign-partitions.sh makes them",
        f"topic {MADE.name} has cleanup.policy=compact and needs delete",
        f"topic {MADE.name} has min.insync.replicas=1 and needs 2",
    ]


@pytest.mark.kafka
async def test_a_journal_that_kafka_is_about_to_delete_is_named_with_what_to_do(kafka: str) -> None:
    at, name = Connection(kafka), f"kept-{os.getpid()}"
    journal = Topic(name, "a test", journal=True)
    await create_topics(at, 1, 1, [journal])
    assert await replica_faults(at, 1, [journal]) == []
    changed = journal.settings(1) | {"retention.ms": "86400000", "retention.bytes": "1000000"}
    async with administering(at) as admin:
        await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, name, changed)])
    at_once = (
        f"Kafka deletes what is to be kept for good, so at once kafka-configs.sh --alter --topic {name} --add-config"
    )
    assert await replica_faults(at, 1, [journal]) == [
        f"topic {name} has retention.ms=86400000 and needs -1: {at_once} retention.ms=-1",
        f"topic {name} has retention.bytes=1000000 and needs -1: {at_once} retention.bytes=-1",
    ]
    stated = replace(journal, journal=False, retention_milliseconds=3_600_000)
    set_it = f"kafka-configs.sh --alter --topic {name} --add-config"
    assert await replica_faults(at, 1, [stated]) == [
        f"topic {name} has retention.ms=86400000 and needs 3600000: {set_it} retention.ms=3600000",
        f"topic {name} has retention.bytes=1000000 and needs -1: {set_it} retention.bytes=-1",
    ]
    assert await replica_faults(at, 1, [replace(journal, journal=False)]) == []


@pytest.mark.kafka
async def test_a_topic_that_takes_too_little_or_forgets_too_late_is_named(kafka: str) -> None:
    """Done again, as after an upgrade, `deploy.topics` said that all was well: nothing that was erased went."""
    at, name = Connection(kafka), f"forgets-{os.getpid()}"
    erasable = Topic(name, "a test", compacted=True, gone_within_milliseconds=86_400_000)
    await create_topics(at, 1, 1, [erasable])
    assert await replica_faults(at, 1, [erasable]) == []
    changed = replace(erasable, gone_within_milliseconds=None, max_bytes=100_000).settings(1)
    async with administering(at) as admin:
        await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, name, changed)])
    faults = await replica_faults(at, 1, [erasable])
    command = f"kafka-configs.sh --alter --topic {name} --add-config"
    assert [fault.partition(f": {command} ")[2] for fault in faults] == [
        "max.compaction.lag.ms=64800000",
        "segment.ms=3600000",
        "max.message.bytes=1048576",
    ]
    assert await replica_faults(at, 1, [replace(erasable, gone_within_milliseconds=None, max_bytes=50_000)]) == []


def test_no_topic_is_kept_by_size_whatever_the_brokers_are_set_to() -> None:
    assert {topic.settings(3)["retention.bytes"] for topic in TOPICS} == {"-1"}


async def test_where_no_broker_is_that_is_said() -> None:
    with pytest.raises(BrokerUnavailable, match=f"cannot look at Kafka's copies: no broker answers at {NOBODY}"):
        await replicas_for(Connection(NOBODY))
    with pytest.raises(BrokerUnavailable, match=f"the cluster's id: no broker answers at {NOBODY}"):
        await cluster_id(Connection(NOBODY))


@pytest.mark.kafka
async def test_who_knows_of_no_broker_that_is_there_asks_those_of_the_settings_again(kafka: str) -> None:
    """As if, when it was last told, all others had been away, and then the one that was there went."""
    topic = Topic(f"found-{os.getpid()}", "a test")
    await create_topics(kafka, 1, 1, [topic])
    client = AIOKafkaClient(bootstrap_servers=kafka)
    find_again(client, Connection(f"{NOBODY},{kafka}"))
    await client.bootstrap()
    gone = 9, "127.0.0.1", 1, None
    client.cluster.update_metadata(SimpleNamespace(API_VERSION=1, brokers=[gone], controller_id=9, topics=[]))
    assert await client.set_topics([topic.name])
    assert client.cluster.leader_for_partition(TopicPartition(topic.name, 0)) == 1
    await client.close()


@pytest.mark.kafka
async def test_who_begins_asks_a_broker_that_answers_and_no_other(kafka: str) -> None:
    """One that hangs takes connections, and nothing more."""
    with socket.create_server(("127.0.0.1", 0)) as hangs:
        where = f"127.0.0.1:{hangs.getsockname()[1]}"
        assert (await arguments_now(Connection(f"{where}, {NOBODY},{kafka}")))["bootstrap_servers"] == kafka
        everybody = f"{where},{NOBODY}"
        assert (await arguments_now(Connection(everybody)))["bootstrap_servers"] == everybody
