"""What is written by a program says what the code says, and is what stands in the repository."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from deploy.kubernetes import written
from deploy.kubernetes.written import HERE, OVERLAYS, RULES
from deploy.principals import PRINCIPALS, rights_of
from shared.engine.kafka_rights import CLUSTER_NAME, Kind, Operation, Right
from shared.topics import TOPICS
from tests.deploy.kubernetes.cluster import NAMES

OPERATIONS = {
    "Read": Operation.READ,
    "Write": Operation.WRITE,
    "Create": Operation.CREATE,
    "Alter": Operation.ALTER,
    "Describe": Operation.DESCRIBE,
    "DescribeConfigs": Operation.DESCRIBE_CONFIGS,
}
"""As Strimzi spells them."""


def resources(*path: str) -> list[dict[str, Any]]:
    return [*yaml.safe_load_all(HERE.joinpath(*path).read_text("utf-8"))]


def test_the_files_are_what_the_code_makes() -> None:
    """Else: python -m deploy.kubernetes."""
    assert {path: path.read_text("utf-8") for path in written.files()} == written.files()


def test_everybody_may_in_kafka_what_the_code_uses_and_nothing_else() -> None:
    given = {
        right_of(f"User:{user['metadata']['name']}", operation, acl["resource"])
        for user in resources("kafka", "users.yaml")
        for acl in user["spec"]["authorization"]["acls"]
        for operation in acl["operations"]
    }
    assert given == rights_of()
    assert {user["metadata"]["name"] for user in resources("kafka", "users.yaml")} == {p.name for p in PRINCIPALS}


def right_of(who: str, operation: str, resource: dict[str, str]) -> Right:
    assert resource.get("patternType", "literal") == "literal"
    kind = Kind[resource["type"].upper()]
    return Right(who, OPERATIONS[operation], kind, resource.get("name", CLUSTER_NAME))


@pytest.mark.parametrize("overlay", NAMES)
def test_every_topic_is_made_as_the_code_would_make_it(overlay: str) -> None:
    settings = dict(line.split("=") for line in city(overlay) if line.startswith("CAREROUTE_"))
    topics = {topic["metadata"]["name"]: topic["spec"] for topic in resources("overlays", overlay, "topics.yaml")}
    copies = int(settings["CAREROUTE_REPLICATION"])
    assert topics.keys() == {topic.name for topic in TOPICS}
    for topic in TOPICS:
        assert topics[topic.name] == {
            "partitions": int(settings["CAREROUTE_PARTITIONS"]),
            "replicas": copies,
            "config": topic.settings(copies),
        }


def city(overlay: str) -> list[str]:
    return (OVERLAYS / overlay / "city.env").read_text("utf-8").splitlines()


def test_prometheus_is_given_every_rule() -> None:
    (rules,) = resources("monitoring", "rules.yaml")
    assert rules["spec"] == yaml.safe_load(RULES.read_text("utf-8"))
    assert (rules["apiVersion"], rules["kind"]) == ("monitoring.coreos.com/v1", "PrometheusRule")
