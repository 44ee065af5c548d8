"""Duty and reminders: who is on duty by the plan, said when it begins, changes and ends; and who is told before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.events import (
    ClockFailed,
    DropShift,
    DutyBegan,
    DutyChanged,
    DutyEnded,
    ImportShifts,
    MoveShift,
    PersonRemoved,
    ReminderDue,
    SetAbsence,
    ShiftRow,
    Team,
    TeamDefined,
)
from tests.services.rostering.driver import START, ZONE, Office, types

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
@pytest.mark.parametrize(("starts", "times"), [("2026-03-05 12:00", 2), ("2026-03-05 06:00", 1)])
def test_who_has_a_later_part_is_reminded_of_when_it_begins_and_not_by_night(starts: str, times: int) -> None:
    office = Office()
    at = datetime.fromisoformat(starts).replace(tzinfo=ZONE).astimezone(UTC)
    shift_id = office.plan((at - office.now) / timedelta(hours=1), 8, "ann")
    part: dict[str, Any] = {"starts_at": at + timedelta(hours=4), "ends_at": at + timedelta(hours=6)}
    office.takes(shift_id, "bob", **part)
    office.news()
    office.wait_until(at)
    reminded = [(each.person_id, each.starts_at, each.not_after) for each in office.of(ReminderDue)]
    assert reminded.count(("ann", at, at)) == 2
    assert reminded.count(("bob", part["starts_at"], part["starts_at"])) == times
    assert len(reminded) == 2 + times


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


# --- what follows on a shift on call --------------------------------------------------------------------------------


def until(office: Office) -> datetime | None:
    """Until when the running team is on call without a gap, as was said last."""
    return [each for each in office.journal if isinstance(each, DutyBegan | DutyChanged)][-1].planned_until


def on_call(office: Office, hours: float, *people: str, **changes: Any) -> str:
    return office.plan(hours, 12, *people, **{"duty": "on-call", **changes})


def test_a_team_on_call_is_planned_across_the_change_of_its_crews_for_a_day() -> None:
    office = Office()
    for number, person_id in enumerate(("ann", "bob", "ann", "bob", "ann")):
        on_call(office, 1 + 12 * number, person_id)
    office.wait(hours=1)
    assert until(office) == office.now + timedelta(hours=36), "no call takes longer than a day"
    began = len(office.of(DutyBegan))
    office.wait(hours=11)
    assert (len(office.of(DutyBegan)), office.of(DutyChanged)) == (began, []), "said once"


@pytest.mark.parametrize(
    "what", ["nothing", "a-pause", "at-work", "another-team", "empty", "half-empty", "untrained", "away"]
)
def test_no_crew_that_fills_its_places_follows(what: str) -> None:
    office = Office()
    office.hear(TeamDefined(team=Team(team_id="two", model="community-responder")), "assignments")
    on_call(office, 1, "ann")
    if what == "a-pause":
        on_call(office, 13.1, "bob")
    elif what == "at-work":
        on_call(office, 13, "bob", duty="on-shift")
    elif what == "another-team":
        on_call(office, 13, "bob", team_id="two")
    elif what == "empty":
        on_call(office, 13)
    elif what == "half-empty":
        on_call(office, 13, "bob", needs=("", ""))
    elif what == "untrained":
        on_call(office, 13, "bob", needs=("nurse",))
    elif what == "away":
        on_call(office, 13, "bob")
        office.done(SetAbsence, person_id="bob", starts_at=office.now, ends_at=office.now + timedelta(hours=20))
    office.wait(hours=1)
    assert until(office) is None


def test_what_is_filled_for_a_part_counts_for_that_part() -> None:
    office = Office()
    on_call(office, 1, "ann")
    second = on_call(office, 13, "bob")
    third = office.shift(second).plan.starts_at + timedelta(hours=3)
    office.done(SetAbsence, person_id="bob", starts_at=third, ends_at=third + timedelta(hours=2))
    office.wait(hours=1)
    assert until(office) == third


@pytest.mark.parametrize("what", ["dropped", "moved", "ill", "left", "other-team"])
def test_what_changes_about_the_next_crew_is_said_while_the_shift_runs(what: str) -> None:
    office = Office()
    office.hear(TeamDefined(team=Team(team_id="two", model="community-responder")), "assignments")
    first = on_call(office, 1, "ann")
    if what == "other-team":
        office.done(ImportShifts, **imported("one"))
        second = office.shifts()[-1].plan.shift_id
    else:
        second = on_call(office, 13, "bob")
    office.wait(hours=2)
    ends_at = office.shift(first).plan.ends_at
    assert until(office) == ends_at + timedelta(hours=12)
    if what == "dropped":
        office.done(DropShift, shift_id=second, reason="a flood")
    elif what == "moved":
        times = {"starts_at": ends_at + timedelta(hours=1), "ends_at": ends_at + timedelta(hours=12)}
        office.done(MoveShift, shift_id=second, reason="a training", **times)
    elif what == "ill":
        office.done(SetAbsence, person_id="bob", starts_at=ends_at, ends_at=ends_at + timedelta(hours=20))
    elif what == "left":
        office.hear(PersonRemoved(person_id="bob"), "assignments")
    else:
        office.done(ImportShifts, **imported("two"), confirmed=True)
    assert until(office) is None
    if what == "ill":
        office.takes(second, "cat")
        assert until(office) == ends_at + timedelta(hours=12)


def imported(team_id: str) -> dict[str, Any]:
    starts_at = START + timedelta(hours=13)
    row = ShiftRow(
        key="k",
        team_id=team_id,
        duty="on-call",
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=12),
        people=("bob",),
    )
    span = {"starts_at": START, "ends_at": START + timedelta(days=3)}
    return {"source": "file", "zone": str(ZONE), "rows": (row,), **span}


@pytest.mark.parametrize("planned_by", ["rotation", "hand", "import"])
def test_how_long_a_team_may_take_to_sign_on_is_said_when_it_begins(planned_by: str) -> None:
    office = Office()
    grace = {"sign_on_grace_minutes": 40}
    if planned_by == "rotation":
        office.rotate(**grace)
    elif planned_by == "hand":
        office.plan(1, 8, "ann", **grace)
    else:
        office.done(ImportShifts, **imported("one"), **grace)
    office.wait(hours=24)
    assert [each.sign_on_grace_minutes for each in office.of(DutyBegan)] == [40]
