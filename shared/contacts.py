"""Addresses and names of staff: sealed, in a topic of their own, out of which they can be erased.

A journal is kept for good, so no address stands in any: only that there is a way to a person, of which kind, two
characters of it, and a pseudonym. The address itself is sealed by the door that takes it, and appended to `contacts`
under a key of its own, `agency/person/method`, where a later one replaces it and it can be erased (`shared.erasable`).
A person's name stands there, too, as if it were another way to them, `name`.

Whoever sends something follows the topic, keeps in memory what is sealed, and opens an address when it is used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from shared.clock import Clock
from shared.contact_forms import shown
from shared.engine.broker import Broker, Stored
from shared.erasable import Erasable, append, erase, record_of
from shared.events import ContactKind, ContactSealed, Sealed, UndecodableEvent, decode
from shared.sealing import CannotOpen, Sealer
from shared.telemetry import CONTACTS_UNOPENABLE, logger
from shared.topics import CONTACTS

NAME = "name"
"""In place of a method: here the name of the person is sealed."""


class ContactErased(LookupError):
    """There is no such address any more, or it is one of another kind by now."""


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


PUSH_ID_LENGTH = 16
"""So much of a device's id is the id of the push that its holder gets on it."""


def push_key(agency: str, person_id: str, device_id: str) -> ContactKey:
    """Where it is sealed how a person's device is pushed to."""
    return ContactKey(agency, person_id, device_id[:PUSH_ID_LENGTH])


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
    record = record_of(str(key), event, source, clock.now())
    return (await append(broker, CONTACTS, key.agency, [record])).offset


async def erase_contacts(broker: Broker, agency: str, keys: Iterable[ContactKey]) -> None:
    """Erase addresses of an agency's people. Raises BrokerUnavailable."""
    await erase(broker, CONTACTS, agency, map(str, keys))


class Contacts(Erasable):
    """Follows the topic: holds what is sealed, and opens it with its key where it has one."""

    def __init__(
        self,
        broker: Broker,
        sealer: Sealer | None,
        clock: Clock | None = None,
        changed: Callable[[str], None] = lambda _agency: None,
    ) -> None:
        """`changed` is told of each agency whose people have changed."""
        super().__init__(broker, CONTACTS, sealer, clock)
        self._changed = changed
        self._people: dict[tuple[str, str], dict[str, Sealed]] = {}
        """By agency and person, what is sealed by method."""
        if sealer is not None:
            CONTACTS_UNOPENABLE.set_function(lambda: float(self.unopenable(sealer)))

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

        Raises Behind, ContactErased, CannotOpen.
        """
        await self.reach(self._broker.partition_of(key.agency), position, seconds)
        return self._unsealed(key, kind)

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

    def note(self, stored: Stored) -> None:
        """Take in what has changed under a record's key."""
        key = ContactKey.parse(stored.key)
        if key is None:
            return
        ways = self._people.setdefault((key.agency, key.person_id), {})
        ways.pop(key.method_id, None)
        if stored.key in self.kept:
            self._put(ways, key.method_id, stored)
        if not ways:
            del self._people[key.agency, key.person_id]
        self._changed(key.agency)

    @staticmethod
    def _put(ways: dict[str, Sealed], method_id: str, stored: Stored) -> None:
        try:
            event = decode(stored.header("type"), stored.value)
        except UndecodableEvent as error:
            logger().error("record passed over", position=stored.position, wrong=str(error))
        else:
            if isinstance(event, ContactSealed):
                ways[method_id] = event.sealed
