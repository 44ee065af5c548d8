"""Whose clocks a calendar means: names of the time-zone database, of Windows, or those that a mapping explains."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from ical.tzif.extended_timezones import EXTENDED_TIMEZONES

from services.console.foreign.mapping import RotaMapping
from services.console.foreign.plan import Wrong
from shared.programme.judging.hours import fault_of_clocks, is_time_zone

MOST_PARTS = 3
"""Of a name such as `America/Argentina/Buenos_Aires`."""


def zone_called(name: str, mapping: RotaMapping, field: str) -> ZoneInfo:
    """The time zone that a calendar names. Raises Wrong.

    What the calendar itself says of the zone's hours (VTIMEZONE) is not taken: tools write it of one year, and shifts
    would stand an hour off after the next clock change.
    """
    name = name.strip()
    if (explained := mapping.zones.get(name)) is not None:
        return ZoneInfo(explained)
    if not fault_of_clocks(name):
        return ZoneInfo(name)
    if (windows := EXTENDED_TIMEZONES.get(name)) is not None:
        return ZoneInfo(windows)
    parts = name.split("/")  # e.g. /citadel.org/20070227_1/America/Chicago
    for count in range(MOST_PARTS, 1, -1):
        if len(parts) > count and is_time_zone("/".join(parts[-count:])):
            return ZoneInfo("/".join(parts[-count:]))
    right = f'one of the time-zone database; or explain it in the mapping: [zones] {name!r} = "…"'
    what = "has no summer time" if is_time_zone(name) else "is no time zone that is known here"
    raise Wrong(field, f"{name!r} {what}", right)
