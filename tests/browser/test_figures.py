"""Figures in a real browser: charts that everybody can read, cut by keyboard, published, and seen by the public."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser

from tests.browser.desk import PHONE_PIXELS, Desk, a_desk
from tests.services.console.driver import AGENCY
from tests.services.console.reported import reporting_of

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

PERIOD = "from=2025-12-01&until=2026-04-01"


async def publish(desk: Desk) -> None:
    await desk.page.get_by_label("Publish a quarter or a year").fill("2026-Q1")
    async with desk.page.expect_navigation():
        await desk.press("Enter")
    await desk.sees("Counts from 1 to 10 are withheld")


async def test_figures_are_read_cut_and_published(browser: Browser, tmp_path: Path) -> None:
    async with (
        a_desk(browser, tmp_path, "approver") as desk,
        reporting_of(desk.room.city, tmp_path),
    ):
        await desk.open(f"/figures?{PERIOD}")
        await desk.sees("From eligible to contact")
        await desk.page.get_by_label("cut by").focus()
        await desk.press("d", "Tab")
        async with desk.page.expect_navigation():
            await desk.press("Enter")
        await desk.sees("Capture, by district")
        await desk.check("figures")
        await desk.unfold()
        await desk.check("figures-unfolded")
        await publish(desk)
        assert desk.page.url.endswith(f"/public/{AGENCY}")
        await desk.page.set_viewport_size(PHONE_PIXELS)  # type: ignore[arg-type]  # its type has no name to use
        await desk.check("public-phone")
        await desk.open(f"/figures?{PERIOD}")
        await desk.check_width("figures-phone")
        await desk.page.get_by_label("Publish a quarter or a year").fill("2026-Q1")
        await desk.press("Enter")
        await desk.page.locator("form.ask output", has_text="stays as it is").wait_for()
        assert desk.page.url.endswith(PERIOD), "what was refused says so where it was asked, and leads nowhere"
