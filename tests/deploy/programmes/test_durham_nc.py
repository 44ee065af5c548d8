"""Durham HEART: four units, three versions."""

import pytest

from tests.deploy.programmes.desk import ladder, result

AGENCY = "durham-nc"
PHONE = {"resolvable_by_phone": "yes"}
CRT, COR, PHONE_FIRST = "community-response", "co-response", "crisis-call-diversion + community-response"


@pytest.mark.parametrize(
    ("at", "code", "district", "comes"),
    [
        ("2022-06-28T09:00", "TRESPASS", "HEART area", CRT),  # Tuesday
        ("2022-06-28T08:59", "TRESPASS", "HEART area", "default: outside-hours"),
        ("2022-06-28T16:59", "MENTAL HEALTH CRISIS", "HEART area", CRT),
        ("2022-06-28T17:00", "TRESPASS", "HEART area", "default: outside-hours"),
        ("2022-06-28T10:00", "TRESPASS", "Rest of city", "default: no-rollout"),
        ("2022-06-28T10:00", "DISTURBANCE", "HEART area", "default: category-not-taken"),
        ("2022-06-28T10:00", "NOISE", "HEART area", "default: category-not-taken"),
        ("2022-07-02T10:00", "TRESPASS", "HEART area", "default: outside-days"),  # Saturday
        ("2022-07-04T10:00", "TRESPASS", "HEART area", "default: holiday"),
        ("2022-09-03T10:00", "TRESPASS", "HEART area", f"{CRT} (advisory)"),  # Saturday: the sources disagree
        ("2022-09-05T10:00", "TRESPASS", "HEART area", "default: holiday"),  # Labor Day
        ("2023-10-22T10:00", "TRESPASS", "Rest of city", "default: no-rollout"),
        ("2023-10-23T10:00", "TRESPASS", "Rest of city", CRT),
        ("2023-11-05T09:00", "TRESPASS", "HEART area", CRT),  # Sunday, the clocks changed that night
        ("2023-12-25T20:59", "TRESPASS", "Rest of city", CRT),
        ("2023-12-25T21:00", "TRESPASS", "Rest of city", "default: outside-hours"),
        ("2022-06-27T10:00", "TRESPASS", "HEART area", "default: no-programme"),
    ],
)
def test_hours_area_and_codes(at: str, code: str, district: str, comes: str) -> None:
    assert result(AGENCY, at=at, code=code, district=district, of=CRT) == comes


@pytest.mark.parametrize(
    ("district", "code", "facts", "comes"),
    [
        ("HEART area", "SUICIDE THREAT", PHONE, PHONE_FIRST),
        ("Rest of city", "SUICIDE THREAT", PHONE, "crisis-call-diversion"),  # the telephone serves the whole city
        ("HEART area", "SUICIDE THREAT", {}, CRT),
        ("HEART area", "TRESPASS", PHONE, CRT),
        ("HEART area", "SUICIDE THREAT", {"suicide": "not-asked"}, "ask: suicide"),
        ("HEART area", "SUICIDE THREAT", {"suicide": "attempt"}, "default: level-sends-default"),
    ],
)
def test_the_telephone(district: str, code: str, facts: dict[str, str], comes: str) -> None:
    assert result(AGENCY, at="2022-06-28T10:00", code=code, district=district, facts=facts) == comes


@pytest.mark.parametrize(
    ("at", "violence", "comes"),
    [
        ("2022-06-28T10:00", "past", "default: level-sends-default"),  # no co-response yet
        ("2022-09-29T10:00", "past", "default: not-started"),
        ("2022-09-30T10:00", "past", COR),
        ("2022-09-30T10:00", "threat", COR),
        ("2022-09-30T10:00", "display", "default: level-sends-default"),
        ("2022-10-01T10:00", "past", "default: outside-days"),  # Saturday
        ("2023-10-28T10:00", "past", COR),  # Saturday
    ],
)
def test_co_response_from_the_end_of_september(at: str, violence: str, comes: str) -> None:
    case = {"code": "MENTAL HEALTH CRISIS", "district": "HEART area", "facts": {"violence": violence}}
    assert result(AGENCY, at=at, of=COR, **case) == comes


def test_care_navigators_are_referred_to_by_those_who_met_the_person() -> None:
    case = {"at": "2022-06-28T20:00", "code": "TRESPASS", "district": "HEART area", "of": "care-navigation"}
    assert result(AGENCY, requested_by="provider", **case) == "care-navigation"
    assert result(AGENCY, **case) == "default: category-not-taken"


@pytest.mark.parametrize(
    ("at", "levels"),
    [
        ("2022-06-28T10:00", ("0111", "01111", "001", "001", "0001")),
        ("2022-10-03T10:00", ("0122", "01122", "002", "002", "0002")),
        ("2023-10-23T10:00", ("0122", "01122", "002", "002", "0002")),
    ],
)
def test_what_each_hazard_raises_to(at: str, levels: tuple[str, ...]) -> None:
    hazards = dict(zip(("weapon", "violence", "crime", "injury", "suicide"), levels, strict=True))
    assert ladder(AGENCY, at=at, code="WELFARE CHECK", district="HEART area") == hazards
