"""The counting of the space of facts, against plain enumeration; and what a programme manager reads of a document."""

from datetime import date

import pytest

from shared.programme.document.fact_space import (
    Ranking,
    axes_of,
    box_words,
    boxes,
    cells,
    conditions_of,
    must_be_answered,
    shares,
)
from shared.programme.trying.page import grids, page
from tests.shared.programme.documents import BOSTON, MADISON, PROGRAMMES, programme
from tests.shared.programme.test_language import EVERYTHING

EXAMPLE = (PROGRAMMES / "example-city.toml").read_text()


@pytest.mark.parametrize("text", [MADISON, BOSTON, EVERYTHING, EXAMPLE])
def test_the_shares_are_what_enumeration_counts(text: str) -> None:
    one = programme(text)
    axes = axes_of(conditions_of(one))
    ranking, counts = Ranking(axes, one), [0] * len(one.levels)
    for cell in cells(axes):
        counts[ranking.rank(cell)] += 1
    found = shares(one)
    assert (list(found.by_level), found.size) == (counts, sum(counts))


def test_what_must_be_answered() -> None:
    assert must_be_answered(programme(MADISON)) == ("weapon", "violence", "crime", "injury", "suicide")
    school = MADISON.replace('{ caller_wants = "police" }', '{ location_kind = "school" }, { age = "under 18" }')
    assert must_be_answered(programme(school))[-2:] == ("location_kind", "age")


def test_boxes_are_few_and_cover_what_they_are_made_of() -> None:
    found = [(0, 0), (0, 1), (1, 0), (1, 1), (2, 1)]
    covered = {(one, other) for first, second in boxes(found) for one in first for other in second}
    assert covered == set(found)
    assert len(boxes(found)) == 2
    axes = axes_of(conditions_of(programme(MADISON)), unknown_hazards=False)
    everything = tuple(frozenset(range(len(axis.classes))) for axis in axes)
    some = (frozenset((1,)), *everything[1:])
    assert box_words(axes, some, everything) == "weapon elsewhere or worse"


def test_the_page_says_what_the_document_means() -> None:
    found = page(programme(EXAMPLE), date(2024, 1, 1))
    assert [level.name for level in found.levels] == ["calm", "police along", "police or ambulance needed"]
    assert found.levels[1].raised_by[-1] == "injury minor or worse and age 65 or more"
    assert (date(2024, 11, 29), "closed by the programme") in found.closed
    assert date(2024, 2, 12) not in [day for day, _ in found.closed]
    assert "mpds 25A01: violence none" in found.assumptions
    assert "navigators is a referral: it is recorded with the decision, and nobody is paged" in found.remarks
    assert any("from call 8 within 90 days on repeat_caller is known" in remark for remark in found.remarks)
    assert any("2 unsafe upgrades within 60 minutes pause the response" in remark for remark in found.remarks)
    assert found.rollout[1].arm == "50 % of calls, drawn by 'example-2024'"
    assert found.rollout[1].caps == "at most 3 calls at once and at most 20 calls a day"
    assert found.responses[1].how.endswith("; takes 50 min; teams of the pool north-county")
    assert "stages until police on scene or released by sergeant" in found.responses[2].how
    assert found.responses[2].how.startswith("broadcast (every team at once, the first to accept has it); ")


def test_remarks_name_what_may_not_be_meant() -> None:
    text = MADISON.replace('Q5 = "suicide"', 'Q5 = "intoxication"').replace(
        'takes           = ["mental-health", ', "takes = ["
    )
    remarks = page(programme(text), date(2024, 1, 1)).remarks
    assert "no question and no priority tells suicide: codes or the CAD's own facts must" in remarks
    assert "Q5 asks for intoxication, and nothing turns on it" in remarks
    assert "category mental-health is taken by no response" in remarks


def test_what_is_heard_of_a_hazard_that_nothing_turns_on_is_remarked() -> None:
    text = MADISON.replace('ARMED = { weapon = "present" }', 'DRUNK = { intoxication = "severe" }')
    text = text.replace('violence = ["hit"', 'intoxication = ["reels"], violence = ["hit"')
    remarks = page(programme(text.replace('holidays  = "closed"', "")), date(2024, 1, 1)).remarks
    assert "caution DRUNK warns of intoxication, and nothing turns on it" in remarks
    assert "words put intoxication in doubt, and nothing turns on it" in remarks
    assert "holidays are named, and no roll-out row closes on them" in remarks
    assert page(programme(MADISON), date(2024, 1, 1)).remarks == ()


def test_a_step_that_ends_a_telephone_transfer_early_is_remarked() -> None:
    text = BOSTON.replace("transfer_ack_seconds = 25", "transfer_ack_seconds = 30")
    remark = "a step of 25 s ends a telephone transfer before its 30 s are over"
    assert remark in page(programme(text), date(2024, 1, 1)).remarks
    left_out = BOSTON.replace("transfer_ack_seconds = 25\n", "")
    assert remark not in page(programme(left_out), date(2024, 1, 1)).remarks
    assert programme(left_out).clocks.transfer_ack_seconds == 25


def test_a_week_is_drawn_with_hours_past_midnight_and_rows_that_start_later() -> None:
    found = {grid.response: grid for grid in grids(programme(EXAMPLE), date(2024, 1, 1))}
    van = found["van"]
    assert (van.districts, van.on) == (("Harbor",), date(2024, 2, 1))
    monday, saturday, sunday = van.days[0], van.days[5], van.days[6]
    assert [number for number, phase in enumerate(monday) if phase == "live"] == [0, 1, 2, *range(16, 40)]
    assert [number for number, phase in enumerate(saturday) if phase == "live"] == [*range(36, 48)]
    assert [number for number, phase in enumerate(sunday) if phase == "live"] == [0, 1, 2, *range(36, 48)]
    assert set(found["beside-police"].days[0]) == {"off", "advisory"}


def test_a_week_shows_what_runs_in_part_of_a_half_hour() -> None:
    """Ten minutes at a quarter past eleven stood nowhere, and what opens at a quarter past began at half past."""
    for hours, halves in (("Mon 11:15-11:25", {22}), ("Mon 11:15-12:45", {22, 23, 24, 25}), ("Sun 23:45-00:05", {0})):
        (week,) = grids(programme(MADISON.replace("Mon-Fri 11:00-19:00", hours)), date(2022, 1, 3))
        assert {number for number, phase in enumerate(week.days[0]) if phase == "live"} == halves
