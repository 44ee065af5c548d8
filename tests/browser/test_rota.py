"""The rota in a real browser: what is lacking is seen, and a supervisor and staff change it by form and keyboard."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import Browser, Route, expect

from shared import events
from shared.events import GapReason, PlannedShift, ShiftPlace
from shared.links import calendar_token
from shared.programme.judging.hours import instant
from shared.topics import ASSIGNMENTS, NOTIFICATIONS, ROSTERS
from tests.browser.desk import PHONE_PIXELS, a_desk, seated, served
from tests.services.console.driver import AGENCY, SECRET
from tests.services.console.pages.driver import Room, running_room, week_of

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
CHICAGO = ZoneInfo("America/Chicago")
PEOPLE = {"the-staff": "Sam Ito", "bea": "Bea Ortiz", "cal": "Cal Reyes", "dee": "Dee Novak"}
PAGES = {"rota": "/rota", "shifts": "/rota/of/the-staff"}
BOTH_READ = {"roll-call": "/roll-call", "people": "/people"}
"""Pages of those who may read people."""
ROLL = "f" * 32


def in_days(room: Room, days: int) -> date:
    return room.now.astimezone(CHICAGO).date() + timedelta(days=days)


def shift(room: Room, shift_id: str, days: int, begins: int, *people: str, on_call: bool = False) -> PlannedShift:
    """Twelve hours that begin at an hour of the clocks in Chicago."""
    day = in_days(room, days)
    return PlannedShift(
        shift_id=shift_id,
        team_id="telehealth" if on_call else "cares-1",
        duty="on-call" if on_call else "on-shift",
        starts_at=instant(CHICAGO, day, begins * 60),
        ends_at=instant(CHICAGO, day, (begins + 12) * 60),
        zone="America/Chicago",
        places=tuple(ShiftPlace(person_id=person, needs="" if on_call else "crisis-worker") for person in people),
        source="scheduling",
        key=shift_id,
    )


def gap(plan: PlannedShift, why: GapReason, person_id: str = "") -> events.GapFound:
    return events.GapFound(
        gap_id=f"gap-{plan.shift_id}",
        shift_id=plan.shift_id,
        team_id=plan.team_id,
        why=why,
        starts_at=plan.starts_at,
        ends_at=plan.ends_at,
        person_id=person_id,
        days_ahead=7,
    )


def planned(room: Room) -> None:
    """Two weeks with all that can be lacking in them."""
    room.write(
        ASSIGNMENTS.name,
        *(
            events.PersonDefined(person=events.Person(person_id=person, name=name, disciplines=("crisis-worker",)))
            for person, name in PEOPLE.items()
        ),
    )
    days = [shift(room, f"day-{n}", n, 7, "bea", "cal") for n in range(1, 12)]
    nights = [shift(room, f"night-{n}", n, 19, "the-staff", on_call=True) for n in range(1, 12)]
    empty = shift(room, "empty", 1, 20, "", "")
    room.write(
        ROSTERS.name,
        *(events.ShiftPlanned(shift=each) for each in (*days, *nights, empty)),
        gap(empty, "empty"),
        gap(days[1], "absent", "cal"),
        gap(nights[2], "unreachable", "the-staff"),
        gap(days[8], "no-rest", "bea"),
        events.AbsenceSet(
            absence_id="a1", person_id="cal", starts_at=days[1].starts_at, ends_at=days[1].ends_at, set_by="cal"
        ),
        events.CoverAsked(shift_id="day-1", team_id="cares-1", place=1, person_id="bea"),
        events.PlaceTaken(
            shift_id="night-1",
            team_id="telehealth",
            place=1,
            person_id="dee",
            starts_at=nights[0].starts_at + timedelta(hours=6),
        ),
        events.ShiftDropped(shift_id="day-4", team_id="cares-1", dropped_by="the-supervisor", reason="a holiday"),
        events.ShiftsImported(source="scheduling", planned=23, faults=("night-3: zed is not on the books",)),
    )


def reached(room: Room) -> None:
    """Ways to people in every state, and a phone."""
    ways = (
        ("bea", "text", "sms", "…23", 0),
        ("bea", "call", "voice", "…23", 10),
        ("cal", "text", "sms", "…77", 0),
        ("dee", "text", "sms", "…04", 0),
        ("dee", "mail", "email", "d…@city.example", 0),
    )
    room.write(
        NOTIFICATIONS.name,
        *(
            events.ContactSet(
                person_id=person,
                method_id=method,
                kind=kind,  # type: ignore[arg-type]  # they are
                after_seconds=after,
                shown=shown,
                fingerprint=f"{person}{method}",
                position=0,
                set_by="the-supervisor",
            )
            for person, method, kind, shown, after in ways
        ),
        events.ContactProved(person_id="bea", method_id="text", page_id="p"),
        events.ContactBroken(person_id="dee", method_id="text", why="landline"),
        events.ContactOptedOut(person_id="cal", method_id="text"),
    )
    room.write(
        ASSIGNMENTS.name,
        events.DeviceEnrolled(device_id="d" * 32, credential_hash="sha256:0", person_id="bea", label="Bea's phone"),
    )


def roll_called(room: Room) -> None:
    """A roll call that runs: one has answered, one is silent, one cannot be reached; and one that is over."""
    until = room.now + timedelta(minutes=55)
    asked = [("bea", "mobile", "sms"), ("bea", "home", "voice"), ("cal", "mobile", "sms"), ("dee", "phone", "push")]
    places = tuple(events.RollPlace(person_id=person, method_id=method) for person, method, _ in asked)
    pages = [
        events.PageDue(
            page_id=f"page-{person}-{method}",
            kind="test",
            call_id="",
            episode=0,
            team_id="",
            person_id=person,
            method=events.ContactMethod(method_id=method, kind=kind),  # type: ignore[arg-type]  # they are
            not_after=until,
            about=ROLL,
        )
        for person, method, kind in asked
    ]
    room.write(
        NOTIFICATIONS.name,
        events.RollCalled(roll_id="e" * 32, asked=places[:1], until=room.now, called_by="the-supervisor"),
        events.RollClosed(roll_id="e" * 32, answered=(), silent=places[:1]),
        events.RollCalled(roll_id=ROLL, asked=places, until=until, called_by="the-supervisor"),
        *pages,
        events.ContactProved(person_id="bea", method_id="mobile", page_id="page-bea-mobile"),
        events.PageUndelivered(page_id="page-dee-phone", why="gone"),
    )


@pytest.mark.scenario("browser")
async def test_every_page_is_accessible(browser: Browser, tmp_path: Path) -> None:
    async with running_room(tmp_path) as room, served(room.city.app) as address:
        planned(room)
        async with seated(browser, room, address, "supervisor", tmp_path) as desk:
            roll_called(room)
            reached(room)
            for name, path in {
                **PAGES,
                "rota": week_of(in_days(room, 1)),
                "roll-call": "/roll-call",
                "people": "/people",
                "swap": "/rota/shifts/day-2/swap?place=1&with=the-staff",
            }.items():
                await desk.open(path)
                await desk.live()
                await desk.check_width(name)
                await desk.unfold()
                await desk.check(f"{name}-open")
        phone = {"viewport": PHONE_PIXELS, "is_mobile": True, "has_touch": True}
        async with seated(browser, room, address, "supervisor", tmp_path, **phone) as desk:
            for name, path in {**PAGES, **BOTH_READ}.items():
                await desk.open(path)
                await desk.check_width(f"{name}-phone")


@pytest.mark.scenario("browser")
async def test_a_supervisor_fills_a_gap_with_the_keyboard_alone(browser: Browser, tmp_path: Path) -> None:
    async with a_desk(browser, tmp_path, "supervisor") as desk:
        planned(desk.room)
        await desk.open(week_of(in_days(desk.room, 1)))
        await desk.live()
        await desk.page.locator("#lack-empty", has_text="nobody is on it").wait_for()
        await desk.page.locator("#lack-day-2", has_text="Cal Reyes is away").wait_for()
        await desk.page.locator("#change-empty summary").focus()
        await desk.press("Enter", "Tab", "Tab", "D")
        chosen = await desk.page.locator("#give-empty [name=person_id]").input_value()
        assert chosen == "dee"
        await desk.page.locator("#give-empty [name=reason]").focus()
        await desk.page.keyboard.type("is willing")
        await desk.press("Enter")
        await desk.page.locator("#lack-empty").wait_for(state="detached")
        await desk.page.locator("#shift-empty", has_text="Dee Novak").wait_for()
        assert [type(each) for each in desk.room.commands()] == [events.TakeShift]


@pytest.mark.scenario("browser")
async def test_rows_that_change_before_the_answer_has_come_leave_the_focus_where_it_can_be(
    browser: Browser, tmp_path: Path
) -> None:
    async def answer_late(route: Route) -> None:
        response = await route.fetch()
        await desk.page.locator("#shift-empty", has_text="Dee Novak").wait_for()
        await route.fulfill(response=response)

    async with a_desk(browser, tmp_path, "supervisor") as desk:
        planned(desk.room)
        await desk.open(week_of(in_days(desk.room, 1)))
        await desk.live()
        await desk.page.route("**/rota/**", answer_late)
        await desk.page.locator("#change-empty summary").click()
        await desk.page.locator("#give-empty [name=person_id]").select_option("dee")
        await desk.page.locator("#give-empty [name=reason]").focus()
        await desk.page.keyboard.type("is willing")
        await desk.press("Enter")
        await desk.page.locator("#lack-empty").wait_for(state="detached")
        await desk.page.locator("#toast").wait_for()
        assert await desk.page.evaluate("document.activeElement.closest('.row').id") == "shift-empty"


async def test_a_week_on_paper_is_dark_on_light_and_has_nothing_to_press(browser: Browser, tmp_path: Path) -> None:
    """Whoever has chosen the dark theme printed light letters, and a form below each shift."""
    async with a_desk(browser, tmp_path, "supervisor") as desk:
        planned(desk.room)
        await desk.open(week_of(in_days(desk.room, 2)))
        async with desk.page.expect_navigation():
            await desk.page.get_by_role("button", name="Dark").click()
        await desk.page.emulate_media(media="print")
        await desk.page.locator("#shift-day-2", has_text="Bea Ortiz").wait_for()
        assert await desk.page.locator("main form[data-act]:visible, summary:visible, nav:visible").count() == 0
        shade = "(name) => Number(getComputedStyle(document.body)[name].match(/[0-9]+/)[0])"
        ink, paper = await desk.page.evaluate(f"['color', 'backgroundColor'].map({shade})")
        assert ink < paper


@pytest.mark.scenario("browser")
async def test_times_of_a_form_are_on_the_agencys_clocks(browser: Browser, tmp_path: Path) -> None:
    """Wherever the browser is: this one is in Tokyo."""
    async with a_desk(browser, tmp_path, "supervisor", timezone_id="Asia/Tokyo") as desk:
        planned(desk.room)
        await desk.open(week_of(in_days(desk.room, 2)))
        await desk.live()
        day = in_days(desk.room, 2)
        await desk.page.locator("#away [name=person_id]").select_option("bea")
        await desk.page.locator("#away [name=starts_at]").fill(f"{day}T07:00")
        await desk.page.locator("#away [name=ends_at]").fill(f"{day}T19:00")
        await desk.page.get_by_role("button", name="Is away").click()
        await desk.page.locator("#shift-day-2", has_text="Bea Ortiz ◐ away").wait_for()
        [command] = desk.room.commands()
        assert isinstance(command, events.SetAbsence)
        assert command.starts_at == instant(CHICAGO, day, 7 * 60)
        await desk.page.locator("#change-day-2 summary").click()
        await desk.page.locator("#drop-day-2 [name=reason]").fill("a holiday")
        await desk.page.locator("#drop-day-2 button").click()
        await desk.page.locator("#shift-day-2", has_text="does not take place the-supervisor: a holiday").wait_for()
        assert isinstance(desk.room.commands()[-1], events.DropShift)


@pytest.mark.scenario("browser")
async def test_staff_see_their_shifts_take_one_ask_for_cover_and_are_away(browser: Browser, tmp_path: Path) -> None:
    async with a_desk(browser, tmp_path, "staff", viewport=PHONE_PIXELS) as desk:
        planned(desk.room)
        await desk.open("/rota/mine")
        assert desk.page.url.endswith("/rota/of/the-staff")
        await desk.live()
        await desk.check_width("own-shifts-phone")
        first = desk.page.locator("#own-night-1")
        await first.get_by_role("button", name="Ask for cover").click()
        await first.get_by_text("cover wanted").wait_for()
        await desk.page.locator("#wanted-empty").get_by_role("button", name="Take it").first.click()
        await desk.page.locator("#own-empty").wait_for()
        day = in_days(desk.room, 3)
        await desk.page.locator("#away [name=ends_at]").fill(f"{day}T12:00")
        cookies: Any = await desk.context.cookies()
        await desk.context.clear_cookies()
        await desk.page.get_by_role("button", name="I am away").click()
        await desk.page.locator("#away output", has_text="Not done.").wait_for()
        await desk.context.add_cookies(cookies)  # signed in again: what was typed stands there still
        await desk.page.get_by_role("button", name="I am away").click()
        await desk.sees("Done. the-staff is away.")
        await desk.sees("Not away after all")
        link = await desk.page.get_by_label("Your shifts").input_value()
        assert link.endswith(f"/cal/{calendar_token(SECRET, AGENCY, 'the-staff', 'own')}.ics")
        kinds = [type(each) for each in desk.room.commands()]
        assert kinds == [events.AskForCover, events.TakeShift, events.SetAbsence]
        await desk.open("/rota/of/bea")
        assert await desk.page.get_by_label("Their shifts").count() == 0, "others' calendars are no business of theirs"
        assert await desk.page.get_by_role("button", name="away").count() == 0
        assert await desk.page.get_by_role("button", name="Ask for cover").count() == 0, "it is refused"
        assert await desk.page.get_by_role("button", name="Take it").count() > 0


@pytest.mark.scenario("browser")
async def test_staff_enrol_a_phone_and_shut_it_out(browser: Browser, tmp_path: Path) -> None:
    """What enrols it is shown once: to look again makes none, and the phone stands in the list as soon as it is in."""
    async with a_desk(browser, tmp_path, "staff", viewport=PHONE_PIXELS) as desk:
        planned(desk.room)
        page = desk.page
        await desk.open("/rota/mine")
        await page.get_by_role("button", name="Enrol a phone or tablet").click()
        await page.get_by_role("img", name="QR code").wait_for()
        assert "/me/enrol/" in await page.get_by_label("The same as a link").input_value()
        assert page.url.endswith("/devices/of/the-staff")
        await desk.live()
        await desk.check("devices-phone")
        phone = events.DeviceEnrolled(
            device_id="e" * 32, credential_hash="sha256:0", person_id="the-staff", label="blue phone"
        )
        desk.room.write(ASSIGNMENTS.name, phone)
        await page.locator("#devices", has_text="blue phone").wait_for()
        await desk.open("/devices/of/the-staff")
        assert "/me/enrol/" not in await page.content()
        await page.locator("#devices [name=reason]").fill("lost")
        await page.get_by_role("button", name="Shut it out").click()
        await page.locator("#toast", has_text="Done.").wait_for()
        assert [type(each) for each in desk.room.commands()] == [events.RevokeDevice]


@pytest.mark.scenario("browser")
async def test_a_shift_is_planned_and_places_swapped_with_the_keyboard_alone(browser: Browser, tmp_path: Path) -> None:
    async with a_desk(browser, tmp_path, "supervisor") as desk:
        planned(desk.room)
        page, day = desk.page, in_days(desk.room, 1)
        await desk.open(week_of(in_days(desk.room, 2)))
        await desk.live()
        await page.locator("#plan summary").focus()
        await desk.press("Enter", "Tab", "c")
        assert await page.locator("#plan-shift [name=team_id]").input_value() == "cares-1"
        await page.locator('#plan-shift [name="places[1].needs"]').focus()
        await desk.press("c", "r", "Tab", "D", "Tab", "Space", "Enter")
        await page.locator("#toast", has_text="Done.").wait_for()
        [command] = desk.room.commands()
        assert isinstance(command, events.PlanShift)
        assert command.starts_at == instant(CHICAGO, day, 7 * 60), "the morning of tomorrow, as the form has it"
        assert command.places == (ShiftPlace(needs="crisis-worker", person_id="dee"), ShiftPlace())
        await page.locator("#change-day-2 summary").focus()
        await desk.press("Enter")
        await page.locator("#change-day-2 a").focus()
        await desk.press("Enter")
        await page.get_by_label("Swap with").focus()
        await desk.press("S", "Tab", "Enter")
        await page.wait_for_url("**with=the-staff*")
        await desk.live()
        await page.locator("#swap-night-3-1 [name=reason]").focus()
        await page.keyboard.type("they agreed")
        await desk.press("Enter")
        await page.locator("#toast", has_text="Done.").wait_for()
        command = desk.room.commands()[-1]
        assert isinstance(command, events.SwapShifts)
        assert (command.shift_id, command.other_shift_id, command.reason) == ("day-2", "night-3", "they agreed")


async def test_a_dispatcher_looks_and_changes_nothing(browser: Browser, tmp_path: Path) -> None:
    async with a_desk(browser, tmp_path, "dispatcher") as desk:
        planned(desk.room)
        await desk.open(week_of(in_days(desk.room, 1)))
        await desk.live()
        await desk.page.locator("#lack-empty").wait_for()
        assert await desk.page.locator("main form[method=post]").count() == 0


@pytest.mark.scenario("browser")
async def test_a_roll_is_called_and_counts_while_people_answer(browser: Browser, tmp_path: Path) -> None:
    async with a_desk(browser, tmp_path, "dispatcher", viewport=PHONE_PIXELS) as desk:
        planned(desk.room)
        roll_called(desk.room)
        await desk.open("/roll-call")
        await desk.live()
        await desk.page.locator("#count", has_text="1 of 3 people answered over 1 of 4 ways").wait_for()
        await desk.page.locator("#silent #person-dee", has_text="did not arrive").wait_for()
        await desk.page.locator("#answered #person-bea", has_text="no answer yet").wait_for()
        desk.room.write(
            NOTIFICATIONS.name, events.ContactProved(person_id="cal", method_id="mobile", page_id="page-cal-mobile")
        )
        await desk.page.locator("#answered #person-cal").wait_for()
        await desk.page.locator("#count", has_text="2 of 3 people answered").wait_for()
        await desk.page.get_by_label("Whom").select_option("cal")
        await desk.page.get_by_role("button", name="Ask over every way").click()
        await desk.page.locator("#count", has_text="0 of 1 person answered over 0 of 1 way").wait_for()
        [command] = desk.room.commands()
        assert isinstance(command, events.CallRoll)
        assert (command.person_ids, command.minutes, command.every_method) == (("cal",), 60, True)


@pytest.mark.scenario("browser")
async def test_a_supervisor_sees_who_cannot_be_reached_and_sets_a_way(browser: Browser, tmp_path: Path) -> None:
    async with a_desk(browser, tmp_path, "supervisor") as desk:
        planned(desk.room)
        reached(desk.room)
        await desk.open("/people")
        await desk.live()
        page = desk.page
        await page.locator("#proved #person-bea", has_text="text …23 ✓ works").wait_for()
        await page.locator("#unproved #person-cal", has_text="they said STOP").wait_for()
        await page.locator("#unproved #person-dee", has_text="does not work").wait_for()
        await page.locator("#ways-dee summary").focus()
        await desk.press("Enter", "Tab")
        await page.keyboard.type("608 555 0142")
        await desk.press("Enter")
        await page.locator("#ways-dee:not([open])").wait_for()
        [command] = desk.room.commands()
        assert isinstance(command, events.SetContact)
        assert (command.person_id, command.method_id, command.kind, command.shown) == ("dee", "text", "sms", "…42")
        for text in (command.model_dump_json(), await page.content()):
            assert not re.search(r"608\D{0,2}555|555\D?0142", text)


@pytest.mark.scenario("browser")
async def test_erasing_asks_twice(browser: Browser, tmp_path: Path) -> None:
    async with a_desk(browser, tmp_path, "supervisor") as desk:
        planned(desk.room)
        await desk.open("/people")
        await desk.live()
        await desk.page.locator("#erase-dee summary").click()
        await desk.page.locator("#erase-form-dee [name=reason]").fill("has left")
        await desk.page.locator("#erase-form-dee button").click()
        assert desk.room.commands() == [], "the box is not ticked"
        await desk.page.locator("#erase-form-dee [type=checkbox]").check()
        await desk.page.locator("#erase-form-dee button").click()
        await expect(desk.page.locator("#erase-dee[open]")).to_have_count(0)
        assert [type(each) for each in desk.room.commands()] == [events.RemovePerson, events.ErasePerson]
