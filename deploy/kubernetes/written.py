"""What in this directory is written by a program: topics, users with their rights, and the rules of alerts.

Each says the same as the code does: as resources that Strimzi and the Prometheus Operator read.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

import yaml
from dotenv import dotenv_values

from deploy.local.kafka.node import CHECKOUT
from deploy.principals import PRINCIPALS, Principal
from shared.engine.kafka_rights import Kind, Operation, Right
from shared.engine.topic import Topic
from shared.topics import TOPICS

HERE = Path(__file__).resolve().parent
OVERLAYS = HERE / "overlays"
RULES = CHECKOUT / "deploy/prometheus/rules.yml"
CLUSTER = "careroute"
"""The Kafka that they are for."""
FIRST_LINE = "# Written by `python -m deploy.kubernetes`.\n"

Resource = Mapping[str, Any]


def files() -> dict[Path, str]:
    """Every file with its text. Raises KeyError where an overlay does not say how many partitions and copies it has."""
    topics = {overlay / "topics.yaml": _text(_topics_of(overlay)) for overlay in sorted(OVERLAYS.iterdir())}
    return {
        HERE / "kafka/users.yaml": _text(map(user, PRINCIPALS)),
        HERE / "monitoring/rules.yaml": _rules(RULES.read_text("utf-8")),
        **topics,
    }


def topic(described: Topic, partitions: int, replication: int) -> Resource:
    """A topic, as Strimzi makes it."""
    spec = {"partitions": partitions, "replicas": replication, "config": described.settings(replication)}
    return _resource("KafkaTopic", described.name, spec)


def user(principal: Principal) -> Resource:
    """Somebody who gets in by a certificate, with the rights that the code uses."""
    rights = sorted(principal.rights(), key=_thing)
    acls = [_acl(kind, name, same_thing) for (kind, name), same_thing in groupby(rights, key=_thing)]
    spec = {"authentication": {"type": "tls"}, "authorization": {"type": "simple", "acls": acls}}
    return _resource("KafkaUser", principal.name, spec)


def _thing(right: Right) -> tuple[int, str]:
    return right.kind, right.name


def _acl(kind: int, name: str, rights: Iterable[Right]) -> Resource:
    resource = {"type": Kind(kind).name.lower()}
    if kind != Kind.CLUSTER:
        resource |= {"name": name, "patternType": "literal"}
    return {"resource": resource, "operations": sorted(as_strimzi_spells(right.operation) for right in rights)}


def as_strimzi_spells(operation: int) -> str:
    """`DescribeConfigs`."""
    return Operation(operation).name.title().replace("_", "")


def _topics_of(overlay: Path) -> Iterable[Resource]:
    settings = dotenv_values(overlay / "city.env")
    partitions, replication = (int(settings[f"CAREROUTE_{name}"] or "") for name in ("PARTITIONS", "REPLICATION"))
    return (topic(described, partitions, replication) for described in TOPICS)


def _resource(kind: str, name: str, spec: Resource) -> Resource:
    metadata = {"name": name, "labels": {"strimzi.io/cluster": CLUSTER}}
    return {"apiVersion": "kafka.strimzi.io/v1", "kind": kind, "metadata": metadata, "spec": spec}


def _rules(text: str) -> str:
    """The same rules with their comments, as a resource."""
    head = "apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nmetadata:\n  name: careroute\nspec:\n"
    return FIRST_LINE + head + textwrap.indent(text, "  ")


def _text(resources: Iterable[Resource]) -> str:
    text: str = yaml.safe_dump_all(resources, sort_keys=False, width=120)
    return FIRST_LINE + text
