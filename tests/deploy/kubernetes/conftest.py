"""The overlays, rendered once by kustomize."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
from collections.abc import Sequence

import pytest

from tests.conftest import IS_CI, RUN, absent
from tests.deploy.kubernetes.cluster import NAMES, Cluster, rendered

KUSTOMIZE = "sigs.k8s.io/kustomize/kustomize/v5@v5.7.1"
OWN = RUN / "bin/kustomize"
"""Where it is built where the machine has none."""


@pytest.fixture(scope="session")
def kustomize() -> Sequence[str]:
    """The command that renders a directory: kustomize 5, by itself or in kubectl."""
    if IS_CI and not _command():
        _build()
    if not (command := _command()):
        absent("NOT TESTED as Kubernetes would get it: neither kustomize 5 nor a kubectl with it is on the path.")
    return command


@pytest.fixture(scope="session")
def clusters(kustomize: Sequence[str]) -> dict[str, Cluster]:
    return {name: rendered(kustomize, name) for name in NAMES}


@pytest.fixture(params=NAMES)
def cluster(request: pytest.FixtureRequest, clusters: dict[str, Cluster]) -> Cluster:
    return clusters[request.param]


def _command() -> Sequence[str]:
    if OWN.exists():
        return (str(OWN), "build")
    if kustomize := shutil.which("kustomize"):
        return (kustomize, "build")
    kubectl = shutil.which("kubectl")
    return (kubectl, "kustomize") if kubectl and _renders_as_now(kubectl) else ()


def _renders_as_now(kubectl: str) -> bool:
    """Debian's own kubectl has a kustomize that knows neither patches with targets nor merged settings."""
    asked = [kubectl, "version", "--client", "--output=json"]
    done = subprocess.run(asked, capture_output=True, check=False, timeout=60)
    version = json.loads(done.stdout).get("kustomizeVersion", "") if done.returncode == 0 else ""
    return bool(version.startswith("v5"))


def _build() -> None:
    """From its source, as a Go module; where there is no Go, the caller sees that it is still missing."""
    if go := shutil.which("go"):
        OWN.parent.mkdir(parents=True, exist_ok=True)
        with (RUN / "kustomize.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            environment = {**os.environ, "GOBIN": str(OWN.parent)}
            if not OWN.exists():
                subprocess.run([go, "install", KUSTOMIZE], env=environment, check=True, timeout=600, cwd=RUN)
