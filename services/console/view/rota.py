"""The rota: shifts, places, gaps and absences, as rostering has them.

A page or an answer asks `agency.rota`: its `between` gives the shifts of a time, of one team or one person, and `told`
in `rota_records` says each as people read it. Nobody reads the plan in another way.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from services.console.view.agency_records import AgencyRecords, Change
from services.console.view.records import Alert
from services.console.view.rota_records import DroppedSeen, FeedSeen, RotaShiftSeen, gap_in_words
from shared import events
from shared.engine.broker import Stored
from shared.events import Event
from shared.rota import RotaShift


def _now(shift: RotaShiftSeen, rota: RotaShift) -> None:
    """A shift as it is now; cover that has been found is wanted no more."""
    shift.rota = rota
    shift.covers = rota.still_wanted(shift.covers)


def _shift_planned(agency: AgencyRecords, event: events.ShiftPlanned, _stored: Stored) -> None:
    agency.rota.dropped.pop(event.shift.shift_id, None)
    agency.rota.shifts[event.shift.shift_id] = RotaShiftSeen(RotaShift(event.shift))


def _shift_moved(agency: AgencyRecords, event: events.ShiftMoved, _stored: Stored) -> None:
    if (shift := agency.rota.shifts.get(event.shift.shift_id)) is not None:
        _now(shift, shift.rota.moved(event.shift))


def _shift_dropped(agency: AgencyRecords, event: events.ShiftDropped, stored: Stored) -> None:
    rota = agency.rota
    shift = rota.shifts.pop(event.shift_id, None)
    agency.end_alert(_alert_id(event.shift_id), stored.time)
    if shift is not None and event.dropped_by:
        rota.dropped[event.shift_id] = DroppedSeen(shift.plan, event.dropped_by, event.reason)
    for shift_id in [each for each, dropped in rota.dropped.items() if dropped.plan.ends_at < stored.time]:
        del rota.dropped[shift_id]


def _duty_began(agency: AgencyRecords, event: events.DutyBegan, _stored: Stored) -> None:
    if (shift := agency.rota.shifts.get(event.shift_id)) is not None:
        shift.begun = True


def _duty_ended(agency: AgencyRecords, event: events.DutyEnded, stored: Stored) -> None:
    agency.rota.shifts.pop(event.shift_id, None)
    agency.end_alert(_alert_id(event.shift_id), stored.time)


def _place_taken(agency: AgencyRecords, event: events.PlaceTaken, _stored: Stored) -> None:
    if (shift := agency.rota.shifts.get(event.shift_id)) is not None:
        _now(shift, shift.rota.taking(event))


def _cover_asked(agency: AgencyRecords, event: events.CoverAsked, _stored: Stored) -> None:
    if (shift := agency.rota.shifts.get(event.shift_id)) is not None:
        shift.covers = shift.rota.with_cover(shift.covers, event)


def _gap_found(agency: AgencyRecords, event: events.GapFound, stored: Stored) -> None:
    if (shift := agency.rota.shifts.get(event.shift_id)) is not None:
        shift.gaps[event.gap_id] = event
        _tell_near(agency, shift, stored.time)


def _gap_closed(agency: AgencyRecords, event: events.GapClosed, stored: Stored) -> None:
    if (shift := agency.rota.shifts.get(event.shift_id)) is not None:
        shift.gaps.pop(event.gap_id, None)
        _tell_near(agency, shift, stored.time)


def _tell_near(agency: AgencyRecords, shift: RotaShiftSeen, at: datetime) -> None:
    """Have an alert stand for what a shift of the next day lacks; too little rest is for whoever plans."""
    near = [gap for gap in shift.gaps.values() if gap.days_ahead == 1 and gap.why != "no-rest"]
    if not near:
        agency.end_alert(_alert_id(shift.plan.shift_id), at)
        return
    plan, zone = shift.plan, ZoneInfo(shift.plan.zone)
    lacking = "; ".join(sorted({gap_in_words(gap) for gap in near}))
    sentence = (
        f"{plan.team_id}, {plan.duty.replace('-', ' ')} from {plan.starts_at.astimezone(zone):%a %H:%M %Z}: {lacking}."
    )
    if all((alert.alert_id, alert.sentence) != (_alert_id(plan.shift_id), sentence) for alert in agency.alerts()):
        agency.raise_alert(_alert_id(plan.shift_id), Alert("rota-gap", at, sentence, plan.team_id))


def _alert_id(shift_id: str) -> str:
    return f"rota-gap/{shift_id}"


def _absence_set(agency: AgencyRecords, event: events.AbsenceSet, stored: Stored) -> None:
    own = [each for each in agency.rota.absences.get(event.person_id, ()) if each.ends_at > stored.time]
    agency.rota.absences[event.person_id] = [*own, event]


def _absence_lifted(agency: AgencyRecords, event: events.AbsenceLifted, _stored: Stored) -> None:
    own = agency.rota.absences.get(event.person_id, ())
    agency.rota.absences[event.person_id] = [each for each in own if each.absence_id != event.absence_id]


def _staff_left(agency: AgencyRecords, event: events.StaffLeft, _stored: Stored) -> None:
    agency.rota.absences.pop(event.person_id, None)
    for shift in agency.rota.shifts.values():
        if event.person_id in shift.rota.people():
            _now(shift, shift.rota.without(event.person_id))


def _rotation_defined(agency: AgencyRecords, event: events.RotationDefined, _stored: Stored) -> None:
    agency.rota.rotations[event.rotation.rotation_id] = event.rotation


def _rotation_removed(agency: AgencyRecords, event: events.RotationRemoved, _stored: Stored) -> None:
    agency.rota.rotations.pop(event.rotation_id, None)


def _imported(agency: AgencyRecords, event: events.ShiftsImported, stored: Stored) -> None:
    agency.rota.feeds[event.source] = FeedSeen(event, stored.time)
    agency.end_alert(f"roster-feed-stale/{event.source}", stored.time)


def _feed_stale(agency: AgencyRecords, event: events.RosterFeedStale, stored: Stored) -> None:
    if (feed := agency.rota.feeds.get(event.source)) is not None:
        feed.stale = True
    sentence = f"The plan of {event.source} was not read for two of its periods; what was read last stands."
    alert = Alert("roster-feed-stale", stored.time, sentence, event.source)
    agency.raise_alert(f"roster-feed-stale/{event.source}", alert)


CHANGES: dict[type[Event], Change] = {
    events.ShiftPlanned: _shift_planned,
    events.ShiftMoved: _shift_moved,
    events.ShiftDropped: _shift_dropped,
    events.DutyBegan: _duty_began,
    events.DutyEnded: _duty_ended,
    events.PlaceTaken: _place_taken,
    events.CoverAsked: _cover_asked,
    events.GapFound: _gap_found,
    events.GapClosed: _gap_closed,
    events.AbsenceSet: _absence_set,
    events.AbsenceLifted: _absence_lifted,
    events.StaffLeft: _staff_left,
    events.RotationDefined: _rotation_defined,
    events.RotationRemoved: _rotation_removed,
    events.ShiftsImported: _imported,
    events.RosterFeedStale: _feed_stale,
}
