"""The pocket page in a real browser: a phone, no script, by day and by night, from offer to cleared."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page

from services.pocket.door import OwnPage
from services.pocket.http import create_app
from shared.doors.connections import ConnectionBounds
from shared.doors.serve import server_of
from shared.events import (
    AssignmentUnconfirmed,
    ContactSet,
    OfferWithdrawn,
    Person,
    PersonDefined,
    SafetyCheckDue,
    TeamNotMoving,
    TeamSignedOff,
    UpgradeRaised,
)
from shared.judgement import RaisedBy
from shared.topics import NOTIFICATIONS
from tests.browser.desk import a_browser
from tests.browser.screen import draw
from tests.rig.serving import serving
from tests.services.pocket.driver import CALL, PERSONAL, City
from tests.services.pocket.me.test_own_page import enrolment

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

PHONE_PIXELS = {"width": 360, "height": 740}
NARROW_PIXELS = {"width": 320, "height": 640}
TWICE_THE_TEXT = "--blink-settings=defaultFontSize=32"
"""As who reads small print badly has set their phone (WCAG 2.2, 1.4.4 and 1.4.10)."""
TARGET_PIXELS = 44
"""Least height of what a thumb has to hit (WCAG 2.2, 2.5.5)."""


@dataclass
class Phone:
    page: Page
    address: str
    pictures: Path

    @property
    def width(self) -> int:
        """How much of a page it shows."""
        assert self.page.viewport_size is not None
        return self.page.viewport_size["width"]

    async def open(self, path: str) -> None:
        await self.page.goto(self.address + path)
        await self.check()

    async def tap(self, name: str) -> None:
        """Tap a button or link by the name that a screen reader says."""
        control = self.page.get_by_role("button", name=name).or_(self.page.get_by_role("link", name=name))
        async with self.page.expect_navigation():  # until the page that follows is there, with its style
            await control.first.click()
        await self.check()

    async def sees(self, text: str) -> None:
        await self.page.locator("main", has_text=text).wait_for(timeout=6_000)

    async def picture(self, name: str) -> None:
        await draw(self.page, self.pictures, name)

    async def check(self) -> None:
        """What holds on every page: a heading, targets for a thumb, no scrolling sideways."""
        assert await self.page.locator("h1").count() == 1
        for control in await self.page.locator("button:visible, a:visible, select:visible").all():
            box = await control.bounding_box()
            assert box is not None
            assert box["height"] >= TARGET_PIXELS, await control.inner_text()
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= self.width, await control.inner_text()
        assert await self.page.evaluate("document.documentElement.scrollWidth") <= self.width


@asynccontextmanager
async def served(city: City) -> AsyncIterator[str]:
    server = server_of("pocket", create_app(city.door), ConnectionBounds(), "127.0.0.1", 0)
    async with serving(server) as port:
        yield f"http://127.0.0.1:{port}"


@asynccontextmanager
async def a_phone(
    city: City, browser: Browser, pictures: Path, pixels: dict[str, int] = PHONE_PIXELS
) -> AsyncIterator[Phone]:
    async with city.living(), served(city) as address:
        context = await browser.new_context(
            viewport=pixels,  # type: ignore[arg-type]
            device_scale_factor=2,
            is_mobile=True,
            has_touch=True,
            java_script_enabled=False,
        )
        context.set_default_timeout(10_000)
        yield Phone(await context.new_page(), address, pictures)
        await context.close()


async def test_from_offer_to_cleared(browser: Browser, tmp_path: Path) -> None:
    city = City()
    city.call()
    shift = city.sign_on()
    async with a_phone(city, browser, tmp_path) as phone:
        await phone.open(shift)
        await phone.sees("Nothing to do.")
        await phone.picture("1-shift")
        path = city.offer(seconds=60)
        await phone.sees("Will you take this call?")  # the page looks again by itself
        await phone.picture("2-shift-with-offer")
        await phone.open(path)
        await phone.picture("3-offer")
        await phone.tap("10 minutes, accept")
        await phone.sees("You have this call")
        await phone.sees(PERSONAL["address"])
        await phone.picture("4-accepted")
        await phone.tap("En route")
        await phone.tap("On scene")
        await phone.sees("On scene")
        city.write(SafetyCheckDue(call_id=CALL, episode=1, team_id="alpha-1", number=1))
        await asyncio.sleep(0.1)
        await phone.open(path)
        await phone.sees("Are you well?")
        await phone.picture("5-safety-check")
        await phone.tap("We are well")
        assert "Are you well?" not in await phone.page.content()
        warn(city)
        await phone.tap("Need police")
        await phone.sees("Wait nearby. Do not go in.")
        await phone.sees("police may be coming")
        await phone.picture("6-notices")
        await phone.tap("Clear call")
        await phone.picture("7-clear")
        await phone.page.get_by_label("Outcome").select_option("handed-over-police")
        await phone.tap("Clear the call")
        await phone.sees("Handed over to police")
        assert PERSONAL["address"] not in await phone.page.content()
        await phone.picture("8-cleared")
        await phone.open(shift)
        await phone.picture("9-shift-after")
        await phone.tap("Sign off")
        await phone.picture("10-sign-off")
        await phone.tap("Sign off")
        await phone.sees("Your shift has ended")
        await phone.picture("11-over")


def warn(city: City, team_id: str = "alpha-1") -> None:
    """Everything at once that a team on a call has to know."""
    team = {"call_id": CALL, "episode": 1, "team_id": team_id}
    city.write(AssignmentUnconfirmed(**team))  # type: ignore[arg-type]
    city.write(TeamNotMoving(**team))  # type: ignore[arg-type]
    knife = RaisedBy("weapon", "present", None, "answer weapon", city.clock.now())
    raised = UpgradeRaised(
        **team,  # type: ignore[arg-type]
        level="police",
        level_rank=3,
        raised_by=(knife,),
        on_upgrade="stage",
        sentence="A weapon is present, so police go to this call.",
    )
    city.write(raised)


async def test_open_calls_stand_side_by_side_and_one_is_taken(browser: Browser, tmp_path: Path) -> None:
    city = City()
    city.call()
    shift = city.sign_on()
    async with a_phone(city, browser, tmp_path) as phone:
        city.offer(seconds=60, paged=False)
        city.offer("offer-2", seconds=40, paged=False, call_id=f"{CALL}-2", district="West", priority="2")
        await asyncio.sleep(0.1)
        await phone.open(shift)
        await phone.sees("Open call in Central, priority 3")
        await phone.sees("Open call in West, priority 2")
        await phone.picture("open-calls")
        first = phone.page.locator("section", has_text="Open call in Central")
        await first.get_by_role("button", name="Take it, time not known").click()
        await phone.sees("You have this call")


async def test_the_keyboard_alone_accepts(browser: Browser, tmp_path: Path) -> None:
    city = City()
    city.call()
    async with a_phone(city, browser, tmp_path) as phone:
        await phone.open(city.offer(seconds=60))
        await phone.tap("Stop this page from loading again")
        await phone.page.keyboard.press("Tab")
        await phone.picture("focus")
        await phone.page.keyboard.press("Enter")
        await phone.sees("You have this call")


async def test_who_has_a_page_read_out_can_stop_it_first(browser: Browser, tmp_path: Path) -> None:
    """It loads again every few seconds, and whoever reads by ear or by one key began anew each time."""
    city = City()
    async with a_phone(city, browser, tmp_path) as phone:
        await phone.open(city.offer(seconds=60))
        await phone.page.keyboard.press("Tab")
        focused = phone.page.locator(":focus")
        assert await focused.inner_text() == "Read this page without its loading again"
        box = await focused.bounding_box()
        assert box is not None
        assert box["y"] >= 0, "it is seen while it has the focus"
        await phone.picture("stop-first")
        async with phone.page.expect_navigation():
            await phone.page.keyboard.press("Enter")
        await phone.sees("This page stands still.")
        await phone.check()


async def test_a_withdrawn_offer_says_so_by_itself(browser: Browser, tmp_path: Path) -> None:
    city = City()
    async with a_phone(city, browser, tmp_path) as phone:
        await phone.open(city.offer(seconds=60))
        city.write(OfferWithdrawn(offer_id="offer-1", call_id=CALL, episode=1, team_id="alpha-1", why="taken"))
        city.routed("bravo-2")
        await phone.sees("The offer was withdrawn.")
        await phone.sees("bravo-2 has the call")
        await phone.picture("withdrawn")
        await phone.open("/p/nothing")
        await phone.picture("unknown")


async def test_on_a_narrow_phone_with_large_text_nothing_is_cut_off(chromium_path: Path, tmp_path: Path) -> None:
    city = City(OwnPage(secure=False, push_key="B" * 87))
    city.call()
    shift = city.sign_on("northwest-community-responders-1")
    async with (
        a_browser(chromium_path, TWICE_THE_TEXT) as browser,
        a_phone(city, browser, tmp_path, NARROW_PIXELS) as phone,
    ):
        path = city.offer(
            team_id="northwest-community-responders-1",
            seconds=60,
            district="Northwest-Neighbourhoods",
            response="x" * 30,
        )
        await asyncio.sleep(0.1)
        await phone.open(shift)
        await phone.open(path)
        await phone.picture("1-offer")
        await phone.tap("10 minutes, accept")
        await phone.sees("You have this call")
        warn(city, "northwest-community-responders-1")
        await asyncio.sleep(0.1)
        await phone.open(path)
        await phone.picture("2-call")
        bar = await phone.page.locator(".bar").bounding_box()
        assert bar is not None
        assert bar["height"] <= NARROW_PIXELS["height"] / 4, "it stands over the call: half the screen was under it"
        await phone.tap("On scene")
        await phone.picture("3-enter")
        await phone.tap("Yes, the dispatcher")
        await phone.tap("We are not on scene")
        await phone.open(f"{path}/clear")
        await phone.picture("4-clear")
        await phone.open(f"{shift}/sign-off")
        await phone.open("/p/nothing")
        about = {"person_id": "ana", "method_id": "cell", "kind": "email"}
        city.write(ContactSet(**about, shown="…responders@northwest-neighbourhoods.example"), topic=NOTIFICATIONS)  # type: ignore[arg-type]
        for holder in ("ana", None):
            team_id = None if holder else "northwest-community-responders-1"
            await phone.open(enrolment(city, holder, team_id))
            await phone.tap("Yes, enrol it")
            await phone.picture(f"5-own-page-{holder or 'tablet'}")
        for person_id in ("ana", "alexandria-montgomery-featherstonehaugh"):
            city.write(PersonDefined(person=Person(person_id=person_id, name="A", disciplines=("emt",))))
        city.write(
            TeamSignedOff(
                team_id="northwest-community-responders-1", shift_id="shift-of-northwest-community-responders-1"
            )
        )
        await asyncio.sleep(0.1)
        await phone.open("/me")
        await phone.picture("6-sign-on")
