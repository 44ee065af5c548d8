"""Both nights on which the clocks change: what touches on paper touches in fact, and nobody is asked to stay twice."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.rostering.expansion import expand, worked_days
from shared.events import DutyBegan, DutyChanged, DutyEnded, PlanNoticeDue, Rotation, ShiftDropped, ShiftMoved
from tests.services.rostering.driver import Office, rotation

ZONES = ("America/Los_Angeles", "America/New_York", "Europe/London", "Australia/Lord_Howe")
"""In the last the clocks change by half an hour."""
NIGHTS = ("the hour is missing", "the hour comes twice")
PATTERNS: dict[str, tuple[dict[str, object], ...]] = {
    "twelve hours each, from 07:00 and 19:00": (
        {"rotation_id": "days", "starts": "07:00", "ends": "19:00"},
        {"rotation_id": "nights", "starts": "19:00", "ends": "07:00"},
    ),
    "hand-over within the hour itself": (
        {"rotation_id": "late", "starts": "01:45", "ends": "02:15"},
        {"rotation_id": "long", "starts": "02:15", "ends": "01:45"},
    ),
    "on call around the clock, a week each": (
        {"rotation_id": "weeks", "starts": "02:00", "ends": "02:00", "turn_days": 7, "duty": "on-call"},
    ),
}


def night(zone: ZoneInfo, which: str) -> date:
    """The day of 2026 on which the clocks of a zone change."""
    for number in range(1, 365):
        day = date(2026, 1, 1) + timedelta(days=number)
        noon = datetime(day.year, day.month, day.day, 12, tzinfo=zone)
        change = noon.utcoffset() - (noon - timedelta(days=1)).utcoffset()  # type: ignore[operator]  # it is aware
        if change and (change > timedelta()) == (which == NIGHTS[0]):
            return day
    raise AssertionError(zone)


@pytest.mark.scenario("roster")
@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("which", NIGHTS)
@pytest.mark.parametrize("zone_name", ZONES)
def test_somebody_is_on_duty_all_the_time_and_never_two(zone_name: str, which: str, pattern: str) -> None:
    zone = ZoneInfo(zone_name)
    change = night(zone, which)
    begin = datetime(change.year, change.month, change.day, 12, tzinfo=zone) - timedelta(days=2)
    office = Office(begin.astimezone(UTC))
    for fields in PATTERNS[pattern]:
        office.rotate(zone=zone_name, anchor=change - timedelta(days=3), **fields)
    office.wait(days=1)
    office.news()
    times: list[datetime] = []
    on_duty: list[int] = []
    before = sum(shift.begun for shift in office.shifts())
    while office.now < begin + timedelta(days=4):
        due = min(shift.plan.ends_at if shift.begun else shift.plan.starts_at for shift in office.shifts())
        office.wait_until(due)
        times.append(office.now)
        on_duty.append(sum(shift.begun for shift in office.shifts()))
    assert before == 1
    assert set(on_duty) == {1}, list(zip(times, on_duty, strict=True))
    ends = [at for at, event in zip(office.times, office.journal, strict=True) if isinstance(event, DutyEnded)]
    begins = [at for at, event in zip(office.times, office.journal, strict=True) if isinstance(event, DutyBegan)]
    assert ends == begins
    assert not [each for each in office.journal if isinstance(each, DutyChanged | ShiftMoved | ShiftDropped)]
    assert not office.of(PlanNoticeDue)


@pytest.mark.parametrize("zone_name", ZONES)
def test_a_shift_is_as_long_as_the_night_is(zone_name: str) -> None:
    zone = ZoneInfo(zone_name)
    for which, sign in zip(NIGHTS, (-1, 1), strict=True):
        change = night(zone, which)
        (shift,) = expand(rotation(zone=zone_name, anchor=date(2026, 1, 1)), change - timedelta(days=1), change)
        extra = timedelta(minutes=30 if zone_name == "Australia/Lord_Howe" else 60)
        assert shift.ends_at - shift.starts_at == timedelta(hours=12) + sign * extra


def test_a_shift_of_which_the_clocks_leave_nothing_is_not_planned() -> None:
    missing = rotation(starts="02:10", ends="02:50", anchor=date(2026, 3, 1))
    days = [
        shift.starts_at.astimezone(ZoneInfo("America/Chicago")).day
        for shift in expand(missing, date(2026, 3, 7), date(2026, 3, 10))
    ]
    assert days == [7, 9]


def test_days_off_eat_no_turns() -> None:
    weekdays = rotation(days=("Mon", "Tue", "Wed", "Thu", "Fri"), anchor=date(2026, 3, 4))
    crews = [shift.places[0].person_id for shift in expand(weekdays, date(2026, 3, 4), date(2026, 3, 18))]
    assert crews == ["ann", "bob", "cat", "dan", "ann", "bob", "cat", "dan", "ann", "bob"]
    before = [
        shift.places[0].person_id for shift in expand(from_the_start(weekdays), date(2026, 2, 27), date(2026, 3, 5))
    ]
    assert before == ["bob", "cat", "dan", "ann"]
    assert worked_days(weekdays, date(2026, 3, 2)) == -2


def test_patterns_of_days_on_and_off_are_an_order_of_crews() -> None:
    four_on = rotation(turn_days=4, crews=(("ann",), ("bob",)))
    crews = "".join(shift.places[0].person_id[0] for shift in expand(four_on, date(2026, 3, 2), date(2026, 3, 14)))
    assert crews == "aaaabbbbaaaa"


def test_a_shift_of_several_days_ends_on_its_day() -> None:
    weekends = rotation(days=("Fri",), starts="17:00", ends="08:00", lasts_days=3, anchor=date(2026, 3, 6))
    first, second = expand(weekends, date(2026, 3, 2), date(2026, 3, 16))
    assert first.ends_at - first.starts_at == timedelta(hours=62), "the hour is missing"
    assert second.ends_at - second.starts_at == timedelta(hours=63)


def from_the_start(given: Rotation) -> Rotation:
    return given.model_copy(update={"from_day": date(2026, 1, 1)})
