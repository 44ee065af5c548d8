"""The HTTP API: `GET` tells and changes nothing, `POST` issues one command and answers with what became of it."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from http import HTTPStatus

from fastapi import FastAPI, Request, Response

from services.console.api import routes_commands, routes_reads
from services.console.api.access import Agencies
from services.console.api.issue import CommandIssuer
from services.console.api.problems import Problem, answer_problems
from services.console.config import ConsoleSettings
from services.console.view.agency import READS, Keep, View
from shared.clock import Clock
from shared.doors.answers import AnswerFollower
from shared.doors.operations import operations_router
from shared.engine.broker import Broker, BrokerUnavailable
from shared.telemetry import REQUEST_SECONDS, REQUESTS, logger

DOOR = "console"
WATCH_SECONDS = 1.0
MAX_BODY_BYTES = 64 * 1024
MAX_DOCUMENT_BYTES = 1024 * 1024
DESCRIPTION = """The door for people, and for CADs that ask.

Send your token (a CAD: its key) as `Authorization: Bearer …`. `GET` changes nothing. A command is answered with **200**
(done), **202** (not answered yet: ask at `status`), **409** (refused, with the reason) or **503** (the log is away).
Send an `Idempotency-Key`, and a repeat of the same request is harmless and gets the first answer."""


def end_process() -> None:
    """Leave as on SIGTERM; whoever supervises this process starts it again, and it reads the journals anew."""
    signal.raise_signal(signal.SIGTERM)


def create_app(
    broker: Broker,
    clock: Clock,
    agencies: Agencies,
    settings: ConsoleSettings,
    give_up: Callable[[], None] = end_process,
) -> FastAPI:
    """The door as an ASGI application; its lifespan follows the journals, and calls `give_up` when it cannot go on."""
    keep = Keep(timedelta(hours=settings.console_keep_closed_hours), settings.console_keep_closed_calls)
    view = View(keep)
    follower = AnswerFollower(broker, READS, view.fold)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as tasks:
            following = tasks.create_task(_follow(follower, give_up))
            yield
            following.cancel()
        await follower.stop()
        await broker.close()

    app = FastAPI(title="careroute console", version="1", description=DESCRIPTION, lifespan=lifespan)
    expiry = timedelta(seconds=settings.console_command_expiry_seconds)
    app.state.commands = CommandIssuer(
        broker, clock, view, follower, answer_seconds=settings.console_answer_seconds, expiry=expiry
    )
    app.state.agencies, app.state.settings, app.state.view, app.state.follower = agencies, settings, view, follower
    answer_problems(app)
    app.include_router(operations_router(lambda: follower.caught_up))
    app.include_router(routes_reads.router)
    app.include_router(routes_commands.router)
    _guard(app, clock)
    return app


async def _follow(follower: AnswerFollower, give_up: Callable[[], None]) -> None:
    """Start it as soon as the log can be reached, serving meanwhile; then watch it."""
    while True:
        try:
            await follower.start()
            break
        except BrokerUnavailable:
            await asyncio.sleep(WATCH_SECONDS)
    while follower.failed is None:  # noqa: ASYNC110  # the follower is shared, and has no event to wait for
        await asyncio.sleep(WATCH_SECONDS)
    give_up()


def _guard(app: FastAPI, clock: Clock) -> None:
    @app.middleware("http")
    async def guard(request: Request, proceed: Callable[[Request], Awaitable[Response]]) -> Response:
        """Bound the body before it is read, keep answers out of caches, and count."""
        began = clock.monotonic()
        too_much = _too_much(request)
        try:
            response = too_much.response() if too_much is not None else await proceed(request)
        except Exception as error:  # noqa: BLE001  # its text may hold what was sent; its class does not
            logger().error("request failed", error=type(error).__name__, url_path=_route_of(request))
            detail = "Something went wrong here. Ask for the state of what you sent before you send it again."
            response = Problem(HTTPStatus.INTERNAL_SERVER_ERROR, detail).response()
        response.headers["Cache-Control"] = "no-store"
        REQUESTS.labels(DOOR, _route_of(request), str(response.status_code)).inc()
        REQUEST_SECONDS.labels(DOOR).observe(clock.monotonic() - began)
        return response


def _route_of(request: Request) -> str:
    """The route as it is declared: of a bounded number, and without anybody's id in it."""
    return str(getattr(request.scope.get("route"), "path", "unknown"))


def _too_much(request: Request) -> Problem | None:
    if "transfer-encoding" in request.headers:
        return Problem(HTTPStatus.LENGTH_REQUIRED, "Send the body with its Content-Length.")
    limit = MAX_DOCUMENT_BYTES if request.url.path == "/v1/programme/propose" else MAX_BODY_BYTES
    length = request.headers.get("content-length", "0")
    if length.isdecimal() and int(length) <= limit:
        return None
    return Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"At most {limit} bytes are taken here.")
