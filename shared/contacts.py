"""Addresses and names of staff: sealed, in a topic of their own, out of which they can be erased.

A journal is kept for good, so no address stands in any: only that there is a way to a person, of which kind, two
characters of it, and a pseudonym. The address itself is sealed by the door that takes it, and appended to `contacts`
under a key of its own, `agency/person/method`. A later one under the same key replaces it; a record without a value
erases it. Kafka then forgets what stood there before, within a day. A person's name stands there, too, as if it were
another way to them, `name`.

Whoever sends something follows the topic, keeps in memory what is sealed, and opens an address when it is used.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

from shared.clock import Clock
from shared.contact_forms import shown
from shared.engine.broker import Appended, Broker, Record, Stored
from shared.engine.follower import Follower, Positions
from shared.engine.topic import SEGMENTS
from shared.events import ContactKind, ContactSealed, Event, Sealed, UndecodableEvent, decode
from shared.sealing import CannotOpen, Sealer
from shared.telemetry import CONTACTS_UNOPENABLE, logger
from shared.topics import CONTACTS

NAME = "name"
"""In place of a method: here the name of the person is sealed."""
BLANK = ""
"""Key of a record that holds nothing: it only makes Kafka end a segment, or a reader see that it has read so far."""
SEGMENT = timedelta(milliseconds=(CONTACTS.gone_within_milliseconds or 0) // SEGMENTS)


class ContactErased(LookupError):
    """There is no such address any more, or it is one of another kind by now."""


class ContactsBehind(Exception):
    """The topic could not be read far enough in time."""


class ContactKey(NamedTuple):
    """What an address is bound to when it is sealed, and the key of its record: `agency/person/method`."""

    agency: str
    person_id: str
    method_id: str

    @classmethod
    def parse(cls, key: str) -> ContactKey | None:
        """The parts of a record's key; None for a blank."""
        agency, _, rest = key.partition("/")
        person_id, _, method_id = rest.partition("/")
        return cls(agency, person_id, method_id) if method_id else None

    def __str__(self) -> str:
        return "/".join(self)


def name_key(agency: str, person_id: str) -> ContactKey:
    """Where a person's name is sealed."""
    return ContactKey(agency, person_id, NAME)


@dataclass(frozen=True, slots=True)
class SealedContact:
    """An address as it may leave the door: sealed, and what may be known of it."""

    key: ContactKey
    sealed: Sealed
    shown: str = ""
    fingerprint: str = ""


def seal_address(sealer: Sealer, key: ContactKey, kind: ContactKind, address: str) -> SealedContact:
    """Seal an address that is in its normal form (`shared.contact_forms`)."""
    sealed = sealer.seal(str(key), {"kind": kind, "address": address})
    return SealedContact(key, sealed, shown(kind, address), sealer.pseudonym(address))


def seal_name(sealer: Sealer, agency: str, person_id: str, name: str) -> SealedContact:
    """Seal a person's name that is in its normal form."""
    key = name_key(agency, person_id)
    return SealedContact(key, sealer.seal(str(key), {"kind": NAME, "address": name}))


async def append_contact(broker: Broker, clock: Clock, source: str, contact: SealedContact) -> int:
    """Append a sealed address; its position. It replaces the one before it. Raises BrokerUnavailable."""
    key = contact.key
    event = ContactSealed(person_id=key.person_id, method_id=key.method_id, sealed=contact.sealed)
    headers = (
        ("type", event.type.encode()),
        ("source", source.encode()),
        ("time", clock.now().isoformat().encode()),
    )
    return (await _append(broker, key.agency, [Record(str(key), event.encode(), headers)])).offset


async def erase_contacts(broker: Broker, agency: str, keys: Iterable[ContactKey]) -> None:
    """Erase addresses of an agency's people. Raises BrokerUnavailable."""
    records = [Record(str(key), b"") for key in keys]
    if records:
        await _append(broker, agency, records)


async def _append(broker: Broker, agency: str, records: list[Record]) -> Appended:
    return await broker.append(CONTACTS.name, broker.partition_of(agency), records)


class Contacts(Follower):
    """Follows the topic: holds what is sealed, and opens it with its key where it has one."""

    def __init__(
        self,
        broker: Broker,
        sealer: Sealer | None,
        clock: Clock | None = None,
        changed: Callable[[str], None] = lambda _agency: None,
    ) -> None:
        """`changed` is told of each agency whose people have changed."""
        super().__init__(broker, (CONTACTS,), _fold_nothing, reached=self._note_positions, clock=clock)
        self.sealer, self._changed = sealer, changed
        self._people: dict[tuple[str, str], dict[str, Sealed]] = {}
        """By agency and person, what is sealed by method."""
        self._last: dict[int, Stored] = {}
        """The newest record of each partition."""
        self._read_to: dict[int, int] = {}
        self._news = asyncio.Condition()
        if sealer is not None:
            CONTACTS_UNOPENABLE.set_function(lambda: float(self.unopenable(sealer)))

    def unopenable(self, sealer: Sealer) -> int:
        """How many addresses are sealed with another key. Any thread may ask."""
        people = list(self._people.values())
        return sum(sealed.key_id != sealer.key_id for ways in people for sealed in list(ways.values()))

    def keys(self, agency: str, person_id: str) -> tuple[ContactKey, ...]:
        """What is sealed of a person: their ways, and their name."""
        ways = self._people.get((agency, person_id), ())
        return tuple(ContactKey(agency, person_id, method_id) for method_id in ways)

    def sealed(self, key: ContactKey) -> Sealed | None:
        """What is sealed under a key, as far as was read."""
        return self._people.get((key.agency, key.person_id), {}).get(key.method_id)

    def name(self, agency: str, person_id: str) -> str:
        """A person's name; empty where none is known here, or it cannot be opened."""
        try:
            return self._unsealed(name_key(agency, person_id), NAME)
        except (ContactErased, CannotOpen):
            return ""

    async def address(self, key: ContactKey, kind: ContactKind, *, position: int, seconds: float) -> str:
        """An address as it stands at this position or later; for the position it is waited so long.

        Raises ContactsBehind, ContactErased, CannotOpen.
        """
        await self._reach(self._broker.partition_of(key.agency), position, seconds)
        return self._unsealed(key, kind)

    async def catch_up(self, agency: str, seconds: float) -> None:
        """Read what was appended for an agency before this call. Raises ContactsBehind, BrokerUnavailable."""
        appended = await _append(self._broker, agency, [Record(BLANK, b"")])
        await self._reach(self._broker.partition_of(agency), appended.offset, seconds)

    async def stir(self) -> None:
        """Append a blank where Kafka would otherwise keep what was erased, because nothing came after it.

        Raises BrokerUnavailable.
        """
        for number, last in list(self._last.items()):
            if last.key != BLANK and self._clock.now() - last.time > SEGMENT:
                await self._broker.append(CONTACTS.name, number, [Record(BLANK, b"")])

    async def _reach(self, partition: int, position: int, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds), self._news:
                await self._news.wait_for(lambda: self._read_to.get(partition, 0) > position)
        except TimeoutError:
            message = f"{CONTACTS.name}/{partition} was not read to {position} in time"
            raise ContactsBehind(message) from None

    async def _note_positions(self, positions: Positions) -> None:
        async with self._news:
            self._read_to = {partition: position.offset for (_, partition), position in positions.items()}
            self._news.notify_all()

    def _unsealed(self, key: ContactKey, kind: str) -> str:
        sealed = self.sealed(key)
        if sealed is None:
            raise ContactErased(str(key))
        if self.sealer is None:
            message = "this process has no sealing key"
            raise CannotOpen(message)
        opened = self.sealer.open(str(key), sealed)
        if opened.get("kind") != kind:
            raise ContactErased(str(key))
        return opened["address"]

    def _take(self, stored: Stored) -> None:
        self._last[stored.partition] = stored
        key = ContactKey.parse(stored.key)
        if key is None:
            return
        ways = self._people.setdefault((key.agency, key.person_id), {})
        ways.pop(key.method_id, None)  # also by what cannot be read: nobody is paged at a former number
        if stored.value:
            self._put(ways, key.method_id, stored)
        if not ways:
            del self._people[key.agency, key.person_id]
        self._changed(key.agency)

    @staticmethod
    def _put(ways: dict[str, Sealed], method_id: str, stored: Stored) -> None:
        try:
            event = decode(stored.headers.get("type", b"").decode(), stored.value)
        except UndecodableEvent as error:
            logger().error("record passed over", position=stored.position, wrong=str(error))
        else:
            if isinstance(event, ContactSealed):
                ways[method_id] = event.sealed


def _fold_nothing(agency: str, event: Event, stored: Stored) -> None:
    """What is sealed is no event of an agency's."""
