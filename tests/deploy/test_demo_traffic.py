"""The made-up city is the same for the same seed, and is as mixed as it says."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from datetime import UTC, datetime

from deploy.actors.story import CANARY, Sending
from deploy.demo.traffic import DISTRICTS, HOURLY, city
from services.intake.flat import FlatCall

START = datetime(2024, 5, 1, 12, 0, tzinfo=UTC)
SECONDS = 600.0


def test_the_same_seed_gives_the_same_calls_and_another_others() -> None:
    assert city(7, 60, 5) == city(7, 60, 5)
    assert city(7, 60, 5) != city(8, 60, 5)


def test_everything_in_it_is_taken_by_intake() -> None:
    for sending in city(1, 120, 5):
        call = FlatCall.model_validate_json(json.dumps(sending.flat(START)))
        assert call.created_at <= call.updated_at


def test_the_mix() -> None:
    sendings = city(3, SECONDS, 8)
    first: dict[str, Sending] = {}
    versions: defaultdict[str, list[tuple[str, float, float]]] = defaultdict(list)
    for sending in sendings:
        incident = sending.body["incident_id"]
        first.setdefault(incident, sending)
        versions[incident].append((sending.body["event_id"], sending.at_seconds, sending.updated_seconds or 0))
    types = Counter(sending.body["call_type"]["code"] for sending in first.values())
    share = {code: 100 * count / len(first) for code, count in types.items()}
    assert 2.5 < share["MENTAL"] < 4.5
    assert 6.5 < share["CHECK WELFARE"] < 9.5
    assert 18 < share["TRAFFIC"] < 26
    statuses = Counter(sending.body.get("status", "active") for sending in sendings)
    assert min(statuses[status] for status in ("active", "cancelled", "closed", "reopened")) > 10
    ids = [[event_id for event_id, _, _ in told] for told in versions.values()]
    assert any(len(set(told)) < len(told) for told in ids), "no version was sent twice"
    assert max(len(set(told)) for told in ids) > 6
    late = [told for told in versions.values() if [made for *_, made in told] != sorted(made for *_, made in told)]
    assert late, "no version came late"
    assert {sending.body.get("district") for sending in sendings} == {*DISTRICTS, None}


def test_the_rhythm_of_the_day() -> None:
    begins = Counter(
        int(sending.created_seconds // (SECONDS / 24))
        for sending in city(2, SECONDS, 20)
        if sending.created_seconds is not None and sending.body["event_id"].endswith("-1")
    )
    night, evening = sum(begins[hour] for hour in (3, 4, 5)), sum(begins[hour] for hour in (16, 17, 18))
    assert abs(evening / night - sum(HOURLY[16:19]) / sum(HOURLY[3:6])) < 1


def test_what_is_personal_is_marked() -> None:
    body = city(1, 30, 5)[0].body
    for name in ("address", "callback_number", "caller_name", "narrative"):
        assert CANARY in body[name]
    open_part = {
        name: value
        for name, value in body.items()
        if name not in ("address", "callback_number", "caller_name", "narrative")
    }
    assert CANARY not in json.dumps(open_part)
