"""Roll-out rows that do not mean what they seem to, because another row allows more in the same place."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final

from shared.judgement import PHASES
from shared.programme.document.compile import row_of
from shared.programme.document.finding import Finding
from shared.programme.document.work import Work
from shared.programme.document.written import Document
from shared.programme.judging.gates import EVERYONE
from shared.programme.judging.hours import DAYS, MINUTES_A_DAY
from shared.programme.judging.programme import NO_CAP, Row


def rows_matter(document: Document) -> Iterator[Finding]:
    """Such a row is often meant to restrict: but of several rows the one that allows most counts."""
    rows, first_day, work = [row_of(row, document) for row in document.rollout], document.effective.date(), Work()
    for index, row in enumerate(rows):
        for place, other in enumerate(rows):
            work.spend(_looks(row, other))
            if place != index and _narrower(row, other, first_day):
                yield _contradiction(index, place, row, other)
                break
            twin = place > index and _allows(row, other, first_day)
            if place != index and not twin and _allows(other, row, first_day):
                what = f"the row changes nothing: row {place + 1} of the roll-out allows all of it"
                right = "of several rows the one that allows most counts: restrict that one, or leave this one out"
                yield Finding(("rollout", index), what, right)
                break


def _narrower(row: Row, wide: Row, first_day: date) -> bool:
    """Whether `row` has some of the districts of `wide` by name, with a lower phase, at a time at which both run."""
    begins = max(row.from_day or first_day, wide.from_day or first_day, first_day)
    ends = min(row.until_day or date.max, wide.until_day or date.max)
    return (
        row.response == wide.response
        and row.districts < wide.districts
        and PHASES.index(row.phase) < PHASES.index(wide.phase)
        and begins < ends
        and any(one < end and other < close for one, close in _spans(row) for other, end in _spans(wide))
    )


def _spans(row: Row) -> list[tuple[int, int]]:
    """The hours of a week in minutes; those that run past its end begin it too."""
    spans = [
        (day * MINUTES_A_DAY + window.opens, day * MINUTES_A_DAY + window.closes)
        for day, windows in enumerate(row.week.days)
        for window in windows
    ]
    return spans + [(0, closes - A_WEEK) for _, closes in spans if closes > A_WEEK]


A_WEEK: Final = MINUTES_A_DAY * len(DAYS)


def _contradiction(index: int, place: int, row: Row, wide: Row) -> Finding:
    where = ", ".join(sorted(row.districts))
    what = (
        f"{where} by itself is only {row.phase}, and row {place + 1} of the roll-out allows {wide.phase} there in the "
        "same hours: of several rows the one that allows most counts"
    )
    right = f"for {row.phase}, name the other districts in row {place + 1}; for {wide.phase}, leave this row out"
    return Finding(("rollout", index, "phase"), what, right)


def _looks(row: Row, other: Row) -> int:
    windows = sum(map(len, row.week.days)) * sum(map(len, other.week.days))
    return 1 if row.response != other.response else 1 + len(row.districts) // 10 + windows // 8


def _allows(other: Row, row: Row, first_day: date) -> bool:
    """Whether `other` lets every call go that `row` does, from the day on which the document takes effect."""
    return (
        other.response == row.response
        and row.districts <= other.districts
        and _within(row, other, first_day)
        and (row.closed_on_holidays or not other.closed_on_holidays)
        and PHASES.index(row.phase) <= PHASES.index(other.phase)
        and (other.share_percent == EVERYONE or (other.seed == row.seed and row.share_percent <= other.share_percent))
        and other.cap == NO_CAP
    )


def _within(row: Row, wider: Row, first_day: date) -> bool:
    """Dates, and hours day by day: windows that another day's windows cover are left alone."""
    started = wider.from_day is None or wider.from_day <= max(row.from_day or first_day, first_day)
    ends = wider.until_day is None or (row.until_day is not None and row.until_day <= wider.until_day)
    return (
        started
        and ends
        and all(
            any(other.opens <= window.opens and window.closes <= other.closes for other in theirs)
            for ours, theirs in zip(row.week.days, wider.week.days, strict=True)
            for window in ours
        )
    )
