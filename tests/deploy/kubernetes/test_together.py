"""What names something else in an overlay names what is there: services, budgets, addresses, Prometheus."""

from __future__ import annotations

import re
import subprocess
from typing import Any
from urllib.parse import urlsplit

import yaml

from deploy.grafana.boards import DASHBOARDS
from deploy.kubernetes.written import HERE
from deploy.local.kafka.node import CHECKOUT
from deploy.local.programs import DOORS
from tests.deploy.kubernetes.cluster import Cluster, chosen_by, names_of

LABEL = "app.kubernetes.io/name"
UPGRADING = CHECKOUT / "deploy/UPGRADING.md"


def test_a_service_leads_to_the_process_of_its_name_and_to_a_port_that_it_has(cluster: Cluster) -> None:
    assert sorted(names_of(cluster.of("Service"))) == sorted(process.name for process in cluster.services)
    for service in cluster.of("Service"):
        chosen = [p for p in cluster.services if chosen_by({"matchLabels": service["spec"]["selector"]}, p.labels)]
        assert [process.name for process in chosen] == [service["metadata"]["name"]]
        ports = {port["name"] for port in chosen[0].container["ports"]}
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= ports
    for workload in cluster.of("StatefulSet"):
        assert workload["spec"]["serviceName"] == workload["metadata"]["name"]


def test_every_process_may_be_taken_away_on_purpose_one_at_a_time(cluster: Cluster) -> None:
    budgets = cluster.of("PodDisruptionBudget")
    for budget in budgets:
        (process,) = [p for p in cluster.services if chosen_by(budget["spec"]["selector"], p.labels)]
        assert (process.name, budget["spec"]["maxUnavailable"]) == (budget["metadata"]["name"], 1)
    assert len(budgets) == len(cluster.services)


def test_doors_are_reached_under_the_names_that_are_told_to_others(cluster: Cluster) -> None:
    ingress = cluster.only("Ingress")["spec"]
    hosts = {
        rule["host"]: path["backend"]["service"]["name"] for rule in ingress["rules"] for path in rule["http"]["paths"]
    }
    assert sorted(ingress["tls"][0]["hosts"]) == sorted(hosts)
    assert set(hosts.values()) == DOORS - {"reporting"}, "reporting answers the console alone"
    told = cluster.settings["data"]
    for door in ("pocket", "callbacks", "prober"):
        assert hosts[urlsplit(told[f"CAREROUTE_{door.upper()}_URL"]).netloc] == door


def test_a_release_takes_the_services_in_the_order_of_upgrading_and_before_them_what_they_need(
    cluster: Cluster,
) -> None:
    """One service after the other, by a label that nothing has but what is replaced; readers before writers."""
    release = (HERE / "README.md").read_text("utf-8")
    (named,) = re.findall(r"(?m)^for name in (.*); do$", release)
    order = named.split()
    assert sorted(order) == sorted(process.name for process in cluster.services)
    (told,) = re.findall(r"(?s)\*\*Readers before writers\*\*.*?:(.*?)\n4\.", UPGRADING.read_text("utf-8"))
    places = [told.index(name.replace("-", " ")) for name in order]
    assert places == sorted(places)
    labelled = {resource["kind"] for resource in cluster.resources if LABEL in resource["metadata"].get("labels", {})}
    assert labelled == {"StatefulSet", "Deployment", "Service", "CronJob"}
    for resource in cluster.of(*labelled):
        assert resource["metadata"]["labels"][LABEL] == resource["metadata"]["name"]
    jobs = set(re.findall(r"--from=cronjob/([a-z]+)", release))
    assert jobs < set(names_of(cluster.of("CronJob")))


def test_the_backup_before_a_release_is_not_in_the_directory_of_the_one_that_goes_on(cluster: Cluster) -> None:
    """By the command itself, on what kubectl prints of such a job."""
    (backup,) = [each for each in cluster.of("CronJob") if each["metadata"]["name"] == "backup"]
    made = yaml.safe_dump({"kind": "Job", "spec": backup["spec"]["jobTemplate"]["spec"]})
    (command,) = re.findall(
        r"(?m)--from=cronjob/backup .* -o yaml \|\n  sed '(.*)' \|", (HERE / "README.md").read_text("utf-8")
    )
    changed = subprocess.run(["sed", command], input=made, capture_output=True, text=True, check=True).stdout
    own, usual = ({*_arguments(yaml.safe_load(text))} for text in (changed, made))
    assert own ^ usual == {"$(CAREROUTE_BACKUP_DIRECTORY)", "/var/lib/careroute/before-VERSION"}


def _arguments(job: dict[str, Any]) -> list[str]:
    (container,) = job["spec"]["template"]["spec"]["containers"]
    return [*container["args"]]


def test_what_the_readme_tells_to_type_is_about_what_is_there(cluster: Cluster) -> None:
    text = (HERE / "README.md").read_text("utf-8")
    commands = re.findall(r"kubectl (.+?)(?:`|\n|#)", text)
    (namespace,) = names_of(cluster.of("Namespace"))
    assert text.index(f"kubectl create namespace {namespace}`") < text.index("create secret"), "a secret stands in one"
    elsewhere = ("apply -k", "diff -k", "label namespace", f"create namespace {namespace}")
    assert [each for each in commands if not each.startswith(("-n careroute ", *elsewhere))] == []
    users, jobs = names_of(cluster.of("KafkaUser")), names_of(cluster.of("CronJob"))
    assert set(re.findall(r"(?:annotate kafkauser|secret kafka-) ?([a-z-]+)", text)) <= {*users}
    assert set(re.findall(r"--from=cronjob/([a-z-]+)", text)) | set(re.findall(r"patch cronjob ([a-z-]+)", text)) <= {
        *jobs
    }
    assert "annotate secret kafka-triage strimzi.io/force-renew=true" in text, "of the user Strimzi does not heed it"
    for what in ("kafkauser operator", "kafkatopic --all"):
        begun, ended = (text.index(f"annotate {what} strimzi.io/pause-reconciliation{end}") for end in ("=true", "-\n"))
        assert begun < text.index("--from=cronjob/restore") < ended
    if cluster.name == "production":
        assert re.findall(r"--partitions (\d+)", text) == [cluster.settings["data"]["CAREROUTE_PARTITIONS"]]


def test_prometheus_asks_every_process_by_its_services_name(cluster: Cluster) -> None:
    monitor = cluster.only("PodMonitor")["spec"]
    (endpoint,) = monitor["podMetricsEndpoints"]
    for process in cluster.services:
        assert chosen_by(monitor["selector"], process.labels)
        assert process.labels[monitor["jobLabel"]] == process.name
        assert endpoint["port"] in {port["name"] for port in process.container["ports"]}


def test_what_operators_have_to_be_told_of_this_namespace_is_told(cluster: Cluster) -> None:
    """Strimzi's chart watches its own namespace, and that of Prometheus takes what bears its own release's label."""
    text = (HERE / "README.md").read_text("utf-8")
    assert f"watchNamespaces: [{cluster.only('Kafka')['metadata']['namespace']}]" in text
    for kind, setting in (("PodMonitor", "podMonitor"), ("PrometheusRule", "rule")):
        assert "release" not in cluster.only(kind)["metadata"].get("labels", {})
        assert f"{setting}SelectorNilUsesHelmValues: false" in text


def test_grafana_is_given_every_dashboard(cluster: Cluster) -> None:
    (boards,) = [each for each in cluster.of("ConfigMap") if each is not cluster.settings]
    assert boards["metadata"]["labels"] == {"grafana_dashboard": "1"}
    assert boards["data"] == {path.name: path.read_text("utf-8") for path in DASHBOARDS.iterdir()}


def test_what_leaves_the_cluster_goes_by_tls(cluster: Cluster) -> None:
    inside = {service["metadata"]["name"] for service in cluster.of("Service")} | {"prometheus-operated.monitoring"}
    values = [value for process in cluster.processes for value in process.environment.values()]
    in_plain_text = {urlsplit(value).hostname for value in values if value.startswith("http://")}
    assert in_plain_text
    assert in_plain_text <= inside
