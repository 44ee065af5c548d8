"""Chicago's CARE: another model in each area."""

import pytest

from tests.deploy.programmes.desk import goes, in_force, instant, ladder, result

AGENCY = "chicago-il"
MDRT, ART = "multidisciplinary-team", "alternate-team"
MENTAL, SUICIDE = "MENTAL HEALTH DISTURBANCE", "SUICIDE THREAT"
ADULT = {"age": "30"}


@pytest.mark.parametrize(
    ("at", "code", "district", "comes"),
    [
        ("2021-09-30T10:30", MENTAL, "Uptown", MDRT),  # Thursday
        ("2021-09-30T10:29", MENTAL, "Uptown", "default: outside-hours"),
        ("2021-09-30T15:59", MENTAL, "Chatham", MDRT),
        ("2021-09-30T16:00", MENTAL, "Chatham", "default: outside-hours"),
        ("2021-10-02T12:00", MENTAL, "Uptown", "default: outside-days"),  # Saturday
        ("2021-11-25T12:00", MENTAL, "Uptown", "default: holiday"),
        ("2021-09-30T12:00", MENTAL, "Loop", "default: no-rollout"),
        ("2021-09-30T12:00", MENTAL, "Gage Park", "default: district-unknown"),
        ("2021-09-29T12:00", MENTAL, "Uptown", "default: no-programme"),
        ("2022-07-01T12:00", MENTAL, "Gage Park", ART),
        ("2022-07-01T12:00", MENTAL, "Uptown", MDRT),
        ("2022-07-04T12:00", MENTAL, "Gage Park", "default: no-rollout, holiday"),
        ("2023-09-25T12:00", SUICIDE, "Uptown", MDRT),
        ("2023-09-25T12:00", MENTAL, "Humboldt Park", "default: no-rollout"),
        ("2025-03-10T12:00", MENTAL, "12", ART),
        ("2025-03-10T12:00", MENTAL, "2", "default: no-rollout"),
    ],
)
def test_hours_areas_and_codes(at: str, code: str, district: str, comes: str) -> None:
    assert result(AGENCY, at=at, code=code, district=district, facts=ADULT) == comes


@pytest.mark.parametrize("at", ["2021-09-30T12:00", "2023-09-22T12:00"])
def test_suicide_threats_came_in_the_autumn_of_2023(at: str) -> None:
    assert goes(AGENCY, at=at, code=SUICIDE, district="Uptown", facts=ADULT) == []


@pytest.mark.parametrize(
    ("district", "facts", "comes"),
    [
        ("Uptown", {"violence": "past"}, MDRT),
        ("Gage Park", {"violence": "past"}, "default: no-rollout"),  # moderate risk: the team there has no officer
        ("Gage Park", {"suicide": "ideation"}, ART),
        ("Gage Park", {"suicide": "threat-or-plan"}, "default: no-rollout"),
        ("Uptown", {"suicide": "threat-or-plan"}, MDRT),
        ("Uptown", {"weapon": "elsewhere"}, "default: level-sends-default"),
        ("Uptown", {"violence": "not-asked"}, "ask: violence"),
        ("Uptown", {"age": "17"}, "default: age-not-met, no-rollout"),
        ("Uptown", {"age": "unknown"}, "default: age-unknown, no-rollout"),
    ],
)
def test_moderate_risk_needs_an_officer(district: str, facts: dict[str, str], comes: str) -> None:
    assert result(AGENCY, at="2022-07-01T12:00", code=MENTAL, district=district, facts=ADULT | facts) == comes


@pytest.mark.parametrize(
    ("district", "code", "comes"),
    [
        ("Humboldt Park", "OVERDOSE", "opioid-team"),
        ("Uptown", "OVERDOSE", "default: level-sends-default"),
        ("Humboldt Park", MENTAL, "default: no-rollout"),
    ],
)
def test_an_overdose_is_followed_up_beside_the_ambulance(district: str, code: str, comes: str) -> None:
    assert result(AGENCY, at="2023-01-30T12:00", code=code, district=district, facts=ADULT) == comes


@pytest.mark.parametrize(
    ("at", "district", "levels"),
    [
        ("2021-09-30T12:00", "Uptown", ("0111", "00111", "001", "001", "0001")),
        ("2022-07-01T12:00", "Uptown", ("0222", "01222", "012", "002", "0012")),
        ("2023-01-30T12:00", "Uptown", ("0333", "01333", "013", "002", "0012")),
        ("2025-03-10T12:00", "12", ("0111", "01111", "011", "001", "0011")),
    ],
)
def test_what_each_hazard_raises_to(at: str, district: str, levels: tuple[str, ...]) -> None:
    hazards = dict(zip(("weapon", "violence", "crime", "injury", "suicide"), levels, strict=True))
    assert ladder(AGENCY, at=at, code=MENTAL, district=district, facts=ADULT) == hazards


@pytest.mark.parametrize("at", ["2021-09-30T12:00", "2022-07-01T12:00", "2023-01-30T12:00", "2025-03-10T12:00"])
def test_teams_follow_up_after_one_seven_and_thirty_days(at: str) -> None:
    programme = in_force(AGENCY, instant(AGENCY, at))
    assert programme is not None
    offered = [response for response in programme.responses.values() if response.reached_by == "offer"]
    assert {response.follow_up_due_hours for response in offered} == {(24, 7 * 24, 30 * 24)}
