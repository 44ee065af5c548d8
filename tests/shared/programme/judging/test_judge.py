"""The Madison and Boston documents, call by call, from what was published of them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from immutables import Map

from shared.call import CallType
from shared.programme import Judgement, Phase, Switchboard, judge, read
from shared.programme.judging.facts import HAZARDS
from shared.programme.judging.surroundings import ALONE
from shared.switch import Switch
from tests.shared.programme.documents import BOSTON, CHICAGO, LIVE, MADISON, WEDNESDAY_NOON, answers, call, judged, live

BOSTON_ON = live(
    f"{response}/{district}"
    for response in ("ems-and-mental-health", "mental-health-line", "co-response-car", "ask-co-response")
    for district in ("A1", "C11")
)


def boston(**changes: object) -> Judgement:
    at = datetime(2021, 10, 5, 3, 0, tzinfo=UTC)
    known = {"agency": "boston-ma", "district": "A1", "system": "bpd", "code": "EDP"}
    return judged(BOSTON, at=at, switchboard=BOSTON_ON, **(known | changes))  # type: ignore[arg-type]


def test_a_calm_call_in_the_district_and_the_hours_goes_to_cares() -> None:
    found = judged()
    assert (found.suitability, found.reasons, found.level, found.level_rank) == ("suitable", (), "calm", 0)
    assert found.raised_by == ()
    assert (found.district, found.category) == ("Central", "mental-health")
    (cares,) = found.responses
    assert (cares.response, cares.may_go, cares.phase, cares.reasons) == ("cares", True, "live", ())
    assert cares.replaces == ("police", "ems", "fire")
    assert [gate.gate for gate in cares.gates] == ["category", "phase", "dates", "hours", "holiday"]
    assert found.sentence == "cares may go (live), instead of default: in Central, level 'calm'."
    assert [(step.attempt, step.seconds) for step in found.steps] == [("same response", 30), ("default", 0)]
    assert (found.routing_deadline_seconds, found.cad_notice_seconds, found.offer_expiry_seconds) == (60, 10, 30)
    assert (found.programme_version, found.switchboard_revision) == (1, 7)


def test_a_judgement_carries_what_teams_are_asked_and_their_clocks() -> None:
    text = MADISON.replace(
        'reached_by      = "offer"', 'reached_by = "offer"\nexpected_minutes = 45\npool = "north"', 1
    )
    clocks = "[clocks]\ntransfer_ack_seconds = 20\non_scene_check_minutes = 10\nmissed_safety_checks = 3\n"
    found, usual = judged(text.replace("[clocks]", clocks, 1)), judged()
    (cares,), (usually,) = found.responses, usual.responses
    assert ((cares.expected_minutes, cares.pool), (usually.expected_minutes, usually.pool)) == (
        (45, "north"),
        (60, "default"),
    )
    assert (found.transfer_ack_seconds, found.on_scene_check_minutes, found.missed_safety_checks) == (20, 10, 3)
    assert (usual.transfer_ack_seconds, usual.on_scene_check_minutes, usual.missed_safety_checks) == (30, 30, 2)


def test_a_judgement_survives_json() -> None:
    found = judged(answers={"Q1": "yes"}, cautions=("ASSAULTIVE",))
    assert Judgement.model_validate_json(found.model_dump_json()) == found


@pytest.mark.parametrize(
    ("local", "reasons"),
    [
        ("2021-09-01T10:59:59", ("outside-hours",)),
        ("2021-09-01T11:00:00", ()),
        ("2021-09-01T18:59:59", ()),
        ("2021-09-01T19:00:00", ("outside-hours",)),
        ("2021-09-04T12:00:00", ("outside-days",)),  # Saturday
        ("2021-09-03T12:00:00", ()),  # Friday
    ],
)
def test_hours(local: str, reasons: tuple[str, ...]) -> None:
    """A day on which the row never opens has a reason of its own."""
    (cares,) = judged(at=datetime.fromisoformat(local).replace(tzinfo=CHICAGO)).responses
    assert cares.may_go is not bool(reasons)
    assert cares.reasons == reasons


@pytest.mark.parametrize(
    ("day", "reasons"),
    [
        ((2021, 8, 31), ("not-started",)),
        ((2021, 9, 6), ("holiday",)),  # Labor Day
        ((2021, 11, 26), ("holiday",)),  # closed by the document
        ((2022, 2, 15), ()),  # in the state's calendar, but the city works
        ((2021, 12, 31), ("holiday",)),  # New Year's Day falls on a Saturday
    ],
)
def test_days(day: tuple[int, int, int], reasons: tuple[str, ...]) -> None:
    (cares,) = judged(at=datetime(*day, 12, 0, tzinfo=CHICAGO)).responses
    assert cares.reasons == reasons


def test_every_gate_is_evaluated_after_a_failure_too() -> None:
    at = datetime(2021, 9, 6, 3, 0, tzinfo=CHICAGO)
    found = judged(at=at, code="NOISE", district="West", switchboard=Switchboard(1), answers=answers(Q2="yes"))
    assert len(found.gates) == 5
    found = judged(at=at, code="NOISE", switchboard=Switchboard(1))
    (cares,) = found.responses
    assert cares.reasons == ("category-not-taken", "phase-off", "outside-hours", "holiday")
    assert (cares.may_go, cares.phase) == (False, "off")
    assert all(gate.sentence.endswith(".") for gate in (*found.gates, *cares.gates))


def test_a_district_without_a_row_is_off_and_still_judged_suitable() -> None:
    found = judged(district="West")
    assert (found.suitability, found.district) == ("suitable", "West")
    assert found.responses[0].reasons == ("no-rollout",)
    assert "not rolled out in West" in found.sentence


@pytest.mark.parametrize(
    ("where", "district", "reason"),
    [
        ({"district": None, "beat": "C2"}, "Central", None),
        ({"district": " Central ", "beat": "C2"}, "Central", None),
        ({"district": "Central", "beat": "Z9"}, "Central", None),
        ({"district": "Central", "beat": "W1"}, None, "district-conflict"),
        ({"district": "South", "beat": "W1"}, None, "district-conflict"),
        ({"district": "South"}, None, "district-unknown"),
        ({"district": None, "beat": "Z9"}, None, "district-unknown"),
        ({"district": None}, None, "district-unknown"),
    ],
)
def test_districts_and_beats(where: dict[str, Any], district: str | None, reason: str | None) -> None:
    found = judged(**where)
    assert found.district == district
    assert found.reasons == ((reason,) if reason else ())
    assert found.suitability == ("unsuitable" if reason else "suitable")
    assert found.responses[0].may_go is (reason is None)


@pytest.mark.parametrize(
    ("call_type", "what"),
    [("TROUBLE", "TROUBLE, which is of no category"), ("459A", "a call type that is not listed")],
)
def test_what_a_response_does_not_take_is_said_as_it_is(call_type: str, what: str) -> None:
    """`TROUBLE = {}` is listed: it was said not to be."""
    assert f"cares does not take {what}." in judged(code=call_type).sentence


def test_a_beat_that_nobody_lists_is_not_called_a_district() -> None:
    assert (
        judged(district=None, beat="01").sentence
        == "Default (police patrol): beat 01 is in no district of the programme."
    )


@pytest.mark.parametrize(
    ("code", "category", "may_go"),
    [
        ("MENTAL", "mental-health", True),
        ("  CHECK   PERSON", "check-welfare", True),
        ("mental", "mental-health", True),
        ("check-person", "check-welfare", True),
        ("\uff2dENTAL\u200b", "mental-health", True),
        ("MENTA", None, False),
        ("NOISE", None, False),
    ],
)
def test_codes_match_in_one_form_and_a_part_of_one_is_another(code: str, category: str | None, may_go: bool) -> None:  # noqa: FBT001
    found = judged(code=code)
    assert (found.category, found.responses[0].may_go) == (category, may_go)
    assert judged(code=code, system="other").category is None


def test_mental_and_mental_violent_part_ways() -> None:
    found = judged(code="MENTAL VIOLENT")
    assert (found.suitability, found.reasons, found.level_rank) == ("unsuitable", ("level-sends-default",), 1)
    assert found.responses == ()
    (raised,) = found.raised_by
    assert (raised.fact, raised.value, raised.unknown) == ("violence", "in-progress", None)
    assert raised.source == "code dane-county MENTAL VIOLENT"
    assert raised.at == WEDNESDAY_NOON


@pytest.mark.parametrize(
    ("question", "answer", "calm"),
    [
        ("Q1", "elsewhere", False),
        ("Q2", "past", False),
        ("Q2", "In-Progress ", False),
        ("Q3", "reported", False),
        ("Q4", "minor", True),
        ("Q4", "needs-ems", False),
        ("Q5", "threat-or-plan", True),
        ("Q5", "attempt", False),
        ("Q5", "yes", False),
        ("Q5", "NO", True),
    ],
)
def test_each_hazard(question: str, answer: str, calm: bool) -> None:  # noqa: FBT001
    found = judged(answers=answers(**{question: answer}))
    assert found.suitability == ("suitable" if calm else "unsuitable")


@pytest.mark.parametrize(
    ("answer", "unknown"),
    [("cannot-tell", "cannot-tell"), ("unknown", "cannot-tell"), ("nope", "cannot-tell"), ("not-asked", "not-asked")],
)
@pytest.mark.parametrize(
    ("question", "fact"), [("Q1", "weapon"), ("Q2", "violence"), ("Q3", "crime"), ("Q4", "injury"), ("Q5", "suicide")]
)
def test_each_unknown_raises_as_its_worst_value(question: str, fact: str, answer: str, unknown: str) -> None:
    found = judged(answers=answers(**{question: answer}))
    assert (found.suitability, found.missing) == ("indeterminate", (fact,))
    (raised,) = found.raised_by
    assert (raised.fact, raised.value, raised.unknown) == (fact, HAZARDS[fact][-1], unknown)
    assert f"Ask about {fact}" in found.sentence


def test_nothing_asked_is_indeterminate_and_says_what_to_ask() -> None:
    found = judged(answers={})
    assert found.suitability == "indeterminate"
    assert found.missing == ("weapon", "violence", "crime", "injury", "suicide")


def test_an_unknown_beside_a_known_danger_need_not_be_asked() -> None:
    found = judged(answers=answers(Q1="cannot-tell", Q2="yes"))
    assert (found.suitability, found.missing) == ("unsuitable", ())


def test_a_word_puts_a_hazard_in_doubt_even_where_it_was_denied() -> None:
    found = judged(heard=frozenset({"weapon"}))
    assert (found.suitability, found.missing) == ("indeterminate", ("weapon",))
    assert found.raised_by[0].unknown == "words"
    assert judged(heard=frozenset({"intoxication"})).suitability == "suitable"


def test_a_caution_warns_and_answers_nothing() -> None:
    assert judged(cautions=("ARMED",)).raised_by[0].source == "caution ARMED"
    assert judged(cautions=("ASSAULTIVE",)).suitability == "unsuitable"
    assert judged(cautions=("PARKING",)).missing == ("weapon", "violence")
    unasked = boston(answers={"Q1": "no", "Q3": "no", "Q4": "no", "Q5": "no"})
    assert (unasked.level_rank, unasked.missing) == (2, ("violence",))


def test_of_several_sources_the_worst_counts() -> None:
    assert judged(facts={"violence": "threat"}).raised_by[0].source == "cad"
    assert judged(facts={"violence": "none"}, answers=answers(Q2="threat")).raised_by[0].source == "answer Q2"
    assert judged(facts={"violence": "who knows"}).missing == ("violence",)
    assert judged(facts={"violence": "not-asked"}).suitability == "suitable"
    assert (
        judged(facts=dict.fromkeys(("weapon", "violence", "crime", "injury", "suicide"), "none"), answers={}).missing
        == ()
    )


def test_wishes() -> None:
    assert judged(caller_wants="police").raised_by[0].fact == "caller_wants"
    assert judged(caller_wants="police").suitability == "unsuitable"
    listed = MADISON.replace("[call_types.dane-county]", '[call_types.dane-county]\nNOISE = { category = "noise" }')
    asked = judged(listed, caller_wants="alternative", code="NOISE")
    assert asked.responses[0].may_go
    unsafe = judged(listed, caller_wants="alternative", code="NOISE", answers=answers(Q1="yes"))
    assert unsafe.suitability == "unsuitable"
    assert judged(listed, requested_by="caller", code="NOISE").responses[0].may_go
    assert judged(requested_by="officer", code="NOISE").responses[0].reasons == ("asker-not-allowed",)
    assert judged(requested_by="officer").responses[0].may_go


def test_no_call_type_yet_waits() -> None:
    found = judged(call_type=None)
    assert (found.suitability, found.reasons, found.missing) == ("indeterminate", ("no-call-type",), ("call_type",))
    found = judged(call_type=None, answers=answers(Q1="yes"))
    assert found.suitability == "unsuitable"


@pytest.mark.parametrize(
    ("age_seconds", "reason"), [(0, None), (900, None), (901, "stale"), (-300, None), (-301, "clock-ahead")]
)
def test_freshness(age_seconds: int, reason: str | None) -> None:
    found = judged(updated_at=WEDNESDAY_NOON - timedelta(seconds=age_seconds))
    assert found.reasons == ((reason,) if reason else ())
    assert found.suitability == ("unsuitable" if reason else "suitable")


def test_another_agency_and_no_programme() -> None:
    assert judged(agency="elsewhere").reasons == ("other-agency",)
    found = judge(None, LIVE, call(), ALONE, WEDNESDAY_NOON.astimezone(UTC))
    assert (found.suitability, found.reasons, found.level_rank) == ("unsuitable", ("no-programme",), 99)
    assert found.routing_deadline_seconds == 60


@pytest.mark.parametrize("phase", ["shadow", "advisory", "live"])
def test_the_switchboard_sets_less_never_more(phase: Phase) -> None:
    board = Switchboard(1, Map({"cares/Central": phase}))
    shadow = MADISON.replace('phase     = "live"', 'phase = "shadow"')
    assert judged(switchboard=board).responses[0].phase == phase
    assert judged(shadow, switchboard=board).responses[0].phase == "shadow"
    assert judged(switchboard=board).responses[0].may_go


@pytest.mark.parametrize(
    "paused", [Switch("Central"), Switch("all"), Switch("all", "cares"), Switch("Central", "cares")]
)
def test_a_pause_is_off_with_its_own_reason(paused: Switch) -> None:
    found = judged(switchboard=Switchboard(1, LIVE.phases, frozenset({paused})))
    assert found.suitability == "suitable"
    assert (found.responses[0].phase, found.responses[0].reasons) == ("off", ("paused",))
    elsewhere = judged(switchboard=Switchboard(1, LIVE.phases, frozenset({Switch("West"), Switch("West", "cares")})))
    assert elsewhere.responses[0].may_go


def test_boston_prefers_the_car_where_there_is_one_and_asks_elsewhere() -> None:
    calm = boston()
    assert [(one.response, one.may_go, one.reached_by) for one in calm.responses] == [
        ("ems-and-mental-health", True, "offer"),
        ("mental-health-line", True, "phone transfer"),
    ]
    risk = boston(answers=answers(Q2="threat"))
    assert [(one.response, one.may_go) for one in risk.responses] == [
        ("co-response-car", True),
        ("ask-co-response", True),
    ]
    assert (risk.level, risk.level_rank, risk.suitability) == ("safety risk", 1, "suitable")
    assert (risk.responses[1].goes, risk.responses[1].replaces) == ("beside default", ())
    assert [one.may_go for one in boston(answers=answers(Q2="threat"), district="C11").responses] == [False, True]
    assert boston(answers=answers(Q2="yes")).suitability == "unsuitable"
    assert boston(code="EDPV").suitability == "unsuitable"


def test_indeterminate_asks_only_what_could_help() -> None:
    found = boston(answers=answers(Q1="perhaps?", Q2="past"))
    assert (found.suitability, found.missing, found.level_rank) == ("indeterminate", ("weapon",), 2)


ADULTS_OUTSIDE = MADISON.replace(
    'reached_by      = "offer"',
    'reached_by = "offer"\nonly_when = { age = "18 or more", location_kind = ["public-outside", "public-inside"] }',
)


@pytest.mark.parametrize(
    ("facts", "reasons"),
    [
        ({"age": "18", "location_kind": "public-inside"}, ()),
        ({"age": "17", "location_kind": "public-inside"}, ("age-not-met",)),
        ({"age": "18"}, ("location-kind-unknown",)),
        ({"age": "adult", "location_kind": "school"}, ("location-kind-not-met", "age-unknown")),
        ({"age": "999", "location_kind": "public-inside"}, ("age-unknown",)),
        ({"age": "-25", "location_kind": "public-inside"}, ("age-unknown",)),
        ({"age": " 65 ", "location_kind": "public-inside"}, ()),
        ({}, ("location-kind-unknown", "age-unknown")),
    ],
)
def test_permissions_apply_only_if_known_true(facts: dict[str, str], reasons: tuple[str, ...]) -> None:
    found = judged(ADULTS_OUTSIDE, facts=facts)
    assert found.responses[0].reasons == reasons
    assert found.suitability == "suitable"


def test_restrictions_apply_unless_known_false() -> None:
    text = MADISON.replace('{ caller_wants = "police" }', '{ caller_wants = "police" }, { location_kind = "school" }')
    assert judged(text, facts={"location_kind": "facility"}).suitability == "suitable"
    assert judged(text, facts={"location_kind": "school"}).suitability == "unsuitable"
    assert (judged(text).suitability, judged(text).missing) == ("indeterminate", ("location_kind",))


def test_facts_named_together_raise_together() -> None:
    text = MADISON.replace(
        '{ injury = "needs-ems" }', '{ injury = "needs-ems" }, { injury = "minor", age = "65 or more" }'
    )
    text = text.replace('injury = "minor"', 'injury = "minor or worse"')
    assert judged(text, answers=answers(Q4="minor"), facts={"age": "64"}).suitability == "suitable"
    assert judged(text, answers=answers(Q4="minor"), facts={"age": "65"}).suitability == "unsuitable"
    assert judged(text, answers=answers(Q4="minor")).missing == ("age",)
    assert judged(text).suitability == "suitable"


def test_an_answer_may_be_spelt_out() -> None:
    text = MADISON.replace(
        'Q1 = "weapon"', 'Q1 = { fact = "weapon", yes = "elsewhere", "hidden" = "firearm", maybe = "cannot-tell" }'
    ).replace('weaker_on_purpose = ["ASSAULTIVE"]', 'weaker_on_purpose = ["ASSAULTIVE", "Q1"]')
    assert judged(text, answers=answers(Q1="yes")).raised_by[0].value == "elsewhere"
    assert judged(text, answers=answers(Q1="Hidden")).raised_by[0].value == "firearm"
    assert judged(text, answers=answers(Q1="maybe")).missing == ("weapon",)
    assert judged(text, answers=answers(Q1="no")).suitability == "suitable"


def test_of_several_rows_the_one_that_allows_most_is_cited() -> None:
    row = '[[rollout]]\nresponse = "cares"\ndistricts = "all"\nhours = ["Sat,Sun 10:00-20:00"]\nphase = "advisory"\n'
    text = MADISON.replace("[when_no_team]", row + "[when_no_team]")
    weekend = judged(text, at=datetime(2021, 9, 4, 12, 0, tzinfo=CHICAGO)).responses[0]
    assert (weekend.may_go, weekend.phase) == (True, "advisory")
    assert judged(text).responses[0].phase == "live"


@pytest.mark.parametrize(
    ("changes", "reasons"),
    [
        ({}, ("units-on-scene",)),
        ({"requested_by": "caller"}, ("units-on-scene",)),
        ({"requested_by": "officer"}, ()),
        ({"requested_by": "fire-crew"}, ()),
        ({"requested_by": "dispatcher"}, ()),
    ],
)
def test_units_on_scene_hand_a_call_over_when_they_or_a_dispatcher_ask(
    changes: dict[str, Any], reasons: tuple[str, ...]
) -> None:
    assert judged(units_on_scene=True, **changes).responses[0].reasons == reasons
    for word in ("yes", "Yes", "2 units"):  # the same fact by its other name; a word that nobody can read is no `no`
        assert judged(facts={"units_on_scene": word}, **changes).responses[0].reasons == reasons
    assert judged(facts={"units_on_scene": "No"}, **changes).responses[0].reasons == ()
    assert judged(**changes).responses[0].reasons == ()


def test_who_goes_beside_police_on_scene_needs_nobodys_word() -> None:
    beside = MADISON.replace('goes            = "instead of default"', 'goes = "beside default"\nreplaces = ["ems"]')
    assert judged(beside, units_on_scene=True).responses[0].may_go


def test_e1_of_several_codes_the_worst_counts() -> None:
    """E1: a code beside the first only makes a call worse, and what it says calmly is no answer."""
    violent = CallType(system="dane-county", code="MENTAL VIOLENT")
    calm = call()
    worse = calm.model_copy(update={"further_types": (violent,)})
    found = judge(read(MADISON), LIVE, worse, ALONE, WEDNESDAY_NOON.astimezone(UTC))
    assert (found.suitability, found.raised_by[0].source) == ("unsuitable", "code dane-county MENTAL VIOLENT")
    for code in ("CHECK PERSON", "NO SUCH CODE"):
        beside = calm.model_copy(update={"further_types": (CallType(system="dane-county", code=code),)})
        of_both = judge(read(MADISON), LIVE, beside, ALONE, WEDNESDAY_NOON.astimezone(UTC))
        alone = judge(read(MADISON), LIVE, calm, ALONE, WEDNESDAY_NOON.astimezone(UTC))
        assert of_both == alone.model_copy(update={"unlisted": of_both.unlisted})
        assert of_both.unlisted == (() if code == "CHECK PERSON" else ("code dane-county NO SUCH CODE",))
