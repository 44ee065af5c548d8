"""What the tests of the pocket page share: a city whose door runs, and a phone that opens its pages."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from services.pocket.http import create_app
from tests.services.pocket.driver import City


@pytest.fixture
async def city() -> AsyncIterator[City]:
    made = City()
    async with made.living():
        yield made


@pytest.fixture
async def phone(city: City) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_app(city.door))
    async with httpx.AsyncClient(transport=transport, base_url="http://pocket", follow_redirects=True) as client:
        yield client
