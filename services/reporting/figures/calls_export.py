"""One row for each call, for those who may join it with other records: nothing personal, and no names of staff."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, case, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.reporting.figures.counting import Question
from services.reporting.figures.csv_text import written
from services.reporting.figures.facts import DIVERTED, ELIGIBLE, EPISODES, received_within
from services.reporting.store.tables import EPISODE
from services.reporting.store.went import WENT

_E = EPISODE.c
ROWS_AT_ONCE = 1000
COLUMNS: Final[dict[str, ColumnElement[Any]]] = {
    **{
        column.name: column
        for column in (
            _E.call_id, _E.episode, _E.why, _E.source, _E.requested_by, _E.received_at, _E.call_received_at, _E.zone,
            _E.local_date, _E.local_hour, _E.district, _E.call_type, _E.category, _E.priority, _E.level,
            _E.suitability, _E.phase, _E.stopped_by,
        )
    },
    "counted": case((EPISODES.counted, "yes"), else_="no"),
    "eligible": case((ELIGIBLE, "yes"), else_="no"),
    **{
        column.name: column
        for column in (
            _E.outcome, _E.outcome_at, _E.reasons, _E.response, _E.model, _E.goes, _E.replaces, _E.offers,
            _E.first_offer_at,
        )
    },
    "went": WENT,
    "diverted": case((DIVERTED, "yes"), else_="no"),
    **{
        column.name: column
        for column in (
            _E.accepted_at, _E.en_route_at, _E.on_scene_at, _E.transporting_at, _E.cleared_at, _E.disposition,
            _E.upgraded_at, _E.police_asked_at, _E.silent_at, _E.unconfirmed_at, _E.default_asked, _E.moved_to_call_id,
            _E.released_at, _E.released_why,
            _E.programme_version, _E.programme_hash, _E.switchboard_revision,
        )
    },
}  # fmt: skip


async def calls_csv(connection: AsyncConnection, question: Question) -> AsyncIterator[str]:
    """The calls of a period as CSV, a part at a time, in the order in which they were received."""
    yield written([tuple(COLUMNS)])
    calls = and_(
        _E.agency == question.agency,
        _E.synthetic.is_(False),
        received_within(question.since, question.until),
    )
    query = select(*(column.label(name) for name, column in COLUMNS.items())).where(calls)
    rows = await connection.stream(query.order_by(_E.received_at, _E.call_id, _E.episode))
    async for several in rows.partitions(ROWS_AT_ONCE):
        yield written([[_plain(cell) for cell in row] for row in several])


def _plain(cell: Any) -> Any:
    return cell.strftime("%Y-%m-%dT%H:%M:%S.%fZ") if hasattr(cell, "strftime") else cell
