"""What must hold of every call: a new hazard, or forgetting one, only ever moves a call up."""

from datetime import datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.programme import Judgement
from shared.programme.document.floor import FLOOR
from shared.programme.judging.facts import HAZARDS
from tests.shared.programme.documents import BOSTON, CHICAGO, MADISON, judged, live, programme

QUESTIONS = {"Q1": "weapon", "Q2": "violence", "Q3": "crime", "Q4": "injury", "Q5": "suicide"}
RESPONSES = ("cares", "ems-and-mental-health", "mental-health-line", "co-response-car", "ask-co-response")
BOARD = live(f"{name}/{place}" for name in RESPONSES for place in ("Central", "West", "A1", "C11"))
QUICK = settings(max_examples=120)

documents = st.sampled_from(
    [
        (MADISON, {"agency": "madison-wi", "system": "dane-county", "district": "Central"}),
        (BOSTON, {"agency": "boston-ma", "system": "bpd", "district": "A1"}),
    ]
)
known = st.fixed_dictionaries({q: st.sampled_from(HAZARDS[fact]) for q, fact in QUESTIONS.items()})
any_answer = st.fixed_dictionaries(
    {},
    optional={
        q: st.sampled_from([*HAZARDS[fact], "yes", "no", "cannot-tell", "not-asked", "hm"])
        for q, fact in QUESTIONS.items()
    },
)
circumstances = st.fixed_dictionaries(
    {
        "cautions": st.sampled_from([(), ("ARMED",), ("ASSAULTIVE",), ("ARMED", "ASSAULTIVE"), ("OTHER",)]),
        "code": st.sampled_from(["MENTAL", "CHECK PERSON", "MENTAL VIOLENT", "EDP", "EDPV", "NOISE"]),
        "heard": st.frozensets(st.sampled_from(sorted(HAZARDS)), max_size=2),
        "caller_wants": st.sampled_from(["none", "alternative", "police"]),
    }
)
Document = tuple[str, dict[str, Any]]


def ask(document: Document, around: dict[str, Any], answers: dict[str, str], **more: Any) -> Judgement:
    return judged(document[0], switchboard=BOARD, answers=answers, **(document[1] | around | more))


@QUICK
@given(documents, circumstances, known, st.sampled_from(sorted(QUESTIONS)), st.integers(0, 4))
def test_a_worse_hazard_never_lowers_the_level(
    document: Document, around: dict[str, Any], answers: dict[str, str], question: str, steps: int
) -> None:
    values = HAZARDS[QUESTIONS[question]]
    worse = values[min(values.index(answers[question]) + steps, len(values) - 1)]
    assert ask(document, around, answers | {question: worse}).level_rank >= ask(document, around, answers).level_rank


@QUICK
@given(documents, circumstances, any_answer, st.sampled_from(sorted(QUESTIONS)), st.sampled_from(["cannot-tell", "?"]))
def test_not_knowing_a_hazard_never_lowers_the_level(
    document: Document, around: dict[str, Any], answers: dict[str, str], question: str, unknown: str
) -> None:
    before = ask(document, around, answers)
    assert ask(document, around, answers | {question: unknown}).level_rank >= before.level_rank
    doubted = around | {"heard": around["heard"] | {QUESTIONS[question]}}
    assert ask(document, doubted, answers).level_rank >= before.level_rank


@QUICK
@given(documents, circumstances, known, st.sampled_from(sorted(QUESTIONS)))
def test_a_question_that_was_not_put_never_lowers_the_level(
    document: Document, around: dict[str, Any], answers: dict[str, str], question: str
) -> None:
    around = around | {"code": "MENTAL"}  # whose code answers nothing by itself
    rest = {name: answer for name, answer in answers.items() if name != question}
    assert ask(document, around, rest).level_rank >= ask(document, around, answers).level_rank


@QUICK
@given(documents, circumstances, any_answer, st.sampled_from(["ARMED", "ASSAULTIVE"]))
def test_a_caution_never_lowers_the_level(
    document: Document, around: dict[str, Any], answers: dict[str, str], flag: str
) -> None:
    warned = around | {"cautions": (*around["cautions"], flag)}
    assert ask(document, warned, answers).level_rank >= ask(document, around, answers).level_rank


@QUICK
@given(documents, circumstances, any_answer, st.integers(0, 60 * 24 * 14))
def test_the_floor_holds_for_whatever_may_go(
    document: Document, around: dict[str, Any], answers: dict[str, str], minutes: int
) -> None:
    at = datetime(2021, 10, 4, tzinfo=CHICAGO) + timedelta(minutes=minutes)
    found = ask(document, around, answers, at=at)
    for hazard, value, service in FLOOR:
        question = next(question for question, fact in QUESTIONS.items() if fact == hazard)
        told = answers.get(question, "not-asked")
        values = HAZARDS[hazard]
        if told == "no" or (told in values and values.index(told) < values.index(value)):
            continue
        for response in found.responses:
            crew = {"officer"} if service == "police" else {"emt", "paramedic"}
            assert crew & set(response.crew) or (response.goes == "beside default" and service not in response.replaces)


@QUICK
@given(documents, circumstances, any_answer)
def test_indeterminate_calls_can_be_made_suitable_by_what_is_missing(
    document: Document, around: dict[str, Any], answers: dict[str, str]
) -> None:
    found = ask(document, around, answers)
    if found.suitability != "indeterminate":
        assert found.missing == ()
        return
    best = answers | {q: "none" for q, fact in QUESTIONS.items() if fact in found.missing}
    flags = tuple(flag for flag in around["cautions"] if flag in programme(document[0]).cautions)
    settled = around | {"heard": around["heard"] - set(found.missing), "cautions": flags}
    assert found.missing
    assert ask(document, settled, best).suitability == "suitable"


@QUICK
@given(documents, circumstances, any_answer)
def test_every_gate_is_always_there_and_json_carries_all(
    document: Document, around: dict[str, Any], answers: dict[str, str]
) -> None:
    found = ask(document, around, answers)
    assert [gate.gate for gate in found.gates] == ["jurisdiction", "district", "call-type", "level", "freshness"]
    for response in found.responses:
        assert [gate.gate for gate in response.gates] == ["category", "phase", "dates", "hours", "holiday"]
        assert response.may_go is not bool(response.reasons)
    assert Judgement.model_validate_json(found.model_dump_json()) == found
