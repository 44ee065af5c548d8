"""Triage's figures."""

from __future__ import annotations

from shared.events import BY_ITSELF, CallTriaged, DistrictPaused, Event, ReferralOverdue
from shared.telemetry import PAUSED_ITSELF, REFERRALS_OVERDUE, TRIAGED


def watch(agency: str, event: Event) -> None:
    """Count an event of the journal, once it is durable."""
    if isinstance(event, CallTriaged):
        TRIAGED.labels(agency, event.judgement.suitability).inc()
    elif isinstance(event, DistrictPaused) and event.changed_by == BY_ITSELF:
        PAUSED_ITSELF.labels(agency).inc()
    elif isinstance(event, ReferralOverdue):
        REFERRALS_OVERDUE.labels(agency).inc()
