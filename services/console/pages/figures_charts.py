"""From a report of figures to charts. What each counts stands beside it; what changed in between is drawn in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from markupsafe import Markup

from services.console.figures import Figure, Measure, Report
from services.console.view.reasons import part_in_words
from shared.doors.charts import Bar, Change, Heading, Series, band, bars, funnel, lines

Chart = tuple[str, Markup]
"""Which measure defines it, and its drawing."""

TREND_MEASURES = ("eligible", "capture", "diverted", "response-time", "travel-time")
CUT_MEASURES = ("eligible", "capture", "diverted", "no-contact", "response-time", "time-on-scene")
BREAKDOWNS = ("unserved", "stopped-by", "went", "five-classes", "back-up", "phases")
STEPS = (("Eligible", "eligible"), ("Offered", "offered"), ("Accepted", "capture"), ("Contact", "contact"))
MOST_BARS = 12


def charts_of(report: Report, by_month: Report) -> list[Chart]:
    """The charts of the page, the funnel first."""
    measures = report.by_name
    charts = [("eligible", _funnel(measures))]
    charts += [(name, _breakdown(measures[name])) for name in BREAKDOWNS if name in measures]
    months = _months(by_month)
    if len(months) > 1:
        trends = by_month.by_name
        changes = tuple(_changes(by_month, months))
        drawn = {"diverted": _trend, "response-time": _times}
        charts += [(name, draw(trends, months, changes)) for name, draw in drawn.items() if name in trends]
    return charts


def charts_of_cut(report: Report) -> list[Chart]:
    """A bar chart for each measure, cut by what somebody chose."""
    return [(measure.name, _cut(measure, report.cut or "")) for measure in report.measures if measure.figures]


def _funnel(measures: Mapping[str, Measure]) -> Markup:
    heading = Heading("funnel", "From eligible to contact", "Each step is a part of the one before it.", "calls")
    return funnel(heading, [Bar(label, _count(measures[name])) for label, name in STEPS if name in measures])


def _count(measure: Measure) -> int:
    return sum(figure.count for figure in measure.figures)


def _breakdown(measure: Measure) -> Markup:
    parts = [(figure.part, figure) for figure in measure.figures if figure.part is not None]
    rows = [Bar(part_in_words(measure.name, part), figure.value) for part, figure in parts[:MOST_BARS]]
    if rest := sum(figure.count for _, figure in parts[MOST_BARS:]):
        rows.append(Bar("all others", rest))
    if missing := max((figure.missing for figure in measure.figures), default=0):
        rows.append(Bar("missing", missing))
    heading = Heading(measure.name, measure.title, measure.sentence, measure.unit)
    return bars(heading, rows or [Bar("nothing to count", None)])


def _trend(trends: Mapping[str, Measure], months: Sequence[str], changes: Sequence[Change]) -> Markup:
    heading = Heading("trend", "Capture and diverted, by month", "Of eligible calls, in percent.", "%")
    drawn = [trends[name] for name in ("capture", "diverted") if name in trends]
    series = [Series(measure.title, _values(measure, months, "value")) for measure in drawn]
    return lines(heading, months, series, changes)


def _times(trends: Mapping[str, Measure], months: Sequence[str], changes: Sequence[Change]) -> Markup:
    measure = trends["response-time"]
    clock = f"From {measure.clock_start} until {measure.clock_end}."
    median, ninety = (
        Series(label, _values(measure, months, name)) for label, name in (("P50", "value"), ("P90", "high"))
    )
    return band(Heading("times", "Response time, by month", clock, "minutes"), months, median, ninety, changes)


def _months(report: Report) -> list[str]:
    """Each from the first with a call until the last: a month without one leaves a gap, and is none the less there."""
    groups = {figure.group for measure in report.measures for figure in measure.figures}
    there = sorted(group for group in groups if isinstance(group, str))
    months = there[:1]
    while months and months[-1] < there[-1]:
        year, month = map(int, months[-1].split("-"))
        months.append(f"{year + month // 12}-{month % 12 + 1:02}")
    return months


def _values(measure: Measure, months: Sequence[str], name: str) -> list[float | None]:
    by_month: dict[str | int | None, float | None] = {figure.group: getattr(figure, name) for figure in measure.figures}
    return [by_month.get(month) for month in months]


def _changes(report: Report, months: Sequence[str]) -> Iterator[Change]:
    """Where to draw what changed: before the first month that has any of it."""
    for change in report.changes:
        at = sum(month < f"{change.day:%Y-%m}" for month in months)
        if at:
            yield Change(at, change.label)


def _cut(measure: Measure, cut: str) -> Markup:
    heading = Heading(f"cut-{measure.name}", f"{measure.title}, by {cut}", measure.sentence, measure.unit)
    rows = [Bar(_words(figure.group), figure.value, _beside(figure)) for figure in measure.figures]
    return bars(heading, rows, full=100 if measure.unit == "%" else None)


def _words(code: str | int | None) -> str:
    """A code or a name, as people say it."""
    return "not stated" if code is None else str(code).replace("-", " ") if str(code).islower() else str(code)


def _beside(figure: Figure) -> str:
    high = "" if figure.high is None else f"P90 {figure.high:.1f}, "
    missing = f", {figure.missing} missing" if figure.missing else ""
    return f"{high}of {figure.n}{missing}"
