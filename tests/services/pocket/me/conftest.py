from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.services.pocket.driver import City
from tests.services.pocket.me.test_own_page import a_browser


@pytest.fixture
async def phone(city: City) -> AsyncIterator[httpx.AsyncClient]:
    async with a_browser(city) as client:
        yield client
