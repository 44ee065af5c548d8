"""A Prometheus that is played: processes, owners, alerts, and two curves for whatever it is asked."""

from __future__ import annotations

from typing import Any

import httpx

from tests.services.console.driver import AGENCY, OTHER_AGENCY

SINCE = "2026-03-02T08:00:00Z"


def series(value: str, **labels: str) -> dict[str, Any]:
    return {"metric": labels, "value": [1772438400.0, value]}


SAMPLES = {
    "up": [
        series("1", job="triage", instance="triage-1"),
        series("0", job="triage", instance="triage-2"),
        series("1", job="intake", instance="intake-1"),
    ],
    "process_start_time_seconds": [series("1772438400", job="triage", instance="triage-1")],
    "careroute_build_info": [series("1", job="triage", instance="triage-1", version="0.1.0", decider="7")],
    "careroute_owned_partitions": [series("2", job="triage", instance="triage-1")],
    "careroute_partition_owner": [
        series("1", topic="decisions", partition="0", instance="triage-1"),
        series("0", topic="decisions", partition="0", instance="triage-2"),
        series("0", topic="decisions", partition="10", instance="triage-1"),
        series("0", topic="decisions", partition="2", instance="triage-2"),
    ],
}


def alert(name: str, severity: str, state: str = "firing", **labels: str) -> dict[str, Any]:
    annotations = {"summary": f"{name} <b>is</b> told.", "runbook_url": "javascript:alert(1)"}
    return {
        "labels": {"alertname": name, "severity": severity, **labels},
        "annotations": annotations,
        "state": state,
        "activeAt": SINCE,
        "value": "1e+00",
    }


ALERTS = [
    alert("InstanceDown", "ticket", job="triage"),
    alert("TeamSilent", "page", agency=AGENCY),
    alert("CadNotInformed", "page", agency=OTHER_AGENCY),
    alert("ClockSkew", "ticket", state="pending"),
]


def stretch(request: httpx.Request) -> list[dict[str, Any]]:
    """Two series, with holes, and a value that is none."""
    asked = request.url.params
    start, step = int(asked["start"]), int(asked["step"])
    values = [[start + place * step, str(place)] for place in range(31) if place % 7] + [[start, "NaN"]]
    return [{"metric": {"agency": AGENCY, "service": name}, "values": values} for name in ("triage", "<i>")]


def prometheus(request: httpx.Request) -> httpx.Response:
    what = request.url.path.rpartition("/")[2]
    answers: dict[str, Any] = {
        "query": lambda: {"result": SAMPLES[request.url.params["query"]]},
        "query_range": lambda: {"result": stretch(request)},
        "alerts": lambda: {"alerts": ALERTS},
    }
    return httpx.Response(200, json={"status": "success", "data": answers[what]()})
