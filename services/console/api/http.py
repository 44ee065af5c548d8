"""The HTTP API: `GET` tells and changes nothing, `POST` issues one command and answers with what became of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.routing import Route

from services.console.api import (
    routes_audit,
    routes_calendars,
    routes_commands,
    routes_contacts,
    routes_devices,
    routes_erasure,
    routes_figures,
    routes_reads,
    routes_rolls,
    routes_rota,
)
from services.console.api.access import Agencies, caller_of
from services.console.api.call_desk import CallDesk
from services.console.api.contact_desk import ContactDesk
from services.console.api.issue import CommandIssuer
from services.console.config import ConsoleSettings
from services.console.elsewhere import Elsewhere
from services.console.levels import Levels
from services.console.openid.errand import Errands
from services.console.openid.provider import Provider
from services.console.overseers import Overseers
from services.console.pages.look import respond
from services.console.pages.mount import add_pages, kept_current
from services.console.pages.page import ConsoleDoor
from services.console.pages.seat import caller_at_browser
from services.console.pages.sessions import Sessions
from services.console.runbooks import read_runbooks
from services.console.view.agency import READS, Keep, View
from shared.audit_log.chain import ChainKeys
from shared.audit_log.log import AuditLog
from shared.call_keys import CallKeys
from shared.clock import Clock
from shared.contacts import Contacts
from shared.doors.answers import AnswerFollower, Kept
from shared.doors.audit import Register
from shared.doors.command import CommandLog
from shared.doors.guard import NOT_STORED, Bounds, Guard, handler_of
from shared.doors.operations import operations_routes
from shared.doors.reference import reference_page
from shared.doors.serve import connected
from shared.doors.snapshots import ViewSnapshots
from shared.engine.broker import Broker, Stored
from shared.events import Event, TokenRevoked

DOOR = "console"
MAX_BODY_BYTES = 64 * 1024
MAX_DOCUMENT_BYTES = 1024 * 1024
MAX_EXPORT_BYTES = 16 * 1024 * 1024
DOCUMENT_PATHS = ("/v1/programme/propose", "/programme/propose", "/programme/edit", "/v1/rota/import")
HEADERS = {
    **NOT_STORED,
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
}
DESCRIPTION = """The door for people, and for CADs that ask.

Send your token (a CAD: its key) as `Authorization: Bearer …`. `GET` changes nothing. A command is answered with **200**
(done), **202** (not answered yet: ask at `status`), **409** (refused, with the reason) or **503** (the log is away).
Send an `Idempotency-Key`, and a repeat of the same request is harmless and gets the first answer."""


ROUTES = (
    routes_reads,
    routes_commands,
    routes_audit,
    routes_contacts,
    routes_devices,
    routes_erasure,
    routes_figures,
    routes_rota,
    routes_rolls,
    routes_calendars,
)


def create_app(
    broker: Broker, clock: Clock, agencies: Agencies, settings: ConsoleSettings, beside: Broker | None = None
) -> FastAPI:
    """The door as an ASGI application; its lifespan follows the journals.

    `beside`: a connection for the audit log and snapshots, where their faults are to be none of the commands'.
    """
    audit_keys = ChainKeys(settings.audit_keys.get_secret_value())
    audit_log = AuditLog(beside or broker, clock, audit_keys, DOOR)
    register = Register(audit_log, DOOR, clock)
    audit_desk = routes_audit.AuditDesk(broker, audit_keys, register, clock)
    keep = Keep(timedelta(hours=settings.console_keep_closed_hours), settings.console_keep_closed_calls)
    view = View(keep)
    levels = Levels(view, agencies, clock)

    def fold(agency: str, event: Event, stored: Stored) -> None:
        if isinstance(event, TokenRevoked):
            agencies.revoke(agency, event.token_hash)
        levels.fold(agency, event, stored)
        boards.note(agency)

    def restored() -> None:
        for agency, token_hash in view.revoked_tokens:
            agencies.revoke(agency, token_hash)

    sealer = settings.sealer
    kept = None if sealer is None else Kept(view, ViewSnapshots(DOOR, beside or broker, sealer, clock, keep), restored)
    follower = AnswerFollower(broker, READS, fold, kept=kept)
    contacts = Contacts(broker, sealer, changed=lambda agency: boards.note(agency))  # noqa: PLW0108  # made below
    desk = ContactDesk(broker, contacts, clock, settings, view, follower)
    call_desk = CallDesk(broker, CallKeys(broker, sealer, clock), view)
    reporting = Elsewhere(
        "reporting service",
        "CAREROUTE_REPORTING_URL and CAREROUTE_REPORTING_KEY",
        settings.reporting_url,
        settings.reporting_key.get_secret_value(),
    )
    prometheus = Elsewhere("Prometheus", "CAREROUTE_PROMETHEUS_URL", settings.prometheus_url)
    overseers = Overseers(
        Elsewhere(
            "watcher",
            "CAREROUTE_WATCH_URL and CAREROUTE_WATCH_SECRET",
            settings.watch_url,
            settings.watch_secret.get_secret_value(),
        ),
        Elsewhere("prober", "CAREROUTE_PROBER_URL", settings.prober_url),
    )

    closing = () if beside is None else (beside.close,)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with (
            connected(broker, follower.start, follower.stop, reporting.close, prometheus.close, door.close, *closing),
            audit_log.writing(),
            desk.open(),
            call_desk.open(),
            levels.measured(follower),
            overseers.asked(),
            kept_current(boards),
        ):
            yield

    app = FastAPI(
        title="careroute console",
        version="1",
        docs_url=None,
        redoc_url=None,
        description=DESCRIPTION,
        redirect_slashes=False,  # it would lead to whatever host the request names
        lifespan=lifespan,
    )
    expiry = timedelta(seconds=settings.console_command_expiry_seconds)
    log = CommandLog(DOOR, broker, follower, clock, register)
    commands = CommandIssuer(log, view, answer_seconds=settings.console_answer_seconds, expiry=expiry)
    app.state.commands, app.state.reporting, app.state.contact_desk = commands, reporting, desk
    app.state.register, app.state.audit_desk, app.state.call_desk = register, audit_desk, call_desk
    app.state.agencies, app.state.settings, app.state.view, app.state.follower = agencies, settings, view, follower
    app.router.routes += operations_routes(lambda: follower.ready, agencies.remark)
    app.router.routes.append(Route("/docs", lambda _: reference_page(app.openapi()), include_in_schema=False))
    for routes in ROUTES:
        app.router.routes += routes.router.routes  # as they are: to include them would make each anew
    idle = timedelta(hours=settings.console_idle_hours)
    sessions = Sessions(agencies, clock, idle, settings.console_sessions_file)
    runbooks = read_runbooks(settings.console_runbooks)
    door = ConsoleDoor(
        view,
        follower,
        commands,
        contacts,
        agencies,
        sessions,
        settings,
        clock,
        reporting,
        prometheus,
        overseers,
        Provider(settings, clock),
        Errands(clock),
        register,
        audit_desk,
        runbooks,
    )
    boards = add_pages(app, door)
    app.add_middleware(
        Guard,
        door=DOOR,
        clock=clock,
        bounds=Bounds(
            settings.requests_in_flight,
            MAX_BODY_BYTES,
            larger_bodies={
                **dict.fromkeys(DOCUMENT_PATHS, MAX_DOCUMENT_BYTES),
                "/programme/coverage": MAX_EXPORT_BYTES,
            },
        ),
        caller_of=lambda request: caller_of(request) or caller_at_browser(request),
        respond=respond,
        headers=HEADERS,
        failure="Something went wrong here. Ask for the state of what you sent before you send it again.",
    )
    app.add_exception_handler(HTTPException, handler_of(respond))
    app.add_exception_handler(RequestValidationError, handler_of(respond))
    return app
