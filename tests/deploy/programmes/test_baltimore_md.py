"""Baltimore's 911 diversion: MPDS determinants by date, adults only, day and night."""

from typing import Any

import pytest

from tests.deploy.programmes.desk import goes, ladder, result

AGENCY = "baltimore-md"
ADULT = {"age": "18"}
LINE = "crisis-line"


@pytest.mark.parametrize(
    ("at", "code", "comes"),
    [
        ("2021-06-29T12:00", "25A01", "default: no-programme"),
        ("2021-06-30T12:00", "25A01", LINE),
        ("2021-06-30T12:00", "25-A-2", LINE),
        ("2022-06-30T00:00", "25-B-3", LINE),
        ("2022-06-30T12:00", "25B03V", "default: level-sends-default"),
        ("2022-06-30T12:00", "25B03W", "default: level-sends-default"),
        ("2022-06-30T12:00", "25B03B", "default: level-sends-default"),
        ("2022-06-30T12:00", "25A01V", "default: level-sends-default"),
        ("2022-06-30T12:00", "25A01W", "default: level-sends-default"),
        ("2021-12-25T03:00", "25A01", LINE),  # always open
        ("2021-11-07T01:30-04:00", "25A01", LINE),  # both times
        ("2021-11-07T01:30-05:00", "25A01", LINE),
        ("2022-03-13T01:59", "25A01", LINE),
        ("2022-03-13T03:00", "25A01", LINE),
    ],
)
def test_determinants_by_date(at: str, code: str, comes: str) -> None:
    assert result(AGENCY, at=at, code=code, district="Baltimore", facts=ADULT) == comes


def test_actively_threatening_suicide_is_taken_from_the_second_quarter_of_2022() -> None:
    case: dict[str, Any] = {"code": "25B03", "district": "Baltimore", "facts": ADULT | {"suicide": "threat-or-plan"}}
    assert goes(AGENCY, at="2022-03-31T23:59", **case) == []
    assert goes(AGENCY, at="2022-04-01T00:00", **case) == [LINE]
    assert result(AGENCY, at="2022-04-01T00:00", **case) == LINE


@pytest.mark.parametrize(
    ("at", "code"), [("2021-06-30T12:00", "25A03"), ("2021-06-30T12:00", "25B03"), ("2022-06-30T12:00", "25A")]
)
def test_no_other_determinant_is_taken(at: str, code: str) -> None:
    assert goes(AGENCY, at=at, code=code, district="Baltimore", facts=ADULT) == []


@pytest.mark.parametrize(
    ("at", "facts", "comes"),
    [
        ("2021-07-01T12:00", {"age": "17"}, "default: age-not-met"),
        ("2021-07-01T12:00", {"age": "unknown"}, "default: age-unknown"),
        ("2021-07-01T12:00", ADULT | {"suicide": "ideation"}, LINE),
        ("2021-07-01T12:00", ADULT | {"suicide": "threat-or-plan"}, "default: level-sends-default"),
        ("2022-07-01T12:00", ADULT | {"suicide": "threat-or-plan"}, LINE),
        (
            "2022-07-01T12:00",
            ADULT | {"suicide": "threat-or-plan", "weapon": "present"},
            "default: level-sends-default",
        ),
        ("2022-07-01T12:00", ADULT | {"weapon": "not-asked"}, "ask: weapon"),
    ],
)
def test_adults_without_weapon(at: str, facts: dict[str, str], comes: str) -> None:
    assert result(AGENCY, at=at, code="25A02", district="Baltimore", facts=facts) == comes


@pytest.mark.parametrize(("answer", "comes"), [("42", LINE), ("17", "default: age-not-met")])
def test_the_age_is_an_answer(answer: str, comes: str) -> None:
    case: dict[str, Any] = {"at": "2022-07-01T12:00", "code": "25A02", "district": "Baltimore"}
    assert result(AGENCY, answers={"Q6": answer}, **case) == comes


def test_another_county_is_not_baltimore() -> None:
    case: dict[str, Any] = {"at": "2022-07-01T12:00", "code": "25A02", "facts": ADULT}
    assert result(AGENCY, district="Towson", **case) == "default: district-unknown"


@pytest.mark.parametrize(("at", "suicide"), [("2021-07-01T12:00", "0011"), ("2022-07-01T12:00", "0001")])
def test_what_each_hazard_raises_to(at: str, suicide: str) -> None:
    hazards = {"weapon": "0111", "violence": "01111", "crime": "001", "injury": "001", "suicide": suicide}
    assert ladder(AGENCY, at=at, code="25A02", district="Baltimore", facts=ADULT) == hazards
