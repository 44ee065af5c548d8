"""The page Alerts: what is wrong now, whether anybody is in danger, what to do, and who looks after it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple
from urllib.parse import quote

from services.console.pages.call_line import path_of
from services.console.pages.page import ConsolePage, Region, Row, Visit
from services.console.runbooks import RUNBOOK_OF, address_of_runbook
from services.console.view.alarms import OPEN_FOR, is_open
from services.console.view.records import AcknowledgementSeen, Alert, AlertKind

MOST_OPEN, MOST_ENDED = 200, 50
LOOK_AT: Mapping[AlertKind, str] = MappingProxyType(
    {
        "team-silent": "/teams",
        "team-missing": "/teams",
        "members-left-out": "/teams",
        "team-unanswering": "/teams",
        "team-unreachable": "/teams",
        "way-lost": "/teams",
        "need-police": "/teams",
        "paused-by-itself": "/switchboard",
        "pause-unreviewed": "/switchboard",
        "no-stop-switch": "/switchboard",
        "referral-overdue": "/referrals",
    }
)
NOT_SAID = "Not known here: count it as yes."


class AlertLine(NamedTuple):
    """An alert as pages show it."""

    alert_id: str
    html_id: str
    kind: AlertKind
    at: datetime
    sentence: str
    about: str
    call_id: str
    path: str
    """Of the call, if it is about one."""
    incident: str
    in_danger: bool
    danger: str
    first: str
    """Both as in the runbook."""
    runbook: str
    """The path of its page, where there is one."""
    look_at: str
    """The page on which something can be done about it, if it is neither the call's nor this one."""
    is_test: bool
    """Whether it is about a test call of careroute's own."""
    is_alarm: bool
    """Whether it misleads somebody, and counts as an alarm."""
    acknowledged: AcknowledgementSeen | None
    ended_at: datetime | None


def regions(visit: Visit) -> Sequence[Region]:
    """What is open, with those at the top over which somebody may be in danger; and what has ended."""
    alerts = visit.alerts()
    lines = [line_of_alert(visit, alert) for alert in alerts]
    shown = [line for line, alert in zip(lines, alerts, strict=True) if is_open(alert, visit.now)]
    shown.sort(key=lambda line: (not line.is_alarm, not line.in_danger, line.at, line.alert_id))
    return (
        Region(
            "open", [_row(line) for line in shown[:MOST_OPEN]], empty="Nothing is wrong, as far as careroute knows."
        ),
        Region("ended", _ended(visit, alerts), empty="Nothing has ended lately."),
    )


def _row(line: AlertLine) -> Row:
    kind = "waits" if line.acknowledged else "alert"
    return Row(alert_id(line), "row_alert_open.html", line, kind if line.is_alarm else "")


def alert_id(alert: Alert | AlertLine) -> str:
    """The row of an alert that is open, on any page."""
    return f"alert-{quote(alert.alert_id, safe='')}"


def _ended(visit: Visit, alerts: Sequence[Alert]) -> list[Row]:
    """Those that something ended, and those that nothing ends and that stood for their time."""
    lapsed = [alert for alert in alerts if not is_open(alert, visit.now)]
    lines = [line_of_alert(visit, alert, alert.at + OPEN_FOR[alert.kind]) for alert in lapsed]
    lines += [line_of_alert(visit, alert, alert.ended_at) for alert in visit.seen.ended_alerts()]
    lines.sort(key=lambda line: line.ended_at or line.at, reverse=True)
    return [
        Row(f"ended-{line.html_id}-{line.at.timestamp():.3f}", "row_alert_ended.html", line)
        for line in lines[:MOST_ENDED]
    ]


def line_of_alert(visit: Visit, alert: Alert, ended_at: datetime | None = None) -> AlertLine:
    """One of them; `ended_at` where something, or its time, has ended it."""
    call_id, runbook = alert.call_id or "", visit.door.runbooks.get(RUNBOOK_OF[alert.kind])
    call = visit.seen.call(call_id)
    is_test = call is not None and call.synthetic
    return AlertLine(
        alert_id=alert.alert_id,
        html_id=quote(alert.alert_id, safe=""),
        kind=alert.kind,
        at=alert.at,
        sentence=alert.sentence,
        about=alert.about,
        call_id=call_id,
        path=path_of(call_id) if call_id else "",
        incident=call_id.split("/", 2)[-1],
        in_danger=runbook is None or runbook.anybody_in_danger,
        danger=runbook.danger if runbook else NOT_SAID,
        first=runbook.first if runbook else "",
        runbook=address_of_runbook(runbook.name) if runbook else "",
        look_at=LOOK_AT.get(alert.kind, ""),
        is_test=is_test,
        is_alarm=alert.misleads and not is_test,
        acknowledged=alert.acknowledged,
        ended_at=ended_at,
    )


PAGE = ConsolePage(path="/alerts", title="Alerts", right="read", template="alerts.html", regions=regions)
