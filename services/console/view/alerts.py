"""Answers to commands, and what somebody has to look at."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final, Literal

from services.console.view.agency_records import AgencyRecords, Change
from services.console.view.records import AcknowledgementSeen, Alert, CommandSeen
from services.console.view.sentences import sentence_of
from shared import events
from shared.call import ENDED
from shared.engine.broker import Stored
from shared.events import Event

LATE = timedelta(seconds=1)
"""A second after its deadline a call has its outcome on record, or something is wrong."""
AWAY_AFTER: Final = 3
"""So many messages in a row that a CAD has not acknowledged, whatever they were about."""
NOT_TRIED: Final = ("no-webhook", "disabled", "gone", "expired", "unknown")
"""Why a message was not acknowledged, of which nothing follows for the next one, or which has an alert of its own."""
UNREAD: Final = "programme-unread"
NO_TEAM: Final = "every call gets the default, and no team is offered one"


def _command_done(agency: AgencyRecords, event: events.CommandDone, stored: Stored) -> None:
    answer = CommandSeen(event.command_id, "done", stored.time, event.result, event.sentence)
    answer.about, answer.revision = event.about, event.revision
    agency.remember_answer(answer)


def _command_refused(agency: AgencyRecords, event: events.CommandRefused, stored: Stored) -> None:
    answer = CommandSeen(event.command_id, "refused", stored.time, "", event.sentence, event.reason, event.faults)
    agency.remember_answer(answer)


def _command_held(agency: AgencyRecords, event: events.CommandHeld, stored: Stored) -> None:
    answer = CommandSeen(event.command_id, "held", stored.time, "", sentence_of(event), about=event.call_id)
    agency.remember_answer(answer)


def _input_refused(agency: AgencyRecords, event: events.InputRefused, stored: Stored) -> None:
    alert = Alert("input-refused", stored.time, sentence_of(event), event.position, event.call_id)
    agency.raise_alert(f"input-refused/{stored.topic}/{event.position}", alert)


def _clock_failed(agency: AgencyRecords, event: events.ClockFailed, stored: Stored) -> None:
    sentence = f"The clock {event.clock_id} failed and was taken out: {event.wrong}."
    agency.raise_alert(f"clock-failed/{stored.position}", Alert("clock-failed", stored.time, sentence, event.clock_id))


def _triaged(agency: AgencyRecords, event: events.CallTriaged, stored: Stored) -> None:
    """Judged by no programme although one is in force: the rules of the triage that runs refuse it."""
    if "no-programme" not in event.judgement.reasons:
        agency.end_alert(UNREAD, stored.time)
        return
    active = next((document for document in agency.documents.values() if document.state == "active"), None)
    if active is None or any(alert.kind == UNREAD for alert in agency.alerts()):
        return
    sentence = f"Version {active.version} of the programme is in force, and triage as it runs refuses it: {NO_TEAM}."
    agency.raise_alert(UNREAD, Alert(UNREAD, stored.time, sentence, active.document_hash))


def _activated(agency: AgencyRecords, _event: events.ProgrammeActivated, stored: Stored) -> None:
    """Perhaps it is refused too: the next call shows it."""
    agency.end_alert(UNREAD, stored.time)


def _unconfirmed(agency: AgencyRecords, event: events.AssignmentUnconfirmed, stored: Stored) -> None:
    alert = Alert("unconfirmed", stored.time, sentence_of(event), event.team_id, event.call_id)
    agency.raise_alert(f"unconfirmed/{event.call_id}/{event.episode}", alert)


def _team_silent(agency: AgencyRecords, event: events.SafetyCheckMissed, stored: Stored) -> None:
    if (team := agency.teams.get(event.team_id)) is not None:
        team.status, team.status_at = "safety-check-overdue", stored.time
    alert = Alert("team-silent", stored.time, sentence_of(event), event.team_id, event.call_id)
    agency.raise_alert(f"team-silent/{event.team_id}", alert)


def _recall_unacknowledged(agency: AgencyRecords, event: events.RecallUnacknowledged, stored: Stored) -> None:
    if (team := agency.teams.get(event.team_id)) is not None:
        team.status, team.status_at = "silent", stored.time
    alert = Alert("team-silent", stored.time, sentence_of(event), event.team_id, event.call_id)
    agency.raise_alert(f"team-silent/{event.team_id}", alert)


def _team_missing(agency: AgencyRecords, event: events.TeamMissing, stored: Stored) -> None:
    alert = Alert("team-missing", stored.time, sentence_of(event), event.team_id)
    agency.raise_alert(f"team-missing/{event.team_id}", alert)


def _members_left_out(agency: AgencyRecords, event: events.MembersLeftOut, stored: Stored) -> None:
    alert_id = f"members-left-out/{event.team_id}"
    if event.left_out:
        agency.raise_alert(alert_id, Alert("members-left-out", stored.time, sentence_of(event), event.team_id))
    else:
        agency.end_alert(alert_id, stored.time)


def _duty_noted(agency: AgencyRecords, event: events.DutyNoted, _stored: Stored) -> None:
    if not event.over and (team := agency.teams.get(event.team_id)) is not None:
        team.planned = event


def _duty_over(agency: AgencyRecords, event: events.DutyOver, stored: Stored) -> None:
    team = agency.teams.get(event.team_id)
    if team is not None and team.planned is not None and team.planned.planned_shift_id == event.planned_shift_id:
        team.planned = None
    agency.end_alert(f"team-missing/{event.team_id}", stored.time)
    agency.end_alert(f"members-left-out/{event.team_id}", stored.time)


def _team_unanswering(agency: AgencyRecords, event: events.TeamUnanswering, stored: Stored) -> None:
    if (team := agency.teams.get(event.team_id)) is not None:
        team.unanswering_since = stored.time
    alert = Alert("team-unanswering", stored.time, sentence_of(event), event.team_id)
    agency.raise_alert(f"team-unanswering/{event.team_id}", alert)


def team_heard(agency: AgencyRecords, team_id: str, at: datetime) -> None:
    """A team that did not answer offers has been heard from, or its shift is another."""
    if (team := agency.teams.get(team_id)) is not None:
        team.unanswering_since = None
    agency.end_alert(f"team-unanswering/{team_id}", at)


def needs_police(agency: AgencyRecords, event: events.StatusReported, stored: Stored) -> None:
    """Until the CAD has acknowledged it, or the team is done. Who is on scene waits nearby no more."""
    if event.status == "need-police":
        sentence = f"{event.team_id} needs police, and no CAD has acknowledged that yet."
        alert = Alert("need-police", stored.time, sentence, event.team_id, event.call_id)
        agency.raise_alert(f"need-police/{event.team_id}", alert)
    elif event.status in ("available", "out-of-service", "cleared"):
        agency.end_alert(f"need-police/{event.team_id}", stored.time)
    if event.status in ("on-scene", "transporting"):
        agency.end_alert(f"team-staged/{event.team_id}", stored.time)


def _team_stays(agency: AgencyRecords, event: events.TeamStays, stored: Stored) -> None:
    agency.ended_calls.pop(event.call_id, None)
    if event.why in ENDED:
        agency.ended_calls[event.call_id] = event.team_id
    _raise_of_team("team-stays")(agency, event, stored)


def _raise_of_team(kind: Literal["team-stays", "team-staged", "entry-not-released", "call-changed"]) -> Change:
    """An alert about a team and its call that stands until somebody acts, or the assignment is over."""

    def raise_it(agency: AgencyRecords, event: Any, stored: Stored) -> None:
        if not isinstance(event, events.CallChanged) or event.another_incident or event.far:
            alert = Alert(kind, stored.time, sentence_of(event), event.team_id, event.call_id)
            agency.raise_alert(f"{kind}/{event.team_id}", alert)

    return raise_it


def _opened_again(agency: AgencyRecords, event: events.CallVersionAt, stored: Stored) -> None:
    """The call of a team that stays with somebody goes on for the CAD, too."""
    if event.status not in ENDED and (team_id := agency.ended_calls.pop(event.call_id, None)) is not None:
        agency.end_alert(f"team-stays/{team_id}", stored.time)


def _incident_confirmed(agency: AgencyRecords, event: events.IncidentConfirmed, stored: Stored) -> None:
    agency.end_alert(f"call-changed/{event.team_id}", stored.time)


def _may_enter(agency: AgencyRecords, event: events.TeamMayEnter, stored: Stored) -> None:
    agency.end_alert(f"team-staged/{event.team_id}", stored.time)
    agency.end_alert(f"entry-not-released/{event.team_id}", stored.time)


OF_A_CALL = ("team-stays", "team-staged", "entry-not-released", "call-changed")
"""Alerts about a team and the call that it has; that it needs police, or is silent, outlives a call taken off it."""
OF_A_TEAM = ("team-silent", "need-police", *OF_A_CALL)


def end_alerts_of_team(agency: AgencyRecords, team_id: str, at: datetime) -> None:
    """Nothing that was said of a team stands any longer."""
    for kind in OF_A_TEAM:
        agency.end_alert(f"{kind}/{team_id}", at)


def _assignment_over(agency: AgencyRecords, event: Any, stored: Stored) -> None:
    agency.end_alert(f"unconfirmed/{event.call_id}/{event.episode}", stored.time)
    agency.ended_calls.pop(event.call_id, None)
    for kind in OF_A_TEAM if isinstance(event, events.AssignmentEnded) else OF_A_CALL:
        agency.end_alert(f"{kind}/{event.team_id}", stored.time)
    agency.free_team(event.team_id, event.call_id, stored.time)
    if getattr(event, "acknowledge", False) and (team := agency.teams.get(event.team_id)) is not None:
        team.status = "recalled"


def _cad_informed(agency: AgencyRecords, event: events.CadInformed, stored: Stored) -> None:
    del agency.unacknowledged[event.source]
    agency.end_alert(f"cad-away/{event.source}", stored.time)
    agency.end_alert(f"cad-not-informed/{event.message_id}", stored.time)
    if event.needs_police:
        agency.end_alert_of_another_journal(f"need-police/{event.needs_police}", stored.time)
    if event.kind == "call.routed":
        agency.end_alert_of_another_journal(f"unconfirmed/{event.call_id}/{event.episode}", stored.time)


def _cad_not_informed(agency: AgencyRecords, event: events.CadNotInformed, stored: Stored) -> None:
    sentence = f"{event.source} did not acknowledge {event.kind}: {event.why}."
    about = (event.message_id, event.call_id or None)
    alert = Alert("cad-not-informed", stored.time, sentence, *about, misleads=event.alarm)
    agency.raise_alert(f"cad-not-informed/{event.message_id}", alert)
    if event.why in NOT_TRIED:
        return
    agency.unacknowledged[event.source] += 1
    if agency.unacknowledged[event.source] == AWAY_AFTER:  # the next ones say nothing new
        sentence = (
            f"{event.source} has acknowledged none of the last {AWAY_AFTER} messages, the last because {event.why}."
        )
        alert = Alert("cad-away", stored.time, f"{sentence} It will not hear that a team comes, either.", event.source)
        agency.raise_alert(f"cad-away/{event.source}", alert)


def _routed(agency: AgencyRecords, event: events.CallRouted, stored: Stored) -> None:
    late = stored.time - event.deadline
    if late > LATE:
        sentence = f"It was {event.outcome} {late.total_seconds():.1f} s after its deadline."
        alert = Alert("routed-late", stored.time, sentence, event.call_id, event.call_id)
        agency.raise_alert(f"routed-late/{event.call_id}/{event.episode}", alert)


def _webhook_disabled(agency: AgencyRecords, event: events.CadWebhookDisabled, stored: Stored) -> None:
    sentence = f"Nothing is sent to the CAD {event.source}: it answered 410 Gone. A ping that succeeds ends this."
    alert = Alert("webhook-disabled", stored.time, sentence, event.source)
    agency.raise_alert(f"webhook-disabled/{event.source}", alert)


def _webhook_enabled(agency: AgencyRecords, event: events.CadWebhookEnabled, stored: Stored) -> None:
    agency.end_alert(f"webhook-disabled/{event.source}", stored.time)


def _cad_clock(agency: AgencyRecords, event: events.CadClockNoted, stored: Stored) -> None:
    agency.raise_alert(f"cad-clock/{event.source}", Alert("cad-clock", stored.time, sentence_of(event), event.source))


def _cad_identity(agency: AgencyRecords, event: events.CadIdentityNoted, stored: Stored) -> None:
    alert = Alert("cad-identity", stored.time, sentence_of(event), event.source, event.call_id)
    agency.raise_alert(f"cad-identity/{event.source}", alert)


def _gap_found(agency: AgencyRecords, event: events.AuditGapFound, stored: Stored) -> None:
    alert = Alert("audit-gap", stored.time, sentence_of(event), event.about, event.call_id)
    agency.raise_alert(f"audit-gap/{event.gap_id}", alert)


def _gap_closed(agency: AgencyRecords, event: events.AuditGapClosed, stored: Stored) -> None:
    agency.end_alert(f"audit-gap/{event.gap_id}", stored.time)


def _acknowledged(agency: AgencyRecords, event: events.AlertAcknowledged, stored: Stored) -> None:
    word = AcknowledgementSeen(event.raised_at, event.acknowledged_by, stored.time, event.reason, event.noise)
    agency.acknowledge(event.alert_id, word)


CHANGES: dict[type[Event], Change] = {
    events.CommandDone: _command_done,
    events.CommandRefused: _command_refused,
    events.CommandHeld: _command_held,
    events.InputRefused: _input_refused,
    events.ClockFailed: _clock_failed,
    events.CallTriaged: _triaged,
    events.ProgrammeActivated: _activated,
    events.AssignmentUnconfirmed: _unconfirmed,
    events.SafetyCheckMissed: _team_silent,
    events.RecallUnacknowledged: _recall_unacknowledged,
    events.TeamMissing: _team_missing,
    events.MembersLeftOut: _members_left_out,
    events.DutyNoted: _duty_noted,
    events.DutyOver: _duty_over,
    events.TeamUnanswering: _team_unanswering,
    events.TeamStays: _team_stays,
    events.TeamStillStaged: _raise_of_team("team-staged"),
    events.EntryNotReleased: _raise_of_team("entry-not-released"),
    events.CallChanged: _raise_of_team("call-changed"),
    events.CallVersionAt: _opened_again,
    events.IncidentConfirmed: _incident_confirmed,
    events.TeamMayEnter: _may_enter,
    events.AssignmentWithdrawn: _assignment_over,
    events.AssignmentEnded: _assignment_over,
    events.CallRouted: _routed,
    events.CadInformed: _cad_informed,
    events.CadNotInformed: _cad_not_informed,
    events.CadWebhookDisabled: _webhook_disabled,
    events.CadWebhookEnabled: _webhook_enabled,
    events.CadClockNoted: _cad_clock,
    events.CadIdentityNoted: _cad_identity,
    events.AuditGapFound: _gap_found,
    events.AuditGapClosed: _gap_closed,
    events.AlertAcknowledged: _acknowledged,
}
