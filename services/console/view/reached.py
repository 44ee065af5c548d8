"""Whether those on duty can be reached: ways that are lost, and teams to which none is left. After all other rooms."""

from __future__ import annotations

from typing import Any

from services.console.view.agency_records import AgencyRecords, Change
from services.console.view.reasons import words_of
from services.console.view.records import Alert, ContactSeen
from shared import events
from shared.engine.broker import Stored
from shared.events import Event


def _lost(agency: AgencyRecords, event: events.ContactBroken | events.ContactOptedOut, stored: Stored) -> None:
    """Of somebody who is not at work it can wait: the rota has it as a gap. The duty officer is on no rota."""
    person_id, team_id = event.person_id, _team_of(agency, event.person_id) or ""
    way = agency.contacts.get(person_id, {}).get(event.method_id)
    if way is not None and (team_id or person_id == events.DUTY_OFFICER):
        _raise_lost(agency, person_id, team_id, way, stored)
    if team_id:
        _look_at(agency, team_id, stored)


def _raise_lost(agency: AgencyRecords, person_id: str, team_id: str, way: ContactSeen, stored: Stored) -> None:
    who = f"{person_id} of {team_id}" if team_id else "The duty officer"
    sentence = f"{who} is not reached by {way.method_id} any more: {words_of(way.broken or 'opted-out')}."
    if not _is_reached(agency, person_id):
        sentence += " No other way to them is left."
    agency.raise_alert(_lost_id(person_id, way), Alert("way-lost", stored.time, sentence, team_id))


def _lost_id(person_id: str, way: ContactSeen) -> str:
    return f"way-lost/{person_id}/{way.method_id}"


def _taken_away(agency: AgencyRecords, event: events.ContactRemoved, stored: Stored) -> None:
    """A way that is gone, with its phone perhaps, is lost no more; whoever had no other cannot be reached."""
    _lost_no_more(agency, event, stored, had_ways=True)


def _found(agency: AgencyRecords, event: Any, stored: Stored) -> None:
    """A way that was proved, set anew or opened again is lost no more; one that is opted out still is."""
    way = agency.contacts.get(event.person_id, {}).get(event.method_id)
    if way is None or not way.opted_out:
        _lost_no_more(agency, event, stored, had_ways=False)


def _lost_no_more(agency: AgencyRecords, event: Any, stored: Stored, *, had_ways: bool) -> None:
    agency.end_alert(f"way-lost/{event.person_id}/{event.method_id}", stored.time)
    if (team_id := _team_of(agency, event.person_id)) is not None:
        _look_at(agency, team_id, stored, had_ways=had_ways)


def _shift_changed(agency: AgencyRecords, event: Any, stored: Stored) -> None:
    _look_at_crew(agency, event.team_id, stored)
    _look_at(agency, event.team_id, stored)


def _shift_ended(agency: AgencyRecords, event: events.TeamSignedOff, stored: Stored) -> None:
    agency.end_alert(f"team-unreachable/{event.team_id}", stored.time)
    _look_at_crew(agency, event.team_id, stored)


def _look_at_crew(agency: AgencyRecords, team_id: str, stored: Stored) -> None:
    """What a member has lost counts for as long as they are at work, whichever journal says so first."""
    members = () if (team := agency.teams.get(team_id)) is None else team.members
    lost = {
        _lost_id(member, way): (member, way)
        for member in members
        for way in agency.contacts.get(member, {}).values()
        if way.broken or way.opted_out
    }
    for alert in agency.alerts():
        if alert.kind == "way-lost" and alert.about == team_id and lost.pop(alert.alert_id, None) is None:
            agency.end_alert(alert.alert_id, stored.time)
    for member, way in lost.values():
        _raise_lost(agency, member, team_id, way, stored)


def _look_at(agency: AgencyRecords, team_id: str, stored: Stored, *, had_ways: bool = False) -> None:
    """Raise the alert once where ways to a team were set and none works, or is left. One without any has its page."""
    team = agency.teams.get(team_id)
    members = () if team is None else team.members
    alert_id = f"team-unreachable/{team_id}"
    if any(_is_reached(agency, member) for member in members):
        agency.end_alert(alert_id, stored.time)
        return
    had_ways = had_ways or any(_ways_that_ring(agency, member) for member in members)
    if had_ways and not any(alert.alert_id == alert_id for alert in agency.alerts()):
        sentence = f"Nobody of {team_id} can be reached: its offers stand on its page alone."
        agency.raise_alert(alert_id, Alert("team-unreachable", stored.time, sentence, team_id))


def _team_of(agency: AgencyRecords, person_id: str) -> str | None:
    person = agency.people.get(person_id)
    return None if person is None else person.team_id


def _is_reached(agency: AgencyRecords, person_id: str) -> bool:
    person = agency.people.get(person_id)
    ways = _ways_that_ring(agency, person_id)
    return any(not (way.broken or way.opted_out) for way in ways) or bool(person and person.person.contact_methods)


def _ways_that_ring(agency: AgencyRecords, person_id: str) -> list[ContactSeen]:
    """The ways to a person, but for the page that is open already."""
    return [way for way in agency.contacts.get(person_id, {}).values() if way.kind != "pocket"]


CHANGES: dict[type[Event], Change] = {
    events.ContactBroken: _lost,
    events.ContactOptedOut: _lost,
    events.ContactProved: _found,
    events.ContactOptedIn: _found,
    events.ContactSet: _found,
    events.ContactRemoved: _taken_away,
    events.TeamSignedOn: _shift_changed,
    events.MemberConfirmed: _shift_changed,
    events.ShiftChanged: _shift_changed,
    events.TeamSignedOff: _shift_ended,
}
