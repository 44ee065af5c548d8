"""What triage does where the auditor finds a promise broken: it pauses, if the document says so. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from services.triage.state import State
from shared.events import BY_ITSELF, AuditGapFound, DistrictPaused, Event
from shared.switch import ALL, Switch

PAUSES_FOR = timedelta(days=2)
"""A finding about something older is for people to look into, not for a pause: nightly lists are a day late."""


def gap_found(state: State, event: AuditGapFound, now: datetime) -> list[Event]:
    """Pause the district of the call, or all of them where it has none that the document knows; each finding once."""
    programme, board = state.programme, state.switchboard
    if programme is None or not programme.pauses_on_audit_gap:
        return []
    if event.gap_id in state.audit_gaps or now - event.broken_at > PAUSES_FOR:
        return []
    district = event.district or ALL
    if district not in programme.districts:
        district = ALL
    if board.paused & {Switch(ALL), Switch(district)}:
        return []
    return [
        DistrictPaused(
            district=district,
            revision=board.revision + 1,
            changed_by=BY_ITSELF,
            reason=f"the auditor found a promise broken: {event.sentence}"[:200],
            audit_gap=event.gap_id,
        )
    ]
