"""Notification's figures."""

from __future__ import annotations

from services.notification.deciding.receipts import OF_THE_WAY, OPTED_OUT, OURS
from services.notification.tally import OFFER_OVER
from shared.agencies import is_probe
from shared.events import (
    UNPROVED,
    AlertAcknowledged,
    CadNotInformed,
    ContactBroken,
    ContactOptedOut,
    Event,
    PageDelivered,
    PageDropped,
    PageFailed,
    PageReceived,
    PageUndelivered,
)
from shared.telemetry import (
    ALERTS_ACKNOWLEDGED,
    CAD_NOT_INFORMED,
    PAGES,
    PAGES_RECEIVED,
    PAGES_UNDELIVERED,
    WAYS_LOST,
)

PAGE_ENDS: dict[type[Event], str] = {PageDelivered: "delivered", PageFailed: "failed", PageDropped: "dropped"}


def watch(agency: str, event: Event) -> None:
    """Count an event of the journal, once it is durable."""
    if (end := PAGE_ENDS.get(type(event))) is not None:
        overtaken = isinstance(event, PageFailed) and event.why == OFFER_OVER
        PAGES.labels(agency, "dropped" if overtaken else end).inc()
    elif isinstance(event, PageReceived):
        PAGES_RECEIVED.labels(agency, event.kind or "pocket", event.evidence).inc()
    elif isinstance(event, PageUndelivered):
        PAGES_UNDELIVERED.labels(agency, event.kind or "pocket", _lies_with(event.why)).inc()
    elif isinstance(event, ContactBroken | ContactOptedOut):
        WAYS_LOST.labels(agency, _why_lost(event)).inc()
    elif isinstance(event, CadNotInformed) and event.alarm and not is_probe(agency):
        CAD_NOT_INFORMED.labels(agency).inc()
    elif isinstance(event, AlertAcknowledged):
        ALERTS_ACKNOWLEDGED.labels(agency, event.kind, "noise" if event.noise else "looked-after").inc()


def _lies_with(why: str) -> str:
    if why in OURS:
        return "ours"
    return "number" if why in OF_THE_WAY or why == OPTED_OUT else "moment"


def _why_lost(event: ContactBroken | ContactOptedOut) -> str:
    if isinstance(event, ContactOptedOut):
        return "opted-out"
    return UNPROVED if event.why == UNPROVED else "broken"
