"""What must hold of every document that is accepted, delivered or made up, and of every call."""

import time
from datetime import date, timedelta
from itertools import permutations, product
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.judgement import NOT_ROUTED, PHASES
from shared.programme import Programme, read
from shared.programme.judging.evidence import Facts, Hazard, Other
from shared.programme.judging.facts import HAZARDS
from shared.programme.judging.facts_of_call import level_of
from shared.programme.judging.hours import instant
from shared.programme.judging.programme import Row
from shared.programme.trying.page import page
from tests.shared.programme.documents import PROGRAMMES
from tests.shared.programme.generated import (
    PRESETS,
    brings,
    calls_of,
    judged_by,
    loads_of,
    made_up,
    programmes,
    restrictions,
    unknown_or_from,
    with_rows,
)

FLOOR = (  # written out again: the promise, not the code that keeps it
    ("weapon", ("present", "firearm"), "police"),
    ("violence", ("threat", "display", "in-progress"), "police"),
    ("crime", ("in-progress",), "police"),
    ("injury", ("needs-ems",), "ems"),
    ("suicide", ("attempt",), "ems"),
)
CREW = {"police": {"officer"}, "ems": {"emt", "paramedic"}}
MANY = settings(max_examples=150, suppress_health_check=list(HealthCheck))


@MANY
@given(programmes, st.data())
def test_adding_or_worsening_a_hazard_never_moves_a_call_to_a_lighter_level(
    programme: Programme, data: st.DataObject
) -> None:
    fields = data.draw(calls_of(programme))
    hazard = data.draw(st.sampled_from(programme.hazards or tuple(HAZARDS)))
    told = [fields["facts"] | {hazard: value} for value in HAZARDS[hazard]]
    ranks = [judged_by(programme, fields | {"facts": facts}).level_rank for facts in told]
    assert ranks == sorted(ranks)
    unsaid = {fact: value for fact, value in fields["facts"].items() if fact != hazard}
    assert ranks[-1] >= judged_by(programme, fields | {"facts": unsaid}).level_rank


@MANY
@given(programmes, st.data())
def test_not_knowing_a_known_hazard_never_moves_a_call_to_a_lighter_level(
    programme: Programme, data: st.DataObject
) -> None:
    fields = data.draw(calls_of(programme))
    hazard = data.draw(st.sampled_from(programme.hazards or tuple(HAZARDS)))
    fields["facts"] |= {hazard: data.draw(st.sampled_from(HAZARDS[hazard]))}
    before = judged_by(programme, fields)
    doubted = judged_by(programme, fields, frozenset((hazard,)))
    assert doubted.level_rank >= before.level_rank
    forgotten = fields | {"facts": fields["facts"] | {hazard: "cannot-tell"}}
    code = programme.code(fields["call_type"], fields["updated_at"])
    stated = code is not None and hazard in code.hazards
    stated = stated or hazard in programme.priorities.get(fields["priority"] or "", {})
    if not stated:
        assert judged_by(programme, forgotten).level_rank >= before.level_rank
    warned = fields | {"cautions": (*fields["cautions"], *programme.cautions)}
    assert judged_by(programme, warned).level_rank >= before.level_rank


@MANY
@given(programmes, st.data())
def test_the_floor_holds_for_whatever_may_go(programme: Programme, data: st.DataObject) -> None:
    fields = data.draw(calls_of(programme))
    found = judged_by(programme, fields)
    for hazard, values, service in FLOOR:
        if unknown_or_from(programme, fields, hazard, values[0]):
            for one in found.responses:
                assert brings(one, service), (one.response, hazard)


@MANY
@given(made_up, st.data())
def test_restricting_a_row_never_sends_what_was_not_sent_before(programme: Programme, data: st.DataObject) -> None:
    """Delivered documents have a test of their own, with each of their rows."""
    fields = data.draw(calls_of(programme))
    for number, row in enumerate(programme.rollout):
        load = data.draw(loads_of(row))
        before = {one.response: one for one in judged_by(programme, fields, load=load).responses}
        for fewer in restrictions(row):
            rollout = (*programme.rollout[:number], *fewer, *programme.rollout[number + 1 :])
            for one in judged_by(with_rows(programme, rollout), fields, load=load).responses:
                assert not one.may_go or before[one.response].may_go, fewer
                if one.may_go:
                    assert PHASES.index(one.phase) <= PHASES.index(before[one.response].phase), fewer


@MANY
@given(programmes)
def test_no_district_by_itself_is_lower_than_a_wide_row_allows_there_at_the_same_time(programme: Programme) -> None:
    """Else somebody believes that it is: tried hour by hour of a week, on the days on which both run."""
    for row, wide in permutations(programme.rollout, 2):
        lower = PHASES.index(row.phase) < PHASES.index(wide.phase)
        if row.response == wide.response and row.districts < wide.districts and lower:
            first = max(filter(None, (row.from_day, wide.from_day, programme.effective.date())))
            for day in (first + timedelta(days=number) for number in range(7)):
                assert not open_together(row, wide, programme, day)


def open_together(row: Row, wide: Row, programme: Programme, day: date) -> bool:
    if any(one.until_day is not None and day >= one.until_day for one in (row, wide)):
        return False
    moments = [instant(programme.zone, day, hour * 60 + 30) for hour in range(24)]
    return any(all(any(one.week.opened_on(programme.zone, at, day)) for one in (row, wide)) for at in moments)


@MANY
@given(programmes)
def test_every_question_about_a_hazard_can_tell_of_it(programme: Programme) -> None:
    """Some answer other than silence puts a call above its calmest value, wherever a worse one does."""
    for question in programme.questions:
        scale = HAZARDS.get(question.fact)
        if scale is None or question.fact not in programme.hazards:
            continue
        spelt = [value for word, value in question.meanings.items() if word not in scale and isinstance(value, int)]
        assert max(spelt) > 0, question


@MANY
@given(programmes, st.data())
def test_what_is_missing_could_make_a_call_suitable(programme: Programme, data: st.DataObject) -> None:
    fields = data.draw(calls_of(programme))
    found = judged_by(programme, fields)
    if found.suitability != "indeterminate":
        assert found.missing == ()
        return
    assert found.missing
    possible = [judged_by(programme, answered) for answered in completions(fields, found.missing)]
    assert any(one.suitability == "suitable" for one in possible)


def completions(fields: dict[str, Any], missing: tuple[str, ...]) -> list[dict[str, Any]]:
    """Ways to answer what is missing: the calmest, and the worse ones of as many hazards as can be tried."""
    values = {
        "location_kind": ("public-outside", "private-residence", "facility"),
        "age": ("30", "10"),
        "relation": ("self", "provider", "facility"),
    }
    tried = 7 if len(missing) < 4 else 1
    options = [HAZARDS.get(fact, ())[:tried] or values.get(fact, ("yes", "no")) for fact in missing]
    # an answer that is new settles what a flag that nobody listed may warn of
    fields = fields | {"cautions": tuple(flag for flag in fields["cautions"] if flag != "OTHER")}
    return [fields | {"facts": fields["facts"] | dict(zip(missing, told, strict=True))} for told in product(*options)]


# --- the whole space


@pytest.mark.parametrize("name", PRESETS)
def test_the_floor_of_a_preset_holds_in_every_combination_of_its_facts(name: str) -> None:
    """Plain enumeration, with no use of the proof: every value of each fact that some level turns on."""
    programme = read((PROGRAMMES / name).read_text())
    floored = [hazard for hazard, _, _ in FLOOR]
    others = sorted({one.fact for item in programme.raises for one in item.conditions if one.least is None})
    rest = [hazard for hazard in programme.hazards if hazard not in floored]
    best: Facts = {hazard: Hazard(0, 0, None, "test") for hazard in rest}
    best |= {fact: Other((_calmest(programme, fact),), None, "test") for fact in others}
    for ranks in product(*(range(len(HAZARDS[hazard])) for hazard in floored)):
        told = dict(zip(floored, ranks, strict=True))
        facts = best | {hazard: Hazard(rank, rank, None, "test") for hazard, rank in told.items()}
        level = programme.levels[level_of(programme.raises, facts)[0]]
        for hazard, values, service in FLOOR:
            if HAZARDS[hazard][told[hazard]] in values:
                for one in (programme.responses[sent] for sent in level.sends):
                    beside = one.goes == "beside default" and service not in one.replaces
                    assert CREW[service] & set(one.crew) or beside, (name, one.name, told)


def _calmest(programme: Programme, fact: str) -> str:
    """A value that raises least; raising more is another test's matter."""
    conditions = [one for item in programme.raises for one in item.conditions if one.fact == fact]
    values = {
        "age": ("30", "10", "70"),
        "caller_wants": ("none", "alternative"),
        "units_on_scene": ("no", "yes"),
        "location_kind": ("public-outside", "public-inside", "facility", "private-residence"),
        "relation": ("self", "family", "bystander"),
    }.get(fact, ("yes", "no"))
    return min(values, key=lambda value: sum(one.allows(value) for one in conditions))


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_read_and_told_at_once(name: str) -> None:
    text = (PROGRAMMES / name).read_text()
    began = time.process_time()
    found = page(read(text), date(2024, 1, 1) + timedelta(days=200))
    assert time.process_time() - began < 3  # some ten milliseconds, a calendar's first use apart
    assert found.combinations == sum(level.combinations for level in found.levels)


def test_a_document_with_referrals_only_routes_nothing() -> None:
    for name in PRESETS:
        programme = read((PROGRAMMES / name).read_text())
        for level in programme.levels:
            routed = [one for one in level.sends if programme.responses[one].reached_by not in NOT_ROUTED]
            assert level.routes is bool(routed)
