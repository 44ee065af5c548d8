"""Duty and reminders: who is on duty by the plan, said when it begins, changes and ends; and who is told before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from shared.events import (
    ClockFailed,
    DropShift,
    DutyBegan,
    DutyChanged,
    DutyEnded,
    MoveShift,
    PersonRemoved,
    ReminderDue,
    SetAbsence,
)
from tests.services.rostering.driver import ZONE, Office, types

scenario = pytest.mark.scenario("roster")


def duty(office: Office) -> list[tuple[str, tuple[str, ...]]]:
    kinds = (DutyBegan, DutyChanged, DutyEnded)
    return [(each.type, getattr(each, "members", ())) for each in office.news() if isinstance(each, kinds)]


@scenario
def test_a_shift_begins_with_whoever_has_its_places_then_and_ends() -> None:
    office = Office()
    shift_id = office.plan(5, 8, "ann", "bob", duty="on-call")
    office.takes(shift_id, "cat", 2)
    office.news()
    office.wait(hours=5)
    (began,) = office.of(DutyBegan)
    assert (began.members, began.duty, began.ends_at) == (("ann", "cat"), "on-call", office.now + timedelta(hours=8))
    office.news()
    office.wait(hours=8)
    assert types(office.news()) == ["duty-ended"]
    assert not office.state.shifts
    assert not office.state.shifts_of


@scenario
def test_a_part_that_somebody_took_is_a_change_on_time() -> None:
    office = Office()
    shift_id = office.plan(5, 8, "ann")
    half = office.shift(shift_id).plan.starts_at + timedelta(hours=4)
    office.takes(shift_id, "bob", starts_at=half)
    office.news()
    office.wait_until(half - timedelta(seconds=1))
    assert duty(office) == [("duty-began", ("ann",))]
    office.wait(seconds=1)
    assert duty(office) == [("duty-changed", ("bob",))]
    office.wait(hours=4)
    assert duty(office) == [("duty-ended", ())]


@scenario
@pytest.mark.parametrize("what", ["ill", "relieved", "left", "longer", "dropped"])
def test_what_changes_while_a_shift_runs_is_said_at_once(what: str) -> None:
    office = Office()
    shift_id = office.plan(1, 8, "ann", "bob")
    office.wait(hours=3)
    office.news()
    plan, now = office.shift(shift_id).plan, office.now
    if what == "ill":
        office.done(SetAbsence, person_id="ann", starts_at=now, ends_at=now + timedelta(hours=2), issued_by="ann")
    elif what == "relieved":
        office.takes(shift_id, "cat")
    elif what == "left":
        office.hear(PersonRemoved(person_id="ann"), "assignments")
    elif what == "longer":
        later = plan.ends_at + timedelta(hours=1)
        office.done(MoveShift, shift_id=shift_id, starts_at=plan.starts_at, ends_at=later, reason="a flood")
    else:
        office.done(DropShift, shift_id=shift_id, reason="a flood")
    expected = {
        "ill": [("duty-changed", ("bob",))],
        "relieved": [("duty-changed", ("cat", "bob"))],
        "left": [("duty-changed", ("bob",))],
        "longer": [("duty-changed", ("ann", "bob"))],
        "dropped": [("duty-ended", ())],
    }
    assert duty(office) == expected[what]
    office.wait(hours=2)
    assert duty(office) == ([("duty-changed", ("ann", "bob"))] if what == "ill" else [])


@scenario
def test_a_shift_that_was_over_before_rostering_came_back_begins_no_duty() -> None:
    office = Office()
    office.plan(5, 8, "ann")
    office.plan(14, 8, "bob")
    office.news()
    office.sleep_until(office.now + timedelta(hours=15))
    assert duty(office) == [("duty-ended", ()), ("duty-began", ("bob",))]


def test_a_shift_that_is_planned_while_it_runs_begins_at_once() -> None:
    office = Office()
    office.plan(-2, 8, "ann")
    assert duty(office) == [("duty-began", ("ann",))]
    assert not office.of(ReminderDue)


@scenario
def test_people_are_reminded_a_day_and_an_hour_before_once_each() -> None:
    office = Office()
    shift_id = office.plan(30, 8, "ann", "bob")
    plan = office.shift(shift_id).plan
    office.news()
    office.wait(hours=7)
    assert [(each.person_id, each.not_after) for each in office.of(ReminderDue)] == [
        ("ann", plan.starts_at),
        ("bob", plan.starts_at),
    ]
    office.news()
    office.wait(hours=21)
    assert not office.of(ReminderDue)
    office.takes(shift_id, "cat")
    office.wait(hours=1)
    assert [each.person_id for each in office.of(ReminderDue)] == ["cat", "bob"]


@scenario
def test_a_shift_that_is_moved_reminds_nobody_twice() -> None:
    office = Office()
    shift_id = office.plan(30, 8, "ann")
    office.wait(hours=8)
    plan = office.shift(shift_id).plan
    later = {"starts_at": plan.starts_at + timedelta(days=3), "ends_at": plan.ends_at + timedelta(days=3)}
    office.news()
    office.done(MoveShift, shift_id=shift_id, reason="a training", **later)
    office.wait(days=4)
    assert [each.person_id for each in office.of(ReminderDue)] == ["ann"], "an hour before, and no second day before"


@scenario
@pytest.mark.parametrize(
    ("starts", "reminded"),
    [
        ("2026-03-05 12:00", "2026-03-04 12:00"),
        ("2026-03-05 06:00", "2026-03-04 07:00"),
        ("2026-03-05 23:30", "2026-03-05 07:00"),
        ("2026-03-08 02:30", "2026-03-07 07:00"),
    ],
)
def test_nobody_is_woken_for_what_lies_a_day_ahead(starts: str, reminded: str) -> None:
    office = Office()
    at = datetime.fromisoformat(starts).replace(tzinfo=ZONE)
    office.plan((at - office.now) / timedelta(hours=1), 8, "ann")
    office.news()
    office.wait_until(at.astimezone(UTC))
    times = [
        time.astimezone(ZONE).strftime("%Y-%m-%d %H:%M")
        for time, each in zip(office.times, office.journal, strict=True)
        if isinstance(each, ReminderDue)
    ]
    assert times[0] == reminded
    assert len(times) == 2


@scenario
def test_who_is_away_or_has_given_the_shift_away_is_not_reminded() -> None:
    office = Office()
    shift_id = office.plan(30, 8, "ann", "bob")
    plan = office.shift(shift_id).plan
    office.done(SetAbsence, person_id="ann", starts_at=plan.starts_at, ends_at=plan.ends_at, issued_by="ann")
    office.takes(shift_id, "cat", 2)
    office.news()
    office.wait(hours=7)
    assert [each.person_id for each in office.of(ReminderDue)] == ["cat"]


def test_reminders_whose_time_has_passed_are_not_made_up_for() -> None:
    office = Office()
    office.plan(0.5, 8, "ann")
    office.wait(hours=2)
    assert not office.of(ReminderDue)
    office.plan(30, 8, "bob")
    office.news()
    office.sleep_until(office.now + timedelta(hours=29, minutes=30))
    assert [each.person_id for each in office.of(ReminderDue)] == ["bob"], "both are past: one is sent"
    office.news()
    office.wait(hours=1)
    assert types(office.news()) == ["duty-began"]


def test_a_clock_that_failed_is_tried_again_and_holds_up_nobody() -> None:
    office = Office()
    shift_id = office.plan(5, 8, "ann")
    office.news()
    office.wait_until(office.shift(shift_id).plan.starts_at - timedelta(minutes=1))
    failed = ClockFailed(clock_id=f"duty/{shift_id}", wrong="it broke")
    office.fold(failed)
    office.fold(ClockFailed(clock_id=f"check/{shift_id}", wrong="it broke"))
    office.fold(ClockFailed(clock_id="plan/gone", wrong="it broke"))
    office.journal.clear()
    office.times.clear()
    office.wait(minutes=58)
    assert duty(office) == [], "an hour later, not before"
    office.wait(minutes=4)
    assert duty(office) == [("duty-began", ("ann",))]
