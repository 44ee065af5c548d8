"""Places: taken, swapped, covered, left; one holder each, whatever moves. Each proves that nothing else was said."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.events import (
    AskForCover,
    CommandDone,
    CommandRefused,
    CoverAsked,
    DropShift,
    DutyEnded,
    ImportShifts,
    LiftAbsence,
    MoveShift,
    PersonRemoved,
    PlaceTaken,
    PlanNoticeDue,
    PlanShift,
    ReminderDue,
    SetAbsence,
    ShiftDropped,
    ShiftMoved,
    ShiftPlace,
    ShiftPlanned,
    ShiftRow,
    SwapShifts,
    TakeShift,
    Team,
    TeamDefined,
    TeamRemoved,
)
from shared.rota import Stretch
from tests.services.rostering.driver import Office, types

scenario = pytest.mark.scenario("roster")


def told(office: Office) -> list[tuple[str, str, str]]:
    """Who was told what, since this was asked last; with nothing but what the test names."""
    return [(each.kind, each.person_id, each.why) for each in office.news() if isinstance(each, PlanNoticeDue)]


def holders(office: Office, shift_id: str, place: int = 1) -> list[tuple[str, float]]:
    """Who has a place, and for how many hours each."""
    stretches = office.shift(shift_id).rota.stretches(place)
    return [(each.person_id, (each.ends_at - each.starts_at) / timedelta(hours=1)) for each in stretches]


@scenario
def test_somebody_takes_a_shift_without_asking_anybody() -> None:
    office = Office()
    shift_id = office.plan(30, 8, "ann")
    office.news()
    office.takes(shift_id, "bob")
    assert holders(office, shift_id) == [("bob", 8)]
    assert told(office) == [("shift-moved", "ann", "somebody else has your place")]
    assert office.gaps() == []


@scenario
@pytest.mark.parametrize("instead_of", [None, "cat"])
def test_a_place_that_somebody_has_is_taken_from_them_by_name_or_not_at_all(instead_of: str | None) -> None:
    office = Office()
    shift_id = office.plan(30, 8, "ann")
    office.news()
    answer = office.command(TakeShift, shift_id=shift_id, person_id="bob", issued_by="bob", instead_of=instead_of)
    assert isinstance(answer, CommandRefused)
    assert answer.reason == "held"
    assert types(office.news()) == ["command-refused"]
    assert holders(office, shift_id) == [("ann", 8)]


@scenario
def test_a_supervisor_gives_a_place_to_somebody_and_says_why() -> None:
    office = Office()
    shift_id = office.plan(30, 8, "ann")
    office.news()
    refused = office.command(TakeShift, shift_id=shift_id, person_id="bob")
    assert isinstance(refused, CommandRefused)
    assert refused.reason == "no-reason"
    office.done(TakeShift, shift_id=shift_id, person_id="bob", reason="ann is in hospital")
    assert "hospital" not in str(office.journal), "why is nobody's business"
    assert told(office) == [
        ("shift-moved", "ann", "somebody else has your place"),
        ("shift-moved", "bob", "you have a place in it"),
    ]


@scenario
def test_a_part_is_taken_and_the_rest_stays() -> None:
    office = Office()
    shift_id = office.plan(30, 8, "ann")
    start = office.shift(shift_id).plan.starts_at
    office.news()
    middle: dict[str, Any] = {"starts_at": start + timedelta(hours=2), "ends_at": start + timedelta(hours=5)}
    office.takes(shift_id, "bob", **middle)
    assert holders(office, shift_id) == [("ann", 2), ("bob", 3), ("ann", 3)]
    office.takes(shift_id, "cat", starts_at=middle["ends_at"])
    office.takes(shift_id, "ann", ends_at=middle["ends_at"])
    assert holders(office, shift_id) == [("ann", 5), ("cat", 3)]
    assert [who for _, who, _ in told(office)] == ["ann", "ann", "bob"]


@scenario
def test_what_is_taken_to_the_end_goes_with_the_end() -> None:
    office = Office()
    shift_id = office.plan(30, 8, "ann")
    plan = office.shift(shift_id).plan
    last_two = plan.ends_at - timedelta(hours=2)
    office.takes(shift_id, "bob", starts_at=last_two)
    office.news()
    later = {"starts_at": plan.starts_at, "ends_at": plan.ends_at + timedelta(hours=1)}
    office.done(MoveShift, shift_id=shift_id, reason="a training", **later)
    assert holders(office, shift_id) == [("ann", 6), ("bob", 3)]
    assert told(office) == [
        ("shift-moved", "ann", "it is at other times"),
        ("shift-moved", "bob", "it is at other times"),
    ]


@scenario
def test_whose_part_is_no_part_of_a_moved_shift_hears_so() -> None:
    office = Office()
    shift_id = office.plan(30, 8, "ann")
    plan = office.shift(shift_id).plan
    office.takes(shift_id, "bob", ends_at=plan.starts_at + timedelta(hours=2))
    office.news()
    later = {"starts_at": plan.starts_at + timedelta(hours=2), "ends_at": plan.ends_at}
    office.done(MoveShift, shift_id=shift_id, reason="a training", **later)
    assert told(office) == [
        ("shift-moved", "ann", "it is at other times"),
        ("shift-moved", "bob", "you have no place in it any more"),
    ]


@scenario
@pytest.mark.parametrize("swapped", [False, True])
def test_what_somebody_has_worked_stays_theirs_when_another_takes_over(swapped: bool) -> None:  # noqa: FBT001
    office = Office()
    shift_id, later = office.plan(1, 12, "ann"), office.plan(60, 8, "bob")
    tired = office.plan(15, 8, "ann")
    office.wait(hours=11)
    if swapped:
        office.done(SwapShifts, shift_id=shift_id, other_shift_id=later, issued_by="bob")
    else:
        office.takes(shift_id, "bob")
    assert holders(office, shift_id) == [("ann", 10), ("bob", 2)]
    office.wait(hours=3)
    assert [gap.why for gap in office.shift(tired).gaps] == ["no-rest"]


@scenario
def test_a_swap_is_both_places_or_neither() -> None:
    office = Office()
    first, second = office.plan(30, 8, "ann"), office.plan(80, 8, "bob")
    office.news()
    office.done(SwapShifts, shift_id=first, other_shift_id=second, issued_by="ann")
    assert holders(office, first) == [("bob", 8)]
    assert holders(office, second) == [("ann", 8)]
    assert types(office.journal[:4]) == ["place-taken", "place-taken", "plan-notice-due", "command-done"]
    assert told(office) == [("shift-moved", "bob", "you have swapped: you have a place in it")]


@scenario
def test_nobody_is_swapped_with_who_has_taken_the_place_meanwhile() -> None:
    """Ann agreed with Bob; by the time that she says so his place is Eve's."""
    office = Office()
    first, second = office.plan(30, 8, "ann"), office.plan(80, 8, "bob")
    swap: dict[str, Any] = {"shift_id": first, "other_shift_id": second, "issued_by": "ann", "person_id": "ann"}
    office.takes(second, "eve")
    refused = office.command(SwapShifts, **swap, other_person_id="bob")
    assert isinstance(refused, CommandRefused)
    assert refused.sentence == "eve has the other place by now, not bob: look again."
    assert office.shift(second).rota.people() == {"eve"}
    office.done(SwapShifts, **swap, other_person_id="eve")
    assert office.shift(second).rota.people() == {"ann"}


@scenario
def test_a_swap_ends_the_cover_that_was_asked_for() -> None:
    office = Office()
    first, second = office.plan(30, 8, "ann"), office.plan(80, 8, "bob")
    office.done(AskForCover, shift_id=first, issued_by="ann")
    office.news()
    office.done(SwapShifts, shift_id=first, other_shift_id=second, issued_by="ann")
    assert told(office) == [
        ("shift-moved", "bob", "you have swapped: you have a place in it"),
        *(("cover", name, "cover has been found") for name in ("cat", "dan", "eve", "fay")),
    ]
    assert not office.shift(first).covers


@scenario
def test_a_swap_follows_its_shift_when_that_moves_by_a_new_rotation() -> None:
    office = Office()
    office.rotate()
    first, second = (shift.plan.shift_id for shift in office.shifts()[5:7])
    before = office.shift(first).rota.holder(1, office.shift(first).plan.starts_at)
    office.done(SwapShifts, shift_id=first, other_shift_id=second, reason="a wedding")
    office.news()
    office.rotate(starts="21:00", ends="09:00")
    assert [name for name, _ in holders(office, second)] == [before]
    assert len(office.of(ShiftMoved)) == 42
    assert not office.of(PlaceTaken)


@pytest.mark.parametrize("by", ["a third", "somebody who is away", "a part", "nobody's place"])
@scenario
def test_a_swap_that_cannot_be_changes_nothing(by: str) -> None:
    office = Office()
    first = office.plan(30, 8, "ann")
    second = office.plan(80, 8, *(() if by == "nobody's place" else ("bob",)))
    plan = office.shift(second).plan
    if by == "somebody who is away":
        office.done(SetAbsence, person_id="ann", starts_at=plan.starts_at, ends_at=plan.ends_at, issued_by="ann")
    if by == "a part":
        half = plan.starts_at + timedelta(hours=4)
        office.takes(second, "cat", starts_at=half)
    office.news()
    who = "zoe" if by == "a third" else "ann"
    answer = office.command(SwapShifts, shift_id=first, other_shift_id=second, issued_by="ann", person_id=who)
    assert isinstance(answer, CommandRefused), answer
    assert types(office.news()) == ["command-refused"]
    assert holders(office, first) == [("ann", 8)]


@scenario
@pytest.mark.parametrize("other_place", [False, True])
def test_nobody_swaps_by_themselves_into_a_time_at_which_they_are_elsewhere(other_place: bool) -> None:  # noqa: FBT001
    office = Office()
    first = office.plan(30, 8, *(("ann", "bob") if other_place else ("ann",)))
    second = office.plan(80, 8, "bob")
    if not other_place:
        office.plan(36, 8, "bob")
    swap: dict[str, Any] = {"shift_id": first, "other_shift_id": second}
    refused = office.command(SwapShifts, **swap, issued_by="ann", person_id="ann")
    assert isinstance(refused, CommandRefused)
    assert (refused.reason, refused.sentence) == ("elsewhere", "bob has another place at that time.")
    assert holders(office, first) == [("ann", 8)]
    assert office.done(SwapShifts, **swap, reason="agreed with both").sentence == (
        "bob and ann have swapped. bob is in another shift, or in another place of this one, at the same time."
    )


@scenario
def test_sick_at_ten_to_six_for_a_shift_at_six() -> None:
    office = Office()
    shift_id = office.plan(10, 8, "ann")
    other = office.plan(12, 8, "bob")
    away = office.plan(60, 8, "cat")
    office.done(
        SetAbsence, person_id="dan", starts_at=office.now, ends_at=office.now + timedelta(days=3), issued_by="dan"
    )
    office.wait(hours=9, minutes=50)
    office.news()
    until = office.now + timedelta(hours=12)
    office.done(SetAbsence, person_id="ann", starts_at=office.now, ends_at=until, issued_by="ann")
    assert ("absent", "ann") in office.gaps()
    answer = office.done(AskForCover, shift_id=shift_id, issued_by="ann")
    assert answer.sentence == "People asked: 3."
    assert told(office) == [("cover", name, "cover is wanted") for name in ("cat", "eve", "fay")]
    office.takes(shift_id, "eve")
    assert holders(office, shift_id) == [("eve", 8)]
    assert told(office) == [
        ("shift-moved", "ann", "somebody else has your place"),
        ("cover", "cat", "cover has been found"),
        ("cover", "fay", "cover has been found"),
    ]
    assert office.gaps() == []
    late = office.command(TakeShift, shift_id=shift_id, person_id="fay", issued_by="fay")
    assert isinstance(late, CommandRefused)
    assert late.reason == "held", "the first has it"
    assert types(office.news()) == ["command-refused"]
    office.wait(minutes=11)
    assert {each.plan.shift_id for each in office.shifts() if each.begun} == {shift_id}
    assert other in office.state.shifts
    assert away in office.state.shifts


@scenario
def test_cover_is_asked_of_whoever_is_trained_free_and_rested() -> None:
    office = Office(staff=())
    for name in ("ann", "free", "busy", "tired", "away"):
        office.join(name)
    office.join("clinician", "clinician")
    office.join("both", "paramedic", "clinician")
    shift_id = office.plan(40, 8, "ann", needs=("paramedic",))
    office.plan(38, 6, "busy")
    office.plan(28, 8, "tired")
    office.done(
        SetAbsence, person_id="away", starts_at=office.now, ends_at=office.now + timedelta(hours=41), reason="-"
    )
    office.news()
    office.done(AskForCover, shift_id=shift_id, issued_by="ann")
    (asked,) = office.of(CoverAsked)
    assert asked.asked == ("both", "free")
    assert [who for _, who, _ in told(office)] == ["both", "free"]
    again = office.command(AskForCover, shift_id=shift_id, issued_by="ann")
    assert isinstance(again, CommandDone)
    assert again.result == "nothing-to-do"
    assert types(office.news()) == ["command-done"]


@scenario
def test_cover_for_a_place_that_is_somebody_elses_is_not_asked() -> None:
    office = Office()
    shift_id = office.plan(30, 8, "ann")
    office.news()
    answer = office.command(AskForCover, shift_id=shift_id, issued_by="bob", person_id="bob")
    assert isinstance(answer, CommandRefused)
    assert answer.reason == "not-in-place"
    assert types(office.news()) == ["command-refused"]


@scenario
def test_a_part_of_cover_leaves_the_rest_wanted() -> None:
    office = Office()
    shift_id = office.plan(30, 8, "ann")
    half = office.shift(shift_id).plan.starts_at + timedelta(hours=4)
    office.done(AskForCover, shift_id=shift_id, issued_by="ann")
    office.news()
    office.takes(shift_id, "bob", ends_at=half)
    assert office.shift(shift_id).covers
    assert told(office) == [("shift-moved", "ann", "somebody else has your place")]
    office.takes(shift_id, "cat", starts_at=half)
    assert not office.shift(shift_id).covers
    assert ("cover", "dan", "cover has been found") in told(office)


@scenario
@pytest.mark.parametrize("wanted", ["cover", "absent", "empty"])
def test_who_helps_out_for_a_part_has_that_part_and_no_more(wanted: str) -> None:
    """Two hours of cover, or an hour at the dentist's, cost whoever asked the whole night."""
    office = Office()
    shift_id = office.plan(30, 8, "" if wanted == "empty" else "ann")
    plan = office.shift(shift_id).plan
    until = plan.starts_at + timedelta(hours=2)
    if wanted == "cover":
        office.done(AskForCover, shift_id=shift_id, issued_by="ann", ends_at=until)
    elif wanted == "absent":
        office.done(SetAbsence, person_id="ann", issued_by="ann", starts_at=office.now, ends_at=until)
    else:
        office.takes(shift_id, "ann", starts_at=until)
    more = office.command(
        TakeShift, shift_id=shift_id, person_id="bob", issued_by="bob", starts_at=plan.starts_at, ends_at=plan.ends_at
    )
    assert (more.type, getattr(more, "reason", "")) == ("command-refused", "held")
    answer = office.done(TakeShift, shift_id=shift_id, person_id="bob", issued_by="bob")
    assert answer.sentence == "bob has the place from 13:00 to 15:00."
    assert office.shift(shift_id).rota.stretches(1) == (
        Stretch(plan.starts_at, until, "bob"),
        Stretch(until, plan.ends_at, "ann"),
    )
    assert not office.state.wanted(office.shift(shift_id), 1)


@scenario
@pytest.mark.parametrize("who", ["ann", "bob"])
def test_who_has_a_part_asks_cover_for_that_part(who: str) -> None:
    """The button of the page says no part, and was refused each time: several people have parts of this place."""
    office = Office()
    shift_id = office.plan(30, 8, "ann")
    plan = office.shift(shift_id).plan
    half = plan.starts_at + timedelta(hours=4)
    office.takes(shift_id, "bob", starts_at=half)
    office.done(AskForCover, shift_id=shift_id, issued_by=who, person_id=who)
    (cover,) = office.shift(shift_id).covers
    own = (None, half) if who == "ann" else (half, None)
    assert (cover.person_id, cover.starts_at, cover.ends_at) == (who, *own)


@scenario
def test_cover_for_another_part_is_asked_too_and_what_overlaps_is_one() -> None:
    office = Office()
    shift_id = office.plan(30, 8, "ann")
    plan = office.shift(shift_id).plan
    at = [plan.starts_at + timedelta(hours=hours) for hours in range(9)]

    def ask(begins: int | None, ends: int | None) -> str:
        times = {"starts_at": None if begins is None else at[begins], "ends_at": None if ends is None else at[ends]}
        answer = office.command(AskForCover, shift_id=shift_id, issued_by="ann", **times)
        assert isinstance(answer, CommandDone)
        return answer.result

    def sought() -> list[tuple[datetime, datetime]]:
        shift = office.shift(shift_id)
        return [shift.rota.sought(cover)[:2] for cover in shift.covers]

    assert [ask(1, 3), ask(5, 6), ask(1, 2)] == ["done", "done", "nothing-to-do"]
    assert sought() == [(at[1], at[3]), (at[5], at[6])]
    office.news()
    office.takes(shift_id, "cat", starts_at=at[1], ends_at=at[2])
    assert told(office) == [("shift-moved", "ann", "somebody else has your place")]
    office.takes(shift_id, "cat", starts_at=at[2], ends_at=at[3])
    assert told(office) == [("shift-moved", "ann", "somebody else has your place")], "another part is wanted still"
    office.done(TakeShift, shift_id=shift_id, person_id="bob", issued_by="bob")
    assert [(each.starts_at, each.ends_at) for each in office.of(PlaceTaken)] == [(at[5], at[6])]
    assert [who for kind, who, _ in told(office) if kind == "cover"] == ["cat", "dan", "eve", "fay"]
    assert not office.shift(shift_id).covers
    assert [ask(6, 7), ask(7, 8), ask(6, None)] == ["done", "done", "done"]
    assert sought() == [(at[6], at[8])]
    assert ask(3, 4) == "done"
    answer = office.done(TakeShift, shift_id=shift_id, person_id="fay", issued_by="fay")
    assert answer.sentence == "fay has the place from 16:00 to 17:00 and from 19:00 to 21:00."


@scenario
@pytest.mark.parametrize(
    "why", ["not-trained", "elsewhere", "absent", "unknown-person", "unknown-place", "unknown-shift"]
)
def test_a_place_that_somebody_cannot_take_by_themselves(why: str) -> None:
    office = Office()
    office.join("nora", "navigator")
    shift_id = office.plan(30, 8, "ann", needs=("paramedic",))
    office.plan(34, 8, "bob")
    plan = office.shift(shift_id).plan
    office.done(SetAbsence, person_id="cat", starts_at=plan.starts_at, ends_at=plan.ends_at, issued_by="cat")
    office.news()
    who = {"not-trained": "nora", "elsewhere": "bob", "absent": "cat", "unknown-person": "zoe"}.get(why, "dan")
    about = {"shift_id": "x" if why == "unknown-shift" else shift_id, "place": 2 if why == "unknown-place" else 1}
    answer = office.command(TakeShift, person_id=who, issued_by=who, **about)
    assert isinstance(answer, CommandRefused)
    assert answer.reason == why
    assert types(office.news()) == ["command-refused"]


def test_a_supervisor_may_know_better_and_the_gap_is_seen() -> None:
    office = Office()
    office.join("nora", "navigator", proved=False)
    shift_id = office.plan(30, 8, "ann", needs=("paramedic",))
    answer = office.done(TakeShift, shift_id=shift_id, person_id="nora", reason="she was a paramedic for years")
    assert answer.sentence == (
        "nora is not trained for the place, which needs: paramedic. No way to nora has been proved."
    )
    assert sorted(office.gaps()) == [("understaffed", ""), ("unreachable", "nora")]


@scenario
def test_who_leaves_the_books_leaves_their_places_empty_and_nobody_is_paged_for_them() -> None:
    office = Office()
    office.rotate(crews=(("ann",), ("bob",)))
    taken = office.shifts()[1].plan.shift_id
    office.takes(taken, "ann")
    office.news()
    office.hear(PersonRemoved(person_id="ann"), "assignments")
    assert office.gaps().count(("empty", "")) == 22
    assert [name for name, _ in holders(office, taken)] == [""]
    assert types(office.journal)[0] == "staff-left"
    assert not office.of(PlanNoticeDue), "nobody is named for it"
    assert not office.of(ShiftMoved)
    office.news()
    office.wait(days=2)
    assert not [each for each in office.journal if getattr(each, "person_id", "") == "ann"]
    office.join("ann")
    office.wait(days=1)
    assert ("empty", "") not in office.gaps(), "her turns are hers again"


@scenario
def test_an_absence_that_is_lifted_leaves_the_place_as_it_was() -> None:
    office = Office()
    shift_id = office.plan(30, 8, "ann")
    plan = office.shift(shift_id).plan
    times = {"starts_at": plan.starts_at + timedelta(hours=2), "ends_at": plan.ends_at + timedelta(days=3)}
    answer = office.done(SetAbsence, person_id="ann", issued_by="ann", reason="a broken leg", **times)
    (gap,) = office.open_gaps()
    assert (gap.why, gap.starts_at, gap.ends_at) == ("absent", times["starts_at"], plan.ends_at)
    assert "leg" not in str(office.journal), "why somebody is away is nobody's business"
    office.news()
    office.done(LiftAbsence, person_id="ann", absence_id=answer.about, issued_by="ann")
    assert types(office.news()) == ["absence-lifted", "command-done", "gap-closed"]
    assert office.gaps() == []


@scenario
def test_a_dropped_shift_is_no_empty_one_and_does_not_come_back() -> None:
    office = Office()
    office.rotate()
    shift = office.shifts()[4]
    office.news()
    office.done(DropShift, shift_id=shift.plan.shift_id, reason="a holiday: the day team stays")
    assert told(office) == [("shift-moved", "ann", "it does not take place")]
    office.wait(days=3)
    office.rotate(starts="20:00", ends="08:00")
    assert shift.plan.shift_id not in office.state.shifts
    assert office.gaps() == []


def test_dropped_shifts_that_would_be_over_are_forgotten_where_no_rotation_plans_any() -> None:
    office = Office()
    for _ in range(5):
        office.done(DropShift, shift_id=office.plan(30, 8, "ann"), reason="a holiday")
        office.wait(days=10)
    assert len(office.state.dropped) == 1


@scenario
def test_what_a_person_has_moved_stays_so_whatever_the_rotation_says() -> None:
    office = Office()
    office.rotate()
    plan = office.shifts()[4].plan
    later = {"starts_at": plan.starts_at + timedelta(hours=1), "ends_at": plan.ends_at + timedelta(hours=1)}
    office.done(MoveShift, shift_id=plan.shift_id, reason="a training", **later)
    office.news()
    office.wait(days=2)
    office.rotate(rest_hours=10)
    after = office.shift(plan.shift_id).plan
    assert (after.starts_at, after.ends_at) == (later["starts_at"], later["ends_at"])
    assert not office.of(PlanNoticeDue)


def test_whoever_plans_a_shift_hears_what_to_look_at() -> None:
    office = Office()
    first = office.plan(30, 8, "ann", "bob")
    plan = office.shift(first).plan
    times = {"starts_at": plan.starts_at + timedelta(hours=1), "ends_at": plan.ends_at + timedelta(hours=1)}
    asked = {"team_id": "one", "duty": "on-shift", "zone": plan.zone, "places": (ShiftPlace(person_id=""),), **times}
    second = office.done(PlanShift, **asked)
    assert second.sentence == (
        "The shift is planned. It lacks something: the rota says what. one has another shift at the same time."
    )
    into = office.done(TakeShift, shift_id=second.about, person_id="ann", reason="nobody else is there")
    assert into.sentence == "ann is in another shift, or in another place of this one, at the same time."
    later = {name: at + timedelta(days=2) for name, at in times.items()}
    assert office.done(MoveShift, shift_id=second.about, reason="a training", **later).sentence == "The shift is moved."
    dropped = office.done(DropShift, shift_id=first, reason="a holiday").sentence
    assert dropped == "The shift is dropped. People who had a place in it: 2."


@scenario
@pytest.mark.parametrize("by", ["import", "empty", "fewer", "gone", "dropped", "rotation", "moved", "left"])
def test_whoever_was_asked_for_cover_hears_when_it_is_wanted_no_more_whatever_that_is_by(by: str) -> None:
    """Ann asks for cover, and is not in the shift any more, or the shift is none: Dan kept his Friday free for it."""
    office = Office()
    starts_at = office.now + timedelta(days=3)
    times: dict[str, Any] = {"starts_at": starts_at, "ends_at": starts_at + timedelta(hours=8)}
    rows = {"import": ("eve", "bob"), "empty": ("bob",), "fewer": ("bob",), "gone": None}

    def read(*people: str) -> None:
        row = ShiftRow(
            key="k", team_id="one", duty="on-shift", people=people, **times, needs=("", "") * (by == "empty")
        )
        window = {"starts_at": office.now, "ends_at": office.now + timedelta(days=9)}
        office.done(ImportShifts, source="hr", zone="UTC", rows=(row,) if people else (), confirmed=True, **window)

    if by == "rotation":
        office.rotate(crews=(("ann",),))
        shift_id = office.shifts()[3].plan.shift_id
    elif by in rows:
        read("bob", "ann")
        shift_id = office.shifts()[0].plan.shift_id
    else:
        shift_id = office.plan(72, 8, "ann")
    place = office.shift(shift_id).rota.plan.places.index(ShiftPlace(person_id="ann")) + 1
    office.done(AskForCover, shift_id=shift_id, place=place, issued_by="ann", person_id="ann")
    office.news()
    if by in rows:
        read(*(rows[by] or ()))
    elif by == "rotation":
        office.rotate(crews=(("eve",),))
    elif by == "dropped":
        office.done(DropShift, shift_id=shift_id, reason="-")
    elif by == "moved":
        office.done(
            MoveShift,
            shift_id=shift_id,
            starts_at=starts_at + timedelta(days=1),
            ends_at=times["ends_at"] + timedelta(days=1),
            reason="-",
        )
    else:
        office.hear(PersonRemoved(person_id="ann"), "assignments")
    heard = [(who, why) for kind, who, why in told(office) if kind == "cover"]
    words = {"import": "cover has been found", "rotation": "cover has been found", "fewer": "cover is wanted no more"}
    words |= dict.fromkeys(("gone", "dropped"), "it does not take place")
    now_in_it = {"import": ("bob", "eve"), "rotation": ("eve",)}.get(by, ("bob",) if by in rows else ())
    asked = [name for name in ("bob", "cat", "dan", "eve", "fay") if name not in now_in_it]
    assert heard == ([(name, words[by]) for name in asked] if by in words else []), "where it is wanted still, no word"
    if by not in words:
        office.takes(shift_id, "dan", place=place)
        assert ("cover", "cat", "cover has been found") in told(office), "and the end of it is told by whoever takes it"


@scenario
def test_who_was_asked_for_a_part_hears_the_end_of_the_whole() -> None:
    """More is wanted by now than they are free for; a part of it they might have taken still."""
    office = Office()
    shift_id = office.plan(30, 8, "ann")
    plan = office.shift(shift_id).plan
    half = plan.starts_at + timedelta(hours=4)
    office.plan(35, 3, "bob", duty="on-call")
    office.done(AskForCover, shift_id=shift_id, issued_by="ann", ends_at=half)
    assert {each.person_id for each in office.of(PlanNoticeDue)} >= {"bob"}
    office.done(AskForCover, shift_id=shift_id, issued_by="ann")
    office.news()
    office.takes(shift_id, "cat")
    assert ("cover", "bob", "cover has been found") in told(office)


@scenario
def test_of_a_team_that_has_left_the_books_no_shift_takes_place_and_nobody_is_reminded_of_one() -> None:
    """Its rotation planned it on, and people were called to a team that nobody could sign on."""
    office = Office()
    office.hear(TeamDefined(team=Team(team_id="two", model="community-responder")), "assignments")
    for number in range(3):
        office.rotate(rotation_id=f"r{number}", team_id="two", crews=(("ann",), ("bob",)), starts=f"{number + 8:02}:00")
    running, kept = office.plan(0, 4, "cat", team_id="two"), office.plan(30, 8, "dan")
    office.wait(minutes=10)
    assert office.shift(running).begun
    office.news()
    office.hear(TeamRemoved(team_id="two"), "assignments")
    assert [shift.plan.shift_id for shift in office.shifts()] == [kept]
    assert [each.shift_id for each in office.of(DutyEnded)] == [running]
    assert len(office.of(ShiftDropped)) == 127
    assert {who for _, who, _ in told(office)} == {"ann", "bob", "cat"}
    office.wait(days=3)
    assert {each.team_id for each in office.of(ReminderDue)} == {"one"}
    assert not [each for each in office.of(ShiftPlanned) if each.shift.team_id == "two"]
    office.hear(TeamDefined(team=Team(team_id="two", model="community-responder")), "assignments")
    assert len(office.shifts()) == 3 * 42, "its rotations plan it again"


@scenario
@pytest.mark.parametrize("by", ["plan", "import", "rotation"])
@pytest.mark.parametrize(("hours", "hears"), [(-1, True), (0.5, True), (23, True), (25, False)])
def test_who_is_put_into_a_new_shift_that_a_reminder_comes_too_late_for_hears_at_once(
    *, by: str, hours: float, hears: bool
) -> None:
    """Of a shift in half an hour nobody told them: both its reminders were past when it was planned."""
    office = Office()
    starts_at = office.now + timedelta(hours=hours)
    times: dict[str, Any] = {"starts_at": starts_at, "ends_at": starts_at + timedelta(hours=8)}
    if by == "plan":
        office.plan(hours, 8, "ann")
    elif by == "import":
        row = ShiftRow(key="k", team_id="one", duty="on-shift", people=("ann",), **times)
        window = {"starts_at": office.now - timedelta(days=1), "ends_at": office.now + timedelta(days=9)}
        office.done(ImportShifts, source="hr", zone="UTC", rows=(row,), **window)
    else:
        day = starts_at.date()
        clocks = {"starts": f"{starts_at:%H:%M}", "ends": f"{times['ends_at']:%H:%M}", "zone": "UTC"}
        office.rotate(crews=(("ann",),), from_day=day, until_day=day, **clocks)
    assert len(office.shifts()) == 1
    heard = [("shift-moved", "ann", "you have a place in it")] if hears else []
    assert told(office) == heard
    office.wait(days=3)
    assert told(office) == [], "once"
