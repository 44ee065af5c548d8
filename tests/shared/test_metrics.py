"""Every metric is counted somewhere, and says what it means."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args

import pytest
from prometheus_client import REGISTRY, Gauge, Metric

from deploy.local.programs import SERVICES
from services.notification.callbacks.answering import TextResult
from services.notification.carriers.order import COUNTED_APART
from services.notification.deciding.receipts import EVIDENCE
from services.notification.metrics import PAGE_ENDS
from services.notification.metrics import watch as notification_watch
from services.reporting.auditor.auditing import Result
from services.reporting.store.write import Written
from services.team_availability.metrics import watch as team_availability_watch
from services.triage.metrics import watch as triage_watch
from shared import telemetry
from shared.carriers import CarrierName, Channel
from shared.contracts import example_of
from shared.engine.service import EffectResult
from shared.events import EVENTS, ContactKind, Event, OfferEnd, Outcome
from shared.judgement import Suitability

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
        (
            notification_watch,
            example("page-received", evidence="shown", kind="push"),
            "careroute_pages_received_total",
            {"kind": "push", "evidence": "shown"},
        ),
        *(
            (
                notification_watch,
                example("page-undelivered", why=why, kind="sms"),
                "careroute_pages_undelivered_total",
                {"kind": "sms", "why": lies_with},
            )
            for why, lies_with in (("unregistered", "ours"), ("landline", "number"), ("busy", "moment"))
        ),
        (notification_watch, example("contact-broken", why="gone"), "careroute_ways_lost_total", {"why": "broken"}),
        (
            notification_watch,
            example("contact-broken", why="unproved"),
            "careroute_ways_lost_total",
            {"why": "unproved"},
        ),
        (notification_watch, example("contact-opted-out"), "careroute_ways_lost_total", {"why": "opted-out"}),
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


# --- counters begin at 0

COUNTERS = {name: metric for name, metric in METRICS.items() if metric._type == "counter"}
CANNOT_BEGIN = {"ALERTS_ACKNOWLEDGED", "EVENTS", "REQUESTS", "UNLISTED"}
"""Types, paths, statuses and kinds that nobody lists; no alert stands on them."""


def test_every_counter_begins_at_0_but_those_that_nobody_could_list() -> None:
    beginning = {id(each.counter) for each in telemetry._BEGINNINGS}
    assert {name for name, metric in COUNTERS.items() if id(metric) not in beginning} == CANNOT_BEGIN
    assert not any("ALERT" in COUNTERS[name]._documentation for name in CANNOT_BEGIN)
    assert all(metric._labelnames for metric in COUNTERS.values())


def test_the_values_that_a_label_begins_with_are_all_that_it_can_have() -> None:
    closed = {
        (each.counter._name, label): set(values)
        for each in telemetry._BEGINNINGS
        for label, values in each.labels.items()
        if values
    }
    assert closed == {
        ("careroute_calls_triaged", "suitability"): set(get_args(Suitability)),
        ("careroute_outcomes", "outcome"): set(get_args(Outcome)),
        ("careroute_offers", "ended"): set(get_args(OfferEnd)),
        ("careroute_pages", "ended"): set(PAGE_ENDS.values()),
        ("careroute_pages_received", "kind"): set(get_args(ContactKind)),
        ("careroute_pages_received", "evidence"): set(EVIDENCE.values()),
        ("careroute_pages_undelivered", "kind"): set(get_args(ContactKind)),
        ("careroute_pages_undelivered", "why"): {"ours", "number", "moment"},
        ("careroute_ways_lost", "why"): {"broken", "unproved", "opted-out"},
        ("careroute_pages_handed", "kind"): set(get_args(ContactKind)),
        ("careroute_pages_handed", "ended"): {"done", "failed"},
        ("careroute_carrier_answers", "carrier"): set(get_args(CarrierName)),
        ("careroute_carrier_answers", "ended"): {"taken", "refused", "unknown", "not-taken", *COUNTED_APART},
        ("careroute_pages_near_limit", "kind"): set(get_args(Channel)),
        ("careroute_pages_near_limit", "result"): {"sent", "stopped"},
        ("careroute_callbacks", "carrier"): set(get_args(CarrierName)),
        ("careroute_callbacks", "result"): {"news", "call", "key", "text", "forged", "not-understood", "away"},
        ("careroute_look_ups", "carrier"): set(get_args(CarrierName)),
        ("careroute_look_ups", "result"): {"news", "none", "failed"},
        ("careroute_inbound_texts", "result"): set(get_args(TextResult)),
        ("careroute_effects", "result"): set(get_args(EffectResult)),
        ("careroute_snapshots_not_saved", "why"): {"too-large", "unavailable", "failed"},
        ("careroute_audit_runs", "result"): set(get_args(Result)),
        ("careroute_audit_lists", "result"): {"taken", "refused"},
        ("careroute_audit_heartbeats", "result"): {"sent", "failed", "off"},
        ("careroute_report_records", "result"): {field.name for field in fields(Written)},
        ("careroute_probe_results", "result"): {"seen", "missed"},
    }


def test_whoever_counts_for_an_agency_is_a_process_there_is() -> None:
    assert {each.by for each in telemetry._BEGINNINGS if "agency" in each.given} <= SERVICES.keys()


@pytest.mark.parametrize(
    ("service", "given"),
    [("triage", {}), ("team-availability", {}), ("notification", {}), ("intake", {"source": "cad"})],
)
def test_an_agency_begins_at_0_in_the_process_that_counts_for_it(service: str, given: dict[str, str]) -> None:
    telemetry.begin(service, agency=f"new-to-{service}", **given)
    begun = {
        sample.name: sample.value
        for metric in REGISTRY.collect()
        for sample in metric.samples
        if sample.labels.get("agency") == f"new-to-{service}"
    }
    expected = {f"{each.counter._name}_total" for each in telemetry._BEGINNINGS if each.by == service}
    assert begun == dict.fromkeys(expected, 0.0)
    assert begun


def test_beginning_again_takes_nothing_back() -> None:
    telemetry.begin("triage", agency="counted")
    telemetry.PAUSED_ITSELF.labels("counted").inc()
    telemetry.begin("triage", agency="counted")
    assert value("careroute_automatic_pauses_total", agency="counted") == 1


def test_an_info_says_one_thing_at_a_time() -> None:
    telemetry.set_info(telemetry.PROGRAMME, "informed", "1", "a" * 64)
    telemetry.set_info(telemetry.PROGRAMME, "informed", "2", "b" * 64)
    assert value("careroute_programme_info", agency="informed", version="2", hash="b" * 64) == 1
    assert (
        REGISTRY.get_sample_value("careroute_programme_info", {"agency": "informed", "version": "1", "hash": "a" * 64})
        is None
    )


def test_an_info_of_one_agency_is_set_without_a_look_at_all_the_others() -> None:
    """A console of three thousand agencies sets each, every second."""

    class Unlooked(Gauge):
        def collect(self) -> Iterable[Metric]:
            raise AssertionError

    info = Unlooked("info", "1: so it is.", ["agency", "version"], registry=None)
    for version in ("1", "2", "2"):
        for agency in ("one", "other"):
            telemetry.set_info(info, agency, version)
    assert [sample.labels for sample in info._samples()] == [
        {"agency": "one", "version": "2"},
        {"agency": "other", "version": "2"},
    ]


def test_nothing_personal_is_a_label() -> None:
    allowed = {
        "agency", "broker", "carrier", "decider", "district", "door", "ended", "evidence", "file", "hash", "invariant",
        "key", "kind", "method", "outcome", "partition", "path", "result", "service", "source", "stage", "state",
        "status", "suitability", "topic", "type", "use", "version", "why",
    }  # fmt: skip
    assert {label for metric in METRICS.values() for label in metric._labelnames} == allowed
