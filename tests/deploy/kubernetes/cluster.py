"""A rendered overlay, and what a process in it is given."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from deploy.kubernetes.written import OVERLAYS
from deploy.local.programs import SERVICES, module_of
from deploy.redecide import RedecideSettings
from deploy.topics import TopicSettings
from services.console.config import ExaminerSettings
from services.reporting.config import ReportingSettings
from shared.config import Environment

NAMES = sorted(overlay.name for overlay in OVERLAYS.iterdir())
RUNS: dict[tuple[str, ...], tuple[str, type[Environment]]] = {
    **{("python", "-m", module_of(name)): (name, settings) for name, settings in SERVICES.items()},
    ("careroute", "audit", "heads"): ("examiner", ExaminerSettings),
    ("python", "-m", "deploy.topics"): ("operator", TopicSettings),
    ("python", "-m", "deploy.redecide", "--service", "all"): ("redecide", RedecideSettings),
    ("python", "-m", "deploy.backup", "take", "/var/lib/careroute/backup"): ("backup", TopicSettings),
    ("python", "-m", "deploy.backup", "restore", "/var/lib/careroute/backup"): ("operator", TopicSettings),
    ("python", "-m", "services.reporting.rebuild"): ("reporting", ReportingSettings),
}
"""By command: who it is to Kafka, and what it can be told."""
Resource = dict[str, Any]


@dataclass(frozen=True)
class Process:
    """A service of careroute, or a job, as its pod describes it."""

    workload: Resource
    settings: Resource
    """The ConfigMap that all share."""

    @property
    def name(self) -> str:
        return str(self.workload["metadata"]["name"])

    @property
    def _template(self) -> Resource:
        spec = self.workload["spec"]
        return dict(spec.get("jobTemplate", {"spec": spec})["spec"]["template"])

    @property
    def pod(self) -> Resource:
        return dict(self._template["spec"])

    @property
    def labels(self) -> dict[str, str]:
        return dict(self._template["metadata"]["labels"])

    @property
    def container(self) -> Resource:
        (container,) = self.pod["containers"]
        return dict(container)

    @property
    def named_in_command(self) -> set[str]:
        """Variables that Kubernetes puts into the command."""
        return set(re.findall(r"\$\((\w+)\)", " ".join(self.container["args"])))

    @property
    def command(self) -> tuple[str, ...]:
        return tuple(
            re.sub(r"\$\((\w+)\)", lambda name: self.environment[name[1]], part) for part in self.container["args"]
        )

    @property
    def principal(self) -> str:
        """Who it is: of a service its name."""
        return RUNS[self.command][0]

    @property
    def settings_class(self) -> type[Environment]:
        return RUNS[self.command][1]

    @property
    def own(self) -> dict[str, str]:
        """The variables that are this process's alone; one that Kubernetes fills in has the pod's first name."""
        return {each["name"]: each.get("value", f"{self.name}-0") for each in self.container.get("env", ())}

    @property
    def environment(self) -> dict[str, str]:
        assert self.container["envFrom"] == [{"configMapRef": {"name": self.settings["metadata"]["name"]}}]
        return dict(self.settings["data"]) | self.own

    def sources(self) -> Iterator[tuple[Path, str, str, bool]]:
        """Where each file stands that comes from a secret: path, secret, key, and whether it may be missing."""
        mounts = {mount["name"]: Path(mount["mountPath"]) for mount in self.container["volumeMounts"]}
        for volume in self.pod["volumes"]:
            secrets = [source["secret"] for source in volume.get("projected", {}).get("sources", ())]
            for secret in secrets:
                for item in secret["items"]:
                    path = mounts[volume["name"]] / item["path"]
                    yield path, secret["name"], item["key"], secret.get("optional", False)
            if "secret" in volume:
                name = volume["secret"]["secretName"]
                file = f"{name.removeprefix('careroute-')}.toml"
                yield mounts[volume["name"]] / file, name, file, False


@dataclass(frozen=True)
class Cluster:
    """What an overlay makes of the base."""

    name: str
    resources: Sequence[Resource]

    def of(self, *kinds: str) -> list[Resource]:
        return [resource for resource in self.resources if resource["kind"] in kinds]

    def only(self, kind: str) -> Resource:
        (resource,) = self.of(kind)
        return resource

    @property
    def settings(self) -> Resource:
        (settings,) = [each for each in self.of("ConfigMap") if each["metadata"]["name"].startswith("settings-")]
        return settings

    @property
    def bears_a_loss(self) -> bool:
        """Whether one machine of it may go at any time."""
        return bool(self.only("KafkaNodePool")["spec"]["replicas"] > 1)

    @property
    def services(self) -> list[Process]:
        return [Process(workload, self.settings) for workload in self.of("Deployment", "StatefulSet")]

    @property
    def processes(self) -> list[Process]:
        """Services, and what runs now and then."""
        return [*self.services, *(Process(job, self.settings) for job in self.of("CronJob"))]


def rendered(kustomize: Sequence[str], overlay: str) -> Cluster:
    done = subprocess.run(
        [*kustomize, str(OVERLAYS / overlay)], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert "deprecated" not in done.stderr
    return Cluster(overlay, [*yaml.load_all(done.stdout, yaml.CSafeLoader)])


def chosen_by(selector: Resource, labels: dict[str, str]) -> bool:
    """Whether a label selector chooses whoever has these labels."""
    assert selector.keys() <= {"matchLabels", "matchExpressions"}
    for expression in selector.get("matchExpressions", ()):
        assert expression["operator"] == "In"
        if labels.get(expression["key"]) not in expression["values"]:
            return False
    return dict(selector.get("matchLabels", {})).items() <= labels.items()


def names_of(resources: list[Resource]) -> list[str]:
    return [resource["metadata"]["name"] for resource in resources]
