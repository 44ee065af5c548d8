"""Rotations: which shifts follow, and that they follow once."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from services.rostering.service import ROSTERING
from services.rostering.state import ROTATION_SHIFTS, State
from shared.events import (
    CommandDone,
    CommandRefused,
    DefineRotation,
    DropShift,
    MoveShift,
    PlanNoticeDue,
    PlanShift,
    RemoveRotation,
    ShiftDropped,
    ShiftMoved,
    ShiftPlanned,
    Team,
    TeamDefined,
)
from tests.services.rostering.driver import Office, rotation, types


def test_it_is_a_service_like_the_others() -> None:
    assert ROSTERING.initial == State()
    assert [topic.name for topic in ROSTERING.reads] == ["commands", "assignments", "notifications"]
    assert ROSTERING.writes.name == "rosters"


def test_six_weeks_are_planned_at_once_and_a_day_more_each_day() -> None:
    office = Office()
    assert office.rotate().sentence == "Shifts planned: 42, changed: 0, dropped: 0, up to 42 days ahead."
    assert len(office.of(ShiftPlanned)) == 42
    office.news()
    office.wait(days=3, hours=5)
    assert len(office.of(ShiftPlanned)) == 3
    assert not office.of(ShiftMoved)
    assert not office.of(ShiftDropped)


def test_a_rotation_under_another_name_and_weeks_that_begin_each_day_are_said_to_be_at_the_same_time() -> None:
    """Only one of two crews is on the team, and nobody heard so."""
    office, said = Office(), " At the same time as another of their team: 42, the first of one on {}."
    office.rotate()
    assert office.rotate(rotation_id="night").sentence.endswith(said.format("2026-03-02"))
    office = Office()
    assert office.rotate(lasts_days=7).sentence.endswith(said.format("2026-03-02"))


def test_what_is_planned_besides_leaves_each_rotation_the_room_that_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its daily run stopped without a word where imports had filled the plan."""
    monkeypatch.setattr("services.rostering.state.MAX_SHIFTS", ROTATION_SHIFTS + 3)
    office = Office()
    office.rotate()
    for number in range(3):
        office.plan(24 * 300 + number)
    one_more = {name: getattr(office.shifts()[-1].plan, name) for name in ("team_id", "duty", "zone", "places")}
    times = {"starts_at": office.now + timedelta(days=9), "ends_at": office.now + timedelta(days=10)}
    for refusal in (
        office.command(PlanShift, **one_more, **times),
        office.command(DefineRotation, rotation=rotation(rotation_id="days")),
    ):
        assert isinstance(refusal, CommandRefused)
        assert refusal.reason == "too-many"
    office.rotate(starts="20:00")
    office.wait(days=60)
    newest = max(shift.plan.starts_at for shift in office.shifts() if shift.plan.rotation_id)
    assert newest - office.now > timedelta(days=40)


def test_the_same_rotation_again_changes_nothing() -> None:
    office = Office()
    office.rotate()
    office.news()
    answer = office.command(DefineRotation, rotation=rotation())
    assert isinstance(answer, CommandDone)
    assert answer.result == "nothing-to-do"
    assert types(office.news()) == ["command-done"]


def test_every_fault_of_a_rotation_is_named_with_its_field() -> None:
    office = Office()
    wrong = rotation(
        team_id="two", zone="Mars/Base", places=("wizard",), crews=(("ann", "bob"), ("zoe",)), gaps_to=("yan",)
    )
    answer = office.command(DefineRotation, rotation=wrong)
    assert isinstance(answer, CommandRefused)
    assert answer.reason == "wrong-rotation"
    assert [fault.split(":")[0] for fault in answer.faults] == [
        "team_id", "zone", "places[1]", "crews[1]", "crews[2]", "gaps_to",
    ]  # fmt: skip
    assert types(office.news()) == ["command-refused"]


@pytest.mark.parametrize("zone", ["EST", "MST", "HST"])
def test_nobody_is_planned_on_clocks_that_are_an_hour_behind_all_summer(zone: str) -> None:
    office = Office()
    answer = office.command(DefineRotation, rotation=rotation(zone=zone))
    assert isinstance(answer, CommandRefused)
    assert answer.faults == (f"zone: '{zone}' has no summer time: name the city, like America/New_York.",)


def test_another_hand_over_moves_the_shifts_and_who_took_one_keeps_it() -> None:
    office = Office()
    office.rotate()
    shift = office.shifts()[3]
    office.news()
    answer = office.rotate(starts="18:00", ends="06:00")
    assert answer.sentence == "Shifts planned: 0, changed: 42, dropped: 0, up to 42 days ahead."
    after = office.shift(shift.plan.shift_id)
    assert after.plan.starts_at == shift.plan.starts_at - timedelta(hours=1)
    notices = office.of(PlanNoticeDue)
    assert [(notice.person_id, notice.why) for notice in notices] == [
        (person, f"it is at other times; and {count} more")
        for person, count in (("ann", 10), ("bob", 10), ("cat", 9), ("dan", 9))
    ]


def test_a_rotation_that_is_to_end_with_the_calendar_goes_on() -> None:
    office = Office()
    assert office.rotate(until_day=date.max).sentence.startswith("Shifts planned: 42,")
    assert office.rotate(until_day=date(2026, 3, 4)).sentence == (
        "Shifts planned: 0, changed: 0, dropped: 39, up to 42 days ahead."
    ), "the last day counts"


@pytest.mark.parametrize(
    ("change", "why"),
    [({"team_id": "two"}, "it is on shift with two"), ({"duty": "on-call"}, "it is on call with one")],
)
def test_another_team_or_duty_is_told_to_whoever_is_in_it(change: dict[str, Any], why: str) -> None:
    office = Office()
    office.hear(TeamDefined(team=Team(team_id="two", model="community-responder")), "assignments")
    office.rotate(crews=(("ann",),))
    office.news()
    answer = office.rotate(crews=(("ann",),), **change)
    assert answer.sentence == "Shifts planned: 0, changed: 42, dropped: 0, up to 42 days ahead."
    assert [(each.person_id, each.why) for each in office.of(PlanNoticeDue)] == [("ann", f"{why}; and 41 more")]


def test_who_loses_their_turns_to_another_crew_hears_so_as_that_crew_does() -> None:
    office = Office()
    office.rotate(crews=(("ann",), ("bob",)))
    office.news()
    office.rotate(crews=(("cat",), ("bob",)))
    assert [(notice.person_id, notice.why) for notice in office.of(PlanNoticeDue)] == [
        ("ann", "you have no place in it any more; and 20 more"),
        ("cat", "its people have changed; and 20 more"),
    ]


@pytest.mark.parametrize("dropped", [False, True])
def test_what_a_person_has_moved_ahead_of_its_day_is_not_planned_again_on_it(dropped: bool) -> None:  # noqa: FBT001
    office = Office()
    office.rotate()
    shift_id = office.shifts()[20].plan.shift_id
    ahead = {"starts_at": office.now + timedelta(hours=1), "ends_at": office.now + timedelta(hours=5)}
    office.done(MoveShift, shift_id=shift_id, reason="a training", **ahead)
    if dropped:
        office.done(DropShift, shift_id=shift_id, reason="no training")
    office.wait(days=18)
    assert shift_id not in office.state.shifts
    assert len(office.shifts()) == 40, "of the 41 nights to come all the others"
    office.wait(days=20)
    assert shift_id not in office.state.dropped, "it is kept no longer than it counts"


def test_a_removed_rotation_drops_what_has_not_begun() -> None:
    office = Office()
    office.rotate(starts="06:00", ends="18:00")
    assert office.shifts()[0].begun
    office.news()
    refused = office.command(RemoveRotation, rotation_id="nights")
    assert isinstance(refused, CommandRefused)
    office.done(RemoveRotation, rotation_id="nights", reason="another tool plans now")
    assert len(office.of(ShiftDropped)) == 41
    assert [shift.begun for shift in office.shifts()] == [True]
    office.wait(days=2)
    assert office.shifts() == []
    office.rotate(starts="06:00", ends="18:00", anchor=date(2026, 3, 4))
    assert len(office.shifts()) == 42


def test_the_state_is_packed_and_read_again() -> None:
    office = Office()
    office.rotate()
    office.wait(days=1)
    assert ROSTERING.packer.unpack(ROSTERING.packer.pack(office.state)) == office.state


def test_whose_shift_of_today_is_over_by_another_rotation_hears_so_and_of_the_others() -> None:
    """It would be in the past, and so nobody heard that it is not tonight, nor of what else had changed."""
    office = Office()
    office.wait(hours=9)
    office.rotate(crews=(("ann",), ("bob",), ("bob",), ("bob",)))
    office.news()
    office.rotate(crews=(("ann",), ("bob",), ("bob",), ("bob",)), starts="07:00", ends="15:00")
    told = [(each.person_id, each.why) for each in office.of(PlanNoticeDue)]
    assert told == [("ann", "it is at other times; and 10 more"), ("bob", "it is at other times; and 30 more")]
    office.rotate(until_day=date(2026, 3, 2), starts="19:00", ends="07:00", crews=(("ann",),))
    office.news()
    office.rotate(until_day=date(2026, 3, 2), starts="07:00", ends="15:00", crews=(("ann",),))
    assert [(each.person_id, each.why) for each in office.of(PlanNoticeDue)] == [("ann", "it is at other times")]
