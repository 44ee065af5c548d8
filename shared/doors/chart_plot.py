"""The plot of a chart: a scale, axes, lines, markers, and dotted lines where figures change in kind."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeGuard

from markupsafe import Markup

from shared.doors.markup import coordinate, element, joined

WIDTH: Final = 340.0
"""Of every chart, in the units of its drawing; a phone shows one of them in about one pixel."""
HEIGHT, SMALL_HEIGHT = 200.0, 84.0
LEFT, RIGHT, TOP, BOTTOM = 44.0, 12.0, 14.0, 24.0
"""Room for the words around a plot."""
TICKS, WRITTEN_MOMENTS = 4, 4
MARKERS: Final = (
    "M-4 0A4 4 0 1 0 4 0A4 4 0 1 0 -4 0Z",
    "M-3.5 -3.5H3.5V3.5H-3.5Z",
    "M0 -4.5L4.5 4H-4.5Z",
    "M0 -5L5 0L0 5L-5 0Z",
)
"""A circle, a square, a triangle, a diamond."""
KINDS: Final = len(MARKERS)
"""So many lines differ in dash, marker and colour; a fifth looks like the first again."""
MOST_MARKERS = 24
"""A line of more points is drawn without markers."""

Values = Sequence[float | None]


class Change(NamedTuple):
    """Something changed before the moment at this place, so that what is left and right of it differs in kind."""

    at: int
    label: str


class Point(NamedTuple):
    """A place in a plot."""

    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Scale:
    """Where a value at a moment stands in a plot."""

    least: float
    most: float
    step: float
    moments: int
    height: float

    @classmethod
    def of(cls, values: Values, moments: int, height: float) -> Scale:
        """A scale from nought (or below) to a round number, on which all values have room."""
        present = [value for value in values if is_number(value)]
        least, most = min([0.0, *present]), max([0.0, *present])
        step = _round_step((most - least) / TICKS or 1 / TICKS)
        least, most = math.floor(least / step) * step, math.ceil(most / step) * step
        return cls(least, most if most > least else step, step, moments, height)

    def x(self, place: float) -> float:
        """Of a moment; a single one stands in the middle."""
        room = WIDTH - LEFT - RIGHT
        return LEFT + (room * place / (self.moments - 1) if self.moments > 1 else room / 2)

    def y(self, value: float) -> float:
        """Of a value."""
        return TOP + (self.height - TOP - BOTTOM) * (self.most - value) / (self.most - self.least)

    def ticks(self) -> Iterator[float]:
        """The values that are written beside the plot."""
        return (self.least + self.step * place for place in range(round((self.most - self.least) / self.step) + 1))


def axes(scale: Scale, moments: Sequence[str], changes: Sequence[Change]) -> Markup:
    """What stands behind the lines."""
    return joined((*_value_axis(scale), *_moment_axis(scale, moments), *_change_lines(scale, changes)))


def line(scale: Scale, values: Values, kind: int, *, steps: bool = False) -> Markup:
    """A line through values, with gaps where there is none."""
    drawn = []
    for run in _runs(scale, values):
        drawn.append(element("path", class_=f"chart-line kind-{kind}", d=_path(run, steps=steps)))
        if len(values) <= MOST_MARKERS or len(run) == 1:
            drawn.extend(marker(point.x, point.y, kind) for point in run)
    return joined(drawn)


def shaded(scale: Scale, low: Values, high: Values) -> Markup:
    """The area between two lines, wherever both are there."""
    pairs = [pair if all(map(is_number, pair)) else (None, None) for pair in zip(low, high, strict=True)]
    below, above = _runs(scale, [under for under, _ in pairs]), _runs(scale, [over for _, over in pairs])
    return joined(
        element("path", class_="chart-band", d=_path([*over, *reversed(under)]) + "Z")
        for under, over in zip(below, above, strict=True)
    )


def marker(x: float, y: float, kind: int) -> Markup:
    """The sign of a line at a point of it."""
    place = f"translate({coordinate(x)} {coordinate(y)})"
    return element("path", class_=f"chart-marker kind-{kind}", transform=place, d=MARKERS[kind])


def shown(value: float | None) -> str:
    """A number as people write it; a dash where there is none."""
    if not is_number(value):
        return "-"
    if value == round(value):
        return f"{value:,.0f}"
    return f"{value:,.1f}" if abs(value) >= 10 else f"{value:.3g}"  # noqa: PLR2004  # one digit is enough from ten on


def is_number(value: float | None) -> TypeGuard[float]:
    """Whether a value can be drawn."""
    return value is not None and math.isfinite(value)


def _round_step(least: float) -> float:
    """The smallest of 1, 2, 5, 10, 20 … and of 0.5, 0.2, 0.1 … that is no smaller."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= least * (1 - 1e-9))


def _value_axis(scale: Scale) -> Iterator[Markup]:
    for value in scale.ticks():
        y = scale.y(value)
        yield element("line", class_="chart-grid", x1=LEFT, x2=WIDTH - RIGHT, y1=y, y2=y)
        yield element("text", shown(value), class_="chart-tick end", x=LEFT - 6, y=y + 4)


def _moment_axis(scale: Scale, moments: Sequence[str]) -> Iterator[Markup]:
    last = len(moments) - 1
    written = {round(last * part / (WRITTEN_MOMENTS - 1)) for part in range(WRITTEN_MOMENTS)} if moments else set()
    for place in sorted(written):
        align = "middle" if 0 < place < last or not last else "end" if place else "start"
        yield element("text", moments[place], class_=f"chart-tick {align}", x=scale.x(place), y=scale.height - 6)


def _change_lines(scale: Scale, changes: Sequence[Change]) -> Iterator[Markup]:
    for number, change in enumerate(changes, 1):
        x = scale.x(change.at - 0.5)
        yield element("line", class_="chart-change", x1=x, x2=x, y1=TOP, y2=scale.height - BOTTOM)
        yield element("text", str(number), class_="chart-tick middle", x=x, y=TOP - 3)


def _runs(scale: Scale, values: Values) -> Iterator[list[Point]]:
    """The points between gaps."""
    run: list[Point] = []
    for place, value in enumerate([*values, None]):
        if is_number(value):
            run.append(Point(scale.x(place), scale.y(value)))
        elif run:
            yield run
            run = []


def _path(points: Sequence[Point], *, steps: bool = False) -> str:
    first, *rest = points
    drawn = f"M{coordinate(first.x)} {coordinate(first.y)}"
    for point in rest:
        x, y = coordinate(point.x), coordinate(point.y)
        drawn += f"H{x}V{y}" if steps else f"L{x} {y}"
    return drawn
