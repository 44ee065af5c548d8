"""The played network on a real port: our own client hands over, the phone gets it, the news comes back signed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path

from aiohttp import ClientSession
from aiohttp.web import BaseRequest

from deploy.actors.carrier.serving import Exchange, Setup, serving
from deploy.actors.webhooks import receiving
from deploy.local.access import Access, AgencySpec
from deploy.local.kafka.node import free_port
from services.notification.adapters import Links
from services.notification.carriers.order import Carriers, Errand
from services.notification.carriers.urls import CallbackUrls
from services.notification.exchange import Exchanges
from shared.agencies import Agencies
from shared.clock import SystemClock
from tests.rig.carrier import AGENCY, LINK_SECRET, PHONE, TELNYX_NUMBER, TWILIO_NUMBER, page

LOOPBACK = (ip_network("127.0.0.0/8"),)


@asynccontextmanager
async def stage(folder: Path, received: asyncio.Queue[str]) -> AsyncIterator[tuple[Carriers, Exchange, int]]:
    """Carriers on a port, our adapters that know them by the agencies file, and somebody who takes callbacks."""
    port, door = free_port(), free_port()
    phones = {PHONE: {"replies": "1", "replies_after_seconds": 0.1, "picks_up_after_seconds": None}}
    setup = Setup(f"http://127.0.0.1:{door}", AGENCY, telnyx_key="07" * 32, phones=phones)

    async def take(request: BaseRequest) -> int:
        await request.read()
        await received.put(request.path)
        return 204

    async with serving(port, setup) as exchange, receiving(door, take):
        accounts = setup.accounts(port, {"twilio": TWILIO_NUMBER, "telnyx": TELNYX_NUMBER})
        Access([AgencySpec(AGENCY, zone="America/Chicago", carriers=accounts)]).write(folder / "agencies.toml")
        urls = CallbackUrls(setup.callbacks_url, LINK_SECRET)
        links = Links("http://pocket", LINK_SECRET)
        agencies, ask = Agencies(folder / "agencies.toml"), Exchanges(LOOPBACK).ask
        yield Carriers(ask, agencies, urls, links.of, SystemClock()), exchange, port


async def test_a_page_goes_out_and_its_news_comes_back(tmp_path: Path) -> None:
    received: asyncio.Queue[str] = asyncio.Queue()
    async with stage(tmp_path, received) as (carriers, exchange, port):
        due = page(not_after=datetime.now(UTC) + timedelta(seconds=20))
        outcome = await carriers.send(Errand(AGENCY, "sms", due, PHONE))
        assert outcome.result == "done"
        async with asyncio.timeout(10):
            paths = sorted([await received.get() for _ in range(3)])
        async with ClientSession() as http, http.get(f"http://127.0.0.1:{port}/phones") as response:
            phones = json.loads(await response.text())
        exchange.twilio.auth_token = "x" * 32
        assert (await carriers.send(Errand(AGENCY, "voice", due, PHONE))).result == "done"  # over the other one
        exchange.telnyx.api_key = "another"
        outcome = await carriers.send(Errand(AGENCY, "voice", due, PHONE))
        assert (outcome.result, outcome.why) == ("failed", "credentials")
    token = carriers.urls.token(AGENCY, due.page_id)
    assert paths == [f"/cb/twilio/{token}", f"/cb/twilio/{token}", f"/in/twilio/{AGENCY}"]
    assert len(phones[PHONE]["texts"]) == 1
