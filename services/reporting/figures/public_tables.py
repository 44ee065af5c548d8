"""The tables that anybody may see: few, fixed in advance, and protected before they are published. Pure.

A quarter is published by district group and by response, a year by category; never the same calls at another cut, where
the one would give away what the other withholds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from services.reporting.figures.suppression import SMALL, CoarsenFirst, check_remainder, percentage, withheld

DIVERTED, NOT_DIVERTED = "a team, or somebody by phone, dealt with it", "the default response went, or nobody did"
KINDS: Final = (DIVERTED, NOT_DIVERTED)
LINKED: Final = "Too few calls in some district: beside the table by district they could be worked out."
LINKED_TO_QUARTERS: Final = (
    "Too few calls in some quarter: beside what is published of the quarters they could be worked out."
)
Counts = Mapping[str, Sequence[int]]
"""Eligible calls by row, one count for each column."""
Behind = Mapping[tuple[str, str], Sequence[int]]
"""By response and category the calls of a year that were diverted, one count for each quarter; none where all are 0."""


@dataclass(frozen=True, slots=True)
class PublicTable:
    """What a public table shows, whatever the period."""

    name: str
    title: str
    sentence: str
    columns: tuple[str, ...]


BY_DISTRICT: Final = PublicTable(
    "district", "By district", "Eligible calls of each district group, by who really dealt with them.", KINDS
)
BY_RESPONSE: Final = PublicTable(
    "response",
    "By response",
    "Calls that were really dealt with without the default response, by response.",
    (DIVERTED,),
)
BY_CATEGORY: Final = PublicTable(
    "category", "By category", "Eligible calls of each category, by who really dealt with them.", KINDS
)


def quarter_release(by_district: Counts, by_response: Mapping[str, Mapping[str, int]]) -> dict[str, Any]:
    """What of a quarter is published. Raises CoarsenFirst where not even its totals can be.

    `by_response`: of each response the calls that were diverted to it, by district group.
    """
    totals = _totals(by_district)
    of_districts = _published(BY_DISTRICT, by_district)
    if of_districts["rows"] and _links(of_districts, by_response):
        of_responses = _refused(BY_RESPONSE, LINKED)
    else:
        of_responses = _published(BY_RESPONSE, {name: [sum(by.values())] for name, by in by_response.items()})
    return {"totals": _named(totals), "tables": [of_districts, of_responses]}


def _links(of_districts: Mapping[str, Any], by_response: Mapping[str, Mapping[str, int]]) -> bool:
    """Whether a small count could be worked out from both tables. Everybody may know which response runs where.

    Of a district with one response its count is that one's, and of a response in one district that one's. So nothing
    may be withheld of the one table, and where each count behind both is large enough, so is each that they lead to.
    """
    return _withholds(of_districts) or any(
        count in SMALL for counts in by_response.values() for count in counts.values()
    )


def _withholds(table: Mapping[str, Any]) -> bool:
    return any(None in row["cells"] for row in table["rows"])


def year_release(
    by_category: Counts, quarters: Sequence[Mapping[str, Any]], behind: Behind = MappingProxyType({})
) -> dict[str, Any]:
    """What of a year is published beside those of its quarters that are. Raises CoarsenFirst."""
    totals = _totals(by_category)
    parts = [list(quarter["totals"].values())[: len(KINDS)] for quarter in quarters]  # by whatever names they have
    check_remainder(totals, parts)
    if _tells_of_quarters(quarters, behind):
        table = _refused(BY_CATEGORY, LINKED_TO_QUARTERS)
    else:
        table = _published(BY_CATEGORY, by_category)
    return {"totals": _named(totals), "tables": [table]}


def _tells_of_quarters(quarters: Sequence[Mapping[str, Any]], behind: Behind) -> bool:
    """Whether a small count of a quarter could be worked out from a year's categories.

    Everybody may know which response takes which categories. Where each takes all of them, a category says nothing of a
    response. Else its count may be that of a response in four quarters, of which three are published: then nothing may
    be withheld of the quarters, and each count behind all these tables is large enough, so is each that they lead to.
    """
    responses, categories = ({pair[place] for pair in behind} for place in (0, 1))
    if not quarters or all((response, category) in behind for response in responses for category in categories):
        return False
    tables = [table for quarter in quarters for table in quarter["tables"]]
    is_withheld = any(table["refused"] or _withholds(table) for table in tables)
    return is_withheld or any(count in SMALL for counts in behind.values() for count in counts)


def _totals(counts: Counts) -> tuple[int, ...]:
    totals = tuple(sum(column) for column in zip(*counts.values(), strict=True)) or (0,) * len(KINDS)
    if any(total in SMALL for total in (*totals, sum(totals))):
        raise CoarsenFirst("This period has too few calls to be published by itself; they are part of a longer one.")
    return totals


def _named(totals: Sequence[int]) -> dict[str, Any]:
    return {**dict(zip(KINDS, totals, strict=True)), "eligible": sum(totals), "percent": _percent(totals)}


def _published(table: PublicTable, counts: Counts) -> dict[str, Any]:
    """A table with what may be shown of it; where nothing protects its cells, it says so, and shows none."""
    labels = sorted(counts)
    single_row = len(table.columns) == 1
    cells = [[counts[label][0] for label in labels]] if single_row else [list(counts[label]) for label in labels]
    try:
        hidden = withheld(cells) if labels else frozenset()
    except CoarsenFirst:
        return _refused(table, "Too few calls in some of its rows: only the totals can be published.")
    shown = [
        [None if (row, column) in hidden else count for column, count in enumerate(counted)]
        for row, counted in enumerate(cells)
    ]
    by_label = [[cell] for cell in shown[0]] if single_row and shown else shown
    rows = [_row(label, row, counts[label]) for label, row in zip(labels, by_label, strict=True)]
    return {**_words(table), "rows": rows, "refused": ""}


def _refused(table: PublicTable, why: str) -> dict[str, Any]:
    return {**_words(table), "rows": [], "refused": why}


def _words(table: PublicTable) -> dict[str, Any]:
    return {"name": table.name, "title": table.title, "sentence": table.sentence, "columns": list(table.columns)}


def _row(label: str, cells: Sequence[int | None], counted: Sequence[int]) -> dict[str, Any]:
    if len(cells) == 1:
        return {"label": label, "cells": list(cells)}
    return {"label": label, "cells": list(cells), "total": sum(counted), "percent": _percent(cells)}


def _percent(cells: Sequence[int | None]) -> int | None:
    """Of the first among all, from published counts alone."""
    published = [cell for cell in cells if cell is not None]
    return percentage(cells[0], sum(published) if len(published) == len(cells) else None)
