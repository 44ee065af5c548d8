"""Portland Street Response: strict exclusions, Lents first."""

from typing import Any

import pytest

from tests.deploy.programmes.desk import ladder, result

AGENCY = "portland-or"
OUTSIDE = {"location_kind": "public-outside"}
TEAM = "street-response"
EXCLUDED = "default: level-sends-default"


@pytest.mark.parametrize(
    ("at", "district", "comes"),
    [
        ("2021-02-26T12:00", "Lents", "default: no-programme"),
        ("2021-03-01T10:00", "Lents", TEAM),  # Monday
        ("2021-03-01T09:59", "Lents", "default: outside-hours"),
        ("2021-03-01T19:59", "Lents", TEAM),
        ("2021-03-01T20:00", "Lents", "default: outside-hours"),
        ("2021-03-06T12:00", "Lents", "default: outside-days"),  # Saturday
        ("2021-05-31T12:00", "Lents", "default: holiday"),
        ("2021-03-01T12:00", "Rest of city", "default: no-rollout"),
        ("2022-03-30T12:00", "Rest of city", "default: no-rollout"),
        ("2022-03-31T08:00", "Rest of city", TEAM),
        ("2022-03-31T07:59", "Rest of city", "default: outside-hours"),
        ("2022-04-02T21:59", "Rest of city", TEAM),  # Saturday
        ("2022-04-02T22:00", "Rest of city", "default: outside-hours"),
        ("2025-10-31T05:59", "Lents", "default: outside-hours"),
        ("2025-10-31T06:00", "Lents", TEAM),
        ("2025-10-31T23:59", "Lents", TEAM),
        ("2025-11-01T00:00", "Lents", "default: outside-hours"),
        ("2025-11-02T01:30-07:00", "Lents", "default: outside-hours"),  # the repeated hour is closed, both times
        ("2025-11-02T01:30-08:00", "Lents", "default: outside-hours"),
    ],
)
def test_hours_and_area(at: str, district: str, comes: str) -> None:
    assert result(AGENCY, at=at, code="BEHAVIORAL HEALTH", district=district, facts=OUTSIDE, of=TEAM) == comes


@pytest.mark.parametrize(
    ("place", "before", "since_2025"),
    [
        ("public-outside", TEAM, TEAM),
        ("public-inside", "default: location-kind-not-met", TEAM),
        ("school", "default: location-kind-not-met", "default: location-kind-not-met"),
        ("facility", "default: location-kind-not-met", "default: location-kind-not-met"),
        ("private-residence", EXCLUDED, EXCLUDED),
        ("traffic", EXCLUDED, EXCLUDED),
        ("unknown", "ask: location_kind", "ask: location_kind"),
    ],
)
def test_residence_and_traffic_are_excluded_and_a_place_must_be_known(place: str, before: str, since_2025: str) -> None:
    case: dict[str, Any] = {"code": "INTOXICATED", "district": "Lents", "facts": {"location_kind": place}, "of": TEAM}
    assert result(AGENCY, at="2022-06-01T12:00", **case) == before
    assert result(AGENCY, at="2025-06-01T12:00", **case) == since_2025


@pytest.mark.parametrize(
    ("place", "comes"),
    [
        ("public-outside", "street-response-outside"),
        ("public-inside", "default: category-not-taken, location-kind-not-met"),
    ],
)
def test_who_is_down_or_yells_must_be_outside(place: str, comes: str) -> None:
    for code in ("DOWN NOT CHECKED", "YELLING"):
        assert (
            result(AGENCY, at="2025-06-01T12:00", code=code, district="Lents", facts={"location_kind": place}) == comes
        )


@pytest.mark.parametrize(
    ("facts", "comes"),
    [
        ({}, TEAM),
        ({"suicide": "ideation"}, EXCLUDED),
        ({"suicide": "not-asked"}, "ask: suicide"),
        ({"weapon": "present"}, EXCLUDED),
        ({"violence": "threat"}, EXCLUDED),
        ({"injury": "not-asked"}, "ask: injury"),
    ],
)
def test_exclusions(facts: dict[str, str], comes: str) -> None:
    case: dict[str, Any] = {"at": "2022-06-01T12:00", "district": "Lents", "code": "DOWN NOT CHECKED"}
    assert result(AGENCY, facts=OUTSIDE | facts, **case) == comes


@pytest.mark.parametrize(
    ("wants", "code", "comes"),
    [
        ("alternative", "UNWANTED PERSON", TEAM),
        ("none", "UNWANTED PERSON", "default: category-not-taken"),
        ("police", "INTOXICATED", EXCLUDED),
    ],
)
def test_callers_wishes(wants: str, code: str, comes: str) -> None:
    case: dict[str, Any] = {"at": "2022-06-01T12:00", "district": "Lents", "facts": OUTSIDE}
    assert result(AGENCY, code=code, caller_wants=wants, **case) == comes


@pytest.mark.parametrize("at", ["2021-03-01T12:00", "2022-06-01T12:00", "2025-06-01T12:00", "2025-11-01T12:00"])
def test_what_each_hazard_raises_to(at: str) -> None:
    hazards = {"weapon": "0111", "violence": "01111", "crime": "001", "injury": "001", "suicide": "0111"}
    assert ladder(AGENCY, at=at, code="INTOXICATED", district="Lents", facts=OUTSIDE) == hazards
