"""Denver STAR: a pilot in the centre on weekdays that counted every other eligible call too, then city-wide 06-22."""

import pytest

from tests.deploy.programmes.desk import Case, ladder, result

USUAL: Case = {"code": "WELFARE CHECK", "district": "Pilot area", "at": "2020-06-01T10:00"}
LATER: Case = {"code": "WELFARE CHECK", "district": "Denver", "at": "2022-01-01T06:00"}


@pytest.mark.parametrize(
    ("case", "found"),
    [
        ({"at": "2020-05-31T23:59"}, "default: no-programme"),
        ({}, "star"),
        # outside the pilot's hours and bounds: counted, not sent
        ({"at": "2020-06-01T09:59"}, "star (shadow)"),
        ({"at": "2020-06-05T17:59"}, "star"),
        ({"at": "2020-06-05T18:00"}, "star (shadow)"),
        ({"at": "2020-06-06T12:00"}, "star (shadow)"),  # Saturday
        ({"district": "Rest of city"}, "star (shadow)"),
        ({"district": "Aurora"}, "default: district-unknown"),
        ({"at": "2020-11-01T01:30-06:00"}, "star (shadow)"),
        ({"at": "2020-11-01T01:30-07:00"}, "star (shadow)"),
        ({"at": "2020-12-25T12:00"}, "star"),  # nothing is published of holidays
        (LATER, "star"),
        (LATER | {"at": "2022-01-02T05:59"}, "star (shadow)"),  # every day, Sunday too
        (LATER | {"at": "2022-01-02T21:59"}, "star"),
        (LATER | {"at": "2022-01-02T22:00"}, "star (shadow)"),
        (LATER | {"at": "2022-03-13T02:30-07:00"}, "star (shadow)"),  # the missing hour
    ],
)
def test_when_and_where(case: Case, found: str) -> None:
    assert result("denver-co", **(USUAL | case)) == found


@pytest.mark.parametrize(
    ("case", "found"),
    [
        *[({"code": code}, "star") for code in ("TRESPASS", "INTOXICATED", "INDECENT EXPOSURE", "MENTAL DISTRESS")],
        ({"code": "SUICIDAL PERSON", "facts": {"suicide": "ideation"}}, "star"),
        ({"code": "SUICIDAL PERSON", "facts": {"suicide": "not-asked"}}, "ask: suicide"),  # the code answers nothing
        ({"code": "SUICIDAL PERSON", "facts": {"suicide": "threat-or-plan"}}, "co-responders"),
        ({"code": "TRESPASS", "facts": {"weapon": "elsewhere"}}, "default: category-not-taken"),
        ({"code": "ASSAULT"}, "default: level-sends-default"),
        ({"code": "NOISE"}, "default: category-not-taken"),
        ({"code": "NOISE", "requested_by": "officer"}, "star"),
        ({"source": "star-line", "code": "NOISE", "caller_wants": "alternative"}, "star"),
        ({"source": "aurora-911"}, "default: other-source"),
        ({"facts": {"violence": "cannot-tell"}}, "ask: violence"),
        ({"everything_known": False}, "ask: weapon, violence, crime, injury, suicide"),
        ({"caller_wants": "police"}, "default: level-sends-default"),
    ],
)
@pytest.mark.parametrize("usual", [USUAL, LATER])
def test_who(usual: Case, case: Case, found: str) -> None:
    assert result("denver-co", **(usual | case)) == found


@pytest.mark.parametrize("usual", [USUAL, LATER])
def test_hazards(usual: Case) -> None:
    assert ladder("denver-co", **usual) == {
        "weapon": "0122",
        "violence": "01222",
        "crime": "022",
        "injury": "002",
        "suicide": "0012",
    }
