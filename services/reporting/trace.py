"""What brought what about: every record of a call, and the records that caused them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from services.reporting.store.tables import RECORD
from shared.engine.broker import RecordPosition

MOST_RECORDS = 2_000
"""Of one answer; a call with more shows its first, and says that there are more."""


def routes(engine: AsyncEngine) -> list[BaseRoute]:
    """`GET /trace/{agency}/{call}`: the call is its source and incident, `source/incident`."""

    async def trace(request: Request) -> Response:
        agency = request.path_params["agency"]
        async with engine.connect() as connection:
            return JSONResponse(await trace_of(connection, agency, f"{agency}/{request.path_params['call']}"))

    return [Route("/trace/{agency}/{call:path}", trace, methods=["GET"])]


async def trace_of(connection: AsyncConnection, agency: str, call_id: str) -> dict[str, Any]:
    """The records of a call, oldest first, each with its cause; causes that are about no call, or another, stand apart.

    `cause` is the position of a record, or the name of a clock or of what a service did outside.
    """
    of_call = select(RECORD).where(RECORD.c.agency == agency, RECORD.c.call_id == call_id)
    ordered = of_call.order_by(RECORD.c.time, RECORD.c.topic, RECORD.c.record_offset).limit(MOST_RECORDS + 1)
    found = [_shown(row) for row in (await connection.execute(ordered)).mappings()]
    records = found[:MOST_RECORDS]
    shown = {record["position"] for record in records}
    missing = [
        position for record in records if (position := _position(record["cause"])) and str(position) not in shown
    ]
    return {
        "agency": agency,
        "call_id": call_id,
        "records": records,
        "causes": await _records_at(connection, agency, missing),
        "has_more": len(found) > MOST_RECORDS,
    }


async def _records_at(
    connection: AsyncConnection, agency: str, positions: list[RecordPosition]
) -> list[dict[str, Any]]:
    if not positions:
        return []
    place = tuple_(RECORD.c.topic, RECORD.c.partition, RECORD.c.record_offset)
    wanted = select(RECORD).where(place.in_(sorted(set(positions))), RECORD.c.agency == agency).order_by(RECORD.c.time)
    return [_shown(row) for row in (await connection.execute(wanted)).mappings()]


def _position(cause: str | None) -> RecordPosition | None:
    """The record that a cause names; None where it names none."""
    try:
        return None if cause is None else RecordPosition.parse(cause)
    except ValueError:
        return None


def _shown(row: Any) -> dict[str, Any]:
    return {
        "position": str(RecordPosition(row["topic"], row["partition"], row["record_offset"])),
        "type": row["type"],
        "time": row["time"].isoformat(),
        "source": row["source"],
        "event_id": row["event_id"],
        "call_id": row["call_id"],
        "cause": row["cause"],
    }
