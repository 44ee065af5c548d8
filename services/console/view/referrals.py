"""Referrals, follow-ups and notes: who is to get in touch, and by when."""

from __future__ import annotations

from services.console.view.agency_records import AgencyRecords, Change
from services.console.view.records import Alert, ReferralSeen
from shared import events
from shared.engine.broker import Stored
from shared.events import Event

KEEP_REFERRALS = 5_000


def _referral_made(agency: AgencyRecords, event: events.ReferralMade, stored: Stored) -> None:
    about = (event.call_id, event.response, event.district, event.phase, stored.time)
    _add(agency, ReferralSeen(event.referral_id, event.kind, *about, due_at=event.due_at))


def _note_made(agency: AgencyRecords, event: events.NoteMade, stored: Stored) -> None:
    about = (event.call_id, event.response, event.district, event.phase, stored.time)
    _add(agency, ReferralSeen(event.note_id, "note", *about, state="noted"))


def _add(agency: AgencyRecords, referral: ReferralSeen) -> None:
    """Notes and what is closed make room before what somebody has still to do."""
    agency.referrals[referral.referral_id] = referral
    if len(agency.referrals) > KEEP_REFERRALS:
        over = (name for name, other in agency.referrals.items() if other.state not in ("open", "overdue"))
        del agency.referrals[next(over, next(iter(agency.referrals)))]


def _overdue(agency: AgencyRecords, event: events.ReferralOverdue, stored: Stored) -> None:
    referral = agency.referrals.get(event.referral_id)
    what = "referral" if referral is None else f"{referral.kind} to {referral.response}"
    if referral is not None:
        referral.state = "overdue"
    sentence = f"Nobody has said what became of the {what}."
    alert = Alert("referral-overdue", stored.time, sentence, event.referral_id, event.call_id)
    agency.raise_alert(f"referral/{event.referral_id}", alert)


def _closed(agency: AgencyRecords, event: events.ReferralClosed, stored: Stored) -> None:
    agency.end_alert(f"referral/{event.referral_id}", stored.time)
    if (referral := agency.referrals.get(event.referral_id)) is not None:
        referral.state, referral.reason = event.result, event.reason
        referral.closed_by, referral.closed_at = event.closed_by, stored.time


CHANGES: dict[type[Event], Change] = {
    events.ReferralMade: _referral_made,
    events.ReferralOverdue: _overdue,
    events.ReferralClosed: _closed,
    events.NoteMade: _note_made,
}
