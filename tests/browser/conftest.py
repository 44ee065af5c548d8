"""What the tests of pages share: one browser for those of a file, whose visits have a profile each."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from playwright.async_api import Browser

from tests.browser.desk import a_browser


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser(chromium_path: Path) -> AsyncIterator[Browser]:
    async with a_browser(chromium_path) as running:
        yield running
