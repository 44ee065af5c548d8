"""A seat in the dispatch room: a real browser, signed in at a console whose city lives in memory."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from fastapi import FastAPI
from playwright.async_api import Browser, BrowserContext, Error, Page, Route, async_playwright

from shared.doors.connections import ConnectionBounds
from shared.doors.serve import server_of
from tests.browser.screen import BROWSER_ARGUMENTS, Scheme, by_day_and_night, draw
from tests.rig.serving import serving
from tests.services.console.pages.driver import Room, running_room

BROKEN = {"resultTypes": ["violations"]}
"""What a page keeps is not described, element by element: that takes a third of the time."""
WCAG = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]}, **BROKEN}
CONTRAST = {"runOnly": {"type": "rule", "values": ["color-contrast"]}, **BROKEN}
RULES: dict[Scheme, dict[str, Any]] = {"light": CONTRAST, "dark": WCAG}
"""What a page has to keep; contrast is what another colour scheme can change."""
FAINT_EDGES = """() => {
    const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
    const light = (colour) => {
        const [r, g, b] = parts(colour).map((part) => part / 255)
            .map((part) => (part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05;
    };
    const ground = (element) => {
        const colour = getComputedStyle(element).backgroundColor;
        return parts(colour)[3] === 0 && element.parentElement ? ground(element.parentElement) : colour;
    };
    const contrast = (one, other) => Math.max(light(one) / light(other), light(other) / light(one));
    return [...document.querySelectorAll("input:not([type=hidden], [type=checkbox]), select, textarea")]
        .filter((field) => field.checkVisibility() && !field.closest(".code"))
        .filter((field) => contrast(getComputedStyle(field).borderTopColor, ground(field.parentElement)) < 3)
        .map((field) => field.name || field.id);
}"""
"""Fields that show too faintly where they are (WCAG 2.2, 1.4.11); axe looks at words alone."""
FAILED = 500
SCREEN_PIXELS = {"width": 1440, "height": 900}
PHONE_PIXELS = {"width": 390, "height": 844}
TABLET_PIXELS = {"width": 1024, "height": 768}
NARROW_PIXELS = {"width": 320, "height": 640}


@dataclass
class Desk:
    """A browser at which somebody is signed in, and one of its tabs."""

    context: BrowserContext
    page: Page
    address: str
    room: Room
    pictures: Path
    faults: list[str]
    """Script errors, what the policy of a page kept from happening, and requests that failed at the console."""

    async def open(self, path: str) -> None:
        await self.page.goto(self.address + path)

    async def live(self, page: Page | None = None) -> None:
        """Wait until the page follows what happens."""
        await (page or self.page).wait_for_selector('#connection[data-state="live"]')

    async def unfold(self) -> None:
        """Open whatever is folded, so that all of it is checked."""
        await self.page.evaluate("document.querySelectorAll('main details').forEach((each) => { each.open = true; })")

    async def sees(self, text: str) -> None:
        await self.page.locator("body", has_text=text).wait_for()

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self.page.keyboard.press(key)

    async def stop_clock(self) -> None:
        """The clock of the page, which is installed, stands from now on, a minute later."""
        await self.page.clock.pause_at(await self.page.evaluate("Date.now() / 1000") + 60)

    async def focus(self) -> str:
        """What has the focus, in words."""
        words: str = await self.page.evaluate("document.activeElement.innerText || document.activeElement.name || ''")
        return " ".join(words.split())

    async def tab(self) -> Page:
        """Another tab of this browser."""
        page = await self.context.new_page()
        watch(page, self.faults)
        return page

    async def in_sight(self, selector: str) -> bool:
        """Whether a thing is on the screen as it is scrolled, whole, and nothing is over it."""
        box, screen = await self.page.locator(selector).bounding_box(), self.page.viewport_size
        assert box is not None
        assert screen is not None
        over = "([s, x, y]) => document.elementFromPoint(x, y)?.closest(s) !== null"
        middle = [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2]
        inside = 0 <= box["y"] <= screen["height"] - box["height"]
        return inside and await self.page.evaluate(over, [selector, *middle])

    async def check(self, name: str) -> None:
        """Accessible, as far as a program can tell, light and dark; and pictures to look at."""
        await self.check_width(name)
        async for scheme in by_day_and_night(self.page):
            found = await Axe().run(self.page, options=RULES[scheme])
            assert found.violations_count == 0, f"{name}, {scheme}: {found.generate_report()}"
            assert await self.page.evaluate(FAINT_EDGES) == [], f"{name}, {scheme}"

    async def check_width(self, name: str) -> None:
        """No wider than the screen, one heading of the first rank; and pictures to look at, light and dark."""
        assert await self.page.locator("h1").count() == 1, name
        await self.draw(name)
        widths = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        async for scheme in by_day_and_night(self.page):
            assert await self.page.evaluate(widths) <= 0, f"{name}, {scheme}, is wider than the screen"

    async def draw(self, name: str) -> None:
        await draw(self.page, self.pictures, name)


@dataclass
class HeldAnswer:
    """An answer that a page has asked for, and gets when it may."""

    is_there: asyncio.Event
    may_arrive: asyncio.Event


async def held_answer(page: Page, address: str) -> HeldAnswer:
    """From now on, what a page asks for at an address is held back once the console has answered."""
    held = HeldAnswer(asyncio.Event(), asyncio.Event())

    async def hold(route: Route) -> None:
        answer = await route.fetch()
        held.is_there.set()
        await held.may_arrive.wait()
        with contextlib.suppress(Error):  # nobody may wait for it any more
            await route.fulfill(response=answer)

    await page.route(address, hold)
    return held


def watch(page: Page, faults: list[str]) -> None:
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda line: faults.append(line.text) if "Content Security Policy" in line.text else None)
    page.on("response", lambda answer: faults.append(answer.url) if answer.status == FAILED else None)


@contextlib.asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[str]:
    """A console on a loopback port; its lifespan runs already."""
    server = server_of("console", app, ConnectionBounds(), "127.0.0.1", 0)
    async with serving(server) as port:
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            server.force_exit = True  # streams last longer than a test


@contextlib.asynccontextmanager
async def a_browser(chromium_path: Path, *arguments: str) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium_path, args=[*BROWSER_ARGUMENTS, *arguments])
        yield browser
        await browser.close()


@contextlib.asynccontextmanager
async def seated(
    browser: Browser, room: Room, address: str, token: str, pictures: Path, **context: Any
) -> AsyncIterator[Desk]:
    """Somebody who has signed in with a token, on the page Now."""
    options = {"viewport": SCREEN_PIXELS, "color_scheme": "dark", **context}
    opened = await browser.new_context(**options)
    opened.set_default_timeout(20_000)
    faults: list[str] = []
    page = await opened.new_page()
    watch(page, faults)
    desk = Desk(opened, page, address, room, pictures, faults)
    await desk.open("/")
    await page.get_by_label("Your token").fill(token)
    async with page.expect_navigation():
        await page.keyboard.press("Enter")
    yield desk
    await opened.close()
    assert faults == []


@contextlib.asynccontextmanager
async def a_desk(browser: Browser, folder: Path, token: str = "dispatcher", **context: Any) -> AsyncIterator[Desk]:
    """A room, and somebody at a browser in it."""
    async with (
        running_room(folder) as room,
        served(room.city.app) as address,
        seated(browser, room, address, token, folder, **context) as desk,
    ):
        yield desk
