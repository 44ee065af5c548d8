"""The page Now: what waits for a person, what runs, and what has just ended."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from services.console.pages.alerts import alert_id, line_of_alert
from services.console.pages.call_line import confirmation_of, hold_question_of, line_of, row_id
from services.console.pages.page import ConsolePage, Region, Row, Visit
from services.console.view.alarms import is_open
from services.console.view.call import CallSeen
from services.console.view.records import Alert, AlertKind

MOST_RUNNING, MOST_ENDED = 200, 25

FOR_DISPATCH: frozenset[AlertKind] = frozenset(
    {
        "need-police",
        "team-silent",
        "team-missing",
        "members-left-out",
        "team-unanswering",
        "team-unreachable",
        "way-lost",
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


def regions(visit: Visit) -> Sequence[Region]:
    """The three columns."""
    asked, running = open_calls(visit)
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


def open_calls(visit: Visit) -> tuple[list[CallSeen], list[CallSeen]]:
    """Those that ask a dispatcher something, and the others: each with what is due first at the top."""
    asked: list[CallSeen] = []
    running: list[CallSeen] = []
    for call in visit.seen.open_calls():
        if call.synthetic:
            continue
        (asked if question_until(call) is not None else running).append(call)
    asked.sort(key=lambda call: (question_until(call), call.call_id))
    running.sort(key=_began)
    return asked, running


def question_until(call: CallSeen) -> datetime | None:
    """Until when a dispatcher may answer what a call asks; None where it asks nothing."""
    return confirmation_of(call) or hold_question_of(call)


def _asked_row(call: CallSeen, visit: Visit) -> Row:
    template = "row_hold.html" if confirmation_of(call) is None else "row_confirm.html"
    return Row(row_id(call), template, line_of(call, visit), "call waits")


def _began(call: CallSeen) -> tuple[datetime, str]:
    """A place that stays while the call runs: a list that reorders itself makes people press the wrong thing."""
    return (call.episodes[-1].began_at if call.episodes else call.last_at, call.call_id)


def _waits(visit: Visit, asked: Iterable[CallSeen]) -> list[Row]:
    alerts = alerts_for_dispatch(visit)
    first, others = [a for a in alerts if a.kind in FIRST], [a for a in alerts if a.kind not in FIRST]
    questions = [_asked_row(call, visit) for call in asked]
    return [*_alert_rows(visit, first), *questions, *_alert_rows(visit, others)]


def alerts_for_dispatch(visit: Visit) -> list[Alert]:
    """What is wrong with a call or a team, and waits for whoever dispatches; the oldest first."""
    alerts = visit.alerts()
    waiting = [alert for alert in alerts if alert.kind in FOR_DISPATCH and alert.misleads and is_open(alert, visit.now)]
    return sorted(waiting, key=lambda alert: (alert.at, alert.about))


def _alert_rows(visit: Visit, alerts: Iterable[Alert]) -> list[Row]:
    return [Row(alert_id(alert), "row_alert.html", line_of_alert(visit, alert), "alert") for alert in alerts]


def _ended(visit: Visit) -> list[CallSeen]:
    ended: list[CallSeen] = []
    for call in visit.seen.calls_by_news():
        if not call.open and not call.synthetic:
            ended.append(call)
            if len(ended) == MOST_ENDED:
                break
    return ended


PAGE = ConsolePage(path="/", title="Now", right="read-calls", template="now.html", regions=regions)
