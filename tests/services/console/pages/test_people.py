"""What people of the staff find at the door: their devices, the rota as forms change it, names that lead to People."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import httpx
import pytest
from starlette.datastructures import FormData

from services.console.pages import rota
from services.console.pages.actions import fields_of
from services.console.pages.boards import BoardKey
from services.console.pages.page import Visit
from services.console.pages.rota import people_of
from shared import events
from shared.enrolment import read_enrolment
from shared.events import PlannedShift, ShiftPlace
from shared.programme.judging.hours import instant
from shared.topics import ASSIGNMENTS, ROSTERS
from tests.services.console.driver import AGENCY, POCKET, SECRET
from tests.services.console.pages.driver import Room, week_of

LINK = re.compile(rf'value="({re.escape(POCKET)}/me/enrol/[^"]+)"')


async def staffed(room: Room) -> str:
    """Three people besides Ann, and a shift of two of them from tomorrow on: where the first shift's week is shown."""
    people = (("the-staff", "Sam Ito"), ("bea", "Bea Ortiz"), ("the-dispatcher", "Di Brown"))
    starts_at = room.now + timedelta(days=1)
    room.write(
        ASSIGNMENTS.name,
        *(
            events.PersonDefined(person=events.Person(person_id=person_id, name=name, disciplines=("crisis-worker",)))
            for person_id, name in people
        ),
        events.DeviceEnrolled(device_id="d" * 32, credential_hash="sha256:0", person_id="bea", label="Bea's phone"),
    )
    for number, (person_id, _) in enumerate(people[:2]):
        shift = PlannedShift(
            shift_id=f"shift-of-{person_id}",
            team_id="cares-1",
            duty="on-shift",
            starts_at=starts_at + timedelta(days=number),
            ends_at=starts_at + timedelta(days=number, hours=12),
            zone="America/Chicago",
            places=(ShiftPlace(person_id=person_id, needs="emt or crisis-worker"),),
        )
        room.write(ROSTERS.name, events.ShiftPlanned(shift=shift))
    await room.city.settle()
    return week_of(starts_at.astimezone(ZoneInfo("America/Chicago")).date())


# --- phones and tablets ---------------------------------------------------------------------------------------------


async def enrols(browser: httpx.AsyncClient, person_id: str) -> httpx.Response:
    return await browser.post(f"/devices/of/{person_id}", data={"label": "blue phone"})


@pytest.mark.scenario("browser")
async def test_a_device_is_enrolled_by_what_the_answer_to_a_form_shows_and_nothing_else(room: Room) -> None:
    await staffed(room)
    for token, person_id in (("staff", "the-staff"), ("supervisor", "bea")):
        async with room.city.signed_in(token) as browser:
            page = await enrols(browser, person_id)
            [link] = LINK.findall(page.text)
            secret = urlsplit(link).path.rpartition("/")[2]
            enrolment = read_enrolment(secret, SECRET, room.now)
            assert enrolment is not None
            assert (enrolment.person_id, enrolment.label) == (person_id, "blue phone")
            assert enrolment.enrolled_by == f"the-{token}"
            assert "QR code of the link below" in page.text
            assert "<svg" in page.text
            assert page.headers["cache-control"] == "no-store"
            assert secret not in str(page.url)
            again = await browser.get(f"/devices/of/{person_id}")
            assert "/me/enrol/" not in again.text, "to look makes no link"
    assert room.commands() == []


@pytest.mark.scenario("browser")
async def test_devices_of_others_are_seen_by_those_alone_who_vouch_and_enrolled_by_supervisors_alone(
    room: Room,
) -> None:
    await staffed(room)
    of_bea = "/devices/of/bea"
    async with room.city.signed_in("staff") as browser:
        assert (await browser.get(of_bea)).status_code == 403
        assert (await enrols(browser, "bea")).status_code == 403
        for follow in ("/news", "/stream"):
            assert (await browser.get(follow, params={"page": of_bea})).status_code == 403
    async with room.city.signed_in("dispatcher") as browser:
        page = (await browser.get(of_bea)).text
        assert "Bea&#39;s phone" in page
        assert "QR code" not in page
        for person_id in ("bea", "the-dispatcher"):
            assert (await enrols(browser, person_id)).status_code == 403, "theirs is not to enrol"
    async with room.city.signed_in("viewer") as browser:
        assert (await browser.get(of_bea)).status_code == 403
    async with room.city.signed_in("supervisor") as browser:
        assert (await browser.get("/devices/of/zed")).status_code == 404
        assert (await enrols(browser, "zed")).status_code == 404
        assert (await browser.post(of_bea, data={"label": "x" * 61})).status_code == 422


async def test_a_tablet_of_a_team_is_enrolled_from_the_page_teams(room: Room) -> None:
    async with room.city.signed_in("supervisor") as browser:
        assert 'href="/devices/of-team/cares-1"' in (await browser.get("/teams")).text
        [link] = LINK.findall((await browser.post("/devices/of-team/cares-1", data={})).text)
        enrolment = read_enrolment(urlsplit(link).path.rpartition("/")[2], SECRET, room.now)
        assert enrolment is not None
        assert (enrolment.person_id, enrolment.team_id) == (None, "cares-1")
        assert (await browser.get("/devices/of-team/none")).status_code == 404
    async with room.city.signed_in("staff") as browser:
        assert "/devices/of-team" not in (await browser.get("/teams")).text
        assert (await browser.post("/devices/of-team/cares-1", data={})).status_code == 403


async def test_whoever_enrols_has_shown_lately_who_they_are(room: Room) -> None:
    await staffed(room)
    async with room.city.signed_in("staff") as browser:
        for session in room.city.app.state.console.sessions._sessions.values():
            session.proved_at -= timedelta(hours=1)
        answer = await enrols(browser, "the-staff")
        assert answer.headers["location"] == "/enter?to=/devices/of/the-staff"
        assert "/me/enrol/" not in answer.text


@pytest.mark.scenario("browser")
async def test_a_device_is_shut_out_from_its_page(room: Room) -> None:
    await staffed(room)
    async with room.city.signed_in("supervisor") as browser:
        page = (await browser.get("/devices/of/bea")).text
        assert f'action="/devices/{"d" * 32}/revoke"' in page
        form = {"reason": "lost", "back": "/devices/of/bea"}
        answer = await browser.post(f"/devices/{'d' * 32}/revoke", data=form)
        assert answer.headers["location"].startswith("/devices/of/bea?said=")
    [command] = room.commands()
    assert isinstance(command, events.RevokeDevice)


# --- the rota -------------------------------------------------------------------------------------------------------


@pytest.mark.scenario("browser")
async def test_a_shift_is_planned_by_a_form(room: Room) -> None:
    await staffed(room)
    day = (room.now + timedelta(days=3)).date()
    form = {
        "zone": "America/Chicago",
        "team_id": "cares-1",
        "duty": "on-call",
        "starts_at": f"{day}T19:00",
        "ends_at": f"{day + timedelta(days=1)}T07:00",
        "places[1]": "yes",
        "places[1].needs": "",
        "places[1].person_id": "",
        "places[2].needs": "emt or crisis-worker",
        "places[2].person_id": "bea",
        "places[3].person_id": "",
        "gaps_to[]": "ann",
        "reason": "a fair",
        "back": "/rota",
    }
    async with room.city.signed_in("supervisor") as browser:
        page = (await browser.get("/rota")).text
        for name in form:
            assert f'name="{name}"' in page, name
        await browser.post("/rota/shifts", data=form)
    [command] = room.commands()
    assert isinstance(command, events.PlanShift)
    assert command.places == (ShiftPlace(), ShiftPlace(needs="emt or crisis-worker", person_id="bea"))
    assert (command.duty, command.gaps_to) == ("on-call", ("ann",))
    assert f"{command.starts_at.astimezone(ZoneInfo('America/Chicago')):%Y-%m-%dT%H:%M}" == form["starts_at"]
    async with room.city.signed_in("staff") as browser:
        assert (await browser.post("/rota/shifts", data=form)).status_code == 403


async def test_a_rotation_on_other_clocks_than_the_page_says_on_which(room: Room) -> None:
    """Its hours stood an hour beside those of its shifts."""
    common: dict[str, Any] = {"team_id": "cares-1", "duty": "on-call", "starts": "19:00", "ends": "07:00"}
    for zone in ("America/Chicago", "America/New_York"):
        rotation = events.Rotation(
            rotation_id=zone[-4:], zone=zone, places=("",), crews=(("ann",),), anchor=room.now.date(), **common
        )
        room.write(ROSTERS.name, events.RotationDefined(rotation=rotation))
    await room.city.settle()
    async with room.city.signed_in("supervisor") as browser:
        page = (await browser.get("/rota")).text
    assert "19:00 to 07:00</span>" in page
    assert "19:00 to 07:00 (America/New_York)</span>" in page


async def test_a_time_that_no_other_clock_can_show_is_refused_in_words(room: Room) -> None:
    """Whoever is away until further notice may write so; east of Greenwich the same holds of the first day."""
    form = {"person_id": "ann", "starts_at": f"{room.now:%Y-%m-%d}T19:00", "ends_at": "9999-12-31T23:59"}
    async with room.city.signed_in("supervisor") as browser:
        answer = await browser.post("/rota/absences", data=form)
    assert answer.status_code == 422
    assert "ends_at: must be an instant" in answer.text


@pytest.mark.parametrize(
    ("form", "fields"),
    [
        ([("places[2]", "yes"), ("places[1].needs", "emt")], {"places": [{"needs": "emt"}, {}]}),
        ([("places[1]", "yes"), ("places.x", "y")], {"places": {1: {}, "x": "y"}}),
        ([("places[1]", "yes"), ("places[]", "y")], {"places": [{}]}),
        ([("places[]", "y"), ("places[1].needs", "emt")], {"places": ["y"]}),
        ([("a.b.c.d.e.f", "x")], {"a": {"b": {"c": {"d": {"f": "x"}}}}}),
        ([("places[x]", "yes")], {"places[x]": "yes"}),
    ],
)
def test_several_of_a_kind_stand_in_a_form_by_number(
    form: Sequence[tuple[str, str]], fields: dict[str, object]
) -> None:
    assert fields_of(FormData([*form])) == fields


NEVER = "There is no 02:30 on Sunday, 14 March: the clocks go forward. The first time after it is 03:00."
TWICE = "01:30 on Sunday, 07 November comes twice"


@pytest.mark.scenario("browser")
@pytest.mark.parametrize(("written", "said"), [("2027-03-14T02:30", NEVER), ("2027-11-07T01:30", TWICE)])
@pytest.mark.parametrize(
    "path", ["/rota/shifts", "/rota/shifts/day-1/move", "/rota/shifts/day-1/take", "/rota/absences"]
)
async def test_a_time_that_never_is_or_comes_twice_is_said_to_whoever_wrote_it(
    room: Room, path: str, written: str, said: str
) -> None:
    async with room.city.signed_in("supervisor") as browser:
        form = {"starts_at": written, "ends_at": "2027-11-08T07:00", "reason": "a fair", "person_id": "bea"}
        answer = await browser.post(path, data=form)
    assert answer.status_code == 422
    assert said in answer.text
    assert room.commands() == []


@pytest.mark.scenario("browser")
async def test_a_time_of_a_shift_that_nobody_has_changed_is_to_the_second_what_it_was(room: Room) -> None:
    """It may begin in the hour that comes twice, the second time."""
    week = await staffed(room)
    was = "2027-11-07T07:30:10+00:00"
    form = {"starts_at": "2027-11-07T01:30", "starts_at_was": was, "ends_at": "2027-11-07T08:00", "reason": "a fair"}
    async with room.city.signed_in("supervisor") as browser:
        page = (await browser.get(week)).text
        assert re.search(r'name="starts_at_was" value="[-0-9]+T[:0-9]+\S+"', page)
        assert re.search(r'name="ends_at_was" value="[-0-9]+T[:0-9]+\S+"', page)
        for changed in ({}, {"starts_at": "2027-11-07T03:00"}, {"starts_at": "2027-11-07T03:00", "starts_at_was": "?"}):
            await browser.post("/rota/shifts/day-1/move", data=form | changed)
    moved = [command.starts_at.isoformat() for command in room.commands() if isinstance(command, events.MoveShift)]
    assert moved == [was, "2027-11-07T03:00:00-06:00"]


@pytest.mark.scenario("browser")
async def test_parts_of_a_shift_that_takes_days_stand_with_their_day(room: Room) -> None:
    await staffed(room)
    begins = room.now + timedelta(days=1)
    days = PlannedShift(
        shift_id="days",
        team_id="cares-1",
        duty="on-call",
        starts_at=begins,
        ends_at=begins + timedelta(days=3),
        zone="America/Chicago",
        places=(ShiftPlace(person_id="ann"),),
    )
    middle: dict[str, Any] = {"starts_at": begins + timedelta(days=1), "ends_at": begins + timedelta(days=2)}
    taken = events.PlaceTaken(shift_id="days", team_id="cares-1", place=1, person_id="bea", **middle)
    room.write(ROSTERS.name, events.ShiftPlanned(shift=days), taken)
    await room.city.settle()
    first, last = (f"{middle[name].astimezone(ZoneInfo('America/Chicago')):%a %H:%M}" for name in middle)
    async with room.city.signed_in("supervisor") as browser:
        assert f"{first} to {last}" in (await browser.get("/rota/of/bea")).text


@pytest.mark.scenario("browser")
async def test_of_a_place_that_somebody_is_wanted_for_it_is_said_from_when_to_when_and_who_asks(room: Room) -> None:
    await staffed(room)
    begins = room.now + timedelta(days=1)
    half, ends = begins + timedelta(hours=4), begins + timedelta(hours=8)
    night = PlannedShift(
        shift_id="night",
        team_id="cares-1",
        duty="on-call",
        starts_at=begins,
        ends_at=ends,
        zone="America/Chicago",
        places=(ShiftPlace(person_id="ann"),),
    )
    about: dict[str, Any] = {"shift_id": "night", "team_id": "cares-1", "place": 1}
    room.write(
        ROSTERS.name,
        events.ShiftPlanned(shift=night),
        events.PlaceTaken(**about, person_id="bea", starts_at=half),
        events.CoverAsked(**about, person_id="ann", ends_at=half),
        events.CoverAsked(**about, person_id="bea", starts_at=ends - timedelta(hours=1)),
        events.PlaceTaken(**about, person_id="cat", ends_at=half),
    )
    await room.city.settle()
    async with room.city.signed_in("staff") as browser:
        page = (await browser.get("/rota/of/the-staff")).text
    row = page.partition('id="take-night-1"')[2].partition("</form>")[0]
    words = " ".join(re.sub("<[^>]+>", " ", row).partition(">")[2].split())
    first, last = (f"{at.astimezone(ZoneInfo('America/Chicago')):%H:%M}" for at in (ends - timedelta(hours=1), ends))
    assert words.startswith(f"bea asks for cover {first} to {last} Take it")


async def test_everybody_is_looked_up_once_for_all_shifts(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rows are asked for each second, at the door that holds the stop switch."""
    starts_at = room.now + timedelta(days=1)
    for number in range(3):
        shift = PlannedShift(
            shift_id=f"shift-{number}",
            team_id="cares-1",
            duty="on-shift",
            starts_at=starts_at,
            ends_at=starts_at + timedelta(hours=8),
            zone="America/Chicago",
            places=(ShiftPlace(),),
        )
        room.write(ROSTERS.name, events.ShiftPlanned(shift=shift))
    await room.city.settle()
    asked: list[Visit] = []

    def counted(visit: Visit) -> list[tuple[str, str]]:
        asked.append(visit)
        return people_of(visit)

    monkeypatch.setattr(rota, "people_of", counted)
    day = starts_at.astimezone(ZoneInfo("America/Chicago")).date()
    address = week_of(day)
    board = room.city.app.state.boards.now(BoardKey(AGENCY, frozenset({"supervisor"}), address))
    assert (len(board.regions["shifts"].rows), len(asked)) == (3, 1)


async def test_what_runs_since_last_week_stands_in_this_one(room: Room) -> None:
    """On Monday before dawn the night shift that ran, and what it lacked, were on no page of the rota."""
    await staffed(room)
    zone = ZoneInfo("America/Chicago")
    today = room.now.astimezone(zone).date()
    monday = instant(zone, today - timedelta(days=today.weekday()), 0)
    about: dict[str, Any] = {"shift_id": "night", "team_id": "cares-1", "starts_at": monday - timedelta(hours=5)}
    for shift_id, ends_at in (("night", room.now + timedelta(hours=2)), ("over", monday)):
        shift = PlannedShift(
            **about | {"shift_id": shift_id},
            ends_at=ends_at,
            duty="on-shift",
            zone="America/Chicago",
            places=(ShiftPlace(),),
        )
        room.write(ROSTERS.name, events.ShiftPlanned(shift=shift))
    gap = events.GapFound(**about, gap_id="g", why="empty", ends_at=room.now + timedelta(hours=2), days_ahead=1)
    room.write(ROSTERS.name, gap)
    await room.city.settle()
    shown = {}
    for week in (monday, monday + timedelta(days=8)):
        key = BoardKey(AGENCY, frozenset({"supervisor"}), week_of(week.astimezone(zone).date()))
        regions = room.city.app.state.boards.now(key).regions
        shown[week] = {row for name in ("shifts", "lacking") for row in regions[name].rows}
    assert {"shift-night", "lack-night"} <= shown[monday]
    assert "shift-over" not in shown[monday]
    assert "shift-night" not in shown[monday + timedelta(days=8)]


@pytest.mark.scenario("browser")
async def test_a_shift_that_takes_days_stands_in_each_week_that_it_runs_into_with_the_day_of_its_end(
    room: Room,
) -> None:
    """Of a week on call from Friday to Friday the second week said that nothing is planned; a day ended as it began."""
    zone = ZoneInfo("America/Chicago")
    today = room.now.astimezone(zone).date()
    monday = today + timedelta(days=14 - today.weekday())
    friday = instant(zone, monday - timedelta(days=3), 17 * 60)
    about: dict[str, Any] = {"team_id": "cares-1", "duty": "on-call", "zone": zone.key, "places": (ShiftPlace(),)}
    for shift_id, days in (("week", 7), ("day", 1)):
        ends_at = instant(zone, monday - timedelta(days=3 - days), 17 * 60)
        shift = PlannedShift(**about, shift_id=shift_id, starts_at=friday, ends_at=ends_at)
        gap = events.GapFound(
            gap_id=shift_id, shift_id=shift_id, team_id="cares-1", starts_at=friday, ends_at=ends_at, why="empty",
            days_ahead=7,
        )  # fmt: skip
        room.write(ROSTERS.name, events.ShiftPlanned(shift=shift), gap)
    await room.city.settle()
    boards = room.city.app.state.boards
    keys = [BoardKey(AGENCY, frozenset({"supervisor"}), week_of(day)) for day in (friday.date(), monday)]
    first, second = (boards.now(key).regions for key in keys)
    assert set(first["shifts"].rows) == {"shift-week", "shift-day"}
    assert set(second["shifts"].rows) == {"shift-week"}
    assert set(second["lacking"].rows) == {"lack-week", "lack-day"}
    async with room.city.signed_in("supervisor") as browser:
        page = (await browser.get(week_of(friday.date()))).text
    assert "17:00 to 17:00, the next day" in page
    assert "17:00 to 17:00, 7 days on" in page


async def test_two_of_one_name_are_told_apart_where_one_is_chosen(room: Room) -> None:
    """Whoever gave a place to one of them could not know to which."""
    week = await staffed(room)
    namesake = events.Person(person_id="sam-2", name="Sam Ito", disciplines=("emt",))
    team = events.Team(team_id="night-1", model="community-responder")
    room.write(ASSIGNMENTS.name, events.PersonDefined(person=namesake), events.TeamDefined(team=team))
    await room.city.settle()
    async with room.city.signed_in("supervisor") as browser:
        for path in (week, "/roll-call"):
            page = (await browser.get(path)).text
            chosen = set(re.findall(r'<option value="(?:the-staff|sam-2|bea)">([^<]+)</option>', page))
            assert chosen == {"Sam Ito (the-staff)", "Sam Ito (sam-2)", "Bea Ortiz"}, path
        assert "Sam Ito (sam-2)" in (await browser.get("/teams/night-1/sign-on")).text


@pytest.mark.scenario("browser")
async def test_two_swap_on_a_page_of_its_own(room: Room) -> None:
    await staffed(room)
    path = "/rota/shifts/shift-of-the-staff/swap"
    async with room.city.signed_in("staff") as browser:
        assert f'href="{path}?place=1"' in (await browser.get("/rota/of/the-staff")).text
        assert "Choose with whom to swap." in (await browser.get(path)).text
        page = (await browser.get(path, params={"place": "1", "with": "bea"})).text
        row = page.partition('id="swap-shift-of-bea-1"')[2].partition("</form>")[0]
        form = dict(re.findall(r'name="(\w+)" value="([^"]*)"', row))
        assert 'name="reason"' not in row, "whoever swaps for themselves is not asked why"
        await browser.post(path, data=form)
        assert (await browser.get("/rota/shifts/none/swap")).status_code == 404
        assert (await browser.get(path, params={"place": "9" * 5_000, "with": "bea"})).status_code == 200
    async with room.city.signed_in("supervisor") as browser:
        row = (await browser.get(path, params={"place": "1", "with": "bea"})).text.partition('id="swap-shift-of-bea')[2]
        assert 'name="reason"' in row
    [command] = room.commands()
    assert isinstance(command, events.SwapShifts)
    assert (command.shift_id, command.place) == ("shift-of-the-staff", 1)
    assert (command.other_shift_id, command.other_place) == ("shift-of-bea", 1)
    assert command.other_person_id == "bea"
    assert command.person_id == "the-staff"


# --- names and words ------------------------------------------------------------------------------------------------


@pytest.mark.scenario("browser")
async def test_names_lead_to_people_for_those_alone_who_may_read_them(room: Room) -> None:
    week = await staffed(room)
    for token in ("dispatcher", "supervisor"):
        async with room.city.signed_in(token) as browser:
            people = (await browser.get("/people")).text
            for path in (week, "/rota/of/bea", "/teams"):
                page = (await browser.get(path)).text.partition("<main")[2]
                anchors = re.findall(r'href="/people#([^"]+)"', page)
                assert anchors, path
                assert all(f'id="{anchor}"' in people for anchor in anchors), path
    for token in ("staff", "viewer"):
        async with room.city.signed_in(token) as browser:
            for path in (week, "/rota/of/bea", "/teams"):
                page = (await browser.get(path)).text.partition("<main")[2]
                assert "/people" not in page, path
                assert "Bea" not in page, path


async def test_codes_are_said_in_words(room: Room) -> None:
    week = await staffed(room)
    async with room.city.signed_in("supervisor") as browser:
        for path in (week, "/rota/of/bea", "/people", "/teams"):
            page = (await browser.get(path)).text.partition("<main")[2]
            words = re.sub(r"<[^>]*>", " ", page)
            for code in ("crisis-worker", "on-call", "on-shift", "mobile-crisis-team", "community-responder"):
                assert code not in words, (path, code)
        assert "(EMT or crisis worker)" in (await browser.get("/rota/of/bea")).text
        assert "speaks English" in (await browser.get("/people")).text
