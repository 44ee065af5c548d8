"""Every resource keeps to the schema that Kubernetes, or Strimzi, refuses it by."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import kubernetes_validate
import yaml
from jsonschema import Draft7Validator

from tests.deploy.kubernetes.cluster import Cluster

KUBERNETES = "1.30"
"""The oldest that README.md says will do."""
STRIMZI = yaml.safe_load((Path(__file__).parent / "strimzi.yaml").read_text("utf-8"))


def test_every_resource_keeps_to_the_schema_of_its_kind(cluster: Cluster) -> None:
    for resource in cluster.resources:
        group = resource["apiVersion"].partition("/")[0]
        if group == "kafka.strimzi.io":
            faults = [*Draft7Validator(STRIMZI[resource["kind"]]).iter_errors(resource["spec"])]
            assert resource["apiVersion"] == "kafka.strimzi.io/v1"
            assert not faults, f"{resource['kind']} {resource['metadata']['name']}: {faults}"
        elif group != "monitoring.coreos.com":
            kubernetes_validate.validate(resource, KUBERNETES, strict=True)


def test_nothing_is_said_twice(cluster: Cluster) -> None:
    said = Counter((each["kind"], each["metadata"]["name"]) for each in cluster.resources)
    assert set(said.values()) == {1}
