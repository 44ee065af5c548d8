"""Atlanta by 311: a source of its own, zone by zone."""

import pytest

from tests.deploy.programmes.desk import crew, ladder, result

AGENCY = "atlanta-ga"
TEAM = "community-response"


@pytest.mark.parametrize(
    ("at", "district", "comes"),
    [
        ("2021-01-29T12:00", "5", "default: no-programme"),
        ("2021-02-01T07:00", "5", TEAM),  # Monday
        ("2021-02-01T06:59", "5", "default: outside-hours"),
        ("2021-02-01T18:59", "6", TEAM),
        ("2021-02-01T19:00", "6", "default: outside-hours"),
        ("2021-02-06T12:00", "5", "default: outside-days"),  # Saturday
        ("2021-05-31T12:00", "5", "default: holiday"),
        ("2021-02-01T12:00", "1", "default: no-rollout"),
        ("2021-07-30T12:00", "1", "default: no-rollout"),
        ("2021-08-02T12:00", "1", TEAM),
        ("2021-02-01T12:00", "7", "default: district-unknown"),
    ],
)
def test_hours_and_zones(at: str, district: str, comes: str) -> None:
    assert result(AGENCY, at=at, code="BASIC NEEDS", district=district) == comes


@pytest.mark.parametrize(
    ("code", "facts", "comes"),
    [
        ("PUBLIC INDECENCY", {}, TEAM),
        ("POTHOLE", {}, "default: category-not-taken"),
        ("WELFARE", {"weapon": "present"}, "default: level-sends-default"),
        ("WELFARE", {"injury": "not-asked"}, "ask: injury"),
        ("MENTAL HEALTH", {"suicide": "ideation"}, TEAM),
    ],
)
def test_codes_and_facts(code: str, facts: dict[str, str], comes: str) -> None:
    assert result(AGENCY, at="2021-02-01T12:00", code=code, district="5", facts=facts) == comes


def test_calls_of_911_are_not_its_own() -> None:
    case = {"at": "2021-02-01T12:00", "code": "WELFARE", "district": "5"}
    assert result(AGENCY, source="atlanta-911", **case) == "default: other-source"


@pytest.mark.parametrize("at", ["2021-02-01T12:00", "2021-08-02T12:00"])
def test_a_team_of_two(at: str) -> None:
    assert crew(AGENCY, "community-response", at=at) == ("navigator", "navigator")


@pytest.mark.parametrize(
    ("at", "levels"),
    [
        ("2021-02-01T12:00", "0111 01111 001 001 0011"),
        ("2021-08-02T12:00", "0111 01111 001 001 0011"),
    ],
)
def test_what_each_hazard_raises_to(at: str, levels: str) -> None:
    names = ("weapon", "violence", "crime", "injury", "suicide")
    assert ladder(AGENCY, at=at, code="WELFARE", district="5") == dict(zip(names, levels.split(), strict=True))
