"""Washington's programmes of professionals beside police: Port Angeles, Spokane, Yakima, Skagit and Clark."""

import pytest

from tests.deploy.programmes.desk import Case, ladder, result, verdict

PORT_ANGELES: Case = {
    "agency": "port-angeles-wa",
    "code": "WELFARE CHECK",
    "district": "Port Angeles",
    "at": "2018-06-04T12:00",
    "requested_by": "officer",
    "of": "social-worker",
}
SPOKANE: Case = {
    "agency": "spokane-wa",
    "code": "MENTAL",
    "district": "City of Spokane",
    "at": "2020-06-05T12:00",
}
YAKIMA: Case = {
    "agency": "yakima-wa",
    "code": "CRISIS",
    "district": "Yakima",
    "at": "2020-06-05T12:00",
    "requested_by": "officer",
}
SKAGIT: Case = {"agency": "skagit-wa", "code": "MENTAL HEALTH", "district": "Skagit County", "at": "2020-09-04T12:00"}
CLARK: Case = {
    "agency": "clark-county-wa",
    "code": "MENTAL HEALTH",
    "district": "Clark County",
    "at": "2023-12-05T03:00",
}
DEPUTY: Case = {"requested_by": "officer", "units_on_scene": True, "everything_known": False}
CLOSED, NEVER, HOLIDAY = "default: outside-hours", "default: outside-days", "default: holiday"
ELSEWHERE, UNKNOWN, EARLY = "default: no-rollout", "default: district-unknown", "default: no-programme"
LEVEL = "default: level-sends-default"


@pytest.mark.parametrize(
    ("usual", "case", "found"),
    [
        (PORT_ANGELES, {"at": "2018-05-31T12:00"}, EARLY),
        (PORT_ANGELES, {"at": "2018-06-04T08:00"}, "social-worker"),
        (PORT_ANGELES, {"at": "2018-06-04T07:59"}, CLOSED),
        (PORT_ANGELES, {"at": "2018-06-08T16:59"}, "social-worker"),
        (PORT_ANGELES, {"at": "2018-06-08T17:00"}, CLOSED),
        (PORT_ANGELES, {"at": "2018-06-09T12:00"}, NEVER),  # Saturday
        (PORT_ANGELES, {"at": "2018-07-04T12:00"}, HOLIDAY),
        (PORT_ANGELES, {"district": "Clallam County"}, ELSEWHERE),
        (PORT_ANGELES, {"district": "Sequim"}, UNKNOWN),
        (SPOKANE, {"at": "2019-12-31T12:00"}, EARLY),
        (SPOKANE, {"at": "2020-06-05T08:00"}, "diversion-unit"),
        (SPOKANE, {"at": "2020-06-05T07:59"}, CLOSED),
        (SPOKANE, {"at": "2020-06-05T17:59", "district": "Spokane County"}, "diversion-unit"),
        (SPOKANE, {"at": "2020-06-05T18:00"}, CLOSED),
        (SPOKANE, {"at": "2020-06-06T12:00"}, NEVER),
        (SPOKANE, {"at": "2020-11-26T12:00"}, HOLIDAY),
        (SPOKANE, {"district": "Cheney"}, UNKNOWN),
        (YAKIMA, {"at": "2019-12-31T12:00"}, EARLY),
        (YAKIMA, {"at": "2020-06-05T08:00"}, "crisis-responder"),
        (YAKIMA, {"at": "2020-06-05T07:59"}, CLOSED),
        (YAKIMA, {"at": "2020-06-05T16:59", "district": "Union Gap"}, "crisis-responder"),
        (YAKIMA, {"at": "2020-06-05T17:00"}, CLOSED),
        (YAKIMA, {"district": "Yakima County"}, "crisis-responder"),
        (YAKIMA, {"district": "Sunnyside"}, ELSEWHERE),
        (YAKIMA, {"at": "2020-09-07T12:00"}, HOLIDAY),
        (SKAGIT, {"at": "2020-08-31T12:00"}, EARLY),
        (SKAGIT, {"at": "2020-09-04T08:00"}, "crisis-car"),
        (SKAGIT, {"at": "2020-09-04T07:59"}, CLOSED),
        (SKAGIT, {"at": "2020-09-04T17:59"}, "crisis-car"),
        (SKAGIT, {"at": "2020-09-04T18:00"}, CLOSED),
        (SKAGIT, {"at": "2020-09-05T12:00"}, NEVER),
        (SKAGIT, {"at": "2020-09-07T12:00"}, HOLIDAY),
        (SKAGIT, {"district": "Whatcom County"}, UNKNOWN),
        (CLARK, {"at": "2023-11-30T23:59"}, EARLY),
        (CLARK, {"at": "2023-12-01T00:00"}, "co-responder"),
        (CLARK, {"district": "Vancouver"}, "co-responder (shadow)"),
        (CLARK, {"district": "Camas"}, UNKNOWN),
        (CLARK, {"at": "2023-12-25T12:00"}, "co-responder"),
        # on call round the clock
        (CLARK, {"at": "2024-11-03T01:30-07:00"}, "co-responder"),
        (CLARK, {"at": "2024-11-03T01:30-08:00"}, "co-responder"),
        (CLARK, {"at": "2024-03-10T03:00"}, "co-responder"),
    ],
)
def test_when_and_where(usual: Case, case: Case, found: str) -> None:
    assert result(**(usual | case)) == found


@pytest.mark.parametrize(
    ("usual", "case", "found"),
    [
        (PORT_ANGELES, {"requested_by": None}, "default: category-not-taken"),
        (PORT_ANGELES, {"requested_by": "fire-crew"}, "default: asker-not-allowed"),
        (PORT_ANGELES, {"requested_by": "fire-crew", "of": "case-management"}, "case-management"),
        (PORT_ANGELES, {"of": None}, "social-worker + case-management"),
        (PORT_ANGELES, {"everything_known": False}, "social-worker"),
        (PORT_ANGELES, {"caller_wants": "police"}, LEVEL),
        (PORT_ANGELES, {"caller_wants": "police", "units_on_scene": True}, "social-worker"),
        (SPOKANE, {"code": "DRUGS"}, "diversion-unit"),
        (SPOKANE, {"code": "HOMELESS"}, "diversion-unit"),
        (SPOKANE, {"code": "NOISE"}, "default: category-not-taken"),
        (SPOKANE, {"code": "NOISE", "requested_by": "officer"}, "diversion-unit"),
        (SPOKANE, {"code": "SHOOTING"}, LEVEL),
        (SPOKANE, {"code": "SHOOTING"} | DEPUTY, "diversion-unit"),
        (SPOKANE, {"everything_known": False}, "ask: weapon, violence"),
        (YAKIMA, {"requested_by": None}, "default: category-not-taken"),
        (YAKIMA, {"requested_by": "caller"}, "default: asker-not-allowed"),
        (YAKIMA, {"everything_known": False}, "crisis-responder"),
        (YAKIMA, {"caller_wants": "police"}, LEVEL),
        (SKAGIT, {"code": "SUBSTANCE USE"}, "crisis-car"),
        (SKAGIT, {"code": "SUICIDE THREAT", "facts": {"suicide": "threat-or-plan"}}, "crisis-car"),
        (SKAGIT, {"code": "NOISE"}, "default: category-not-taken"),
        (SKAGIT, {"code": "DV ASSAULT"}, LEVEL),
        (SKAGIT, {"code": "SUICIDE THREAT", "facts": {"suicide": "cannot-tell"}}, "ask: suicide"),
        (SKAGIT, {"everything_known": False}, "ask: weapon, violence, crime, injury, suicide"),
        (CLARK, {"code": "NOISE"}, "default: category-not-taken"),
        (CLARK, {"code": "NOISE"} | DEPUTY, "co-responder + phone-consult"),
        (CLARK, {"code": "WEAPON"}, LEVEL),
        (CLARK, {"code": "WEAPON"} | DEPUTY, "co-responder + phone-consult"),
        (CLARK, {"everything_known": False}, "ask: weapon, violence"),
    ],
)
def test_who(usual: Case, case: Case, found: str) -> None:
    assert result(**(usual | case)) == found


@pytest.mark.parametrize(
    ("usual", "ranks"),
    [
        (PORT_ANGELES | {"of": None}, {}),
        (YAKIMA, {}),
        (SPOKANE, {"weapon": "0011", "violence": "00111"}),
        (CLARK, {"weapon": "0011", "violence": "00111"}),
        (SPOKANE | {"units_on_scene": True}, {"weapon": "0000", "violence": "00000"}),
        (SKAGIT, {"weapon": "0011", "violence": "00011", "crime": "001", "injury": "001", "suicide": "0001"}),
    ],
)
def test_hazards(usual: Case, ranks: dict[str, str]) -> None:
    assert ladder(**{name: value for name, value in usual.items() if name != "of"}) == ranks


@pytest.mark.parametrize(
    ("usual", "goes"),
    [
        (SPOKANE, "beside default"),
        (YAKIMA, "beside default"),
        (SKAGIT, "instead of default"),
        (CLARK, "beside default"),
    ],
)
def test_who_stays_at_home(usual: Case, goes: str) -> None:
    first = verdict(**usual).responses[0]
    assert first.goes == goes
    assert "officer" in first.crew or first.enters_when == ("police on scene",)
