"""Each process of careroute is there, as often as its code says, and is told what its code asks for."""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from pydantic.fields import FieldInfo

from deploy.kubernetes.written import HERE
from deploy.local.kafka.certificates import Authority
from deploy.local.programs import SERVICES
from shared.config import KafkaSettings, file_variable_of, is_secret, variable_of
from shared.private_file import write_private
from tests.deploy.kubernetes.cluster import Cluster, Process, names_of

SEVERAL = {"intake"}
"""Doors that compare nothing: any number of them can run."""
SECRET_FILES = {
    "agencies_file": "agencies.toml",
    "probes_file": "probes.toml",
    "mail_password_file": "mail-password",
}
"""Files that hold secrets, by settings that are none themselves."""
KEYS = ("sealing-key", "audit-keys", "second-sealing-key", "pseudonym-key")


def test_every_service_has_as_many_processes_as_its_settings_say(cluster: Cluster) -> None:
    assert sorted(process.name for process in cluster.services) == sorted(SERVICES)
    for process in cluster.services:
        assert process.principal == process.name
        replicas = process.workload["spec"]["replicas"]
        several = SERVICES[process.name].processes if cluster.bears_a_loss else 1
        assert replicas == several or (process.name in SEVERAL and replicas > 1)


def test_who_owns_partitions_keeps_its_name_and_hands_over_before_the_next_one_goes(cluster: Cluster) -> None:
    for process in cluster.services:
        spec = process.workload["spec"]
        if process.workload["kind"] == "StatefulSet":
            assert spec["podManagementPolicy"] == "Parallel", "else one that never gets ready is in the way"
            assert spec.get("updateStrategy", {}).get("type", "RollingUpdate") == "RollingUpdate"
        assert process.workload["kind"] == "StatefulSet" or SERVICES[process.name].processes == 1
        (instance,) = [each for each in process.container["env"] if each["name"] == "CAREROUTE_INSTANCE"]
        assert instance["valueFrom"] == {"fieldRef": {"fieldPath": "metadata.name"}}
        assert process.pod["terminationGracePeriodSeconds"] >= 20


def test_a_process_is_given_every_setting_that_it_needs_and_none_that_nobody_has(cluster: Cluster) -> None:
    told = [process.settings_class.model_fields for process in cluster.processes]
    variables = {variable for fields in told for variable in variables_of(fields)}
    variables = variables.union(*(process.named_in_command for process in cluster.processes))
    assert cluster.settings["data"].keys() <= variables, "a misspelt setting, or a secret that is no file"
    for process in cluster.processes:
        fields = process.settings_class.model_fields
        assert process.own.keys() <= variables_of(fields)
        needed = {name: field for name, field in fields.items() if field.is_required()}
        assert variables_of(needed) <= process.environment.keys()


def variables_of(fields: Mapping[str, FieldInfo]) -> set[str]:
    """As a cluster may set them: of a secret, the one that names its file."""
    return {file_variable_of(name) if is_secret(field) else variable_of(name) for name, field in fields.items()}


def test_a_process_takes_what_it_is_given(cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It reads its settings as it would there, from files as they would be mounted; nothing keeps it from starting."""
    authority = Authority()
    for name in [name for name in os.environ if name.startswith("CAREROUTE_")]:
        monkeypatch.delenv(name)
    for process in cluster.processes:
        root = tmp_path / process.name
        mount_files(process, root, authority)
        with monkeypatch.context() as patched:
            for name, value in process.environment.items():
                mounted = value.startswith(("/etc/careroute/", "/var/lib/careroute"))
                patched.setenv(name, f"{root}{value}" if mounted else value)
            settings = process.settings_class.load()
        if isinstance(settings, KafkaSettings):
            assert settings.connection.secured


def mount_files(process: Process, root: Path, authority: Authority) -> None:
    """Every file that has to be there, and of those that may be missing what a setting names."""
    pair = authority.issue(root / "issued", process.name)
    kafka = {"ca.crt": authority.pem, "user.crt": pair.certificate.read_text(), "user.key": pair.key.read_text()}
    for path, _, key, may_be_missing in process.sources():
        if not may_be_missing or str(path) in process.environment.values():
            file = root / path.relative_to("/")
            file.parent.mkdir(parents=True, exist_ok=True)
            write_private(file, kafka.get(key) or example_of(key))
    (root / "var/lib/careroute").mkdir(parents=True)


def example_of(key: str) -> str:
    if key.endswith("database-url"):
        return "postgresql+asyncpg://careroute:x@postgresql/careroute"
    return base64.b64encode(bytes(32)).decode() if key in KEYS else "x" * 40


def test_a_process_is_given_the_secrets_that_it_has_settings_for_and_no_other(cluster: Cluster) -> None:
    for process in cluster.processes:
        fields = process.settings_class.model_fields
        secrets = {name for name, field in fields.items() if is_secret(field)} - {"kafka_password"}
        files = {path for path, _, _, _ in process.sources()}
        of_kafka = {"ca.crt", "user.crt", "user.key"} if "kafka" in fields else set()
        assert {path.name for path in files} == {
            *(name.replace("_", "-") for name in secrets),
            *(file for name, file in SECRET_FILES.items() if name in fields),
            *of_kafka,
        }
        for variable in map(file_variable_of, secrets):
            path = process.environment.get(variable)
            assert path is None or Path(path) in files, f"{process.name}: nobody mounts {path}"


def test_every_secret_is_one_that_the_readme_says_how_to_make(cluster: Cluster) -> None:
    rows = re.findall(r"(?m)^\| `([a-z-]+)`[^|]*\| (.+?) \|", (HERE / "README.md").read_text("utf-8"))
    told = {name: set(re.findall(r"`([a-z.-]+)`", keys)) for name, keys in rows}
    used: dict[str, set[str]] = {}
    users = {f"kafka-{user}" for user in names_of(cluster.of("KafkaUser"))}
    for process in cluster.processes:
        for _, secret, key, _ in process.sources():
            if secret in users:
                assert secret == f"kafka-{process.principal}", "one shows another's certificate"
            elif secret != "careroute-cluster-ca-cert":  # its name; Strimzi makes it
                used.setdefault(secret, set()).add(key)
    (tls,) = cluster.only("Ingress")["spec"]["tls"]
    used[tls["secretName"]] = {"tls.crt", "tls.key"}
    assert used == told


def test_no_secret_is_among_the_resources(cluster: Cluster) -> None:
    assert not cluster.of("Secret")
