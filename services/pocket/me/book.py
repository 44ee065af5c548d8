"""What the page knows of devices and their holders: folded from the journals, without an address in it."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from shared.agencies import hash_of
from shared.contacts import PUSH_ID_LENGTH
from shared.enrolment import Enrolment
from shared.events import (
    ContactBroken,
    ContactKind,
    ContactOptedIn,
    ContactOptedOut,
    ContactProved,
    ContactRemoved,
    ContactSet,
    DeviceEnrolled,
    DeviceRevoked,
    DutyNoted,
    DutyOver,
    Event,
    PersonDefined,
    PersonRemoved,
)


@dataclass(frozen=True, slots=True)
class Device:
    """A phone or tablet that lets its holder in: one person, or one team."""

    agency: str
    device_id: str
    credential_hash: str
    person_id: str | None
    team_id: str | None
    label: str

    @property
    def holder(self) -> str:
        """Whose it is."""
        return self.person_id or self.team_id or ""

    @property
    def push_id(self) -> str:
        """The way to its person that a push to it is."""
        return self.device_id[:PUSH_ID_LENGTH]


@dataclass(slots=True)
class Way:
    """A way in which a person is reached, and whether anybody knows that it works."""

    method_id: str
    kind: ContactKind
    shown: str
    fingerprint: str
    proved_at: datetime | None = None
    broken: str = ""
    opted_out: bool = False


@dataclass(slots=True)
class Staff:
    """The people of an agency, and the ways to each."""

    people: set[str] = field(default_factory=set)
    ways: dict[str, dict[str, Way]] = field(default_factory=dict)
    duties: dict[str, DutyNoted] = field(default_factory=dict)
    """The planned shifts that run, by their id."""


class Book:
    """Devices by what lets them in, and what their pages show of people."""

    def __init__(self) -> None:
        self._devices: dict[str, Device] = {}
        """By the hash of their credential."""
        self._hashes: dict[str, str] = {}
        self._used: dict[str, str] = {}
        """By the link's enrolment, the hash of what was enrolled with it."""
        self._links_ended: dict[tuple[str, str], datetime] = {}
        """By agency and person, when all links of theirs were ended last."""
        self._staff: dict[str, Staff] = {}

    def device(self, credential: str) -> Device | None:
        """The device that has this credential; found by its hash, so that how long it takes says nothing of it."""
        key = hash_of(credential)
        device = self._devices.get(key)
        return device if device is not None and hmac.compare_digest(device.credential_hash, key) else None

    def is_used(self, enrolment_id: str, *, but_for: str) -> bool:
        """Whether a link has enrolled a device before; not counting one that has a credential of this hash."""
        return self._used.get(enrolment_id, but_for) != but_for

    def is_revoked(self, enrolment: Enrolment) -> bool:
        """Whether the links of its person were ended since it was made, or in the same second."""
        ended_at = self._links_ended.get((enrolment.agency, enrolment.person_id or ""))
        return ended_at is not None and enrolment.made_at <= ended_at

    def end_links(self, agency: str, person_id: str, at: datetime) -> None:
        """No link that a person has been handed by then enrols anything."""
        self._links_ended[agency, person_id] = at

    def staff(self, agency: str) -> Staff:
        """The people of an agency; nobody where it has none."""
        return self._staff.get(agency) or Staff()

    def _staff_of(self, agency: str) -> Staff:
        return self._staff.setdefault(agency, Staff())

    def ways(self, agency: str, person_id: str) -> list[Way]:
        """How a person is reached, the first thing first."""
        ways = self.staff(agency).ways.get(person_id, {})
        return sorted(ways.values(), key=lambda way: (way.kind, way.method_id))

    def planned(self, agency: str, now: datetime, *, person_id: str = "", team_id: str = "") -> DutyNoted | None:
        """The planned shift that a person is to be on now, or a team; the one that ends first."""
        duties = (
            duty
            for duty in self.staff(agency).duties.values()
            if now < duty.ends_at and (person_id in duty.members or team_id == duty.team_id)
        )
        return min(duties, key=lambda duty: (duty.ends_at, duty.planned_shift_id), default=None)

    def push_to(self, device: Device) -> Way | None:
        """The push that a device gets, if it gets any."""
        way = self.staff(device.agency).ways.get(device.person_id or "", {}).get(device.push_id)
        return way if way is not None and way.kind == "push" else None

    def fold(self, agency: str, event: Event, at: datetime) -> None:
        """Take in an event of a journal."""
        if (change := BOOK_CHANGES.get(type(event))) is not None:
            change(self, agency, event, at)

    def _way(self, agency: str, person_id: str, method_id: str) -> Way | None:
        return self.staff(agency).ways.get(person_id, {}).get(method_id)

    # --- one method for each event ---

    def enrolled(self, agency: str, event: DeviceEnrolled, _at: datetime) -> None:
        """A device has a holder."""
        self._devices[event.credential_hash] = Device(
            agency, event.device_id, event.credential_hash, event.person_id, event.team_id, event.label
        )
        self._hashes[event.device_id] = event.credential_hash
        self._used[event.enrolment_id] = event.credential_hash

    def revoked(self, _agency: str, event: DeviceRevoked, _at: datetime) -> None:
        """A device lets nobody in any more."""
        self._devices.pop(self._hashes.pop(event.device_id, ""), None)

    def person_defined(self, agency: str, event: PersonDefined, _at: datetime) -> None:
        """Somebody is on the books."""
        self._staff_of(agency).people.add(event.person.person_id)

    def person_removed(self, agency: str, event: PersonRemoved, at: datetime) -> None:
        """Somebody is not any more."""
        self.staff(agency).people.discard(event.person_id)
        self.end_links(agency, event.person_id, at)

    def duty_noted(self, agency: str, event: DutyNoted, at: datetime) -> None:
        """Who is to be on duty now; what is long over is forgotten."""
        duties = self._staff_of(agency).duties
        for planned_shift_id in [key for key, duty in duties.items() if duty.ends_at <= at]:
            del duties[planned_shift_id]
        duties[event.planned_shift_id] = event

    def duty_over(self, agency: str, event: DutyOver, _at: datetime) -> None:
        """A planned shift asks nothing of its team any more."""
        self.staff(agency).duties.pop(event.planned_shift_id, None)

    def contact_set(self, agency: str, event: ContactSet, _at: datetime) -> None:
        """A way to a person stands, or stands anew: then it keeps what is known of its address."""
        ways = self._staff_of(agency).ways.setdefault(event.person_id, {})
        before = ways.get(event.method_id)
        way = ways[event.method_id] = Way(event.method_id, event.kind, event.shown, event.fingerprint)
        if before is not None and (before.kind, before.fingerprint) == (event.kind, event.fingerprint):
            way.proved_at, way.opted_out = before.proved_at, before.opted_out

    def contact_removed(self, agency: str, event: ContactRemoved, _at: datetime) -> None:
        """A way to a person is gone."""
        self.staff(agency).ways.get(event.person_id, {}).pop(event.method_id, None)

    def contact_proved(self, agency: str, event: ContactProved, at: datetime) -> None:
        """A person has answered over a way."""
        if (way := self._way(agency, event.person_id, event.method_id)) is not None:
            way.proved_at, way.broken = at, ""

    def contact_broken(self, agency: str, event: ContactBroken, _at: datetime) -> None:
        """A way does not work."""
        if (way := self._way(agency, event.person_id, event.method_id)) is not None:
            way.broken = event.why

    def opted(self, agency: str, event: ContactOptedOut | ContactOptedIn, _at: datetime) -> None:
        """The person has said STOP to a carrier, or START."""
        if (way := self._way(agency, event.person_id, event.method_id)) is not None:
            way.opted_out = isinstance(event, ContactOptedOut)


BOOK_CHANGES: dict[type[Event], Callable[[Book, str, Any, datetime], None]] = {
    DeviceEnrolled: Book.enrolled,
    DeviceRevoked: Book.revoked,
    PersonDefined: Book.person_defined,
    PersonRemoved: Book.person_removed,
    DutyNoted: Book.duty_noted,
    DutyOver: Book.duty_over,
    ContactSet: Book.contact_set,
    ContactRemoved: Book.contact_removed,
    ContactProved: Book.contact_proved,
    ContactBroken: Book.contact_broken,
    ContactOptedOut: Book.opted,
    ContactOptedIn: Book.opted,
}
"""The events that it follows, and what each changes."""
