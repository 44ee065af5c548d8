"""Promise: nothing personal leaks, of staff neither: their names and addresses stand in no topic, log, metric or page.

The console's door and notification's worker run on one log; each address of a person is marked, and each is paged.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import generate_latest

from services.notification.metrics import watch
from services.notification.outcome import DONE, Outcome
from services.notification.service import NOTIFICATION
from shared import telemetry
from shared.clock import SystemClock
from shared.contact_forms import normal_form
from shared.contacts import ContactKey, Contacts
from shared.engine.memory import MemoryBroker
from shared.engine.process import Together
from shared.engine.worker import Worker
from shared.events import Command, ContactKind, Event, PageDelivered, PageDue, Recipient
from shared.sealing import Sealer
from shared.topics import ASSIGNMENTS, COMMANDS, CONTACTS, NOTIFICATIONS
from tests.services.console.driver import AGENCY, SEALING_KEY, City, FakeServices, running_city
from tests.services.notification.driver import offer
from tests.services.notification.test_perform import Receiver, sending
from tests.shared.test_contact_forms import subscription

NAME = "Zzyzx Quennell"
WAYS: dict[str, tuple[ContactKind, str]] = {
    "mobile": ("sms", "+16085550199"),
    "home": ("voice", "+16085550188"),
    "mail": ("email", "zzyzx@city.example"),
    "pager": ("webhook", "https://zzyzx.pager.example/zzyzx"),
    "phone": ("push", subscription("https://zzyzx.push.example/zzyzx")),
}
MARKS = ("zzyzx", "quennell", "6085550199", "5550199", "6085550188", "5550188")
pytestmark = pytest.mark.scenario("contacts")


@dataclass
class OtherServices(FakeServices):
    """Every service but notification."""

    def decide(self, command: Command) -> list[Event]:
        return [] if command.decided_by == "notification" else super().decide(command)


@dataclass
class Carrier:
    """Takes what goes to a phone."""

    addresses: list[str] = field(default_factory=list)

    async def send(self, agency: str, page: PageDue, address: str) -> Outcome:
        assert (agency, page.person_id) == (AGENCY, "the-staff")
        self.addresses.append(address)
        return DONE


@dataclass
class Town:
    """The door, notification, and what it sends."""

    city: City
    contacts: Contacts
    carrier: Carrier
    pager: Receiver

    def records(self) -> str:
        """Everything that stands in any topic, snapshots and dead letters among them."""
        places = self.city.log.places.values()
        return "\n".join(f"{stored.key} {stored.value!r} {stored.headers}" for held in places for stored in held)

    def delivered(self) -> int:
        held = self.city.log.places[NOTIFICATIONS.name, MemoryBroker(self.city.log).partition_of(AGENCY)]
        return sum(stored.headers["type"] == PageDelivered.type.encode() for stored in held)


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    telemetry.configure_logs("canaries", "1", "debug")
    async with running_city(tmp_path, OtherServices) as city, asyncio.TaskGroup() as tasks:
        contacts, carrier, pager = Contacts(MemoryBroker(city.log), Sealer(SEALING_KEY)), Carrier(), Receiver()
        plain, stop = sending(pager, webhook=None, contacts=contacts), asyncio.Event()
        perform = replace(
            plain, adapters={**plain.adapters, **dict.fromkeys(("sms", "voice", "email", "push"), carrier)}
        )
        worker: Worker[Any] = Worker(
            NOTIFICATION, MemoryBroker(city.log), SystemClock(), "1", perform, watch=watch, snapshot_every_records=1
        )
        running = tasks.create_task(Together(worker, contacts).run(stop))
        yield Town(city, contacts, carrier, pager)
        stop.set()
        await running


async def entered(town: Town) -> list[str]:
    """A person with every way, as a supervisor and they themselves enter them; what the door answered."""
    person = {"person_id": "the-staff", "name": NAME, "disciplines": ["emt"]}
    answers = [await town.city.post("supervisor", "/v1/people", {"person": person})]
    await town.city.settle()
    for method_id, (kind, address) in WAYS.items():
        path = f"/v1/people/the-staff/contacts/{method_id}"
        answers.append(await town.city.post("staff", path, {"kind": kind, "address": address}))
        assert answers[-1].status_code in (200, 202), answers[-1].text
    return [answer.text for answer in answers]


async def test_names_and_addresses_of_staff_stand_nowhere_while_they_are_paged(
    town: Town, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = await entered(town)
    made = offer(at=datetime.now(UTC), call_id=f"{AGENCY}/dane/1", recipients=(Recipient(person_id="the-staff"),))
    async with asyncio.timeout(20):
        while len((await town.city.get("staff", "/v1/people/the-staff/contacts")).json()) < len(WAYS):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        town.city.services.write(AGENCY, made, journal=ASSIGNMENTS.name)
        while town.delivered() < len(WAYS):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    sent = {*town.carrier.addresses, *town.pager.urls}
    assert sent == {normal_form(kind, address) for kind, address in WAYS.values()}
    topics = {topic for (topic, _), held in town.city.log.places.items() if held}
    assert {COMMANDS.name, CONTACTS.name, NOTIFICATIONS.name, ASSIGNMENTS.name, "notification-snapshots"} <= topics
    said = capsys.readouterr()
    listed = await town.city.get("supervisor", "/v1/people/the-staff/contacts")
    texts = [town.records(), said.out, said.err, generate_latest().decode(), str(town.pager.bodies), listed.text]
    for mark in MARKS:
        assert [mark in text.lower() for text in (*texts, *answers)] == [False] * (len(texts) + len(answers)), mark


async def test_of_who_was_erased_nothing_can_be_opened(town: Town) -> None:
    await entered(town)
    erased = await town.city.post("supervisor", "/v1/people/the-staff/erase", {"reason": "they asked for it"})
    assert erased.status_code in (200, 202)
    await town.contacts.catch_up(AGENCY, 5)
    assert town.contacts.keys(AGENCY, "the-staff") == ()
    assert town.contacts.sealed(ContactKey(AGENCY, "the-staff", "mobile")) is None
    town.city.log.compact(CONTACTS.name)
    assert "ciphertext" not in town.records()
