"""Boston's pilots: EMT and mental-health worker in August 2021, co-response in September, cars for it in October."""

import pytest

from tests.deploy.programmes.desk import Case, ladder, result

USUAL: Case = {"code": "EDP", "district": "C11", "at": "2021-10-05T12:00"}
RISK = {"violence": "past"}
CALM = "ems-and-mental-health + mental-health-line"


@pytest.mark.parametrize(
    ("case", "found"),
    [
        ({"at": "2021-08-04T23:59"}, "default: no-programme"),
        ({"at": "2021-08-05T00:00"}, CALM),
        ({"at": "2021-08-31T23:59", "facts": RISK}, "default: level-sends-default"),
        ({"at": "2021-09-01T00:00", "facts": RISK}, "ask-co-response"),
        ({"at": "2021-09-30T23:59", "facts": RISK, "district": "A1"}, "ask-co-response"),
        ({"at": "2021-10-01T00:00", "facts": RISK, "district": "A1"}, "co-response-car + ask-co-response"),
        ({"facts": RISK, "district": "B2"}, "co-response-car + ask-co-response"),
        ({"facts": RISK, "district": "B3"}, "ask-co-response"),
        ({"district": "E18"}, CALM),
        ({"district": "Brookline"}, "default: district-unknown"),
        ({"at": "2021-12-25T03:00"}, CALM),
        # open round the clock, the two nights on which clocks change included
        ({"at": "2021-11-07T01:30-04:00"}, CALM),
        ({"at": "2021-11-07T01:30-05:00"}, CALM),
        ({"at": "2022-03-13T02:30-05:00"}, CALM),
    ],
)
def test_when_and_where(case: Case, found: str) -> None:
    assert result("boston-ma", **(USUAL | case)) == found


@pytest.mark.parametrize(
    ("case", "found"),
    [
        ({"code": "INVEST"}, "default: category-not-taken"),
        ({"code": "INVEST", "requested_by": "officer"}, "default: asker-not-allowed"),  # not at this level
        # before the pilot and still: any call type, case by case
        ({"code": "INVEST", "requested_by": "officer", "facts": RISK, "district": "A1"}, "ask-co-response"),
        ({"code": "INVEST", "requested_by": "caller", "facts": RISK}, "default: asker-not-allowed, no-rollout"),
        ({"code": "EDPV"}, "default: level-sends-default"),
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
        ("2021-08-10T12:00", "0111", "01111", "0011"),
        ("2021-09-10T12:00", "0122", "01112", "0012"),
        ("2021-10-10T12:00", "0122", "01112", "0012"),
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
    assert result(template, **(usual | {"code": "FIRE"})) == "default: category-not-taken"
    assert result(template, **(usual | {"code": "FIRE", "caller_wants": "alternative"})) == "peers (shadow)"
    assert result(template, **(usual | {"everything_known": False})).startswith("ask: weapon")
    assert result(template, **(usual | {"at": "2022-06-30T23:59"})) == "default: no-programme"
    assert ladder(template, **usual) == {
        "weapon": "0111",
        "violence": "01111",
        "crime": "011",
        "injury": "011",
        "suicide": "0111",
    }
