"""The programme in a real browser: changed by two people and taken back by one, by keyboard alone; and signing in."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser

from services.console.openid.provider import Provider
from services.console.pages.page import ConsoleDoor
from tests.browser.desk import PHONE_PIXELS, Desk, held_answer, seated, served
from tests.browser.screen import take_picture
from tests.services.console import driver
from tests.services.console.openid.provider import CLIENT, CLIENT_SECRET, running_provider
from tests.services.console.pages.programme_driver import SECOND, ProgrammeRoom, programme_room, version

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

MOST_TABS = 60
TWO_FAULTS = version(2, ('phase     = "live"', 'phase     = "lvie"'), ('Q1 = "weapon"', 'Q1 = "wepon"'))
EXPORT = "id,at,code,beat\n" + "".join(
    f"{i},2021-09-01 {i:02}:00,{'MENTAL' if i % 2 else 'XX'},C1\n" for i in range(24)
)
MAPPING = """agency = "madison-wi"
source = "dane-county"
time_zone = "America/Chicago"
time = "%Y-%m-%d %H:%M"
ambiguous = "first"
code_system = "dane-county"
[columns]
incident_id = "id"
created_at = "at"
code = "code"
beat = "beat"
[beats.districts]
Central = ["C*"]
"""


async def tab_to(desk: Desk, selector: str) -> None:
    """Tab on until something has the focus."""
    for _ in range(MOST_TABS):
        await desk.press("Tab")
        if await desk.page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"{selector} is not reached by the keyboard")


async def decide(desk: Desk, selector: str, why: str) -> None:
    """Open what a link leads to, say why, and press Enter."""
    await tab_to(desk, selector)
    async with desk.page.expect_navigation():
        await desk.press("Enter")
    await tab_to(desk, "#why")
    await desk.page.keyboard.type(why)
    async with desk.page.expect_navigation():
        await desk.press("Enter")


@contextlib.asynccontextmanager
async def two_people(browser: Browser, folder: Path) -> AsyncIterator[tuple[ProgrammeRoom, Desk, Desk]]:
    """Whoever proposes, and whoever approves, each at a browser."""
    async with (
        programme_room(folder) as room,
        served(room.city.app) as address,
        seated(browser, room, address, "supervisor", folder) as manager,
        seated(browser, room, address, "approver", folder) as approver,
    ):
        yield room, manager, approver


async def test_two_people_change_the_programme_by_keyboard_and_one_takes_it_back(
    browser: Browser, tmp_path: Path
) -> None:
    async with two_people(browser, tmp_path) as (room, manager, approver):
        await manager.open("/programme")
        await tab_to(manager, "a[href='/programme/edit']")
        async with manager.page.expect_navigation():
            await manager.press("Enter")
        await tab_to(manager, "#document")
        await manager.press("Control+a")
        await manager.page.keyboard.insert_text(TWO_FAULTS)
        await manager.sees("2 faults")
        await tab_to(manager, "a[data-line]")
        await manager.press("Enter")
        assert await manager.page.evaluate("document.activeElement.id") == "document"
        assert "wepon" in await manager.page.evaluate("getSelection().toString()"), "the line of the fault"
        await manager.press("Control+a")
        await manager.page.keyboard.insert_text(SECOND)
        await manager.page.locator("[data-propose]:enabled", has_text="Propose version 2").wait_for()
        await tab_to(manager, "#reason")
        await manager.page.keyboard.type("Longer hours")
        async with manager.page.expect_navigation():
            await manager.press("Enter")
        await manager.sees("Version 2 waits for another person's approval.")
        await approver.open("/programme")
        await decide(approver, "a.act[href^='/programme/documents/']", "Agreed")
        await approver.sees("Version 2 is in force.")
        assert room.active == 2
        await manager.open("/programme")
        await decide(manager, "#history a.act", "Too few teams")
        await manager.sees("Version 1 is in force again")
        assert room.active == 1


async def test_what_is_refused_is_told_where_it_was_decided(browser: Browser, tmp_path: Path) -> None:
    async with two_people(browser, tmp_path) as (room, manager, approver):
        await manager.open("/programme/edit")
        await manager.page.locator("#document").fill(SECOND)
        await manager.page.locator("[data-propose]:enabled").wait_for()
        await manager.page.locator("#reason").fill("Longer hours")
        async with manager.page.expect_navigation():
            await manager.page.locator("[data-propose]").dblclick()  # twice is once
        for desk in (approver, manager):
            await desk.open("/programme")
            await desk.page.locator("a.act[href^='/programme/documents/']").first.click()
        await manager.page.locator("#turn-down summary").click()
        await manager.page.locator("#why-not").fill("Too early")
        async with manager.page.expect_navigation():
            await manager.press("Enter")
        await approver.page.locator("#why").fill("Agreed")
        await approver.press("Enter")
        await approver.page.locator("#approve output", has_text="Not done. No document").wait_for()
        assert await approver.page.locator("#why").input_value() == "Agreed"
        assert [type(each).__name__ for each in room.commands()] == [
            "ProposeProgramme",
            "RejectProgramme",
            "ApproveProgramme",
        ]


async def test_what_was_typed_over_while_it_was_checked_is_not_proposed(browser: Browser, tmp_path: Path) -> None:
    async with (
        programme_room(tmp_path) as room,
        served(room.city.app) as address,
        seated(browser, room, address, "supervisor", tmp_path) as desk,
    ):
        await desk.page.clock.install()
        await desk.open("/programme/edit")
        await desk.live()
        checked = await held_answer(desk.page, "**/programme/edit")
        await desk.page.locator("#document").fill(SECOND)
        await checked.is_there.wait()
        await desk.stop_clock()  # it is not checked again
        await desk.page.locator("#document").fill(TWO_FAULTS)
        checked.may_arrive.set()
        await asyncio.sleep(0.5)
        assert await desk.page.locator("[data-propose]:enabled").count() == 0
        await desk.page.clock.resume()
        await desk.sees("2 faults")


async def test_every_page_of_the_programme_is_accessible(browser: Browser, tmp_path: Path) -> None:
    (tmp_path / "export.csv").write_text(EXPORT)
    async with programme_room(tmp_path) as room, served(room.city.app) as address:
        async with seated(browser, room, address, "supervisor", tmp_path) as desk:
            await desk.open("/programme/edit")
            await desk.live()
            await desk.page.locator("#document").fill(TWO_FAULTS)
            await desk.sees("2 faults")
            await desk.check("faults")
            await desk.page.locator("#document").fill(SECOND)
            await desk.sees("No fault")
            await desk.page.locator("[name=code]").fill("dane-county MENTAL")
            await desk.page.get_by_role("button", name="Try it").click()
            await desk.sees("Such a call")
            await desk.check("tried")
            await desk.page.reload()
            assert await desk.page.locator("#document").input_value() == SECOND, "a reload keeps the draft"
            await desk.page.locator("#reason").fill("Longer hours")
            await desk.page.get_by_role("button", name="Propose version 2").click()
            await desk.sees("waits for another person")
            await desk.check("programme")
            await desk.open("/programme/coverage")
            await desk.page.locator("#export").set_input_files(tmp_path / "export.csv")
            await desk.page.locator("#mapping").fill(MAPPING)
            await desk.page.get_by_role("button", name="Count it").click()
            await desk.sees("24 calls under version 1")
            await desk.check("counted")
        phone = {"viewport": PHONE_PIXELS, "is_mobile": True, "has_touch": True}
        async with seated(browser, room, address, "approver", tmp_path, **phone) as desk:
            await desk.open(f"/programme/documents/{room.hash_of(2)}")
            await desk.check("approve-phone")


async def test_without_a_script_a_button_checks_and_what_was_checked_is_proposed(
    browser: Browser, tmp_path: Path
) -> None:
    async with (
        programme_room(tmp_path) as room,
        served(room.city.app) as address,
        seated(browser, room, address, "supervisor", tmp_path, java_script_enabled=False) as desk,
    ):
        await desk.open("/programme/edit")
        await desk.page.locator("#document").fill(TWO_FAULTS)
        await desk.page.get_by_role("button", name="Check", exact=True).click()
        await desk.sees("2 faults")
        await desk.page.locator("a[data-line]").first.click()
        assert desk.page.url.endswith("#line-26")
        await desk.page.locator("#document").fill(SECOND)
        await desk.page.get_by_role("button", name="Check", exact=True).click()
        await desk.page.locator("#reason").fill("Longer hours")
        await desk.page.get_by_role("button", name="Propose version 2").click()
        await desk.sees("waits for another person")
        assert room.hash_of(2)


async def test_signing_in_at_an_identity_provider_goes_on_by_itself(browser: Browser, tmp_path: Path) -> None:
    async with running_provider() as provider, programme_room(tmp_path) as room, served(room.city.app) as address:
        door = set_up(room, provider.issuer, f"{address}/sign-in/back")
        context = await browser.new_context(color_scheme="dark")
        page = await context.new_page()
        await page.goto(f"{address}/calls")
        await take_picture(page, tmp_path / "sign-in-provider.png")
        await page.get_by_role("link", name="Sign in with your organisation").click()
        await page.get_by_role("heading", name="Calls").wait_for()
        assert "dana" in await page.locator(".who").inner_text()
        plain = await (await browser.new_context(java_script_enabled=False)).new_page()
        await plain.goto(address)
        await plain.get_by_role("link", name="Sign in with your organisation").click()
        await plain.get_by_role("button", name="Go on").click()
        await plain.get_by_role("heading", name="Now").first.wait_for()
        await door.provider.close()


def set_up(room: ProgrammeRoom, issuer: str, callback: str) -> ConsoleDoor:
    """Have the door know an identity provider, and the agencies file somebody whom it names."""
    dana = f'\n[agencies.{driver.AGENCY}.people.dana]\nsign_in = "email:dana@city.gov"\nroles = ["dispatcher"]\n'
    room.city.agencies_file.write_text(driver.AGENCIES + dana)
    door: ConsoleDoor = room.city.app.state.console
    settings = driver.settings(room.city.agencies_file)
    changed = {
        "oidc_issuer": issuer,
        "oidc_client_id": CLIENT,
        "oidc_client_secret": type(settings.link_secret)(CLIENT_SECRET),
        "oidc_callback_url": callback,
    }
    provider = Provider(settings.model_copy(update=changed), door.clock)
    room.city.app.state.console = changed_door = dataclasses.replace(door, provider=provider)
    return changed_door
