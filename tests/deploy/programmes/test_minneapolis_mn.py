"""Minneapolis: no firearm, police present where there is another weapon; hours that grew."""

from typing import Any

import pytest

from tests.deploy.programmes.desk import crew, ladder, result, verdict

AGENCY = "minneapolis-mn"
CITY = "Minneapolis"


@pytest.mark.parametrize(
    ("at", "comes"),
    [
        ("2021-12-30T12:00", "default: no-programme"),
        ("2021-12-31T07:29", "default: outside-hours"),  # Friday
        ("2021-12-31T07:30", "bcr"),
        ("2021-12-31T23:59", "bcr"),
        ("2022-01-01T00:00", "default: outside-days"),  # Saturday
        ("2022-04-29T03:00", "default: outside-hours"),
        ("2022-05-02T03:00", "bcr"),  # Monday
        ("2022-04-30T08:59", "default: outside-hours"),  # Saturday
        ("2022-04-30T09:00", "bcr"),
        ("2022-05-01T15:59", "bcr"),
        ("2022-05-01T16:00", "default: outside-hours"),
        ("2022-11-06T01:30-05:00", "default: outside-hours"),  # Sunday
        ("2024-02-28T03:00", "bcr"),
        ("2024-03-10T01:59", "bcr"),  # Sunday: the missing hour follows
        ("2024-03-10T03:00", "bcr"),
        ("2024-11-03T01:30-05:00", "bcr"),
        ("2024-11-03T01:30-06:00", "bcr"),
        ("2024-12-25T12:00", "bcr"),
    ],
)
def test_hours(at: str, comes: str) -> None:
    assert result(AGENCY, at=at, code="EDP", district=CITY) == comes


@pytest.mark.parametrize(
    ("code", "facts", "comes"),
    [
        ("EDP", {"weapon": "present"}, "bcr-behind-police"),
        ("EDP WEAPON", {"weapon": "present"}, "bcr-behind-police"),
        ("EDP", {"weapon": "firearm"}, "default: level-sends-default"),
        ("EDP", {"violence": "threat"}, "bcr-behind-police"),
        ("EDP", {"violence": "display"}, "default: level-sends-default"),
        ("EDP VIOLENT", {}, "default: level-sends-default"),
        ("EDP", {"weapon": "not-asked"}, "ask: weapon"),
        ("CHECK WELFARE", {}, "default: category-not-taken"),
    ],
)
def test_police_are_present_where_there_is_a_weapon(code: str, facts: dict[str, str], comes: str) -> None:
    assert result(AGENCY, at="2022-01-03T12:00", code=code, district=CITY, facts=facts) == comes


def test_behind_police_means_that_they_go_and_that_the_team_waits() -> None:
    case: dict[str, Any] = {"at": "2022-01-03T12:00", "code": "EDP", "district": CITY}
    (team,) = verdict(AGENCY, facts={"weapon": "present"}, **case).responses
    assert (team.goes, team.enters_when) == ("beside default", ("police on scene",))


@pytest.mark.parametrize(("asker", "comes"), [("officer", "bcr"), ("provider", "default: asker-not-allowed")])
def test_police_may_ask(asker: str, comes: str) -> None:
    case: dict[str, Any] = {"at": "2022-01-03T12:00", "code": "CHECK WELFARE", "district": CITY}
    assert result(AGENCY, requested_by=asker, **case) == comes


def test_only_inside_the_city() -> None:
    assert result(AGENCY, at="2022-01-03T12:00", code="EDP", district="St Paul") == "default: district-unknown"


@pytest.mark.parametrize("at", ["2022-01-03T12:00", "2022-05-02T12:00", "2024-03-01T12:00"])
@pytest.mark.parametrize("team", ["bcr", "bcr-behind-police"])
def test_two_mental_health_practitioners(at: str, team: str) -> None:
    assert crew(AGENCY, team, at=at) == ("clinician", "clinician")


@pytest.mark.parametrize("at", ["2022-01-03T12:00", "2022-05-02T12:00", "2024-03-01T12:00"])
def test_what_each_hazard_raises_to(at: str) -> None:
    hazards = {"weapon": "0112", "violence": "01122", "crime": "002", "injury": "002", "suicide": "0002"}
    assert ladder(AGENCY, at=at, code="EDP", district=CITY) == hazards
