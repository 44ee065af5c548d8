"""A plan from elsewhere as it was read: its entries, and what is wrong with it, line by line."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from fnmatch import fnmatchcase
from typing import NamedTuple
from zoneinfo import ZoneInfo

from services.console.foreign.mapping import RotaMapping
from shared.programme.judging.hours import instant
from shared.programme.judging.normal_forms import plain

MAX_BYTES = 1_000_000
MAX_DAYS = 90
"""As far ahead is planned."""
LONGEST_SHIFT = timedelta(hours=72)
FIRST_YEAR, LAST_YEAR = 2000, 2100
OUTSIDE = "it begins outside of the time that is imported"
BEGUN = "it has begun, and stays as it stands here: change it by hand, or plan it"


class Fault(NamedTuple):
    """What is wrong, where, and what would be right."""

    line: int
    field: str
    what: str
    right: str

    def __str__(self) -> str:
        return f"line {self.line}, {self.field}: {self.what}; right is {self.right}"


class Wrong(Exception):  # a fault that knows its line, not an error of ours
    """An entry cannot be read."""

    def __init__(self, field: str, what: str, right: str) -> None:
        super().__init__(field, what, right)
        self.field, self.what, self.right = field, what, right

    def at(self, line: int) -> Fault:
        """The same with its line."""
        return Fault(line, self.field, self.what, self.right)


@dataclass(frozen=True, slots=True)
class Entry:
    """One shift of one or several people, by the names that the other tool has for them."""

    line: int
    key: str
    """By which it is known again in the next import, where the other tool has a word for that."""
    people: tuple[str, ...]
    team: str
    duty: str
    starts_at: datetime
    ends_at: datetime


@dataclass(slots=True)
class ForeignPlan:
    """What a file says of a time that is planned."""

    entries: list[Entry] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    """Entries that are no shifts, by why."""
    remarks: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    """The keys of entries that could not be read, as far as they have one: their shifts stand as they do."""


class Span(NamedTuple):
    """The time that an import is about: shifts that begin in it."""

    starts_at: datetime
    ends_at: datetime

    def holds(self, at: datetime) -> bool:
        """Whether a shift that begins then is in it."""
        return self.starts_at <= at < self.ends_at

    def begins_within(self, starts_at: datetime, ends_at: datetime) -> bool:
        """Whether a shift runs at its beginning."""
        return starts_at < self.starts_at < ends_at


def at_clock(wall: datetime, zone: ZoneInfo) -> datetime:
    """The instant of a time on the wall, to the minute; one that the clocks skip is the first after it.

    So what touches on paper touches in fact, in both nights of the clock change.
    """
    return instant(zone, wall.date(), wall.hour * 60 + wall.minute)


def end_of(wall: datetime, zone: ZoneInfo, home: ZoneInfo) -> datetime:
    """An end as it was meant: the last minute of a day is the end of that day, the last second that of its minute.

    Nobody's day ends by UTC: of a time that is written so the day is that of the clocks of the plan.
    """
    shown = wall.replace(tzinfo=zone).astimezone(home).replace(tzinfo=None) if zone.key in IN_UTC else wall
    meant = shown + timedelta(seconds=shown.second == LAST_SECOND)
    if meant.time().replace(second=0, microsecond=0) == time(23, 59):
        meant += timedelta(minutes=1)
    return wall + (meant.replace(second=0, microsecond=0) - shown)


LAST_SECOND = 59
IN_UTC = ("UTC", "Etc/UTC", "GMT")


def check_length(starts_at: datetime, ends_at: datetime, field: str) -> None:
    """Raises Wrong for a shift that ends before it begins, or that nobody works."""
    if ends_at <= starts_at:
        raise Wrong(field, "the shift ends before it begins", "an end after the beginning")
    if ends_at - starts_at > LONGEST_SHIFT:
        hours = int(LONGEST_SHIFT.total_seconds() // 3600)
        raise Wrong(field, "the shift is longer than anybody works", f"at most {hours} hours")


def names_in(text: str, mapping: RotaMapping) -> tuple[str, ...]:
    """The names in a field."""
    parts = text.split(mapping.several) if mapping.several else [text]
    return tuple(name for part in parts if (name := plain(part)))


def leaves_out(mapping: RotaMapping, field: str, text: str) -> str:
    """Why an entry is no shift, by what one of its fields says; empty where it may be one."""
    for pattern in mapping.leave_out.get(field, ()):
        if fnmatchcase(plain(text).casefold(), plain(pattern).casefold()):
            return f"{field} is {pattern}"
    return ""
