"""Teams and people: who is on shift, and where they stand."""

from __future__ import annotations

from typing import Any

from services.console.view.agency_records import AgencyRecords, Change
from services.console.view.alerts import end_alerts_of_team, needs_police, team_heard
from services.console.view.records import DeviceSeen, PersonSeen, TeamSeen
from shared import events
from shared.engine.broker import Stored
from shared.events import OFFER_ENDS, Event


def _person_defined(agency: AgencyRecords, event: events.PersonDefined, _stored: Stored) -> None:
    agency.people.setdefault(event.person.person_id, PersonSeen(event.person)).person = event.person


def _person_removed(agency: AgencyRecords, event: events.PersonRemoved, _stored: Stored) -> None:
    agency.people.pop(event.person_id, None)
    agency.former_people.add(event.person_id)


def _team_defined(agency: AgencyRecords, event: events.TeamDefined, _stored: Stored) -> None:
    agency.teams.setdefault(event.team.team_id, TeamSeen(event.team)).team = event.team


def _team_removed(agency: AgencyRecords, event: events.TeamRemoved, stored: Stored) -> None:
    agency.teams.pop(event.team_id, None)
    end_alerts_of_team(agency, event.team_id, stored.time)
    for kind in ("team-missing", "members-left-out", "team-unanswering"):
        agency.end_alert(f"{kind}/{event.team_id}", stored.time)


def _signed_on(agency: AgencyRecords, event: events.TeamSignedOn, stored: Stored) -> None:
    agency.end_alert(f"team-silent/{event.team_id}", stored.time)
    agency.end_alert(f"team-missing/{event.team_id}", stored.time)
    team_heard(agency, event.team_id, stored.time)
    if (team := agency.teams.get(event.team_id)) is not None:
        team.shift_id, team.members, team.shift_ends_at = event.shift_id, event.members, event.shift_ends_at
        team.unconfirmed, team.vouched_by, team.duty = event.unconfirmed, event.vouched_by, event.duty
        team.status, team.status_at = "available", stored.time
        for person_id in event.members:
            if person_id not in event.unconfirmed:
                _put_on_shift(agency, person_id, event.team_id)


def _shift_changed(agency: AgencyRecords, event: events.ShiftChanged, _stored: Stored) -> None:
    team = agency.teams.get(event.team_id)
    if team is None or team.shift_id != event.shift_id:
        return
    team.members, team.unconfirmed, team.shift_ends_at = event.members, event.unconfirmed, event.shift_ends_at
    for person in agency.people.values():
        if person.team_id == event.team_id:
            person.team_id = None
    for person_id in event.members:
        if person_id not in event.unconfirmed:
            _put_on_shift(agency, person_id, event.team_id)


def _team_heard(agency: AgencyRecords, event: events.TeamHeard, stored: Stored) -> None:
    team_heard(agency, event.team_id, stored.time)


def _signed_off(agency: AgencyRecords, event: events.TeamSignedOff, stored: Stored) -> None:
    team_heard(agency, event.team_id, stored.time)
    agency.end_alert(f"members-left-out/{event.team_id}", stored.time)
    if event.why == "signed-off":  # somebody said so; of a shift that ran out nobody has heard
        for kind in ("team-silent", "need-police"):
            agency.end_alert(f"{kind}/{event.team_id}", stored.time)
    if (team := agency.teams.get(event.team_id)) is not None:
        for person in agency.people.values():
            if person.team_id == event.team_id:
                person.team_id = None
        team.shift_id, team.members, team.shift_ends_at = None, (), None
        team.unconfirmed, team.vouched_by = (), ""
        team.status, team.status_at = "off-duty", stored.time


def _member_confirmed(agency: AgencyRecords, event: events.MemberConfirmed, stored: Stored) -> None:
    if not event.vouched_by:
        team_heard(agency, event.team_id, stored.time)
    team = agency.teams.get(event.team_id)
    if team is not None and team.shift_id == event.shift_id:
        team.unconfirmed = tuple(member for member in team.unconfirmed if member != event.person_id)
        _put_on_shift(agency, event.person_id, event.team_id)


def _links_revoked(agency: AgencyRecords, event: events.LinksRevoked, _stored: Stored) -> None:
    agency.link_generations[event.person_id] = event.generation


def _calendar_revoked(agency: AgencyRecords, event: events.CalendarRevoked, _stored: Stored) -> None:
    agency.calendar_generations[event.person_id] = event.generation


def _device_enrolled(agency: AgencyRecords, event: events.DeviceEnrolled, stored: Stored) -> None:
    agency.devices[event.device_id] = DeviceSeen(
        event.device_id, event.person_id, event.team_id, event.label, stored.time, event.enrolled_by
    )


def _device_revoked(agency: AgencyRecords, event: events.DeviceRevoked, _stored: Stored) -> None:
    agency.devices.pop(event.device_id, None)


def _put_on_shift(agency: AgencyRecords, person_id: str, team_id: str) -> None:
    if (person := agency.people.get(person_id)) is not None:
        person.team_id = team_id


def _status_reported(agency: AgencyRecords, event: events.StatusReported, stored: Stored) -> None:
    agency.end_alert(f"team-silent/{event.team_id}", stored.time)
    team_heard(agency, event.team_id, stored.time)
    needs_police(agency, event, stored)
    if (team := agency.teams.get(event.team_id)) is not None:
        is_free = event.status == "cleared" and not event.assigned
        team.status, team.status_at = "available" if is_free else event.status, stored.time
        team.not_moving_since = None


def _status_corrected(agency: AgencyRecords, event: events.StatusCorrected, stored: Stored) -> None:
    """What was asked of a team where it is not after all is asked no more."""
    team_heard(agency, event.team_id, stored.time)
    if event.status != "staged":
        agency.end_alert(f"team-staged/{event.team_id}", stored.time)
    if event.status != "on-scene":
        agency.end_alert(f"entry-not-released/{event.team_id}", stored.time)
    if (team := agency.teams.get(event.team_id)) is not None:
        team.status, team.status_at = event.status, stored.time


def _not_moving(agency: AgencyRecords, event: events.TeamNotMoving, stored: Stored) -> None:
    if (team := agency.teams.get(event.team_id)) is not None and team.call_id == event.call_id:
        team.not_moving_since = stored.time


def _offer_made(agency: AgencyRecords, event: events.OfferMade, _stored: Stored) -> None:
    if (team := agency.teams.get(event.team_id)) is not None:
        team.offers.append(event.offer_id)


def _offer_ended(agency: AgencyRecords, event: Any, stored: Stored) -> None:
    if (team := agency.teams.get(event.team_id)) is None:
        return
    team.offers = [offer_id for offer_id in team.offers if offer_id != event.offer_id]
    if isinstance(event, events.OfferAccepted | events.OfferDeclined):
        team_heard(agency, event.team_id, stored.time)
    if isinstance(event, events.OfferAccepted):
        team.call_id, team.status, team.status_at = event.call_id, "assigned", stored.time
        team.not_moving_since = None


def _assignment_moved(agency: AgencyRecords, event: events.AssignmentMoved, stored: Stored) -> None:
    """What was asked about the team and its former call is answered; a request for police is not."""
    agency.ended_calls.pop(event.call_id, None)
    for kind in ("team-stays", "call-changed"):
        agency.end_alert(f"{kind}/{event.team_id}", stored.time)
    agency.end_alert(f"unconfirmed/{event.call_id}/{event.episode}", stored.time)
    if (team := agency.teams.get(event.team_id)) is not None:
        team.call_id = event.to_call_id


CHANGES: dict[type[Event], Change] = {
    events.PersonDefined: _person_defined,
    events.PersonRemoved: _person_removed,
    events.TeamDefined: _team_defined,
    events.TeamRemoved: _team_removed,
    events.TeamSignedOn: _signed_on,
    events.TeamSignedOff: _signed_off,
    events.MemberConfirmed: _member_confirmed,
    events.ShiftChanged: _shift_changed,
    events.TeamHeard: _team_heard,
    events.LinksRevoked: _links_revoked,
    events.CalendarRevoked: _calendar_revoked,
    events.DeviceEnrolled: _device_enrolled,
    events.DeviceRevoked: _device_revoked,
    events.StatusReported: _status_reported,
    events.StatusCorrected: _status_corrected,
    events.TeamNotMoving: _not_moving,
    events.OfferMade: _offer_made,
    events.AssignmentMoved: _assignment_moved,
    **dict.fromkeys(OFFER_ENDS, _offer_ended),
}
