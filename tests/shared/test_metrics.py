"""Every metric is counted somewhere, and says what it means."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY

from services.notification.metrics import watch as notification_watch
from services.team_availability.metrics import watch as team_availability_watch
from services.triage.metrics import watch as triage_watch
from shared import telemetry
from shared.contracts import example_of
from shared.events import EVENTS, Event

ROOT = Path(__file__).parents[2]
METRICS = {name: one for name, one in vars(telemetry).items() if hasattr(one, "_documentation")}


def example(name: str, **fields: Any) -> Event:
    """An event with every field filled."""
    return EVENTS[name].model_validate({**example_of(EVENTS[name]), **fields})


def value(metric: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(metric, labels) or 0.0


@pytest.mark.parametrize(
    ("watch", "event", "metric", "labels"),
    [
        (triage_watch, example("call-triaged"), "careroute_calls_triaged_total", {"suitability": "suitable"}),
        (triage_watch, example("call-triaged"), "careroute_unlisted_total", {"kind": "unlisted"}),
        (triage_watch, example("district-paused", changed_by="careroute"), "careroute_automatic_pauses_total", {}),
        (triage_watch, example("referral-overdue"), "careroute_referrals_overdue_total", {}),
        (team_availability_watch, example("call-routed"), "careroute_outcomes_total", {"outcome": "team-accepted"}),
        (team_availability_watch, example("offer-accepted"), "careroute_offers_total", {"ended": "accepted"}),
        (team_availability_watch, example("offer-declined"), "careroute_offers_total", {"ended": "declined"}),
        (team_availability_watch, example("offer-expired"), "careroute_offers_total", {"ended": "expired"}),
        (team_availability_watch, example("offer-withdrawn"), "careroute_offers_total", {"ended": "withdrawn"}),
        (
            team_availability_watch,
            example("assignment-unconfirmed"),
            "careroute_assignments_unconfirmed_total",
            {},
        ),
        (team_availability_watch, example("safety-check-missed"), "careroute_safety_checks_missed_total", {}),
        (notification_watch, example("page-delivered"), "careroute_pages_total", {"ended": "delivered"}),
        (notification_watch, example("cad-not-informed", alarm=True), "careroute_cad_not_informed_total", {}),
    ],
)
def test_an_event_is_counted_once(watch: Any, event: Event, metric: str, labels: dict[str, str]) -> None:
    before = value(metric, agency="watched", **labels)
    watch("watched", event)
    assert value(metric, agency="watched", **labels) == before + 1


def test_a_clock_that_is_wrong_is_shown_with_its_offset() -> None:
    triage_watch("watched", example("cad-clock-noted", source="dane", offset_seconds=-960))
    assert value("careroute_cad_clock_offset_seconds", agency="watched", source="dane") == -960


@pytest.mark.parametrize("name", sorted(METRICS))
def test_a_metric_has_a_meaning_and_is_moved_somewhere(name: str) -> None:
    assert len(METRICS[name]._documentation) > 10
    code = "".join(path.read_text("utf-8") for part in ("shared", "services") for path in (ROOT / part).rglob("*.py"))
    assert len(re.findall(rf"\b{name}\b", code)) >= 2, f"{name} is declared and never moved"


def test_an_alert_is_called_one() -> None:
    """What the README says to alert on is what the metrics say of themselves."""
    readme = (ROOT / "README.md").read_text("utf-8")
    alerts = {one._name for one in METRICS.values() if "ALERT" in one._documentation}
    assert alerts == {name.removesuffix("_total") for name in re.findall(r"careroute_\w+", readme)}
