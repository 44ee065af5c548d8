"""Weekly hours on a local clock, with both daylight-saving nights, and the holidays on which they do not run."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from types import MappingProxyType
from zoneinfo import ZoneInfo, available_timezones

import holidays

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MINUTES_A_DAY = 24 * 60

_HOURS = re.compile(r"(?P<days>[A-Za-z,-]+) (?P<opens>\d\d:\d\d)-(?P<closes>\d\d:\d\d)")
_ONE_DAY = timedelta(days=1)


def is_time_zone(name: str) -> bool:
    """Whether a name means the same place's clocks on every machine."""
    return name in _zones()


def fault_of_clocks(name: str) -> str:
    """Why shifts cannot stand on the clocks that a name means, as a sentence; empty where they can.

    EST, MST and HST are in the time-zone database, and nobody's clocks in a place with summer time.
    """
    if not is_time_zone(name):
        return f"{name!r} is no time zone; one is America/Chicago."
    if name in WITHOUT_SUMMER:
        return f"{name!r} has no summer time: name the city, like America/New_York."
    return ""


WITHOUT_SUMMER = frozenset(("EST", "MST", "HST"))


@cache
def _zones() -> frozenset[str]:
    """Looked up once: that reads a directory for each continent, and files in it."""
    return frozenset(available_timezones() - {"localtime", "Factory"})


@dataclass(frozen=True, slots=True)
class Window:
    """Open hours in minutes after local midnight of the day they open; `closes` is beyond 24 h past midnight."""

    opens: int
    closes: int


@dataclass(frozen=True, slots=True)
class Week:
    """The windows that open on each day, Monday first, and the words they were written in."""

    days: tuple[tuple[Window, ...], ...]
    words: str

    def opened_on(self, zone: ZoneInfo, at: datetime, today: date) -> Iterator[date]:
        """The days whose windows are open at the instant `at`, which falls on `today` in `zone`."""
        yesterday = today - _ONE_DAY
        for window in self.days[yesterday.weekday()]:
            if window.closes > MINUTES_A_DAY and at < instant(zone, yesterday, window.closes):
                yield yesterday
        for window in self.days[today.weekday()]:
            if instant(zone, today, window.opens) <= at < instant(zone, today, window.closes):
                yield today


@dataclass(frozen=True, slots=True)
class Holidays:
    """A calendar of the `holidays` library, less the days on which the agency works, and the days it closes besides.

    Without a calendar (""), the days it closes are all there is.
    """

    calendar: str
    open: frozenset[date]
    closed: frozenset[date]

    def name(self, day: date) -> str | None:
        """The name of the holiday that `day` is, or None on an ordinary day."""
        if day in self.closed:
            return "closed by the programme"
        if day in self.open or not self.calendar:
            return None
        return calendar_days(self.calendar, day.year).get(day)


def week(words: tuple[str, ...]) -> Week:
    """The week that lines such as `Mon-Fri 11:00-19:00` describe. Raises ValueError with what is wrong."""
    days: list[list[Window]] = [[] for _ in DAYS]
    for line in words:
        weekdays, window = parse_hours(line)
        for day in weekdays:
            days[day].append(window)
    return Week(tuple(tuple(windows) for windows in days), ", ".join(words))


def parse_hours(line: str) -> tuple[tuple[int, ...], Window]:
    """Weekdays (Monday 0) and window of one line. Raises ValueError with what is wrong."""
    match = _HOURS.fullmatch(line)
    if match is None:
        raise ValueError(f"{line!r} is no line of hours")
    opens, closes = _minutes(match["opens"]), _minutes(match["closes"])
    if opens == MINUTES_A_DAY:
        raise ValueError(f"{line!r} never opens on its day: 24:00 is 00:00 of the day after")
    if opens == closes:
        raise ValueError(f"{line!r} never opens")
    return _weekdays(match["days"]), Window(opens, closes if closes > opens else closes + MINUTES_A_DAY)


@lru_cache(maxsize=8192)
def instant(zone: ZoneInfo, day: date, minute: int) -> datetime:
    """The first instant at which the clock in `zone` shows `minute` of `day`, or skips it.

    So a window that meets the missing hour is shorter, one that spans the repeated hour is longer, one that ends in
    the repeated hour ends the first time, and windows that touch on paper touch in fact.
    """
    wall = datetime.combine(day, time()) + timedelta(minutes=minute)
    after = wall.replace(tzinfo=zone).astimezone(UTC)
    if after.astimezone(zone).replace(tzinfo=None) == wall:
        return after
    before = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    offset = before.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) // 2
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after.replace(microsecond=0)


@lru_cache(maxsize=512)
def calendar_days(calendar: str, year: int) -> Mapping[date, str]:
    """The days of one year in a calendar of the `holidays` library, e.g. `US` or `US-WI`. Raises ValueError."""
    country, _, subdivision = calendar.partition("-")
    calendars = holidays.list_supported_countries()
    if country not in calendars or (subdivision and subdivision not in calendars[country]):
        raise ValueError(f"the holidays library has no calendar {calendar!r}")
    days = holidays.country_holidays(country, subdiv=subdivision or None, years=year)
    return MappingProxyType({day: name for day, name in days.items() if day.year == year})


def _minutes(clock: str) -> int:
    hours, minutes = int(clock[:2]), int(clock[3:])
    if minutes > 59 or hours * 60 + minutes > MINUTES_A_DAY:  # noqa: PLR2004  minutes of an hour
        raise ValueError(f"{clock} is no time of day")
    return hours * 60 + minutes


def _weekdays(words: str) -> tuple[int, ...]:
    if words == "daily":
        return tuple(range(7))
    days: set[int] = set()
    for part in words.split(","):
        first, to, last = part.partition("-")
        last = last if to else first
        for name in (first, last):
            if name not in DAYS:
                raise ValueError(f"{name!r} is no day of the week")
        start, end = DAYS.index(first), DAYS.index(last)
        days.update((start + step) % 7 for step in range((end - start) % 7 + 1))
    return tuple(sorted(days))
