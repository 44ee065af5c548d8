"""Cambridge's CARE: three afternoons a week, with police standing by."""

import pytest

from tests.deploy.programmes.desk import ladder, result, verdict

AGENCY = "cambridge-ma"
TEAM = "care"


@pytest.mark.parametrize(
    ("at", "comes"),
    [
        ("2024-07-30T12:00", "default: no-programme"),
        ("2024-07-31T10:00", TEAM),  # Wednesday
        ("2024-07-31T09:59", "default: outside-hours"),
        ("2024-08-02T16:59", TEAM),
        ("2024-08-02T17:00", "default: outside-hours"),
        ("2024-08-05T12:00", "default: outside-days"),  # Monday
        ("2024-07-31T12:00", TEAM),
        ("2024-11-28T12:00", "default: holiday"),
        ("2024-11-03T12:00", "default: outside-days"),
    ],
)
def test_hours(at: str, comes: str) -> None:
    assert result(AGENCY, at=at, code="PSYCHIATRIC", district="Cambridge") == comes


@pytest.mark.parametrize(
    ("at", "code", "facts", "comes"),
    [
        ("2024-07-31T12:00", "NOTIFY CITIZEN", {}, TEAM),
        ("2024-07-31T12:00", "LOITERING", {}, "default: category-not-taken"),
        ("2024-09-05T12:00", "LOITERING", {}, TEAM),
        ("2024-07-31T12:00", "PSYCHIATRIC", {"suicide": "threat-or-plan"}, TEAM),
        ("2024-07-31T12:00", "PSYCHIATRIC", {"weapon": "elsewhere"}, "default: level-sends-default"),
        ("2024-07-31T12:00", "PSYCHIATRIC", {"violence": "not-asked"}, "ask: violence"),
    ],
)
def test_codes_and_facts(at: str, code: str, facts: dict[str, str], comes: str) -> None:
    assert result(AGENCY, at=at, code=code, district="Cambridge", facts=facts) == comes


def test_police_go_too_and_the_team_waits_for_them() -> None:
    (team,) = verdict(AGENCY, at="2024-07-31T12:00", code="PSYCHIATRIC", district="Cambridge").responses
    assert (team.goes, team.enters_when) == ("beside default", ("police on scene",))


def test_outside_the_city() -> None:
    case = {"at": "2024-07-31T12:00", "code": "PSYCHIATRIC"}
    assert result(AGENCY, district="Somerville", **case) == "default: district-unknown"


@pytest.mark.parametrize(
    ("at", "levels"),
    [
        ("2024-07-31T12:00", "0111 01111 011 001 0001"),
        ("2024-09-05T12:00", "0111 01111 011 001 0001"),
    ],
)
def test_what_each_hazard_raises_to(at: str, levels: str) -> None:
    names = ("weapon", "violence", "crime", "injury", "suicide")
    assert ladder(AGENCY, at=at, code="PSYCHIATRIC", district="Cambridge") == dict(
        zip(names, levels.split(), strict=True)
    )
