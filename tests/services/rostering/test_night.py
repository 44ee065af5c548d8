"""At night: who is woken by what has changed in a plan, and who hears of it in the morning, once."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from shared.events import (
    AskForCover,
    DropShift,
    ImportShifts,
    MoveShift,
    PersonRemoved,
    PlanNoticeDue,
    ShiftRow,
)
from tests.services.rostering.driver import ZONE, Office

scenario = pytest.mark.scenario("roster")
NIGHT = datetime(2026, 3, 8, 0, 30, tzinfo=ZONE)
"""Of that night the clocks leave out an hour."""
MORNING = datetime(2026, 3, 8, 7, tzinfo=ZONE)


def told(office: Office) -> list[tuple[str, str, datetime]]:
    """Who has heard what since this was asked last, and when."""
    heard = [
        (each.person_id, each.why, at.astimezone(ZONE))
        for each, at in zip(office.journal, office.times, strict=True)
        if isinstance(each, PlanNoticeDue)
    ]
    office.news()
    return heard


def at_night(*shifts: tuple[float, str]) -> tuple[Office, list[str]]:
    """An office at half past midnight, with shifts so many hours from then."""
    office = Office()
    ahead = (NIGHT - office.now) / timedelta(hours=1)
    planned = [office.plan(ahead + hours, 8, person) for hours, person in shifts]
    office.wait_until(NIGHT)
    told(office)
    return office, planned


def move(office: Office, shift_id: str, hours: float) -> None:
    plan, by = office.shift(shift_id).plan, timedelta(hours=hours)
    office.done(MoveShift, shift_id=shift_id, starts_at=plan.starts_at + by, ends_at=plan.ends_at + by, reason="-")


@scenario
def test_an_import_at_night_wakes_nobody_whose_shift_weeks_ahead_has_moved() -> None:
    office = Office()

    def read(later: timedelta) -> None:
        rows = [
            ShiftRow(
                key=f"k{day}",
                team_id="one",
                duty="on-shift",
                starts_at=MORNING + timedelta(days=day, hours=4) + later,
                ends_at=MORNING + timedelta(days=day, hours=12) + later,
                people=(("ann", "bob")[day % 2],),
            )
            for day in (0, 14, 15, 16)
        ]
        window = {"starts_at": office.now, "ends_at": MORNING + timedelta(days=30)}
        office.done(ImportShifts, source="hr", zone=str(ZONE), rows=tuple(rows), **window)

    read(timedelta())
    office.wait_until(NIGHT)
    told(office)
    read(timedelta(hours=1))
    office.wait(days=1)
    assert told(office) == [
        ("ann", "it is at other times; and 2 more", NIGHT),
        ("bob", "it is at other times", MORNING),
    ], "ann has a shift this very day"


@scenario
@pytest.mark.parametrize(
    ("hours", "by", "at"),
    [(23, 2, NIGHT), (24, 2, MORNING), (300, 2, MORNING), (300, -290, NIGHT), (5, 300, NIGHT)],
)
def test_who_has_less_than_a_day_before_a_shift_or_what_it_was_is_woken(hours: float, by: float, at: datetime) -> None:
    office, (shift_id,) = at_night((hours, "ann"))
    move(office, shift_id, by)
    office.wait_until(MORNING)
    assert told(office) == [("ann", "it is at other times", at)]


@scenario
def test_of_one_shift_the_newest_is_told_and_of_each_once() -> None:
    office, (first, second) = at_night((100, "ann"), (200, "ann"))
    move(office, first, 1)
    move(office, second, 1)
    office.wait(hours=1)
    office.done(DropShift, shift_id=first, reason="-")
    office.wait(days=1)
    assert told(office) == [
        ("ann", "it is at other times", MORNING),
        ("ann", "it does not take place", MORNING),
    ]


@scenario
def test_cover_for_days_ahead_is_asked_in_the_morning_and_for_this_night_at_once() -> None:
    office, (tonight, later) = at_night((4, "ann"), (100, "ann"))
    for shift_id, at in ((tonight, NIGHT), (later, MORNING)):
        office.done(AskForCover, shift_id=shift_id, issued_by="ann")
        office.wait_until(at)
        assert {each[1:] for each in told(office)} == {("cover is wanted", at)}


@scenario
def test_what_a_shift_in_weeks_lacks_since_tonight_is_told_in_the_morning() -> None:
    office = Office()
    shift_id = office.plan(24 * 20, 8, "ann", gaps_to=("fay",))
    office.wait_until(NIGHT)
    office.hear(PersonRemoved(person_id="ann"), "assignments")
    office.wait(days=1)
    assert [(who, at) for who, _, at in told(office)] == [("fay", MORNING)]
    assert office.shift(shift_id).gaps


@scenario
def test_who_leaves_the_books_before_the_morning_hears_nothing() -> None:
    office, (shift_id,) = at_night((100, "ann"))
    move(office, shift_id, 1)
    office.hear(PersonRemoved(person_id="ann"), "assignments")
    office.wait(days=1)
    assert told(office) == []
    assert not office.state.held


@scenario
def test_who_was_down_in_the_morning_tells_it_once_up() -> None:
    office, (shift_id,) = at_night((100, "ann"))
    move(office, shift_id, 1)
    office.sleep_until(MORNING + timedelta(hours=3))
    office.wait(days=1)
    assert told(office) == [("ann", "it is at other times", MORNING + timedelta(hours=3))]
