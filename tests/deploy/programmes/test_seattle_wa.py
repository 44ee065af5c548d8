"""Seattle's dual dispatch: downtown, then precinct by precinct, then alone."""

import pytest

from tests.deploy.programmes.desk import Case, crew, ladder, result, verdict

AGENCY = "seattle-wa"
DOWN, WELFARE = "DOWN - CHECK FOR PERSON DOWN", "SERVICE - WELFARE CHECK"
CRISIS = "PERSON IN BEHAVIORAL/EMOTIONAL CRISIS"
TEAM = "crisis-responders"


@pytest.mark.parametrize(
    ("at", "district", "comes"),
    [
        ("2023-10-24T12:00", "Downtown", "default: no-programme"),
        ("2023-10-25T10:59", "Downtown", "default: outside-hours"),
        ("2023-10-25T11:00", "Downtown", TEAM),
        ("2023-10-25T22:59", "Downtown", TEAM),
        ("2023-10-25T23:00", "Downtown", "default: outside-hours"),
        ("2023-10-28T12:00", "Downtown", "default: outside-days"),  # Saturday
        ("2023-10-25T12:00", "Rest of city", "default: no-rollout"),
        ("2023-11-23T12:00", "Downtown", TEAM),  # Thanksgiving: nothing says that it was closed
        ("2024-07-01T12:00", "East", "default: district-unknown"),
        ("2024-07-02T12:00", "East", TEAM),
        ("2024-07-02T11:59", "East", "default: outside-hours"),
        ("2024-07-06T21:59", "West", TEAM),  # Saturday
        ("2024-07-06T22:00", "West", "default: outside-hours"),
        ("2024-07-02T12:00", "Southwest", "default: no-rollout"),
        ("2024-12-19T12:00", "North", "default: not-started"),
        ("2024-12-20T12:00", "North", TEAM),
        ("2025-03-09T12:00", "Southwest", "default: no-rollout"),  # the clocks changed that night
        ("2025-03-10T12:00", "Southwest", TEAM),
        ("2026-01-01T11:59", "Southwest", "default: outside-hours, location-kind-unknown"),
        ("2026-01-01T12:00", "Southwest", TEAM),
    ],
)
def test_hours_and_precincts(at: str, district: str, comes: str) -> None:
    assert result(AGENCY, at=at, code=WELFARE, district=district) == comes


@pytest.mark.parametrize(
    ("code", "asker", "comes"),
    [
        (DOWN, None, TEAM),
        (CRISIS, None, "default: category-not-taken"),
        (CRISIS, "officer", TEAM),
        (CRISIS, "caller", "default: asker-not-allowed"),
    ],
)
def test_two_call_types_and_what_officers_ask_for(code: str, asker: str | None, comes: str) -> None:
    assert result(AGENCY, at="2024-05-02T12:00", code=code, district="Downtown", requested_by=asker) == comes


def test_police_go_too_and_the_team_waits_for_them_or_for_a_sergeant() -> None:
    (team,) = verdict(AGENCY, at="2024-05-02T12:00", code=DOWN, district="Downtown").responses
    assert (team.goes, team.replaces) == ("beside default", ())
    assert team.enters_when == ("police on scene", "released by sergeant")


def test_a_person_down_whom_nobody_checked_is_asked_about() -> None:
    case = {"at": "2024-05-02T12:00", "code": DOWN, "district": "Downtown"}
    assert result(AGENCY, facts={"injury": "cannot-tell"}, **case) == "ask: injury"


@pytest.mark.parametrize(
    ("facts", "comes"),
    [
        ({}, f"crisis-responders-alone (shadow) + {TEAM}"),
        ({"suicide": "ideation"}, TEAM),
        ({"injury": "minor"}, TEAM),
        ({"weapon": "elsewhere"}, "default: level-sends-default"),
    ],
)
def test_alone_to_low_acuity_is_in_shadow_while_the_contract_is_tentative(facts: dict[str, str], comes: str) -> None:
    assert result(AGENCY, at="2025-10-22T12:00", code=WELFARE, district="South", facts=facts) == comes


OUTSIDE = {"location_kind": "public-outside"}
ALONE = f"crisis-responders-alone + {TEAM}"


@pytest.mark.parametrize("code", [DOWN, WELFARE, CRISIS, "REQUEST FOR RESOURCES"])
def test_in_2026_they_go_alone_to_low_acuity_calls(code: str) -> None:
    case: Case = {"at": "2026-01-02T12:00", "code": code, "district": "South"}
    assert result(AGENCY, facts=OUTSIDE, **case) == ALONE
    assert verdict(AGENCY, facts=OUTSIDE, **case).responses[0].goes == "instead of default"


@pytest.mark.parametrize(
    ("facts", "comes"),
    [
        ({"location_kind": "private-residence"}, TEAM),
        ({"location_kind": "public-inside"}, TEAM),
        ({"location_kind": "unknown"}, TEAM),
        ({"intoxication": "mild"}, TEAM),  # somebody who uses drugs
        ({"suicide": "ideation"}, TEAM),
        ({"violence": "past"}, "default: level-sends-default"),
        ({"weapon": "elsewhere"}, "default: level-sends-default"),
        ({"injury": "needs-ems"}, "default: level-sends-default"),
    ],
)
def test_in_2026_they_do_not_go_alone_where_the_contract_says_so(facts: dict[str, str], comes: str) -> None:
    case: Case = {"at": "2026-01-02T12:00", "code": WELFARE, "district": "South"}
    assert result(AGENCY, facts=OUTSIDE | facts, **case) == comes


@pytest.mark.parametrize("asker", ["caller", "officer"])
def test_in_2026_callers_and_officers_may_ask_for_them_alone(asker: str) -> None:
    case: Case = {"at": "2026-01-02T12:00", "code": WELFARE, "district": "South", "units_on_scene": asker == "officer"}
    assert result(AGENCY, facts=OUTSIDE, requested_by=asker, of="crisis-responders-alone", **case) == (
        "crisis-responders-alone"
    )


@pytest.mark.parametrize("at", ["2023-10-25T12:00", "2024-07-02T12:00", "2025-03-10T12:00", "2025-10-22T12:00"])
def test_they_work_in_teams_of_two(at: str) -> None:
    assert crew(AGENCY, TEAM, at=at) == ("crisis-worker", "crisis-worker")


@pytest.mark.parametrize("at", ["2025-10-22T12:00", "2026-01-01T12:00"])
def test_they_are_two_when_alone_too(at: str) -> None:
    assert crew(AGENCY, "crisis-responders-alone", at=at) == ("crisis-worker", "crisis-worker")


@pytest.mark.parametrize(
    ("at", "district", "levels"),
    [
        ("2023-10-25T12:00", "Downtown", ("0111", "01111", "001", "001", "0001")),
        ("2025-03-10T12:00", "East", ("0111", "01111", "001", "001", "0001")),
        ("2025-10-22T12:00", "East", ("0222", "02222", "012", "012", "0112")),
        ("2026-01-02T12:00", "East", ("0222", "02222", "012", "012", "0112", "011")),
    ],
)
def test_what_each_hazard_raises_to(at: str, district: str, levels: tuple[str, ...]) -> None:
    names = ("weapon", "violence", "crime", "injury", "suicide", "intoxication")
    hazards = dict(zip(names, levels, strict=False))
    assert ladder(AGENCY, at=at, code=WELFARE, district=district) == hazards
