"""The times of a calendar's events: dates, times on somebody's clocks, and how long something lasts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from services.console.foreign.ics_lines import Component, Property
from services.console.foreign.mapping import RotaMapping
from services.console.foreign.plan import FIRST_YEAR, IN_UTC, LAST_YEAR, Wrong, at_clock, end_of
from services.console.foreign.zones import zone_called

UTC_ZONE = ZoneInfo("UTC")
_TIME = re.compile(r"(\d{8})(?:T(\d{6})(Z?))?", re.ASCII)
_LENGTH = re.compile(r"\+?P(?:(\d{1,3})W)?(?:(\d{1,3})D)?(?:T(?:(\d{1,4})H)?(?:(\d{1,5})M)?(?:(\d{1,6})S)?)?", re.ASCII)


class Moment(NamedTuple):
    """A time as a calendar writes it: on whose clocks, or a whole day."""

    wall: datetime
    zone: ZoneInfo
    whole_day: bool = False
    in_utc: bool = False

    @property
    def at(self) -> datetime:
        """The instant."""
        return at_clock(self.wall, self.zone)


class Times(NamedTuple):
    """When an event is, as it stands on the clocks of its beginning."""

    begins: Moment
    lasts: timedelta
    """On the wall: a night of twelve hours has eleven or thirteen when the clocks change."""
    home: ZoneInfo
    """The clocks of the plan."""

    def ends_at(self, wall: datetime) -> datetime:
        """When an occurrence that begins at `wall` ends."""
        return at_clock(end_of(wall + self.lasts, self.begins.zone, self.home), self.begins.zone)


def times_of(event: Component, mapping: RotaMapping) -> Times:
    """When an event is. Raises Wrong."""
    start = event.first("dtstart")
    if start is None:
        raise Wrong("DTSTART", "is missing", "the beginning of the shift")
    begins = moment(start, mapping)
    if begins.whole_day:
        begins = begins._replace(wall=begins.wall + _day_begins(mapping))
    return Times(begins, _lasts(event, begins, mapping), ZoneInfo(mapping.time_zone))


def _lasts(event: Component, begins: Moment, mapping: RotaMapping) -> timedelta:
    if (length := event.first("duration")) is not None:
        return _length(length)
    end = event.first("dtend")
    if end is None:
        if not begins.whole_day:
            raise Wrong("DTEND", "is missing", "the end of the shift")
        return timedelta(days=1)
    ends = moment(end, mapping)
    if ends.whole_day != begins.whole_day:
        raise Wrong("DTEND", "is a day and DTSTART a time, or the other way round", "both alike")
    if ends.whole_day:
        return ends.wall + _day_begins(mapping) - begins.wall
    if ends.zone != begins.zone:
        ends = ends._replace(wall=ends.at.astimezone(begins.zone).replace(tzinfo=None))
    return ends.wall - begins.wall


def moment(said: Property, mapping: RotaMapping, value: str | None = None) -> Moment:
    """A time as a property says it, or as one of its values. Raises Wrong."""
    written = said.value.strip() if value is None else value.strip()
    match = _TIME.fullmatch(written)
    if match is None:
        raise Wrong(said.label, f"{written!r} is no time", "one like 20260301T190000")
    try:
        day = date(int(match[1][:4]), int(match[1][4:6]), int(match[1][6:]))
        clock = time(int(match[2][:2]), int(match[2][2:4]), min(int(match[2][4:]), 59)) if match[2] else time()
    except ValueError:
        raise Wrong(said.label, f"{written!r} never is", "a day and a time that there are") from None
    if not FIRST_YEAR <= day.year < LAST_YEAR:
        raise Wrong(said.label, f"{written!r} is in no year of this century", "a year from 2000 to 2099")
    wall, in_utc = datetime.combine(day, clock), match[3] == "Z"
    named = said.parameters.get("TZID", "")
    if in_utc or not match[2] or not named:
        zone = UTC_ZONE if in_utc else ZoneInfo(mapping.time_zone)
    else:
        zone = zone_called(named, mapping, said.label)
    return Moment(wall, zone, whole_day=not match[2], in_utc=zone.key in IN_UTC)


def moments(event: Component, name: str, mapping: RotaMapping) -> Iterator[Moment]:
    """Every time that a property lists, however often it stands. Raises Wrong."""
    for said in event.properties.get(name, ()):
        if said.parameters.get("VALUE", "").upper() == "PERIOD":
            raise Wrong(said.label, "lists periods", "times, or events of their own")
        for value in said.value.split(","):
            yield moment(said, mapping, value)


def last_wall(written: str, zone: ZoneInfo) -> datetime:
    """The last time that a rule's UNTIL takes in, on the clocks of its series. Raises ValueError."""
    match = _TIME.fullmatch(written)
    if match is None:
        raise ValueError(written)
    if not match[2]:
        return datetime.combine(datetime.strptime(match[1], "%Y%m%d").date(), time.max)  # noqa: DTZ007  # a day
    at = datetime.strptime(match[1] + match[2], "%Y%m%d%H%M%S")  # noqa: DTZ007  # its zone comes on the next line
    return at.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None) if match[3] else at


def _day_begins(mapping: RotaMapping) -> timedelta:
    if mapping.day_begins is None:
        right = 'a time, or day_begins = "07:00" in the mapping, which says when such a shift begins and ends'
        raise Wrong("DTSTART", "is a whole day", right)
    hours, minutes = map(int, mapping.day_begins.split(":"))
    return timedelta(hours=hours, minutes=minutes)


def _length(said: Property) -> timedelta:
    match = _LENGTH.fullmatch(said.value.strip())
    if match is None or not any(match.groups()):
        raise Wrong(said.label, f"{said.value!r} is no length", "one like PT12H")
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
