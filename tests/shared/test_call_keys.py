"""Keys of calls: they open their own call, are waited for, are erased for good, and survive a change of sealing key."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import pytest

from shared.call_keys import LASTS, SEALED_WITH, CallKey, CallKeys, erase_keys, new_call_key
from shared.clock import SystemClock
from shared.contacts import ContactKey, Contacts, append_contact, erase_contacts, seal_address
from shared.engine.broker import Stored
from shared.engine.memory import MemoryBroker, MemoryLog
from shared.erasable import Erasable
from shared.events import Sealed
from shared.sealing import CannotOpen, Sealer, new_key, pseudonym_key_of
from shared.topics import CALL_KEYS
from tests.rig.call_keys import keys_in

CALL, OTHER = "city/cad/1", "city/cad/2"
PERSONAL = {"address": "415 N Henry St"}
PHONE = ContactKey("city", "sal", "phone")
PATIENT = 5.0


class Safe:
    """A log, and who seals and reads in it."""

    def __init__(self) -> None:
        self.log, self.former, self.clock = MemoryLog(2), new_key(), SystemClock()
        self.broker, self.sealer = MemoryBroker(self.log), Sealer(self.former)

    async def key(self, call_id: str = CALL) -> CallKey:
        """A key that stands in the topic."""
        key = new_call_key(self.sealer, self.clock, call_id)
        await self.broker.append(CALL_KEYS.name, self.broker.partition_of("city"), [key.record])
        return key

    async def erase(self, call_id: str = CALL) -> None:
        await erase_keys(self.broker, keys_in(self.log, self.sealer).names({call_id}))

    def read(self, sealer: Sealer | None = None) -> CallKeys:
        """What somebody knows who reads everything now."""
        return keys_in(self.log, sealer or self.sealer)

    @asynccontextmanager
    async def follows(self, *readers: Erasable) -> AsyncIterator[None]:
        for reader in readers:
            await reader.start()
        try:
            yield
            assert not any(reader.failed for reader in readers)
        finally:
            for reader in readers:
                await reader.stop()


def version(key: CallKey | None, call_id: str = CALL) -> Stored:
    """A version as it stands in `calls`."""
    headers = {"subject": call_id.encode()} | ({SEALED_WITH: key.key.key_id.encode()} if key else {})
    return Stored("calls", 0, 0, SystemClock().now(), "city", b"{}", headers)


async def test_a_key_opens_what_is_sealed_with_it_for_its_own_call_alone() -> None:
    safe = Safe()
    key = await safe.key()
    sealed = key.key.seal(CALL, PERSONAL)
    assert safe.read().open(CALL, sealed) == PERSONAL
    await safe.key(OTHER)
    for call_id, keys in ((OTHER, safe.read()), (CALL, safe.read(Sealer(new_key())))):
        with pytest.raises(CannotOpen):
            keys.open(call_id, sealed)
    assert key.record.value.find(b"415") == -1


async def test_what_was_sealed_before_calls_had_keys_opens_as_before() -> None:
    safe = Safe()
    assert safe.read().open(CALL, safe.sealer.seal(CALL, PERSONAL)) == PERSONAL


async def test_every_key_of_a_call_is_erased_whoever_made_it_and_no_other() -> None:
    safe = Safe()
    sealed = [(await safe.key()).key.seal(CALL, PERSONAL) for _ in range(3)]
    other = (await safe.key(OTHER)).key.seal(OTHER, PERSONAL)
    assert len(safe.read().names({CALL})) == 3
    await safe.erase()
    for _ in ("hidden from readers at once", "gone once Kafka has compacted"):
        assert safe.read().names({CALL}) == ()
        assert safe.read().open(OTHER, other) == PERSONAL
        for each in sealed:
            with pytest.raises(CannotOpen, match="erased"):
                safe.read().open(CALL, each)
        safe.log.compact(CALL_KEYS.name)
    everything = [stored for held in safe.log.places.values() for stored in held]
    assert [stored for stored in everything if stored.key.startswith(CALL) and stored.value] == []


async def test_a_version_waits_for_its_key_and_not_for_long() -> None:
    safe = Safe()
    keys = CallKeys(safe.broker, safe.sealer)
    async with safe.follows(keys):
        known = await safe.key()
        await keys.catch_up("city", PATIENT)
        assert keys.awaited(version(known)) is None
        assert keys.awaited(version(None)) is None
        coming = new_call_key(safe.sealer, safe.clock, OTHER)
        waiting = keys.awaited(version(coming, OTHER))
        assert waiting is not None
        task = asyncio.ensure_future(waiting)
        await asyncio.sleep(0.05)
        assert not task.done()
        await safe.broker.append(CALL_KEYS.name, safe.broker.partition_of("city"), [coming.record])
        await task
        assert keys.open(OTHER, coming.key.seal(OTHER, PERSONAL)) == PERSONAL
        lost = keys.awaited(version(new_call_key(safe.sealer, safe.clock, CALL)))
        assert lost is not None
        with pytest.raises(TimeoutError):
            await lost


class LaterClock(SystemClock):
    """The machine's time, moved ahead at will."""

    ahead = timedelta(0)

    def now(self) -> datetime:
        return super().now() + self.ahead


async def test_a_key_goes_by_itself_when_nothing_is_left_that_it_opens() -> None:
    safe, clock = Safe(), LaterClock()
    safe.log.clock = safe.clock = clock
    counts = []
    for call_id, days in ((CALL, 20), (OTHER, 11), ("", 2), ("", 22)):
        if call_id:
            await safe.key(call_id)
        clock.ahead += timedelta(days=days)
        keys = CallKeys(safe.broker, safe.sealer, clock)
        for held in tuple(safe.log.places.values()):
            for stored in held:
                keys.take(stored)
        await keys.expire()
        counts.append(len(safe.read().kept))
    assert counts == [1, 2, 1, 0]
    assert timedelta(days=31) < LASTS < timedelta(days=33)


# --- the sealing key is changed


async def test_after_a_rotation_the_former_key_can_be_thrown_away() -> None:
    safe = Safe()
    sealed: list[Sealed] = [(await safe.key()).key.seal(CALL, PERSONAL) for _ in range(2)]
    await append_contact(safe.broker, safe.clock, "test", seal_address(safe.sealer, PHONE, "sms", "+16085550123"))
    present = new_key()
    pseudonyms = pseudonym_key_of(safe.former)
    both, alone = Sealer(present, safe.former, pseudonyms), Sealer(present, pseudonym_key=pseudonyms)
    tending: list[Erasable] = [CallKeys(safe.broker, both), Contacts(safe.broker, both)]
    async with safe.follows(*tending):
        for each in tending:
            await each.catch_up("city", PATIENT)
            assert each.formerly_sealed(both) == (2 if each is tending[0] else 1)
            for _ in range(2):
                await each.tend()
                await each.catch_up("city", PATIENT)
            assert (each.formerly_sealed(both), each.unopenable(alone)) == (0, 0)
    assert [safe.read(alone).open(CALL, part) for part in sealed] == [PERSONAL, PERSONAL]
    for topic in ("call-keys", "contacts"):
        safe.log.compact(topic)
    with pytest.raises(CannotOpen):
        safe.read().open(CALL, sealed[0])  # with the former key alone nothing is to be had any more
    contacts = Contacts(safe.broker, alone)
    async with safe.follows(contacts):
        await contacts.catch_up("city", PATIENT)
        assert await contacts.address(PHONE, "sms", position=0, seconds=PATIENT) == "+16085550123"


async def resealed_behind(safe: Safe, meanwhile: str) -> Contacts:
    """A console seals an address again while another door replaces or erases it: the old one stands last in the log."""
    await append_contact(safe.broker, safe.clock, "test", seal_address(safe.sealer, PHONE, "sms", "+16085550123"))
    both = Sealer(new_key(), safe.former, pseudonym_key_of(safe.former))
    console = Contacts(safe.broker, both)
    async with safe.follows(console):
        await console.catch_up("city", PATIENT)
        if meanwhile:
            await append_contact(safe.broker, safe.clock, "test", seal_address(safe.sealer, PHONE, "sms", meanwhile))
        else:
            await erase_contacts(safe.broker, "city", [PHONE])
        await console.reseal()  # it has not read that yet
        await console.catch_up("city", PATIENT)
        await console.restore()
        await console.catch_up("city", PATIENT)
    return Contacts(safe.broker, both)


@pytest.mark.parametrize("compacted", [False, True])
async def test_what_was_replaced_while_it_was_sealed_again_stays_replaced(compacted: bool) -> None:  # noqa: FBT001
    safe = Safe()
    reader = await resealed_behind(safe, "+16085550177")
    if compacted:
        safe.log.compact("contacts")
    async with safe.follows(reader):
        await reader.catch_up("city", PATIENT)
        assert await reader.address(PHONE, "sms", position=0, seconds=PATIENT) == "+16085550177"


@pytest.mark.parametrize("compacted", [False, True])
async def test_what_was_erased_while_it_was_sealed_again_stays_erased(compacted: bool) -> None:  # noqa: FBT001
    safe = Safe()
    reader = await resealed_behind(safe, "")
    if compacted:
        safe.log.compact("contacts")
    async with safe.follows(reader):
        await reader.catch_up("city", PATIENT)
        assert reader.keys("city", "sal") == ()
