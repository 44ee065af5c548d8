"""Weekly hours on local clocks, on ordinary days and in both daylight-saving nights."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from shared.programme.judging.hours import Holidays, Window, instant, parse_hours, week

CHICAGO = ZoneInfo("America/Chicago")


def opened(line: str, utc: str, zone: ZoneInfo = CHICAGO) -> list[date]:
    at = datetime.fromisoformat(utc).replace(tzinfo=UTC)
    return list(week((line,)).opened_on(zone, at, at.astimezone(zone).date()))


def hours_open(line: str, first: str, last: str, zone: ZoneInfo = CHICAGO) -> float:
    """Hours open between two UTC instants, by looking at each quarter of an hour."""
    at, end = (datetime.fromisoformat(when).replace(tzinfo=UTC) for when in (first, last))
    quarters = 0
    while at < end:
        quarters += bool(list(week((line,)).opened_on(zone, at, at.astimezone(zone).date())))
        at += timedelta(minutes=15)
    return quarters / 4


def test_hours_past_midnight_belong_to_the_day_they_open() -> None:
    assert opened("Fri 22:00-06:00", "2021-09-04T02:59:59") == []
    assert opened("Fri 22:00-06:00", "2021-09-04T03:00:00") == [date(2021, 9, 3)]
    assert opened("Fri 22:00-06:00", "2021-09-04T10:59:59") == [date(2021, 9, 3)]
    assert opened("Fri 22:00-06:00", "2021-09-04T11:00:00") == []
    assert opened("Sat 22:00-06:00", "2021-09-04T08:00:00") == []


@pytest.mark.parametrize(
    ("line", "hours"),
    [
        ("daily 00:00-24:00", 23.0),
        ("Sun 02:00-03:00", 0.0),  # the hour that is missing
        ("Sun 01:30-03:00", 0.5),
        ("Sun 02:30-06:00", 3.0),  # opens as the clock jumps over its start
        ("Sun 01:00-02:30", 1.0),
        ("Sat 22:00-06:00", 5.0),  # of the shift that opened on Saturday, what falls on Sunday
    ],
)
def test_the_night_of_the_missing_hour(line: str, hours: float) -> None:
    assert hours_open(line, "2021-03-14T06:00", "2021-03-15T05:00") == hours


@pytest.mark.parametrize(
    ("line", "hours"),
    [
        ("daily 00:00-24:00", 25.0),
        ("Sun 01:00-02:00", 2.0),  # the hour that is repeated
        ("Sun 00:00-01:30", 1.5),  # ends the first time the clock shows its end
        ("Sun 01:30-03:00", 2.5),
        ("Sat 22:00-06:00", 7.0),
    ],
)
def test_the_night_of_the_repeated_hour(line: str, hours: float) -> None:
    assert hours_open(line, "2021-11-07T05:00", "2021-11-08T06:00") == hours


def test_windows_that_touch_on_paper_touch_in_fact() -> None:
    for day in (date(2021, 3, 14), date(2021, 11, 7)):
        for minute in range(0, 24 * 60, 30):
            assert instant(CHICAGO, day, minute) <= instant(CHICAGO, day, minute + 30)
    assert instant(CHICAGO, date(2021, 3, 14), 150) == datetime(2021, 3, 14, 8, 0, tzinfo=UTC)


def test_a_midnight_that_does_not_exist() -> None:
    santiago = ZoneInfo("America/Santiago")  # 2021-09-05 began at 01:00
    assert instant(santiago, date(2021, 9, 5), 0) == datetime(2021, 9, 5, 4, 0, tzinfo=UTC)
    assert hours_open("Sun 00:00-24:00", "2021-09-05T00:00", "2021-09-06T12:00", santiago) == 23.0


@pytest.mark.parametrize(
    ("words", "days"),
    [
        ("daily", (0, 1, 2, 3, 4, 5, 6)),
        ("Mon-Fri", (0, 1, 2, 3, 4)),
        ("Sat,Sun", (5, 6)),
        ("Fri-Mon", (0, 4, 5, 6)),
        ("Wed", (2,)),
    ],
)
def test_days_of_the_week(words: str, days: tuple[int, ...]) -> None:
    assert parse_hours(f"{words} 11:00-19:00")[0] == days


@pytest.mark.parametrize(
    "line",
    [
        "Mon",
        "Mon 11-19",
        "Mo 11:00-19:00",
        "Mon 11:00-11:00",
        "Mon 11:60-12:00",
        "Mon 24:00-01:00",
        "Mon 11:00-25:00",
        "Mon-Fri-Sat 11:00-12:00",
    ],
)
def test_lines_that_say_no_hours(line: str) -> None:
    with pytest.raises(ValueError, match=r"is no|never opens"):
        parse_hours(line)


def test_the_end_of_a_day_closes_it_and_opens_none() -> None:
    assert parse_hours("Mon 08:00-24:00")[1] == Window(8 * 60, 24 * 60)
    with pytest.raises(ValueError, match="24:00 is 00:00 of the day after"):
        parse_hours("Mon 24:00-02:00")


def test_holidays_are_the_calendar_less_open_days_plus_closed_ones() -> None:
    days = Holidays("US-WI", frozenset({date(2022, 2, 15)}), frozenset({date(2021, 11, 26)}))
    assert days.name(date(2021, 9, 6)) == "Labor Day"
    assert days.name(date(2022, 2, 15)) is None
    assert days.name(date(2021, 11, 26)) == "closed by the programme"
    assert days.name(date(2021, 9, 7)) is None
