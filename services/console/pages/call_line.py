"""A call as lists show it: on Now, on the wall, among all calls."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from urllib.parse import quote

from services.console.pages.page import Visit
from services.console.view.alerts import LATE
from services.console.view.call import CallSeen
from services.console.view.reasons import as_codes, decided_in_words
from services.console.view.records import EpisodeSeen


class CallLine(NamedTuple):
    """A call in a list."""

    call_id: str
    path: str
    incident: str
    source: str
    """The CAD that it is of, where there are several."""
    state: str
    district: str
    priority: str
    level: str
    response: str
    team_id: str
    began_at: datetime | None
    until: datetime | None
    """When the next thing happens by itself."""
    overdue: bool
    synthetic: bool
    """A test call, that no team is ever asked for."""
    unconfirmed: bool
    upgraded: bool
    overridden_by: str
    override: str
    sentence: str
    codes: str
    """Of the reasons for its outcome, for whoever wants them."""
    last_at: datetime


def confirmation_of(call: CallSeen) -> datetime | None:
    """Until when a dispatcher may confirm what is proposed; None where nothing waits for that."""
    newest = newest_of(call)
    if newest is None or newest.confirmed_by is not None:
        return None
    is_asked = bool(newest.late_take) or (newest.outcome is None and newest.override is None)
    return newest.confirmation_until if is_asked else None


def hold_question_of(call: CallSeen) -> datetime | None:
    """Until when a dispatcher may let a call wait for a team; None where careroute does not ask for that."""
    newest = newest_of(call)
    if newest is None or newest.outcome is not None or newest.hold_until is not None or newest.override is not None:
        return None
    return newest.deadline if newest.hold_asked_until else None


def newest_of(call: CallSeen) -> EpisodeSeen | None:
    """The newest episode of a call."""
    return call.episodes[-1] if call.episodes else None


def row_id(call: CallSeen) -> str:
    """The row of a call on any page."""
    return f"call-{quote(call.call_id, safe='')}"


def path_of(call_id: str) -> str:
    """The page of a call."""
    return "/calls/" + "/".join(quote(part, safe="") for part in call_id.split("/", 2))


def line_of(call: CallSeen, visit: Visit) -> CallLine:
    """A call as lists show it."""
    newest = newest_of(call) or EpisodeSeen(1, call.last_at)
    open_offer = next((offer for offer in call.offers.values() if offer.state == "open"), None)
    until = confirmation_of(call) or (None if newest.outcome is not None else newest.deadline)
    return CallLine(
        call_id=call.call_id,
        path=path_of(call.call_id),
        incident=call.call_id.split("/", 2)[-1],
        source=call.source if visit.has_several_cads else "",
        state="needs-answers" if call.state == "triaged" and call.suitability == "indeterminate" else call.state,
        district=call.district or "no district",
        priority=call.priority or "",
        level=call.level or "",
        response=(open_offer.response if open_offer else newest.response) or "",
        team_id=newest.late_take or newest.team_id or (open_offer.team_id if open_offer else ""),
        began_at=newest.began_at,
        until=until,
        overdue=until is not None and visit.now - until > LATE,
        synthetic=call.synthetic,
        unconfirmed=newest.unconfirmed and newest.team_is_on_it,
        upgraded=newest.upgraded and newest.team_is_on_it,
        overridden_by=newest.overridden_by or "",
        override=newest.override or "",
        sentence=call.late_sentence or decided_in_words(newest.sentence, newest.reasons) or call.sentence,
        codes=as_codes(newest.reasons),
        last_at=call.last_at,
    )
