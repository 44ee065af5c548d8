"""Albuquerque Community Safety: four kinds of team, 07 to 20, then day and night."""

import pytest

from tests.deploy.programmes.desk import crew, ladder, result

AGENCY = "albuquerque-nm"
DAY = "2021-09-08T12:00"
BHR, CR, OUTREACH, MCT = "behavioral-health-responders", "community-responders", "street-outreach", "mobile-crisis-team"


@pytest.mark.parametrize(
    ("at", "comes"),
    [
        ("2021-09-07T12:00", "default: no-programme"),
        ("2021-09-08T06:59", "default: outside-hours"),
        ("2021-09-08T07:00", CR),
        ("2021-09-11T19:59", CR),  # Saturday
        ("2021-09-11T20:00", "default: outside-hours"),  # nothing is held for the next morning
        ("2021-12-25T12:00", CR),
        ("2023-08-30T20:00", "default: outside-hours"),
        ("2023-08-31T20:00", CR),
        ("2023-11-05T01:30-06:00", CR),  # both times
        ("2023-11-05T01:30-07:00", CR),
        ("2024-03-10T03:00", CR),
    ],
)
def test_hours(at: str, comes: str) -> None:
    assert result(AGENCY, at=at, code="NEEDLES", district="Albuquerque", of=CR) == comes


@pytest.mark.parametrize(
    ("code", "facts", "comes"),
    [
        ("BEHAVIORAL HEALTH", {}, f"{BHR} + {MCT}"),
        ("SUICIDE", {"suicide": "ideation"}, f"{BHR} + {MCT}"),
        ("SUICIDE", {"suicide": "threat-or-plan"}, MCT),
        ("SUICIDE", {"suicide": "not-asked"}, "ask: suicide"),
        ("BEHAVIORAL HEALTH", {"violence": "threat"}, MCT),
        ("UNSHELTERED", {}, f"{CR} + {OUTREACH}"),
        ("UNSHELTERED", {"violence": "threat"}, "default: category-not-taken"),
        ("WELFARE CHECK", {}, f"{BHR} + {CR}"),
        ("NEEDLES", {}, CR),
        ("BURGLARY", {}, "default: level-sends-default"),
    ],
)
def test_who_takes_what(code: str, facts: dict[str, str], comes: str) -> None:
    assert result(AGENCY, at=DAY, code=code, district="Albuquerque", facts=facts) == comes


@pytest.mark.parametrize(("asker", "comes"), [("officer", OUTREACH), ("caller", "default: asker-not-allowed")])
def test_officers_may_ask(asker: str, comes: str) -> None:
    case = {"at": DAY, "code": "NEEDLES", "district": "Albuquerque", "of": OUTREACH}
    assert result(AGENCY, requested_by=asker, **case) == comes


def test_outside_the_city() -> None:
    assert result(AGENCY, at=DAY, code="NEEDLES", district="Rio Rancho") == "default: district-unknown"


@pytest.mark.parametrize("at", [DAY, "2023-09-01T03:00"])
def test_behavioral_health_responders_are_a_pair(at: str) -> None:
    assert crew(AGENCY, BHR, at=at) == ("clinician", "clinician")


@pytest.mark.parametrize("at", [DAY, "2023-09-01T03:00"])
def test_what_each_hazard_raises_to(at: str) -> None:
    hazards = {"weapon": "0122", "violence": "01122", "crime": "002", "injury": "002", "suicide": "0012"}
    assert ladder(AGENCY, at=at, code="WELFARE CHECK", district="Albuquerque") == hazards
