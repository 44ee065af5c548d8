"""A calendar as its text: one concrete event a shift, so that every program shows the same.

No rule of recurrence, which programs read in different ways; no alarm, which the large ones drop: reminders are pages.
The same plan gives the same text to the last byte.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import NamedTuple

FOLD_OCTETS = 75
TYPE = "text/calendar; charset=utf-8"
AGAIN = "PT1H"
"""How often programs are asked to look again; the large ones look when they like."""


class CalendarEvent(NamedTuple):
    """One event of a calendar."""

    uid: str
    starts_at: datetime
    ends_at: datetime
    summary: str
    description: str
    busy: bool
    changes: int
    changed_at: datetime


def text_of(name: str, events: Iterable[CalendarEvent]) -> bytes:
    """The calendar, its events in the order in which they begin."""
    head = (
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//careroute//rota//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"X-WR-CALNAME:{_escaped(name)}",
        f"REFRESH-INTERVAL;VALUE=DURATION:{AGAIN}",
        f"X-PUBLISHED-TTL:{AGAIN}",
    )
    lines = [*head]
    for event in sorted(events):
        lines += _event(event)
    return b"".join(_folded(line) for line in (*lines, "END:VCALENDAR"))


def _event(event: CalendarEvent) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{event.uid}@careroute"
    yield f"DTSTAMP:{_utc(event.changed_at)}"
    yield f"LAST-MODIFIED:{_utc(event.changed_at)}"
    yield f"SEQUENCE:{event.changes}"
    yield f"DTSTART:{_utc(event.starts_at)}"
    yield f"DTEND:{_utc(event.ends_at)}"
    yield f"SUMMARY:{_escaped(event.summary)}"
    if event.description:
        yield f"DESCRIPTION:{_escaped(event.description)}"
    yield f"TRANSP:{'OPAQUE' if event.busy else 'TRANSPARENT'}"
    yield "END:VEVENT"


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _escaped(text: str) -> str:
    text = text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return text.replace("\r", "").replace("\n", "\\n")


def _folded(line: str) -> bytes:
    """A line in parts of at most 75 octets, none of which ends within a letter."""
    parts: list[bytes] = []
    part = b""
    for letter in line:
        octets = letter.encode()
        if len(part) + len(octets) > FOLD_OCTETS:
            parts.append(part)
            part = b" "
        part += octets
    return b"\r\n".join((*parts, part)) + b"\r\n"
