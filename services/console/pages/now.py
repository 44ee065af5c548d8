"""The page Now: what waits for a person, what runs, and what has just ended."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple
from urllib.parse import quote

from services.console.pages.page import ConsolePage, Region, Row, Visit
from services.console.view.alarms import alerts_of, is_open
from services.console.view.call import CallSeen
from services.console.view.records import Alert, AlertKind, EpisodeSeen

MOST_RUNNING, MOST_ENDED = 200, 25

FOR_DISPATCH: frozenset[AlertKind] = frozenset(
    {
        "need-police",
        "team-silent",
        "unconfirmed",
        "cad-not-informed",
        "team-stays",
        "team-staged",
        "entry-not-released",
        "call-changed",
    }
)
"""Alerts that are about a call or a team, and wait for whoever dispatches."""
FIRST: Sequence[AlertKind] = ("need-police", "team-silent")
"""Somebody may be in danger."""


class CallLine(NamedTuple):
    """A call in a list."""

    call_id: str
    path: str
    incident: str
    source: str
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
    unconfirmed: bool
    upgraded: bool
    overridden_by: str
    override: str
    reasons: tuple[str, ...]
    sentence: str
    last_at: datetime


class AlertLine(NamedTuple):
    """An alert in a list."""

    kind: AlertKind
    at: datetime
    sentence: str
    about: str
    call_id: str
    path: str


def regions(visit: Visit) -> Sequence[Region]:
    """The three columns."""
    asked, running = _open_calls(visit)
    more = len(running) - MOST_RUNNING
    shown = [Row(row_id(call), "row_running.html", line_of(call, visit), "call") for call in running[:MOST_RUNNING]]
    if more > 0:
        shown.append(Row("running-more", "row_more.html", more))
    return (
        Region("waits", _waits(visit, asked), empty="Nothing waits for a person."),
        Region("running", shown, empty="No call is open."),
        Region(
            "ended",
            [Row(row_id(call), "row_ended.html", line_of(call, visit), "call") for call in _ended(visit)],
            empty="Nothing has ended yet.",
        ),
    )


def _open_calls(visit: Visit) -> tuple[list[CallSeen], list[CallSeen]]:
    """Those that wait for a dispatcher's confirmation, and the others: each with what is due first at the top."""
    asked: list[CallSeen] = []
    running: list[CallSeen] = []
    for call in visit.seen.open_calls():
        (asked if confirmation_of(call) is not None else running).append(call)
    asked.sort(key=lambda call: (confirmation_of(call), call.call_id))
    running.sort(key=_began)
    return asked, running


def _began(call: CallSeen) -> tuple[datetime, str]:
    """A place that stays while the call runs: a list that reorders itself makes people press the wrong thing."""
    return (call.episodes[-1].began_at if call.episodes else call.last_at, call.call_id)


def confirmation_of(call: CallSeen) -> datetime | None:
    """Until when a dispatcher may confirm what is proposed; None where nothing waits for that."""
    newest = newest_of(call)
    if newest is None or newest.outcome is not None or newest.confirmed_by is not None or newest.override is not None:
        return None
    return newest.confirmation_until


def _waits(visit: Visit, asked: Iterable[CallSeen]) -> list[Row]:
    agency, agencies = visit.who.agency, visit.door.agencies
    alerts = alerts_of(visit.seen, may_pause=agencies.may_pause(agency), file_refused_since=agencies.refused_since)
    waiting = [alert for alert in alerts if alert.kind in FOR_DISPATCH and alert.misleads and is_open(alert, visit.now)]
    first = sorted((alert for alert in waiting if alert.kind in FIRST), key=lambda alert: alert.at)
    others = sorted((alert for alert in waiting if alert.kind not in FIRST), key=lambda alert: alert.at)
    confirmations = [Row(row_id(call), "row_confirm.html", line_of(call, visit), "call waits") for call in asked]
    return [*map(_alert_row, first), *confirmations, *map(_alert_row, others)]


def _alert_row(alert: Alert) -> Row:
    call_id = alert.call_id or ""
    shown = AlertLine(alert.kind, alert.at, alert.sentence, alert.about, call_id, path_of(call_id) if call_id else "")
    return Row(f"alert-{alert.kind}-{quote(alert.about, safe='')}", "row_alert.html", shown, "alert")


def _ended(visit: Visit) -> list[CallSeen]:
    ended: list[CallSeen] = []
    for call in visit.seen.calls_by_news():
        if not call.open:
            ended.append(call)
            if len(ended) == MOST_ENDED:
                break
    return ended


# --- a call in a list


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
    until = None if newest.outcome is not None else confirmation_of(call) or newest.deadline
    return CallLine(
        call_id=call.call_id,
        path=path_of(call.call_id),
        incident=call.call_id.split("/", 2)[-1],
        source=call.source,
        state=call.state,
        district=call.district or "no district",
        priority=call.priority or "",
        level=call.level or "",
        response=newest.response or (open_offer.response if open_offer else ""),
        team_id=newest.team_id or (open_offer.team_id if open_offer else ""),
        began_at=newest.began_at,
        until=until,
        overdue=until is not None and until < visit.now,
        unconfirmed=newest.unconfirmed and newest.team_is_on_it,
        upgraded=newest.upgraded and newest.team_is_on_it,
        overridden_by=newest.overridden_by or "",
        override=newest.override or "",
        reasons=newest.reasons,
        sentence=newest.sentence or call.sentence,
        last_at=call.last_at,
    )


PAGE = ConsolePage(path="/", title="Now", right="read-calls", template="now.html", regions=regions)
