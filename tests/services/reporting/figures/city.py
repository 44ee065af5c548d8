"""Episodes as the store has them, for when many are wanted."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Table

from services.reporting.figures.counting import Question
from services.reporting.store.tables import EPISODE

AGENCY, ZONE = "harbor", "America/New_York"
MARCH = Question(AGENCY, ZONE, date(2026, 3, 1), date(2026, 4, 1))
NOON = datetime(2026, 3, 10, 17, tzinfo=UTC)

OFFERED = (1, 2, 3, 6, 16, 18)

Row = dict[str, Any]


def after(seconds: float) -> datetime:
    """So long after every call's receipt."""
    return NOON + timedelta(seconds=seconds)


def blank(table: Table) -> Row:
    """A row of which nothing is said yet."""
    defaults: dict[str, Any] = {column.name: column.default for column in table.columns}
    return {name: None if default is None else default.arg for name, default in defaults.items()}


def episode(number: int, **columns: Any) -> Row:
    """A call of the north that a live response could go to; its outcome and the rest as said."""
    row = blank(EPISODE)
    row |= {
        "call_id": f"{AGENCY}/cad/{number}", "episode": 1, "agency": AGENCY, "source": "cad", "received_at": NOON,
        "zone": ZONE, "local_date": "2026-03-10", "local_hour": 13, "local_weekday": 1, "district": "north",
        "category": "mental-health", "suitability": "suitable", "may_go": True, "phase": "live", "programme_version": 3,
    }  # fmt: skip
    return row | columns


def taken(number: int, seconds: float, **columns: Any) -> Row:
    """A call that a team took so many seconds after its receipt."""
    of_team = {
        "outcome": "team-accepted", "outcome_at": after(seconds), "accepted_at": after(seconds), "team_id": "team-1",
        "response": "crt", "model": "community-responder", "goes": "instead of default", "replaces": "police",
    }  # fmt: skip
    return episode(number, **{**of_team, **columns})


def default(number: int, seconds: float, reason: str, **columns: Any) -> Row:
    """A call that got the default response so many seconds after its receipt."""
    return episode(number, **{"outcome": "default", "outcome_at": after(seconds), "reason": reason, **columns})
