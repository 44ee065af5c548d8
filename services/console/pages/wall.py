"""The page Wall: Now for a whole room, to be read from three metres; it names nobody, and nothing can be done on it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from services.console.pages.alerts import alert_id
from services.console.pages.call_line import CallLine, line_of, newest_of, row_id
from services.console.pages.now import alerts_for_dispatch, open_calls
from services.console.pages.page import ConsolePage, Region, Row, Visit

MOST = 14
"""So many lines a column fit on a screen."""


class Numbers(NamedTuple):
    """What a glance tells."""

    waits: int
    undecided: int
    with_team: int
    teams_free: int
    teams_on_shift: int


class WallLine(NamedTuple):
    """A call or an alert on the wall."""

    incident: str
    state: str
    district: str
    priority: str
    since: datetime | None
    until: datetime | None


def regions(visit: Visit) -> Sequence[Region]:
    """Numbers, and two columns."""
    asked, running = open_calls(visit)
    alerts = alerts_for_dispatch(visit)
    waits = [
        *(Row(alert_id(alert), "row_wall_alert.html", (alert.kind, alert.at), "alert") for alert in alerts),
        *(Row(row_id(call), "row_wall.html", _line(line_of(call, visit)), "waits") for call in asked),
    ]
    others = [Row(row_id(call), "row_wall.html", _line(line_of(call, visit))) for call in running]
    teams = [team for team in visit.seen.teams.values() if team.shift_id is not None]
    with_team = sum(1 for call in running if (newest := newest_of(call)) is not None and newest.team_is_on_it)
    numbers = Numbers(
        waits=len(waits),
        undecided=len(running) - with_team,
        with_team=with_team,
        teams_free=sum(1 for team in teams if team.status == "available"),
        teams_on_shift=len(teams),
    )
    return (
        Region.of_one("numbers", "wall_numbers.html", numbers),
        Region("waits", _fitting(waits), empty="Nothing waits for a person."),
        Region("running", _fitting(others), empty="No call is open."),
    )


def _fitting(rows: Sequence[Row]) -> Sequence[Row]:
    more = len(rows) - MOST
    return rows if more <= 0 else [*rows[: MOST - 1], Row("more", "row_wall_more.html", more + 1)]


def _line(line: CallLine) -> WallLine:
    return WallLine(line.incident, line.state, line.district, line.priority, line.began_at, line.until)


PAGE = ConsolePage(path="/wall", title="Wall", right="read-calls", template="wall.html", regions=regions)
