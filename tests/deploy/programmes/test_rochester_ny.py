"""Rochester's Person in Crisis: without police at first, then with them too."""

import pytest

from tests.deploy.programmes.desk import crew, ladder, result

AGENCY = "rochester-ny"
CITY, TEAM = "Rochester", "person-in-crisis"


@pytest.mark.parametrize(
    ("at", "comes"),
    [
        ("2021-01-20T12:00", "default: no-programme"),
        ("2021-01-21T00:00", TEAM),
        ("2021-01-23T04:00", TEAM),  # Saturday
        ("2021-12-25T12:00", TEAM),
        ("2021-03-14T01:59", TEAM),
        ("2021-03-14T03:00", TEAM),
        ("2021-11-07T01:30-04:00", TEAM),  # both times
        ("2021-11-07T01:30-05:00", TEAM),
    ],
)
def test_day_and_night(at: str, comes: str) -> None:
    assert result(AGENCY, at=at, code="MENTAL HEALTH", district=CITY) == comes


@pytest.mark.parametrize(
    ("at", "code", "facts", "comes"),
    [
        ("2021-02-01T12:00", "SUBSTANCE USE", {}, TEAM),
        ("2021-02-01T12:00", "CHECK WELFARE", {}, "default: category-not-taken"),
        ("2021-08-01T12:00", "CHECK WELFARE", {}, TEAM),
        ("2021-08-01T12:00", "NOISE", {}, "default: category-not-taken"),
        ("2021-02-01T12:00", "OVERDOSE", {}, "default: level-sends-default"),
        ("2021-02-01T12:00", "MENTAL HEALTH", {"weapon": "elsewhere"}, "default: level-sends-default"),
        ("2021-08-01T12:00", "MENTAL HEALTH", {"weapon": "elsewhere"}, "with-police"),
        ("2021-02-01T12:00", "MENTAL HEALTH", {"injury": "minor"}, "default: level-sends-default"),
        ("2021-08-01T12:00", "MENTAL HEALTH", {"injury": "minor"}, "default: level-sends-default"),
        ("2021-02-01T12:00", "MENTAL HEALTH", {"crime": "not-asked"}, "ask: crime"),
        ("2021-08-01T12:00", "MENTAL HEALTH", {"weapon": "present"}, "default: level-sends-default"),
    ],
)
def test_codes_and_exclusions(at: str, code: str, facts: dict[str, str], comes: str) -> None:
    assert result(AGENCY, at=at, code=code, district=CITY, facts=facts) == comes


@pytest.mark.parametrize(
    ("at", "asker", "comes"),
    [
        ("2021-02-01T12:00", "officer", "default: asker-not-allowed"),
        ("2021-02-01T12:00", "caller", TEAM),
        ("2021-08-01T12:00", "officer", TEAM),
    ],
)
def test_police_may_call_the_team_only_later(at: str, asker: str | None, comes: str) -> None:
    assert result(AGENCY, at=at, code="NOISE", district=CITY, requested_by=asker) == comes


def test_outside_the_city() -> None:
    assert result(AGENCY, at="2021-02-01T12:00", code="MENTAL HEALTH", district="Greece") == "default: district-unknown"


@pytest.mark.parametrize("at", ["2021-02-01T12:00", "2021-08-01T12:00"])
def test_two_social_workers_or_counsellors(at: str) -> None:
    assert crew(AGENCY, TEAM, at=at) == ("clinician", "clinician")
    assert crew(AGENCY, "with-police", at="2021-08-01T12:00") == ("clinician", "clinician")


@pytest.mark.parametrize(
    ("at", "levels"),
    [
        ("2021-02-01T12:00", "0111 01111 011 011 0011"),
        ("2021-08-01T12:00", "0122 01122 012 022 0012"),
    ],
)
def test_what_each_hazard_raises_to(at: str, levels: str) -> None:
    names = ("weapon", "violence", "crime", "injury", "suicide")
    assert ladder(AGENCY, at=at, code="MENTAL HEALTH", district=CITY) == dict(zip(names, levels.split(), strict=True))
