"""The page Audit log: an agency's own entries, on its clocks, for whoever may read them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.console.pages.audit_log import _instant
from shared.events import PersonalDataSeen
from tests.audited import entries_of
from tests.services.console.driver import OTHER_AGENCY
from tests.services.console.pages.driver import Room


async def test_the_page_shows_entries_of_the_own_agency_alone(room: Room) -> None:
    """And says who looks; a time that is none is asked for again."""
    city = room.city
    async with city.signed_in("dispatcher") as browser:
        await browser.get("/people")
    async with city.signed_in("bob") as browser:
        await browser.get("/people")
    await entries_of(city.log, city.app.state.register.log)
    async with city.signed_in("supervisor") as browser:
        shown = (await browser.get("/audit-log")).text
        assert "the-dispatcher saw the names of all staff." in shown
        assert "GET /people" in shown
        assert "bob" not in shown
        assert "there is more" not in shown.casefold()
        assert re.search(r"Times are those of \w+", shown)
        about = (await browser.get("/audit-log?by=the-supervisor")).text
        assert "the-dispatcher saw" not in about
        assert (await browser.get("/audit-log?from=yesterday")).status_code == 422
        for ends in ("from=0001-01-01T00:00", "until=9999-12-31T23:59", "until=0001-01-01T00:00"):
            assert (await browser.get(f"/audit-log?{ends}")).status_code == 200, ends
    async with city.signed_in("dispatcher") as browser:
        assert (await browser.get("/audit-log")).status_code == 403
    seen = [e for e in await entries_of(city.log, city.app.state.register.log) if isinstance(e, PersonalDataSeen)]
    assert {entry.by for entry in seen} == {"the-dispatcher", "bob"}
    assert OTHER_AGENCY not in shown


async def test_an_instant_that_says_its_zone_is_that_instant(room: Room) -> None:
    at = room.now.replace(second=0, microsecond=0) - timedelta(hours=2)
    async with room.city.signed_in("supervisor") as browser:
        shown = (await browser.get("/audit-log", params={"from": at.isoformat()})).text
    assert f'value="{at.astimezone(ZoneInfo("America/Chicago")):%Y-%m-%dT%H:%M}"' in shown


@pytest.mark.parametrize(("is_end", "hour"), [(False, 6), (True, 7)])
def test_the_hour_that_comes_twice_is_asked_for_whole(hour: int, *, is_end: bool) -> None:
    at = _instant("2026-11-01T01:30", ZoneInfo("America/Chicago"), is_end=is_end)
    assert at is not None
    assert at.astimezone(UTC) == datetime(2026, 11, 1, hour, 30, tzinfo=UTC)
