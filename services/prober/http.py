"""The prober's door: careroute pages its team of machines here, and tells it what became of its calls."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus

import httpx
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from services.prober.alarm import Alarms, keep_beating
from services.prober.beat import Beats
from services.prober.book import Book
from services.prober.config import ProberSettings
from services.prober.doors import REQUEST_SECONDS, Doors
from services.prober.messages import Inbox
from services.prober.prober import Prober, state_of
from services.prober.whole_way import WholeWay
from shared.clock import Clock
from shared.doors.guard import Bounds, Guard, handler_of
from shared.doors.operations import operations_routes
from shared.doors.problems import Problem, problem_response
from shared.probes import Probes

MAX_BODY_BYTES = 64 * 1024
BOOK = "probes.json"


def open_prober(settings: ProberSettings, probes: Probes, clock: Clock) -> Prober:
    """The prober of these settings, with a book of its own.

    Alarms have connections of their own: where careroute answers nobody, probes hold all of theirs.
    """
    http = httpx.AsyncClient(timeout=REQUEST_SECONDS, trust_env=False)
    doors = Doors(http, settings.intake_url, settings.console_url, settings.pocket_url)
    book = Book(settings.storage_directory / BOOK)
    return Prober(
        settings,
        clock,
        doors,
        book,
        Alarms(book, settings, httpx.AsyncClient(trust_env=False)),
        tuple(
            WholeWay(name, agency, Inbox(agency), doors, clock, settings.prober_url)
            for name, agency in probes.agencies.items()
        ),
        tuple(Beats(agency, beat, doors, clock) for agency, beat in probes.beats.items()),
    )


def create_app(prober: Prober) -> Starlette:
    """The door as an ASGI application; the probes run for as long as it does."""
    inboxes = {way.name: way.inbox for way in prober.whole_ways}

    async def page(request: Request) -> Response:
        inbox = _inbox(inboxes, request)
        return _answer(signed=inbox.take_page(request.headers, await request.body()))

    async def message(request: Request) -> Response:
        inbox = _inbox(inboxes, request)
        return _answer(signed=inbox.take_message(request.headers, await request.body()))

    async def state(_request: Request) -> Response:
        return JSONResponse(state_of(prober, prober.clock.now()))

    guard = Middleware(
        Guard,
        door="prober",
        clock=prober.clock,
        bounds=Bounds(prober.settings.requests_in_flight, MAX_BODY_BYTES),
        caller_of=lambda _request: None,
        respond=_respond,
        failure="Something went wrong here.",
    )
    return Starlette(
        routes=[
            Route("/pages/{agency}", page, methods=["POST"]),
            Route("/cad/{agency}", message, methods=["POST"]),
            Route("/state", state),
            *operations_routes(lambda: not prober.unready(), prober.remark),
        ],
        middleware=[guard],
        exception_handlers={Problem: handler_of(_respond)},
        lifespan=lambda _app: _probing(prober),
    )


@asynccontextmanager
async def _probing(prober: Prober) -> AsyncIterator[None]:
    async with prober.doors.http, prober.alarms.http, asyncio.TaskGroup() as tasks:
        running = [
            tasks.create_task(work)
            for work in (
                prober.run(),
                prober.alarms.keep_telling(),
                keep_beating(prober.settings, prober.alarms.http, lambda: not prober.trouble()),
            )
        ]
        yield
        for task in running:
            task.cancel()


def _inbox(inboxes: Mapping[str, Inbox], request: Request) -> Inbox:
    inbox = inboxes.get(request.path_params["agency"])
    if inbox is None:
        raise Problem(HTTPStatus.NOT_FOUND, "Nobody of this name is probed here.")
    return inbox


def _answer(*, signed: bool) -> Response:
    return Response(status_code=HTTPStatus.NO_CONTENT if signed else HTTPStatus.UNAUTHORIZED)


def _respond(_request: Request, error: Exception) -> Response:
    if not isinstance(error, Problem):
        error = Problem(HTTPStatus.NOT_FOUND, "Only what careroute tells the prober is taken here.")
    return problem_response(error)
