"""Addresses of staff: sealed for one person and one way, replaced, erased, waited for, and opened by the key alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from shared.clock import SystemClock
from shared.contacts import (
    ContactErased,
    ContactKey,
    Contacts,
    append_contact,
    erase_contacts,
    name_key,
    seal_address,
    seal_name,
)
from shared.engine.broker import Record
from shared.engine.memory import MemoryBroker, MemoryLog
from shared.engine.topic import DAY_MILLISECONDS
from shared.erasable import BLANK, Behind
from shared.sealing import CannotOpen, Sealer, new_key
from shared.topics import CONTACTS
from tests.simulation.virtual_time import VirtualClock, run

NUMBER, OTHER_NUMBER = "+16085550123", "+16085550177"
PHONE = ContactKey("city", "sal", "phone")
PATIENT = 5.0


class Books:
    """A log with what is sealed, and a door that writes it."""

    def __init__(self) -> None:
        self.log, self.sealer = MemoryLog(4), Sealer(new_key())
        self.broker = MemoryBroker(self.log)

    async def put(self, key: ContactKey = PHONE, address: str = NUMBER) -> int:
        contact = seal_address(self.sealer, key, "sms", address)
        return await append_contact(self.broker, SystemClock(), "test", contact)

    @asynccontextmanager
    async def followed(self, sealer: Sealer | None) -> AsyncIterator[Contacts]:
        contacts = Contacts(self.broker, sealer)
        await contacts.start()
        try:
            yield contacts
            assert contacts.failed is None
        finally:
            await contacts.stop()

    @property
    def records(self) -> list[bytes]:
        """Everything that the topic holds."""
        return [
            part for held in self.log.places.values() for stored in held for part in (stored.value, stored.key.encode())
        ]


async def test_an_address_is_opened_at_its_position_or_later() -> None:
    books = Books()
    async with books.followed(books.sealer) as contacts:
        position = await books.put()
        assert await contacts.address(PHONE, "sms", position=position, seconds=PATIENT) == NUMBER
        later = await books.put(address=OTHER_NUMBER)
        assert await contacts.address(PHONE, "sms", position=later, seconds=PATIENT) == OTHER_NUMBER
        assert await contacts.address(PHONE, "sms", position=position, seconds=PATIENT) == OTHER_NUMBER


async def test_a_position_that_is_not_read_in_time_is_no_address() -> None:
    books = Books()
    async with books.followed(books.sealer) as contacts:
        position = await books.put()
        waiting = asyncio.create_task(contacts.address(PHONE, "sms", position=position + 1, seconds=PATIENT))
        with pytest.raises(Behind):
            await contacts.address(PHONE, "sms", position=position + 1, seconds=0.01)
        await books.put(address=OTHER_NUMBER)
        assert await waiting == OTHER_NUMBER


async def test_nothing_of_an_address_can_be_read_in_the_topic() -> None:
    books = Books()
    await books.put()
    await append_contact(books.broker, SystemClock(), "test", seal_name(books.sealer, "city", "sal", "Sal Smith"))
    for hidden in (NUMBER, NUMBER[1:], "5550123", "Sal Smith", "Smith", "sms"):
        assert not any(hidden.encode() in record for record in books.records)


async def test_an_erased_address_cannot_be_opened_and_kafka_forgets_it() -> None:
    books = Books()
    position = await books.put()
    await books.put(ContactKey("city", "sal", "spare"))
    (ciphertext,) = {contact.sealed.ciphertext for contact in [seal_address(books.sealer, PHONE, "sms", NUMBER)]}
    assert ciphertext not in str(books.records)  # a nonce of its own each time
    await erase_contacts(books.broker, "city", [PHONE])
    async with books.followed(books.sealer) as contacts:
        await contacts.catch_up("city", PATIENT)
        with pytest.raises(ContactErased):
            await contacts.address(PHONE, "sms", position=position, seconds=PATIENT)
        assert contacts.keys("city", "sal") == (ContactKey("city", "sal", "spare"),)
    before = len([record for record in books.records if record.startswith(b"{")])
    books.log.compact(CONTACTS.name)
    assert (before, len([record for record in books.records if record.startswith(b"{")])) == (2, 1)


async def test_an_address_is_sealed_for_one_agency_person_and_way() -> None:
    books = Books()
    sealed = seal_address(books.sealer, PHONE, "sms", NUMBER).sealed
    for key in (PHONE._replace(agency="town"), PHONE._replace(person_id="ben"), PHONE._replace(method_id="spare")):
        with pytest.raises(CannotOpen):
            books.sealer.open(str(key), sealed)
    assert books.sealer.open(str(PHONE), sealed)["address"] == NUMBER


async def test_a_way_that_became_one_of_another_kind_is_not_sent_to_as_the_former() -> None:
    books = Books()
    async with books.followed(books.sealer) as contacts:
        position = await books.put()
        with pytest.raises(ContactErased):
            await contacts.address(PHONE, "voice", position=position, seconds=PATIENT)


@pytest.mark.parametrize("sealer", [None, Sealer(new_key())], ids=["no key", "another key"])
async def test_without_the_key_nothing_opens_and_everything_can_be_erased(sealer: Sealer | None) -> None:
    books = Books()
    position = await books.put()
    await append_contact(books.broker, SystemClock(), "test", seal_name(books.sealer, "city", "sal", "Sal Smith"))
    async with books.followed(sealer) as contacts:
        with pytest.raises(CannotOpen):
            await contacts.address(PHONE, "sms", position=position, seconds=PATIENT)
        await contacts.catch_up("city", PATIENT)
        assert contacts.name("city", "sal") == ""
        await erase_contacts(books.broker, "city", contacts.keys("city", "sal"))
        await contacts.catch_up("city", PATIENT)
        assert contacts.keys("city", "sal") == ()


async def test_a_name_is_sealed_like_an_address() -> None:
    books = Books()
    await append_contact(books.broker, SystemClock(), "test", seal_name(books.sealer, "city", "sal", "Sal Smith"))
    async with books.followed(books.sealer) as contacts:
        await contacts.catch_up("city", PATIENT)
        assert (contacts.name("city", "sal"), contacts.name("city", "ben"), contacts.name("town", "sal")) == (
            "Sal Smith",
            "",
            "",
        )
        assert contacts.keys("city", "sal") == (name_key("city", "sal"),)


async def test_a_record_that_cannot_be_read_replaces_the_former_number_all_the_same() -> None:
    books = Books()
    async with books.followed(books.sealer) as contacts:
        await books.put()
        partition = books.broker.partition_of("city")
        bad = Record(str(PHONE), b"{}", (("type", b"contact-sealed"),))
        appended = await books.broker.append(CONTACTS.name, partition, [bad])
        with pytest.raises(ContactErased):
            await contacts.address(PHONE, "sms", position=appended.offset, seconds=PATIENT)


def test_a_blank_follows_what_was_erased_once_a_segment_is_old_enough_to_end() -> None:
    async def hours_pass() -> list[list[str]]:
        books, clock, seen = Books(), VirtualClock(asyncio.get_running_loop()), []
        books.log.clock = clock
        contacts = Contacts(books.broker, books.sealer, clock)
        await contacts.start()
        await books.put()
        await erase_contacts(books.broker, "city", [PHONE])
        for _ in range(3):
            await contacts.stir()
            seen.append([stored.key for held in books.log.places.values() for stored in held])
            await asyncio.sleep(DAY_MILLISECONDS / 24 / 1000 + 1)
        await contacts.stop()
        return seen

    written = [str(PHONE), str(PHONE)]
    assert run(hours_pass()) == [written, [*written, BLANK], [*written, BLANK]]


def test_what_is_erased_is_gone_within_a_day() -> None:
    settings = CONTACTS.settings(3)
    assert settings["cleanup.policy"] == "compact"
    segment, lag = int(settings["segment.ms"]), int(settings["max.compaction.lag.ms"])
    stirred_every = segment
    assert lag + segment + stirred_every < DAY_MILLISECONDS
