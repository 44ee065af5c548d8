"""A rotation as shifts: pure arithmetic on days, with the clocks of the rotation's zone for the instants alone.

It is called when something is decided, and its results are events: whoever folds them never expands anything, so
another edition of the time zones cannot rewrite what people were told.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from services.rostering.state import TOLD_DAYS
from shared.events import PlannedShift, Rotation, ShiftPlace, WallClock, Weekday, child_id
from shared.programme.judging.hours import DAYS, MINUTES_A_DAY, instant

QUIET_FROM, QUIET_UNTIL = 22 * 60, 7 * 60
"""Minutes of the local day: at night nobody is told of what lies a day or more ahead."""
ONE_DAY = timedelta(days=1)


def expand(rotation: Rotation, from_day: date, to_day: date) -> Iterator[PlannedShift]:
    """The shifts that begin on the days from one day to another, the last left out, in their order."""
    first = max(from_day, rotation.from_day or rotation.anchor)
    last = min(to_day - ONE_DAY, rotation.until_day or to_day)
    for number in range(max(0, (last - first).days + 1)):
        day = first + number * ONE_DAY
        if _weekday(day) in rotation.days and (shift := _shift_on(rotation, day)) is not None:
            yield shift


def crew_of(rotation: Rotation, day: date) -> tuple[str, ...]:
    """Whose turn a worked day is."""
    turn = worked_days(rotation, day) // rotation.turn_days
    return rotation.crews[turn % len(rotation.crews)]


def worked_days(rotation: Rotation, day: date) -> int:
    """How many days the rotation has worked from its anchor up to a day, that day left out; negative before it."""
    weeks, rest = divmod((day - rotation.anchor).days, len(DAYS))
    begun = sum(_weekday(rotation.anchor + number * ONE_DAY) in rotation.days for number in range(rest))
    return weeks * len(set(rotation.days)) + begun


def reminders(starts_at: datetime, minutes_before: tuple[int, ...], zone: ZoneInfo) -> tuple[datetime, ...]:
    """When people are reminded of a shift. At night only the last of them is sent; the others wait for the day.

    One that would then come after the last goes out on the evening before.
    """
    wanted = sorted({starts_at - timedelta(minutes=minutes) for minutes in minutes_before})
    return tuple(sorted({*(_by_day(at, wanted[-1], zone) for at in wanted[:-1]), *wanted[-1:]}))


def gaps_told_at(starts_at: datetime, zone: ZoneInfo) -> tuple[datetime, ...]:
    """When whoever looks after a shift hears what it lacks still; what would be at night waits for the morning."""
    wanted = (starts_at - timedelta(days=days) for days in reversed(TOLD_DAYS))
    return tuple(_by_day(at, starts_at, zone) for at in wanted)


def minutes_of(clock: WallClock) -> int:
    """Minutes after midnight of a time of day."""
    return int(clock[:2]) * 60 + int(clock[3:])


def is_quiet(local: datetime) -> bool:
    """Whether it is night on the clocks on which a time is given."""
    return not QUIET_UNTIL <= local.hour * 60 + local.minute < QUIET_FROM


def by_morning(at: datetime, zone: ZoneInfo) -> datetime:
    """An instant by day; of one at night the morning that follows."""
    local = at.astimezone(zone)
    if not is_quiet(local):
        return at
    is_evening = local.hour * 60 + local.minute >= QUIET_FROM
    return instant(zone, local.date() + is_evening * ONE_DAY, QUIET_UNTIL).astimezone(UTC)


def _shift_on(rotation: Rotation, day: date) -> PlannedShift | None:
    """The shift that begins on a day; None where the clocks leave nothing of it."""
    zone = ZoneInfo(rotation.zone)
    starts, ends = minutes_of(rotation.starts), minutes_of(rotation.ends)
    later_days = rotation.lasts_days or int(ends <= starts)
    starts_at, ends_at = instant(zone, day, starts), instant(zone, day, ends + later_days * MINUTES_A_DAY)
    if ends_at <= starts_at:
        return None
    crew = crew_of(rotation, day)
    return PlannedShift(
        shift_id=child_id(rotation.rotation_id, f"{day.isoformat()}/0"),
        team_id=rotation.team_id,
        duty=rotation.duty,
        starts_at=starts_at,
        ends_at=ends_at,
        zone=rotation.zone,
        places=tuple(
            ShiftPlace(needs=needs, person_id=crew[number] if number < len(crew) else "")
            for number, needs in enumerate(rotation.places)
        ),
        reminders_at=reminders(starts_at, rotation.remind_minutes, zone),
        gaps_told_at=gaps_told_at(starts_at, zone),
        rest_hours=rotation.rest_hours,
        sign_on_grace_minutes=rotation.sign_on_grace_minutes,
        gaps_to=rotation.gaps_to,
        rotation_id=rotation.rotation_id,
    )


def _weekday(day: date) -> Weekday:
    weekday: Weekday = DAYS[day.weekday()]  # type: ignore[assignment]  # the same seven words
    return weekday


def _by_day(at: datetime, last: datetime, zone: ZoneInfo) -> datetime:
    local, morning = at.astimezone(zone), by_morning(at, zone)
    if morning == at or morning < last:
        return morning
    is_past_midnight = local.hour * 60 + local.minute < QUIET_UNTIL
    return instant(zone, local.date() - is_past_midnight * ONE_DAY, QUIET_FROM - 1).astimezone(UTC)
