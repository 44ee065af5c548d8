"""Oakland's MACRO: contacts of its own first, dispatch later."""

from datetime import timedelta
from typing import Any

import pytest

from tests.deploy.programmes.desk import instant, ladder, result

AGENCY = "oakland-ca"
TEAM = "macro"


@pytest.mark.parametrize(
    ("at", "district", "asker", "comes"),
    [
        ("2022-04-29T12:00", "East Oakland", "self", "default: no-programme"),
        ("2022-04-30T07:00", "East Oakland", "self", TEAM),
        ("2022-04-30T06:59", "East Oakland", "self", "default: outside-hours"),
        ("2022-04-30T22:59", "West Oakland", "self", TEAM),
        ("2022-04-30T23:00", "West Oakland", "self", "default: outside-hours"),
        ("2022-07-04T12:00", "East Oakland", "self", TEAM),
        ("2022-04-30T12:00", "Rest of city", "self", "default: no-rollout"),
        ("2022-04-30T12:00", "East Oakland", None, "default: category-not-taken"),
        ("2022-04-30T12:00", "East Oakland", "officer", "default: asker-not-allowed"),
        ("2022-09-30T12:00", "East Oakland", None, TEAM),
        ("2022-09-30T12:00", "Berkeley", None, "default: district-unknown"),
    ],
)
def test_hours_areas_and_who_starts(at: str, district: str, asker: str | None, comes: str) -> None:
    assert result(AGENCY, at=at, code="SLEEPER", district=district, requested_by=asker) == comes


@pytest.mark.parametrize(
    ("code", "facts", "comes"),
    [
        ("PANHANDLING", {}, TEAM),
        ("FIGHT", {}, "default: level-sends-default"),
        ("SLEEPER", {"injury": "cannot-tell"}, "ask: injury"),
    ],
)
def test_codes_and_facts(code: str, facts: dict[str, str], comes: str) -> None:
    assert result(AGENCY, at="2022-10-01T12:00", code=code, district="East Oakland", facts=facts) == comes


@pytest.mark.parametrize(("minutes", "comes"), [(15, TEAM), (16, "default: stale")])
def test_a_call_that_is_hours_old_is_stale(minutes: int, comes: str) -> None:
    at = instant(AGENCY, "2022-10-01T12:00")
    case: dict[str, Any] = {
        "code": "SLEEPER",
        "district": "East Oakland",
        "updated_at": at - timedelta(minutes=minutes),
    }
    assert result(AGENCY, at="2022-10-01T12:00", **case) == comes


@pytest.mark.parametrize(
    ("at", "levels"),
    [
        ("2022-05-01T12:00", "0111 01111 001 001 0011"),
        ("2022-10-01T12:00", "0111 01111 001 001 0011"),
    ],
)
def test_what_each_hazard_raises_to(at: str, levels: str) -> None:
    names = ("weapon", "violence", "crime", "injury", "suicide")
    assert ladder(AGENCY, at=at, code="SLEEPER", district="East Oakland") == dict(
        zip(names, levels.split(), strict=True)
    )
