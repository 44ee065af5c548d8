"""Figures over HTTP, for the console: as JSON, as CSV, one row a call, and what is published."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import date, timedelta
from http import HTTPStatus
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from services.reporting.figures.calls_export import calls_csv
from services.reporting.figures.counting import Question
from services.reporting.figures.csv_text import figures_csv
from services.reporting.figures.district_groups import DistrictGroups
from services.reporting.figures.facts import CUTS
from services.reporting.figures.measures import MEASURES
from services.reporting.figures.periods import Period
from services.reporting.figures.publication import (
    NotPublished,
    Publisher,
    publications,
    publish,
    publishing_agencies,
)
from services.reporting.figures.report import report
from services.reporting.figures.suppression import CoarsenFirst
from services.reporting.store.engine import transaction
from services.reporting.store.tables import AGENCY
from shared.clock import Clock
from shared.doors.problems import Fault, Problem
from shared.operations import Probe

CSV: Final = "text/csv; charset=utf-8"
LONGEST_PERIOD = timedelta(days=3700)
DEFAULT_DAYS = 90
YEARS = range(1900, 9900)
"""The days of others can be written, and not all be reckoned with: 90 before the first of them there is none."""
BEHIND: Final = "Reporting has not read yet all that there was, and what is published stays: publish it once it has."


class FigureRoutes:
    """What can be asked of a store about figures."""

    def __init__(self, engine: AsyncEngine, clock: Clock, groups: DistrictGroups, ready: Probe) -> None:
        """`ready`: whether the store has held all that there was."""
        self._engine, self._clock, self._groups, self._ready = engine, clock, groups, ready

    def routes(self) -> list[BaseRoute]:
        """The routes. A question has `from` and `until` (days), `by` (a cut) and `measure`, several after commas."""
        return [
            Route("/figures/{agency}", self.figures, methods=["GET"]),
            Route("/figures/{agency}/csv", self.figures_csv, methods=["GET"]),
            Route("/figures/{agency}/calls", self.calls_csv, methods=["GET"]),
            Route("/publications", self.publishing_agencies, methods=["GET"]),
            Route("/publications/{agency}", self.publications, methods=["GET"]),
            Route("/publications/{agency}/{period}", self.publish, methods=["POST"]),
        ]

    async def figures(self, request: Request) -> Response:
        """Figures as JSON."""
        async with self._engine.connect() as connection:
            question = await self._question(connection, request)
            return JSONResponse((await report(connection, question, _measures(request.query_params))).body())

    async def figures_csv(self, request: Request) -> Response:
        """Figures as CSV."""
        async with self._engine.connect() as connection:
            question = await self._question(connection, request)
            text = figures_csv(await report(connection, question, _measures(request.query_params)))
        return Response(text, media_type=CSV)

    async def calls_csv(self, request: Request) -> Response:
        """One row for each call."""
        async with self._engine.connect() as connection:
            question = await self._question(connection, request)

        async def rows() -> AsyncIterator[str]:
            async with self._engine.connect() as connection:
                async for part in calls_csv(connection, question):
                    yield part

        return StreamingResponse(rows(), media_type=CSV)

    async def publishing_agencies(self, _request: Request) -> Response:
        """The agencies that have published anything."""
        async with self._engine.connect() as connection:
            return JSONResponse(await publishing_agencies(connection))

    async def publications(self, request: Request) -> Response:
        """What an agency has published."""
        async with self._engine.connect() as connection:
            return JSONResponse(await publications(connection, request.path_params["agency"]))

    async def publish(self, request: Request) -> Response:
        """Publish a quarter or a year. Raises Problem: 409 where it is not to be published, or not yet."""
        if not self._ready():
            raise Problem(HTTPStatus.CONFLICT, BEHIND)
        agency, name = request.path_params["agency"], request.path_params["period"]
        try:
            period = Period.parse(name)
        except ValueError as error:
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, str(error)) from None
        async with transaction(self._engine) as connection:
            publisher = Publisher(agency, await _zone(connection, agency), self._groups.get(agency, {}))
            try:
                published = await publish(connection, publisher, period, self._clock.now())
            except (NotPublished, CoarsenFirst) as refused:
                raise Problem(HTTPStatus.CONFLICT, str(refused)) from None
        return JSONResponse(published)

    async def _question(self, connection: AsyncConnection, request: Request) -> Question:
        """What is asked. Raises Problem (422)."""
        agency, query = request.path_params["agency"], request.query_params
        zone = await _zone(connection, agency)
        tomorrow = self._clock.now().astimezone(zone).date() + timedelta(days=1)
        end = _day(query, "until", tomorrow)
        first = _day(query, "from", end - timedelta(days=DEFAULT_DAYS))
        if not first < end <= first + LONGEST_PERIOD:
            fault = Fault(
                "from", "is no beginning of that period", f"a day before `until`, {LONGEST_PERIOD.days} at most"
            )
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "There is no such period.", fault)
        cut = query.get("by") or None
        if cut not in (None, *CUTS):
            fault = Fault("by", "is nothing that figures can be cut by", ", ".join(CUTS))
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "Figures cannot be cut by that.", fault)
        return Question(agency, zone.key, first, end, cut)


def _measures(query: QueryParams) -> tuple[str, ...]:
    """The measures asked for, all of them where none is named. Raises Problem (422)."""
    asked = [name for given in query.getlist("measure") for name in given.split(",") if name]
    names = tuple(dict.fromkeys(asked)) or tuple(MEASURES)
    if any(name not in MEASURES for name in names):
        fault = Fault("measure", "is no measure", ", ".join(MEASURES))
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "There is no such measure.", fault)
    return names


def _day(query: QueryParams, name: str, otherwise: date) -> date:
    with suppress(ValueError):
        day = date.fromisoformat(query[name]) if query.get(name) else otherwise
        if day.year in YEARS:
            return day
    fault = Fault(name, "is no day", "a day, as 2026-03-31")
    raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "A day of that question is none.", fault)


async def _zone(connection: AsyncConnection, agency: str) -> ZoneInfo:
    """An agency's time zone, as far as it is known."""
    zone = await connection.scalar(select(AGENCY.c.zone).where(AGENCY.c.agency == agency))
    return ZoneInfo(zone or "UTC")
