"""Indianapolis' clinician-led teams: Downtown by day, then district by district around the clock."""

import pytest

from tests.deploy.programmes.desk import ladder, result

AGENCY = "indianapolis-in-clcr"
TEAM = "clinician-led"


@pytest.mark.parametrize(
    ("at", "district", "comes"),
    [
        ("2023-06-30T12:00", "Downtown", "default: no-programme"),
        ("2023-07-01T10:00", "Downtown", TEAM),
        ("2023-07-01T09:59", "Downtown", "default: outside-hours"),
        ("2023-07-01T19:59", "Downtown", TEAM),
        ("2023-07-01T20:00", "Downtown", "default: outside-hours"),
        ("2023-07-04T12:00", "Downtown", TEAM),
        ("2023-07-01T12:00", "East", "default: no-rollout"),
        ("2023-12-31T23:59", "Downtown", "default: outside-hours"),
        ("2024-01-01T00:00", "Downtown", TEAM),
        ("2024-12-30T12:00", "East", "default: not-started"),
        ("2024-12-31T12:00", "East", TEAM),
        ("2025-01-30T12:00", "North", "default: no-rollout"),
        ("2025-01-31T12:00", "North", TEAM),
        ("2025-09-30T12:00", "Southeast", "default: no-rollout"),
        ("2025-10-01T12:00", "Southeast", TEAM),
        ("2025-10-01T12:00", "Northwest", "default: no-rollout"),
        ("2024-11-03T01:30-04:00", "Downtown", TEAM),  # both times
        ("2024-11-03T01:30-05:00", "Downtown", TEAM),
        ("2025-03-09T03:00", "East", TEAM),
    ],
)
def test_hours_and_districts(at: str, district: str, comes: str) -> None:
    assert result(AGENCY, at=at, code="MENTAL HEALTH", district=district) == comes


@pytest.mark.parametrize(
    ("code", "facts", "comes"),
    [
        ("DISTURBANCE", {}, "default: category-not-taken"),
        ("MENTAL HEALTH VIOLENT", {}, "default: level-sends-default"),
        ("SUICIDE", {"suicide": "ideation"}, TEAM),
        ("SUICIDE", {"suicide": "not-asked"}, "ask: suicide"),
        ("MENTAL HEALTH", {"violence": "threat"}, "default: level-sends-default"),
        ("MENTAL HEALTH", {"weapon": "present"}, "default: level-sends-default"),
    ],
)
def test_codes_and_facts(code: str, facts: dict[str, str], comes: str) -> None:
    assert result(AGENCY, at="2023-07-03T12:00", code=code, district="Downtown", facts=facts) == comes


@pytest.mark.parametrize(
    ("asker", "comes"),
    [
        ("caller", TEAM),
        ("officer", "default: asker-not-allowed"),
    ],
)
def test_who_may_ask(asker: str | None, comes: str) -> None:
    assert result(AGENCY, at="2023-07-03T12:00", code="DISTURBANCE", district="Downtown", requested_by=asker) == comes


@pytest.mark.parametrize(
    ("at", "levels"),
    [
        ("2023-07-03T12:00", "0111 01111 001 001 0011"),
        ("2024-07-03T12:00", "0111 01111 001 001 0011"),
        ("2025-07-03T12:00", "0111 01111 001 001 0011"),
        ("2025-11-03T12:00", "0111 01111 001 001 0011"),
    ],
)
def test_what_each_hazard_raises_to(at: str, levels: str) -> None:
    names = ("weapon", "violence", "crime", "injury", "suicide")
    assert ladder(AGENCY, at=at, code="SUICIDE", district="Downtown") == dict(zip(names, levels.split(), strict=True))
