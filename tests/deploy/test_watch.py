"""A watched stack: what Prometheus and Alertmanager are told, and what is said where they are missing."""

from __future__ import annotations

import io
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from rich.console import Console

from deploy.demo.__main__ import _watch
from deploy.demo.alerts import Alerts
from deploy.local.kafka.node import CHECKOUT
from deploy.local.stack import Stack
from deploy.local.watch import Watch, WatchError

SHIPPED = CHECKOUT / "deploy/prometheus"


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, Any]:
    programs = Stack(tmp_path, "kafka:9092", []).programs
    return Watch(tmp_path, "http://127.0.0.1:1/alerts")._settings(programs)


def test_every_process_is_scraped_under_its_own_name(settings: dict[str, Any], tmp_path: Path) -> None:
    scraped = {
        target["labels"]["instance"]: (job["job_name"], target["targets"])
        for job in settings["scrape_configs"]
        for target in job["static_configs"]
    }
    programs = Stack(tmp_path, "kafka:9092", []).programs
    assert {name: job for name, (job, _) in scraped.items()} == {each.name: each.service for each in programs}
    assert len({tuple(targets) for _, targets in scraped.values()}) == len(programs)
    jobs = {job["job_name"] for job in yaml.safe_load((SHIPPED / "prometheus.yml").read_text())["scrape_configs"]}
    assert {job for job, _ in scraped.values()} <= jobs


def test_the_routing_is_what_is_shipped_but_for_its_addresses(tmp_path: Path) -> None:
    ours = yaml.safe_load(Watch(tmp_path, "http://127.0.0.1:1/alerts")._routing())
    shipped = yaml.safe_load((SHIPPED / "alertmanager.yml").read_text())
    assert {name: part for name, part in ours.items() if name != "receivers"} == {
        name: part for name, part in shipped.items() if name != "receivers"
    }
    assert [each["name"] for each in ours["receivers"]] == [each["name"] for each in shipped["receivers"]]
    for receiver in ours["receivers"]:
        (webhook,) = receiver["webhook_configs"]
        assert webhook["url"].startswith("http://127.0.0.1:1/alerts/")
        assert webhook.keys() <= {"url", "send_resolved"}, "no secret is needed here"


def test_prometheus_own_tools_take_both(
    settings: dict[str, Any], tmp_path: Path, prometheus_tools: dict[str, str]
) -> None:
    (tmp_path / "prometheus.json").write_text(json.dumps(settings))
    (tmp_path / "alertmanager.yml").write_text(Watch(tmp_path, "http://127.0.0.1:1/alerts")._routing())
    for command in (
        [prometheus_tools["promtool"], "check", "config", "prometheus.json"],
        [prometheus_tools["amtool"], "check-config", "alertmanager.yml"],
    ):
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr


def test_where_they_are_missing_a_demo_says_so_in_a_line_and_make_watch_ends(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)
    printed = io.StringIO()
    assert _watch(tmp_path, 1, Console(file=printed, width=400), must=False) is None
    assert printed.getvalue().count("\n") == 1
    assert "apt-get install --no-install-recommends prometheus prometheus-alertmanager" in printed.getvalue()
    with pytest.raises(WatchError, match="apt-get install"):
        _watch(tmp_path, 1, Console(file=printed), must=True)


def told(name: str, fingerprint: str, began: str = "2026-03-02T08:00:00Z", **changes: Any) -> bytes:
    alert = {"labels": {"alertname": name}, "fingerprint": fingerprint, "startsAt": began, **changes}
    return json.dumps({"alerts": [alert]}).encode()


def test_an_alert_counts_once_however_often_it_is_told() -> None:
    alerts = Alerts()
    for body in (
        told("TeamSilent", "a"),
        told("TeamSilent", "a"),
        told("TeamSilent", "a", status="resolved"),
        told("TeamSilent", "b"),
        told("TeamSilent", "a", "2026-03-02T09:00:00Z"),
        told("CadNotInformed", "c"),
    ):
        assert alerts.take(body) == 204
    assert alerts.fired == {"TeamSilent": 3, "CadNotInformed": 1}


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"alerts": [{}]}', b'{"alerts": 3}', b"\xff"])
def test_what_is_no_alert_is_refused(body: bytes) -> None:
    alerts = Alerts()
    assert alerts.take(body) == 400
    assert not alerts.fired
