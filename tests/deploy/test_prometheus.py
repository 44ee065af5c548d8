"""Rules, routing and runbooks: each alert has a metric, a page, a way to a person; no page is left without an alert."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from deploy.local.kafka.node import CHECKOUT
from deploy.local.programs import SERVICES
from services.console.view.records import AlertKind
from shared import telemetry
from shared.operations import operations
from tests.promql import OF_PROMETHEUS, exported, metrics_in

HERE, RUNBOOKS = CHECKOUT / "deploy/prometheus", CHECKOUT / "deploy/runbooks"
GROUPS: list[dict[str, Any]] = yaml.safe_load((HERE / "rules.yml").read_text())["groups"]
RULES: list[dict[str, Any]] = [rule for group in GROUPS for rule in group["rules"]]
ALERTS = [rule for rule in RULES if "alert" in rule]
NAMES = sorted({rule["alert"] for rule in ALERTS})
SCRAPED = yaml.safe_load((HERE / "prometheus.yml").read_text())["scrape_configs"]
SECTIONS = [
    "## Is anybody in danger now?",
    "## What people notice",
    "## First command",
    "## How to tell that it is over",
    "## What to write down",
]
IN_CARE_OF_PEOPLE = {
    "AssignmentUnconfirmed",
    "CadNotInformed",
    "TeamSilent",
    "PoliceNeeded",
    "CallOverdue",
    "RoutedLate",
}


def run(*command: str) -> str:
    done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def metrics_behind(expression: str) -> set[str]:
    """The metrics of an expression, and of the recorded ones that it asks for."""
    names = metrics_in(expression)
    recorded = [rule["expr"] for rule in RULES if rule.get("record") in names]
    return {name for name in names if ":" not in name}.union(*map(metrics_behind, recorded))


def test_each_alert_has_a_page_and_each_page_an_alert() -> None:
    assert sorted(page.stem for page in RUNBOOKS.iterdir()) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_page_says_first_whether_anybody_is_in_danger(name: str) -> None:
    lines = (RUNBOOKS / f"{name}.md").read_text("utf-8").splitlines()
    assert lines[0] == f"# {name}"
    assert [line for line in lines if line.startswith("#")][1:] == SECTIONS
    assert all(lines[lines.index(section) + 1].strip() for section in SECTIONS)


@pytest.mark.parametrize("name", NAMES)
def test_a_page_names_metrics_that_are_exported(name: str) -> None:
    assert set(re.findall(r"careroute_\w+", (RUNBOOKS / f"{name}.md").read_text("utf-8"))) <= exported()


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_an_alert_says_how_bad_it_is_whom_it_is_for_and_what_to_read(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in ("page", "notice", "ticket")
    assert rule["labels"]["audience"] in ("dispatch", "operators", "watcher")
    assert rule["annotations"]["summary"].endswith(".")
    assert rule["annotations"]["runbook_url"] == f"deploy/runbooks/{rule['alert']}.md"


def test_what_is_about_people_is_paged_at_once() -> None:
    people = [rule for rule in ALERTS if rule["alert"] in IN_CARE_OF_PEOPLE]
    assert {rule["alert"] for rule in people} == IN_CARE_OF_PEOPLE
    assert all("for" not in rule and rule["labels"]["severity"] == "page" for rule in people)


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group["name"])
def test_a_group_is_looked_at_as_often_as_it_says_wherever_its_rules_are_read(group: dict[str, Any]) -> None:
    """Where nothing is said it is half a minute by the Prometheus Operator, and ten seconds last as long."""
    alerts = [rule for rule in group["rules"] if "alert" in rule]
    at_once = any("for" not in rule and rule["labels"]["severity"] == "page" for rule in alerts)
    lasting = [seconds_of(rule["for"]) for rule in alerts if "for" in rule]
    most = 5 if at_once and not is_slow(group) else 30
    assert seconds_of(group["interval"]) <= min([most, *(seconds / 2 for seconds in lasting)])


def seconds_of(words: str) -> float:
    return float(words[:-1]) * {"s": 1, "m": 60, "h": 3600}[words[-1]]


def is_slow(group: dict[str, Any]) -> bool:
    """Whether every alert of a group stands on what went on for an hour, or ends in days."""
    return group["name"] in ("allowances", "certificates", "quiet")


def test_every_kind_of_alarm_has_one_alert() -> None:
    written = [
        kind
        for rule in ALERTS
        for kinds in re.findall(r'careroute_open_alarms\{kind=~?"([^"]+)"', rule["expr"])
        for kind in kinds.split("|")
    ]
    assert sorted(written) == sorted(get_args(AlertKind))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.get("alert") or rule["record"])
def test_a_rule_asks_for_metrics_that_are_exported(rule: dict[str, Any]) -> None:
    assert metrics_behind(rule["expr"])
    assert metrics_behind(rule["expr"]) <= exported() | OF_PROMETHEUS


def test_what_an_alert_stands_on_says_so_of_itself() -> None:
    alerted = set().union(*(metrics_behind(rule["expr"]) for rule in ALERTS)) - OF_PROMETHEUS
    marked = {m._name for m in vars(telemetry).values() if "ALERT" in getattr(m, "_documentation", "")}
    assert marked == {name.removesuffix("_total") for name in alerted}


def test_a_counter_stands_behind_an_alert_in_both_forms() -> None:
    for rule in (rule for rule in ALERTS if rule["alert"] == "AlarmCounted"):
        name = rule["labels"]["counter"]
        assert rule["expr"] == f"({name} unless {name} offset 5m) > 0 or increase({name}[5m]) > 0"


def test_every_process_is_scraped() -> None:
    compose = yaml.safe_load((CHECKOUT / "docker-compose.yml").read_text())["services"]
    ours = {name for name in compose if name not in ("kafka", "topics") and "profiles" not in compose[name]}
    targets = {target for job in SCRAPED for target in job["static_configs"][0]["targets"]}
    assert targets == {f"{name}:9100" for name in ours}
    jobs = {job["job_name"] for job in SCRAPED}
    assert set(re.findall(r'job="([^"]+)"', " ".join(rule["expr"] for rule in ALERTS))) <= jobs


def test_a_process_that_is_down_is_told_of_whichever_service_it_is_of_and_nobody_elses() -> None:
    """The demo, Docker and Kubernetes name a job after its service; each has a test of that."""
    (down,) = [rule for rule in ALERTS if rule["alert"] == "InstanceDown"]
    (named,) = re.findall(r'job=~"([^"]+)"', down["expr"])
    assert sorted(named.split("|")) == sorted(SERVICES) == sorted(job["job_name"] for job in SCRAPED)


def test_the_rules_can_be_read(prometheus_tools: dict[str, str]) -> None:
    run(prometheus_tools["promtool"], "check", "config", "prometheus.yml")


@pytest.mark.parametrize(
    "played", sorted((CHECKOUT / "tests/deploy/prometheus").glob("*.test.yml")), ids=lambda p: p.stem
)
def test_the_rules_are_right(played: Path, prometheus_tools: dict[str, str]) -> None:
    """The label that first appears at 1, the count that died before the scrape, and the levels."""
    run(prometheus_tools["promtool"], "test", "rules", str(played))


def test_the_metrics_are_well_formed(prometheus_tools: dict[str, str]) -> None:
    telemetry.begin("triage", agency="madison-wi")
    shown = operations(lambda: True)("/metrics")[2]
    command = [prometheus_tools["promtool"], "check", "metrics"]
    done = subprocess.run(command, input=shown, capture_output=True, check=False, timeout=60)
    ours = [line for line in (done.stdout + done.stderr).decode().splitlines() if line.startswith("careroute")]
    assert ours == []
    assert b"_created" not in shown


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_each_alert_reaches_somebody(rule: dict[str, Any], prometheus_tools: dict[str, str]) -> None:
    labels = {"alertname": rule["alert"], **rule["labels"]}
    receivers = [
        *(["on-call"] if labels["severity"] == "page" else []),
        *(["dispatch-board"] if labels["audience"] == "dispatch" else []),
        *(["dead-man"] if labels["audience"] == "watcher" else []),
    ]
    run(
        prometheus_tools["amtool"], "config", "routes", "test", "--config.file=alertmanager.yml",
        f"--verify.receivers={','.join(receivers or ['operators'])}",
        *(f"{name}={value}" for name, value in labels.items()),
    )  # fmt: skip


def test_what_tells_of_something_else_waits_for_nothing_that_was_told_before() -> None:
    """Within a group the second alert waits; of a topic's partitions, or a job's processes, one word is enough."""
    routing = yaml.safe_load((HERE / "alertmanager.yml").read_text())["route"]
    named = {label for rule in ALERTS for label in re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"])}
    named |= {label for rule in ALERTS for label in rule["labels"]} - {"severity", "audience"}
    assert named - {"partition", "instance"} <= set(routing["group_by"])
    assert "alertname" in routing["group_by"]
    assert all("group_by" not in route for route in routing["routes"])


def test_alerts_about_people_are_never_inhibited(prometheus_tools: dict[str, str]) -> None:
    run(prometheus_tools["amtool"], "check-config", "alertmanager.yml")
    rules = yaml.safe_load((HERE / "alertmanager.yml").read_text())["inhibit_rules"]
    assert [rule["target_matchers"] for rule in rules] == [["alertname = InstanceDown"]]


def test_the_dead_mans_handle_leads_to_the_watcher_alone(prometheus_tools: dict[str, str]) -> None:
    """It fires while all is well: whoever is on call must not hear of it, and its end must not count as a beat."""
    for severity in ("page", "notice"):
        run(
            prometheus_tools["amtool"], "config", "routes", "test", "--config.file=alertmanager.yml",
            "--verify.receivers=dead-man", "alertname=Watchdog", f"severity={severity}", "audience=dispatch",
        )  # fmt: skip
    receivers = yaml.safe_load((HERE / "alertmanager.yml").read_text())["receivers"]
    (dead_man,) = [each["webhook_configs"][0] for each in receivers if each["name"] == "dead-man"]
    assert dead_man["send_resolved"] is False
