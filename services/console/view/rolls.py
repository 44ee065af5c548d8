"""Roll calls: who was asked over which way, what became of the page, and who has answered."""

from __future__ import annotations

from typing import Any

from services.console.view.agency_records import AgencyRecords, Change
from services.console.view.records import PlaceState, RollPlaceSeen, RollSeen
from shared import events
from shared.engine.broker import Stored
from shared.events import Event

ENDS: dict[type[Event], PlaceState] = {
    events.PageFailed: "failed",
    events.PageUndelivered: "failed",
    events.PageDropped: "not-sent",
}


def _roll_called(agency: AgencyRecords, event: events.RollCalled, stored: Stored) -> None:
    places = [RollPlaceSeen(place.person_id, place.method_id) for place in event.asked]
    agency.add_roll(RollSeen(event.roll_id, stored.time, event.until, event.called_by, places))


def _page_due(agency: AgencyRecords, event: events.PageDue, _stored: Stored) -> None:
    if (place := _place(agency, event)) is not None:
        place.kind, place.state = event.method.kind, "asked"
        agency.roll_pages[event.page_id] = place


def _place(agency: AgencyRecords, page: events.PageDue) -> RollPlaceSeen | None:
    return agency.roll_places.get((page.about, page.person_id, page.method.method_id))


def _page_ended(agency: AgencyRecords, event: Any, _stored: Stored) -> None:
    place = agency.roll_pages.get(event.page_id)
    if place is None and isinstance(event, events.PageDropped) and event.page is not None:
        place = _place(agency, event.page)
    if place is not None and place.answered_at is None:
        place.state, place.why = ENDS[type(event)], event.why


def _contact_proved(agency: AgencyRecords, event: events.ContactProved, stored: Stored) -> None:
    if (place := agency.roll_pages.get(event.page_id)) is not None:
        place.state, place.why, place.answered_at = "answered", "", stored.time


def _roll_closed(agency: AgencyRecords, event: events.RollClosed, stored: Stored) -> None:
    """Whoever has not answered by now was silent; what failed stays said."""
    if (roll := agency.rolls.get(event.roll_id)) is None:
        return
    roll.closed_at = stored.time
    for place in roll.places:
        if place.state in ("waiting", "asked"):
            place.state = "silent"


CHANGES: dict[type[Event], Change] = {
    events.RollCalled: _roll_called,
    events.RollClosed: _roll_closed,
    events.ContactProved: _contact_proved,
    events.PageDue: _page_due,
    **dict.fromkeys(ENDS, _page_ended),
}
