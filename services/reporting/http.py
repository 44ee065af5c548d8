"""The door of reporting: for the console and whoever else has the key.

Routes stand in modules of their own, each with a function that takes the engine and gives a list of them: see `ROUTES`.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from http import HTTPStatus

from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount
from starlette.types import ASGIApp, Receive, Scope, Send

from services.reporting import outcomes, trace
from services.reporting.config import ReportingSettings
from services.reporting.figures.routes import FigureRoutes
from services.reporting.store.engine import is_away
from shared.clock import Clock
from shared.doors.guard import Bounds, CallerOf, Guard, bearer_of, handler_of
from shared.doors.operations import operations_routes
from shared.doors.problems import Problem, problem_response
from shared.operations import Probe

DOOR = "reporting"
MAX_BODY_BYTES = 1024
"""Questions stand in paths; nothing is sent."""
ROUTES: tuple[Callable[[AsyncEngine], list[BaseRoute]], ...] = (trace.routes, outcomes.routes)
"""What can be asked, all of it with the key."""


def create_app(
    engine: AsyncEngine, settings: ReportingSettings, clock: Clock, ready: Probe, prepared: Probe = lambda: True
) -> Starlette:
    """The door on a store, as an ASGI application; `prepared`: whether its tables are there."""
    key = settings.reporting_key.get_secret_value().encode()

    def caller_of(request: Request) -> str | None:
        return "key" if hmac.compare_digest(bearer_of(request).encode(), key) else None

    guard = Middleware(
        Guard,
        door=DOOR,
        clock=clock,
        bounds=Bounds(settings.requests_in_flight, MAX_BODY_BYTES),
        caller_of=caller_of,
        respond=respond,
        failure="Something went wrong here.",
    )
    figures = FigureRoutes(engine, clock, settings.reporting_district_groups, ready)
    questions = Mount("/", routes=[*figures.routes(), *(route for routes in ROUTES for route in routes(engine))])
    questions.app = _WithKey(questions.app, caller_of, prepared)
    app = Starlette(
        routes=[*operations_routes(ready), questions],
        middleware=[guard],
        exception_handlers={HTTPException: handler_of(respond)},
    )
    app.router.redirect_slashes = False  # it would lead to whatever host the request names
    return app


def respond(_request: Request, error: Exception) -> Response:
    """What is answered instead: problem details, whoever found what is wrong."""
    if not isinstance(error, Problem):
        status = error.status_code if isinstance(error, HTTPException) else HTTPStatus.INTERNAL_SERVER_ERROR
        error = Problem(status, "Nothing is here by that path and method.")
    return problem_response(error)


class _WithKey:
    """Answers whoever has the key, and says in words that the database is away."""

    def __init__(self, app: ASGIApp, caller_of: CallerOf, prepared: Probe) -> None:
        self._app, self._caller_of, self._prepared = app, caller_of, prepared

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a question on. Raises Problem: 401 without the key, 404 for no name, 503 while the database is away."""
        if self._caller_of(Request(scope)) is None:
            raise Problem(HTTPStatus.UNAUTHORIZED, "Send the key of reporting as `Authorization: Bearer …`.")
        if not self._prepared():
            raise _away()
        if "\0" in scope["path"]:  # PostgreSQL's text cannot hold it
            raise Problem(HTTPStatus.NOT_FOUND, "Nothing is here by that name.")
        try:
            await self._app(scope, receive, send)
        except Exception as error:
            if not is_away(error):
                raise
            raise _away() from None


def _away() -> Problem:
    return Problem(HTTPStatus.SERVICE_UNAVAILABLE, "The store of reporting is away, or not made yet; ask again.")
