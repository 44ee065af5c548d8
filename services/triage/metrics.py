"""Triage's figures."""

from __future__ import annotations

from shared.events import BY_ITSELF, CadClockNoted, CallTriaged, DistrictPaused, Event, ReferralOverdue
from shared.telemetry import CAD_CLOCK, PAUSED_ITSELF, REFERRALS_OVERDUE, TRIAGED, UNLISTED


def watch(agency: str, event: Event) -> None:
    """Count an event of the journal, once it is durable."""
    if isinstance(event, CallTriaged) and not event.synthetic:
        TRIAGED.labels(agency, event.judgement.suitability).inc()
        for name in event.judgement.unlisted:
            UNLISTED.labels(agency, name.partition(" ")[0]).inc()
    elif isinstance(event, CadClockNoted):
        CAD_CLOCK.labels(agency, event.source).set(event.offset_seconds)
    elif isinstance(event, DistrictPaused) and event.changed_by == BY_ITSELF:
        PAUSED_ITSELF.labels(agency).inc()
    elif isinstance(event, ReferralOverdue):
        REFERRALS_OVERDUE.labels(agency).inc()
