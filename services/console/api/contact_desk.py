"""Where addresses and names of staff are sealed, appended to `contacts`, and erased from there.

What is read on the way back is a name, for those who may read people. An address is never told to anybody again.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from itertools import groupby
from typing import TypeVar

from fastapi import Request

from services.console.api.problems import later
from services.console.api.tending import FINISH_SECONDS, tended
from services.console.config import ConsoleSettings
from services.console.view.agency import View
from shared.clock import Clock
from shared.contact_forms import AddressRefused, doubt_about, normal_form, normal_name
from shared.contacts import (
    NAME,
    ContactKey,
    Contacts,
    SealedContact,
    append_contact,
    erase_contacts,
    name_key,
    seal_address,
    seal_name,
)
from shared.doors.command import LogAway, appended
from shared.doors.problems import Fault, Problem
from shared.engine.broker import Broker, BrokerUnavailable
from shared.engine.follower import Follower
from shared.erasable import Behind, Kept, append
from shared.events import ContactKind
from shared.sealing import Sealer
from shared.topics import CONTACTS

W = TypeVar("W")

DOOR = "console"
CATCH_UP_SECONDS = 2.0
AN_ADDRESS = re.compile(r"@|\d(?:[._:-]?\d){6}")
"""In what should be a word: of a mail address, or as many digits as a number has."""
SETTLED = timedelta(hours=3)
"""By then a journal says who is reached over an address, or nobody is."""
NO_KEY = "This console has no sealing key (CAREROUTE_SEALING_KEY), so no address and no name can be taken here."
LOG_AWAY = "The log did not take it in time; it may still arrive there. Send the same again."


@dataclass(frozen=True, slots=True)
class Placed:
    """An address that stands in `contacts`, and what stood there before."""

    contact: SealedContact
    position: int
    before: Kept | None


@dataclass(frozen=True, slots=True)
class ContactDesk:
    """Seals what is to be kept, and erases it."""

    broker: Broker
    contacts: Contacts
    clock: Clock
    settings: ConsoleSettings
    view: View
    follower: Follower
    """What has read the journals into the view."""

    def open(self) -> AbstractAsyncContextManager[None]:
        """Follow `contacts` beside the requests, and finish erasures."""
        return tended(self.contacts, self.finish)

    def seal_address(self, key: ContactKey, kind: ContactKind, address: str) -> tuple[SealedContact, str]:
        """Seal an address; it, and what is doubtful about it. Raises Problem (409, 422)."""
        sealer = self._sealer()
        try:
            normal = self.normal_form(kind, address)
        except AddressRefused as wrong:
            raise _not_taken("address", str(wrong)) from None
        return seal_address(sealer, key, kind, normal), doubt_about(kind, normal)

    async def place(self, contact: SealedContact) -> Placed:
        """Append a sealed address. Raises Problem (503)."""
        before = self.contacts.kept.get(str(contact.key))
        return Placed(contact, await self._append(contact), before)

    def normal_form(self, kind: ContactKind, address: str) -> str:
        """An address as this door takes it. Raises AddressRefused."""
        settings = self.settings
        return normal_form(kind, address, region=settings.phone_region, networks=settings.webhook_networks)

    @asynccontextmanager
    async def unless_refused(self, placed: Placed | None) -> AsyncIterator[None]:
        """What was placed stays only where the command about it was not refused. Raises Problem."""
        try:
            yield
        except Problem as problem:
            if placed is not None and problem.status_code != HTTPStatus.SERVICE_UNAVAILABLE:
                await self.put_back(placed)
            raise

    async def put_back(self, placed: Placed) -> None:
        """Have an address stand that stood before this one, which a service has refused. Raises Problem (503).

        Where another has come meanwhile, or the person was erased, that stands.
        """
        key, before = placed.contact.key, placed.before
        await self._catch_up(key.agency)
        if self.contacts.sealed(key) != placed.contact.sealed:
            return
        if before is None or self.contacts.is_erased_since(str(key), before.offset):
            await self.erase(key.agency, [key])
            return
        await _durable(append(self.broker, CONTACTS, key.agency, [before.record(str(key), DOOR)]))

    async def put_name(self, agency: str, person_id: str, name: str) -> Placed | None:
        """Seal a person's name and append it; None where it stands so already. Raises Problem (409, 422, 503)."""
        sealer = self._sealer()
        try:
            normal = normal_name(name)
        except AddressRefused as wrong:
            raise _not_taken("person.name", str(wrong)) from None
        if self.contacts.name(agency, person_id) == normal:
            return None
        return await self.place(seal_name(sealer, agency, person_id, normal))

    async def erase(self, agency: str, keys: list[ContactKey]) -> None:
        """Erase what is sealed under these keys. Raises Problem (503)."""
        await _durable(erase_contacts(self.broker, agency, keys))

    async def erase_person(self, agency: str, person_id: str, *, with_name: bool) -> None:
        """Erase every address of a person, whoever set it a moment ago; and their name. Raises Problem (503)."""
        await self._catch_up(agency)
        name = name_key(agency, person_id)
        keys = [key for key in self.contacts.keys(agency, person_id) if with_name or key != name]
        await self.erase(agency, keys)

    async def finish(self) -> None:
        """Erase what is of nobody by the journals: a console had no answer yet, or has died over it.

        Raises BrokerUnavailable.
        """
        if not (self.follower.ready and self.contacts.ready) or self.follower.lag_seconds() > FINISH_SECONDS:
            return
        before = self.clock.now() - SETTLED
        old = (ContactKey.parse(key) for key, kept in self.contacts.kept.items() if kept.time < before)
        left = sorted(key for key in old if key is not None and not self._leads_to(key))
        for agency, of_agency in groupby(left, key=lambda key: key.agency):
            await erase_contacts(self.broker, agency, of_agency)

    def _leads_to(self, key: ContactKey) -> bool:
        """Whether somebody on the books is reached so; a way to the pocket page needs no address, whatever it had.

        A name is kept of whoever was ever on the books.
        """
        seen = self.view.agency(key.agency)
        if key.method_id == NAME:
            return key.person_id in seen.people or key.person_id in seen.former_people
        way = seen.contacts.get(key.person_id, {}).get(key.method_id)
        return key.person_id in seen.people and way is not None and way.kind != "pocket"

    async def _catch_up(self, agency: str) -> None:
        try:
            await self.contacts.catch_up(agency, CATCH_UP_SECONDS)
        except (Behind, BrokerUnavailable):
            raise later(LOG_AWAY) from None

    def _sealer(self) -> Sealer:
        if self.contacts.sealer is None:
            raise Problem(HTTPStatus.CONFLICT, NO_KEY, reason="no-sealing-key")
        return self.contacts.sealer

    async def _append(self, contact: SealedContact) -> int:
        return await _durable(append_contact(self.broker, self.clock, DOOR, contact))


async def _durable(writing: Awaitable[W]) -> W:
    """What an append came to. Raises Problem (503)."""
    try:
        return await appended(writing)
    except LogAway:
        raise later(LOG_AWAY) from None


def desk_of(request: Request) -> ContactDesk:
    """Where addresses are sealed."""
    desk: ContactDesk = request.app.state.contact_desk
    return desk


def check_method(method_id: str, *, sets: bool = False) -> None:
    """Raise Problem (422) for the method that is kept for a person's name; and `sets` one that may be the address."""
    if method_id == NAME:
        raise _not_taken("method_id", "must be another word: under `name` the person's name is sealed")
    if sets and AN_ADDRESS.search(method_id):
        raise _not_taken("method_id", "must be a word for the way, such as mobile: what stands there is kept for good")


def _not_taken(path: str, right: str) -> Problem:
    fault = Fault(path, "cannot be taken", right)
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"The {path.rpartition('.')[2]} {right}.", fault)
