"""Keys of calls: they open their own call, are waited for, are erased for good, and survive a change of sealing key."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.call_keys import LASTS, SEALED_WITH, CallKey, CallKeys, erase_keys, new_call_key
from shared.clock import SystemClock
from shared.contacts import ContactKey, Contacts, append_contact, erase_contacts, seal_address
from shared.engine.broker import Record, Stored
from shared.engine.memory import MemoryBroker, MemoryLog
from shared.erasable import Erasable, Standing
from shared.events import Sealed
from shared.sealing import CannotOpen, Sealer, new_key, pseudonym_key_of
from shared.topics import CALL_KEYS, CONTACTS
from tests.rig.call_keys import keys_in
from tests.rig.clocks import LaterClock

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
    assert b"Henry St" not in key.record.value  # no base64 holds a space


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


async def test_a_version_whose_key_was_erased_keeps_nobody_waiting_once_the_topic_is_read() -> None:
    """It held up the calls of all agencies of its partition for ten seconds after a start."""
    safe = Safe()
    keys = CallKeys(safe.broker, safe.sealer)
    erased = keys.awaited(version(new_call_key(safe.sealer, safe.clock, CALL)))
    assert erased is not None
    task = asyncio.ensure_future(erased)
    await asyncio.sleep(0)
    async with safe.follows(keys):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.shield(task), 3)
        assert task.done()


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


async def test_a_clock_that_is_far_ahead_erases_no_key() -> None:
    """Of one console, for one look: what is erased comes back for nobody."""
    safe, wrong = Safe(), LaterClock()
    for _ in range(3):
        await safe.key()
    wrong.ahead = timedelta(days=40)
    keys = CallKeys(safe.broker, safe.sealer, wrong)
    async with safe.follows(keys):
        await keys.catch_up("city", PATIENT)
        await keys.tend()
    assert len(safe.read().kept) == 3


async def test_a_key_of_the_future_is_as_old_as_the_broker_says() -> None:
    """An intake's clock is ahead: what was erased after it was made would otherwise seem to come later."""
    safe = Safe()
    clock = LaterClock()
    clock.ahead, safe.clock = timedelta(minutes=1), clock
    await safe.key()
    (kept,) = safe.read().kept.values()
    assert kept.time <= SystemClock().now()


# --- records that nobody of ours wrote


STRANGE: tuple[Record, ...] = (
    Record("city/cad/9/x", b"{}", (("type", b"\xff"),)),
    Record("city/cad/9/x", b"{}", (("type", b"call-key-made"), ("sealed-by", b"\xff"))),
    Record("city/cad/9/x", b"garbage", (("type", b"call-key-made"), ("sealed-by", b"abcd"))),
    Record("city/cad/9/x", b"{}", (("type", b"call-key-made"), ("sealed-by", b"abcd"), ("instead-of", b"77"))),
    Record("city/cad/9/x", b"{}", (("type", b"call-key-made"), ("instead-of", b"9" * 5000), ("time", b"\xff"))),
)


async def test_strange_records_keep_nobody_from_the_keys_behind_them() -> None:
    safe = Safe()
    for record in STRANGE:
        await safe.broker.append(CALL_KEYS.name, safe.broker.partition_of("city"), [record])
    key = await safe.key()
    keys = CallKeys(safe.broker, safe.sealer)
    async with safe.follows(keys):
        await keys.catch_up("city", PATIENT)
        await keys.tend()
        assert keys.open(CALL, key.key.seal(CALL, PERSONAL)) == PERSONAL


def test_a_version_whose_headers_are_no_text_lacks_its_key() -> None:
    headers = {"subject": b"\xff", SEALED_WITH: b"\xff"}
    stored = Stored("calls", 0, 0, SystemClock().now(), "city", b"{}", headers)
    assert CallKeys(MemoryBroker(MemoryLog(1)), None).lacks(stored)


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


async def test_a_key_may_be_erased_while_others_are_sealed_again() -> None:
    """By another console: each append takes a moment, and the topic is followed meanwhile."""
    safe, erased = Safe(), asyncio.Event()

    async def network(doing: str) -> None:
        if doing == "append":
            await erased.wait()

    for number in range(3):
        await safe.key(f"city/cad/{number}")
    keys = CallKeys(
        MemoryBroker(safe.log, network), Sealer(new_key(), safe.former, pseudonym_key_of(safe.former)), safe.clock
    )
    async with safe.follows(keys):
        erased.set()
        await keys.catch_up("city", PATIENT)
        erased.clear()
        sealing = asyncio.ensure_future(keys.reseal())
        await asyncio.sleep(0)
        await safe.erase("city/cad/2")
        while keys.names({"city/cad/2"}):  # noqa: ASYNC110  # the follower reads it
            await asyncio.sleep(0.01)
        erased.set()
        await sealing
        await keys.catch_up("city", PATIENT)
        assert [len(keys.names({f"city/cad/{number}"})) for number in range(3)] == [1, 1, 0]


async def test_what_is_wrong_while_one_tends_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    safe, tried = Safe(), 0

    async def tend(_keys: CallKeys) -> None:
        nonlocal tried
        tried += 1
        raise ValueError

    monkeypatch.setattr("shared.erasable.KEEP_SECONDS", 0.01)
    monkeypatch.setattr(CallKeys, "tend", tend)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(CallKeys(safe.broker, safe.sealer).tend_for_ever(), 0.5)
    assert tried > 1


async def test_who_is_still_reading_puts_nothing_back() -> None:
    """What was read so far may have been replaced since, or erased."""
    safe = Safe()
    reader = await resealed_behind(safe, "+16085550177")
    for held in tuple(safe.log.places.values()):
        for stored in held[:3]:
            reader.take(stored)
    before = len(safe.log.places[CONTACTS.name, safe.broker.partition_of("city")])
    await reader.restore()
    assert len(safe.log.places[CONTACTS.name, safe.broker.partition_of("city")]) == before


async def test_what_was_erased_stays_so_though_the_console_that_sealed_it_again_dies() -> None:
    """Between its append and the moment at which it would have seen that it came too late."""
    safe = Safe()
    await append_contact(safe.broker, safe.clock, "test", seal_address(safe.sealer, PHONE, "sms", "+16085550123"))
    both = Sealer(new_key(), safe.former, pseudonym_key_of(safe.former))
    dies, other = Contacts(safe.broker, both), Contacts(safe.broker, both)
    async with safe.follows(dies):
        await dies.catch_up("city", PATIENT)
        await erase_contacts(safe.broker, "city", [PHONE])
        await dies.reseal()
    async with safe.follows(other):
        await other.catch_up("city", PATIENT)
        assert other.keys("city", "sal") == ()
        await other.tend()
    safe.log.compact("contacts")
    reader = Contacts(safe.broker, both)
    async with safe.follows(reader):
        await reader.catch_up("city", PATIENT)
        assert reader.keys("city", "sal") == ()


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


@pytest.mark.parametrize("compacted", [False, True])
@pytest.mark.parametrize("newer", ["+16085550177", ""])
async def test_what_comes_while_a_console_puts_back_what_was_displaced_stands(newer: str, compacted: bool) -> None:  # noqa: FBT001
    """Two consoles seal again; one puts back what stood, and has not read yet that it was replaced, or erased."""
    safe = Safe()
    partition = safe.broker.partition_of("city")
    await append_contact(safe.broker, safe.clock, "test", seal_address(safe.sealer, PHONE, "sms", "+16085550123"))
    both = Sealer(new_key(), safe.former, pseudonym_key_of(safe.former))
    consoles = [Contacts(safe.broker, both), Contacts(safe.broker, both)]

    def read() -> None:
        """Each reads on, to the present end."""
        for console in consoles:
            console._behind = {}
            for stored in safe.log.places[CONTACTS.name, partition][console._read_to.get(partition, 0) :]:
                console.take(stored)
                console._read_to[partition] = stored.offset + 1

    read()
    for console in consoles:
        await console.reseal()
    read()
    assert [set(console._displaced) for console in consoles] == [{str(PHONE)}, {str(PHONE)}]
    if newer:
        await append_contact(safe.broker, safe.clock, "test", seal_address(safe.sealer, PHONE, "sms", newer))
    else:
        await erase_contacts(safe.broker, "city", [PHONE])
    for _ in range(4):
        for console in consoles:
            await console.restore()
        read()
    assert [console._displaced for console in consoles] == [{}, {}]
    if compacted:
        safe.log.compact("contacts")
    reader = Contacts(safe.broker, both)
    async with safe.follows(reader):
        await reader.catch_up("city", PATIENT)
        for each in (*consoles, reader):
            found = [await each.address(key, "sms", position=0, seconds=PATIENT) for key in each.keys("city", "sal")]
            assert found == ([newer] if newer else [])


DOINGS = ("set", "erase", "again", "restore")


@given(st.lists(st.tuples(st.sampled_from(DOINGS), st.integers(0, 20)), max_size=9))
def test_a_backup_has_of_a_key_the_one_record_that_counts_for_whoever_has_read_all(made: list[tuple[str, int]]) -> None:
    """Whatever was set, erased and sealed again in whatever order, also what was sealed again and never counted."""
    records: list[Stored] = []
    for offset, (doing, before) in enumerate(made, 1):
        full = [record for record in records if record.value]
        value, headers = b"" if doing == "erase" else b"%d" % offset, {"type": b"contact-sealed", "sealed-by": b"abcd"}
        if doing == "again" and full:
            made_of = full[before % len(full)]
            value, headers["instead-of"] = made_of.value + b"again", b"%d" % made_of.offset
        if doing == "restore" and records:
            restored = records[before % len(records)]
            value, headers["restored-over"] = restored.value, b"%d" % records[before * 7 % len(records)].offset
        records.append(
            Stored(CONTACTS.name, 0, offset, datetime(2026, 3, 2, tzinfo=UTC), "city/sal/phone", value, headers)
        )
    standing = Standing()
    for record in records:
        standing.take(record)
    kept = [record for record in records if standing.has(record)]
    assert len(kept) == min(1, len(records))
    assert held_after(kept) == held_after(records)


def held_after(records: Iterable[Stored]) -> list[bytes]:
    reader = Erasable(MemoryBroker(MemoryLog(1)), CONTACTS, None)
    for record in records:
        reader.take(record)
    return [kept.value for kept in reader.kept.values()]
