"""Figures and calls as CSV. What the figures mean stands in the file itself, in lines that begin with `#`."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from zoneinfo import ZoneInfo

from services.reporting.figures.measures import MEASURES
from services.reporting.figures.report import Report, definition

COLUMNS = ("measure", "version", "group", "part", "value", "high", "unit", "count", "n", "missing")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet would take for a formula where it begins a text."""


def figures_csv(report: Report) -> str:
    """A report as CSV."""
    rows = [
        (
            name, MEASURES[name].version, figure.group, figure.part, _rounded(figure.value), _rounded(figure.high),
            MEASURES[name].unit, figure.count, figure.n, figure.missing,
        )
        for name, figures in report.figures.items()
        for figure in figures
    ]  # fmt: skip
    return "".join(f"# {line}\r\n" for line in _preface(report)) + written([COLUMNS, *rows])


def written(rows: Iterable[Sequence[object]]) -> str:
    """Rows as CSV; no text among them begins like a formula."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows([_safe(cell) for cell in row] for row in rows)
    return text.getvalue()


def _preface(report: Report) -> Iterator[str]:
    question = report.question
    yield f"careroute figures of {question.agency}"
    yield f"Calls received from {question.first_day} until before {question.end_day}, on the clocks of {question.zone}."
    yield f"Cut by {question.cut}." if question.cut else "Not cut."
    yield "Small counts are shown, which may point at a person: this is not for publication; public tables are."
    for document in report.documents:
        since = f"{document.since.astimezone(ZoneInfo(question.zone)):%Y-%m-%d %H:%M:%S %Z}"
        yield f"Programme document {document.version} ({document.document_hash}) in force since {since}."
    for change in report.changes:
        yield f"Figures before and after differ in kind, {change['label']}."
    if report.not_cut:
        yield f"Not cut by {question.cut}, which says no more than what they count: {', '.join(report.not_cut)}."
    yield "value: in the unit; of a duration the median, with P90 as high, by nearest rank. missing: not counted."
    for name in report.figures:
        words = definition(MEASURES[name])
        yield f"{name} (version {words['version']}): {words['title']}. {words['sentence']}"
        for word in (
            "numerator",
            "denominator",
            "clock_start",
            "clock_end",
            "exclusions",
            "missing",
            "small_cells",
            "caveat",
        ):
            if words[word]:
                yield f"  {word.replace('_', ' ')}: {words[word]}"


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


def _safe(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell
