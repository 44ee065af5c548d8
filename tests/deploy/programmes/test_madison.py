"""Madison CARES: launched in Central on weekdays, then city-wide, weekends, and a third team until ten at night."""

import pytest

from tests.deploy.programmes.desk import Case, all_on, crew, document, ladder, result, verdict

USUAL: Case = {"code": "MENTAL", "district": "Central", "at": "2021-09-03T12:00"}
CLOSED, NEVER = "default: outside-hours", "default: outside-days"


@pytest.mark.parametrize(
    ("case", "found"),
    [
        ({"at": "2021-08-31T12:00"}, "default: no-programme"),  # the day before the launch
        ({"at": "2021-09-01T11:00"}, "cares"),
        ({"at": "2021-09-03T10:59"}, CLOSED),
        ({"at": "2021-09-03T18:59"}, "cares"),
        ({"at": "2021-09-03T19:00"}, CLOSED),
        ({"at": "2021-09-04T12:00"}, NEVER),  # Saturday
        ({"at": "2021-09-06T12:00"}, "default: holiday"),  # Labor Day
        ({"at": "2021-11-26T12:00"}, "default: holiday"),
        ({"at": "2022-02-15T12:00"}, "cares"),  # in the state's calendar, but the city works
        # city-wide as staffing allows; the second team serves in full
        ({"at": "2022-07-22T12:00", "district": "South"}, "cares"),
        ({"at": "2022-07-22T12:00"}, "cares"),
        ({"at": "2022-07-25T11:00", "district": "South"}, "cares"),
        ({"at": "2022-07-25T10:59", "district": "South"}, CLOSED),
        ({"at": "2022-11-25T12:00"}, "default: holiday"),
        # weekends from 16 September 2023
        ({"at": "2023-09-10T12:00"}, NEVER),
        ({"at": "2023-09-16T09:59"}, CLOSED),
        ({"at": "2023-09-16T10:00"}, "cares"),
        ({"at": "2023-09-17T19:59"}, "cares"),
        ({"at": "2023-09-17T20:00"}, CLOSED),
        ({"at": "2023-09-18T08:00", "district": "Midtown"}, "cares"),
        ({"at": "2023-09-18T07:59"}, CLOSED),
        ({"at": "2024-04-05T21:00"}, CLOSED),
        # CARES 3
        ({"at": "2024-04-08T21:59"}, "cares"),
        ({"at": "2024-04-08T22:00"}, CLOSED),
        ({"at": "2024-04-13T20:00"}, CLOSED),  # not on Saturdays
        ({"at": "2024-07-04T12:00"}, "default: holiday"),
        ({"district": None, "beat": "C2"}, "cares"),
        ({"district": "Middleton"}, "default: district-unknown"),
        ({"district": "West", "beat": "C2"}, "default: district-conflict"),
    ],
)
def test_when_and_where(case: Case, found: str) -> None:
    assert result("madison-wi", **(USUAL | case)) == found


OTHERS = ("West", "South", "North", "East", "Midtown")


@pytest.mark.parametrize("district", OTHERS)
def test_in_2021_the_other_districts_are_off_and_their_calls_are_counted_as_eligible(district: str) -> None:
    found = verdict("madison-wi", **(USUAL | {"district": district}))
    assert (found.suitability, found.district) == ("suitable", district)
    assert found.responses[0].reasons == ("no-rollout",)


@pytest.mark.parametrize("district", [*OTHERS, "Central"])
@pytest.mark.parametrize("at", ["2022-04-01T11:00", "2022-05-18T12:00", "2022-07-25T12:00"])
def test_in_2022_it_is_city_wide_from_spring_as_far_as_a_team_is_free(at: str, district: str) -> None:
    assert result("madison-wi", **(USUAL | {"at": at, "district": district})) == "cares"
    assert [step.attempt for step in document("madison-wi.2022-04-01").steps] == ["same response", "default"]


def test_two_people_a_paramedic_and_a_crisis_worker() -> None:
    for at in ("2021-09-03T12:00", "2022-08-05T12:00", "2023-10-06T12:00", "2024-05-03T12:00"):
        assert crew("madison-wi", "cares", at=at) == ("paramedic", "crisis-worker")


@pytest.mark.parametrize(
    ("case", "found"),
    [
        ({"code": "CHECK PERSON"}, "cares"),
        ({"code": "TROUBLE"}, "default: category-not-taken"),
        ({"code": "TROUBLE", "caller_wants": "alternative"}, "cares"),
        ({"code": "TROUBLE", "requested_by": "officer"}, "default: asker-not-allowed"),
        ({"code": "MENTAL VIOLENT"}, "default: level-sends-default"),
        ({"code": "MENTAL VIOLENT", "caller_wants": "alternative"}, "default: level-sends-default"),
        ({"caller_wants": "police"}, "default: level-sends-default"),
        ({"code": None}, "ask: call_type"),
        ({"cautions": ("ASSAULTIVE",)}, "default: level-sends-default"),
        ({"words": "he has a knife"}, "ask: weapon"),
        ({"everything_known": False}, "ask: weapon, violence, crime, injury, suicide"),
        ({"everything_known": False, "answers": dict.fromkeys(("Q1", "Q2", "Q3", "Q4", "Q5"), "no")}, "cares"),
        ({"answers": {"Q1": "cannot-tell"}}, "ask: weapon"),
    ],
)
@pytest.mark.parametrize("at", ["2021-09-03T12:00", "2022-08-05T12:00", "2023-10-06T12:00", "2024-05-03T12:00"])
def test_who(case: Case, found: str, at: str) -> None:
    assert result("madison-wi", **(USUAL | {"at": at} | case)) == found


@pytest.mark.parametrize("at", ["2021-09-03T12:00", "2022-08-05T12:00", "2023-10-06T12:00", "2024-05-03T12:00"])
def test_hazards(at: str) -> None:
    assert ladder("madison-wi", **(USUAL | {"at": at})) == {
        "weapon": "0111",
        "violence": "01111",
        "crime": "011",
        "injury": "001",
        "suicide": "0001",
    }


def test_the_switchboard_only_takes_away() -> None:
    shadow, paused = (
        all_on(document("madison-wi.2021-09-01"), "shadow"),
        all_on(document("madison-wi.2021-09-01"), paused=("Central",)),
    )
    assert result("madison-wi", switchboard=shadow, **USUAL) == "cares (shadow)"
    assert result("madison-wi", switchboard=paused, **USUAL) == "default: paused"


def test_each_version_cites_itself() -> None:
    days = ("2021-09-03T12:00", "2022-08-05T12:00", "2023-10-06T12:00", "2024-05-03T12:00")
    assert [verdict("madison-wi", **(USUAL | {"at": at})).programme_version for at in days] == [1, 2, 3, 4]
