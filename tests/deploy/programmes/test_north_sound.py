"""RADAR, later Regional Crisis Response: a navigator beside police in five cities, reached through several centres."""

import pytest

from tests.deploy.programmes.desk import Case, ladder, result, verdict

AGENCY = "north-sound-wa"
USUAL: Case = {"code": "BEHAVIORAL HEALTH", "district": "Kirkland", "at": "2019-03-01T12:00", "of": "navigator"}
ON_SCENE: Case = {"requested_by": "officer", "units_on_scene": True, "everything_known": False}
CITIES = ("Bothell", "Kirkland", "Kenmore", "Lake Forest Park", "Shoreline")


@pytest.mark.parametrize(
    ("case", "found"),
    [
        ({"at": "2018-12-31T12:00"}, "default: no-programme"),
        ({"at": "2019-03-01T11:59"}, "default: outside-hours"),
        ({"at": "2019-03-01T19:59"}, "navigator"),
        ({"at": "2019-03-01T20:00"}, "default: outside-hours"),
        ({"at": "2019-03-02T12:00"}, "default: outside-days"),  # Saturday
        ({"at": "2019-07-04T12:00"}, "default: holiday"),
        *[({"district": city}, "navigator") for city in CITIES],
        ({"district": "Seattle"}, "default: district-unknown"),
        ({"source": "centre-2"}, "navigator"),
        ({"source": "seattle-911"}, "default: other-source"),
        ({"at": "2023-01-01T10:00"}, "navigator"),  # seven days a week, a Sunday and a holiday too
        ({"at": "2023-01-01T09:59"}, "default: outside-hours"),
        ({"at": "2023-01-07T21:59"}, "navigator"),
        ({"at": "2023-01-07T22:00"}, "default: outside-hours"),
    ],
)
def test_when_and_where(case: Case, found: str) -> None:
    assert result(AGENCY, **(USUAL | case)) == found


@pytest.mark.parametrize(
    ("case", "found"),
    [
        ({"code": "TRESPASS"}, "default: category-not-taken"),
        ({"code": "ASSAULT"}, "default: level-sends-default"),
        ({"code": "TRESPASS"} | ON_SCENE, "navigator"),
        ({"code": "ASSAULT"} | ON_SCENE, "navigator"),  # once an officer is there his word is enough
        ({"code": "TRESPASS", "requested_by": "caller"}, "default: asker-not-allowed"),
        ({"facts": {"weapon": "cannot-tell"}}, "ask: weapon"),
        ({"everything_known": False}, "ask: weapon, violence, injury, suicide"),
        (ON_SCENE | {"of": None}, "navigator + outreach"),
        (ON_SCENE | {"of": None, "at": "2019-03-01T03:00"}, "outreach"),
    ],
)
def test_who(case: Case, found: str) -> None:
    assert result(AGENCY, **(USUAL | case)) == found


@pytest.mark.parametrize("code", ["DEVELOPMENTAL DISABILITY", "WELFARE CHECK", "SOCIAL SERVICES", "BEHAVIORAL HEALTH"])
@pytest.mark.parametrize("at", ["2019-03-01T12:00", "2023-03-01T12:00"])
def test_developmental_disabilities_and_welfare_checks_are_taken(at: str, code: str) -> None:
    assert result(AGENCY, **(USUAL | {"at": at, "code": code})) == "navigator"


@pytest.mark.parametrize("at", ["2019-03-01T12:00", "2023-03-01T12:00"])
def test_hazards(at: str) -> None:
    usual: Case = {"code": "BEHAVIORAL HEALTH", "district": "Kirkland", "at": at}
    assert ladder(AGENCY, **usual) == {"weapon": "0011", "violence": "00011", "injury": "001", "suicide": "0001"}
    navigator, _ = verdict(AGENCY, **usual).responses
    assert (navigator.goes, navigator.enters_when) == ("beside default", ("police on scene",))
