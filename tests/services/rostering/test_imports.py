"""Plans of other systems: taken row by row, the same again changes nothing, and a bad or dead one loses nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.events import (
    CommandDone,
    CommandRefused,
    DropShift,
    ImportShifts,
    MoveShift,
    PlanNoticeDue,
    RosterFeedStale,
    ShiftDropped,
    ShiftMoved,
    ShiftPlanned,
    ShiftRow,
    ShiftsImported,
    Team,
    TeamDefined,
    imported_shift_id,
)
from tests.services.rostering.driver import START, ZONE, Office, types

scenario = pytest.mark.scenario("roster")


def row(day: int, *people: str, **changes: Any) -> ShiftRow:
    starts_at = START + timedelta(days=day)
    fields: dict[str, Any] = {
        "key": f"uid-{day}",
        "team_id": "one",
        "duty": "on-shift",
        "starts_at": starts_at,
        "ends_at": starts_at + timedelta(hours=8),
        "people": people,
    }
    return ShiftRow(**fields | changes)


def week(*people: str, days: int = 7) -> list[ShiftRow]:
    return [row(day, people[day % len(people)]) for day in range(1, days + 1)]


def read(office: Office, rows: Sequence[ShiftRow], **changes: Any) -> CommandDone | CommandRefused:
    fields: dict[str, Any] = {
        "source": "hr",
        "starts_at": START,
        "ends_at": START + timedelta(days=30),
        "zone": str(ZONE),
        "rows": tuple(rows),
    }
    return office.command(ImportShifts, **fields | changes)


@scenario
def test_a_plan_is_taken_and_the_same_again_changes_nothing() -> None:
    office = Office()
    answer = read(office, week("ann", "bob"))
    assert answer.sentence == "Shifts planned: 7, changed: 0, dropped: 0, as before: 0."
    assert [shift.rota.people() for shift in office.shifts()][:2] == [{"bob"}, {"ann"}]
    office.news()
    again = read(office, week("ann", "bob"))
    assert isinstance(again, CommandDone)
    assert again.result == "nothing-to-do"
    assert types(office.news()) == ["shifts-imported", "command-done"]


def test_the_other_systems_word_for_a_shift_is_kept_nowhere_for_it_may_name_somebody() -> None:
    """A calendar's UID may be made of a mail address. A shift that is kept with it from before is the same one."""
    office, rows = Office(), [row(1, "ann", key="20260302-ann.quennell@city.example")]
    read(office, rows)
    assert "quennell" not in str(office.journal)
    (planned,) = office.of(ShiftPlanned)
    before = Office()
    before.fold(ShiftPlanned(shift=planned.shift.model_copy(update={"key": rows[0].key})))
    again = read(before, rows)
    assert isinstance(again, CommandDone)
    assert again.result == "nothing-to-do"


@scenario
def test_a_shift_that_moves_in_the_other_system_is_the_same_shift() -> None:
    office = Office()
    read(office, week("ann", "bob"))
    taken = office.shifts()[2].plan.shift_id
    office.takes(taken, "eve")
    office.news()
    later = timedelta(hours=2)
    rows = week("ann", "bob")
    rows[2] = rows[2].model_copy(update={"starts_at": rows[2].starts_at + later, "ends_at": rows[2].ends_at + later})
    answer = read(office, rows)
    assert answer.sentence == "Shifts planned: 0, changed: 1, dropped: 0, as before: 6."
    assert office.shift(taken).rota.people() == {"eve"}
    assert [(each.person_id, each.why) for each in office.of(PlanNoticeDue)] == [("eve", "it is at other times")]
    assert not office.of(ShiftPlanned)
    assert not office.of(ShiftDropped)


@scenario
def test_a_shift_that_moves_out_of_the_time_of_one_command_into_that_of_the_next_is_the_same_shift() -> None:
    """A plan of more rows than one command takes is cut by time: whoever has taken the place keeps it."""
    office = Office()
    read(office, week("ann", "bob"))
    taken = office.shifts()[2].plan.shift_id
    office.takes(taken, "eve")
    office.news()
    rows, middle, end = week("ann", "bob"), START + timedelta(days=5), START + timedelta(days=30)
    rows[2] = row(20, "ann", key=rows[2].key)
    early, late = ([each for each in rows if (each.starts_at < middle) is first] for first in (True, False))
    ids = [[imported_shift_id("hr", each.key) for each in part] for part in (late, early)]
    first = read(office, early, ends_at=middle, elsewhere=tuple(ids[0]))
    second = read(office, late, starts_at=middle, ends_at=end, elsewhere=tuple(ids[1]))
    assert [answer.sentence for answer in (first, second)] == [
        "Shifts planned: 0, changed: 0, dropped: 0, as before: 3.",
        "Shifts planned: 0, changed: 1, dropped: 0, as before: 3.",
    ]
    assert office.shift(taken).rota.people() == {"eve"}
    assert office.shift(taken).plan.starts_at == rows[2].starts_at
    assert [each.person_id for each in office.of(PlanNoticeDue)] == ["eve"]


@scenario
def test_a_shift_is_known_again_by_its_id_as_by_its_key_and_by_one_of_the_two() -> None:
    office, rows = Office(), week("ann", "bob")
    read(office, rows)
    by_id = [each.model_copy(update={"key": "", "shift_id": imported_shift_id("hr", each.key)}) for each in rows]
    assert read(office, by_id).sentence == "Shifts planned: 0, changed: 0, dropped: 0, as before: 7."
    answer = read(office, [rows[0].model_copy(update={"key": ""})])
    assert isinstance(answer, CommandRefused)
    assert answer.reason == "no-key"


@scenario
@pytest.mark.parametrize("hours", [0, 1])
def test_a_plan_that_the_other_system_numbers_anew_is_the_same_plan(hours: int) -> None:
    """As a series does whose hour is changed, or of which only what follows is."""
    office = Office()
    read(office, week("ann", "bob"))
    taken = office.shifts()[2].plan.shift_id
    office.takes(taken, "eve")
    office.news()
    later = timedelta(hours=hours)
    rows = [
        row(day, *each.people, key=f"new-{day}", starts_at=each.starts_at + later, ends_at=each.ends_at + later)
        for day, each in enumerate(week("ann", "bob"), 1)
    ]
    for _ in range(2):
        read(office, rows)
        assert office.shift(taken).plan.starts_at == rows[2].starts_at
        assert office.shift(taken).rota.people() == {"eve"}
    assert not office.of(ShiftPlanned)
    assert not office.of(ShiftDropped)
    assert len(office.of(ShiftMoved)) == 7 * hours
    stranger = rows[2].model_copy(update={"people": ("nobody",)})
    assert "nobody" in read(office, [*rows[:2], stranger, *rows[3:]]).sentence
    assert office.shift(taken).rota.people() == {"eve"}


@scenario
@pytest.mark.parametrize("changes", [{"team_id": "two"}, {"duty": "on-call"}, {"people": ("cat",), "hours": 1}])
def test_another_shift_under_another_key_is_another_shift(changes: dict[str, Any]) -> None:
    office = Office()
    office.hear(TeamDefined(team=Team(team_id="two", model="community-responder")), "assignments")
    read(office, [row(9, "ann")])
    office.news()
    later = timedelta(hours=changes.pop("hours", 0))
    other = row(9, "ann", key="other", **changes)
    read(office, [other.model_copy(update={"starts_at": other.starts_at + later, "ends_at": other.ends_at + later})])
    assert len(office.of(ShiftDropped)) == len(office.of(ShiftPlanned)) == 1


@scenario
@pytest.mark.parametrize("changes", [{"rest_hours": 9}, {"sign_on_grace_minutes": 30}, {"gaps_to": ("sue",)}])
def test_nobody_hears_of_a_change_that_is_none_to_them(changes: dict[str, Any]) -> None:
    """A mapping that is written otherwise paged everybody who stands in the plan."""
    office = Office()
    office.join("sue")
    read(office, week("ann", "bob"))
    office.news()
    assert "changed: 7" in read(office, week("ann", "bob"), **changes).sentence
    assert not office.of(PlanNoticeDue)


@scenario
def test_of_two_plans_of_one_team_it_is_said_where_they_have_two_shifts_at_once() -> None:
    office = Office()
    read(office, week("ann", "bob"))
    ends = START + timedelta(days=3, hours=8)
    after = row(3, "cat", key="after", starts_at=ends, ends_at=ends + timedelta(hours=1))
    answer = read(office, [row(2, "cat", key="other"), after], source="leave")
    assert answer.sentence.endswith(" At the same time as another of their team: 1, the first of one on 2026-03-04.")


@scenario
def test_who_stays_on_a_shift_loses_no_place_to_who_has_taken_that_of_one_who_does_not() -> None:
    office = Office()
    read(office, [row(1, "ann", "bob"), row(2, "ann", "bob")])
    shifts = [shift.plan.shift_id for shift in office.shifts()]
    office.takes(shifts[0], "dan", place=1)
    office.news()
    for _ in range(2):
        read(office, [row(1, "bob"), row(2, "bob")])
        assert [office.shift(each).rota.people() for each in shifts] == [{"dan", "bob"}, {"bob"}]
        assert [len(office.shift(each).plan.places) for each in shifts] == [2, 1]
    told = {each.person_id for each in office.of(PlanNoticeDue) if each.why == "you have no place in it any more"}
    assert told == {"ann"}


@scenario
def test_whose_place_is_another_s_by_the_newest_rows_hears_so() -> None:
    office = Office()
    read(office, week("ann", "bob"))
    whose = office.shifts()[3].rota.people()
    office.news()
    rows = week("ann", "bob")
    rows[3] = rows[3].model_copy(update={"people": ("eve",)})
    read(office, rows)
    assert [(each.person_id, each.why) for each in office.of(PlanNoticeDue)] == [
        *((person_id, "you have no place in it any more") for person_id in whose),
        ("eve", "its people have changed"),
    ]


@scenario
def test_a_row_with_a_name_that_is_not_on_the_books_is_refused_loudly_and_its_shift_stands() -> None:
    office = Office()
    read(office, week("ann", "bob"))
    office.news()
    rows = week("ann", "bob")
    rows[3] = row(4, "bobby")
    rows[5] = row(6, "ann", team_id="two")
    answer = read(office, rows)
    assert isinstance(answer, CommandDone)
    assert answer.result == "done"
    assert answer.sentence.endswith(
        "Rows not taken: 2. Row 4: There is no bobby among the staff. Row 6: There is no two on the books."
    )
    assert len(office.shifts()) == 7
    (imported,) = office.of(ShiftsImported)
    assert len(imported.faults) == 2
    assert types(office.news()) == ["shifts-imported", "command-done"]


@scenario
@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"ends_at": START}, "ends before it begins"),
        ({"key": "uid-1"}, "key is that of a row before"),
        ({"people": ()}, "names nobody"),
        ({"needs": ("wizard",)}, "is no discipline"),
        ({"starts_at": START + timedelta(days=40), "ends_at": START + timedelta(days=41)}, "outside the time"),
    ],
)
def test_a_row_that_makes_no_sense_is_not_taken(changes: dict[str, Any], what: str) -> None:
    office = Office()
    answer = read(office, [row(1, "ann"), row(2, "bob", **changes)])
    assert isinstance(answer, CommandDone)
    assert what in answer.sentence
    assert len(office.shifts()) == 1


@scenario
@pytest.mark.parametrize("lost", [1, 2, 6])
def test_an_import_that_would_empty_the_next_week_is_refused_until_it_is_confirmed(lost: int) -> None:
    office = Office()
    read(office, week("ann", "bob", days=20))
    before = office.state.shifts
    office.news()
    rows = week("ann", "bob", days=20)[lost:]
    answer = read(office, rows)
    if lost == 1:
        assert isinstance(answer, CommandDone)
        assert len(office.of(ShiftDropped)) == 1
        return
    assert isinstance(answer, CommandRefused)
    assert answer.reason == "too-much-lost"
    assert types(office.news()) == ["command-refused"]
    assert office.state.shifts == before
    confirmed = read(office, rows, confirmed=True)
    assert isinstance(confirmed, CommandDone)
    assert len(office.of(ShiftDropped)) == lost
    assert len({each.person_id for each in office.of(PlanNoticeDue)}) == len(office.of(PlanNoticeDue)) == 2


@scenario
def test_a_feed_that_is_not_read_for_two_periods_is_stale_and_the_plan_stands() -> None:
    office = Office()
    read(office, week("ann", "bob", days=20), period_minutes=60)
    office.wait(minutes=90)
    read(office, week("ann", "bob", days=20), period_minutes=60)
    office.wait(minutes=119)
    assert not office.of(RosterFeedStale)
    office.wait(minutes=1)
    (stale,) = office.of(RosterFeedStale)
    assert stale.read_at == START + timedelta(minutes=90)
    assert len(office.shifts()) == 20
    office.news()
    office.wait(hours=12)
    assert not office.of(RosterFeedStale), "it is said once"
    read(office, week("ann", "bob", days=20), period_minutes=60)
    assert not office.state.feeds["hr"].stale


@scenario
def test_what_a_person_has_dropped_or_moved_the_other_system_does_not_bring_back() -> None:
    office = Office()
    read(office, week("ann", "bob"))
    first, second = (shift.plan for shift in office.shifts()[:2])
    office.done(DropShift, shift_id=first.shift_id, reason="a holiday")
    times = {"starts_at": second.starts_at + timedelta(hours=1), "ends_at": second.ends_at}
    office.done(MoveShift, shift_id=second.shift_id, reason="a training", **times)
    office.news()
    read(office, [each.model_copy(update={"duty": "on-call"}) for each in week("ann", "bob")])
    assert first.shift_id not in office.state.shifts
    assert office.shift(second.shift_id).plan.starts_at == times["starts_at"]
    assert len(office.of(ShiftMoved)) == 5


@scenario
@pytest.mark.parametrize("later", [0, 1])
def test_what_a_person_has_dropped_or_moved_stays_so_when_the_other_system_numbers_its_rows_anew(later: int) -> None:
    """A holiday was dropped; the next night the tool wrote other keys, and the holiday was a working day again."""
    office = Office()
    read(office, week("ann", "bob"))
    first, second, third = (shift.plan for shift in office.shifts()[:3])
    office.done(DropShift, shift_id=first.shift_id, reason="a holiday")
    by = timedelta(days=10)
    times = {"starts_at": second.starts_at + by, "ends_at": second.ends_at + by}
    office.done(MoveShift, shift_id=second.shift_id, reason="a training", **times)
    office.wait_until(third.starts_at + timedelta(hours=1))
    office.news()
    hours = timedelta(hours=later)
    rows = [
        each.model_copy(
            update={"key": f"new-{day}", "starts_at": each.starts_at + hours, "ends_at": each.ends_at + hours}
        )
        for day, each in enumerate(week("ann", "bob"))
    ]
    for _ in range(2):
        read(office, rows)
        assert not office.of(ShiftPlanned)
        assert not office.of(ShiftDropped)
        assert office.shift(second.shift_id).plan.starts_at == times["starts_at"]
        assert office.shift(third.shift_id).begun, "what runs is the same shift too"
        assert len(office.shifts()) == 6


@scenario
def test_a_holiday_that_is_still_to_come_is_said_to_be_dropped_by_hand() -> None:
    office = Office()
    read(office, week("ann", "bob"))
    office.done(DropShift, shift_id=office.shifts()[4].plan.shift_id, reason="a holiday")
    rows = [each.model_copy(update={"key": f"new-{day}"}) for day, each in enumerate(week("ann", "bob"))]
    for each in (week("ann", "bob"), rows):
        assert read(office, each).sentence == (
            "Shifts planned: 0, changed: 0, dropped: 0, as before: 7."
            " Of these somebody has dropped: 1; they are not planned again."
        )


@scenario
def test_of_two_crews_at_one_time_each_is_known_again_by_its_people() -> None:
    """Whichever came first was the other, and everybody heard that the people of their shift had changed."""
    office = Office()
    crews = [("ann", "bob"), ("cat",), ("dan",), ("eve", "fay")]
    read(office, [row(3, *crew, key=f"k{number}") for number, crew in enumerate(crews)])
    office.done(
        DropShift, shift_id=next(s.plan.shift_id for s in office.shifts() if "dan" in s.rota.people()), reason="-"
    )
    office.news()
    read(office, [row(3, *crew, key=f"new{number}") for number, crew in enumerate(reversed(crews))])
    assert types(office.news()) == ["shifts-imported", "command-done"]


@scenario
def test_a_shift_that_runs_is_left_to_its_end() -> None:
    office = Office()
    read(office, week("ann", "bob"))
    office.wait(days=1, hours=2)
    running = next(shift for shift in office.shifts() if shift.begun)
    office.news()
    read(office, week("ann", "bob")[1:], confirmed=True)
    assert running.plan.shift_id in office.state.shifts
    assert not office.of(ShiftDropped)


def test_only_the_time_that_is_read_is_replaced_and_only_of_that_source() -> None:
    office = Office()
    read(office, week("ann", days=20))
    read(office, [row(1, "bob")], source="fire")
    answer = read(office, [], starts_at=START + timedelta(days=10), ends_at=START + timedelta(days=15))
    assert answer.sentence == "Shifts planned: 0, changed: 0, dropped: 5, as before: 0."
    assert len(office.shifts()) == 16


LAST = datetime.max.replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"zone": "Mars/Base"}, "wrong-zone"),
        ({"zone": "MST"}, "wrong-zone"),
        ({"ends_at": START}, "wrong-window"),
        ({"ends_at": START + timedelta(days=200)}, "wrong-window"),
        ({"starts_at": LAST - timedelta(days=50), "ends_at": LAST}, "wrong-window"),
        ({"starts_at": START + timedelta(days=390), "ends_at": START + timedelta(days=401)}, "wrong-window"),
        ({"gaps_to": ("zoe",)}, "unknown-person"),
    ],
)
def test_an_import_that_makes_no_sense_is_refused_whole(changes: dict[str, Any], reason: str) -> None:
    office = Office()
    answer = read(office, week("ann"), **changes)
    assert isinstance(answer, CommandRefused)
    assert answer.reason == reason
    assert not office.shifts()


def test_the_largest_import_fits_into_one_step_or_says_that_it_does_not() -> None:
    names = tuple(f"{number}-{'n' * 70}" for number in range(8))
    office = Office(staff=names)
    rows = [long_row(number, *names[:2]) for number in range(500)]
    assert isinstance(read(office, rows), CommandDone)
    assert len(office.shifts()) == 500
    office = Office(staff=names)
    answer = read(office, [long_row(number, *names) for number in range(500)])
    assert isinstance(answer, CommandRefused)
    assert answer.reason == "too-big"


def long_row(number: int, *people: str) -> ShiftRow:
    starts_at: datetime = START + timedelta(hours=number)
    return row(1, *people, key=f"uid-{number}", starts_at=starts_at, ends_at=starts_at + timedelta(hours=8))
