"""Seattle's Health One: downtown from Monday to Thursday, then on weekdays wherever a fire crew asks."""

import pytest

from tests.deploy.programmes.desk import Case, crew, ladder, result

AGENCY = "seattle-fire-wa"
USUAL: Case = {"code": "LOW ACUITY", "district": "Downtown", "at": "2019-11-04T12:00"}
SECOND: Case = {"at": "2022-03-04T12:00"}
CREW: Case = {"code": "AID", "requested_by": "fire-crew", "units_on_scene": True}


@pytest.mark.parametrize(
    ("case", "found"),
    [
        ({"at": "2019-10-31T12:00"}, "default: no-programme"),
        ({"at": "2019-11-04T09:00"}, "health-one"),
        ({"at": "2019-11-04T08:59"}, "default: outside-hours"),
        ({"at": "2019-11-07T18:59"}, "health-one"),
        ({"at": "2019-11-07T19:00"}, "default: outside-hours"),
        ({"at": "2019-11-08T12:00"}, "default: outside-days"),  # Friday
        ({"district": "Rest of city"}, "default: no-rollout"),
        ({"at": "2019-11-28T12:00"}, "default: holiday"),  # Thanksgiving
        (SECOND, "health-one"),  # a Friday
        (SECOND | {"district": "Rest of city"}, "health-one"),
        (SECOND | {"at": "2022-03-05T12:00"}, "default: outside-days"),
        (SECOND | {"district": "Bellevue"}, "default: district-unknown"),
        (SECOND | {"at": "2022-07-04T12:00"}, "default: holiday"),
    ],
)
def test_when_and_where(case: Case, found: str) -> None:
    assert result(AGENCY, of="health-one", **(USUAL | case)) == found


@pytest.mark.parametrize(
    ("case", "found"),
    [
        ({"code": "AID"}, "default: category-not-taken, repeat-caller-unknown"),
        (CREW, "health-one"),
        (CREW | {"facts": {"repeat_caller": "yes"}}, "health-one + health-one-visit"),
        (CREW | {"facts": {"repeat_caller": "no"}}, "health-one"),
        # a crew on scene judges the injury itself, not the danger
        (CREW | {"facts": {"injury": "not-asked"}}, "health-one"),
        (CREW | {"facts": {"weapon": "not-asked"}}, "ask: weapon"),
        (CREW | {"requested_by": "officer"}, "default: asker-not-allowed, repeat-caller-unknown"),
        ({"facts": {"injury": "not-asked"}}, "ask: injury"),
        ({"code": "MEDIC"}, "default: level-sends-default"),
        ({"everything_known": False}, "ask: weapon, violence, crime, injury"),
        # a visit may be asked for at night
        (CREW | {"at": "2019-11-04T23:00", "facts": {"repeat_caller": "yes"}}, "health-one-visit"),
    ],
)
def test_who(case: Case, found: str) -> None:
    assert result(AGENCY, **(USUAL | case)) == found


@pytest.mark.parametrize("at", ["2019-11-04T12:00", "2022-03-04T12:00"])
def test_hazards(at: str) -> None:
    assert ladder(AGENCY, **(USUAL | {"at": at})) == {
        "weapon": "0011",
        "violence": "00111",
        "crime": "001",
        "injury": "001",
    }


@pytest.mark.parametrize("at", ["2019-11-04T12:00", "2022-03-04T12:00"])
@pytest.mark.parametrize("response", ["health-one", "health-one-visit"])
def test_two_firefighter_emts_and_a_case_manager(at: str, response: str) -> None:
    assert crew(AGENCY, response, at=at) == ("emt", "emt", "navigator")
