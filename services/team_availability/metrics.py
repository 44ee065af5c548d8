"""Team availability's figures."""

from __future__ import annotations

from shared.agencies import is_probe
from shared.events import OFFER_ENDS, AssignmentUnconfirmed, CallRouted, Event, SafetyCheckMissed
from shared.telemetry import OFFERS, OUTCOMES, SILENT_TEAMS, UNCONFIRMED


def watch(agency: str, event: Event) -> None:
    """Count an event of the journal, once it is durable."""
    if (ended := OFFER_ENDS.get(type(event))) is not None:
        OFFERS.labels(agency, ended).inc()
    elif isinstance(event, CallRouted) and not event.synthetic:
        OUTCOMES.labels(agency, event.outcome).inc()
    elif isinstance(event, AssignmentUnconfirmed) and not is_probe(agency):
        UNCONFIRMED.labels(agency).inc()
    elif isinstance(event, SafetyCheckMissed):
        SILENT_TEAMS.labels(agency).inc()
