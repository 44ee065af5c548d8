"""The Kafka of an overlay is what the code was tried with, in as many copies, and lets nobody in unnamed."""

from __future__ import annotations

import re

from deploy.local.broker import DOCKER_IMAGE
from deploy.local.kafka.node import CHECKOUT
from tests.deploy.kubernetes.cluster import Cluster

NEVER_SET_IN_KAFKA = (
    "listeners", "advertised.", "listener.", "inter.broker.listener.name", "sasl.", "ssl.", "security.", "log.dir",
    "authorizer.", "super.user", "node.id", "process.roles", "controller.", "broker.",
)  # fmt: skip
"""How settings begin that Strimzi keeps to itself."""
ALL_THE_SAME = (
    "broker.session.timeout.ms", "broker.heartbeat.interval.ms", "controller.quorum.fetch.timeout.ms",
    "controller.quorum.election.timeout.ms", "controller.quorum.election.backoff.max.ms",
)  # fmt: skip
"""Those that it takes (KafkaClusterSpec.FORBIDDEN_PREFIX_EXCEPTIONS)."""


def test_kafka_is_as_the_code_was_tried_with_it(cluster: Cluster) -> None:
    kafka, nodes = cluster.only("Kafka")["spec"]["kafka"], cluster.only("KafkaNodePool")["spec"]
    files = [CHECKOUT / f"deploy/local/kafka/{name}.properties" for name in ("server", "clustered")]
    local = dict(re.findall(r"(?m)^([a-z.]+)=(.*)$", "\n".join(file.read_text() for file in files)))
    config = {key: str(value).lower() for key, value in kafka["config"].items()}
    same = ("auto.create.topics.enable", "group.initial.rebalance.delay.ms", "group.min.session.timeout.ms")
    for key in (*same, *ALL_THE_SAME):
        assert config[key] == local[key]
    assert DOCKER_IMAGE.endswith(f":{kafka['version']}")
    copies, least = nodes["replicas"], min(2, nodes["replicas"])
    assert {value for key, value in config.items() if key.endswith("replication.factor")} == {str(copies)}
    assert {value for key, value in config.items() if key.endswith((".isr", "insync.replicas"))} == {str(least)}
    assert cluster.settings["data"]["CAREROUTE_REPLICATION"] == str(copies)
    assert not [key for key in config.keys() - {*ALL_THE_SAME} if key.startswith(NEVER_SET_IN_KAFKA)]
    assert copies == 3 or cluster.name != "production"


def test_what_matters_in_a_real_cluster_is_set(cluster: Cluster) -> None:
    table = (CHECKOUT / "deploy/BROKERS.md").read_text("utf-8")
    named = {key for row in re.findall(r"(?m)^\| (`.+?) \|", table) for key in re.findall(r"`([a-z.]+)=", row)}
    assert set(ALL_THE_SAME) < named
    assert named <= cluster.only("Kafka")["spec"]["kafka"]["config"].keys()


def test_kafka_lets_in_who_shows_a_certificate_and_keeps_what_it_was_given(cluster: Cluster) -> None:
    kafka, nodes = cluster.only("Kafka")["spec"], cluster.only("KafkaNodePool")["spec"]
    (listener,) = kafka["kafka"]["listeners"]
    assert listener["tls"]
    assert listener["authentication"] == {"type": "tls"}
    assert kafka["kafka"]["authorization"] == {"type": "simple"}
    assert kafka["entityOperator"]["userOperator"]["secretPrefix"] == "kafka-"
    assert cluster.settings["data"]["CAREROUTE_KAFKA"] == f"careroute-kafka-bootstrap:{listener['port']}"
    (volume,) = nodes["storage"]["volumes"]
    assert (volume["type"], volume["deleteClaim"]) == ("persistent-claim", False)
    assert "CAREROUTE_KAFKA_UNSECURED" not in cluster.settings["data"]
