"""Panels as charts: what Prometheus has of each up to now, drawn by this door."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from markupsafe import Markup

from services.console.pages.page import Visit
from services.console.prometheus import Stretch, Window, stretches
from shared.doors.chart_plot import KINDS
from shared.doors.charts import Heading, Series, lines, small_multiples
from shared.panels import Curve, Panel, Unit

STEPS = 30
LEAST_RATE_SECONDS = 60
"""What a rate is taken over at least: four scrapes, however seldom they are."""
MOST_APART, MOST_TOGETHER = 6, KINDS
"""So many curves have plots of their own. Where there are more, the highest are drawn in one."""
UNITS: Mapping[Unit, tuple[float, str]] = {
    "count": (1, ""),
    "seconds": (1, "s"),
    "a second": (1, "a second"),
    "share": (100, "%"),
    "bytes": (1e-6, "MB"),
}
"""What a value is multiplied with, and what it is then."""


class Drawn(NamedTuple):
    """A panel as the page shows it."""

    title: str
    description: str
    chart: Markup | None
    """None where there is nothing to draw."""


def up_to(now: datetime, stretch: timedelta) -> Window:
    """The window that ends now, on a whole second."""
    return Window(now.replace(microsecond=0), stretch / STEPS, STEPS)


async def drawn(panel: Panel, number: int, visit: Visit, window: Window) -> Drawn:
    """A panel over the window, of the visitor's agency. Raises Away."""
    found: list[tuple[Curve, Stretch]] = []
    rate_seconds = max(LEAST_RATE_SECONDS, round(window.step.total_seconds()))
    for curve in panel.curves:
        promql = curve.filled(visit.who.agency, rate_seconds)
        found += [(curve, stretch) for stretch in await stretches(visit.door.prometheus, promql, window)]
    return _drawn(panel, number, found, window, visit)


def _drawn(panel: Panel, number: int, found: Sequence[tuple[Curve, Stretch]], window: Window, visit: Visit) -> Drawn:
    factor, unit = UNITS[panel.unit]
    agency = visit.who.agency
    series = [Series(_legend(curve, each, agency), _scaled(each, window, factor)) for curve, each in found]
    series = [each for each in series if any(value is not None for value in each.values)]
    if not series:
        return Drawn(panel.title, panel.description, None)
    description, draw = panel.description, lines if len(series) <= MOST_TOGETHER else small_multiples
    if len(series) > MOST_APART:
        description, draw = f"{description} The {MOST_TOGETHER} highest of {len(series)} are drawn.", lines
        series = sorted(series, key=_highest, reverse=True)[:MOST_TOGETHER]
    heading = Heading(f"{panel.board}-{number}", panel.title, description, unit)
    moments = [f"{moment.astimezone(visit.zone):%H:%M:%S}" for moment in window.moments]
    return Drawn(panel.title, description, draw(heading, moments, sorted(series)))


def _scaled(stretch: Stretch, window: Window, factor: float) -> list[float | None]:
    return [None if value is None else value * factor for value in stretch.at(window.moments)]


def _highest(series: Series) -> float:
    return max(value for value in series.values if value is not None)


def _legend(curve: Curve, stretch: Stretch, agency: str) -> str:
    """What a curve is called; the reader's own agency goes without saying where anything else is said."""

    def label(match: re.Match[str]) -> str:
        value = stretch.labels.get(match[1], "")
        return "" if match[1] == "agency" and value == agency else value

    words = re.sub(r"\{\{(\w+)\}\}", label, curve.legend)
    return " ".join(words.split()) or agency
