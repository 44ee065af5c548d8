"""The door with the pocket page. `GET` shows and changes nothing; `POST` sends one command, waits, and leads back."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Depends, FastAPI, Form, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from starlette.exceptions import HTTPException

from services.pocket import pages
from services.pocket.acceptance import accept_id, decline_id
from services.pocket.calendar.http import add_calendars
from services.pocket.door import DOOR, Door, PageAt
from services.pocket.me.http import add_own_pages
from services.pocket.pages import AWAY, PAGES, Back, Still
from services.pocket.rolls import add_roll_pages
from shared.doors.audit import Approach
from shared.doors.guard import Bounds, Guard, handler_of
from shared.doors.operations import operations_routes
from shared.doors.pages import HEADERS, STILL, Page
from shared.events import (
    AcceptOffer,
    ConfirmMember,
    CorrectStatus,
    DeclineOffer,
    Disposition,
    ReportStatus,
    SignOff,
    TakeLateCall,
    child_id,
)

MAX_FORM_BYTES = 4096

CallStatus = Literal["en-route", "staged", "on-scene", "need-police", "transporting", "cleared"]
Earlier = Literal["en-route", "staged", "on-scene"]
ShiftStatus = Literal["available", "out-of-service", "need-police", "on-scene", "transporting"]
ReleasedStatus = Literal["available", "on-scene", "need-police"]
NOBODY = "nobody"
"""What a team answers that nobody has let in, and that is on scene all the same."""


def create_app(door: Door, requests_in_flight: int = 256) -> FastAPI:
    """The door as an ASGI application; its lifespan follows the journals."""
    app = FastAPI(
        title="careroute pocket page",
        openapi_url=None,
        redirect_slashes=False,  # it would lead to whatever host the request names
        lifespan=lambda _: door.lifespan(),
        dependencies=[Depends(door.check_holder)],
    )
    _offer_pages(app, door)
    _call_pages(app, door)
    _afterwards(app, door)
    _confirmation(app, door)
    _late_calls(app, door)
    _shift_pages(app, door)
    add_own_pages(app, door)
    add_roll_pages(app, door)
    add_calendars(app, door.calendars)
    app.router.routes += [PAGES.style_route(), *operations_routes(lambda: door.follower.ready)]
    app.add_middleware(
        Guard,
        door=DOOR,
        clock=door.clock,
        bounds=Bounds(requests_in_flight, MAX_FORM_BYTES),
        caller_of=door.caller_of,
        respond=PAGES.respond,
        failure=AWAY,
        headers=HEADERS,
    )
    app.add_exception_handler(HTTPException, handler_of(PAGES.respond))
    app.add_exception_handler(RequestValidationError, handler_of(PAGES.respond))
    return app


def _offer_pages(app: FastAPI, door: Door) -> None:
    @app.get("/p/{token}")
    async def show(request: Request, token: str, still: Still, said: str = "") -> Response:
        link = door.offer(token)
        assignment = link.offer.assignment
        if assignment is not None:
            personal = await door.personal_of(link, assignment, Approach.of(request, "link"))
            return pages.call_page(link, assignment, personal, door.clock.now(), door.notice(said), still=still)
        return pages.offer_page(link, door.clock.now(), door.notice(said), still=still)

    @app.post("/p/{token}/accept")
    async def accept(token: str, back: Back, eta_minutes: Annotated[int | None, Form(ge=0, le=240)] = None) -> Response:
        link = door.offer(token)
        made = link.offer.made
        if not link.offer.open_at(door.clock.now()):
            return RedirectResponse(back, 303)
        command = AcceptOffer(
            command_id=door.until_answered(accept_id(made.offer_id, link.person_id, made, eta_minutes)),
            offer_id=made.offer_id,
            person_id=link.person_id,
            eta_minutes=eta_minutes,
            method_id=link.method_id,
            **door.issued(link.person_id) | {"expires_at": made.expires_at},
        )
        return await door.act(link.offer.agency, command, back)

    @app.post("/p/{token}/decline")
    async def decline(token: str, back: Back) -> Response:
        link = door.offer(token)
        made = link.offer.made
        if not link.offer.open_at(door.clock.now()):
            return RedirectResponse(back, 303)
        command = DeclineOffer(
            command_id=door.until_answered(decline_id(made.offer_id, link.person_id)),
            offer_id=made.offer_id,
            person_id=link.person_id,
            method_id=link.method_id,
            **door.issued(link.person_id) | {"expires_at": made.expires_at},
        )
        return await door.act(link.offer.agency, command, back)


def _call_pages(app: FastAPI, door: Door) -> None:
    @app.get("/p/{token}/clear")
    async def clear(token: str, back: Back, still: Still) -> Response:
        link = door.offer(token)
        assignment = link.offer.assignment
        if assignment is None or assignment.ended:
            return RedirectResponse(back, 303)
        return pages.clear_page(link, door.clock.now(), still=still)

    @app.get("/p/{token}/enter")
    async def enter(token: str, back: Back, still: Still) -> Response:
        link = door.offer(token)
        assignment = link.offer.assignment
        if assignment is None or assignment.ended or not pages.waits_to_enter(link.offer, assignment):
            return RedirectResponse(back, 303)
        return pages.enter_page(link, assignment, door.clock.now(), still=still)

    @app.post("/p/{token}/status")
    async def status(
        token: str,
        back: Back,
        still: Still,
        *,
        status: Annotated[CallStatus, Form()],
        page_at: PageAt,
        disposition: Annotated[Disposition | None, Form()] = None,
        released_by: Annotated[str | None, Form(max_length=200)] = None,
        upgrades: Annotated[int, Form(ge=0, lt=2**31)] = 0,
    ) -> Response:
        link = door.offer(token)
        assignment = link.offer.assignment
        if assignment is None or assignment.ended:
            return RedirectResponse(back, 303)
        if (status == "cleared") == (disposition is None):
            raise Page(422, "How did it end?", "Go back and choose how the call ended.")
        is_old = released_by != NOBODY and upgrades != assignment.upgrades  # what was not known lets nobody in
        if status == "on-scene" and (released_by is None or is_old) and pages.waits_to_enter(link.offer, assignment):
            return RedirectResponse(f"/p/{token}/enter{STILL if still else ''}", 303)
        command = ReportStatus(
            command_id=door.report_id(link.offer.made.offer_id, f"{status}/{disposition}/{link.person_id}", page_at),
            team_id=assignment.team_id,
            status=status,
            call_id=assignment.call_id,
            disposition=disposition,
            released_by=None if released_by == NOBODY else released_by,
            **door.issued(link.person_id),
        )
        return await door.act(link.offer.agency, command, back)


def _afterwards(app: FastAPI, door: Door) -> None:
    @app.get("/p/{token}/correct")
    async def ask_where(token: str, back: Back, still: Still) -> Response:
        link = door.offer(token)
        assignment = link.offer.assignment
        if assignment is None or assignment.ended:
            return RedirectResponse(back, 303)
        return pages.correct_page(link, assignment, door.clock.now(), still=still)

    @app.post("/p/{token}/correct")
    async def correct(token: str, back: Back, status: Annotated[Earlier, Form()], page_at: PageAt) -> Response:
        link = door.offer(token)
        assignment = link.offer.assignment
        if assignment is None or assignment.ended:
            return RedirectResponse(back, 303)
        command = CorrectStatus(
            command_id=door.report_id(link.offer.made.offer_id, f"correct/{status}/{link.person_id}", page_at),
            team_id=assignment.team_id,
            status=status,
            call_id=assignment.call_id,
            **door.issued(link.person_id),
        )
        return await door.act(link.offer.agency, command, back)

    @app.post("/p/{token}/released")
    async def released(token: str, back: Back, status: Annotated[ReleasedStatus, Form()], page_at: PageAt) -> Response:
        link = door.offer(token)
        assignment = link.offer.assignment
        if assignment is None or not assignment.acknowledge:
            return RedirectResponse(back, 303)
        command = ReportStatus(
            command_id=door.report_id(link.offer.made.offer_id, f"released/{status}/{link.person_id}", page_at),
            team_id=assignment.team_id,
            status=status,
            **door.issued(link.person_id),
        )
        return await door.act(link.offer.agency, command, back)


def _confirmation(app: FastAPI, door: Door) -> None:
    @app.post("/s/{token}/confirm")
    async def confirm(token: str, back: Back, page_at: PageAt) -> Response:
        link = door.shift(token)
        if link.confirmed:
            return RedirectResponse(back, 303)
        signed_on = link.shift.signed_on
        command = ConfirmMember(
            command_id=child_id(signed_on.shift_id, f"confirm/{link.person_id}/{page_at}"),
            team_id=signed_on.team_id,
            person_id=link.person_id,
            **door.issued(link.person_id),
        )
        return await door.act(link.shift.agency, command, back)


def _late_calls(app: FastAPI, door: Door) -> None:
    @app.post("/s/{token}/late")
    async def take_late_call(
        token: str, back: Back, page_at: PageAt, call_id: Annotated[str, Form(max_length=500)]
    ) -> Response:
        link = door.shift(token)
        if not link.confirmed:
            return RedirectResponse(back, 303)
        signed_on = link.shift.signed_on
        command = TakeLateCall(
            command_id=child_id(signed_on.shift_id, f"late/{call_id}/{link.person_id}/{page_at}"),
            call_id=call_id,
            team_id=signed_on.team_id,
            person_id=link.person_id,
            **door.issued(link.person_id),
        )
        return await door.act(link.shift.agency, command, back)


def _shift_pages(app: FastAPI, door: Door) -> None:
    @app.get("/s/{token}")
    async def show(token: str, still: Still, said: str = "") -> Response:
        link, now = door.shift(token), door.clock.now()
        if not link.confirmed:
            return pages.confirm_page(link, now, door.notice(said), still=still)
        return pages.shift_page(link, now, door.notice(said), still=still)

    @app.post("/s/{token}/status")
    async def status(token: str, back: Back, status: Annotated[ShiftStatus, Form()], page_at: PageAt) -> Response:
        link = door.shift(token)
        if not link.confirmed and status != "need-police":
            return RedirectResponse(back, 303)
        signed_on = link.shift.signed_on
        command = ReportStatus(
            command_id=door.report_id(signed_on.shift_id, f"{status}/{link.person_id}", page_at),
            team_id=signed_on.team_id,
            status=status,
            **door.issued(link.person_id),
        )
        return await door.act(link.shift.agency, command, back)

    @app.get("/s/{token}/sign-off")
    async def ask(token: str, back: Back, still: Still) -> Response:
        link = door.shift(token)
        if not link.confirmed:
            return RedirectResponse(back, 303)
        return pages.sign_off_page(link, door.clock.now(), still=still)

    @app.post("/s/{token}/sign-off")
    async def sign_off(token: str, back: Back, page_at: PageAt) -> Response:
        link = door.shift(token)
        if not link.confirmed:
            return RedirectResponse(back, 303)
        signed_on = link.shift.signed_on
        command = SignOff(
            command_id=child_id(signed_on.shift_id, f"sign-off/{link.person_id}/{page_at}"),
            team_id=signed_on.team_id,
            **door.issued(link.person_id),
        )
        return await door.act(link.shift.agency, command, back)
