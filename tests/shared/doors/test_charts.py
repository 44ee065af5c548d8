"""Charts: numbers drawn to scale, said in words and in a table, in markup that no policy of a page refuses."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest
from markupsafe import Markup

from shared.doors.chart_plot import MOST_MARKERS, WIDTH
from shared.doors.charts import (
    BAR_HEIGHT,
    Bar,
    Change,
    Heading,
    Series,
    band,
    bars,
    funnel,
    lines,
    small_multiples,
    week,
)

HOSTILE = '<script>alert("1")</script>'
HEADING = Heading("eligible", HOSTILE, 'Calls & "figures".', "calls")
MOMENTS = ("Jan", "Feb", "Mar", "Apr")
TWO = (Series("north", (1, 2.5, None, 4)), Series(HOSTILE, (None, None, 3, 1)))
CHANGES = (Change(2, "version 3 of the document"),)
CHARTS = {
    "bars": bars(HEADING, (Bar(HOSTILE, 12), Bar("south", None, HOSTILE))),
    "no bars": bars(HEADING, ()),
    "funnel": funnel(HEADING, (Bar("eligible", 40), Bar("offered", 30), Bar("accepted", 0))),
    "lines": lines(HEADING, MOMENTS, TWO, CHANGES),
    "no lines": lines(HEADING, (), ()),
    "not finite": lines(HEADING, MOMENTS, (Series("x", (float("nan"), float("inf"), -3, 0.25)),)),
    "steps": lines(HEADING, MOMENTS, TWO, steps=True),
    "small multiples": small_multiples(HEADING, MOMENTS, TWO, CHANGES),
    "band": band(HEADING, MOMENTS, *TWO, CHANGES),
    "week": week(HEADING, [[hour if day else None for hour in range(24)] for day in range(7)]),
}


def parsed(chart: Markup) -> ET.Element:
    return ET.fromstring(chart)


def texts(chart: Markup, css: str) -> list[str]:
    return [each.text or "" for each in parsed(chart).iter("text") if css in (each.get("class") or "").split()]


@pytest.mark.parametrize("name", CHARTS)
def test_every_chart_is_safe_and_says_what_it_shows(name: str) -> None:
    root = parsed(CHARTS[name])
    tags = {each.tag for each in root.iter()}
    assert tags.isdisjoint({"script", "style", "foreignObject", "image", "a"})
    assert all(
        attribute != "style" and not attribute.startswith("on") for each in root.iter() for attribute in each.attrib
    )
    assert not {"nan", "inf"} & {
        word for each in root.iter() for value in each.attrib.values() for word in value.split()
    }
    plot = next(root.iter("svg"))
    by_id = {each.get("id"): each.text for each in plot if each.get("id")}
    assert plot.get("role") == "img"
    assert [by_id[part] for part in (plot.get("aria-labelledby") or "").split()] == [HOSTILE, 'Calls & "figures".']
    assert len(list(root.iter("table"))) == 1
    assert next(root.iter("figcaption")).text == HOSTILE


def test_bars_are_drawn_to_scale_and_say_their_value() -> None:
    chart = bars(HEADING, (Bar("north", 1200), Bar("south", 300, "P50 of 12"), Bar("west", None, "withheld")))
    widths = [float(each.get("width") or 0) for each in parsed(chart).iter("rect") if each.get("class") == "chart-bar"]
    assert widths == [WIDTH, WIDTH / 4, 0]
    assert texts(chart, "chart-value") == ["1,200 calls", "300 calls", "-"]
    assert texts(chart, "chart-tick") == ["P50 of 12", "withheld"]


def test_a_long_label_takes_lines_of_its_own_beside_which_no_value_stands() -> None:
    chart = bars(HEADING, (Bar("the team, turned back when the call proved more dangerous", 3), Bar("north", 1)))
    assert texts(chart, "chart-label") == ["the team, turned back when the call", "proved more dangerous", "north"]
    at = {each.text: float(each.get("y") or 0) for each in parsed(chart).iter("text")}
    assert at["3 calls"] == at["proved more dangerous"] > at["the team, turned back when the call"]
    assert at["1 call"] == at["north"] > at["3 calls"] + BAR_HEIGHT


def test_each_step_of_a_funnel_says_its_part_of_the_one_before() -> None:
    assert texts(CHARTS["funnel"], "chart-value") == ["40 calls", "30 calls", "0 calls"]
    assert texts(CHARTS["funnel"], "chart-tick") == ["75 % of those before", "0 % of those before"]


def test_a_bar_may_be_a_part_of_a_whole_and_one_thing_is_not_several() -> None:
    chart = bars(Heading("x", "x", "x", "calls"), (Bar("north", 50), Bar("south", 1)), full=100)
    widths = [float(each.get("width") or 0) for each in parsed(chart).iter("rect") if each.get("class") == "chart-bar"]
    assert widths == [WIDTH / 2, WIDTH / 100]
    assert texts(chart, "chart-value") == ["50 calls", "1 call"]


def test_a_line_has_a_gap_where_there_is_no_value() -> None:
    chart = lines(HEADING, MOMENTS, (Series("north", (1, 2, None, 4)),))
    drawn = [each.get("d") or "" for each in parsed(chart).iter("path") if each.get("class") == "chart-line kind-0"]
    assert [path.count("L") for path in drawn] == [1, 0]
    cells = [each.text for each in parsed(chart).iter("td")]
    assert cells == ["1", "2", "-", "4"]


def test_lines_differ_by_more_than_colour_and_are_named() -> None:
    chart = parsed(CHARTS["lines"])
    shapes = {each.get("d") for each in chart.iter("path") if "chart-marker" in (each.get("class") or "")}
    assert len(shapes) == 2
    assert [item.text or item[0].tail for item in chart.iter("li")] == ["north", HOSTILE, "version 3 of the document"]


def test_a_change_of_definition_is_a_line_in_the_chart_and_words_beside_it() -> None:
    chart = parsed(CHARTS["band"])
    (dotted,) = [each for each in chart.iter("line") if each.get("class") == "chart-change"]
    at = float(dotted.get("x1") or 0)
    markers = [each for each in chart.iter("path") if each.get("class") == "chart-marker kind-0"]
    places = [float((each.get("transform") or "").removeprefix("translate(").split()[0]) for each in markers]
    assert places[1] < at < places[2]
    assert "Left and right of a dotted line" in CHARTS["band"]


def test_a_long_line_has_no_markers() -> None:
    many = MOST_MARKERS + 1
    chart = lines(HEADING, [str(place) for place in range(many)], (Series("x", range(many)),))
    assert "chart-marker" not in chart


def test_the_larger_the_count_the_larger_the_square() -> None:
    counts: list[list[int | None]] = [[0] * 24 for _ in range(7)]
    counts[1][3], counts[2][5] = 16, 4
    sides = {float(each.get("width") or 0) for each in parsed(week(HEADING, counts)).iter("rect")}
    assert sorted(sides) == [0, 6.25, 12.5]
