"""Washington: criteria unpublished, so a dispatcher confirms."""

import pytest

from tests.deploy.programmes.desk import crew, ladder, result

AGENCY = "washington-dc"
CITY, TEAM = "Washington", "community-response-team"
ADVISED = f"{TEAM} (advisory)"


@pytest.mark.parametrize(
    ("at", "comes"),
    [
        ("2021-06-20T12:00", "default: no-programme"),
        ("2021-06-21T00:00", ADVISED),
        ("2021-12-25T03:00", ADVISED),
        ("2021-11-07T01:30-04:00", ADVISED),  # both times
        ("2021-11-07T01:30-05:00", ADVISED),
        ("2022-03-13T03:00", ADVISED),
    ],
)
def test_day_and_night(at: str, comes: str) -> None:
    assert result(AGENCY, at=at, code="MENTAL HEALTH", district=CITY, of=TEAM) == comes


@pytest.mark.parametrize(
    ("code", "facts", "comes"),
    [
        (
            "MENTAL HEALTH",
            {"resolvable_by_phone": "yes"},
            "access-helpline (advisory) + community-response-team (advisory)",
        ),
        ("SUICIDE", {"suicide": "ideation"}, ADVISED),
        ("SUICIDE", {"suicide": "not-asked"}, "ask: suicide"),
        ("ASSAULT", {}, "default: level-sends-default"),
    ],
)
def test_codes_and_facts(code: str, facts: dict[str, str], comes: str) -> None:
    assert result(AGENCY, at="2021-06-22T12:00", code=code, district=CITY, facts=facts) == comes


def test_outside_the_district_of_columbia() -> None:
    assert result(AGENCY, at="2021-06-22T12:00", code="SUICIDE", district="Arlington") == "default: district-unknown"


@pytest.mark.parametrize("at", ["2021-06-22T12:00"])
def test_a_pair_goes(at: str) -> None:
    assert crew(AGENCY, TEAM, at=at) == ("clinician", "clinician or crisis-worker or peer")


@pytest.mark.parametrize(
    ("at", "levels"),
    [
        ("2021-06-22T12:00", "0111 01111 011 001 0011"),
    ],
)
def test_what_each_hazard_raises_to(at: str, levels: str) -> None:
    names = ("weapon", "violence", "crime", "injury", "suicide")
    assert ladder(AGENCY, at=at, code="SUICIDE", district=CITY) == dict(zip(names, levels.split(), strict=True))
