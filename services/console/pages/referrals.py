"""The page Referrals: with whom somebody is to get in touch, and by when; and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, get_args

from services.console.pages.call_line import path_of
from services.console.pages.page import ConsolePage, Region, Row, Visit, html_id_of
from services.console.view.records import ReferralSeen
from shared.events import CloseReferral

MOST_DUE, MOST_CLOSED = 200, 50
RESULTS: tuple[str, ...] = get_args(CloseReferral.model_fields["result"].annotation)


class ReferralLine(NamedTuple):
    """A referral, or a follow-up of a team's visit."""

    referral_id: str
    html_id: str
    kind: str
    response: str
    district: str
    phase: str
    path: str
    """The page of its call."""
    incident: str
    made_at: datetime
    due_at: datetime | None
    is_overdue: bool
    results: tuple[str, ...]
    """What may be said of it; once something is, that alone."""
    closed_by: str
    closed_at: datetime | None
    reason: str


def regions(visit: Visit) -> Sequence[Region]:
    """What is due, the first at the top, and what was closed last; a note asks for nothing."""
    seen = [each for each in visit.seen.referrals.values() if each.kind != "note"]
    due = sorted((each for each in seen if each.closed_at is None), key=lambda each: each.due_at or each.made_at)
    closed = sorted((each for each in seen if each.closed_at), key=lambda each: each.closed_at or each.made_at)
    return (
        Region("due", [_row(each) for each in due[:MOST_DUE]], empty="Nobody is to be got in touch with."),
        Region("closed", [_row(each) for each in closed[: -MOST_CLOSED - 1 : -1]], empty="None was closed lately."),
    )


def _row(seen: ReferralSeen) -> Row:
    is_overdue = seen.state == "overdue"
    line = ReferralLine(
        referral_id=seen.referral_id,
        html_id=html_id_of(seen.referral_id),
        kind=seen.kind,
        response=seen.response,
        district=seen.district or "",
        phase=seen.phase,
        path=path_of(seen.call_id),
        incident=seen.call_id.split("/", 2)[-1],
        made_at=seen.made_at,
        due_at=seen.due_at,
        is_overdue=is_overdue,
        results=RESULTS if seen.closed_at is None else (seen.state,),
        closed_by=seen.closed_by or "",
        closed_at=seen.closed_at,
        reason=seen.reason,
    )
    return Row(f"referral-{line.html_id}", "row_referral.html", line, "alert" if is_overdue else "")


PAGE = ConsolePage("/referrals", "Referrals", "read", "referrals.html", regions=regions)
