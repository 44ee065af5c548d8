"""How many copies of a topic there are to be, and whether all of them are there and in step. It imports aiokafka."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, for_code

from shared.connection import Connection
from shared.engine.broker import BrokerUnavailable
from shared.engine.kafka_client import administering, explained
from shared.engine.topic import Topic

T = TypeVar("T")

MOST_REPLICAS = 3
"""With three, one broker may be gone and what is acknowledged is still on two."""
PROMISED = ("message.timestamp.type", "cleanup.policy", "unclean.leader.election.enable", "min.insync.replicas")
"""Settings of a topic on which promises rest."""
KEEPING = ("retention.ms", "retention.bytes")
"""The same of a journal, which is kept for good, and of a topic that states how long it is kept; how long and how much
another keeps is its operators' business."""
FORGETTING = ("max.compaction.lag.ms", "segment.ms")
"""The same of a topic out of which something can be erased."""
LASTING = "flush.messages"
"""The same of a topic with one copy: else what is acknowledged is lost with the power, though nothing is broken."""
TAKING = "max.message.bytes"
"""The most of a batch: of a topic that takes less, a service may write a step again and again, and never go on."""


async def replicas_for(at: Connection) -> int:
    """As many copies as there are brokers, three at most. Raises BrokerUnavailable."""
    return min(MOST_REPLICAS, await _asked(at, _brokers))


async def replica_faults(at: Connection, copies: int, topics: Sequence[Topic]) -> list[str]:
    """What is wrong with the copies of topics, and with the settings on which their safety rests.

    Of a topic that is not there it says nothing. Raises BrokerUnavailable.
    """

    async def look(admin: AIOKafkaAdminClient) -> list[str]:
        described = {entry["topic"]: entry["partitions"] for entry in await admin.describe_topics(_names(topics))}
        there = [topic for topic in topics if described.get(topic.name)]
        settings = await _settings(admin, there)
        return [
            fault
            for topic in there
            for fault in (
                *_missing_copies(topic.name, copies, described[topic.name]),
                *_other_settings(topic, max(copies, _fewest(described[topic.name])), settings[topic.name]),
            )
        ]

    return await _asked(at, look)


def _fewest(partitions: Iterable[Mapping[str, Any]]) -> int:
    """Copies of the partition that has fewest, wherever their brokers are: with two of three away there are three."""
    return min(len(partition["replicas"]) for partition in partitions)


def _missing_copies(name: str, copies: int, partitions: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    if (fewest := _fewest(partitions)) < copies:
        yield f"topic {name} has {fewest} copies and needs {copies}: kafka-reassign-partitions.sh makes them"
    behind = sorted(part["partition"] for part in partitions if len(part["isr"]) < len(part["replicas"]))
    if behind:
        numbers = ", ".join(map(str, behind))
        yield f"topic {name}: a copy of partition {numbers} is away or behind; restart no broker until it is not"


def _other_settings(topic: Topic, copies: int, settings: Mapping[str, str]) -> Iterable[str]:
    wanted = topic.settings(copies)
    keeping = KEEPING if topic.retention_promised else ()
    forgetting = FORGETTING if topic.gone_within_milliseconds is not None else ()
    taking = (TAKING,) if int(settings.get(TAKING, 0)) < topic.max_bytes else ()
    lasting = {LASTING} & wanted.keys()
    for name in (*PROMISED, *keeping, *forgetting, *lasting, *taking):
        if settings.get(name) != wanted[name]:
            fault = f"topic {topic.name} has {name}={settings.get(name)} and needs {wanted[name]}"
            yield fault if name in PROMISED else f"{fault}: {_what_to_do(topic, name, wanted[name])}"


def _what_to_do(topic: Topic, name: str, value: str) -> str:
    """About a setting that has Kafka delete too soon, or too late, or take too little."""
    why = "Kafka deletes what is to be kept for good, so at once " if topic.journal and name in KEEPING else ""
    return f"{why}kafka-configs.sh --alter --topic {topic.name} --add-config {name}={value}"


async def _settings(admin: AIOKafkaAdminClient, topics: Sequence[Topic]) -> dict[str, dict[str, str]]:
    asked = [ConfigResource(ConfigResourceType.TOPIC, topic.name) for topic in topics]
    answers = await admin.describe_configs(asked) if asked else []
    settings = {}
    for code, wrong, _, name, entries in (resource for answer in answers for resource in answer.resources):
        if code:
            raise for_code(code)(wrong)
        settings[name] = {entry[0]: entry[1] for entry in entries}
    return settings


async def _brokers(admin: AIOKafkaAdminClient) -> int:
    return len((await admin.describe_cluster())["brokers"])


async def _asked(at: Connection, question: Callable[[AIOKafkaAdminClient], Awaitable[T]]) -> T:
    try:
        async with administering(at) as admin:
            return await question(admin)
    except (KafkaError, TimeoutError, OSError) as error:
        raise BrokerUnavailable(f"cannot look at Kafka's copies: {await explained(at, error)}") from error


def _names(topics: Iterable[Topic]) -> list[str]:
    return [topic.name for topic in topics]
