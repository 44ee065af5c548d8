"""The counting of the space of facts, against plain enumeration; and what a programme manager reads of a document."""

from datetime import date

import pytest

from shared.programme.page import grids, page
from shared.programme.space import Ranking, axes_of, box_words, boxes, cells, conditions_of, must_be_answered, shares
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
    assert found.remarks == ("navigators is a referral: it is recorded with the decision, and nobody is paged",)
    assert found.rollout[1].arm == "50 % of calls, drawn by 'example-2024'"
    assert "stages until police on scene or released by sergeant" in found.responses[2].how


def test_remarks_name_what_may_not_be_meant() -> None:
    text = MADISON.replace('Q5 = "suicide"', 'Q5 = "intoxication"').replace(
        'takes           = ["mental-health", ', "takes = ["
    )
    remarks = page(programme(text), date(2024, 1, 1)).remarks
    assert "no question and no priority tells suicide: codes or the CAD's own facts must" in remarks
    assert "Q5 asks for intoxication, and nothing turns on it" in remarks
    assert "category mental-health is taken by no response" in remarks


def test_a_week_is_drawn_with_hours_past_midnight_and_rows_that_start_later() -> None:
    found = {grid.response: grid for grid in grids(programme(EXAMPLE), date(2024, 1, 1))}
    van = found["van"]
    assert (van.districts, van.on) == (("Harbor",), date(2024, 2, 1))
    monday, saturday, sunday = van.days[0], van.days[5], van.days[6]
    assert [number for number, phase in enumerate(monday) if phase == "live"] == [0, 1, 2, *range(16, 40)]
    assert [number for number, phase in enumerate(saturday) if phase == "live"] == [*range(36, 48)]
    assert [number for number, phase in enumerate(sunday) if phase == "live"] == [0, 1, 2, *range(36, 48)]
    assert set(found["beside-police"].days[0]) == {"off", "advisory"}
