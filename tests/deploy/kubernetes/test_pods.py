"""Pods of careroute: without root, read-only, asked whether they live, apart from each other."""

from __future__ import annotations

import re

from deploy.local.kafka.node import CHECKOUT
from deploy.local.programs import DOORS, STORING
from shared.engine.process import HANG_SECONDS
from tests.deploy.kubernetes.cluster import Cluster, Resource, chosen_by, names_of

OTHERS = {"restore": "backup", "rebuild": "storage-reporting-0"}
"""Whose volume a job works on that has none of its own."""


def test_a_container_runs_without_root_writes_nowhere_and_asks_kubernetes_nothing(cluster: Cluster) -> None:
    namespace = cluster.only("Namespace")
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    user = int(re.findall(r"(?m)^USER (\d+):", (CHECKOUT / "deploy/Dockerfile").read_text())[0])
    for process in cluster.processes:
        pod, container = process.pod, process.container
        assert pod["securityContext"]["runAsNonRoot"]
        assert pod["securityContext"]["runAsUser"] == pod["securityContext"]["fsGroup"] == user
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert pod["automountServiceAccountToken"] is pod["enableServiceLinks"] is False
        assert not {"hostNetwork", "hostPID", "hostIPC", "initContainers"} & pod.keys()
        assert not [volume for volume in pod["volumes"] if "hostPath" in volume]
    assert cluster.only("ServiceAccount")["automountServiceAccountToken"] is False


def test_an_image_is_the_very_one_that_was_built(cluster: Cluster) -> None:
    images = {process.container["image"] for process in cluster.processes}
    assert len(images) == 1
    assert re.fullmatch(r"[a-z0-9.:/-]+/careroute@sha256:[0-9a-f]{64}", images.pop())


def test_what_is_written_goes_into_a_volume_of_its_own(cluster: Cluster) -> None:
    for process in cluster.processes:
        mounts = {mount["mountPath"]: mount for mount in process.container["volumeMounts"]}
        writable = {path for path, mount in mounts.items() if not mount.get("readOnly")}
        keeps = process.name in {*STORING, "console", "backup", *OTHERS}  # the console keeps who is signed in
        assert writable == {"/tmp", *(["/var/lib/careroute"] if keeps else [])}
        claims = names_of(process.workload["spec"].get("volumeClaimTemplates", []))
        claimed = {each["persistentVolumeClaim"]["claimName"] for each in process.pod["volumes"] if is_claim(each)}
        assert bool(claims) + bool(claimed) == keeps
        assert claimed <= claims_of(cluster) & {OTHERS.get(process.name, process.name)}


def claims_of(cluster: Cluster) -> set[str]:
    """Volumes that there are: claimed as such, or for the first pod of a set."""
    sets = cluster.of("StatefulSet")
    made = {
        f"{name}-{each['metadata']['name']}-0"
        for each in sets
        for name in names_of(each["spec"].get("volumeClaimTemplates", []))
    }
    return {*names_of(cluster.of("PersistentVolumeClaim")), *made}


def test_what_puts_back_a_backup_has_the_operators_rights_and_is_not_ended_halfway(cluster: Cluster) -> None:
    jobs = {process.name: process for process in cluster.processes if process not in cluster.services}
    backup, restore, rebuild = jobs["backup"], jobs["restore"], jobs["rebuild"]
    assert restore.principal == "operator"
    assert restore.command[-1] == backup.command[-1] == cluster.settings["data"]["CAREROUTE_BACKUP_DIRECTORY"]
    for job in (restore, rebuild):
        assert job.workload["spec"]["suspend"] is True
    assert backup.workload["spec"]["suspend"] is False, "said, so that what is applied takes a suspension back"


def test_what_goes_through_everything_that_there_ever_was_is_not_ended_halfway(cluster: Cluster) -> None:
    """The first backup into a directory, and every decision once more, take as long as there are records: hours."""
    jobs = {process.name: process for process in cluster.processes if process not in cluster.services}
    for name in ("backup", "restore", "redecide", "rebuild"):
        spec = jobs.pop(name).workload["spec"]["jobTemplate"]["spec"]
        assert spec["backoffLimit"] == 0
        assert "activeDeadlineSeconds" not in spec
    assert {job.workload["spec"]["jobTemplate"]["spec"]["activeDeadlineSeconds"] for job in jobs.values()} == {3600}


def is_claim(volume: Resource) -> bool:
    return "persistentVolumeClaim" in volume


def test_a_process_has_room_and_no_bound_that_makes_decisions_wait(cluster: Cluster) -> None:
    for process in cluster.processes:
        resources = process.container["resources"]
        assert resources["requests"].keys() == {"cpu", "memory"}
        assert resources["limits"].keys() == {"memory"}


def test_probes_ask_whoever_answers_and_kill_nobody_for_kafkas_sake(cluster: Cluster) -> None:
    for process in cluster.services:
        container = process.container
        ports = {port["name"]: str(port["containerPort"]) for port in container["ports"]}
        asked = container["readinessProbe"]["httpGet"]["port"]
        assert asked == ("http" if process.name in DOORS else "operations")
        assert ports["operations"] == process.environment["CAREROUTE_OPERATIONS_PORT"]
        assert process.name not in DOORS or ports["http"] == process.environment["CAREROUTE_PORT"]
        assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
        for probe in (container["livenessProbe"], container["startupProbe"]):
            assert probe["httpGet"] == {"path": "/livez", "port": asked}
        liveness, startup = container["livenessProbe"], container["startupProbe"]
        assert liveness["periodSeconds"] * liveness["failureThreshold"] > HANG_SECONDS, "its own watchdog comes first"
        assert startup["periodSeconds"] * startup["failureThreshold"] >= 300


def test_two_of_a_service_are_kept_apart(cluster: Cluster) -> None:
    for process in cluster.services:
        machine, zone = process.pod["topologySpreadConstraints"]
        assert machine["topologyKey"] == "kubernetes.io/hostname"
        assert zone["topologyKey"] == "topology.kubernetes.io/zone"
        for constraint in (machine, zone):
            assert chosen_by(constraint["labelSelector"], process.labels)
            assert constraint["matchLabelKeys"] == ["app.kubernetes.io/name"]
        several = process.workload["spec"]["replicas"] > 1
        assert (machine["whenUnsatisfiable"] == "DoNotSchedule") == several
