"""St Petersburg's CALL: with police, without, and until two in the night, where the clocks change."""

import pytest

from tests.deploy.programmes.desk import crew, ladder, result, verdict

AGENCY = "st-petersburg-fl"
CITY, TEAM = "St Petersburg", "navigators"


@pytest.mark.parametrize(
    ("at", "comes"),
    [
        ("2021-02-27T09:00", "default: no-programme"),
        ("2021-02-28T08:00", TEAM),
        ("2021-02-28T07:59", "default: outside-hours"),
        ("2021-02-28T23:59", TEAM),
        ("2021-03-01T00:00", "default: outside-hours"),
        ("2021-06-01T23:59", TEAM),  # "8 AM-12 PM" until midnight
        ("2021-06-02T00:00", "default: outside-hours"),
        ("2021-12-25T09:00", TEAM),
        ("2025-10-27T13:00", TEAM),
        ("2025-10-27T01:30", "default: outside-hours"),
        ("2025-10-28T13:00", TEAM),
        ("2025-10-29T01:59", TEAM),
        ("2025-10-29T02:00", "default: outside-hours"),
        ("2025-11-02T01:30-04:00", TEAM),  # the hour that comes twice
        ("2025-11-02T01:30-05:00", TEAM),
        ("2025-11-02T02:00", "default: outside-hours"),
        ("2026-03-08T01:59", TEAM),
        ("2026-03-08T03:00", "default: outside-hours"),  # 02:00 did not come
    ],
)
def test_hours(at: str, comes: str) -> None:
    assert result(AGENCY, at=at, code="TRUANCY", district=CITY) == comes


@pytest.mark.parametrize(
    ("at", "code", "facts", "comes"),
    [
        ("2021-03-01T09:00", "SUICIDE CRISIS", {"suicide": "threat-or-plan"}, TEAM),
        ("2021-03-01T09:00", "SUICIDE CRISIS", {"suicide": "not-asked"}, "ask: suicide"),
        ("2021-03-01T09:00", "OVERDOSE", {}, "navigators-beside"),
        ("2021-03-01T09:00", "TRUANCY", {"injury": "needs-ems"}, "default: category-not-taken"),
        ("2021-03-01T09:00", "PANHANDLING", {"crime": "reported"}, "default: level-sends-default"),
        ("2021-03-01T09:00", "BURGLARY", {}, "default: level-sends-default"),
        ("2021-06-01T09:00", "SUICIDE CRISIS", {"suicide": "threat-or-plan"}, TEAM),
        ("2021-06-01T09:00", "SUICIDE CRISIS", {"suicide": "not-asked"}, "ask: suicide"),
        ("2021-06-01T09:00", "OVERDOSE", {}, "navigators-beside"),
        ("2021-06-01T09:00", "TRUANCY", {"injury": "needs-ems"}, "default: category-not-taken"),
        ("2021-06-01T09:00", "PANHANDLING", {"crime": "reported"}, "default: level-sends-default"),
        ("2021-06-01T09:00", "BURGLARY", {}, "default: level-sends-default"),
    ],
)
def test_codes_and_facts(at: str, code: str, facts: dict[str, str], comes: str) -> None:
    assert result(AGENCY, at=at, code=code, district=CITY, facts=facts) == comes


@pytest.mark.parametrize(("at", "officer"), [("2021-03-01T09:00", True), ("2021-06-01T09:00", False)])
def test_police_ride_along_until_the_end_of_may(at: str, officer: bool) -> None:  # noqa: FBT001
    (team,) = verdict(AGENCY, at=at, code="TRUANCY", district=CITY).responses
    assert ("officer" in team.crew) == officer


@pytest.mark.parametrize("at", ["2021-03-01T09:00", "2021-06-01T09:00", "2025-11-01T22:00"])
@pytest.mark.parametrize("team", [TEAM, "navigators-beside"])
def test_two_navigators(at: str, team: str) -> None:
    assert [place for place in crew(AGENCY, team, at=at) if place != "officer"] == ["navigator", "navigator"]


def test_outside_the_city() -> None:
    assert result(AGENCY, at="2021-03-01T09:00", code="TRUANCY", district="Tampa") == "default: district-unknown"


@pytest.mark.parametrize(
    ("at", "levels"),
    [
        ("2021-03-01T09:00", "0222 02222 022 001 0002"),
        ("2021-06-01T09:00", "0222 02222 022 001 0002"),
        ("2025-11-01T22:00", "0222 02222 022 001 0002"),
    ],
)
def test_what_each_hazard_raises_to(at: str, levels: str) -> None:
    names = ("weapon", "violence", "crime", "injury", "suicide")
    assert ladder(AGENCY, at=at, code="TRUANCY", district=CITY) == dict(zip(names, levels.split(), strict=True))
