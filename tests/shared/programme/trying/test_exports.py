"""What cities' exports are really like, one kind a test: formats, times, several rows of a call, faults, and a look."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.intake.flat import FlatCall
from shared.programme.trying.cad_export import Export, read_export
from shared.programme.trying.export_document import CallMapping, File, MappingRefused, read_mapping, time_format
from shared.programme.trying.look import look_at

HEAD = """
agency = "a"
source = "s"
time_zone = "America/Chicago"
time = "%Y-%m-%d %H:%M"
ambiguous = "first"
code_system = "cad"
"""
COLUMNS = '[columns]\nincident_id = "id"\ncreated_at = "at"\ncode = "type"\n'


def mapping_of(text: str = "", columns: str = COLUMNS, **head: str) -> CallMapping:
    lines = [line for line in HEAD.splitlines() if line.partition(" ")[0] not in head]
    given = [f"{name} = {json.dumps(value)}" for name, value in head.items()]
    return read_mapping("\n".join([*lines, *given]) + "\n" + columns + text)


def export_of(tmp_path: Path, mapping: CallMapping, *lines: str, encoding: str = "utf-8") -> Export:
    path = tmp_path / "calls"
    path.write_bytes(("\n".join(lines) + "\n").encode(encoding))
    export = read_export(mapping, path)
    for row in export.rows:
        for body in (row.body, *row.later, row.end_body()):
            if body is not None:
                FlatCall.model_validate_json(json.dumps(body))
    return export


def faults_of(tmp_path: Path, mapping: CallMapping, *lines: str) -> tuple[str, ...]:
    with pytest.raises(MappingRefused) as refused:
        export_of(tmp_path, mapping, *lines)
    return refused.value.faults


@pytest.mark.parametrize(
    ("written", "what"),
    [
        ("%H:%M", "no year"),
        ("%A", "no year"),
        ("%M:%S.%f", "no year"),
        ("%Y", "no month"),
        ("%d %H:%M", "no year"),
        ("", "no year"),
        ("%Y-%m-%d", "no hour"),
        ("%Y-%m-%d %I:%M", "AM or PM"),
        ("%Y-%m-%d %H:%M %p", "hours to 24"),
        ("%c", "%c is not taken"),
        ("%Y-%m-%d %H:%M %Z", "%Z is not taken"),
        ("%Y-%m-%d %H:%M %", "% is not taken"),
    ],
)
def test_d1_a_format_that_does_not_say_when_is_refused(written: str, what: str) -> None:
    """D1, D2 and D3: year, month, day and hour."""
    with pytest.raises(MappingRefused, match=what):
        mapping_of(time=written)


DIRECTIVES = ["%Y", "%y", "%m", "%b", "%d", "%j", "%H", "%I", "%p", "%M", "%S", "%f", "%z", "%a"]


@given(st.lists(st.sampled_from(DIRECTIVES), unique=True, max_size=8))
def test_d1_a_format_that_is_taken_tells_times_a_day_apart(parts: list[str]) -> None:
    """D1: whatever is accepted can be written and read again to the hour."""
    written = " ".join(parts)
    try:
        taken = time_format(written)
    except ValueError:
        return
    if {"%H", "%I"} <= set(parts) or {"%Y", "%y"} <= set(parts) or {"%j"} & set(parts):
        return  # strptime itself has the say on what stands twice
    instant = datetime(2023, 11, 17, 22, 0, tzinfo=UTC)
    assert datetime.strptime(instant.strftime(written), taken).replace(tzinfo=UTC).replace(minute=0) == instant


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("%Y-%m-%dT%H:%M:%SZ", "2023-07-01T15:30:00Z"),
        ("%Y-%m-%d %H:%M:%S%z", "2023-07-01 10:30:00-0500"),
        ("%Y/%m/%d %H:%M:%S%z", "2023/07/01 17:30:00+02:00"),
        ("%m/%d/%Y %I:%M %p", "07/01/2023 10:30 AM"),
        ("epoch-seconds", "1688225400"),
        ("epoch-milliseconds", "1688225400000"),
        ("%Y-%m-%d %H:%M", " 2023-07-01 10:30 "),
    ],
)
def test_c9_a_time_is_read_by_what_it_says_of_its_zone(tmp_path: Path, written: str, value: str) -> None:
    """C9, D3 and D8: an offset, a Z, an epoch; blanks are no part of a value."""
    (row,) = export_of(tmp_path, mapping_of(time=written), "id, at ,type", f"1,{value},X").rows
    assert row.created_at == datetime(2023, 7, 1, 15, 30, tzinfo=UTC)


def test_c9_the_hour_that_spring_leaves_out_exists_with_an_offset(tmp_path: Path) -> None:
    mapping = mapping_of(time="%Y-%m-%d %H:%M%z")
    (row,) = export_of(tmp_path, mapping, "id,at,type", "1,2023-03-12 02:30-0600,X").rows
    assert row.created_at.hour == 8


def test_c8_a_column_that_stands_twice_is_refused(tmp_path: Path) -> None:
    assert faults_of(tmp_path, mapping_of(), "id,at,type,beat,type", "1,2023-01-01 10:00,A,B,C") == (
        "line 1: type stands twice, so nobody knows which is meant",
    )


def test_d6_what_intake_would_refuse_is_a_fault_with_its_line(tmp_path: Path) -> None:
    """D6 and D7: all faults in one run, each with its line."""
    faults = faults_of(
        tmp_path,
        mapping_of(),
        "id,at,type",
        f"{'x' * 121},2023-01-01 10:00,A",
        f"2,2023-01-01 10:00,{'C' * 201}",
        "3,9999-12-31 23:00,A",
        '4,"2023-01-01 10:00" x,A',
        "5,2023-01-01 10:00,A,B",
        "6,noon,A",
        "7,2023-03-12 02:30,A",
        "8,,A",
        "..,2023-01-01 10:00,A",
        "9\x1b[2J,2023-01-01 10:00,A",
    )
    assert [fault.partition(",")[0] for fault in faults] == [f"line {number}" for number in range(2, 12)]
    assert "column id" in faults[0]
    assert "column type" in faults[1]
    assert "never was" in faults[6]


def test_d7_faults_are_bounded(tmp_path: Path) -> None:
    with pytest.raises(MappingRefused, match="and 950 faults more"):
        export_of(tmp_path, mapping_of(), "id,at,type", *(f"{number},noon,A" for number in range(1000)))


def test_d8_unknown_takes_patterns_and_a_code_may_mean_none(tmp_path: Path) -> None:
    """D4 and D8."""
    text = (
        'beat = "beat"\n[codes]\nNULL = ""\nmntl = "MENTAL"\n'
        '[beats]\nunknown = ["-*", ""]\n[beats.districts]\nW = ["w?"]\n'
    )
    lines = ("id,at,type,beat", "1,2023-01-01 10:00,null,-9", "2,2023-01-01 10:00, MNTL ,W1")
    first, second = export_of(tmp_path, mapping_of(text), *lines).rows
    assert first.body.keys().isdisjoint({"call_type", "beat", "district"})
    assert (second.body["call_type"]["code"], second.body["district"]) == ("MENTAL", "W")


def test_d5_lines_of_the_mapping_that_nothing_needs_are_said(tmp_path: Path) -> None:
    text = (
        'beat = "beat"\ndisposition = "dispo"\n[codes]\nA = "B"\nOLD = "NEW"\n'
        '[beats]\n[beats.districts]\nWest = ["W*"]\nAll = ["W1", "E1"]\n'
        '[ends]\nCAN = { status = "cancelled", after_minutes = 5 }\n'
    )
    export = export_of(tmp_path, mapping_of(text), "id,at,type,beat,dispo", "1,2023-01-01 10:00,A,W1,X")
    assert export.remarks == [
        "[codes] 'OLD' fits no row",
        "[ends] 'CAN' fits no row",
        "[beats.districts.All] 'E1' fits no row",
        "beat W1 fits West and All: West was taken",
    ]


def test_two_columns_make_a_time_and_two_a_code(tmp_path: Path) -> None:
    columns = '[columns]\nincident_id = "id"\ncreated_at = ["date", "clock"]\ncode = ["type", "suffix"]\n'
    mapping = mapping_of(columns=columns)
    (row,) = export_of(tmp_path, mapping, "id,date,clock,type,suffix", "1,2023-01-01,10:00,5150,V").rows
    assert (row.created_at.hour, row.body["call_type"]["code"]) == (16, "5150V")


def test_a_call_that_is_not_over_has_the_day_that_it_shares_with_its_beginning_and_no_hour(tmp_path: Path) -> None:
    columns = '[columns]\nincident_id = "id"\ncreated_at = ["date", "clock"]\ncode = "type"\n'
    mapping = mapping_of(columns=columns + 'closed_at = ["date", "closed"]\n')
    lines = ("1,2023-01-01,10:00,A,11:00", "2,2023-01-01,10:30,A,", "3,2023-01-01,23:50,A,00:10")
    export = export_of(tmp_path, mapping, "id,date,clock,type,closed", *lines)
    assert [row.closed_at and row.closed_at.hour for row in export.rows] == [17, None, 6]
    assert export.remarks == [
        "1 row with closed_at before created_at: over midnight, or in the hour that autumn repeats?"
    ]


@pytest.mark.parametrize("name", ["dispatched_at", "arrived_at", "closed_at"])
def test_what_happened_before_the_call_came_is_remarked(tmp_path: Path, name: str) -> None:
    """01:30 and 01:10 of the night in which autumn repeats that hour: the call was over as it began."""
    mapping = mapping_of(columns=COLUMNS + f'{name} = "then"\n')
    export = export_of(tmp_path, mapping, "id,at,type,then", "1,2023-11-05 01:30,A,2023-11-05 01:10")
    (said,) = [remark for remark in export.remarks if "before created_at" in remark]
    assert said.startswith(f"1 row with {name} before")


def test_calls_that_were_merged_into_others_are_told(tmp_path: Path) -> None:
    ends = '[ends]\nDUP = { status = "merged" }\nCAN = { status = "cancelled" }\n'
    mapping = mapping_of(ends, COLUMNS + 'disposition = "dispo"\n')
    export = export_of(
        tmp_path,
        mapping,
        "id,at,type,dispo",
        *(f"{n},2023-01-01 10:00,A,{d}" for n, d in enumerate(("DUP", "CAN", "K"))),
    )
    assert export.remarks == ["1 row merged into others: each is counted beside the one that it repeats"]


def test_c7_a_row_a_unit_makes_one_call(tmp_path: Path) -> None:
    """C7: the earliest row is the call's, another code counts beside its own, the last to clear ends it."""
    columns = COLUMNS + 'arrived_at = "arrived"\nclosed_at = "closed"\n'
    mapping = mapping_of('[rows]\nof_a_call = "units"\n', columns)
    (row,) = export_of(
        tmp_path,
        mapping,
        "id,at,type,arrived,closed,unit",
        "1,2023-01-01 10:05,MENTAL,2023-01-01 10:20,2023-01-01 10:50,B",
        "1,2023-01-01 10:00,WELFARE,2023-01-01 10:10,2023-01-01 10:40,A",
    ).rows
    assert row.body["call_type"]["code"] == "WELFARE"
    assert row.body["further_types"] == [{"system": "cad", "code": "MENTAL"}]
    (arrival,) = row.later
    assert (arrival["units_on_scene"], arrival["updated_at"]) == (True, "2023-01-01T16:10:00+00:00")
    end = row.end_body()
    assert end is not None
    assert (end["status"], end["updated_at"]) == ("closed", "2023-01-01T16:50:00+00:00")


def test_a_number_whose_rows_begin_far_apart_is_remarked(tmp_path: Path) -> None:
    """Where numbers are given again, MENTAL in January got SHOTS FIRED of March beside it, and nothing was said."""
    mapping, head = mapping_of('[rows]\nof_a_call = "units"\n'), "id,at,type"
    first = ("7,2023-01-05 10:00,MENTAL", "7,2023-01-05 11:00,MENTAL", "8,2023-01-05 10:00,MENTAL")
    assert export_of(tmp_path, mapping, head, *first).remarks == []
    found = export_of(tmp_path, mapping, head, *first, "7,2023-03-09 10:00,SHOTS FIRED")
    assert found.remarks == ["1 number has rows that begin more than an hour apart: taken as one call each"]


def test_c7_without_such_a_line_two_rows_of_a_call_are_a_fault(tmp_path: Path) -> None:
    lines = ("id,at,type", "1,2023-01-01 10:00,A", "1,2023-01-01 10:00,B")
    (fault,) = faults_of(tmp_path, mapping_of(), *lines)
    assert fault.startswith("line 3, column id: 1 stands in line 2 too")
    assert "units" in fault


def test_versions_are_in_order_of_time(tmp_path: Path) -> None:
    mapping = mapping_of('[rows]\nof_a_call = "versions"\n', COLUMNS + 'updated_at = "updated"\n')
    (row,) = export_of(
        tmp_path,
        mapping,
        "id,at,type,updated",
        "1,2023-01-01 10:00,C,2023-01-01 10:09",
        "1,2023-01-01 10:00,A,2023-01-01 10:01",
        "1,2023-01-01 10:00,B,2023-01-01 10:05",
    ).rows
    assert [body["call_type"]["code"] for body in (row.body, *row.later)] == ["A", "B", "C"]
    assert len({body["event_id"] for body in (row.body, *row.later)}) == 3


@pytest.mark.parametrize("together", ["versions", "snapshots"])
def test_of_two_rows_of_one_instant_the_worse_code_counts(tmp_path: Path, together: str) -> None:
    """The one that stood last took the other's place: a violent code was gone from coverage and replay."""
    mapping = mapping_of(f'[rows]\nof_a_call = "{together}"\n', COLUMNS + 'updated_at = "updated"\n')
    lines = [f"1,2023-01-01 10:00,{code},2023-01-01 10:0{minute}" for minute, code in ((1, "V"), (1, "A"), (2, "A"))]
    (row,) = export_of(tmp_path, mapping, "id,at,type,updated", *lines, lines[-1]).rows
    codes = [[body["call_type"], *body.get("further_types", ())] for body in (row.body, *row.later)]
    assert [[one["code"] for one in each] for each in codes] == [["A", "V"], ["A"]]


def test_a_call_that_a_later_snapshot_does_not_list_is_closed(tmp_path: Path) -> None:
    mapping = mapping_of('[rows]\nof_a_call = "snapshots"\n', COLUMNS + 'updated_at = "seen"\n')
    gone, active = export_of(
        tmp_path,
        mapping,
        "id,at,type,seen",
        "1,2023-01-01 10:00,A,2023-01-01 10:05",
        "2,2023-01-01 10:01,A,2023-01-01 10:05",
        "2,2023-01-01 10:01,A,2023-01-01 10:10",
    ).rows
    end = gone.end_body()
    assert end is not None
    assert end["updated_at"] == "2023-01-01T16:10:00+00:00"
    assert active.end_body() is None


def test_rows_that_are_no_calls_for_help_are_left_out_and_counted(tmp_path: Path) -> None:
    text = '[rows]\nleave_out = { via = ["officer*"] }\ntake_only = { agency = ["PD"] }\n'
    lines = ("id,at,type,via,agency", "1,2023-01-01 10:00,A,Officer init,PD", "2,2023-01-01 10:00,A,911,FD")
    export = export_of(tmp_path, mapping_of(text), *lines, "3,2023-01-01 10:00,A,911,pd")
    assert [row.body["incident_id"] for row in export.rows] == ["3"]
    assert export.left_out == {"via is officer*": 1, "agency is none of PD": 1}


def test_rows_whose_time_lacks_its_half_of_the_day_are_left_out_where_the_document_says_so(tmp_path: Path) -> None:
    lines = ("id,at,type", "1,2023-01-01 10:00 AM,A", "2,2023-01-01 10:00,A")
    written = "%Y-%m-%d %I:%M %p"
    assert len(faults_of(tmp_path, mapping_of(time=written), *lines)) == 1
    export = export_of(tmp_path, mapping_of('[rows]\nunreadable_time = "leave-out"\n', time=written), *lines)
    assert (len(export.rows), export.left_out) == (1, {"its time cannot be read": 1})
    assert export.remarks == ["1 row left out: its time cannot be read"]


def test_what_a_database_writes_for_nothing_is_nothing_where_the_document_says_so(tmp_path: Path) -> None:
    """A call without an end has `NULL` for it, or a day of 1900: such calls were refused, or left out whole."""
    columns = COLUMNS + 'closed_at = "closed"\n'
    lines = ("id,at,type,closed", "1,2023-01-01 10:00,A,null", "2,2023-01-01 10:00,A,1900-01-01 00:00")
    assert len(faults_of(tmp_path, mapping_of(columns=columns), *lines)) == 2
    text = '[file]\nempty = ["NULL", "1900-01-01 00:00"]\n'
    rows = export_of(tmp_path, mapping_of(text, columns=columns), *lines, "3,2023-01-01 10:00,null,").rows
    assert [row.end_body() for row in rows] == [None] * 3
    assert "call_type" not in rows[2].body
    left = export_of(
        tmp_path, mapping_of('[rows]\nunreadable_time = "leave-out"\n', columns), *lines, "3,2023-01-01 10:00,A,"
    )
    assert left.left_out == {"its time cannot be read": 2}, "a year that cannot be is one, too, as a look says"


def test_a_row_without_an_id_gets_one_of_what_it_says(tmp_path: Path) -> None:
    mapping = mapping_of(columns='[columns]\ncreated_at = "at"\ncode = "type"\n')
    lines = ("at,type", "2023-01-01 10:00,A", "2023-01-01 10:00,B", "2023-01-01 10:00,B")
    export = export_of(tmp_path, mapping, *lines)
    assert len({row.body["incident_id"] for row in export.rows}) == 2
    assert "it stands there twice" in export.left_out
    assert [row.body for row in export_of(tmp_path, mapping, *lines).rows] == [row.body for row in export.rows]


def test_a_position_is_read_and_nought_nought_is_none(tmp_path: Path) -> None:
    columns = COLUMNS + 'latitude = "lat"\nlongitude = "lon"\n'
    lines = ("id,at,type,lat,lon", "1,2023-01-01 10:00,A,43.07,-89.4", "2,2023-01-01 10:00,A,0,0")
    first, second = export_of(
        tmp_path,
        mapping_of(columns=columns),
        *lines,
    ).rows
    assert first.body["position"] == {"latitude": 43.07, "longitude": -89.4}
    assert "position" not in second.body


RECORDS: list[dict[str, Any]] = [{"id": 7, "at": 1672588800000, "type": "é", "none": None}]


@pytest.mark.parametrize(
    ("file", "encoding", "lines"),
    [
        ('delimiter = ";"', "utf-8", ["id;at;type", "7;1672588800000;é"]),
        ('delimiter = "\\t"\nencoding = "utf-16"', "utf-16", ["id\tat\ttype", "7\t1672588800000\té"]),
        ('delimiter = "|"\nencoding = "cp1252"', "cp1252", ["id|at|type", "7|1672588800000|é"]),
        ("", "utf-8-sig", ["id,at,type", "7,1672588800000,é"]),
        ('format = "json-lines"', "utf-8", [json.dumps(RECORDS[0]), ""]),
        ('format = "arcgis-json"', "utf-8", [json.dumps({"features": [{"attributes": RECORDS[0]}]}, indent=1)]),
    ],
)
def test_every_way_to_write_a_file(tmp_path: Path, file: str, encoding: str, lines: list[str]) -> None:
    mapping = mapping_of(f"[file]\n{file}\n", time="epoch-milliseconds")
    (row,) = export_of(tmp_path, mapping, *lines, encoding=encoding).rows
    assert (row.body["incident_id"], row.body["call_type"]["code"]) == ("7", "é")
    assert row.created_at == datetime(2023, 1, 1, 16, tzinfo=UTC)


def test_a_position_may_be_a_features_geometry(tmp_path: Path) -> None:
    columns = COLUMNS + 'latitude = "y"\nlongitude = "x"\n'
    mapping = mapping_of('[file]\nformat = "arcgis-json"\n', columns, time="epoch-milliseconds")
    feature = {"attributes": RECORDS[0], "geometry": {"x": -89.4, "y": 43.07}}
    (row,) = export_of(tmp_path, mapping, json.dumps({"features": [feature]})).rows
    assert row.body["position"] == {"latitude": 43.07, "longitude": -89.4}


@pytest.mark.parametrize("written", ["csv", "json-lines", "arcgis-json"])
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=200) | st.text('id,at"\n\r{}[]:7-é\x00 ', max_size=60).map(str.encode))
def test_whatever_a_file_holds_it_is_read_or_refused_in_words(tmp_path: Path, written: str, content: bytes) -> None:
    path = tmp_path / "any"
    path.write_bytes(content)
    with contextlib.suppress(MappingRefused):
        read_export(mapping_of(f'[file]\nformat = "{written}"\n'), path)
    with contextlib.suppress(MappingRefused):
        look_at(path, File.model_validate({"format": written}))


def test_a_look_says_what_an_export_holds_and_its_mapping_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "calls.csv"
    rows = [
        f"E{n},01/{1 + n % 28:02}/2023 {1 + n % 12}:{n % 60:02} PM,{'MENTAL' if n % 3 else 'NOISE'},W{n % 4},{n % 4}"
        for n in range(60)
    ]
    path.write_text("\n".join(["incident_num,call_received,call_type,beat,priority", *rows]) + "\n")
    seen = look_at(path, File())
    assert {guess.meaning: guess.column for guess in seen.guesses} == {
        "created_at": "call_received",
        "incident_id": "incident_num",
        "code": "call_type",
        "beat": "beat",
        "priority": "priority",
    }
    assert all(guess.reason for guess in seen.guesses)
    assert seen.first is not None
    assert seen.first.startswith("2023-01-01")
    assert (sum(seen.by_hour), sum(seen.by_hour[12:])) == (60, 60)
    assert len(read_export(read_mapping(seen.mapping), path).rows) == 60


def seen_in(tmp_path: Path, *lines: str) -> tuple[dict[str, str], str, CallMapping]:
    """What a look takes the columns for, why, and the mapping that it writes."""
    path = tmp_path / "seen.csv"
    path.write_text("\n".join(lines) + "\n")
    seen = look_at(path, File())
    reasons = " ".join(guess.reason for guess in seen.guesses)
    return {guess.meaning: guess.column for guess in seen.guesses}, reasons, read_mapping(seen.mapping)


@pytest.mark.parametrize("midnight", ["T00:00:00", " 00:00", " 12:00:00 AM", "T00:00:00.000Z", ""])
def test_d2_a_day_that_is_written_as_a_midnight_is_no_time(tmp_path: Path, midnight: str) -> None:
    rows = [f"{n},2023-01-{1 + n % 28:02}{midnight},{n % 24:02}{n % 60:02},A" for n in range(40)]
    found, _, mapping = seen_in(tmp_path, "num,day,clock,type", *rows)
    assert (found["created_at"], mapping.columns.created_at) == ("day", ["day", "clock"])
    hours = [row.body["created_at"] for row in export_of(tmp_path, mapping, "num,day,clock,type", *rows).rows]
    assert len(set(hours)) == 40


def test_d2_calls_that_all_came_at_midnight_are_refused(tmp_path: Path) -> None:
    rows = [f"{n},2023-01-{1 + n:02} 00:00,A" for n in range(12)]
    (fault,) = faults_of(tmp_path, mapping_of(), "id,at,type", *rows)
    assert fault.startswith("column at: is a day without its hour")
    assert len(export_of(tmp_path, mapping_of(), "id,at,type", *rows, "99,2023-01-01 00:01,A").rows) == 13
    assert len(export_of(tmp_path, mapping_of(), "id,at,type", *rows[:3]).rows) == 3, "so few may have"


def test_a_look_passes_over_columns_without_a_name(tmp_path: Path) -> None:
    """Spreadsheets end each line with commas: no column "stood twice", and nothing was to be seen."""
    path = tmp_path / "export.csv"
    path.write_text("num,received,type,,\n1,2023-01-01 10:00,MENTAL,,\n2,2023-01-01 11:00,MENTAL,,\n")
    seen = look_at(path, File())
    assert ([column.name for column in seen.columns], seen.rows) == (["num", "received", "type"], 2)


def test_a_look_tells_how_many_times_lack_their_half_of_the_day(tmp_path: Path) -> None:
    rows = [f"{n},01/{1 + n:02}/2023 10:{n:02}{' AM' if n % 5 else ''},A" for n in range(20)]
    found, reasons, mapping = seen_in(tmp_path, "num,received,type", *rows)
    assert (found["created_at"], mapping.time) == ("received", "%m/%d/%Y %I:%M %p")
    assert "4 of 20 values are not like %m/%d/%Y %I:%M %p, as 01/01/2023 10:00: " in reasons
    assert len(faults_of(tmp_path, mapping, "num,received,type", *rows)) == 4


@pytest.mark.parametrize(
    ("column", "of_a_call"), [("unit", "units"), ("last_updated", "versions"), ("as_of", "snapshots")]
)
def test_a_look_takes_rows_of_one_number_and_time_for_one_call(tmp_path: Path, column: str, of_a_call: str) -> None:
    rows = [
        f"{'LOW' if n % 2 else 'HIGH'},E{n},2023-01-01 10:{n:02}," + (f"E{part}" if column == "unit" else
        f"2023-01-01 11:{n % 10 + part:02}") for n in range(20) for part in range(1 + n % 3)
    ]  # fmt: skip
    found, _, mapping = seen_in(tmp_path, f"call_type,incident_num,received,{column}", *rows)
    assert (found["incident_id"], mapping.rows.of_a_call) == ("incident_num", of_a_call)
    assert len(export_of(tmp_path, mapping, f"call_type,incident_num,received,{column}", *rows).rows) == 20


@pytest.mark.parametrize(
    ("content", "right"),
    [
        (
            "id,at,type\n1,2023-01-01 10:00,é\n".encode("cp1252"),
            "is not in utf-8; say which encoding it is in, utf-16 or",
        ),
        (
            "id,at,type\n1,2023-01-01 10:00,é\n".encode("utf-16"),
            "is not in utf-8; say which encoding it is in, utf-16 or",
        ),
        (b"id;at;type\n1;2023-01-01 10:00;A\n", "line 1: is one column with semicolons in it; say the delimiter"),
        (b"id\tat\ttype\n", "line 1: is one column with tabs in it; say the delimiter"),
        (
            b'{"id": 1, "at": "2023-01-01 10:00", "type": "A"}\n',
            "line 1: looks like JSON; say the format, json-lines or",
        ),
    ],
)
def test_a_file_of_another_kind_is_told_from_a_wrong_one(tmp_path: Path, content: bytes, right: str) -> None:
    path = tmp_path / "calls.csv"
    path.write_bytes(content)
    for reads in (lambda: look_at(path, File()), lambda: read_export(mapping_of(), path)):
        with pytest.raises(MappingRefused) as refused:
            reads()
        assert right in refused.value.faults[0]


def test_every_time_of_a_call_in_a_column_of_its_own(tmp_path: Path) -> None:
    """Created, dispatched, arrived, closed, updated: what they say of the call, and what only of the city's pace."""
    names = ("updated_at", "dispatched_at", "arrived_at", "closed_at")
    columns = COLUMNS + "".join(f'{name} = "{name}"\n' for name in names)
    head = ",".join(("id", "at", "type", *names))
    times = ",".join(f"2023-01-01 {clock}" for clock in ("10:02", "10:04", "10:20", "11:00"))
    export = export_of(tmp_path, mapping_of(columns=columns), head, f"1,2023-01-01 10:00,A,{times}")
    (row,) = export.rows
    end = row.end_body()
    said = [row.body["created_at"], row.body["updated_at"], row.later[0]["updated_at"], end and end["updated_at"]]
    assert said == [f"2023-01-01T1{hour}:00+00:00" for hour in ("6:00", "6:02", "6:20", "7:00")]
    assert ("units_on_scene" in row.body, row.later[0]["units_on_scene"]) == (False, True)
    assert "half of the rows were dispatched within 4.0 min" in export.remarks
