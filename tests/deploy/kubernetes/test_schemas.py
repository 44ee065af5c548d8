"""Every resource keeps to the schema that Kubernetes, or Strimzi, refuses it by."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import kubernetes_validate
import pytest
import yaml
from jsonschema import Draft7Validator

from deploy.kubernetes.written import HERE
from tests.deploy.kubernetes.cluster import Cluster, Resource

KUBERNETES = "1.30"
"""The oldest that README.md says will do."""
STRIMZI = yaml.safe_load((Path(__file__).parent / "strimzi.yaml").read_text("utf-8"))


def resource_files(directory: Path) -> Iterator[Path]:
    """What a kustomization names, and those that it stands on."""
    for name in yaml.safe_load((directory / "kustomization.yaml").read_text("utf-8")).get("resources", ()):
        path = (directory / name).resolve()
        yield from resource_files(path) if path.is_dir() else [path]


def check(resource: Resource) -> None:
    """Raises what is wrong. The Prometheus Operator's schemas are not here."""
    group = resource["apiVersion"].partition("/")[0]
    if group == "kafka.strimzi.io":
        assert resource["apiVersion"] == "kafka.strimzi.io/v1"
        Draft7Validator(STRIMZI[resource["kind"]]).validate(resource["spec"])
    elif group != "monitoring.coreos.com":
        kubernetes_validate.validate(resource, KUBERNETES, strict=True)


def test_every_resource_keeps_to_the_schema_of_its_kind(clusters: Mapping[str, Cluster]) -> None:
    resources = {json.dumps(resource): resource for cluster in clusters.values() for resource in cluster.resources}
    for resource in resources.values():
        check(resource)


@pytest.mark.parametrize("path", sorted(resource_files(HERE / "overlays/production")), ids=lambda path: path.stem)
def test_a_file_keeps_to_the_schemas_before_it_is_rendered(path: Path) -> None:
    """This much is seen where there is no kustomize, too."""
    for resource in yaml.safe_load_all(path.read_text("utf-8")):
        check(resource)


def test_nothing_is_said_twice(cluster: Cluster) -> None:
    said = Counter((each["kind"], each["metadata"]["name"]) for each in cluster.resources)
    assert set(said.values()) == {1}
