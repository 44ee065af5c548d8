"""The ways to people: of which kind, whether they work, and when somebody last answered over them."""

from __future__ import annotations

from typing import Any

from services.console.view.agency_records import AgencyRecords, Change
from services.console.view.records import ContactSeen
from shared import events
from shared.engine.broker import Stored
from shared.events import Event


def _contact_set(agency: AgencyRecords, event: events.ContactSet, stored: Stored) -> None:
    """A way that stands anew keeps what is known of its address."""
    before, address = _contact(agency, event), (event.kind, event.fingerprint)
    is_same = agency.addresses.get((event.person_id, event.method_id)) == address
    agency.addresses[event.person_id, event.method_id] = address
    way = agency.contacts.setdefault(event.person_id, {})[event.method_id] = ContactSeen(
        method_id=event.method_id,
        kind=event.kind,
        after_seconds=event.after_seconds,
        shown=event.shown,
        set_at=stored.time,
        set_by=event.set_by,
    )
    if before is not None and is_same:
        way.proved_at, way.opted_out = before.proved_at, before.opted_out


def _contact_removed(agency: AgencyRecords, event: events.ContactRemoved, _stored: Stored) -> None:
    ways = agency.contacts.get(event.person_id, {})
    ways.pop(event.method_id, None)
    agency.addresses.pop((event.person_id, event.method_id), None)
    if not ways:
        agency.contacts.pop(event.person_id, None)


def _contact(agency: AgencyRecords, event: Any) -> ContactSeen | None:
    return agency.contacts.get(event.person_id, {}).get(event.method_id)


def _contact_proved(agency: AgencyRecords, event: events.ContactProved, stored: Stored) -> None:
    if (way := _contact(agency, event)) is not None:
        way.proved_at, way.broken = stored.time, ""


def _contact_broken(agency: AgencyRecords, event: events.ContactBroken, _stored: Stored) -> None:
    if (way := _contact(agency, event)) is not None:
        way.broken = event.why


def _opted(agency: AgencyRecords, event: events.ContactOptedOut | events.ContactOptedIn, _stored: Stored) -> None:
    if (way := _contact(agency, event)) is not None:
        way.opted_out = isinstance(event, events.ContactOptedOut)


CHANGES: dict[type[Event], Change] = {
    events.ContactSet: _contact_set,
    events.ContactRemoved: _contact_removed,
    events.ContactProved: _contact_proved,
    events.ContactBroken: _contact_broken,
    events.ContactOptedOut: _opted,
    events.ContactOptedIn: _opted,
}
