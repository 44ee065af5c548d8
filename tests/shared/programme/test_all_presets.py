"""The promises of `test_all_documents`, tried on each delivered document through and through, with nothing drawn."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any

import pytest

from shared.call import Call, CallType
from shared.judgement import PHASES
from shared.programme import Programme, Switchboard, judge, words_in
from shared.programme.judging.facts import HAZARDS
from shared.programme.judging.hours import MINUTES_A_DAY, instant
from shared.programme.judging.load import Load
from shared.programme.judging.programme import NO_CAP, Cap, Row
from shared.programme.judging.surroundings import Surroundings
from shared.programme.trying.explain import all_on
from tests.shared.programme.generated import (
    CALM,
    PRESETS,
    brings,
    judged_by,
    preset,
    restrictions,
    unknown_or_from,
    with_rows,
)

FLOOR = (  # written out again: the promise, not the code that keeps it
    ("weapon", "present", "police"),
    ("violence", "threat", "police"),
    ("crime", "in-progress", "police"),
    ("injury", "needs-ems", "ems"),
    ("suicide", "attempt", "ems"),
)


def call_in(programme: Programme, at: datetime, district: str, code: tuple[str, str], **more: Any) -> dict[str, Any]:
    return {
        "agency": programme.agency,
        "source": min(programme.sources, default="cad"),
        "incident_id": "1",
        "created_at": at,
        "updated_at": at,
        "call_type": CallType(system=code[0], code=code[1]),
        "district": district,
        "facts": CALM,
    } | more


def with_hazards(programme: Programme) -> Iterator[dict[str, Any]]:
    """Calm calls of every code, and calls of one code with each value of one more hazard."""
    at, district = programme.effective + timedelta(days=30), min(programme.districts)
    codes = sorted(programme.codes)
    for code in codes:
        yield call_in(programme, at, district, code)
    for hazard in programme.hazards:
        for value in HAZARDS[hazard][1:]:
            yield call_in(programme, at, district, codes[0], facts=CALM | {hazard: value})


@pytest.mark.parametrize("name", PRESETS)
def test_a_worse_hazard_never_moves_a_call_to_a_lighter_level_and_no_answer_is_as_bad_as_the_worst(name: str) -> None:
    programme = preset(name)
    for fields in with_hazards(programme):
        for hazard in programme.hazards:
            told = [fields["facts"] | {hazard: value} for value in (*HAZARDS[hazard], "cannot-tell")]
            ranks = [judged_by(programme, fields | {"facts": facts}).level_rank for facts in told]
            assert ranks == sorted(ranks), (hazard, fields)
            doubted = judged_by(programme, fields, frozenset((hazard,)))
            assert doubted.level_rank == ranks[-1], (hazard, fields)
            code = programme.code(fields["call_type"], fields["updated_at"])
            if code is not None and hazard not in code.hazards:
                rest = {fact: value for fact, value in fields["facts"].items() if fact != hazard}
                assert judged_by(programme, fields | {"facts": rest}).level_rank == ranks[-1], (hazard, fields)


@pytest.mark.parametrize("name", PRESETS)
def test_the_floor_holds_for_whatever_is_sent_known_or_not(name: str) -> None:
    programme = preset(name)
    for fields in with_hazards(programme):
        for hazard, value, service in FLOOR:
            scale = HAZARDS[hazard]
            for told in (*scale[scale.index(value) :], "cannot-tell"):
                asked = fields | {"facts": fields["facts"] | {hazard: told}}
                assert unknown_or_from(programme, asked, hazard, value)
                for one in judged_by(programme, asked).responses:
                    assert brings(one, service), (one.response, hazard, told, fields)


@pytest.mark.parametrize("name", PRESETS)
def test_restricting_a_row_never_sends_what_was_not_sent_before(name: str) -> None:
    """Each row as it is written, and with a cap."""
    document = preset(name)
    for number, row in enumerate(document.rollout):
        never_sends_more(document, number)
        capped = replace(row, cap=Cap(4, 9))
        never_sends_more(replaced(document, number, (capped,)), number)


def never_sends_more(programme: Programme, number: int) -> None:
    row, board = programme.rollout[number], all_on(programme)
    calls = [Call(**call_in(programme, at, district, code)) for code, at, district in moments(programme, row)]
    cases = [(call, load) for call in calls for load in loads(programme, row, call.updated_at)]
    before = [going(programme, board, *case) for case in cases]
    for fewer in restrictions(row):
        restricted = replaced(programme, number, fewer)
        board = all_on(restricted)
        counted = counts_calls(programme, row.response) or counts_calls(restricted, row.response)
        for case, sent in zip(cases, before, strict=True):
            if counted or not case[1]:
                for response, phase in going(restricted, board, *case).items():
                    assert phase <= sent.get(response, -1), (fewer, case)


def counts_calls(programme: Programme, response: str) -> bool:
    """Whether it matters how many calls the response has."""
    return any(row.response == response and row.cap != NO_CAP for row in programme.rollout)


def replaced(programme: Programme, number: int, rows: tuple[Row, ...]) -> Programme:
    return with_rows(programme, (*programme.rollout[:number], *rows, *programme.rollout[number + 1 :]))


def going(programme: Programme, board: Switchboard, call: Call, load: dict[str, dict[str, Load]]) -> dict[str, int]:
    """What may go, and how far."""
    judgement = judge(programme, board, call, Surroundings(load=load), call.updated_at)
    return {one.response: PHASES.index(one.phase) for one in judgement.responses if one.may_go}


def loads(programme: Programme, row: Row, at: datetime) -> list[dict[str, dict[str, Load]]]:
    """No calls under way, and as many as the caps that are tried allow, or one fewer."""
    busy, day = min(row.districts), at.astimezone(programme.zone).date()
    most_open, most_taken = row.cap.at_most_open or 4, row.cap.at_most_per_day or 9
    return [{}] + [{row.response: {busy: Load(most_open - less, day, most_taken - less)}} for less in (0, 1)]


def moments(programme: Programme, row: Row) -> Iterator[tuple[tuple[str, str], datetime, str]]:
    """A code that the response takes, just inside and outside its hours on three days, in two districts of its row."""
    takes = programme.responses[row.response].takes
    codes = [place for place, code in sorted(programme.codes.items()) if code.category in takes]
    if not codes:
        return
    first = max(row.from_day or date.min, programme.effective.astimezone(programme.zone).date())
    days = [first + timedelta(days=number) for number in range(7)]
    chosen = {next((day for day in days if row.week.days[day.weekday()]), first), first, *holidays_of(programme, first)}
    districts = {min(row.districts), max(row.districts)}
    for day, district in product(sorted(chosen), sorted(districts)):
        edges = {edge for one in row.week.days[day.weekday()] for edge in (one.opens, one.closes)} | {
            MINUTES_A_DAY // 2
        }
        for edge, step in product(sorted(edges), (-60, 0)):
            yield codes[0], instant(programme.zone, day, edge).astimezone(UTC) + timedelta(seconds=step), district


def holidays_of(programme: Programme, first: date) -> list[date]:
    """The first one."""
    days = (first + timedelta(days=number) for number in range(370))
    return [day for day in days if programme.holidays and programme.holidays.name(day)][:1]


@pytest.mark.parametrize("name", PRESETS)
def test_where_thoughts_of_suicide_are_enough_to_exclude_a_narrative_that_tells_of_them_is_a_doubt(name: str) -> None:
    """Portland takes nobody who is "suicidal at all": "says he is suicidal" beside an earlier no went to its team."""
    programme = preset(name)
    at, district, code = programme.effective, min(programme.districts), min(programme.codes)
    by_suicide = [
        judged_by(programme, call_in(programme, at, district, code, facts=CALM | {"suicide": value})).level_rank
        for value in HAZARDS["suicide"]
    ]
    if by_suicide[0] < by_suicide[1] == by_suicide[-1]:
        for narrative in ("Says he is suicidal.", "she wants to die", "dice que quiere morirse"):
            assert "suicide" in words_in(programme, narrative), narrative
