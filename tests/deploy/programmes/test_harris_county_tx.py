"""Harris County's HART: the sheriff's districts, one after the other."""

import pytest

from tests.deploy.programmes.desk import ladder, result

AGENCY = "harris-county-tx"
TEAM = "hart"


@pytest.mark.parametrize(
    ("at", "district", "comes"),
    [
        ("2022-03-30T12:00", "1", "default: no-programme"),
        ("2022-03-31T08:00", "1", TEAM),
        ("2022-03-31T07:59", "1", "default: outside-hours"),
        ("2022-04-02T19:59", "1", TEAM),  # Saturday
        ("2022-04-02T20:00", "1", "default: outside-hours"),
        ("2022-12-25T12:00", "1", TEAM),
        ("2022-03-31T12:00", "4", "default: no-rollout"),
        ("2022-03-31T12:00", "Houston", "default: district-unknown"),
        ("2023-12-30T12:00", "4", "default: no-rollout"),
        ("2023-12-31T12:00", "4", TEAM),
        ("2025-12-30T12:00", "3", "default: no-rollout"),
        ("2025-12-31T12:00", "3", TEAM),
    ],
)
def test_hours_and_districts(at: str, district: str, comes: str) -> None:
    assert result(AGENCY, at=at, code="WELFARE CHECK", district=district) == comes


@pytest.mark.parametrize(
    ("code", "facts", "comes"),
    [
        ("HOMELESSNESS", {}, TEAM),
        ("DISTURBANCE", {}, "default: category-not-taken"),
        ("MENTAL HEALTH", {"violence": "threat"}, "default: level-sends-default"),
        ("MENTAL HEALTH", {"violence": "display"}, "default: level-sends-default"),
        ("MENTAL HEALTH", {"weapon": "present"}, "default: level-sends-default"),
        ("MENTAL HEALTH", {"weapon": "cannot-tell"}, "ask: weapon"),
        ("MENTAL HEALTH", {"suicide": "threat-or-plan"}, TEAM),
    ],
)
def test_codes_and_exclusions(code: str, facts: dict[str, str], comes: str) -> None:
    assert result(AGENCY, at="2022-04-01T12:00", code=code, district="1", facts=facts) == comes


@pytest.mark.parametrize(
    ("asker", "comes"),
    [
        ("officer", TEAM),
        ("caller", "default: asker-not-allowed"),
    ],
)
def test_deputies_may_ask(asker: str | None, comes: str) -> None:
    assert result(AGENCY, at="2022-04-01T12:00", code="DISTURBANCE", district="1", requested_by=asker) == comes


@pytest.mark.parametrize(
    ("at", "levels"),
    [
        ("2022-04-01T12:00", "0111 01111 001 001 0001"),
        ("2024-04-01T12:00", "0111 01111 001 001 0001"),
        ("2026-01-02T12:00", "0111 01111 001 001 0001"),
    ],
)
def test_what_each_hazard_raises_to(at: str, levels: str) -> None:
    names = ("weapon", "violence", "crime", "injury", "suicide")
    assert ladder(AGENCY, at=at, code="MENTAL HEALTH", district="1") == dict(zip(names, levels.split(), strict=True))
