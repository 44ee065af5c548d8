"""Amherst's CRESS: six codes."""

import pytest

from tests.deploy.programmes.desk import crew, ladder, result

AGENCY = "amherst-ma"
TEAM = "cress"


@pytest.mark.parametrize(
    ("at", "comes"),
    [
        ("2023-12-17T12:00", "default: no-programme"),
        ("2023-12-18T08:00", TEAM),  # Monday
        ("2023-12-18T07:59", "default: outside-hours"),
        ("2023-12-18T15:59", TEAM),
        ("2023-12-18T16:00", "default: outside-hours"),
        ("2023-12-23T10:00", TEAM),  # Saturday
        ("2023-12-23T09:59", "default: outside-hours"),
        ("2023-12-23T18:00", "default: outside-hours"),
        ("2023-12-24T12:00", "default: outside-days"),
        ("2023-12-25T12:00", "default: holiday"),
        ("2024-03-10T12:00", "default: outside-days"),
        ("2025-02-01T12:00", "default: outside-days"),  # Saturday, now closed
        ("2025-02-03T12:00", TEAM),
    ],
)
def test_hours(at: str, comes: str) -> None:
    assert result(AGENCY, at=at, code="ASSIST CITIZEN", district="Amherst") == comes


@pytest.mark.parametrize(
    ("code", "facts", "comes"),
    [
        ("WELL-BEING CHECK", {}, TEAM),
        ("MENTAL HEALTH", {}, TEAM),
        ("ASSIST BUSINESS/AGENCY", {}, TEAM),
        ("ADMINISTRATIVE", {}, TEAM),
        ("FOLLOW-UP", {}, TEAM),
        ("NOISE COMPLAINT", {}, "default: category-not-taken"),
        ("MENTAL HEALTH", {"suicide": "ideation"}, TEAM),
        ("MENTAL HEALTH", {"crime": "not-asked"}, "ask: crime"),
    ],
)
def test_codes_and_facts(code: str, facts: dict[str, str], comes: str) -> None:
    assert result(AGENCY, at="2023-12-19T12:00", code=code, district="Amherst", facts=facts) == comes


@pytest.mark.parametrize(
    ("at", "comes"),
    [
        ("2023-12-19T12:00", "default: asker-not-allowed"),
        ("2025-02-03T12:00", TEAM),
    ],
)
def test_callers_may_ask_in_2025(at: str, comes: str) -> None:
    assert result(AGENCY, at=at, code="NOISE COMPLAINT", district="Amherst", requested_by="caller") == comes


def test_outside_the_town() -> None:
    assert result(AGENCY, at="2023-12-19T12:00", code="FOLLOW-UP", district="Hadley") == "default: district-unknown"


@pytest.mark.parametrize("at", ["2023-12-19T12:00", "2025-02-03T12:00"])
def test_two_community_responders(at: str) -> None:
    assert crew(AGENCY, TEAM, at=at) == ("crisis-worker", "crisis-worker")


@pytest.mark.parametrize(
    ("at", "levels"),
    [
        ("2023-12-19T12:00", "0111 01111 011 001 0011"),
        ("2025-02-03T12:00", "0111 01111 011 001 0011"),
    ],
)
def test_what_each_hazard_raises_to(at: str, levels: str) -> None:
    names = ("weapon", "violence", "crime", "injury", "suicide")
    assert ladder(AGENCY, at=at, code="MENTAL HEALTH", district="Amherst") == dict(
        zip(names, levels.split(), strict=True)
    )
