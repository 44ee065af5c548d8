"""Versions of the programme document, and the switchboard."""

from __future__ import annotations

from services.console.view.agency_records import AgencyRecords, Change
from services.console.view.records import Alert, CapSeen, DocumentSeen, PauseSeen, PhaseSeen, SwitchSeen
from services.console.view.sentences import sentence_of
from shared import events
from shared.engine.broker import Stored
from shared.events import BY_ITSELF, Event
from shared.switch import Switch

KEEP_DOCUMENTS = 10
KEEP_SWITCHES = 200


# --- the programme


def _proposed(agency: AgencyRecords, event: events.ProgrammeProposed, stored: Stored) -> None:
    document = DocumentSeen(
        event.document_hash,
        event.version,
        event.effective,
        "proposed",
        event.proposed_by,
        reason=event.reason,
        document=event.document,
        proposed_at=stored.time,
    )
    before = agency.documents.get(event.document_hash)
    if before is None or before.state == "rejected":
        agency.documents[event.document_hash] = document
    disposable = [other for other in agency.documents.values() if other.state not in ("adopted", "active")]
    disposable.sort(key=lambda other: other.state != "rejected")  # those first: others may be put back
    for other in disposable[: max(0, len(agency.documents) - KEEP_DOCUMENTS)]:
        del agency.documents[other.document_hash]


def _rejected(agency: AgencyRecords, event: events.ProgrammeRejected, stored: Stored) -> None:
    document = agency.documents.get(event.document_hash)
    if document is not None and document.state in ("proposed", "adopted"):
        document.state, document.rejected_by = "rejected", event.rejected_by
        document.rejected_at, document.rejected_why = stored.time, event.reason


def _adopted(agency: AgencyRecords, event: events.ProgrammeAdopted, stored: Stored) -> None:
    document = DocumentSeen(event.document_hash, event.version, event.effective, "adopted", event.proposed_by)
    document = agency.documents.setdefault(event.document_hash, document)
    document.state, document.approved_by = "adopted", event.approved_by
    document.approved_at, document.approved_why = stored.time, event.reason


def _activated(agency: AgencyRecords, event: events.ProgrammeActivated, stored: Stored) -> None:
    """What still waited for its instant is overtaken by a greater version; by one that is put back it is not."""
    for document in agency.documents.values():
        is_overtaken = document.state == "adopted" and document.version < event.version and not event.rolled_back_from
        if document.state == "active" or is_overtaken:
            document.state = "replaced"
        if document.document_hash == event.rolled_back_from:
            document.state, document.rolled_back_by = "rolled-back", event.changed_by
            document.rolled_back_why = event.reason
    unknown = DocumentSeen(event.document_hash, event.version, stored.time, "active", "")
    active = agency.documents.setdefault(event.document_hash, unknown)
    active.state, active.rolled_back_by, active.rolled_back_why = "active", None, ""
    active.in_force_since = stored.time


# --- the switchboard


def _switched(
    agency: AgencyRecords,
    event: events.PhaseChanged | events.CapChanged | events.DistrictPaused | events.DistrictResumed,
    stored: Stored,
) -> Switch:
    """Every change makes a revision and a line of the history. The switch that was changed."""
    board = agency.switchboard
    board.revision = event.revision
    change = SwitchSeen(event.revision, stored.time, event.changed_by, sentence_of(event), event.reason)
    board.history = [change, *board.history[: KEEP_SWITCHES - 1]]
    return Switch(event.district, event.response)


def _phase_changed(agency: AgencyRecords, event: events.PhaseChanged, stored: Stored) -> None:
    switch = _switched(agency, event, stored)
    agency.switchboard.phases[switch.key] = PhaseSeen(
        event.response, event.district, event.phase, stored.time, event.changed_by, event.reason
    )


def _paused(agency: AgencyRecords, event: events.DistrictPaused, stored: Stored) -> None:
    key, by, at = _switched(agency, event, stored).key, event.changed_by, stored.time
    agency.switchboard.paused[key] = PauseSeen(event.district, at, by, event.reason, event.response)
    if by == BY_ITSELF:
        sentence = f"careroute paused {key} by itself: {event.reason}. Look into it, then resume."
        agency.raise_alert(f"paused/{key}", Alert("paused-by-itself", at, sentence, key))
    sentence = f"{by} paused {key}; another person has to look into it: review {event.revision}."
    agency.raise_alert(f"review/{event.revision}", Alert("pause-unreviewed", at, sentence, str(event.revision)))


def _reviewed(agency: AgencyRecords, event: events.PauseReviewed, stored: Stored) -> None:
    agency.end_alert(f"review/{event.paused_at_revision}", stored.time)
    for change in agency.switchboard.history:
        if change.revision == event.paused_at_revision:
            change.reviewed_by, change.found = event.reviewed_by, event.reason


def _resumed(agency: AgencyRecords, event: events.DistrictResumed, stored: Stored) -> None:
    key = _switched(agency, event, stored).key
    agency.switchboard.paused.pop(key, None)
    agency.end_alert(f"paused/{key}", stored.time)


def _cap_changed(agency: AgencyRecords, event: events.CapChanged, stored: Stored) -> None:
    key, bounds = _switched(agency, event, stored).key, (event.at_most_open, event.at_most_per_day)
    agency.switchboard.caps.pop(key, None)
    if any(bounds):
        agency.switchboard.caps[key] = CapSeen(
            event.response, event.district, *bounds, stored.time, event.changed_by, event.reason
        )


CHANGES: dict[type[Event], Change] = {
    events.ProgrammeProposed: _proposed,
    events.ProgrammeRejected: _rejected,
    events.ProgrammeAdopted: _adopted,
    events.ProgrammeActivated: _activated,
    events.PhaseChanged: _phase_changed,
    events.DistrictPaused: _paused,
    events.DistrictResumed: _resumed,
    events.PauseReviewed: _reviewed,
    events.CapChanged: _cap_changed,
}
