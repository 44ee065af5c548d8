"""Boston's pilots: co-response on request, then asked as a matter of course, then cars of its own; EMTs to come."""

import pytest

from tests.deploy.programmes.desk import Case, crew, document, ladder, result

USUAL: Case = {"code": "EDP", "district": "C11", "at": "2021-10-05T12:00"}
RISK = {"violence": "past"}
CALM = "ems-and-mental-health (shadow) + mental-health-line (shadow)"
ON_REQUEST = "co-response-on-request"
AUGUST, SEPTEMBER, OCTOBER = "2021-08-10T12:00", "2021-09-10T12:00", "2021-10-10T12:00"


@pytest.mark.parametrize(
    ("case", "found"),
    [
        ({"at": "2021-08-04T23:59"}, "default: no-programme"),
        ({"at": "2021-08-31T23:59", "facts": RISK}, "default: category-not-taken"),
        ({"at": "2021-09-01T00:00", "facts": RISK}, "ask-co-response"),
        ({"at": "2021-09-30T23:59", "facts": RISK, "district": "A1"}, "ask-co-response"),
        ({"at": "2021-10-01T00:00", "facts": RISK, "district": "A1"}, "co-response-car + ask-co-response"),
        ({"facts": RISK, "district": "B2"}, "co-response-car + ask-co-response"),
        ({"facts": RISK, "district": "B3"}, "ask-co-response"),
        ({"district": "Brookline"}, "default: district-unknown"),
        ({"at": "2021-12-25T03:00", "facts": RISK}, "ask-co-response"),
        # open round the clock, the two nights on which clocks change included
        ({"at": "2021-11-07T01:30-04:00", "facts": RISK}, "ask-co-response"),
        ({"at": "2021-11-07T01:30-05:00", "facts": RISK}, "ask-co-response"),
        ({"at": "2022-03-13T02:30-05:00", "facts": RISK}, "ask-co-response"),
    ],
)
def test_when_and_where(case: Case, found: str) -> None:
    assert result("boston-ma", **(USUAL | case)) == found


@pytest.mark.parametrize("at", ["2021-08-05T00:00", AUGUST, SEPTEMBER, OCTOBER])
@pytest.mark.parametrize("district", ["A1", "E18"])
def test_the_alternative_unit_is_announced_city_wide_and_developed_but_not_live(at: str, district: str) -> None:
    assert result("boston-ma", **(USUAL | {"at": at, "district": district})) == CALM
    assert crew("boston-ma", "ems-and-mental-health", at=at) == ("emt", "clinician")


@pytest.mark.parametrize("at", ["2021-08-05T00:00", AUGUST, SEPTEMBER])
@pytest.mark.parametrize("asker", ["officer", "dispatcher"])
@pytest.mark.parametrize(
    ("code", "facts", "after"),
    [("INVEST", {}, ""), ("INVEST", RISK, ""), ("EDP", {}, CALM), ("EDP", {"suicide": "threat-or-plan"}, "")],
)
def test_before_october_co_response_may_be_asked_to_any_call_type(
    at: str, asker: str, code: str, facts: dict[str, str], after: str
) -> None:
    found = result("boston-ma", **(USUAL | {"at": at, "code": code, "facts": facts, "requested_by": asker}))
    asked_anyway = "ask-co-response + " if code == "EDP" and facts and at == SEPTEMBER else ""
    assert found == asked_anyway + ON_REQUEST + (f" + {after}" if after else "")


@pytest.mark.parametrize("district", ["A1", "B3"])
def test_from_october_a_request_works_on_calm_calls_too(district: str) -> None:
    calm = USUAL | {"district": district, "requested_by": "officer"}
    assert result("boston-ma", **calm) == f"{ON_REQUEST} + {CALM}"
    assert result("boston-ma", **(calm | {"code": "INVEST"})) == ON_REQUEST


def test_the_dedicated_cars_take_what_is_likely_mental_health_and_nothing_else() -> None:
    responses = document("boston-ma.2021-10-01").responses
    car = responses["co-response-car"]
    assert (set(car.takes), set(car.may_be_asked_by), car.crew) == ({"mental-health"}, set(), ("officer", "clinician"))
    assert [name for name, one in responses.items() if one.pool == car.pool] == ["co-response-car"]


@pytest.mark.parametrize(
    ("case", "found"),
    [
        ({"code": "INVEST"}, "default: category-not-taken"),
        ({"code": "INVEST", "requested_by": "caller", "facts": RISK}, "default: asker-not-allowed, no-rollout"),
        ({"code": "EDPV"}, "default: level-sends-default"),
        ({"code": "EDPV", "requested_by": "officer"}, "default: level-sends-default"),
        ({"facts": {"suicide": "threat-or-plan"}}, "ask-co-response"),
        ({"facts": {"weapon": "elsewhere"}}, "ask-co-response"),
        ({"facts": {"weapon": "present"}}, "default: level-sends-default"),
        ({"facts": {"weapon": "cannot-tell"}}, "ask: weapon"),
        ({"everything_known": False}, "ask: weapon, violence, crime, injury, suicide"),
        ({"code": None}, "ask: call_type"),
    ],
)
def test_who(case: Case, found: str) -> None:
    assert result("boston-ma", **(USUAL | case)) == found


@pytest.mark.parametrize(
    ("at", "weapon", "violence", "suicide"),
    [
        (AUGUST, "0122", "01112", "0012"),
        (SEPTEMBER, "0122", "01112", "0012"),
        (OCTOBER, "0122", "01112", "0012"),
    ],
)
def test_hazards(at: str, weapon: str, violence: str, suicide: str) -> None:
    top = weapon[-1]
    assert ladder("boston-ma", **(USUAL | {"at": at})) == {
        "weapon": weapon,
        "violence": violence,
        "crime": f"0{top}{top}",
        "injury": f"00{top}",
        "suicide": suicide,
    }


def test_the_community_led_template_sends_nobody() -> None:
    usual: Case = {"code": "EDP", "district": "Boston", "at": "2023-01-01T12:00"}
    template = "template-boston-community-led"
    assert result(template, **usual) == "peers (shadow)"
    assert result(template, **(usual | {"code": "NOISE"})) == "default: category-not-taken"
    assert result(template, **(usual | {"code": "NOISE", "caller_wants": "alternative"})) == "peers (shadow)"
    assert result(template, **(usual | {"everything_known": False})).startswith("ask: weapon")
    assert result(template, **(usual | {"at": "2022-06-30T23:59"})) == "default: no-programme"
    assert ladder(template, **usual) == {
        "weapon": "0111",
        "violence": "01111",
        "crime": "011",
        "injury": "011",
        "suicide": "0111",
    }
