"""What a real browser is started with, and pictures of what it shows, by day and by night, where somebody asks.

`PICTURES=1 .venv/bin/python -m pytest tests/browser --basetemp pictures` takes them.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Literal

from playwright.async_api import Error, Page

Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
SWITCHED_OFF = (
    # pages of the address bar, which nobody sees: each window would start them, at twice the cost of one of ours
    "WebUIOmniboxAimPopup",
    "WebUIOmniboxFullPopup",
    "WebUIOmniboxPopup",
    # what Playwright switches off: Chromium heeds the last list alone
    "AimEnabled",
    "AvoidCorsURLLoaderRestartOnRedirect",
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsFirstBalancedModeAutoEnable",
    "HttpsUpgrades",
    "LensOverlay",
    "MediaRouter",
    "NetworkTimeServiceQuerying",
    "OptimizationHints",
    "PaintHolding",
    "PreconnectToSearch",
    "ThirdPartyStoragePartitioning",
)
"""Features of Chromium; a name that a version does not know is nothing to it."""
BROWSER_ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--disable-features={','.join(SWITCHED_OFF)}",
]
ARE_PICTURES_WANTED = bool(os.environ.get("PICTURES"))
"""They are there to be looked at: no test does, and each takes as long as a page."""
PICTURE_ATTEMPTS = 10
PICTURE_RETRY_SECONDS = 0.3


async def by_day_and_night(page: Page) -> AsyncIterator[Scheme]:
    """Show a page in each scheme in turn."""
    for scheme in SCHEMES:
        await page.emulate_media(color_scheme=scheme)
        yield scheme


async def draw(page: Page, pictures: Path, name: str) -> None:
    """Pictures of a whole page to look at, light and dark."""
    async for scheme in by_day_and_night(page):
        await take_picture(page, pictures / f"{name}-{scheme}.png", full_page=True)


async def take_picture(page: Page, path: Path, *, full_page: bool = False) -> None:
    """A picture of a page to look at. On a busy machine Chromium refuses one now and then, and takes it later.

    Raises:
        Error: it has no picture to give, or refused each time.
    """
    if not ARE_PICTURES_WANTED:
        return
    for attempt in range(1, PICTURE_ATTEMPTS + 1):
        try:
            await page.screenshot(path=path, full_page=full_page)
        except Error as error:
            if "Unable to capture screenshot" not in error.message or attempt == PICTURE_ATTEMPTS:
                raise
            await asyncio.sleep(PICTURE_RETRY_SECONDS)
        else:
            return
