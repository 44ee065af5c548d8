"""A city of a few calls whose figures can be worked out by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Table
from sqlalchemy.ext.asyncio import AsyncConnection

from services.reporting.figures.counting import Question
from services.reporting.store.tables import EPISODE, OFFER, REFERRAL

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
        "first_offer_at": after(2) if number in OFFERED else None,
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


def stopped(number: int, seconds: float, gate: str | None, **columns: Any) -> Row:
    """A call that nothing could go to, for a gate."""
    not_eligible = {"may_go": False, "phase": None, "stopped_by": gate, "suitability": "unsuitable"}
    return default(number, seconds, "unsuitable") | not_eligible | columns


SHADOW = {"phase": "shadow"}
EPISODES = (
    taken(
        1, 20, on_scene_at=after(20 + 600), cleared_at=after(20 + 600 + 1800), disposition="resolved-on-scene",
        caller="a",
    ),
    taken(
        2, 10, on_scene_at=after(10 + 1200), cleared_at=after(10 + 1200 + 3600), disposition="transported-er",
        police_asked_at=after(1300), caller="a",
    ),
    taken(
        3, 40, district="south", model="co-responder", upgraded_at=after(100), released_at=after(110),
        released_why="upgraded", caller="a",
    ),
    taken(4, 30, district="south", cleared_at=after(3000), disposition="unable-to-locate", caller="b"),
    taken(
        5, 15, district="south", outcome="phone-accepted", team_id=None, model="crisis-call-diversion", goes=None,
        replaces=None, cleared_at=after(900), caller="b",
    ),
    default(6, 60, "no-team", caller="c"),
    default(7, 60, "deadline"),
    default(8, 60, "no-team", district="south", category=None, requested_by="officer", phase="advisory"),
    default(9, 1, "shadow", shadow_team_id="team-1", **SHADOW),
    default(10, 1, "shadow", **SHADOW),
    stopped(11, 1, "hours", suitability="suitable"),
    stopped(12, 60, "level", district="south", suitability="indeterminate"),
    stopped(13, 1, "level", district="south", category="welfare"),
    stopped(14, 1, "call-type", district="south", category=None, source="ambulance"),
    default(
        15, 61, "deadline", suitability=None, category=None, district=None, may_go=False, phase=None,
        programme_version=None, source=None,
    ),
    episode(16),
    stopped(17, -5, None, category="welfare", outcome="cancelled", reason=None),
    taken(18, 3, synthetic=True),
    taken(19, 3, agency="probe-1"),
    taken(20, 3, received_at=datetime(2026, 4, 1, 4, tzinfo=UTC), local_date="2026-04-01"),
)  # fmt: skip


def offer(number: int, call: int, made: float, ended_at: float | None, ended: str | None) -> Row:
    """An offer made and ended so many seconds after the call's receipt."""
    row = blank(OFFER)
    return row | {
        "offer_id": f"offer-{number}", "agency": AGENCY, "call_id": f"{AGENCY}/cad/{call}", "episode": 1,
        "team_id": "team-1", "response": "crt", "made_at": after(made), "ended": ended,
        "ended_at": None if ended_at is None else after(ended_at),
    }  # fmt: skip


OFFERS = (
    offer(1, 1, 2, 20, "accepted"),
    offer(2, 2, 1, 10, "accepted"),
    offer(3, 3, 2, 8, "declined"),
    offer(4, 3, 8, 40, "accepted"),
    offer(5, 6, 2, 32, "expired"),
    offer(6, 16, 2, None, None),
    offer(7, 18, 2, 3, "accepted"),
)


def referral(number: int, kind: str = "referral", **columns: Any) -> Row:
    """A referral of call 1, due an hour after it."""
    row = blank(REFERRAL)
    row |= {"referral_id": f"referral-{number}", "agency": AGENCY, "call_id": f"{AGENCY}/cad/1", "kind": kind}
    return row | {"made_at": NOON, "due_at": after(3600), **columns}


REFERRALS = (
    referral(1, closed_at=after(3000), result="contacted"),
    referral(2, closed_at=after(4000), overdue_at=after(3600), result="contacted"),
    referral(3, "follow-up", overdue_at=after(3600)),
    referral(4, closed_at=after(10), result="withdrawn"),
    referral(5),
    referral(6, "note"),
)


async def settle(connection: AsyncConnection) -> None:
    """Put the city into the store."""
    tables: tuple[tuple[Table, tuple[Row, ...]], ...] = ((EPISODE, EPISODES), (OFFER, OFFERS), (REFERRAL, REFERRALS))
    for table, rows in tables:
        await connection.execute(table.insert(), list(rows))
