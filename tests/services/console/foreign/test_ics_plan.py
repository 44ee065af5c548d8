"""A calendar that another tool publishes becomes shifts: its folds, zones, series and what was changed in them."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deploy.local.kafka.node import CHECKOUT
from services.console.foreign.ics_lines import MAX_EVENTS
from services.console.foreign.mapping import RotaMapping, read_mapping
from services.console.foreign.plan import MAX_BYTES, Span
from services.console.foreign.rows import Import, Row, read_plan
from shared.programme.trying.export_document import MappingRefused

CALENDAR = CHECKOUT / "deploy" / "mappings" / "rota-calendar.toml"
SPAN = Span(datetime(2026, 2, 20, tzinfo=UTC), datetime(2026, 5, 21, tzinfo=UTC))
NIGHT = """
SUMMARY:Ana Silva - Crisis nights
DTSTART;TZID=America/New_York:20260302T190000
DTEND;TZID=America/New_York:20260303T070000
"""
NIGHTLY = f"{NIGHT}RRULE:FREQ=DAILY;COUNT=5\n"


def mapped(**changes: object) -> RotaMapping:
    return read_mapping(CALENDAR.read_text()).model_copy(update=changes)


def event(text: str = NIGHT, *more: str, uid: str = "7@tool") -> str:
    lines = ["BEGIN:VEVENT", f"UID:{uid}", *text.strip().splitlines(), *more, "END:VEVENT"]
    return "\r\n".join(lines)


def calendar(*events: str, head: str = "VERSION:2.0") -> bytes:
    return "\r\n".join(("BEGIN:VCALENDAR", head, *events, "END:VCALENDAR", "")).encode()


def imported(*events: str, mapping: RotaMapping | None = None, span: Span = SPAN) -> Import:
    return read_plan(mapping or mapped(), calendar(*events), span)


def shifts(*events: str, mapping: RotaMapping | None = None, span: Span = SPAN) -> list[Row]:
    plan = imported(*events, mapping=mapping, span=span)
    assert plan.faults == []
    return plan.rows


def faults(*events: str) -> list[str]:
    return [str(fault) for fault in imported(*events).faults]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.scenario("roster")
def test_an_event_is_a_shift() -> None:
    (shift,) = shifts(event())
    assert shift == Row(
        "7@tool", "crisis-1", "on-call", at("2026-03-03T00:00Z"), at("2026-03-03T12:00Z"), ("ana",), ("",)
    )


@pytest.mark.scenario("roster")
def test_a_fold_within_a_letter_loses_nobody() -> None:
    mapping = mapped(people={"Zoë Grün": "zoe"})
    whole = calendar(event(NIGHT.replace("Ana Silva", "Zoë Grün")))
    middle = whole.index("ë".encode()) + 1
    folded = whole[:middle] + b"\r\n " + whole[middle:]
    assert read_plan(mapping, folded, SPAN) == read_plan(mapping, whole, SPAN)
    assert read_plan(mapping, folded, SPAN).rows[0].people == ("zoe",)


@settings(max_examples=25)
@given(st.sets(st.integers(min_value=20, max_value=600), max_size=30), st.sampled_from([b"\r\n ", b"\n\t", b"\n "]))
def test_wherever_lines_are_folded_the_shifts_are_the_same(places: set[int], fold: bytes) -> None:
    whole = calendar(event(NIGHTLY), event(uid="8@tool"))
    folded = bytearray()
    for place, byte in enumerate(whole):
        if place in places and whole[place - 1] not in b"\r\n" and byte not in b"\r\n":
            folded += fold
        folded.append(byte)
    assert read_plan(mapped(), bytes(folded), SPAN) == read_plan(mapped(), whole, SPAN)


@pytest.mark.scenario("roster")
@pytest.mark.parametrize(
    "named",
    [
        "America/New_York",
        "Eastern Standard Time",  # as Outlook names it
        '"Eastern Standard Time"',
        "/citadel.org/20070227_1/America/New_York",
        "Headquarters",  # explained in the mapping
    ],
)
def test_a_zone_is_known_by_the_names_that_tools_have_for_it(named: str) -> None:
    assert shifts(event(NIGHT.replace("America/New_York", named))) == shifts(event())


@pytest.mark.scenario("roster")
def test_a_zone_without_summer_time_is_nobodys_clocks_unless_the_mapping_says_whose() -> None:
    """A tool that writes EST means the East: a night in April stood an hour late, and nobody heard so."""
    text = NIGHT.replace("America/New_York", "EST").replace("202603", "202604")
    (said, *_) = faults(event(text))
    assert said.startswith("line 6, DTSTART: 'EST' has no summer time; right is one of the time-zone database")
    (shift,) = shifts(event(text), mapping=mapped(zones={"EST": "America/New_York"}))
    assert shift.starts_at == at("2026-04-02T23:00Z")


@pytest.mark.scenario("roster")
def test_a_zone_that_nobody_knows_is_refused_and_what_the_file_says_of_its_hours_is_not_taken() -> None:
    zone = "BEGIN:VTIMEZONE\r\nTZID:Customized Time Zone\r\nBEGIN:STANDARD\r\nTZOFFSETTO:-0500\r\nEND:STANDARD\r\n"
    text = NIGHT.replace("America/New_York", "Customized Time Zone")
    (said,) = faults(zone + "END:VTIMEZONE", event(text))
    assert said.startswith("line 12, DTSTART: 'Customized Time Zone' is no time zone that is known here")
    assert "[zones]" in said


@pytest.mark.scenario("roster")
def test_floating_times_are_on_the_clocks_of_the_mapping() -> None:
    floating = event(NIGHT.replace(";TZID=America/New_York", ""))
    assert shifts(floating) == shifts(event())
    chicago = shifts(floating, mapping=mapped(time_zone="America/Chicago"))
    assert chicago[0].starts_at == at("2026-03-03T01:00Z")
    plan = read_plan(mapped(), calendar(floating, head="X-WR-TIMEZONE:Europe/Paris"), SPAN)
    assert plan.remarks == [
        "the calendar is of Europe/Paris, and times without a zone are read as America/New_York",
    ]


@pytest.mark.scenario("roster")
@pytest.mark.parametrize("zone", ["America/Chicago", "Europe/Berlin", "Australia/Sydney", "America/St_Johns"])
@pytest.mark.parametrize("begins", ["20260227", "20260915"])
def test_a_series_keeps_its_hours_when_the_clocks_change(zone: str, begins: str) -> None:
    text = NIGHT.replace("America/New_York", zone).replace("20260302", begins).replace("20260303", f"{int(begins) + 1}")
    day = text.replace("190000", "070000").replace(f"{int(begins) + 1}T070000", f"{begins}T190000")
    begin = datetime.fromisoformat(begins).replace(tzinfo=UTC)
    span = Span(begin - timedelta(days=2), begin + timedelta(days=60))
    rule = "RRULE:FREQ=DAILY;COUNT=50"
    plan = shifts(event(text, rule), event(day, rule, uid="8@tool"), span=span)
    clocks = {f"{row.starts_at.astimezone(ZoneInfo(zone)):%H:%M}" for row in plan}
    assert (len(plan), clocks) == (100, {"07:00", "19:00"})
    assert [row.ends_at for row in plan[:-1]] == [row.starts_at for row in plan[1:]]
    hours = {(row.ends_at - row.starts_at).total_seconds() / 3600 for row in plan}
    assert len(hours) == 2  # one night has another length


@pytest.mark.scenario("roster")
def test_a_shift_at_an_hour_that_the_clocks_skip_is_not_lost() -> None:
    text = NIGHTLY.replace("20260302T190000", "20260306T023000").replace("20260303T070000", "20260306T103000")
    starts = [row.starts_at for row in shifts(event(text))]
    assert starts[1:3] == [at("2026-03-07T07:30Z"), at("2026-03-08T07:00Z")]  # at 03:00, when it becomes light earlier
    assert len(starts) == 5


@pytest.mark.scenario("roster")
def test_a_length_is_meant_on_the_wall() -> None:
    text = "SUMMARY:Ana Silva - Crisis nights\nDTSTART;TZID=America/New_York:20260307T190000\nDURATION:PT12H"
    (night,) = shifts(event(text))
    assert night.ends_at == at("2026-03-08T11:00Z")  # 07:00, eleven hours later


@pytest.mark.parametrize(("ends", "meant"), [("20260303T045900", "05:00"), ("20260302T235900", "23:59")])
@pytest.mark.parametrize("written", [":{}Z", ";TZID=UTC:{}"])
def test_midnight_is_that_of_the_plan_where_an_event_stands_in_utc(written: str, ends: str, meant: str) -> None:
    text = NIGHT.replace(";TZID=America/New_York:20260302T190000", written.format("20260302T170000")).replace(
        ";TZID=America/New_York:20260303T070000", written.format(ends)
    )
    (shift,) = shifts(event(text), mapping=mapped(time_zone="America/New_York"))
    assert f"{shift.ends_at:%H:%M}" == meant


@pytest.mark.scenario("roster")
@pytest.mark.parametrize("written", [":{}Z", ";TZID=UTC:{}", ";TZID=Etc/UTC:{}"])
def test_a_series_in_utc_is_taken_as_it_says_and_remarked_on(written: str) -> None:
    text = NIGHTLY.replace(";TZID=America/New_York:20260302T190000", written.format("20260306T000000")).replace(
        ";TZID=America/New_York:20260303T070000", written.format("20260306T120000")
    )
    plan = imported(event(text))
    assert {row.starts_at.hour for row in plan.rows} == {0}
    assert plan.remarks == [
        "1 series stand in UTC: their hours move when the clocks change; right is a time zone (TZID) with each"
    ]


@pytest.mark.scenario("roster")
@pytest.mark.parametrize(
    "struck_out",
    [
        "EXDATE;TZID=America/New_York:20260303T190000,20260305T190000",
        "EXDATE:20260304T000000Z\r\nEXDATE:20260306T000000Z",
        "EXDATE;VALUE=DATE:20260303,20260305",
        "EXDATE;TZID=Eastern Standard Time:20260303T190000,20260305T190000",
    ],
)
def test_what_is_struck_out_of_a_series_is_no_shift(struck_out: str) -> None:
    days = [row.starts_at.astimezone(ZoneInfo("America/New_York")).day for row in shifts(event(NIGHTLY, struck_out))]
    assert days == [2, 4, 6]


def test_what_is_added_to_a_series_is_a_shift() -> None:
    added = shifts(event(NIGHTLY, "RDATE;TZID=America/New_York:20260310T200000"))
    assert added[-1].starts_at == at("2026-03-11T00:00Z")
    assert len(added) == 6
    (said,) = faults(event(NIGHTLY, "RDATE;VALUE=PERIOD:20260310T200000Z/PT8H"))
    assert "RDATE: lists periods" in said


@pytest.mark.scenario("roster")
@pytest.mark.parametrize(
    "meant",
    [
        "RECURRENCE-ID;TZID=America/New_York:20260304T190000",
        "RECURRENCE-ID:20260305T000000Z",
        "RECURRENCE-ID;VALUE=DATE:20260304",
    ],
)
def test_a_moved_occurrence_keeps_its_key(meant: str) -> None:
    moved = event(NIGHT.replace("20260302T19", "20260304T21").replace("20260303", "20260305"), meant)
    before, after = shifts(event(NIGHTLY)), shifts(event(NIGHTLY), moved)
    assert [row.key for row in after] == [row.key for row in before]
    changed = [(row.key, row.starts_at) for row in after if row not in before]
    assert changed == [("7@tool/20260305T0000Z", at("2026-03-05T02:00Z"))]


@pytest.mark.scenario("roster")
@pytest.mark.parametrize("text", [f"{NIGHT}STATUS:CANCELLED", NIGHT.replace("Ana Silva - Crisis nights", "Vacation")])
def test_an_occurrence_that_was_cancelled_does_not_come_back(text: str) -> None:
    plan = imported(event(NIGHTLY), event(text, "RECURRENCE-ID;TZID=America/New_York:20260302T190000"))
    assert [row.starts_at.day for row in plan.rows] == [4, 5, 6, 7]  # in UTC
    assert sum(plan.left_out.values()) == 1


def test_an_occurrence_may_be_moved_into_the_time_and_out_of_it() -> None:
    span = Span(at("2026-03-04T00:00Z"), at("2026-03-10T00:00Z"))
    into = event(
        NIGHT.replace("20260302", "20260308").replace("20260303", "20260309"), "RECURRENCE-ID:20260303T000000Z"
    )
    out = event(NIGHT.replace("20260302", "20260402").replace("20260303", "20260403"), "RECURRENCE-ID:20260305T000000Z")
    days = [row.starts_at.day for row in shifts(event(NIGHTLY), into, out, span=span)]
    assert days == [4, 6, 7, 8]


@pytest.mark.scenario("roster")
@pytest.mark.parametrize(
    "times",
    [
        "DTSTART;VALUE=DATE:20260306\nDTEND;VALUE=DATE:20260320",
        "DTSTART;TZID=Nowhere:20260306T080000\nDURATION:P3W",
        "DTSTART;TZID=America/New_York:20260306T080000\nDURATION:PT1H\nRRULE:FREQ=HOURLY",
    ],
)
def test_what_is_left_out_is_no_shift_however_long_or_often_it_is(times: str) -> None:
    """Two weeks of leave, which the mapping leaves out, had the whole calendar refused."""
    leave = event(f"SUMMARY:Ana Silva vacation\n{times}", uid="leave@tool")
    plan = imported(leave, event())
    assert plan.faults == []
    assert [row.key for row in plan.rows] == ["7@tool"]
    assert plan.left_out == {"SUMMARY is *vacation*": 1}


@pytest.mark.scenario("roster")
def test_a_shift_that_has_begun_is_told_of_for_it_stays_as_it_stands() -> None:
    """Who has the night that runs when a plan is imported first is planned by nobody else."""
    span = Span(at("2026-03-04T03:00Z"), at("2026-03-10T00:00Z"))
    plan = imported(event(NIGHTLY), span=span)
    assert [row.starts_at.day for row in plan.rows] == [5, 6, 7]
    assert plan.left_out == {"it has begun, and stays as it stands here: change it by hand, or plan it": 1}


@pytest.mark.scenario("roster")
def test_what_is_cancelled_is_no_shift() -> None:
    plan = imported(event(NIGHT, "STATUS:CANCELLED"), event(NIGHTLY, "STATUS:CANCELLED", uid="8@tool"))
    assert (plan.rows, plan.faults, plan.left_out) == ([], [], {"it is cancelled": 2})


@pytest.mark.scenario("roster")
def test_a_whole_day_is_a_shift_from_the_hour_that_the_mapping_names() -> None:
    day = "SUMMARY:Telehealth: Ben Okafor\nDTSTART;VALUE=DATE:20260307"
    (shift,) = shifts(event(day))
    assert (shift.starts_at, shift.ends_at) == (at("2026-03-07T12:00Z"), at("2026-03-08T11:00Z"))
    (weekend,) = shifts(event(day, "DTEND;VALUE=DATE:20260309"))
    assert weekend.ends_at == at("2026-03-09T11:00Z")
    plan = imported(event(day), mapping=mapped(day_begins=None))
    assert plan.rows == []
    assert "line 6, DTSTART: is a whole day" in str(plan.faults[0])
    assert 'day_begins = "07:00"' in str(plan.faults[0])


@pytest.mark.scenario("roster")
def test_attendees_are_people_who_have_not_declined() -> None:
    text = CALENDAR.read_text().replace("[teams]", "[teams_]")
    text = text.replace('summary = ["{person} - {team}", "{team}: {person}"]', 'attendee = "{person}"')
    text = text[: text.index("[teams_]")] + '[leave_out]\nSUMMARY = ["Lunch"]\n'
    mapping = read_mapping(text.replace("duty  ", 'team = "telehealth"\nduty  ').replace('"Ben Okafor"', '"ben@city"'))
    people = (
        "ATTENDEE;CN=Ana Silva;PARTSTAT=ACCEPTED:mailto:ana@city",
        "ATTENDEE;PARTSTAT=NEEDS-ACTION:MAILTO:Ben@city",
        "ATTENDEE;CN=Chris Lund;PARTSTAT=DECLINED:mailto:chris@city",
        "ATTENDEE;CN=Room 4;CUTYPE=ROOM:mailto:room4@city",
    )
    (shift,) = shifts(event(NIGHT, *people), mapping=mapping)
    assert (shift.team_id, shift.people) == ("telehealth", ("ana", "ben"))
    (nobody,) = shifts(event(NIGHT, people[2]), mapping=mapping)
    assert (nobody.people, nobody.needs) == ((), ("",))


@pytest.mark.scenario("roster")
def test_several_names_in_one_event_are_several_people() -> None:
    (shift,) = shifts(event(NIGHT.replace("Ana Silva", "Ben Okafor & ana silva")))
    assert (shift.people, shift.needs) == (("ana", "ben"), ("", ""))
    plan = imported(event(NIGHT.replace("Ana Silva", "Ana Silva & Zed")))
    assert [str(fault) for fault in plan.faults] == [
        "line 3, SUMMARY: 'Zed' is nobody in [people]; right is a name that stands there"
    ]
    assert [(row.people, len(row.needs)) for row in plan.rows] == [(("ana",), 2)]


@pytest.mark.scenario("roster")
@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (NIGHT.replace("Ana Silva - ", ""), "line 5, SUMMARY: 'Crisis nights' fits no pattern of the mapping"),
        (NIGHT.replace("DTEND;TZID=America/New_York:20260303T070000", ""), "DTEND: is missing"),
        (NIGHT.replace("20260303T070000", "20260302T070000"), "DTEND: the shift ends before it begins"),
        (NIGHT.replace("20260302T190000", "20260230T190000"), "DTSTART: '20260230T190000' never is"),
        (NIGHT.replace("20260302T190000", "tomorrow"), "DTSTART: 'tomorrow' is no time"),
        (NIGHTLY.replace("DAILY", "SECONDLY"), "RRULE: SECONDLY is too often for shifts"),
        (NIGHTLY.replace("COUNT=5", "BYHOUR=7,19"), "RRULE: BYHOUR is not taken"),
        (NIGHTLY.replace("COUNT=5", "UNTIL=soon"), "RRULE: is no rule"),
        (NIGHTLY.replace("RRULE:", "RRULE:FREQ=WEEKLY\nRRULE:"), "RRULE: stands more than once"),
        (f"{NIGHT}RECURRENCE-ID;RANGE=THISANDFUTURE:20260302T190000", "RECURRENCE-ID: changes the rest of a series"),
        (f"{NIGHT}BROKEN", "VEVENT: is no line of a calendar"),
        (f"{NIGHT}X-LONG:{'x' * 70_000}", "VEVENT: is longer than 65,536 bytes"),
    ],
)
def test_what_cannot_be_read_is_said_where_it_stands_and_hides_no_other(text: str, fault: str) -> None:
    plan = imported(event(text), event(uid="8@tool"))
    assert any(fault in str(said) for said in plan.faults)
    assert plan.rows[0].people == ("ana",)
    assert len(plan.faults) == 1


@pytest.mark.parametrize(
    "text",
    [
        NIGHT.replace("Ana Silva - ", ""),
        NIGHT.replace("Crisis nights", "Parking"),
        NIGHT.replace("20260303T070000", "20260302T070000"),
        NIGHT.replace("Ana Silva", " & ".join("ABCDEFGHI")),
    ],
)
def test_what_cannot_be_read_is_known_by_its_key_all_the_same(text: str) -> None:
    assert imported(event(text)).unread == ("7@tool",)


def test_of_an_event_that_is_given_twice_the_newer_counts() -> None:
    later = event(NIGHT.replace("Ana Silva", "Ben Okafor"), "SEQUENCE:2")
    assert [row.people for row in shifts(later, event(NIGHT, "SEQUENCE:1"))] == [("ben",)]
    (said,) = faults(event(), event())
    assert said.startswith("line 9, UID: the event of line 3 has the same UID, and neither is newer")
    changed = event(NIGHT.replace("Ana Silva", "Ben Okafor"), "RECURRENCE-ID:20260305T000000Z", "SEQUENCE:3")
    earlier = event(NIGHT, "RECURRENCE-ID:20260305T000000Z", "SEQUENCE:2", "STATUS:CANCELLED")
    assert ("ana", "ben") in {row.people for row in shifts(event(NIGHTLY), changed, earlier)}


@pytest.mark.scenario("roster")
@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"<!DOCTYPE html>\n<title>Sign in</title>", "no calendar: it begins with '<!DOCTYPE html>'"),
        (b"", "no calendar: it begins with ''"),
        (calendar(event(), event(uid="8"))[:-120], "was cut off"),
        (calendar(event()).replace(b"END:VEVENT\r\n", b""), "the file is broken"),
        (calendar(event(), head="METHOD:CANCEL"), "is a message (METHOD:CANCEL)"),
        (calendar("X" * MAX_BYTES), "more than 1,000,000 bytes"),
        (calendar("BEGIN:VEVENT\r\nEND:VEVENT\r\n" * (MAX_EVENTS + 1)), "more than 5,000 events"),
    ],
)
def test_a_file_that_is_another_is_refused_as_a_whole(content: bytes, fault: str) -> None:
    with pytest.raises(MappingRefused) as refused:
        read_plan(mapped(), content, SPAN)
    assert fault in str(refused.value)


def test_an_empty_calendar_is_read_as_one_without_shifts() -> None:
    assert imported() == Import([], [], {}, [])


@pytest.mark.scenario("roster")
def test_a_series_without_end_is_read_for_the_time_that_is_imported() -> None:
    text = NIGHTLY.replace(";COUNT=5", "").replace("20260302", "20190302").replace("20260303", "20190303")
    rows = shifts(event(text))
    assert len(rows) == 91
    ninety = Span(SPAN.starts_at, SPAN.starts_at + timedelta(days=200))
    (said,) = imported(event(text), span=ninety).faults
    assert "RRULE: begins more than 100 times" in str(said)


def test_a_rule_that_never_comes_about_holds_nobody_up_for_long() -> None:
    began = time.process_time()
    assert shifts(event(NIGHTLY.replace("COUNT=5", "BYMONTH=2;BYMONTHDAY=30").replace("DAILY", "MONTHLY"))) == []
    assert time.process_time() - began < 10


@settings(max_examples=10)
@given(st.permutations(range(6)))
def test_in_whatever_order_events_stand_the_shifts_are_the_same(order: list[int]) -> None:
    events = [
        event(NIGHTLY),
        event(NIGHT, "RECURRENCE-ID:20260304T000000Z", "STATUS:CANCELLED"),
        event(NIGHT.replace("Ana Silva", "Ben Okafor"), uid="8@tool"),
        event(NIGHT.replace("- Crisis nights", "- Telehealth"), uid="9@tool"),
        event("SUMMARY:Staff meeting May\nDTSTART:20260303T120000Z\nDTEND:20260303T130000Z", uid="10@tool"),
        event(
            NIGHT.replace("20260302T19", "20260304T21").replace("20260303", "20260305"),
            "RECURRENCE-ID:20260305T000000Z",
        ),
    ]
    assert sorted(map(_frozen, shifts(*(events[place] for place in order)))) == sorted(map(_frozen, shifts(*events)))


def _frozen(row: Row) -> tuple[str, str, datetime, datetime, tuple[str, ...]]:
    return row.key, row.team_id, row.starts_at, row.ends_at, tuple(sorted(row.people))
