"""Notification's figures."""

from __future__ import annotations

from shared.agencies import is_probe
from shared.events import AlertAcknowledged, CadNotInformed, Event, PageDelivered, PageDropped, PageFailed
from shared.telemetry import ALERTS_ACKNOWLEDGED, CAD_NOT_INFORMED, PAGES

PAGE_ENDS: dict[type[Event], str] = {PageDelivered: "delivered", PageFailed: "failed", PageDropped: "dropped"}


def watch(agency: str, event: Event) -> None:
    """Count an event of the journal, once it is durable."""
    if (end := PAGE_ENDS.get(type(event))) is not None:
        PAGES.labels(agency, end).inc()
    elif isinstance(event, CadNotInformed) and event.alarm and not is_probe(agency):
        CAD_NOT_INFORMED.labels(agency).inc()
    elif isinstance(event, AlertAcknowledged):
        ALERTS_ACKNOWLEDGED.labels(agency, event.kind, "noise" if event.noise else "looked-after").inc()
