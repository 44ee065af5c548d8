"""Cuts an import into commands: each speaks of a time of its own, in which it says every shift."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from services.console.foreign.plan import MAX_DAYS, Span
from services.console.foreign.rows import Row
from shared.events.commands import MOST_IMPORTED, MOST_ROWS
from shared.programme.judging.hours import instant
from shared.programme.trying.export_document import MappingRefused

LOOKED_AHEAD = timedelta(days=7)
"""The least that an import speaks of."""
SHORTEST = timedelta(hours=1)
"""A time that is not cut any more: nobody plans so much in it."""


class Window(NamedTuple):
    """The shifts of a time, all of them."""

    span: Span
    rows: Sequence[Row]
    elsewhere: Sequence[str] = ()
    """The keys of the shifts of the other times: one that has moved here from there, or away, is still the same.

    And of those that could not be read, which stand as they do.
    """


def whole_span(now: datetime) -> Span:
    """From now, for what has begun is no plan any more, as far as planning goes."""
    begins = now.replace(second=0, microsecond=0) + timedelta(minutes=1)
    return Span(begins, begins + timedelta(days=MAX_DAYS))


def spoken_of(rows: Sequence[Row], span: Span, zone: ZoneInfo, until: date | None) -> Span:
    """The time that a file speaks of: up to the end of the day of its last shift, or to the day that is given.

    Of what comes later it says nothing, so that stands. It speaks of a week at least: a file with less lacks something.
    Raises MappingRefused where the day that is given is over.
    """
    if until is not None:
        ends_at = instant(zone, until + timedelta(days=1), 0)
        if ends_at <= span.starts_at:
            raise MappingRefused(f"--until {until} is over; right is today or a later day")
    else:
        last_day = max((row.starts_at for row in rows), default=span.starts_at).astimezone(zone).date()
        ends_at = max(instant(zone, last_day + timedelta(days=1), 0), span.starts_at + LOOKED_AHEAD)
    return Span(span.starts_at, min(ends_at, span.ends_at))


def windows(rows: Sequence[Row], span: Span, unread: Sequence[str] = ()) -> Iterator[Window]:
    """The rows of a span in the order of their beginning, so many a command. Raises MappingRefused."""
    rows = sorted(rows, key=lambda row: row.starts_at)
    if (count := len(rows) + len(unread)) > MOST_IMPORTED:
        raise MappingRefused(f"{count} shifts, and there may be {MOST_IMPORTED} at most: say an earlier --until")
    begins_at, begin = span.starts_at, 0
    while len(rows) - begin > MOST_ROWS:
        end = begin + MOST_ROWS
        while end > begin and rows[end - 1].starts_at == rows[end].starts_at:
            end -= 1  # what begins together is said together
        if end == begin:
            raise MappingRefused(f"more than {MOST_ROWS} shifts begin at {rows[begin].starts_at.isoformat()}")
        yield _window(Span(begins_at, rows[end].starts_at), rows, begin, end, unread)
        begins_at, begin = rows[end].starts_at, end
    yield _window(Span(begins_at, span.ends_at), rows, begin, len(rows), unread)


def _window(span: Span, rows: Sequence[Row], begin: int, end: int, unread: Sequence[str]) -> Window:
    return Window(span, rows[begin:end], [*(row.key for row in (*rows[:begin], *rows[end:])), *unread])


def halves(window: Window) -> tuple[Window, ...]:
    """What one command says as two, where it is too much for one; nothing where its time cannot be cut any more."""
    span, rows = window.span, window.rows
    middle = rows[len(rows) // 2].starts_at if rows else span.starts_at
    if not span.starts_at < middle < span.ends_at:
        middle = span.starts_at + (span.ends_at - span.starts_at) / 2
    if span.ends_at - span.starts_at < SHORTEST:
        return ()
    early, late = ([row for row in rows if (row.starts_at < middle) is first] for first in (True, False))
    return (
        Window(Span(span.starts_at, middle), early, [*window.elsewhere, *(row.key for row in late)]),
        Window(Span(middle, span.ends_at), late, [*window.elsewhere, *(row.key for row in early)]),
    )
