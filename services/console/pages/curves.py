"""Panels as charts: what Prometheus has of each over the last hour, drawn by this door."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from markupsafe import Markup

from services.console.pages.page import Visit
from services.console.prometheus import Stretch, Window, stretches
from shared.doors.chart_plot import KINDS
from shared.doors.charts import Heading, Series, lines, small_multiples
from shared.panels import Curve, Panel, Unit

STEP, STEPS = timedelta(minutes=2), 30
"""An hour; a rate is taken over as long as a step, so that nothing falls between two."""
MOST_DRAWN = 12
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


def last_hour(now: datetime) -> Window:
    """The window, its end on a whole step, so that a page that is loaded again draws the same moments."""
    step = STEP.total_seconds()
    return Window(datetime.fromtimestamp(now.timestamp() // step * step, now.tzinfo), STEP, STEPS)


async def drawn(panel: Panel, number: int, visit: Visit, window: Window) -> Drawn:
    """A panel over the window, of the visitor's agency. Raises Away."""
    found: list[tuple[Curve, Stretch]] = []
    for curve in panel.curves:
        promql = curve.filled(visit.who.agency, round(window.step.total_seconds()))
        found += [(curve, stretch) for stretch in await stretches(visit.door.prometheus, promql, window)]
    return _drawn(panel, number, found, window, visit.zone)


def _drawn(panel: Panel, number: int, found: Sequence[tuple[Curve, Stretch]], window: Window, zone: ZoneInfo) -> Drawn:
    factor, unit = UNITS[panel.unit]
    series = [Series(_legend(curve, stretch), _scaled(stretch, window, factor)) for curve, stretch in found]
    series = [each for each in series if any(value is not None for value in each.values)]
    description = panel.description
    if len(series) > MOST_DRAWN:
        description += f" The {MOST_DRAWN} highest of {len(series)} are drawn."
        series = sorted(series, key=_highest, reverse=True)[:MOST_DRAWN]
    if not series:
        return Drawn(panel.title, description, None)
    heading = Heading(f"{panel.board}-{number}", panel.title, description, unit)
    moments = [f"{moment.astimezone(zone):%H:%M}" for moment in window.moments]
    draw = lines if len(series) <= KINDS else small_multiples
    return Drawn(panel.title, description, draw(heading, moments, sorted(series)))


def _scaled(stretch: Stretch, window: Window, factor: float) -> list[float | None]:
    return [None if value is None else value * factor for value in stretch.at(window.moments)]


def _highest(series: Series) -> float:
    return max(value for value in series.values if value is not None)


def _legend(curve: Curve, stretch: Stretch) -> str:
    return re.sub(r"\{\{(\w+)\}\}", lambda match: stretch.labels.get(match[1], ""), curve.legend).strip()
