"""The route of calendars. Programs ask again and again: where nothing has changed, they are told so without a body."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Annotated

from fastapi import FastAPI, Query, Request, Response

from services.pocket.calendar.book import CalendarBook
from services.pocket.calendar.show import own_events, whole_events
from services.pocket.calendar.text import TYPE, text_of
from shared.doors.pages import Page

CALENDARS_AT = "/cal"
SUFFIX = ".ics"
NO_CALENDAR = Page(
    404, "No calendar here", "This link was revoked, or never led anywhere. Ask for your calendar's link once more."
)


def add_calendars(app: FastAPI, read: Callable[[], CalendarBook]) -> None:
    """Add the route under `/cal`. `read` raises Page as long as not everything has been read."""

    @app.api_route(CALENDARS_AT + "/{token}" + SUFFIX, methods=["GET", "HEAD"])
    async def calendar(token: str, request: Request, team: Annotated[list[str], Query(max_length=20)] = []) -> Response:  # noqa: B006  # FastAPI's
        """A person's own shifts, or everybody's: then of the teams that are named, if any are."""
        book = read()
        link = book.link(token)
        if link is None:
            raise NO_CALENDAR
        rota = book.rota(link.agency)
        if link.whose == "own":
            text = text_of(f"{link.person_id} ({link.agency})", own_events(rota, link.person_id))
        else:
            text = text_of(f"Rota of {link.agency}", whole_events(rota, frozenset(team)))
        return answer(text, request.headers.get("if-none-match", ""))


def answer(text: bytes, seen: str) -> Response:
    """The text, or that it is the one that was seen."""
    tag = f'"{hashlib.blake2b(text, digest_size=16).hexdigest()}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    known = {each.strip().removeprefix("W/") for each in seen.split(",")}
    if tag in known or "*" in known:
        return Response(status_code=304, headers=headers)
    return Response(text, media_type=TYPE, headers=headers)
