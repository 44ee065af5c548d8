"""How the ways to people change: set, removed, proved, broken, opted out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from services.notification.contact import Contact
from services.notification.evolve_pages import RecentOffers, page_answered
from services.notification.state import State, unproved_clock
from shared.engine.state import EMPTY
from shared.events import (
    ContactBroken,
    ContactOptedIn,
    ContactOptedOut,
    ContactProved,
    ContactRemoved,
    ContactSet,
    Event,
)
from shared.replace import replace


def _contact_set(state: State, event: ContactSet, at: datetime) -> State:
    """A way that stands anew under the same address keeps what is known of it, but no proof that has worn out."""
    contact = Contact(
        kind=event.kind,
        set_at=at,
        after_seconds=event.after_seconds,
        shown=event.shown,
        fingerprint=event.fingerprint,
        position=event.position,
        first_position=event.position,
    )
    before = state.contact(event.person_id, event.method_id)
    if before is not None and (before.kind, before.fingerprint) == (event.kind, event.fingerprint):
        kept = replace(
            contact,
            proved_at=before.proved_at,
            opted_out=before.opted_out,
            first_position=before.first_position,
        )
        contact = kept if at < kept.is_proved_until else replace(kept, proved_at=None)
    return _with(state, event, contact)


def _contact_removed(state: State, event: ContactRemoved, _at: datetime) -> State:
    """Nothing goes there any more: no later step of an offer, and no notice of a call that somebody has already."""
    for of_offer in state.ladders.values():
        if (ladder := of_offer.get(event.person_id)) is not None:
            state = state.with_ladder(ladder.without_step(event.method_id))
    ways = state.contacts.get(event.person_id, EMPTY)
    if event.method_id not in ways:
        return state
    ways = ways.delete(event.method_id)
    return replace(
        state,
        contacts=state.contacts.set(event.person_id, ways) if ways else state.contacts.delete(event.person_id),
        clocks=state.clocks.clear(unproved_clock(event.person_id, event.method_id)),
        recent_offers=_without_way(state, event),
    )


def _without_way(state: State, event: ContactRemoved) -> RecentOffers:
    recent_offers = state.recent_offers
    for team_id, of_team in state.recent_offers.items():
        left = tuple(offer.without_way(event.person_id, event.method_id) for offer in of_team)
        if left != of_team:
            recent_offers = recent_offers.set(team_id, left)
    return recent_offers


def _contact_proved(state: State, event: ContactProved, at: datetime) -> State:
    return page_answered(_changed(state, event, proved_at=at, broken=""), event, at)


def _contact_broken(state: State, event: ContactBroken, _at: datetime) -> State:
    return _changed(state, event, broken=event.why)


def _contact_opted_out(state: State, event: ContactOptedOut, _at: datetime) -> State:
    return _changed(state, event, opted_out=True)


def _contact_opted_in(state: State, event: ContactOptedIn, _at: datetime) -> State:
    return _changed(state, event, opted_out=False)


Changing = ContactProved | ContactBroken | ContactOptedOut | ContactOptedIn


def _changed(state: State, event: Changing, **changes: Any) -> State:
    """The state with what is known of a way changed; of one that is gone nothing is known."""
    contact = state.contact(event.person_id, event.method_id)
    return state if contact is None else _with(state, event, replace(contact, **changes))


def _with(state: State, event: Changing | ContactSet, contact: Contact) -> State:
    """The state with a way as it is now, and the clock that ends it unless it is proved."""
    clock = unproved_clock(event.person_id, event.method_id)
    waits = contact.can_be_proved and not contact.broken
    ways = state.contacts.get(event.person_id, EMPTY).set(event.method_id, contact)
    return replace(
        state,
        contacts=state.contacts.set(event.person_id, ways),
        clocks=state.clocks.set(clock, contact.is_proved_until) if waits else state.clocks.clear(clock),
    )


CONTACT_CHANGES: dict[type[Event], Callable[[State, Any, datetime], State]] = {
    ContactSet: _contact_set,
    ContactRemoved: _contact_removed,
    ContactProved: _contact_proved,
    ContactBroken: _contact_broken,
    ContactOptedOut: _contact_opted_out,
    ContactOptedIn: _contact_opted_in,
}
