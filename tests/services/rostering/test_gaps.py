"""Gaps: each kind is found, told ahead to whoever looks after it, and closed when it is one no more."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from shared.events import (
    DUTY_OFFICER,
    CommandDone,
    ContactBroken,
    ContactOptedIn,
    ContactOptedOut,
    ContactProved,
    ContactRemoved,
    ContactSet,
    DropShift,
    GapClosed,
    GapFound,
    ImportShifts,
    MoveShift,
    PersonRemoved,
    PlanNoticeDue,
    PlanShift,
    SetAbsence,
    ShiftPlace,
    ShiftRow,
    TakeShift,
    Team,
    TeamDefined,
)
from tests.services.rostering.driver import ZONE, Office, types

scenario = pytest.mark.scenario("roster")


def notices(office: Office) -> list[tuple[str, str]]:
    return [(each.person_id, each.why) for each in office.news() if isinstance(each, PlanNoticeDue)]


@scenario
def test_who_plans_a_shift_twice_in_the_same_words_means_one() -> None:
    office = Office()
    first = office.shift(office.plan(24, 8, "ann")).plan
    said = {name: getattr(first, name) for name in ("team_id", "duty", "starts_at", "ends_at", "zone", "places")}
    again = office.command(PlanShift, **said)
    assert isinstance(again, CommandDone)
    assert (again.result, again.about, len(office.shifts())) == ("nothing-to-do", first.shift_id, 1)
    assert office.plan(24, 8, "bob") != first.shift_id, "another crew is another shift"


@scenario
def test_a_gap_is_told_28_7_and_1_days_ahead_once_each() -> None:
    office = Office()
    office.plan(24 * 40, 8, gaps_to=("fay",))
    (found,) = office.of(GapFound)
    assert (found.why, found.days_ahead) == ("empty", 42)
    assert notices(office) == []
    told = []
    for _ in range(40 * 24):
        office.wait(hours=1)
        told += [(round((found.starts_at - office.now) / timedelta(days=1)), *each) for each in notices(office)]
    assert told == [(28, "fay", "empty"), (7, "fay", "empty"), (1, "fay", "empty")]


@scenario
@pytest.mark.parametrize("after", [0, 30])
def test_what_a_shift_that_runs_has_lacked_it_lacks_no_more_once_somebody_is_on_it(after: int) -> None:
    office = Office()
    shift_id = office.plan(30, 8, gaps_to=("fay",))
    office.wait(hours=32)
    assert office.gaps() == [("empty", "")]
    office.news()
    begins = office.now + timedelta(minutes=after)
    office.done(TakeShift, shift_id=shift_id, person_id="bob", reason="was called in", starts_at=begins)
    office.wait(minutes=after)
    assert office.gaps() == []
    assert notices(office).count(("fay", "empty")) == (1 if after else 0), "for half an hour still, or no more"


@scenario
@pytest.mark.parametrize(("hours", "days_ahead"), [(24 * 30, 42), (24 * 20, 28), (24 * 5, 7), (5, 1)])
def test_a_gap_that_comes_about_late_is_told_at_once(hours: int, days_ahead: int) -> None:
    office = Office()
    shift_id = office.plan(hours, 8, "ann", gaps_to=("fay", "eve"))
    office.news()
    plan = office.shift(shift_id).plan
    office.done(SetAbsence, person_id="ann", starts_at=plan.starts_at, ends_at=plan.ends_at, issued_by="ann")
    assert [gap.days_ahead for gap in office.of(GapFound)] == [days_ahead]
    assert notices(office) == ([("eve", "absent"), ("fay", "absent")] if days_ahead < 42 else [])


@scenario
def test_nobody_is_woken_for_a_gap_that_lies_days_ahead() -> None:
    office = Office()
    starts_at = datetime(2026, 4, 20, 2, 30, tzinfo=ZONE)
    office.plan((starts_at - office.now) / timedelta(hours=1), 8, gaps_to=("fay",))
    office.news()
    office.wait_until(starts_at)
    told = [
        at.astimezone(ZONE).strftime("%m-%d %H:%M")
        for at, each in zip(office.times, office.journal, strict=True)
        if isinstance(each, PlanNoticeDue)
    ]
    assert told == ["03-23 07:00", "04-13 07:00", "04-19 07:00"]


@scenario
def test_nobody_is_told_of_the_same_gap_again_when_another_comes_up() -> None:
    office = Office()
    shift_id = office.plan(24 * 5, 8, "ann", "", needs=("", ""), gaps_to=("fay",))
    assert notices(office) == [("fay", "understaffed")]
    plan = office.shift(shift_id).plan
    office.done(SetAbsence, person_id="ann", starts_at=plan.starts_at, ends_at=plan.ends_at, issued_by="ann")
    assert notices(office) == [("fay", "absent")]
    office.takes(shift_id, "bob", 2)
    assert types(office.news()) == ["place-taken", "command-done", "gap-closed"]


@scenario
def test_understaffed_by_the_same_matching_as_a_crew_at_sign_on() -> None:
    office = Office(staff=())
    office.join("both", "paramedic", "nurse")
    office.join("medic", "paramedic")
    office.join("emt", "emt")
    needs = ("paramedic", "nurse or clinician")
    office.plan(30, 8, "both", "medic", needs=needs)
    assert office.gaps() == [], "whoever sits where, both places are filled"
    office.plan(60, 8, "medic", "emt", needs=needs)
    office.plan(90, 8, "medic", needs=needs)
    assert office.gaps() == [("understaffed", ""), ("understaffed", "")]


@scenario
def test_one_person_in_two_places_fills_one() -> None:
    office = Office()
    office.plan(30, 8, "ann", "ann")
    assert office.gaps() == [("understaffed", "")]


@scenario
def test_the_part_of_a_shift_that_lacks_something_is_named() -> None:
    office = Office()
    shift_id = office.plan(30, 8, "ann", "bob")
    plan = office.shift(shift_id).plan
    times = {"starts_at": plan.starts_at - timedelta(days=1), "ends_at": plan.starts_at + timedelta(hours=3)}
    office.done(SetAbsence, person_id="ann", issued_by="ann", **times)
    (gap,) = office.open_gaps()
    assert (gap.why, gap.person_id, gap.starts_at, gap.ends_at) == ("absent", "ann", plan.starts_at, times["ends_at"])


@scenario
@pytest.mark.parametrize("hours_between", [0, 8, 11, 12])
def test_rest_between_two_shifts_at_work(hours_between: int) -> None:
    office = Office()
    office.plan(30, 8, "ann")
    second = office.plan(38 + hours_between, 8, "ann", gaps_to=("fay",))
    gaps = [(gap.shift_id, gap.why) for gap in office.open_gaps()]
    assert gaps == ([(second, "no-rest")] if hours_between < 11 else [])


@scenario
def test_on_call_one_rests_but_is_not_in_two_shifts_at_once() -> None:
    office = Office()
    office.plan(30, 12, "ann", duty="on-call")
    office.plan(42, 12, "ann", duty="on-call")
    office.plan(54, 8, "ann")
    assert office.gaps() == []
    office.plan(60, 8, "ann", duty="on-call")
    assert office.gaps() == [("elsewhere", "ann")]


@scenario
def test_rest_after_a_shift_that_is_over_counts() -> None:
    office = Office()
    office.plan(2, 8, "ann")
    office.wait(hours=11)
    assert not office.shifts()
    office.plan(4, 8, "ann")
    assert office.gaps() == [("no-rest", "ann")]
    later = office.plan(24, 8, "bob")
    assert [gap.shift_id for gap in office.open_gaps()] != [later]


@scenario
def test_rest_comes_back_when_the_shift_before_is_dropped_or_moved() -> None:
    office = Office()
    first = office.plan(30, 8, "ann")
    second = office.plan(40, 8, "ann")
    assert office.gaps() == [("no-rest", "ann")]
    plan = office.shift(first).plan
    earlier = {"starts_at": plan.starts_at - timedelta(hours=12), "ends_at": plan.ends_at - timedelta(hours=12)}
    office.done(MoveShift, shift_id=first, reason="a training", **earlier)
    assert office.gaps() == []
    office.done(MoveShift, shift_id=first, reason="no training", starts_at=plan.starts_at, ends_at=plan.ends_at)
    assert office.gaps() == [("no-rest", "ann")]
    office.news()
    office.done(DropShift, shift_id=first, reason="a holiday")
    assert [gap.shift_id for gap in office.of(GapClosed)] == [second]


@scenario
@pytest.mark.parametrize(
    ("news", "reachable"),
    [
        ((), True),
        ((ContactBroken(person_id="ann", method_id="sms", why="gone"),), False),
        ((ContactOptedOut(person_id="ann", method_id="sms"),), False),
        ((ContactOptedOut(person_id="ann", method_id="sms"), ContactOptedIn(person_id="ann", method_id="sms")), True),
        ((ContactRemoved(person_id="ann", method_id="sms"),), False),
        ((ContactSet(person_id="ann", method_id="sms", kind="sms", fingerprint="another number"),), False),
        ((ContactSet(person_id="ann", method_id="sms", kind="sms", fingerprint="ann", after_seconds=9),), True),
        (
            (
                ContactBroken(person_id="ann", method_id="sms", why="gone"),
                ContactSet(person_id="ann", method_id="push", kind="push", fingerprint="phone"),
            ),
            False,
        ),
        (
            (
                ContactBroken(person_id="ann", method_id="sms", why="gone"),
                ContactProved(person_id="ann", method_id="sms"),
            ),
            True,
        ),
        (
            (
                ContactBroken(person_id="ann", method_id="sms", why="unproved"),
                ContactSet(person_id="ann", method_id="sms", kind="sms", fingerprint="ann"),
            ),
            False,
        ),
        (
            (
                ContactRemoved(person_id="ann", method_id="sms"),
                ContactSet(person_id="ann", method_id="pocket", kind="pocket"),
                ContactProved(person_id="ann", method_id="pocket"),
            ),
            False,
        ),
    ],
)
def test_whoever_cannot_be_reached_is_a_gap(news: tuple[ContactSet, ...], *, reachable: bool) -> None:
    office = Office()
    office.plan(24 * 5, 8, "ann", gaps_to=("fay",))
    office.news()
    for each in news:
        office.hear(each, "notifications")
    assert office.gaps() == ([] if reachable else [("unreachable", "ann")])
    has_ever_been_a_gap = not reachable or len(news) == 2
    assert {who for who, _ in notices(office)} == ({"fay"} if has_ever_been_a_gap else set())


def test_a_proof_that_is_renewed_each_day_writes_nothing() -> None:
    office = Office()
    office.news()
    for _ in range(3):
        assert office.hear(ContactProved(person_id="ann", method_id="sms"), "notifications") == []


@scenario
def test_many_gaps_at_once_are_one_notice() -> None:
    office = Office()
    for day in range(1, 9):
        office.plan(24 * day, 8, "ann", gaps_to=("fay",))
    office.news()
    office.hear(ContactBroken(person_id="ann", method_id="sms", why="gone"), "notifications")
    assert office.gaps().count(("unreachable", "ann")) == 8
    assert notices(office) == [("fay", "unreachable; and 7 more")]


@scenario
def test_a_gap_of_a_shift_that_runs_is_told_at_once() -> None:
    office = Office()
    shift_id = office.plan(1, 8, "ann", gaps_to=("fay",))
    office.wait(hours=3)
    office.news()
    until = office.now + timedelta(days=1)
    office.done(SetAbsence, person_id="ann", starts_at=office.now, ends_at=until, issued_by="ann")
    assert types(office.journal)[:2] == ["absence-set", "command-done"]
    assert office.shift(shift_id).on_duty == ()
    assert notices(office) == [("fay", "absent")]


def test_after_a_night_in_which_it_was_down_everything_is_told_once() -> None:
    office = Office()
    office.plan(24 * 30, 8, gaps_to=("fay",))
    office.news()
    office.sleep_until(office.now + timedelta(days=25))
    assert notices(office) == [("fay", "empty")]
    assert [gap.days_ahead for gap in office.open_gaps()] == [7]


@scenario
@pytest.mark.parametrize(
    ("named", "told"), [(("fay",), [DUTY_OFFICER]), (("eve", "fay"), ["eve"]), ((), []), (("eve",), ["eve"])]
)
def test_where_all_who_looked_after_a_shift_have_left_the_duty_officer_hears(
    named: tuple[str, ...], told: list[str]
) -> None:
    """Fay is on the books no more, and nobody else was named: what the shift lacked was told to nobody."""
    office = Office()
    office.plan(24 * 3, 8, gaps_to=named)
    office.hear(PersonRemoved(person_id="fay"), "assignments")
    office.news()
    office.wait(days=2, hours=2)
    assert notices(office) == [(person_id, "empty") for person_id in told]


@scenario
def test_who_is_in_two_shifts_at_once_hears_so_and_so_does_whoever_has_prolonged_the_first() -> None:
    """Nobody is named for either. The second lacked rest already, and an hour more was no news to anybody."""
    office = Office()
    office.hear(TeamDefined(team=Team(team_id="two", model="community-responder")), "assignments")
    first, second = office.plan(3, 8, "ann"), office.plan(11, 8, "ann", team_id="two")
    assert office.gaps() == [("no-rest", "ann")]
    office.wait(hours=9)
    office.news()
    plan = office.shift(first).plan
    later = plan.ends_at + timedelta(hours=1)
    answer = office.done(MoveShift, shift_id=first, starts_at=plan.starts_at, ends_at=later, reason="a late call")
    assert answer.sentence == "The shift is moved. ann is in another shift at the same time."
    assert notices(office) == [
        ("ann", "it is at other times"),
        ("ann", "you are in another shift at the same time"),
    ]
    assert office.gaps() == [("elsewhere", "ann")]
    office.wait(hours=1)
    assert notices(office) == [], "once"
    office.done(MoveShift, shift_id=first, starts_at=plan.starts_at, ends_at=plan.ends_at, reason="no call")
    assert office.gaps() == [("no-rest", "ann")]
    assert office.shift(second).plan.team_id == "two"


@scenario
def test_who_is_in_the_second_shift_alone_once_the_first_is_over_is_in_two_no_more() -> None:
    office = Office()
    office.plan(2, 8, "ann")
    office.plan(6, 12, "ann")
    assert office.gaps() == [("elsewhere", "ann")]
    office.wait(hours=9)
    assert office.gaps() == [("elsewhere", "ann")]
    office.wait(hours=1)
    assert office.gaps() == []


@scenario
@pytest.mark.parametrize("by", ["plan", "import", "rotation"])
def test_whoever_is_planned_into_two_shifts_at_once_hears_so_once(by: str) -> None:
    office = Office()
    office.hear(TeamDefined(team=Team(team_id="two", model="community-responder")), "assignments")
    for day in range(2, 5):
        office.plan(day * 24, 8, "ann")
    office.news()
    if by == "plan":
        answer = office.done(PlanShift, **planned(office, 2))
        assert "ann is in another shift at the same time." in answer.sentence
    elif by == "import":
        rows = tuple(ShiftRow(key=str(day), people=("ann",), **times(office, day)) for day in range(2, 5))
        window = {"starts_at": office.now, "ends_at": office.now + timedelta(days=9)}
        office.done(ImportShifts, source="hr", zone="UTC", rows=rows, **window)
    else:
        office.rotate(team_id="two", crews=(("ann",),), starts="09:00", ends="14:00", from_day=date(2026, 3, 4))
    heard = notices(office)
    assert [(who, why.split(";")[0]) for who, why in heard] == [("ann", "you are in another shift at the same time")]
    office.wait(days=1)
    assert notices(office) == []


def times(office: Office, day: int) -> dict[str, Any]:
    starts_at = office.now + timedelta(days=day, hours=1)
    return {"team_id": "two", "duty": "on-shift", "starts_at": starts_at, "ends_at": starts_at + timedelta(hours=5)}


def planned(office: Office, day: int) -> dict[str, Any]:
    return {**times(office, day), "zone": str(ZONE), "places": (ShiftPlace(person_id="ann"),)}
