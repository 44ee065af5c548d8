"""Every outcome that the store holds, for whoever keeps a list of their own and compares."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

from pydantic_core import to_json
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from services.reporting.store.tables import OUTCOME
from shared.doors.problems import Fault, Problem

OFFSET = re.compile(r"-1|[0-9]{1,18}")
MOST_OUTCOMES = 5_000
"""Of one answer."""


@dataclass(frozen=True, slots=True)
class RecordedOutcome:
    """An outcome as the journal has it."""

    offset: int
    call_id: str
    episode: int
    outcome: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Outcomes in the order in which they were recorded; `has_more`: ask again after the last offset."""

    outcomes: list[RecordedOutcome]
    has_more: bool


def routes(engine: AsyncEngine) -> list[BaseRoute]:
    """`GET /outcomes/{agency}?after=offset`: those that stand after an offset of the agency's partition, from -1."""

    async def outcomes(request: Request) -> Response:
        after = request.query_params.get("after", "-1")
        if not OFFSET.fullmatch(after):
            raise Problem(HTTPStatus.BAD_REQUEST, "The question is wrong.", Fault("after", "is no offset", "e.g. 120"))
        async with engine.connect() as connection:
            found = await outcomes_of(connection, request.path_params["agency"], int(after))
        return Response(to_json(found), media_type="application/json")

    return [Route("/outcomes/{agency}", outcomes, methods=["GET"])]


async def outcomes_of(connection: AsyncConnection, agency: str, after: int) -> Outcomes:
    """The outcomes of an agency after an offset."""
    columns = OUTCOME.c.record_offset, OUTCOME.c.call_id, OUTCOME.c.episode, OUTCOME.c.outcome, OUTCOME.c.at
    wanted = select(*columns).where(OUTCOME.c.agency == agency, OUTCOME.c.record_offset > after)
    ordered = wanted.order_by(OUTCOME.c.record_offset).limit(MOST_OUTCOMES + 1)
    found = [RecordedOutcome(*row) for row in await connection.execute(ordered)]
    return Outcomes(found[:MOST_OUTCOMES], len(found) > MOST_OUTCOMES)
