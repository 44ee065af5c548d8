"""The ways to people, as notification says they stand: what a team on call is chosen by instead of a fresh status."""

from __future__ import annotations

from services.team_availability.answers import hear
from services.team_availability.draft import AgencyDraft
from services.team_availability.offers import advance
from services.team_availability.state import Way
from shared.engine.state import EMPTY
from shared.events import (
    UNPROVED,
    ContactBroken,
    ContactOptedIn,
    ContactOptedOut,
    ContactProved,
    ContactRemoved,
    ContactSet,
    WayStood,
)
from shared.replace import replace

Changed = ContactProved | ContactBroken | ContactOptedOut | ContactOptedIn


def contact_set(draft: AgencyDraft, event: ContactSet) -> None:
    """A way stands, and works; with another address it has to be proved anew. A page that is open already is none."""
    if event.kind == "pocket":
        return
    before = _way(draft, event)
    is_same = before is not None and before.fingerprint == event.fingerprint
    way = replace(before, broken=False) if before is not None and is_same else Way(event.fingerprint)
    _note(draft, event, way)


def contact_changed(draft: AgencyDraft, event: Changed) -> None:
    """A way was proved, broke, or was closed or opened again by whom it leads to."""
    way = _way(draft, event)
    if way is None:
        return
    match event:
        case ContactProved():
            way = replace(way, proved_at=draft.given.time, broken=False)
        case ContactBroken():
            way = replace(way, broken=True)
        case ContactOptedOut():
            way = replace(way, opted_out=True)
        case ContactOptedIn():
            way = replace(way, opted_out=False)
    _note(draft, event, way)
    if isinstance(event, ContactProved):
        for team_id, shift in tuple(draft.state.on_shift()):
            if event.person_id in shift.members:
                hear(draft, team_id, event.person_id)
    if isinstance(event, ContactBroken) and event.why != UNPROVED:
        _pass_on(draft, event.person_id)


def _pass_on(draft: AgencyDraft, person_id: str) -> None:
    """What a team on call is asked goes on at once where nobody of it can be reached: it would run out unheard.

    At work somebody may be looking at their page, and of what is only unproved a page may lie on somebody's phone.
    """
    for team_id, shift in tuple(draft.state.on_shift()):
        offer_id = draft.asked(team_id)
        if offer_id is None or shift.duty != "on-call" or person_id not in shift.members:
            continue
        if not any(way.works for member in shift.members for way in draft.state.ways.get(member, EMPTY).values()):
            call = draft.call(draft.state.offers[offer_id])
            call.withdraw("no-working-way", only=team_id)
            advance(call)


def contact_removed(draft: AgencyDraft, event: ContactRemoved) -> None:
    """A way is gone."""
    if _way(draft, event) is not None:
        draft.emit(WayStood(person_id=event.person_id, method_id=event.method_id, removed=True))


def _way(draft: AgencyDraft, event: Changed | ContactSet | ContactRemoved) -> Way | None:
    ways = draft.state.ways.get(event.person_id, EMPTY)
    way: Way | None = ways.get(event.method_id)
    return way


def _note(draft: AgencyDraft, event: Changed | ContactSet, way: Way) -> None:
    if _way(draft, event) != way:
        draft.emit(
            WayStood(
                person_id=event.person_id,
                method_id=event.method_id,
                fingerprint=way.fingerprint,
                proved_at=way.proved_at,
                broken=way.broken,
                opted_out=way.opted_out,
            )
        )
