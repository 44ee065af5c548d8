"""Phoenix: behavioral health as a third answer, without daylight saving."""

import pytest

from tests.deploy.programmes.desk import crew, ladder, result

AGENCY = "phoenix-az"
UNIT = "behavioral-health-unit"


@pytest.mark.parametrize(
    ("at", "comes"),
    [
        ("2025-12-14T23:59", "default: no-programme"),
        ("2025-12-15T00:00", UNIT),
        ("2025-12-25T03:00", UNIT),
        ("2026-03-08T02:30", UNIT),  # an hour like any other here
        ("2026-11-01T01:30", UNIT),
    ],
)
def test_day_and_night(at: str, comes: str) -> None:
    assert result(AGENCY, at=at, code="BEHAVIORAL HEALTH", district="Phoenix", of=UNIT) == comes


@pytest.mark.parametrize(
    ("code", "facts", "comes"),
    [
        ("BEHAVIORAL HEALTH", {"resolvable_by_phone": "yes"}, "behavioral-health-unit + crisis-line"),
        ("SUICIDE", {"suicide": "ideation"}, UNIT),
        ("SUICIDE", {"suicide": "not-asked"}, "ask: suicide"),
        ("TRESPASS", {}, "default: level-sends-default"),
        ("NOISE", {}, "default: category-not-taken, resolvable-by-phone-unknown"),
        ("BEHAVIORAL HEALTH", {"injury": "minor"}, "default: level-sends-default"),
    ],
)
def test_codes_and_facts(code: str, facts: dict[str, str], comes: str) -> None:
    assert result(AGENCY, at="2025-12-16T12:00", code=code, district="Phoenix", facts=facts) == comes


@pytest.mark.parametrize(
    ("asker", "comes"),
    [
        ("caller", UNIT),
        ("school", "default: asker-not-allowed"),
    ],
)
def test_the_caller_may_choose(asker: str | None, comes: str) -> None:
    case = {"at": "2025-12-16T12:00", "code": "NOISE", "district": "Phoenix", "of": UNIT}
    assert result(AGENCY, requested_by=asker, **case) == comes


def test_outside_the_city() -> None:
    assert result(AGENCY, at="2025-12-16T12:00", code="SUICIDE", district="Mesa") == "default: district-unknown"


@pytest.mark.parametrize("at", ["2025-12-16T12:00"])
def test_nobody_goes_alone(at: str) -> None:
    assert crew(AGENCY, UNIT, at=at) == ("clinician", "clinician or crisis-worker")


@pytest.mark.parametrize(
    ("at", "levels"),
    [
        ("2025-12-16T12:00", "0111 01111 011 011 0011"),
    ],
)
def test_what_each_hazard_raises_to(at: str, levels: str) -> None:
    names = ("weapon", "violence", "crime", "injury", "suicide")
    assert ladder(AGENCY, at=at, code="SUICIDE", district="Phoenix") == dict(zip(names, levels.split(), strict=True))
