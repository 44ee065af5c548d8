"""Washington's programmes that follow up: Kitsap and Lakewood, with somebody on call too, and Pierce County's MCIRT."""

import pytest

from tests.deploy.programmes.desk import Case, ladder, result, verdict

KITSAP: Case = {
    "agency": "kitsap-wa",
    "code": "WELFARE CHECK",
    "district": "Poulsbo",
    "at": "2017-01-01T03:00",
    "requested_by": "officer",
    "everything_known": False,
    "of": "navigators",
}
KITSAP_2023: Case = KITSAP | {"of": None, "at": "2023-01-02T12:00"}
LAKEWOOD: Case = KITSAP | {
    "of": "contact-team",
    "agency": "lakewood-wa",
    "district": "Lakewood",
    "at": "2015-01-01T03:00",
}
KNOWN = {"repeat_caller": "yes"}
PIERCE: Case = KITSAP | {
    "of": "mcirt",
    "agency": "pierce-county-wa",
    "district": "Parkland",
    "at": "2017-10-01T03:00",
    "facts": KNOWN,
}
ASKER, ELSEWHERE, EARLY = "default: asker-not-allowed", "default: no-rollout", "default: no-programme"
BOTH = "fire-cares + navigators"


@pytest.mark.parametrize(
    ("usual", "case", "found"),
    [
        (KITSAP, {"at": "2016-12-31T23:59"}, EARLY),
        (KITSAP, {}, "navigators"),
        *[(KITSAP, {"requested_by": who}, "navigators") for who in ("fire-crew", "school", "provider")],
        (KITSAP, {"requested_by": "caller"}, ASKER),
        (KITSAP, {"requested_by": None}, "default: category-not-taken"),
        *[
            (KITSAP, {"district": one}, "navigators")
            for one in ("Bainbridge", "Bremerton", "Port Orchard", "Kitsap County")
        ],
        (KITSAP, {"district": "North Kitsap"}, ELSEWHERE),
        (KITSAP, {"caller_wants": "police"}, "default: level-sends-default"),
        (KITSAP, {"at": "2022-12-31T23:59"}, "navigators"),
        (KITSAP_2023, {"at": "2023-01-01T00:00"}, BOTH),
        (KITSAP_2023, {"district": "Bremerton"}, "navigators"),
        (KITSAP_2023, {"district": "North Kitsap"}, "fire-cares"),
        (KITSAP_2023, {"district": "Central Kitsap"}, "fire-cares"),
        (KITSAP_2023, {"at": "2023-11-05T01:30-07:00"}, BOTH),
        (KITSAP_2023, {"at": "2023-11-05T01:30-08:00"}, BOTH),
        (KITSAP_2023, {"at": "2024-03-10T03:00"}, BOTH),
        (KITSAP_2023, {"at": "2023-12-25T12:00"}, BOTH),
        (LAKEWOOD, {"at": "2014-12-31T23:59"}, EARLY),
        (LAKEWOOD, {}, "contact-team"),
        (LAKEWOOD, {"district": "Pierce County"}, ELSEWHERE),
        (LAKEWOOD, {"district": "Tacoma"}, "default: district-unknown"),
        (LAKEWOOD, {"requested_by": "fire-crew"}, ASKER),
        (LAKEWOOD, {"requested_by": None}, "default: category-not-taken"),
        (LAKEWOOD, {"caller_wants": "police"}, "default: level-sends-default"),
        (LAKEWOOD, {"at": "2015-11-26T12:00"}, "contact-team"),
        (LAKEWOOD, {"at": "2015-11-01T01:30-07:00"}, "contact-team"),
        (LAKEWOOD, {"at": "2015-11-01T01:30-08:00"}, "contact-team"),
        (PIERCE, {"at": "2017-09-30T23:59"}, EARLY),
        (PIERCE, {}, "mcirt"),
        (PIERCE, {"district": "Spanaway", "requested_by": "fire-crew"}, "mcirt"),
        (PIERCE, {"district": "Rest of county"}, ELSEWHERE),
        (PIERCE, {"requested_by": "provider"}, ASKER),
        (PIERCE, {"facts": {}}, "default: repeat-caller-unknown"),
        (PIERCE, {"facts": {"repeat_caller": "no"}}, "default: repeat-caller-not-met"),
        (PIERCE, {"at": "2017-12-25T12:00"}, "mcirt"),
        (PIERCE, {"at": "2018-03-11T03:00"}, "mcirt"),
    ],
)
def test_referrals(usual: Case, case: Case, found: str) -> None:
    assert result(**(usual | case)) == found


@pytest.mark.parametrize("at", ["2017-01-01T03:00", "2021-07-04T15:00", "2023-12-25T03:00"])
@pytest.mark.parametrize("district", ["Kitsap County", "Poulsbo", "Bremerton", "North Kitsap"])
def test_a_member_of_kitsaps_crisis_team_is_on_call_24_hours_a_day(at: str, district: str) -> None:
    crisis: Case = {"agency": "kitsap-wa", "code": "MENTAL HEALTH CRISIS", "at": at, "district": district}
    found = verdict(**crisis, everything_known=False).responses[0]
    assert (found.response, found.may_go, found.phase) == ("cit-member", True, "live")
    assert (found.reached_by, found.goes, found.crew) == ("on-call page", "beside default", ("officer",))
    assert result(**crisis, caller_wants="police") == "default: level-sends-default"


@pytest.mark.parametrize("at", ["2015-01-01T03:00", "2016-11-24T15:00"])
def test_lakewoods_professional_is_on_call_and_comes_to_officers_on_scene(at: str) -> None:
    asked: Case = LAKEWOOD | {"at": at, "units_on_scene": True, "of": None}
    assert result(**asked) == "professional-on-call + contact-team"
    assert result(**(asked | {"caller_wants": "police"})) == "professional-on-call + contact-team"
    assert result(**(asked | {"units_on_scene": False})) == "contact-team"
    found = verdict(**{name: value for name, value in asked.items() if name != "of"}).responses[0]
    assert (found.reached_by, found.goes, found.crew) == ("on-call page", "beside default", ("clinician",))
    assert found.enters_when == ("police on scene",)


@pytest.mark.parametrize("usual", [KITSAP, KITSAP_2023, LAKEWOOD, PIERCE])
def test_a_referral_sends_nobody_and_nothing_needs_to_be_asked(usual: Case) -> None:
    case = {name: value for name, value in usual.items() if name != "of"}
    going = [one for one in verdict(**case).responses if one.may_go]
    assert {(one.reached_by, one.goes, one.due_hours) for one in going} == {("referral", "beside default", 72)}
    assert ladder(**case) == {}


def test_pierce_county_sends_nobody_at_all() -> None:
    judgement = verdict(**{name: value for name, value in PIERCE.items() if name != "of"})
    assert (judgement.suitability, judgement.reasons) == ("unsuitable", ("level-sends-default",))
