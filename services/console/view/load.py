"""The calls that each response has, now and today, as triage counts them for caps."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import NamedTuple

from services.console.view.agency_records import AgencyRecords, Change
from services.console.view.records import LoadSeen
from shared import events
from shared.engine.broker import Stored
from shared.events import Event


class Load(NamedTuple):
    """The calls of a response in a district."""

    open: int
    """From the first offer to the team's clearing."""
    today: int


def load_of(agency: AgencyRecords, today: date) -> dict[tuple[str, str], Load]:
    """By response and district, those that have any; `today`: the day on the agency's clocks."""
    load = agency.load.values()
    under_way = Counter((call.response, call.district) for call in load if call.open)
    of_day = Counter((call.response, call.district) for call in load if call.day == today)
    return {place: Load(under_way[place], of_day[place]) for place in under_way | of_day}


def _routing_noted(agency: AgencyRecords, event: events.RoutingNoted, _stored: Stored) -> None:
    present = agency.load.get(event.call_id)
    if event.reached in ("default", "cancelled"):
        agency.load.pop(event.call_id, None)
    elif event.reached == "ended":
        if present is not None:
            present.open = False
    elif event.response is not None and event.day is not None:
        accepted = event.reached != "offered"
        if present is not None and (present.response, present.district) == (event.response, event.district or ""):
            present.open, present.accepted = True, present.accepted or accepted
        else:
            _forget_before(agency, event.day)
            agency.load[event.call_id] = LoadSeen(event.response, event.district or "", event.day, accepted)


def _forget_before(agency: AgencyRecords, day: date) -> None:
    """Calls of former days that are over count for nothing any more."""
    over = [call_id for call_id, call in agency.load.items() if call.day < day and not call.open]
    for call_id in over:
        del agency.load[call_id]


def _call_retired(agency: AgencyRecords, event: events.CallRetired, _stored: Stored) -> None:
    call = agency.load.get(event.call_id)
    if call is not None and not call.accepted:
        del agency.load[event.call_id]


CHANGES: dict[type[Event], Change] = {
    events.RoutingNoted: _routing_noted,
    events.CallRetired: _call_retired,
}
