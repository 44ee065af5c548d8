"""Links to calendars: a person's own shifts, and everybody's."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from services.console.api import bodies
from services.console.api.issue import Answered
from services.console.api.problems import RESPONSES, ProblemDetails
from services.console.api.routes_commands import Issuer, issuing
from services.console.api.routes_reads import Reading, reading_with, register_of
from services.console.config import ConsoleSettings
from services.console.view.agency import AgencyView
from shared import events
from shared.call import Name
from shared.doors.problems import Problem
from shared.events import LinkHandedOut
from shared.links import CalendarOf, calendar_link, calendar_token

router = APIRouter(prefix="/v1", tags=["rota"], responses=RESPONSES)


class CalendarsSeen(BaseModel):
    """Where a calendar program subscribes. Whoever has a link sees what it shows; it lets nobody act."""

    person_id: str
    own: str = Field(description="the person's own shifts")
    whole: str = Field(description="everybody's; `?team=…` behind it, several times even, for some teams alone")


@router.get("/rota/calendars", responses={404: {"model": ProblemDetails}})
async def show_own_calendars(request: Request, reading: Annotated[Reading, reading_with("read")]) -> CalendarsSeen:
    """The links to your calendars."""
    return handed_out(request, reading, reading.who.name)


@router.get("/rota/calendars/{person_id}", responses={404: {"model": ProblemDetails}})
async def show_calendars(
    request: Request, reading: Annotated[Reading, reading_with("read-people")], person_id: Name
) -> CalendarsSeen:
    """The links to somebody's calendars, to be handed to them."""
    return handed_out(request, reading, person_id)


@router.post("/people/{person_id}/revoke-calendar", responses={409: {"model": ProblemDetails}})
async def revoke_calendar(
    issuer: Annotated[Issuer, issuing("revoke-links")], person_id: Name, body: bodies.ReasonedBody
) -> Answered:
    """End a person's links to calendars, and none besides; staff end their own."""
    issuer.of_own_or_vouching(person_id)
    return await issuer.issue(events.RevokeCalendar, {"person_id": person_id, **body.fields()})


def handed_out(request: Request, reading: Reading, person_id: str) -> CalendarsSeen:
    """Somebody's links, and an entry in the audit log. Raises Problem (404)."""
    links = calendars_of(request.app.state.settings, reading.who.agency, reading.seen, person_id)
    register_of(request).note(LinkHandedOut, reading.who.asker, what="calendar", person_id=person_id)
    return links


def calendars_of(settings: ConsoleSettings, agency: str, seen: AgencyView, person_id: str) -> CalendarsSeen:
    """The links of somebody who is on the books. Raises Problem (404)."""
    if person_id not in seen.people:
        raise Problem(HTTPStatus.NOT_FOUND, f"There is no {person_id} among the staff.")

    def link(whose: CalendarOf) -> str:
        generations = seen.link_generations.get(person_id, 0), seen.calendar_generations.get(person_id, 0)
        token = calendar_token(settings.link_secret.get_secret_value(), agency, person_id, whose, *generations)
        return calendar_link(settings.pocket_url, token)

    return CalendarsSeen(person_id=person_id, own=link("own"), whole=link("whole"))
