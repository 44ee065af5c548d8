"""The pages of the console as a part of its door."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import cache
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Query, Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute

from services.console.api.access import Asking
from services.console.pages import figures, frame, provider_routes, public, signing_in, stream
from services.console.pages.actions import router_of
from services.console.pages.boards import Board, BoardKey, Boards
from services.console.pages.commands import KEYS, commands_for
from services.console.pages.look import HEADERS, script_routes
from services.console.pages.look import PAGES as TEMPLATES
from services.console.pages.page import ConsoleDoor, ConsolePage, Region, Visit
from services.console.pages.registry import ACTIONS, PAGES, page_at, page_for
from services.console.pages.seat import (
    SEAT_CHARACTERS,
    Seated,
    address_of,
    check_right,
    door_of,
    from_own_page,
    note_names,
    prove_first,
    unnamed,
)
from services.console.pages.sessions import SignedIn
from services.console.pages.signing_in import THEME_COOKIE, THEMES
from services.console.pages.words import filled
from shared.doors.pages import Page, asks_for_page
from shared.switch import ALL, Switch

STARTING = Page(
    HTTPStatus.SERVICE_UNAVAILABLE,
    "One moment",
    "careroute is reading its journals, and this page looks again by itself. The stop switch works meanwhile: /stop.",
    2,
)
ROUTERS = (
    provider_routes.router,
    signing_in.router,
    signing_in.api,
    stream.router,
    figures.router,
    public.router,
)
NAME_CHARACTERS = 200
MOST_FIELDS = 200
Name = Annotated[str, Query(max_length=NAME_CHARACTERS)]


def add_pages(app: FastAPI, door: ConsoleDoor) -> Boards:
    """Add the pages to the door's application; what they show stays current while `kept_current` runs."""
    boards = Boards(lambda key: _board_of(door, key))
    app.state.console, app.state.boards, app.state.streams = door, boards, stream.Streams()
    app.router.routes += _routes()
    return boards


@cache
def _routes() -> Sequence[BaseRoute]:
    """What the pages answer to, made once: no route holds anything of an application."""
    router = APIRouter(include_in_schema=False)
    router.add_api_route("/stop", _show_stop, methods=["GET"])
    for page in PAGES:
        router.add_api_route(page.path, _endpoint(page), methods=["GET"])
        if page.posted is not None:
            own = [Depends(from_own_page)]
            router.add_api_route(page.path, _posted(page), methods=["POST"], dependencies=own)
    return [
        TEMPLATES.style_route(),
        *script_routes(),
        *(route for part in ROUTERS for route in part.routes),
        *router.routes,
        *router_of(ACTIONS).routes,
    ]


@asynccontextmanager
async def kept_current(boards: Boards) -> AsyncIterator[None]:
    """Keep what is open current for as long as the door is."""
    async with asyncio.TaskGroup() as tasks:
        keeping = tasks.create_task(boards.keep_current())
        yield
        keeping.cancel()


def _board_of(door: ConsoleDoor, key: BoardKey) -> Board:
    """A board for whoever has these roles. Raises Problem (404)."""
    found = page_at(key.address)

    def regions() -> tuple[Visit, Sequence[Region]]:
        who = Asking(key.agency, "", key.roles)
        visit = Visit(door, who, door.clock.now(), found.path, found.params, found.query)
        return visit, found.page.regions(visit)

    return Board(regions, TEMPLATES.render, found.page.refresh_seconds)


def _endpoint(page: ConsolePage) -> Callable[..., Awaitable[Response]]:
    async def show(request: Request, signed_in: Seated, said: Name = "") -> Response:
        visit = _visit(request, signed_in, page)
        more = await page.show(visit)
        note_names(visit.door, signed_in, page, opens=True)
        return _shown(request, visit, page, signed_in, {"notice": _notice(visit.door, visit.who.agency, said), **more})

    return show


def _posted(page: ConsolePage) -> Callable[..., Awaitable[Response]]:
    posted = page.posted
    assert posted is not None  # noqa: S101  whoever adds the route has looked

    async def show(request: Request, signed_in: Seated) -> Response:
        visit = _visit(request, signed_in, page)
        if page.posting_weighs_most and not visit.door.sessions.is_fresh(signed_in.session):
            return prove_first(request, address_of(request))
        async with request.form(max_files=1, max_fields=MOST_FIELDS) as form:
            more = await posted(visit, form)
        if asks_for_page(request):
            return _shown(request, visit, page, signed_in, more)
        values = {**_frame_values(request, visit, page, signed_in), **more}
        return JSONResponse({"part": filled(TEMPLATES.render(page.part, values), visit.now)}, headers=HEADERS)

    return show


def _visit(request: Request, signed_in: SignedIn, page: ConsolePage) -> Visit:
    """Raises Problem (403) where somebody may not see the page, and Page where nothing can be seen yet."""
    check_right(signed_in.who, page.right)
    door = door_of(request)
    if not door.follower.ready:
        raise STARTING
    found = page_for(signed_in.who, address_of(request))
    return Visit(door, signed_in.who, door.clock.now(), found.path, found.params, found.query)


def _shown(
    request: Request, visit: Visit, page: ConsolePage, signed_in: SignedIn, more: Mapping[str, Any]
) -> HTMLResponse:
    boards: Boards = request.app.state.boards
    who = visit.who
    own, common = (boards.now(BoardKey(who.agency, who.roles, of)) for of in (address_of(request), frame.FRAME))
    values = {
        **_frame_values(request, visit, page, signed_in),
        "frame": common.regions,
        "regions": {name: region.markup for name, region in own.regions.items()},
        "broken": own.broken or common.broken,
        "notice": "",
        **more,
    }
    return HTMLResponse(filled(TEMPLATES.render(page.template, values), visit.now), headers=HEADERS)


def _frame_values(request: Request, visit: Visit, page: ConsolePage, signed_in: SignedIn) -> Mapping[str, Any]:
    theme = request.cookies.get(THEME_COOKIE, "")
    navigation = [other for other in PAGES if other.navigation and visit.may(other.right)]
    return {
        "page": page,
        "address": address_of(request),
        "who": visit.who,
        "may": visit.may,
        "seat": signed_in.session_hash[-SEAT_CHARACTERS:],
        "unnamed": unnamed(visit.who),
        "theme": theme if theme in THEMES else "",
        "fresh": visit.door.sessions.is_fresh(signed_in.session),
        "zone": visit.zone,
        "now": visit.now,
        "now_ms": round(visit.now.timestamp() * 1000),
        "districts": frame.districts(visit),
        "commands": commands_for(visit, navigation),
        "keys": KEYS,
        "navigation": navigation,
        "refresh_seconds": None,
    }


def _notice(door: ConsoleDoor, agency: str, command_id: str) -> str:
    """What became of the command that led back to this page."""
    if not command_id:
        return ""
    seen = door.commands.state_of(agency, command_id)
    words = {"done": "Done", "refused": "Not done", "held": "Waits for its call", "waiting": "Not answered yet"}
    return f"{words[seen.state]}. {seen.sentence}".rstrip() if seen.state in words else ""


async def _show_stop(request: Request, signed_in: Seated, district: Name = ALL, response: Name = "") -> Response:
    """The stop switch without a script: this page asks back, and its button acts. It needs nothing to be read."""
    check_right(signed_in.who, "pause")
    visit = Visit(door_of(request), signed_in.who, door_of(request).clock.now(), "/stop")
    return TEMPLATES.show("stop.html", switch=Switch.of(district, response or None), may=visit.may)
