"""Los Angeles: level 4 until somebody assessed the call; areas, and the 988 line."""

import pytest

from tests.deploy.programmes.desk import ladder, result

AGENCY = "los-angeles-ca"
ASSESSED = {"triage_level": "2"}
TEAM = "unarmed-team"


@pytest.mark.parametrize(
    ("at", "district", "comes"),
    [
        ("2024-04-01T12:00", "Wilshire", "default: no-programme"),
        ("2024-04-02T03:00", "Wilshire", TEAM),
        ("2024-12-25T03:00", "Southeast", TEAM),
        ("2024-04-02T12:00", "Central", "default: no-rollout"),
        ("2024-04-02T12:00", "Olympic", "default: district-unknown"),
        ("2024-09-29T12:00", "West LA", "default: district-unknown"),
        ("2024-09-30T12:00", "West LA", TEAM),
        ("2024-11-03T01:30-07:00", "Devonshire", TEAM),  # both times
        ("2024-11-03T01:30-08:00", "Devonshire", TEAM),
        ("2025-03-09T01:59", "Devonshire", TEAM),
        ("2025-03-09T03:00", "Devonshire", TEAM),
    ],
)
def test_day_and_night_by_area(at: str, district: str, comes: str) -> None:
    assert result(AGENCY, at=at, code="CONFLICT", district=district, facts=ASSESSED, of=TEAM) == comes


@pytest.mark.parametrize(
    ("code", "facts", "comes"),
    [
        ("SUICIDE THREAT", {"triage_level": "1"}, "unarmed-team + line-988"),
        ("SUICIDE THREAT", {"triage_level": "3"}, "line-988"),
        ("CONFLICT", {"triage_level": "3"}, "default: category-not-taken"),
        ("CONFLICT", {"triage_level": "4"}, "default: level-sends-default"),
        ("CONFLICT", {"triage_level": "not-asked"}, "ask: triage_level"),
        ("SUICIDE THREAT", {"triage_level": "2", "suicide": "threat-or-plan"}, "line-988"),
        ("SUICIDE THREAT", {"triage_level": "2", "suicide": "attempt"}, "default: level-sends-default"),
        ("ASSAULT", {"triage_level": "1"}, "default: level-sends-default"),
    ],
)
def test_the_county_matrix(code: str, facts: dict[str, str], comes: str) -> None:
    found = result(AGENCY, at="2024-04-02T12:00", code=code, district="Wilshire", facts=facts)
    assert found == comes


def test_elsewhere_only_the_line_is_there() -> None:
    case = {"at": "2024-04-02T12:00", "code": "SUICIDE THREAT", "district": "Central"}
    assert result(AGENCY, facts=ASSESSED, **case) == "line-988"


@pytest.mark.parametrize(
    ("at", "levels"),
    [
        ("2024-04-02T12:00", "0222 02222 022 002 0012 0012"),
        ("2024-10-01T12:00", "0222 02222 022 002 0012 0012"),
    ],
)
def test_what_each_hazard_raises_to(at: str, levels: str) -> None:
    names = ("weapon", "violence", "crime", "injury", "suicide", "triage_level")
    assert ladder(AGENCY, at=at, code="CONFLICT", district="Wilshire") == dict(zip(names, levels.split(), strict=True))
