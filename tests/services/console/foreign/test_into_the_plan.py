"""What is read of another tool's plan, taken by rostering as it decides: the same again changes nothing."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from services.console.foreign.mapping import RotaMapping, read_mapping
from services.console.foreign.rows import read_plan
from services.console.foreign.windows import spoken_of, whole_span, windows
from shared.events import (
    CommandDone,
    CommandRefused,
    ImportShifts,
    RosterFeedStale,
    ShiftDropped,
    ShiftMoved,
    ShiftPlanned,
    ShiftRow,
    ShiftsImported,
    TakeShift,
    imported_shift_id,
)
from tests.services.rostering.driver import START, ZONE, Office

scenario = pytest.mark.scenario("roster")
HEAD = "Name,Date,Start,End"
MAPPING = """
source = "hr"
format = "csv"
time_zone = "America/Chicago"
time = "%m/%d/%Y %H:%M"
every_hours = 24
team = "one"
[columns]
person = "Name"
starts = ["Date", "Start"]
ends = ["Date", "End"]
[people]
"Ann A" = "ann"
"Bob B" = "bob"
"Cat C" = "cat"
"""
Answer = CommandDone | CommandRefused


NUMBERED = MAPPING.replace("[columns]", '[columns]\nid = "Id"')


def mapping(text: str = MAPPING) -> RotaMapping:
    return read_mapping(text)


def date_of(day: int) -> str:
    return f"{START.astimezone(ZONE) + timedelta(days=day):%m/%d/%Y}"


def week(*names: str, days: range = range(1, 8)) -> list[str]:
    return [f"{name},{date_of(day)},07:00,19:00" for day in days for name in names]


def imported(office: Office, lines: list[str], *, confirmed: bool = False, numbered: bool = False) -> Answer:
    """The last answer to what a file comes to, whose rows may begin with a number of their own."""
    head, read = (f"Id,{HEAD}", mapping(NUMBERED)) if numbered else (HEAD, mapping())
    content, span = "\n".join((head, *lines)).encode(), whole_span(office.now)
    plan = read_plan(read, content, span)
    assert len(plan.faults) == len(plan.unread)
    answer: Answer | None = None
    for part in windows(plan.rows, spoken_of(plan.rows, span, ZONE, None), plan.unread):
        answer = office.command(
            ImportShifts,
            source=read.source,
            starts_at=part.span.starts_at,
            ends_at=part.span.ends_at,
            zone=read.time_zone,
            rows=tuple(ShiftRow(**row._asdict()) for row in part.rows),
            elsewhere=tuple(imported_shift_id(read.source, key) for key in part.elsewhere),
            confirmed=confirmed,
            period_minutes=read.every_hours * 60,
        )
    assert answer is not None
    return answer


def counted(office: Office) -> tuple[int, int, int, int]:
    """Planned, moved, dropped, unchanged."""
    last = [event for event in office.journal if isinstance(event, ShiftsImported)][-1]
    assert last.faults == ()
    return last.planned, last.moved, last.dropped, last.unchanged


def holders(office: Office, at: datetime) -> set[str]:
    shifts = (shift for shift in office.state.shifts.values() if shift.plan.starts_at <= at < shift.plan.ends_at)
    return {person for shift in shifts for person in office.state.members(shift, at)}


def noon_in(office: Office, days: int) -> tuple[datetime, str]:
    """An instant of a shift, and its id."""
    noon = START + timedelta(days=days, hours=6)
    shifts = office.state.shifts.items()
    return noon, next(key for key, shift in shifts if shift.plan.starts_at <= noon < shift.plan.ends_at)


@scenario
def test_the_same_file_again_changes_nothing_in_whatever_order() -> None:
    office = Office()
    lines = week("Ann A", "Bob B")
    imported(office, lines)
    assert counted(office) == (7, 0, 0, 0)
    before = len(office.journal)
    answer = imported(office, lines[::-1])
    assert isinstance(answer, CommandDone)
    assert answer.result == "nothing-to-do"
    assert counted(office) == (0, 0, 0, 7)
    assert [type(event) for event in office.journal[before:]] == [ShiftsImported, CommandDone]


@scenario
def test_another_person_comes_to_the_same_shift_and_who_took_a_place_keeps_it() -> None:
    office = Office()
    imported(office, week("Ann A", "Bob B"))
    noon, shift_id = noon_in(office, 2)
    office.command(TakeShift, shift_id=shift_id, person_id="dan", place=1, reason="ann is ill")
    office.journal.clear()
    imported(office, week("Ann A", "Cat C"))
    assert counted(office) == (0, 7, 0, 0)
    assert ShiftMoved in {type(event) for event in office.journal}
    assert not [event for event in office.journal if isinstance(event, ShiftDropped | ShiftPlanned)]
    assert holders(office, noon) == {"dan", "cat"}
    assert holders(office, noon + timedelta(days=1)) == {"ann", "cat"}


@scenario
def test_who_stays_on_a_shift_stays_in_their_place_when_others_come() -> None:
    """Dan has taken Bob's place; that Ann comes, whose name sorts first, must not make it Ann's."""
    office = Office()
    imported(office, week("Bob B", "Cat C"))
    noon, shift_id = noon_in(office, 2)
    office.command(TakeShift, shift_id=shift_id, person_id="dan", place=1, reason="bob is ill")
    imported(office, week("Ann A", "Bob B", "Cat C"))
    assert holders(office, noon) == {"dan", "cat", "ann"}


@scenario
def test_of_a_tool_that_numbers_people_a_row_is_taken_out_and_put_back() -> None:
    """With one person left the shift has that one's number for its key, and with two has none: it is the same shift."""
    office = Office()
    both = [f"{number},{line}" for number, line in enumerate(week("Ann A", "Bob B"))]
    imported(office, both, numbered=True)
    noon, shift_id = noon_in(office, 2)
    office.takes(shift_id, "dan")
    office.journal.clear()
    for lines, crew in ((both[::2], {"dan"}), (both, {"dan", "bob"})):
        imported(office, lines, numbered=True)
        assert counted(office) == (0, 7, 0, 0)
        assert holders(office, noon) == crew
    assert not [event for event in office.journal if isinstance(event, ShiftDropped | ShiftPlanned)]


@scenario
@pytest.mark.parametrize(("right", "wrong"), [("19:00", "19:0O"), (",07:00", ","), ("03/06", "13/06")])
def test_the_shift_of_a_row_that_cannot_be_read_stands(right: str, wrong: str) -> None:
    """The rest is imported with --without-refused: who has the night of a mistyped row was told that it is off."""
    office = Office()
    lines = [f"{number},{line}" for number, line in enumerate(week("Ann A"))]
    imported(office, lines, numbered=True)
    stands = office.state.shifts
    imported(office, [*lines[:3], lines[3].replace(right, wrong), *lines[4:]], numbered=True)
    assert office.state.shifts == stands


@scenario
def test_a_file_that_was_halved_or_emptied_leaves_the_plan_as_it_stands() -> None:
    office = Office()
    imported(office, week("Ann A"))
    stands = office.state.shifts
    halved: list[list[str]] = [[], week("Ann A", days=range(1, 4)), week("Ann A", days=range(5, 8))]
    for lines in halved:
        answer = imported(office, lines)
        assert isinstance(answer, CommandRefused)
        assert answer.reason == "too-much-lost"
        assert office.state.shifts == stands
    imported(office, halved[1], confirmed=True)
    assert counted(office) == (0, 0, 4, 3)


@scenario
def test_what_comes_after_the_last_day_of_a_file_stands() -> None:
    office = Office()
    imported(office, week("Ann A", days=range(1, 22)))
    imported(office, week("Ann A", days=range(1, 15)))
    assert counted(office) == (0, 0, 0, 14)
    assert len(office.state.shifts) == 21


@scenario
def test_what_has_begun_is_not_touched_by_a_file_that_begins_today() -> None:
    office = Office()
    imported(office, week("Ann A"))
    office.wait_until(START + timedelta(days=1, hours=4))
    assert holders(office, office.now) == {"ann"}
    imported(office, week("Ann A", days=range(2, 8)))
    assert counted(office) == (0, 0, 0, 6)
    assert holders(office, office.now) == {"ann"}


@scenario
def test_a_feed_that_comes_no_more_is_told_of_once_and_the_plan_stands() -> None:
    office = Office()
    imported(office, week("Ann A", days=range(1, 15)))
    office.journal.clear()
    office.wait(hours=47)
    assert not [event for event in office.journal if isinstance(event, RosterFeedStale)]
    office.wait(days=5)
    stale = [event for event in office.journal if isinstance(event, RosterFeedStale)]
    assert [event.source for event in stale] == ["hr"]
    assert holders(office, START + timedelta(days=10, hours=6)) == {"ann"}
    assert not [event for event in office.journal if isinstance(event, ShiftDropped | ShiftMoved)]


@scenario
def test_more_rows_than_a_command_takes_come_to_the_same_plan() -> None:
    office = Office()
    lines = [f"Ann A,{date_of(day)},{hour:02}:00,{hour:02}:30" for day in range(1, 36) for hour in range(8, 23)]
    imported(office, lines)
    assert len(office.state.shifts) == 525
    imported(office, lines)
    commands = [event for event in office.journal if isinstance(event, ShiftsImported)]
    assert [(each.planned, each.unchanged) for each in commands[-2:]] == [(0, 500), (0, 25)]
