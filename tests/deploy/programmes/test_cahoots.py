"""CAHOOTS: Eugene and Springfield round the clock, until Eugene's service was suspended."""

import pytest

from tests.deploy.programmes.desk import Case, ladder, result

AGENCY = "eugene-springfield-or"
USUAL: Case = {"code": "CHECK WELFARE", "district": "Eugene", "at": "2021-05-01T03:00"}


@pytest.mark.parametrize(
    ("case", "found"),
    [
        ({"at": "2016-12-31T23:59"}, "default: no-programme"),
        ({"at": "2017-01-01T00:00"}, "cahoots"),
        ({"district": "Springfield"}, "cahoots"),
        ({"district": "Coburg"}, "default: district-unknown"),
        ({"at": "2021-12-25T12:00"}, "cahoots"),
        # round the clock: the repeated hour twice, the missing one over in no time
        ({"at": "2021-11-07T01:30-07:00"}, "cahoots"),
        ({"at": "2021-11-07T01:30-08:00"}, "cahoots"),
        ({"at": "2021-03-14T01:59:59"}, "cahoots"),
        ({"at": "2021-03-14T03:00"}, "cahoots"),
        ({"at": "2025-04-06T23:59"}, "cahoots"),
        ({"at": "2025-04-07T00:00"}, "default: no-rollout"),
        ({"at": "2025-04-07T00:00", "district": "Springfield"}, "cahoots"),
    ],
)
def test_when_and_where(case: Case, found: str) -> None:
    assert result(AGENCY, **(USUAL | case)) == found


@pytest.mark.parametrize(
    ("case", "found"),
    [
        *[
            ({"code": code}, "cahoots")
            for code in ("ASSIST PUBLIC", "TRANSPORT", "INTOXICATED", "DISPUTE", "FIRST AID")
        ],
        ({"code": "SUICIDAL SUBJECT", "facts": {"suicide": "not-asked"}}, "ask: suicide"),
        ({"code": "SUICIDAL SUBJECT", "facts": {"suicide": "threat-or-plan"}}, "cahoots"),  # suicide threats are in
        ({"code": "DISORDERLY"}, "default: category-not-taken"),
        ({"code": "DISORDERLY", "requested_by": "dispatcher"}, "cahoots"),
        ({"code": "FIGHT", "requested_by": "dispatcher"}, "default: level-sends-default"),
        ({"source": "non-emergency"}, "cahoots"),
        ({"facts": {"crime": "not-asked"}}, "ask: crime"),
        ({"everything_known": False}, "ask: weapon, violence, crime, injury, suicide"),
    ],
)
def test_who(case: Case, found: str) -> None:
    assert result(AGENCY, **(USUAL | case)) == found


@pytest.mark.parametrize("at", ["2021-05-01T03:00", "2025-05-01T03:00"])
def test_hazards(at: str) -> None:
    assert ladder(AGENCY, **(USUAL | {"at": at, "district": "Springfield"})) == {
        "weapon": "0111",
        "violence": "01111",
        "crime": "011",
        "injury": "001",
        "suicide": "0001",
    }
