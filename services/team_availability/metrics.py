"""Team availability's figures."""

from __future__ import annotations

from shared.events import (
    AssignmentUnconfirmed,
    CallRouted,
    Event,
    OfferAccepted,
    OfferDeclined,
    OfferExpired,
    OfferWithdrawn,
    SafetyCheckMissed,
)
from shared.telemetry import OFFERS, OUTCOMES, SILENT_TEAMS, UNCONFIRMED

ENDED: dict[type[Event], str] = {
    OfferAccepted: "accepted",
    OfferDeclined: "declined",
    OfferExpired: "expired",
    OfferWithdrawn: "withdrawn",
}


def watch(agency: str, event: Event) -> None:
    """Count an event of the journal, once it is durable."""
    if (ended := ENDED.get(type(event))) is not None:
        OFFERS.labels(agency, ended).inc()
    elif isinstance(event, CallRouted):
        OUTCOMES.labels(agency, event.outcome).inc()
    elif isinstance(event, AssignmentUnconfirmed):
        UNCONFIRMED.labels(agency).inc()
    elif isinstance(event, SafetyCheckMissed):
        SILENT_TEAMS.labels(agency).inc()
