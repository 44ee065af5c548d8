"""What brought what about: every record of a call, and the records that caused them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from pydantic_core import to_json
from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from services.reporting.store.tables import RECORD
from shared.engine.broker import RecordPosition
from shared.trace import TraceRecord

MOST_RECORDS = 2_000
"""Of one answer; a call with more shows its first, and says that there are more."""


@dataclass(frozen=True, slots=True)
class Trace:
    """The records of a call, oldest first, and the causes of theirs that are about no call, or about another."""

    agency: str
    call_id: str
    records: list[TraceRecord]
    causes: list[TraceRecord]
    has_more: bool


def routes(engine: AsyncEngine) -> list[BaseRoute]:
    """`GET /trace/{agency}/{call}`: the call is its source and incident, `source/incident`."""

    async def trace(request: Request) -> Response:
        agency, call = request.path_params["agency"], request.path_params["call"]
        async with engine.connect() as connection:
            found = await trace_of(connection, agency, f"{agency}/{call}")
        return Response(to_json(found), media_type="application/json")

    return [Route("/trace/{agency}/{call:path}", trace, methods=["GET"])]


async def trace_of(connection: AsyncConnection, agency: str, call_id: str) -> Trace:
    """What the store knows of a call; nothing of one that it has not heard of."""
    of_call = select(RECORD).where(RECORD.c.agency == agency, RECORD.c.call_id == call_id)
    ordered = of_call.order_by(RECORD.c.time, RECORD.c.topic, RECORD.c.record_offset).limit(MOST_RECORDS + 1)
    found = [_shown(row) for row in (await connection.execute(ordered)).mappings()]
    records = found[:MOST_RECORDS]
    shown = {record.position for record in records}
    named = filter(None, map(RecordPosition.in_cause, (record.cause for record in records)))
    missing = {*named} - shown
    return Trace(agency, call_id, records, await _records_at(connection, agency, missing), len(found) > MOST_RECORDS)


async def _records_at(
    connection: AsyncConnection, agency: str, positions: Collection[RecordPosition]
) -> list[TraceRecord]:
    if not positions:
        return []
    place = tuple_(RECORD.c.topic, RECORD.c.partition, RECORD.c.record_offset)
    wanted = select(RECORD).where(place.in_(sorted(positions)), RECORD.c.agency == agency).order_by(RECORD.c.time)
    return [_shown(row) for row in (await connection.execute(wanted)).mappings()]


def _shown(row: Any) -> TraceRecord:
    position = RecordPosition(row["topic"], row["partition"], row["record_offset"])
    return TraceRecord(position, row["agency"], row["type"], row["time"], row["source"] or "", row["cause"] or "")
