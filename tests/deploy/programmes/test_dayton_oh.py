"""Dayton's mediators: telephone first, and an officer for whoever insists."""

import pytest

from tests.deploy.programmes.desk import crew, ladder, result

AGENCY = "dayton-oh"
PHONE = {"resolvable_by_phone": "yes"}
BOTH = "call-taker + mediators"


@pytest.mark.parametrize(
    ("at", "comes"),
    [
        ("2022-05-20T12:00", "default: no-programme"),
        ("2022-05-23T11:00", BOTH),  # Monday
        ("2022-05-23T10:59", "default: outside-hours"),
        ("2022-05-27T17:59", BOTH),
        ("2022-05-27T18:00", "default: outside-hours"),
        ("2022-05-28T12:00", "default: outside-days"),  # Saturday
        ("2022-05-30T12:00", "default: holiday"),
        ("2022-11-06T12:00", "default: outside-days"),
        ("2026-02-24T08:00", "default: outside-hours"),
        ("2026-02-25T08:00", BOTH),
        ("2026-02-25T19:59", BOTH),
        ("2026-02-25T20:00", "default: outside-hours"),
    ],
)
def test_hours(at: str, comes: str) -> None:
    assert result(AGENCY, at=at, code="NOISE", district="Dayton", facts=PHONE) == comes


@pytest.mark.parametrize(
    ("code", "facts", "comes"),
    [
        ("ROOMMATE TROUBLE", {}, "mediators"),
        ("BARKING DOG", PHONE, BOTH),
        ("MENTAL", PHONE, "default: category-not-taken"),
        ("NEIGHBOR DISPUTE", {"violence": "threat"}, "default: level-sends-default"),
        ("NEIGHBOR DISPUTE", {"crime": "reported"}, "default: level-sends-default"),
        ("NEIGHBOR DISPUTE", {"violence": "not-asked"}, "ask: violence"),
    ],
)
def test_codes_and_facts(code: str, facts: dict[str, str], comes: str) -> None:
    assert result(AGENCY, at="2022-05-24T12:00", code=code, district="Dayton", facts=facts) == comes


@pytest.mark.parametrize(
    ("wants", "comes"),
    [
        ("police", "default: level-sends-default"),
        ("none", BOTH),
    ],
)
def test_a_caller_may_insist_on_an_officer(wants: str, comes: str) -> None:
    case = {"at": "2022-05-24T12:00", "code": "NOISE", "district": "Dayton"}
    assert result(AGENCY, facts=PHONE, caller_wants=wants, **case) == comes


def test_outside_the_city() -> None:
    assert result(AGENCY, at="2022-05-24T12:00", code="NOISE", district="Kettering") == "default: district-unknown"


@pytest.mark.parametrize("at", ["2022-05-24T12:00", "2026-02-25T12:00"])
def test_two_mediators_go(at: str) -> None:
    assert crew(AGENCY, "mediators", at=at) == ("crisis-worker", "crisis-worker")


@pytest.mark.parametrize(
    ("at", "levels"),
    [
        ("2022-05-24T12:00", "0111 01111 011 001 0111"),
        ("2026-02-25T12:00", "0111 01111 011 001 0111"),
    ],
)
def test_what_each_hazard_raises_to(at: str, levels: str) -> None:
    names = ("weapon", "violence", "crime", "injury", "suicide")
    assert ladder(AGENCY, at=at, code="NOISE", district="Dayton") == dict(zip(names, levels.split(), strict=True))
