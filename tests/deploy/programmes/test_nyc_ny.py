"""New York's B-HEARD: the window that crosses midnight, three precincts and then more."""

from typing import Any

import pytest

from tests.deploy.programmes.desk import crew, ladder, result

AGENCY = "nyc-ny"
ASKED = {"relation": "family"}


@pytest.mark.parametrize(
    ("at", "district", "comes"),
    [
        ("2021-06-05T23:00", "25", "default: no-programme"),
        ("2021-06-06T00:30", "25", "default: not-started"),  # a window belongs to the day it opens
        ("2021-06-06T09:00", "25", "b-heard"),
        ("2021-06-06T08:59", "25", "default: outside-hours"),
        ("2021-06-07T00:59", "25", "b-heard"),
        ("2021-06-07T01:00", "25", "default: outside-hours"),
        ("2021-06-07T04:00", "25", "default: outside-hours"),
        ("2021-07-04T12:00", "32", "b-heard"),  # holidays are worked
        ("2021-06-07T12:00", "26", "default: district-unknown"),
        ("2021-11-07T00:59", "28", "b-heard"),  # that night the clocks go back at 02:00, after closing
        ("2021-11-07T01:30-04:00", "28", "default: outside-hours"),
        ("2021-11-07T01:30-05:00", "28", "default: outside-hours"),
        ("2022-03-13T00:59", "28", "b-heard"),
        ("2022-03-13T03:00", "28", "default: outside-hours"),
        ("2021-11-29T12:00", "26", "default: district-unknown"),
        ("2021-11-30T12:00", "26", "b-heard"),
        ("2021-11-30T12:00", "33", "default: district-unknown"),
        ("2024-07-01T12:00", "twenty-six further precincts", "b-heard"),
    ],
)
def test_hours_and_precincts(at: str, district: str, comes: str) -> None:
    assert result(AGENCY, at=at, code="EDP", district=district, facts=ASKED) == comes


@pytest.mark.parametrize(
    ("code", "facts", "comes"),
    [
        ("SICK", ASKED, "default: category-not-taken"),
        ("EDP WEAPON", ASKED, "default: level-sends-default"),
        ("EDP VIOLENT", ASKED, "default: level-sends-default"),
        ("EDP", {}, "ask: relation"),
        ("EDP", {"relation": "provider"}, "default: level-sends-default"),
        ("EDP", ASKED | {"suicide": "ideation"}, "default: level-sends-default"),
        ("EDP", ASKED | {"suicide": "not-asked"}, "ask: suicide"),
    ],
)
def test_what_the_audit_excludes(code: str, facts: dict[str, str], comes: str) -> None:
    assert result(AGENCY, at="2021-06-07T12:00", code=code, district="25", facts=facts) == comes


def test_a_call_that_nobody_triaged_is_asked_about_and_not_ineligible() -> None:
    untriaged = result(AGENCY, at="2021-06-07T12:00", code="EDP", district="25", everything_known=False)
    assert untriaged == "ask: weapon, violence, crime, injury, suicide, relation"


@pytest.mark.parametrize(("asker", "comes"), [("officer", "b-heard"), ("caller", "default: asker-not-allowed")])
def test_patrol_may_ask_for_any_call_type(asker: str, comes: str) -> None:
    case: dict[str, Any] = {"at": "2021-06-07T12:00", "code": "SICK", "district": "25", "facts": ASKED}
    assert result(AGENCY, requested_by=asker, **case) == comes


@pytest.mark.parametrize("at", ["2021-06-07T12:00", "2022-06-07T12:00", "2024-07-07T12:00"])
def test_two_emts_or_paramedics_and_a_social_worker(at: str) -> None:
    assert crew(AGENCY, "b-heard", at=at) == ("emt or paramedic", "emt or paramedic", "clinician")


@pytest.mark.parametrize("at", ["2021-06-07T12:00", "2022-06-07T12:00", "2024-07-07T12:00"])
def test_what_each_hazard_raises_to(at: str) -> None:
    hazards = {"weapon": "0111", "violence": "01111", "crime": "001", "injury": "001", "suicide": "0111"}
    assert ladder(AGENCY, at=at, code="EDP", district="25", facts=ASKED) == hazards
