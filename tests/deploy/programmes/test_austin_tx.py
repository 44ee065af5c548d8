"""Austin's clinicians in 911: three kinds of call at first, then round the clock."""

import pytest

from tests.deploy.programmes.desk import Case, ladder, result, verdict

AGENCY = "austin-tx"
SELF = {"relation": "self"}
DESK = "crisis-centre-clinician + expanded-mobile-crisis"
EARLY, LATE = "2020-01-02T12:00", "2024-01-02T12:00"


@pytest.mark.parametrize(
    ("at", "comes"),
    [
        ("2019-12-30T12:00", "default: no-programme"),
        ("2020-01-02T08:00", DESK),  # Thursday
        ("2020-01-02T07:59", "default: outside-hours, category-not-taken"),
        ("2020-01-02T16:00", "default: outside-hours, category-not-taken"),
        ("2020-01-01T12:00", "default: holiday, category-not-taken"),
        ("2020-01-04T12:00", "default: outside-days, category-not-taken"),  # Saturday
        ("2024-01-01T03:00", DESK),
        ("2024-03-10T01:59", DESK),
        ("2024-03-10T03:00", DESK),
        ("2024-11-03T01:30-05:00", DESK),
        ("2024-11-03T01:30-06:00", DESK),
    ],
)
def test_hours(at: str, comes: str) -> None:
    assert result(AGENCY, at=at, code="PSYCHOSIS", district="Austin", facts=SELF) == comes


@pytest.mark.parametrize(
    ("at", "code", "facts", "comes"),
    [
        (EARLY, "PARENT-CHILD", SELF, DESK),
        (EARLY, "PARENT-CHILD", {"relation": "family"}, "default: relation-not-met, category-not-taken"),
        (EARLY, "PARENT-CHILD", {}, "default: relation-unknown, category-not-taken"),
        (EARLY, "CHECK WELFARE", SELF, "default: category-not-taken"),
        (LATE, "CHECK WELFARE", {"relation": "bystander"}, DESK),
        (EARLY, "SUICIDAL IDEATION", SELF | {"suicide": "ideation"}, DESK),
        (EARLY, "SUICIDAL IDEATION", SELF | {"suicide": "not-asked"}, "ask: suicide"),
        (EARLY, "SUICIDAL IDEATION", SELF | {"suicide": "threat-or-plan"}, "default: level-sends-default"),
        (LATE, "SUICIDAL IDEATION", {"suicide": "threat-or-plan"}, "austin-first"),
        (LATE, "SUICIDAL IDEATION", {"suicide": "attempt"}, "default: level-sends-default"),
        (LATE, "PSYCHOSIS", {"intoxication": "mild"}, DESK),
        (LATE, "PSYCHOSIS", {"intoxication": "severe"}, "default: level-sends-default"),
    ],
)
def test_kinds_of_call(at: str, code: str, facts: dict[str, str], comes: str) -> None:
    assert result(AGENCY, at=at, code=code, district="Austin", facts=facts) == comes


@pytest.mark.parametrize("at", [EARLY, LATE])
@pytest.mark.parametrize(("wants", "comes"), [("police", "conferenced"), ("none", DESK), ("alternative", DESK)])
def test_who_asks_for_an_officer_gets_one_with_a_clinician_conferenced(at: str, wants: str, comes: str) -> None:
    case: Case = {"at": at, "code": "PSYCHOSIS", "district": "Austin", "facts": SELF}
    assert result(AGENCY, caller_wants=wants, **case) == comes
    joins = verdict(AGENCY, caller_wants="police", **case).responses[0]
    assert (joins.response, joins.goes, joins.reached_by) == ("conferenced", "beside default", "phone transfer")


@pytest.mark.parametrize(
    ("facts", "comes"),
    [
        ({"suicide": "threat-or-plan"}, "austin-first + conferenced"),  # it has an officer on board
        ({"weapon": "present"}, "default: level-sends-default"),
    ],
)
def test_whoever_asks_for_an_officer_at_risk_gets_one_too(facts: dict[str, str], comes: str) -> None:
    case = {"at": LATE, "code": "PSYCHOSIS", "district": "Austin", "caller_wants": "police"}
    assert result(AGENCY, facts=facts, **case) == comes


def test_an_officer_may_talk_to_a_clinician() -> None:
    case = {"at": LATE, "code": "PSYCHOSIS", "district": "Austin", "of": "telehealth"}
    assert result(AGENCY, requested_by="officer", **case) == "telehealth"
    assert result(AGENCY, **case) == "default: category-not-taken"


def test_outside_the_city() -> None:
    assert result(AGENCY, at=LATE, code="PSYCHOSIS", district="Round Rock") == "default: district-unknown"


@pytest.mark.parametrize(
    ("at", "levels"),
    [
        (EARLY, ("0222", "02222", "022", "002", "0022", "002")),
        (LATE, ("0233", "02233", "033", "003", "0023", "003")),
    ],
)
def test_what_each_hazard_raises_to(at: str, levels: tuple[str, ...]) -> None:
    names = ("weapon", "violence", "crime", "injury", "suicide", "intoxication")
    assert ladder(AGENCY, at=at, code="PSYCHOSIS", district="Austin") == dict(zip(names, levels, strict=True))
