"""Triage's figures."""

from __future__ import annotations

from shared.events import CallTriaged, Event
from shared.telemetry import TRIAGED


def watch(agency: str, event: Event) -> None:
    """Count an event of the journal, once it is durable."""
    if isinstance(event, CallTriaged):
        TRIAGED.labels(agency, event.judgement.suitability).inc()
