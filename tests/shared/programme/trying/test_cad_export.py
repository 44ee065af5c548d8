"""A flat CAD export becomes calls by its mapping document, or is refused with line and column."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from deploy.demo.scenarios import replay
from deploy.local.kafka.node import CHECKOUT
from services.intake.flat import FlatCall
from shared.call import Name
from shared.engine.state import PMap
from shared.programme import Phase, judge, read
from shared.programme.judging.programme import Switchboard
from shared.programme.judging.surroundings import ALONE
from shared.programme.trying.cad_export import Row, read_export, rows
from shared.programme.trying.export_document import CallMapping, MappingRefused, read_mapping

SAN_DIEGO = CHECKOUT / "deploy" / "mappings" / "san-diego.toml"
HEAD = '"incident_num","date_time","call_type","disposition","beat","priority"'
ROW = '"E1","2023-01-02 10:00:05","5150","K","523","2"'


@pytest.fixture
def mapping() -> CallMapping:
    return read_mapping(SAN_DIEGO.read_text())


def read_lines(mapping: CallMapping, *lines: str) -> list[Row]:
    return list(rows(mapping, (HEAD, *lines)))


def test_a_row_becomes_a_call(mapping: CallMapping) -> None:
    (row,) = read_lines(mapping, ROW)
    assert row.line == 2
    assert row.created_at == datetime(2023, 1, 2, 18, 0, 5, tzinfo=UTC)
    assert row.body == {
        "event_id": "E1-1",
        "agency": "san-diego",
        "source": "sdpd",
        "incident_id": "E1",
        "created_at": "2023-01-02T18:00:05+00:00",
        "updated_at": "2023-01-02T18:00:05+00:00",
        "call_type": {"system": "sdpd", "code": "5150"},
        "priority": "2",
        "district": "Central",
        "beat": "523",
    }
    assert row.end_body() is None


@pytest.mark.parametrize(
    ("written", "value", "instant"),
    [
        ("%Y-%m-%d %H:%M:%S", "2023-01-24 24:00:00", datetime(2023, 1, 25, 8, 0, tzinfo=UTC)),
        ("%m/%d/%y %H:%M", "12/31/24 24:00", datetime(2025, 1, 1, 8, 0, tzinfo=UTC)),
        ("%Y%m%d%H%M", "202402292400", datetime(2024, 3, 1, 8, 0, tzinfo=UTC)),
        ("%Y-%m-%dT%H:%M:%S%z", "2023-01-02T24:00:00+0200", datetime(2023, 1, 2, 22, 0, tzinfo=UTC)),
    ],
)
def test_the_end_of_a_day_is_the_beginning_of_the_next(
    mapping: CallMapping, written: str, value: str, instant: datetime
) -> None:
    """ISO 8601 has it so; one such row refused the export."""
    mapping = mapping.model_copy(update={"time": written})
    (row,) = read_lines(mapping, ROW.replace("2023-01-02 10:00:05", value))
    assert row.created_at == instant


@pytest.mark.parametrize(
    "value", ["2023-01-02 24:00:01", "2023-01-02 24:24:00", "2023-01-02 25:00:00", "9999-12-31 24:00:00"]
)
def test_no_other_time_is_after_the_last_hour_of_its_day(mapping: CallMapping, value: str) -> None:
    with pytest.raises(MappingRefused, match=f"'{value}' is no time; right is like %Y-%m-%d %H:%M:%S"):
        read_lines(mapping, ROW.replace("2023-01-02 10:00:05", value))


def test_what_intake_takes_is_what_the_mapping_makes(mapping: CallMapping) -> None:
    for row in read_lines(mapping, ROW, ROW.replace("E1", "E2").replace('"K"', '"CAN"')):
        for body in (row.body, row.end_body()):
            if body is not None:
                FlatCall.model_validate_json(json.dumps(body))


def test_a_disposition_ends_the_call_at_its_assumed_time(mapping: CallMapping) -> None:
    (row,) = read_lines(mapping, ROW.replace('"K"', '"DUP"'))
    end = row.end_body()
    assert end is not None
    assert (end["status"], end["event_id"]) == ("merged", "E1-end")
    assert end["updated_at"] == "2023-01-02T18:05:05+00:00"


def test_an_unknown_beat_and_no_code_stay_unknown(mapping: CallMapping) -> None:
    (row,) = read_lines(mapping, ROW.replace('"523"', '"-1"').replace('"5150"', '""'))
    assert row.body.keys().isdisjoint({"district", "beat", "call_type"})


def test_a_code_may_have_another_name() -> None:
    mapping = read_mapping(SAN_DIEGO.read_text().replace("[codes]", '[codes]\n"5150X" = "5150"'))
    (row,) = read_lines(mapping, ROW.replace("5150", "5150X"))
    assert row.body["call_type"]["code"] == "5150"


def test_no_code_of_the_export_is_taken_for_another(mapping: CallMapping) -> None:
    """DRUN looks like a drunk person cut short; the city's list says: homeland security checks."""
    (row,) = read_lines(mapping, ROW.replace("5150", "DRUN"))
    assert row.body["call_type"]["code"] == "DRUN"


@pytest.mark.parametrize(
    ("local", "ambiguous", "utc_hour"),
    [
        ("2023-03-12 01:59:59", "first", 9),  # before the clocks go forward: eight hours behind
        ("2023-03-12 03:00:00", "first", 10),  # after: seven
        ("2023-11-05 01:30:00", "first", 8),  # the hour that comes twice
        ("2023-11-05 01:30:00", "second", 9),
        ("2023-11-05 02:00:00", "first", 10),
    ],
)
def test_local_times_over_daylight_saving(mapping: CallMapping, local: str, ambiguous: str, utc_hour: int) -> None:
    of_kind = mapping.model_copy(update={"ambiguous": ambiguous})
    (row,) = read_lines(of_kind, ROW.replace("2023-01-02 10:00:05", local))
    assert row.created_at.hour == utc_hour


@pytest.mark.parametrize("value", ["[" * 3_000, "{ a = " * 3_000, "9" * 5_000, "\ud83d", ""])
def test_a_mapping_without_end_is_refused_like_any_other(value: str) -> None:
    with pytest.raises(MappingRefused, match="the mapping is"):
        read_mapping(f"x = {value}")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            ROW.replace("2023-01-02 10:00:05", "2023-03-12 02:30:00"),
            "line 3, column date_time: 2023-03-12 02:30:00 never was",
        ),
        (ROW.replace("2023-01-02", "02/01/2023"), "line 3, column date_time: .* is no time"),
        (ROW.replace('"523"', '"023"'), "line 3, column beat: beat '023' is in no district"),
        (ROW.replace('"2"', '"7"'), "line 3, column priority: '7' is no priority; right is 0, 1, 2"),
        (ROW.replace("E1", "E 1"), "line 3, column incident_num: .* no incident number"),
        (ROW.replace("E1", "E0"), "line 3, column incident_num: E0 stands in line 2 too"),
        (ROW + ',"more"', "line 3, column \\(all\\): the row has another number of fields"),
        ('"E1","2023-01-02 10:00:05"', "line 3, column \\(all\\): the row has another number of fields"),
    ],
)
def test_a_wrong_row_is_refused_with_line_and_column(mapping: CallMapping, line: str, message: str) -> None:
    with pytest.raises(MappingRefused, match=message):
        read_lines(mapping, ROW.replace("E1", "E0"), line)


def test_a_missing_column_is_named(mapping: CallMapping) -> None:
    with pytest.raises(MappingRefused, match="line 1: no column priority, beat"):
        list(rows(mapping, ('"incident_num","date_time","call_type","disposition"',)))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("America/Los_Angeles", "America/Los_Angels", "time_zone"),
        ("America/Los_Angeles", "localtime", "time_zone"),
        ('ambiguous = "first"', 'ambigous = "first"', "ambigous: no such field"),
        ('status = "cancelled"', 'status = "canceled"', "ends.CAN.status"),
        ("[columns]", "[columns", "no TOML"),
    ],
)
def test_a_wrong_document_is_refused_with_its_key(old: str, new: str, message: str) -> None:
    with pytest.raises(MappingRefused, match=message):
        read_mapping(SAN_DIEGO.read_text().replace(old, new, 1))


def test_rows_are_replayed_in_order_of_time(mapping: CallMapping, tmp_path: Path) -> None:
    export = tmp_path / "calls.csv"
    early = ROW.replace("E1", "E2").replace("10:00:05", "09:00:05")
    export.write_text(f"{HEAD}\n{ROW}\n{early}\n")
    assert [row.body["incident_id"] for row in read_export(mapping, export).rows] == ["E2", "E1"]
    scenario = replay(export, SAN_DIEGO, 3600)
    assert [sending.at_seconds for sending in scenario.sendings] == [0.0, 1.0]
    assert scenario.clocks(0.5).startswith("Mon 02 Jan 2023 09:30 there")


def test_an_empty_export_is_refused(mapping: CallMapping, tmp_path: Path) -> None:
    export = tmp_path / "calls.csv"
    export.write_text(HEAD + "\n")
    with pytest.raises(MappingRefused, match="holds no call"):
        read_export(mapping, export)


def test_5150_and_5150v_part_ways(mapping: CallMapping) -> None:
    programme = read((CHECKOUT / "deploy" / "programmes" / "san-diego-replay.toml").read_text())
    switchboard = Switchboard(phases=PMap[str, Phase]([("crisis-team/Central", "live")]))
    calm, violent = read_lines(mapping, ROW, ROW.replace("E1", "E2").replace("5150", "5150V"))
    judged = []
    for row in (calm, violent):
        call = FlatCall.model_validate_json(json.dumps(row.body)).version().call
        judged.append(judge(programme, switchboard, call, ALONE, call.updated_at))
    assert [one.suitability for one in judged] == ["suitable", "unsuitable"]
    assert ("violence", "in-progress", None) in [(one.fact, one.value, one.unknown) for one in judged[1].raised_by]


REPLAYED = CHECKOUT / "deploy" / "programmes" / "san-diego-replay.toml"


def test_d9_a_replay_plays_the_document_it_is_given_as_it_is(tmp_path: Path) -> None:
    """D9 to D12: any document, its own responses and phases, teams as asked for, ids without a district's name."""
    export, mapping, document = tmp_path / "calls.csv", tmp_path / "elsewhere.toml", tmp_path / "document.toml"
    export.write_text(f"{HEAD}\n{ROW}\n")
    mapping.write_text(SAN_DIEGO.read_text().replace("Central ", '"District 1" '))
    text = re.sub('"?Central"?', '"District 1"', REPLAYED.read_text())
    document.write_text(re.sub("(?<!-)crisis-team", "outreach", text))
    scenario = replay(export, mapping, 10, document, teams=3)
    assert {response for response, _ in scenario.phases} == {"outreach"}
    assert set(scenario.phases.values()) == {"live"}
    assert "District 1" in scenario.districts
    assert len([team for team in scenario.teams if team.districts == ("District 1",)]) == 3
    for team in scenario.teams:
        for name in (team.team_id, *team.members):
            TypeAdapter(Name).validate_python(name)
    notes = " ".join(scenario.notes)
    assert "3 teams" in notes
    assert "received time alone" in notes


def test_d11_a_replay_without_beats_has_districts_and_an_example(tmp_path: Path) -> None:
    export, mapping = tmp_path / "calls.csv", tmp_path / "elsewhere.toml"
    export.write_text(f"{HEAD}\n{ROW}\n")
    text = SAN_DIEGO.read_text()
    mapping.write_text(text[: text.index("[beats]")] + text[text.index("[ends]") :])
    scenario = replay(export, mapping, 10, REPLAYED)
    assert scenario.districts
    assert scenario.example(datetime(2023, 1, 2, tzinfo=UTC))["incident_id"] == "BY-HAND-1"


def test_d10_a_document_of_another_agency_or_a_wrong_one_is_refused(tmp_path: Path) -> None:
    export, document = tmp_path / "calls.csv", tmp_path / "document.toml"
    export.write_text(f"{HEAD}\n{ROW}\n")
    document.write_text("agency = 3")
    with pytest.raises(MappingRefused, match=r"document\.toml, line"):
        replay(export, SAN_DIEGO, 10, document)
    with pytest.raises(MappingRefused, match="madison-wi's"):
        replay(export, SAN_DIEGO, 10, CHECKOUT / "deploy" / "programmes" / "madison-wi.2021-09-01.toml")
