"""Calendars that people subscribe to, read back by a library that had no part in writing them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from ical.calendar_stream import IcsCalendarStream
from ical.event import Event as IcsEvent

from services.pocket.calendar.book import CalendarBook
from services.pocket.calendar.text import CalendarEvent, text_of
from services.pocket.http import create_app
from shared import events
from shared.events import Event, Person, PlannedShift, ShiftPlace
from shared.links import CalendarOf, calendar_token, token_of
from shared.topics import ROSTERS
from tests.services.pocket.driver import AGENCY, SECRET, City
from tests.services.pocket.test_http import settle

CHICAGO = ZoneInfo("America/Chicago")
NIGHT = datetime(2036, 11, 1, 19, 0, tzinfo=CHICAGO)
"""The night in which the clocks are put back."""


def shift(
    shift_id: str = "s1",
    *people: str,
    team_id: str = "crisis-1",
    starts_at: datetime = NIGHT,
    hours: float = 13,
    duty: events.Duty = "on-shift",
) -> PlannedShift:
    places = tuple(ShiftPlace(person_id=person) for person in people or ("ana", "ben"))
    return PlannedShift(
        shift_id=shift_id,
        team_id=team_id,
        duty=duty,
        starts_at=starts_at,
        ends_at=starts_at.astimezone(ZoneInfo("UTC")) + timedelta(hours=hours),
        zone="America/Chicago",
        places=places,
    )


def planned(*shifts: PlannedShift) -> tuple[Event, ...]:
    return tuple(events.ShiftPlanned(shift=each) for each in shifts)


@pytest.fixture
async def city() -> AsyncIterator[City]:
    made = City()
    made.write(
        *(events.PersonDefined(person=Person(person_id=p, name=p, disciplines=("emt",))) for p in ("ana", "ben", "cy"))
    )
    async with made.living():
        yield made


@pytest.fixture
async def program(city: City) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_app(city.door))
    async with httpx.AsyncClient(transport=transport, base_url="http://pocket") as client:
        yield client


def path(person_id: str = "ana", whose: CalendarOf = "own", *generations: int, agency: str = AGENCY) -> str:
    return f"/cal/{calendar_token(SECRET, agency, person_id, whose, *generations)}.ics"


async def read(city: City, program: httpx.AsyncClient, at: str) -> list[IcsEvent]:
    await settle(city)
    answer = await program.get(at)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    assert "RRULE" not in answer.text
    assert "VALARM" not in answer.text
    return list(IcsCalendarStream.calendar_from_ics(answer.text).events)


def said(shown: list[IcsEvent]) -> list[tuple[str, str, str]]:
    """Title, beginning and end of each event, on the clocks of Chicago."""
    return [
        (
            event.summary or "",
            f"{event.start_datetime.astimezone(CHICAGO):%d %H:%M}",
            f"{event.end_datetime.astimezone(CHICAGO):%d %H:%M}",
        )
        for event in shown
    ]


@pytest.mark.scenario("roster")
async def test_own_shifts_stand_at_their_hours_in_the_night_of_the_clock_change(
    city: City, program: httpx.AsyncClient
) -> None:
    later = shift("s2", "ana", starts_at=NIGHT + timedelta(days=1), hours=12, duty="on-call")
    city.write(*planned(shift(), later, shift("s3", "ben", team_id="crisis-2")), topic=ROSTERS)
    shown = await read(city, program, path())
    assert said(shown) == [("crisis-1", "01 19:00", "02 07:00"), ("On call: crisis-1", "02 19:00", "03 07:00")]
    assert [event.uid for event in shown] == ["s1@careroute", "s2@careroute"]
    assert [event.description for event in shown] == ["With ben.", None]
    assert [event.transparency for event in shown] == ["OPAQUE", "TRANSPARENT"]


@pytest.mark.scenario("roster")
async def test_what_is_taken_in_part_stands_in_both_calendars_and_nowhere_twice(
    city: City, program: httpx.AsyncClient
) -> None:
    midnight = NIGHT + timedelta(hours=5)
    taken = events.PlaceTaken(
        shift_id="s1", team_id="crisis-1", place=1, person_id="cy", instead_of="ana", starts_at=midnight
    )
    city.write(*planned(shift("s1", "ana")), taken, topic=ROSTERS)
    assert said(await read(city, program, path("ana"))) == [("crisis-1", "01 19:00", "02 00:00")]
    assert said(await read(city, program, path("cy"))) == [("crisis-1", "02 00:00", "02 07:00")]
    assert await read(city, program, path("ben")) == []
    (whole,) = await read(city, program, path("ben", "whole"))
    assert whole.summary == "crisis-1: ana then cy"
    assert whole.description == "ana 19:00-00:00, cy 00:00-07:00"


async def test_parts_of_a_shift_that_takes_days_stand_with_their_day(city: City, program: httpx.AsyncClient) -> None:
    days = shift("s1", "ana", hours=73)
    middle: dict[str, Any] = {"starts_at": NIGHT + timedelta(days=1), "ends_at": NIGHT + timedelta(days=2)}
    taken = events.PlaceTaken(shift_id="s1", team_id="crisis-1", place=1, person_id="cy", **middle)
    city.write(*planned(days), taken, topic=ROSTERS)
    (whole,) = await read(city, program, path("ben", "whole"))
    assert whole.description == "ana Sat 19:00-Sun 19:00, cy Sun 19:00-Mon 19:00, ana Mon 19:00-Tue 19:00"


@pytest.mark.scenario("roster")
async def test_a_part_in_the_middle_leaves_two_events_with_ids_of_their_own(
    city: City, program: httpx.AsyncClient
) -> None:
    begin, end = NIGHT + timedelta(hours=2), NIGHT + timedelta(hours=4)
    taken = events.PlaceTaken(shift_id="s1", team_id="crisis-1", place=1, person_id="cy", starts_at=begin, ends_at=end)
    city.write(*planned(shift("s1", "ana")), taken, topic=ROSTERS)
    shown = await read(city, program, path("ana"))
    assert [(event.uid, *times[1:]) for event, times in zip(shown, said(shown), strict=True)] == [
        ("s1@careroute", "01 19:00", "01 21:00"),
        ("s1-2@careroute", "01 23:00", "02 07:00"),
    ]


@pytest.mark.scenario("roster")
async def test_a_shift_that_moves_is_the_same_event_a_version_on(city: City, program: httpx.AsyncClient) -> None:
    city.write(*planned(shift()), topic=ROSTERS)
    (before,) = await read(city, program, path())
    city.clock.ahead = timedelta(hours=1)
    city.write(events.ShiftMoved(shift=shift(starts_at=NIGHT + timedelta(hours=1)), moved_by="sue"), topic=ROSTERS)
    (after,) = await read(city, program, path())
    assert (before.uid, before.sequence, after.uid, after.sequence) == ("s1@careroute", 0, "s1@careroute", 1)
    assert before.last_modified is not None
    assert after.last_modified is not None
    assert after.last_modified - before.last_modified >= timedelta(hours=1)
    assert after.start_datetime - before.start_datetime == timedelta(hours=1)


@pytest.mark.scenario("roster")
async def test_what_is_dropped_or_given_away_is_gone(city: City, program: httpx.AsyncClient) -> None:
    city.write(*planned(shift("s1", "ana"), shift("s2", "ana"), shift("s3", "ana")), topic=ROSTERS)
    assert len(await read(city, program, path())) == 3
    city.write(
        events.ShiftDropped(shift_id="s1", team_id="crisis-1", dropped_by="sue", reason="a holiday"),
        events.PlaceTaken(shift_id="s2", team_id="crisis-1", place=1, person_id="ben", instead_of="ana"),
        topic=ROSTERS,
    )
    assert [event.uid for event in await read(city, program, path())] == ["s3@careroute"]
    city.write(events.StaffLeft(person_id="ana"), topic=ROSTERS)
    assert await read(city, program, path()) == []
    whole = await read(city, program, path("ben", "whole"))
    assert sorted(event.summary or "" for event in whole) == ["crisis-1: ben", "crisis-1: nobody yet"]


@pytest.mark.scenario("roster")
async def test_who_is_away_is_not_asked_to_come(city: City, program: httpx.AsyncClient) -> None:
    away = events.AbsenceSet(
        absence_id="a1", person_id="ana", starts_at=NIGHT - timedelta(days=1), ends_at=NIGHT + timedelta(hours=3)
    )
    city.write(*planned(shift()), away, topic=ROSTERS)
    assert said(await read(city, program, path())) == [("crisis-1", "01 22:00", "02 07:00")]
    (whole,) = await read(city, program, path("ben", "whole"))
    assert (whole.summary, whole.sequence) == ("crisis-1: ana (away), ben", 1)
    city.write(events.AbsenceLifted(absence_id="a1", person_id="ana"), topic=ROSTERS)
    assert said(await read(city, program, path())) == [("crisis-1", "01 19:00", "02 07:00")]


def test_absences_of_long_ago_are_forgotten() -> None:
    book = CalendarBook(SECRET)
    for number in range(20):
        at = NIGHT + number * timedelta(days=14)
        away: dict[str, Any] = {"person_id": "ana", "starts_at": at, "ends_at": at + timedelta(days=1)}
        book.away(AGENCY, events.AbsenceSet(absence_id=f"a{number}", **away), at)
        book.planned(AGENCY, events.ShiftPlanned(shift=shift(starts_at=at)), at)
    assert [len(absences) for absences in book.rota(AGENCY).absences.values()] == [5]
    book.planned(AGENCY, events.ShiftPlanned(shift=shift()), NIGHT + timedelta(days=900))
    assert book.rota(AGENCY).absences == {}


@pytest.mark.scenario("roster")
async def test_who_was_away_when_they_left_is_not_when_they_are_back(city: City, program: httpx.AsyncClient) -> None:
    """As rostering has it: who left the books has no absence."""
    away = events.AbsenceSet(
        absence_id="a1", person_id="ana", starts_at=NIGHT - timedelta(days=1), ends_at=NIGHT + timedelta(days=1)
    )
    city.write(away, events.StaffLeft(person_id="ana"), *planned(shift()), topic=ROSTERS)
    assert said(await read(city, program, path())) == [("crisis-1", "01 19:00", "02 07:00")]


async def test_everybodys_shifts_can_be_those_of_some_teams(city: City, program: httpx.AsyncClient) -> None:
    teams = [shift(f"s{number}", "ben", team_id=f"crisis-{number}") for number in (1, 2, 3)]
    city.write(*planned(*teams), topic=ROSTERS)
    assert len(await read(city, program, path("ana", "whole"))) == 3
    shown = await read(city, program, path("ana", "whole") + "?team=crisis-1&team=crisis-3")
    assert [event.summary for event in shown] == ["crisis-1: ben", "crisis-3: ben"]
    assert await read(city, program, path("ana", "whole") + "?team=none") == []


@pytest.mark.scenario("roster")
async def test_where_nothing_has_changed_nothing_is_sent_even_after_a_restart(
    city: City, program: httpx.AsyncClient
) -> None:
    city.write(*planned(shift()), topic=ROSTERS)
    await settle(city)
    first = await program.get(path())
    again = await program.get(path(), headers={"If-None-Match": f'"other", W/{first.headers["etag"]}'})
    assert (again.status_code, again.content) == (304, b"")
    head = await program.head(path())
    assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", first.headers["etag"])
    restarted = City()
    restarted.log, restarted.broker.log = city.log, city.log
    fresh = City()
    fresh.view.calendars.fold(
        AGENCY, events.PersonDefined(person=Person(person_id="ana", name="a", disciplines=("emt",))), NIGHT
    )
    for stored in city.log.places[ROSTERS.name, 0]:
        event = events.decode(stored.headers["type"].decode(), stored.value)
        fresh.view.calendars.fold(AGENCY, event, stored.time)
    assert fresh.view.calendars.rota(AGENCY) == city.view.calendars.rota(AGENCY)
    city.write(events.PlaceTaken(shift_id="s1", team_id="crisis-1", place=1, person_id="cy"), topic=ROSTERS)
    await settle(city)
    changed = await program.get(path(), headers={"If-None-Match": first.headers["etag"]})
    assert changed.status_code == 200


@pytest.mark.scenario("roster")
async def test_a_calendar_is_revoked_alone_and_with_all_links(city: City, program: httpx.AsyncClient) -> None:
    city.write(*planned(shift()), topic=ROSTERS)
    on_shift = city.sign_on()
    assert len(await read(city, program, path("ana"))) == 1
    city.write(events.CalendarRevoked(person_id="ana", generation=1, revoked_by="ana", reason="shared by mistake"))
    await settle(city)
    for whose in ("own", "whole"):
        gone = await program.get(path("ana", whose))
        assert gone.status_code == 404
        assert "was revoked" in gone.text
    assert len(await read(city, program, path("ana", "own", 0, 1))) == 1
    assert len(await read(city, program, path("ben"))) == 1
    assert (await program.get(on_shift)).status_code == 200, "no other link ends with it"
    city.write(events.LinksRevoked(person_id="ana", generation=1))
    await settle(city)
    assert (await program.get(path("ana", "own", 0, 1))).status_code == 404
    assert len(await read(city, program, path("ana", "own", 1, 1))) == 1
    city.write(events.PersonRemoved(person_id="ana"))
    await settle(city)
    assert (await program.get(path("ana", "own", 1, 1))).status_code == 404


@pytest.mark.scenario("roster")
async def test_looking_changes_nothing_and_no_other_link_is_a_calendar(city: City, program: httpx.AsyncClient) -> None:
    city.write(*planned(shift()), topic=ROSTERS)
    on_shift = city.sign_on()
    await settle(city)
    before = city.written()
    await program.get(path())
    await program.get(path("ben", "whole"))
    strange = [
        path(agency="elsewhere"),
        path("nobody"),
        f"/cal/{on_shift.rpartition('/')[2]}.ics",
        f"/cal/{token_of(SECRET, 'calendar', 'ana', 'ana')}.ics",
        path().removesuffix(".ics"),
        "/cal/.ics",
        "/cal/%C3%A4.ics",
    ]
    assert {(await program.get(each)).status_code for each in strange} == {404}
    assert (await program.get(f"/s{path()[4:-4]}")).status_code == 404, "nor is a calendar another link"
    assert (await program.post(path())).status_code == 405
    assert city.written() == before
    assert city.commands() == []


def test_a_persons_own_page_leads_to_their_calendar() -> None:
    book = City().view.calendars
    assert book.path(AGENCY, "ana") == ""
    book.fold(AGENCY, events.PersonDefined(person=Person(person_id="ana", name="a", disciplines=("emt",))), NIGHT)
    assert book.path(AGENCY, "ana") == path("ana")
    book.fold(AGENCY, events.CalendarRevoked(person_id="ana", generation=1), NIGHT)
    assert book.path(AGENCY, "ana") == path("ana", "own", 0, 1)


@given(st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=300))
@example("x" * 200)
@example("xä\u20ac😀" * 60)
@example("a, b; c\\d" * 30)
def test_whatever_a_text_holds_its_lines_are_short_and_read_back_the_same(text: str) -> None:
    event = CalendarEvent("s1", NIGHT, NIGHT + timedelta(hours=8), text, "", busy=True, changes=0, changed_at=NIGHT)
    lines = text_of("rota", [event]).split(b"\r\n")
    assert max(map(len, lines)) <= 75
    assert [line.decode() for line in lines]
    (shown,) = IcsCalendarStream.calendar_from_ics(b"\r\n".join(lines).decode()).events
    assert (shown.summary or "") == text
