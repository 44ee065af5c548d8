"""Who sees a call is written down; where that cannot be done, the team sees it all the same."""

from __future__ import annotations

import asyncio
import html
import time

import httpx

from services.pocket.http import create_app
from shared.engine.broker import BrokerUnavailable
from shared.engine.memory import MemoryBroker
from shared.events import CommandIssued, PersonalDataSeen
from shared.topics import AUDIT_LOG
from tests.audited import entries_in, entries_of
from tests.services.pocket.driver import CALL, PERSONAL, City


def browser(city: City) -> httpx.AsyncClient:
    """A phone that opens pages of the door."""
    transport = httpx.ASGITransport(create_app(city.door), client=("10.1.2.3", 4567))
    return httpx.AsyncClient(transport=transport, base_url="http://pocket")


async def accepted(city: City, phone: httpx.AsyncClient) -> str:
    """The page of a call that the team has accepted."""
    city.call()
    city.sign_on()
    page = city.offer()
    await asyncio.sleep(0.05)  # until the door has read it
    await phone.post(f"{page}/accept", data={"eta_minutes": "5"})
    return page


async def test_whoever_opens_the_page_of_a_call_stands_in_the_log_and_nothing_personal_does() -> None:
    """By id, link and kind of network; a page that loads again by itself is counted."""
    city = City()
    async with city.living(), browser(city) as phone:
        page = await accepted(city, phone)
        shown = await phone.get(page)
        for _ in range(2):
            await phone.get(page)
        assert html.escape(PERSONAL["narrative"].splitlines()[0]) in shown.text
        seen = [e for e in await entries_of(city.log, city.door.register.log) if isinstance(e, PersonalDataSeen)]
    assert len(seen) == 1
    asked = ("ana", "link", "GET /p/{token}", "private", "pocket")
    assert (seen[0].by, seen[0].identified, seen[0].request, seen[0].came_from, seen[0].door) == asked
    assert (seen[0].what, seen[0].call_id, seen[0].key_id) == ("call", CALL, city.sealer.key_id)
    counted = [entry.times for entry in entries_in(city.log) if isinstance(entry, PersonalDataSeen)]
    assert counted == [1, 2]
    written = b"".join(stored.value for stored in city.log.places[AUDIT_LOG.name, 0])
    for personal in (*PERSONAL.values(), page.rpartition("/")[2]):
        assert personal.encode() not in written


async def test_an_offer_that_nobody_has_accepted_opens_nothing() -> None:
    """So nobody has seen a call."""
    city = City()
    async with city.living(), browser(city) as phone:
        city.call()
        city.sign_on()
        await phone.get(city.offer())
        entries = await entries_of(city.log, city.door.register.log)
    assert not [entry for entry in entries if isinstance(entry, PersonalDataSeen)]


async def test_a_call_is_shown_though_it_cannot_be_written_down() -> None:
    """At once; the entry waits, the gauge says how long, and it is written as soon as that can be done."""
    city = City()
    away = True

    async def network(doing: str) -> None:
        if away and doing == "append":
            raise BrokerUnavailable("refused")

    city.door.register.log._chains._broker = MemoryBroker(city.log, network)  # its own connection
    async with city.living(), browser(city) as phone:
        page = await accepted(city, phone)
        began = time.monotonic()
        shown = await phone.get(page)
        assert (shown.status_code, time.monotonic() - began < 1) == (200, True)
        assert html.escape(PERSONAL["address"]) in shown.text
        assert city.door.register.log.unwritten_seconds() > 0
        assert not entries_in(city.log)
        away = False
        assert [entry.by for entry in await entries_of(city.log, city.door.register.log)] == ["ana"]


async def test_what_a_team_says_stays_in_the_journals_and_a_device_stands_in_the_log() -> None:
    """Accepting gives nobody a right; giving up a phone takes one away."""
    city = City()
    async with city.living(), browser(city) as phone:
        await accepted(city, phone)
        entries = await entries_of(city.log, city.door.register.log)
    assert not [entry for entry in entries if isinstance(entry, CommandIssued)]
