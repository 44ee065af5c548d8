"""A person with a browser and a mail account alone is paged: all services in this process, both other ends real."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec
from typer.testing import CliRunner

from deploy.demo.stages import OneProcess
from deploy.local.access import AgencySpec, people_with
from services.console.cli.app import app as careroute
from shared.clock import SystemClock
from shared.contacts import ContactKey, append_contact, seal_address
from shared.doors.command import send
from shared.events import SetContact
from shared.sealing import Sealer
from tests.rig.browser_push import from_b64url
from tests.rig.mail_server import MailServer
from tests.rig.push_service import PushService
from tests.rig.waiting import until
from tests.services.pocket.me.test_own_page import credential_in

AGENCY, ADDRESS = "madison", "sal.canary@madison.gov"


class Town(NamedTuple):
    """A whole careroute, a push service, a mail server, and a supervisor at the console."""

    stage: OneProcess
    pushes: PushService
    mails: MailServer
    console: httpx.AsyncClient
    phone: httpx.AsyncClient


@pytest.fixture
async def town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Town]:
    made = CliRunner().invoke(careroute, ["key", "push"]).stdout
    keys = dict(line.split("=", 1) for line in made.splitlines())
    pushes, mails = PushService(keys["CAREROUTE_PUSH_PUBLIC_KEY"]), MailServer()
    await pushes.start()
    settings = {
        **keys,
        "CAREROUTE_PUSH_CONTACT": "mailto:ops@madison.gov",
        "CAREROUTE_MAIL_HOST": "127.0.0.1",
        "CAREROUTE_MAIL_PORT": str(await mails.start()),
        "CAREROUTE_MAIL_TLS": "none",
        "CAREROUTE_MAIL_FROM": "careroute@madison.gov",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    stage = OneProcess(tmp_path, AgencySpec(AGENCY, people=people_with(())))
    await stage.start(lambda _: None)
    token = stage.access.token(AGENCY, "ana")
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        httpx.AsyncClient(base_url=stage.url_of("console"), headers=headers, timeout=10) as console,
        httpx.AsyncClient(base_url=stage.url_of("pocket"), follow_redirects=True, timeout=10) as phone,
    ):
        yield Town(stage, pushes, mails, console, phone)
    await stage.stop()
    await pushes.stop()
    await mails.stop()


async def test_a_key_pair_is_one() -> None:
    keys = dict(line.split("=", 1) for line in CliRunner().invoke(careroute, ["key", "push"]).stdout.splitlines())
    private = int.from_bytes(from_b64url(keys["CAREROUTE_PUSH_KEY"]), "big")
    numbers = ec.derive_private_key(private, ec.SECP256R1()).public_key().public_numbers()
    point = b"\x04" + numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")
    assert point == from_b64url(keys["CAREROUTE_PUSH_PUBLIC_KEY"])


@pytest.mark.scenario("contacts")
async def test_a_browser_and_a_mail_account_are_enough_to_be_reached(town: Town) -> None:
    person = {"person_id": "sal", "name": "Sal", "disciplines": ["crisis-worker"]}
    assert (await town.console.post("/v1/people", json={"person": person})).status_code in (200, 202)
    made = await enrolment_link(town)
    page = await town.phone.get(made)
    enrolled = await town.phone.post(made, data={"credential": credential_in(page.text)})
    assert enrolled.url.path == "/me"
    headers = {"content-type": "application/json"}
    subscribed = await town.phone.post("/me/push", content=town.pushes.browser.subscription, headers=headers)
    assert subscribed.json()["sentence"] == "This phone is told of calls."
    await set_mail(town)

    rung = await town.phone.post("/me/ring", data={"page_at": 1})
    assert "Every way to you has just been used." in rung.text
    push = (await until(lambda: town.pushes.pushes, 20))[0].said["notification"]
    mail = (await until(lambda: town.mails.mails, 20))[0]
    assert mail.recipient == ADDRESS
    assert "a test, no call" in push["title"]
    links = [
        push["navigate"],
        *(line for line in mail.message.get_payload(decode=True).decode().splitlines() if "/r/" in line),
    ]
    assert len(set(links)) == 2, "each way has a link of its own"
    for link in links:
        assert (await town.phone.post(f"{link}/answer", data={"page_at": 2})).status_code == 200
    shown = " ".join((await town.phone.get("/me")).text.split())
    assert shown.count("✓ It worked less than a minute ago.") == 2
    await asyncio.sleep(0.3)
    assert (len(town.pushes.pushes), len(town.mails.mails)) == (1, 1), "and nothing else was sent"

    town.pushes.answers = [web.Response(status=410)]
    await town.phone.post("/me/ring", data={"page_at": 3})
    await until(lambda: len(town.mails.mails) == 3, 20)
    told = [taken.message["Subject"].partition(": ")[2] for taken in town.mails.mails[1:]]
    assert sorted(told) == ["a test, no call", "a way to reach you has changed, or does not work"]
    assert (len(town.pushes.pushes), town.pushes.asked) == (1, 2), "the browser has ended it: broken at once"
    assert "turn it on again" in (await town.phone.get("/me")).text
    everything = str(list(town.stage._log.places.values()))  # every topic
    for canary in (ADDRESS, "a-browser", "canary"):
        assert canary not in everything


async def enrolment_link(town: Town) -> str:
    """Made once the console has read that there is such a person."""
    ends = time.monotonic() + 20
    while True:
        made = await town.console.post("/v1/devices/enrolment-link", json={"person_id": "sal"})
        if made.status_code == httpx.codes.CREATED:
            link: str = made.json()["link"]
            return link
        assert time.monotonic() < ends, made.text
        await asyncio.sleep(0.1)


async def set_mail(town: Town) -> None:
    """As the console's door does."""
    broker, clock = town.stage.broker(), SystemClock()
    sealer = Sealer(town.stage.access.sealing_key)
    contact = seal_address(sealer, ContactKey(AGENCY, "sal", "mail"), "email", ADDRESS)
    position = await append_contact(broker, clock, "test", contact)
    now = clock.now()
    command = SetContact(
        command_id="mail",
        issued_by="ana",
        issued_at=now,
        expires_at=now + timedelta(minutes=1),
        person_id="sal",
        method_id="mail",
        kind="email",
        shown=contact.shown,
        fingerprint=contact.fingerprint,
        position=position,
    )
    await send(broker, AGENCY, command, clock)
    ends = time.monotonic() + 20
    while "Mail …@madison.gov" not in (await town.phone.get("/me")).text:
        assert time.monotonic() < ends
        await asyncio.sleep(0.1)
