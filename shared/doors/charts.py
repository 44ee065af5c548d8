"""Charts as SVG: pure functions from numbers to markup that is safe in a page, with the numbers in a table beside.

They need no script and bring no style along: `static/style.css` dresses their classes. Place, shape and words say all
that colour says, so a chart reads the same in dark, light, forced colours and print. Times come as words, in the zone
of whoever reads them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from textwrap import wrap
from typing import Final, NamedTuple

from markupsafe import Markup

from shared.doors.chart_plot import (
    HEIGHT,
    KINDS,
    SMALL_HEIGHT,
    WIDTH,
    Change,
    Scale,
    axes,
    is_number,
    line,
    marker,
    shaded,
    shown,
)
from shared.doors.markup import element, joined

BAR_ROW, BAR_HEIGHT, NOTE_HEIGHT, LINE_HEIGHT = 46.0, 14.0, 16.0, 17.0
LABEL_CHARACTERS: Final = 36
"""On one line, with room for a value beside them."""
PANEL = SMALL_HEIGHT + 24.0
HOUR_WIDTH, DAY_HEIGHT, DAY_LABEL = 12.5, 16.0, 40.0
DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
HOURS: Final = 24

__all__ = ["Bar", "Change", "Heading", "Series", "band", "bars", "funnel", "lines", "small_multiples", "week"]


@dataclass(frozen=True, slots=True)
class Heading:
    """What every chart says of itself."""

    name: str
    """Letters, digits and hyphens; no other chart of the page has it."""
    title: str
    description: str
    """A sentence for those who do not see the drawing, and for those who wonder what it shows."""
    unit: str = ""


class Bar(NamedTuple):
    """One bar; without a value its note says why."""

    label: str
    value: float | None
    note: str = ""


class Series(NamedTuple):
    """Values at the moments of a chart, one each; None where there is none, and the line has a gap."""

    label: str
    values: Sequence[float | None]


def bars(heading: Heading, rows: Sequence[Bar], full: float | None = None) -> Markup:
    """One bar below the other, each with its label and its value in words; `full`: what fills the width, else the most.

    Where there are notes they stand below the bars.
    """
    most = full or max((row.value for row in rows if row.value is not None), default=0) or 1
    row_height = BAR_ROW + (NOTE_HEIGHT if any(row.note for row in rows) else 0)
    labels = [wrap(row.label, LABEL_CHARACTERS, break_long_words=False) or [""] for row in rows]
    heights = (row_height + LINE_HEIGHT * (len(label) - 1) for label in labels)
    *tops, bottom = accumulate(heights, initial=0.0)
    drawn = joined(
        _bar(row, label, top, most, heading.unit) for row, label, top in zip(rows, labels, tops, strict=True)
    )
    table = _table(
        heading, ("", heading.unit or "count", ""), [(row.label, shown(row.value), row.note) for row in rows]
    )
    return _figure(heading, bottom, drawn, table)


def funnel(heading: Heading, rows: Sequence[Bar]) -> Markup:
    """Steps of which each is a part of the one before: bars that say which part."""
    befores = (None, *rows)
    return bars(heading, [_as_part(row, before) for row, before in zip(rows, befores, strict=False)])


def lines(
    heading: Heading,
    moments: Sequence[str],
    series: Sequence[Series],
    changes: Sequence[Change] = (),
    *,
    steps: bool = False,
) -> Markup:
    """Values over time, a line each; as `steps` where a value stands until the next."""
    scale = Scale.of([value for each in series for value in each.values], len(moments), HEIGHT)
    drawn = [line(scale, each.values, kind % KINDS, steps=steps) for kind, each in enumerate(series)]
    beside = (_legend(series), _explained(changes), _series_table(heading, moments, series))
    return _figure(heading, HEIGHT, axes(scale, moments, changes) + joined(drawn), *beside)


def small_multiples(
    heading: Heading, moments: Sequence[str], series: Sequence[Series], changes: Sequence[Change] = ()
) -> Markup:
    """Values over time, a small plot each, one below the other on one scale."""
    scale = Scale.of([value for each in series for value in each.values], len(moments), SMALL_HEIGHT)
    behind = axes(scale, moments, changes)
    drawn = [
        element(
            "g",
            element("text", each.label, class_="chart-label", x=0.0, y=14.0),
            element("g", behind + line(scale, each.values, 0), transform=f"translate(0 {PANEL - SMALL_HEIGHT:g})"),
            transform=f"translate(0 {PANEL * place:g})",
        )
        for place, each in enumerate(series)
    ]
    beside = (_explained(changes), _series_table(heading, moments, series))
    return _figure(heading, PANEL * len(series), joined(drawn), *beside)


def band(heading: Heading, moments: Sequence[str], low: Series, high: Series, changes: Sequence[Change] = ()) -> Markup:
    """Two quantiles over time, with all between them shaded."""
    scale = Scale.of([*low.values, *high.values], len(moments), HEIGHT)
    drawn = shaded(scale, low.values, high.values) + line(scale, low.values, 0) + line(scale, high.values, 1)
    beside = (_legend((low, high)), _explained(changes), _series_table(heading, moments, (low, high)))
    return _figure(heading, HEIGHT, axes(scale, moments, changes) + drawn, *beside)


def week(heading: Heading, counts: Sequence[Sequence[int | None]]) -> Markup:
    """A week of hours, Monday first: the more there was, the larger the square; None: withheld, or no hour of it."""
    most = max((count for hours in counts for count in hours if count), default=1)
    drawn = [
        element("text", f"{hour:02}:00", class_="chart-tick", x=DAY_LABEL + HOUR_WIDTH * hour, y=12.0)
        for hour in range(0, HOURS, 6)
    ]
    for place, (day, hours) in enumerate(zip(DAYS, counts, strict=True)):
        middle = DAY_HEIGHT * (place + 1.5)
        drawn.append(element("text", day, class_="chart-label", x=0.0, y=middle + 4))
        drawn.extend(_hour(hour, count, most, middle) for hour, count in enumerate(hours))
    rows = [(day, *map(shown, hours)) for day, hours in zip(DAYS, counts, strict=True)]
    table = _table(heading, ("", *(f"{hour:02}" for hour in range(HOURS))), rows)
    return _figure(heading, DAY_HEIGHT * (len(DAYS) + 1), joined(drawn), table)


def _figure(heading: Heading, height: float, drawn: Markup, *beside: Markup) -> Markup:
    title, description = f"{heading.name}-title", f"{heading.name}-description"
    plot = element(
        "svg",
        element("title", heading.title, id=title),
        element("desc", heading.description, id=description),
        drawn,
        class_="chart-plot",
        role="img",
        viewBox=f"0 0 {WIDTH:g} {max(height, 1):g}",
        aria_labelledby=f"{title} {description}",
    )
    return element("figure", element("figcaption", heading.title), plot, *beside, class_="chart")


def _bar(row: Bar, label: Sequence[str], top: float, most: float, unit: str) -> Markup:
    """`label`: in lines, the value beside the last."""
    length = WIDTH * min(max(row.value or 0, 0) / most, 1)
    lines_at = [top + 14 + LINE_HEIGHT * number for number in range(len(label))]
    top += LINE_HEIGHT * (len(label) - 1)
    return joined(
        (
            *(
                element("text", words, class_="chart-label", x=0.0, y=y)
                for words, y in zip(label, lines_at, strict=True)
            ),
            element("text", _with_unit(row.value, unit), class_="chart-value", x=WIDTH, y=top + 14),
            element("rect", class_="chart-ground", x=0.0, y=top + 20, width=WIDTH, height=BAR_HEIGHT),
            element("rect", class_="chart-bar", x=0.0, y=top + 20, width=length, height=BAR_HEIGHT),
            *([element("text", row.note, class_="chart-tick", x=0.0, y=top + BAR_ROW)] if row.note else []),
        )
    )


def _with_unit(value: float | None, unit: str) -> str:
    """A value in words; of one thing there are no several."""
    if not is_number(value) or not unit:
        return shown(value)
    return f"{shown(value)} {unit.removesuffix('s') if value == 1 else unit}"


def _as_part(row: Bar, before: Bar | None) -> Bar:
    if before is None or not before.value or row.value is None:
        return row
    return row._replace(note=f"{100 * row.value / before.value:.0f} % of those before")


def _hour(hour: int, count: int | None, most: int, middle: float) -> Markup:
    centre = DAY_LABEL + HOUR_WIDTH * (hour + 0.5)
    if count is None:
        return element("text", shown(None), class_="chart-tick middle", x=centre, y=middle + 4)
    side = HOUR_WIDTH * math.sqrt(count / most)
    return element("rect", class_="chart-bar", x=centre - side / 2, y=middle - side / 2, width=side, height=side)


def _legend(series: Sequence[Series]) -> Markup:
    """What each line is; a single one needs no name beyond the title."""
    if len(series) == 1:
        return Markup("")
    return element("ul", *_keys(series), class_="chart-legend")


def _keys(series: Sequence[Series]) -> Iterator[Markup]:
    for place, each in enumerate(series):
        kind = place % KINDS
        drawn = element("path", class_=f"chart-line kind-{kind}", d="M1 6H31") + marker(16, 6, kind)
        yield element(
            "li", element("svg", drawn, class_="chart-key", viewBox="0 0 32 12", aria_hidden="true"), each.label
        )


def _explained(changes: Sequence[Change]) -> Markup:
    """What the numbers above dotted lines stand for."""
    if not changes:
        return Markup("")
    sentence = element("p", "Left and right of a dotted line, figures differ in kind:", class_="quiet")
    return sentence + element("ol", *(element("li", change.label) for change in changes), class_="chart-legend")


def _series_table(heading: Heading, moments: Sequence[str], series: Sequence[Series]) -> Markup:
    unit = f" ({heading.unit})" if heading.unit else ""
    rows = [(moment, *(shown(each.values[place]) for each in series)) for place, moment in enumerate(moments)]
    return _table(heading, ("", *(each.label + unit for each in series)), rows)


def _table(heading: Heading, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Markup:
    """The numbers of a chart; a column in which nothing stands is left out."""
    used = [column for column, head in enumerate(heads) if not column or head or any(row[column] for row in rows)]
    head = element("tr", *(element("th", heads[column], scope="col") for column in used))
    body = [
        element("tr", element("th", row[0], scope="row"), *(element("td", row[column]) for column in used[1:]))
        for row in rows
    ]
    table = element("table", element("thead", head), element("tbody", *body))
    region = element(
        "div", table, class_="table", role="region", tabindex="0", aria_label=f"{heading.title}: the numbers"
    )
    return element("details", element("summary", "The numbers"), region, class_="chart-numbers")
