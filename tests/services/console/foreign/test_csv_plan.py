"""A CSV of another tool becomes shifts, or says by line and column what is wrong with it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from deploy.local.kafka.node import CHECKOUT
from services.console.foreign.mapping import RotaMapping, read_mapping
from services.console.foreign.plan import MAX_BYTES, Span
from services.console.foreign.rows import Books, Import, read_plan
from shared.programme.trying.export_document import MappingRefused

SPREADSHEET = CHECKOUT / "deploy" / "mappings" / "rota-spreadsheet.toml"
HEAD = "Shift ID,First name,Last name,Unit,Kind,Date,Start,End"
SPAN = Span(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))


def mapped(**changes: object) -> RotaMapping:
    return read_mapping(SPREADSHEET.read_text()).model_copy(update=changes)


def imported(*rows: str, mapping: RotaMapping | None = None, span: Span = SPAN, books: Books | None = None) -> Import:
    return read_plan(mapping or mapped(), "\r\n".join((HEAD, *rows, "")).encode(), span, books)


def faults(*rows: str, books: Books | None = None) -> list[str]:
    return [str(fault) for fault in imported(*rows, books=books).faults]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.scenario("roster")
def test_rows_of_one_team_at_one_time_are_one_shift() -> None:
    plan = imported(
        "7,Ana,Silva,Crisis 1,Regular,03/02/2026,07:00,19:00",
        "8,Ben,Okafor,Crisis 1,Regular,03/02/2026,07:00,19:00",
        "9,Chris,Lund,Crisis 2,Standby,03/02/2026,07:00,19:00",
    )
    day, standby = plan.rows
    assert (day.team_id, day.duty, day.people) == ("crisis-1", "on-shift", ("ana", "ben"))
    assert day.needs == ("crisis-worker", "emt or paramedic")
    assert (day.starts_at, day.ends_at) == (at("2026-03-02T13:00Z"), at("2026-03-03T01:00Z"))
    assert (standby.team_id, standby.duty, standby.people, standby.needs) == ("crisis-2", "on-call", ("chris",), ("",))
    assert (plan.faults, plan.left_out, plan.remarks) == ([], {}, [])


@pytest.mark.scenario("roster")
@pytest.mark.parametrize("zone", ["America/Chicago", "Europe/Berlin", "Australia/Sydney", "America/St_Johns"])
@pytest.mark.parametrize("days", ["spring", "autumn"])
def test_nights_touch_when_the_clocks_change(zone: str, days: str) -> None:
    changes = {
        "America/Chicago": ("2026-03-08", "2026-11-01"),
        "America/St_Johns": ("2026-03-08", "2026-11-01"),
        "Europe/Berlin": ("2026-03-29", "2026-10-25"),
        "Australia/Sydney": ("2026-10-04", "2026-04-05"),
    }
    change = datetime.fromisoformat(changes[zone][days == "autumn"])
    rows = []
    for day in range(-2, 3):
        date = f"{change + timedelta(days=day):%m/%d/%Y}"
        rows += [
            f"d{day},Ana,Silva,Crisis 1,Regular,{date},07:00,19:00",
            f"n{day},Ben,Okafor,Crisis 1,Regular,{date},19:00,07:00",
        ]
    plan = imported(*rows, mapping=mapped(time_zone=zone))
    ends = [row.ends_at for row in plan.rows[:-1]]
    assert ends == [row.starts_at for row in plan.rows[1:]]
    assert {row.starts_at.astimezone(ZoneInfo(zone)).hour for row in plan.rows} == {7, 19}
    assert {(row.ends_at - row.starts_at).total_seconds() / 3600 for row in plan.rows} == {
        12,
        11 if days == "spring" else 13,
    }


@pytest.mark.scenario("roster")
def test_an_unknown_name_is_refused_with_line_and_column_and_leaves_an_open_place() -> None:
    plan = imported(
        "7,Ana,Silva,Crisis 1,Regular,03/02/2026,07:00,19:00",
        "8,Bea,Okafor,Crisis 2,Regular,03/02/2026,07:00,19:00",
    )
    assert [str(fault) for fault in plan.faults] == [
        "line 3, column First name, Last name: 'Bea Okafor' is nobody in [people]; right is a name that stands there"
    ]
    assert [(row.team_id, row.people, len(row.needs)) for row in plan.rows] == [
        ("crisis-1", ("ana",), 2),
        ("crisis-2", (), 1),
    ]


@pytest.mark.scenario("roster")
@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("7,Ana,Silva,Crisis 9,Regular,03/02/2026,07:00,19:00", "column Unit: 'Crisis 9' is no team in [teams]"),
        ("7,Ana,Silva,Crisis 1,Nights,03/02/2026,07:00,19:00", "column Kind: 'Nights' is no duty in [duties]"),
        (
            "7,Ana,Silva,Crisis 1,Regular,02/30/2026,07:00,19:00",
            "'02/30/2026 07:00' is no time; right is one like 12/07/2026 19:00",
        ),
        ("7,Ana,Silva,Crisis 1,Regular,03/02/2026,7 am,19:00", "column Date, Start: '03/02/2026 7 am' is no time"),
        ("7,Ana,Silva,Crisis 1,Regular,,,", "column Date, Start: is empty"),
        ("7,Ana,Silva,Crisis 1,Regular,03/02/1926,07:00,19:00", "is in no year of this century"),
        (",Ana,Silva,Crisis 1,Regular,03/02/2026,07:00,19:00", "column Shift ID: is empty"),
        ("7,Ana,Silva,Crisis 1,Regular,03/02/2026,07:00", "another number of fields than the head"),
    ],
)
def test_what_cannot_be_read_is_said_where_it_stands(row: str, fault: str) -> None:
    (said,) = faults("6,Ben,Okafor,Crisis 1,Regular,03/02/2026,19:00,07:00", row)
    assert said.startswith("line 3, ")
    assert fault in said


@pytest.mark.scenario("roster")
def test_all_the_names_of_a_row_that_mean_nothing_are_told_at_once() -> None:
    told = faults("7,Zed,Zed,Crisis 9,Holiday,03/02/2026,07:00,19:00")
    assert [fault.split("; right is")[0] for fault in told] == [
        "line 2, column First name, Last name: 'Zed Zed' is nobody in [people]",
        "line 2, column Kind: 'Holiday' is no duty in [duties]",
        "line 2, column Unit: 'Crisis 9' is no team in [teams]",
    ]
    assert imported("7,Zed,Zed,Crisis 9,Regular,03/02/2026,07:00,19:00").rows == []


@pytest.mark.scenario("roster")
def test_leave_is_no_shift_and_a_shift_without_a_name_is_open() -> None:
    plan = imported(
        "7,Ana,Silva,Crisis 1,VACATION,03/02/2026,07:00,19:00",
        "8,Ben,Okafor,Crisis 1,sick leave,03/02/2026,07:00,19:00",
        "9,,,Crisis 2,Regular,03/02/2026,07:00,19:00",
    )
    assert plan.left_out == {"Kind is Vacation": 1, "Kind is Sick*": 1}
    assert [(row.team_id, row.people, row.needs) for row in plan.rows] == [("crisis-2", (), ("",))]
    assert plan.faults == []


@pytest.mark.scenario("roster")
@pytest.mark.parametrize("name", ["ANA,SILVA", " Ana , Silva ", "Ana,\u00a0Silva", "A\u200bna,Silva"])
def test_a_name_is_known_however_it_is_written(name: str) -> None:
    plan = imported(f"7,{name},Crisis 1,Regular,03/02/2026,07:00,19:00")
    assert [row.people for row in plan.rows] == [("ana",)]


@pytest.mark.scenario("roster")
def test_an_end_one_minute_before_midnight_is_midnight() -> None:
    rows = imported(
        "7,Ana,Silva,Crisis 1,Regular,03/02/2026,12:00,23:59", "8,Ben,Okafor,Crisis 1,Regular,03/03/2026,00:00,12:00"
    ).rows
    assert rows[0].ends_at == rows[1].starts_at == at("2026-03-03T06:00Z")


@pytest.mark.parametrize(
    ("time", "ends", "meant"),
    [
        ("%Y-%m-%d %H:%M%z", "2026-03-02 23:59-0600", "2026-03-03T06:00Z"),
        ("%Y-%m-%d %H:%M%z", "2026-03-03 05:59+0000", "2026-03-03T06:00Z"),
        ("%Y-%m-%d %H:%M%z", "2026-03-02 23:59+0000", "2026-03-02T23:59Z"),
        ("epoch-seconds", "1772517599", "2026-03-03T06:00Z"),
    ],
)
def test_midnight_is_that_of_the_plan_however_its_times_are_written(time: str, ends: str, meant: str) -> None:
    """A team on call was on none for that minute, and was offered nothing that might have taken longer."""
    begins = "1772474400" if time == "epoch-seconds" else "2026-03-02 12:00-0600"
    text = SPREADSHEET.read_text().replace('["Date", "Start"]', '"Start"').replace('["Date", "End"]', '"End"')
    mapping = read_mapping(text).model_copy(update={"time": time})
    (row,) = imported(f"7,Ana,Silva,Crisis 1,Regular,,{begins},{ends}", mapping=mapping).rows
    assert row.ends_at == at(meant)


def test_an_end_on_a_day_of_its_own_is_not_moved() -> None:
    text = SPREADSHEET.read_text().replace('["Date", "End"]', '["Until", "End"]')
    content = f"{HEAD},Until\n7,Ana,Silva,Crisis 1,Regular,03/02/2026,19:00,07:00,03/02/2026\n"
    plan = read_plan(read_mapping(text), content.encode(), SPAN)
    assert [str(fault) for fault in plan.faults] == [
        "line 2, column Until, End: the shift ends before it begins; right is an end after the beginning"
    ]
    too_long = read_plan(read_mapping(text), content.replace("03/02/2026\n", "03/09/2026\n").encode(), SPAN)
    assert "at most 72 hours" in str(too_long.faults[0])


def test_what_is_no_longer_on_the_books_is_refused() -> None:
    books = Books({"ana"}, {"crisis-1"})
    said = faults(
        "7,Ben,Okafor,Crisis 1,Regular,03/02/2026,07:00,19:00",
        "8,Ana,Silva,Crisis 2,Regular,03/02/2026,07:00,19:00",
        books=books,
    )
    assert ["'ben' is not on the books" in said[0], "'crisis-2' is not on the books" in said[1]] == [True, True]


def test_only_shifts_that_begin_in_the_time_are_imported() -> None:
    span = Span(at("2026-03-02T13:30Z"), at("2026-03-04T13:00Z"))
    plan = imported(
        "7,Ana,Silva,Crisis 1,Regular,03/02/2026,07:00,19:00",  # runs already
        "8,Ana,Silva,Crisis 1,Regular,03/03/2026,07:00,19:00",
        "9,Ana,Silva,Crisis 1,Regular,03/04/2026,07:00,19:00",
        span=span,
    )
    assert [row.key for row in plan.rows] == ["8"]
    assert plan.left_out == {
        "it has begun, and stays as it stands here: change it by hand, or plan it": 1,
        "it begins outside of the time that is imported": 1,
    }


def test_an_empty_row_of_a_spreadsheet_is_no_shift_and_no_fault() -> None:
    plan = imported("7,Ana,Silva,Crisis 1,Regular,03/02/2026,07:00,19:00", ",,,,,,,", ", ,,,,,,", "")
    assert ([row.key for row in plan.rows], plan.faults) == (["7"], [])


def test_more_people_than_a_team_has_places_are_refused() -> None:
    text = SPREADSHEET.read_text().replace("[people]", "[people]\n" + "\n".join(f'"P {n}" = "p{n}"' for n in range(9)))
    rows = (f"{n},P,{n},Crisis 2,Regular,03/02/2026,07:00,19:00" for n in range(9))
    plan = read_plan(read_mapping(text), "\n".join((HEAD, *rows)).encode(), SPAN)
    assert plan.rows == []
    assert "9 people are on one shift of crisis-2; right is at most 8" in str(plan.faults[0])


@pytest.mark.scenario("roster")
@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", "no column"),
        (b"<!DOCTYPE html><html>Sign in</html>\n", "no column"),
        (HEAD.replace("Unit", "Team").encode(), "no column Unit; there are Shift ID"),
        (HEAD.replace(",", ";").encode(), "is one column with semicolons in it"),
        (f"{HEAD}\n7,Jos\xe9,Silva".encode("latin-1"), "is not in utf-8"),
        (b"x" * (MAX_BYTES + 1), "has more than 1,000,000 bytes"),
    ],
)
def test_a_file_that_is_another_is_refused_as_a_whole(content: bytes, fault: str) -> None:
    with pytest.raises(MappingRefused, match=fault.replace("(", r"\(")):
        read_plan(mapped(), content, SPAN)


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        ('time        = "%m/%d/%Y %H:%M"', "", "time is needed of a CSV"),
        ('time        = "%m/%d/%Y %H:%M"', 'time = "%H:%M"', "says no year"),
        ('"America/Chicago"', '"Central"', "'Central' is no time zone"),
        ('"America/Chicago"', '"EST"', "'EST' has no summer time"),
        ('team   = "Unit"', "", "say either which team all of it is for"),
        ('source      = "scheduling"', 'source = "a b"', "source: "),
        ('"Ana Silva"   = "ana"', '"Ana Silva" = "ana"\n"ANA SILVA" = "ana-2"', "stands twice, for ana and for ana-2"),
        ('"Regular" = "on-shift"', '"Regular" = "off"', "duties.Regular"),
        ("[leave_out]", "[leaves]", "leaves"),
        ('format      = "csv"', 'format = "ics"', "[event] is needed of a calendar"),
    ],
)
def test_a_mapping_that_cannot_be_meant_is_refused(before: str, after: str, fault: str) -> None:
    text = SPREADSHEET.read_text()
    assert before in text
    with pytest.raises(MappingRefused) as refused:
        read_mapping(text.replace(before, after))
    assert fault in str(refused.value)
