"""San Francisco's SCRT: one team, then city-wide round the clock, then the fire department's team."""

import pytest

from shared.judgement import disciplines_of
from tests.deploy.programmes.desk import Case, crew, ladder, result

AGENCY = "san-francisco-ca"
USUAL: Case = {"code": "800", "priority": "B", "district": "Tenderloin", "at": "2020-12-01T12:00"}
SECOND: Case = {"at": "2022-06-01T03:00"}


@pytest.mark.parametrize(
    ("case", "found"),
    [
        ({"at": "2020-11-29T23:59"}, "default: no-programme"),
        ({"at": "2020-11-30T08:00"}, "scrt"),
        ({"at": "2020-11-30T07:59"}, "default: outside-hours"),
        ({"at": "2020-12-05T19:59"}, "scrt"),
        ({"at": "2020-12-05T20:00"}, "default: outside-hours"),
        ({"district": "Mission"}, "default: no-rollout"),
        ({"at": "2020-12-25T12:00"}, "scrt"),
        ({"at": "2021-12-31T23:59"}, "default: outside-hours"),
        ({"at": "2022-01-01T00:00", "district": "Mission"}, "scrt"),
        (SECOND | {"district": "Oakland"}, "default: district-unknown"),
        (SECOND | {"at": "2022-11-06T01:30-07:00"}, "scrt"),
        (SECOND | {"at": "2022-11-06T01:30-08:00"}, "scrt"),
        (SECOND | {"at": "2023-03-12T03:00"}, "scrt"),  # right after the missing hour
    ],
)
def test_when_and_where(case: Case, found: str) -> None:
    assert result(AGENCY, **(USUAL | case)) == found


@pytest.mark.parametrize(
    ("case", "found"),
    [
        ({"priority": "C"}, "scrt"),
        ({"priority": "A"}, "default: level-sends-default"),
        ({"code": "415"}, "default: category-not-taken"),
        ({"code": "415", "requested_by": "officer"}, "scrt"),
        ({"code": "415", "requested_by": "caller"}, "default: asker-not-allowed"),
        ({"code": "801"}, "default: level-sends-default"),
        ({"facts": {"weapon": "not-asked"}}, "ask: weapon"),
        ({"everything_known": False}, "ask: weapon, violence, crime, injury, suicide"),
        ({"everything_known": False, "priority": None}, "ask: weapon, violence, crime, injury, suicide, triage_level"),
    ],
)
@pytest.mark.parametrize("at", ["2020-12-01T12:00", "2022-06-01T03:00", "2024-06-01T03:00"])
def test_who(at: str, case: Case, found: str) -> None:
    assert result(AGENCY, **(USUAL | {"at": at} | case)) == found


@pytest.mark.parametrize("at", ["2020-12-01T12:00", "2022-06-01T03:00", "2024-06-01T03:00"])
def test_hazards(at: str) -> None:
    assert ladder(AGENCY, **(USUAL | {"at": at, "priority": None})) == {
        "weapon": "0111",
        "violence": "01111",
        "crime": "011",
        "injury": "001",
        "suicide": "0001",
        "triage_level": "0011",
    }


def test_the_clinician_leaves_the_crew_on_4_march_2023() -> None:
    crews = [crew(AGENCY, "scrt", at=at) for at in ("2023-03-03T12:00", "2023-03-04T00:00")]
    assert crews == [("paramedic", "clinician", "peer"), ("paramedic", "emt or paramedic", "peer or navigator")]


@pytest.mark.parametrize("third", ["peer", "navigator"])
def test_in_2023_a_paramedic_an_emt_and_an_outreach_specialist_are_a_crew(third: str) -> None:
    places = [disciplines_of(place) for place in crew(AGENCY, "scrt", at="2024-06-01T03:00")]
    on_shift = ("paramedic", "emt", third)
    assert all(member in place for place, member in zip(places, on_shift, strict=True))
