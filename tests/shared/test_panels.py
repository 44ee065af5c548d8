"""Every panel asks for what there is, in PromQL that a parser takes, and says what it shows."""

from __future__ import annotations

import re
from typing import get_args

import pytest

from shared.panels import BOARDS, PANELS, Board, Curve, Panel
from tests.promql import OF_PROMETHEUS, exported, metrics_in, ranges_in

CURVES = [pytest.param(curve, id=f"{panel.title}: {curve.legend}") for panel in PANELS for curve in panel.curves]
STATED_RANGES = {900.0, 3600.0}
"""Those of `increase` that a description names."""


@pytest.mark.parametrize("curve", CURVES)
def test_a_curve_asks_for_metrics_that_are_exported(curve: Curve) -> None:
    assert metrics_in(curve.filled())
    assert metrics_in(curve.filled()) <= exported() | OF_PROMETHEUS


@pytest.mark.parametrize("curve", CURVES)
def test_a_rate_is_taken_over_a_range_that_fits_the_scrapes(curve: Curve) -> None:
    """A range that is too short for the scrapes draws nothing, one that is too long hides what happened."""
    ranges = ranges_in(curve.filled(rate_seconds=7))
    assert all(seconds == 7 for function, seconds in ranges if function == "rate")
    assert {seconds for function, seconds in ranges if function != "rate"} <= STATED_RANGES
    assert "$" not in curve.filled()


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel.title)
def test_a_panel_says_what_it_shows(panel: Panel) -> None:
    assert panel.curves
    assert panel.description.endswith(".")
    for curve in panel.curves:
        assert all(range_in_words(seconds) in panel.description for seconds in stated_ranges(curve))
        is_one = re.match(r"(time\(\) - \()?max\(", curve.promql)
        assert is_one or re.search(r"\{\{\w+\}\}", curve.legend), "two series of one name"


def stated_ranges(curve: Curve) -> set[float]:
    return {seconds for function, seconds in ranges_in(curve.filled()) if function == "increase"}


def range_in_words(seconds: float) -> str:
    return {900.0: "15 minutes", 3600.0: "the last hour"}[seconds]


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel.title)
def test_what_an_agency_has_is_shown_for_those_that_were_chosen(panel: Panel) -> None:
    for curve in panel.curves:
        assert ("{{agency}}" in curve.legend) == ('agency=~"$agency' in curve.promql)


def test_an_agency_with_a_dot_is_that_agency_alone() -> None:
    curve = Curve('x{agency=~"$agency"}', "{{agency}}")
    assert curve.filled("st.louis-mo") == r'x{agency=~"st\\.louis\\-mo"}'
    assert metrics_in(curve.filled("st.louis-mo")) == {"x"}


def test_boards_have_titles_and_panels_names_of_their_own() -> None:
    assert set(BOARDS) == set(get_args(Board))
    assert len({(panel.board, panel.title) for panel in PANELS}) == len(PANELS)


@pytest.mark.parametrize("wrong", ["sum(rate(careroute_x[5m])", "rate(careroute_x)", "careroute_x{agency=madison}"])
def test_what_is_no_promql_is_seen(wrong: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        metrics_in(wrong)
