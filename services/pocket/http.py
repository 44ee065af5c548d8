"""The door with the pocket page. `GET` shows and changes nothing; `POST` sends one command, waits, and leads back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, Literal

from fastapi import FastAPI, Form, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from starlette.exceptions import HTTPException

from services.pocket import pages
from services.pocket.config import PocketSettings
from services.pocket.pages import AWAY, GONE, OFFER_REFRESH_SECONDS, PAGES, Personal
from services.pocket.sealed_calls import SealedCalls
from services.pocket.view import CHANGES, Assignment, OfferLink, ShiftLink, View
from shared.clock import Clock
from shared.doors.answers import AnswerFollower
from shared.doors.command import CommandLog, LogAway
from shared.doors.guard import Bounds, Guard
from shared.doors.operations import operations_routes
from shared.doors.pages import HEADERS, Page
from shared.doors.serve import connected
from shared.engine.broker import Broker
from shared.events import (
    AcceptOffer,
    Command,
    CommandRefused,
    ConfirmMember,
    CorrectStatus,
    DeclineOffer,
    Disposition,
    ReportStatus,
    SignOff,
    TakeLateCall,
    child_id,
)
from shared.sealing import Sealer
from shared.topics import ASSIGNMENTS, NOTIFICATIONS

DOOR = "pocket"
FOLLOWED = (ASSIGNMENTS, NOTIFICATIONS)
ANSWER_SECONDS = 2.0
COMMAND_SECONDS = 60
MAX_FORM_BYTES = 4096

CallStatus = Literal["en-route", "staged", "on-scene", "need-police", "transporting", "cleared"]
Earlier = Literal["en-route", "staged", "on-scene"]
ShiftStatus = Literal["available", "out-of-service", "need-police"]
ReleasedStatus = Literal["available", "on-scene", "need-police"]
NOBODY = "nobody"
"""What a team answers that nobody has let in, and that is on scene all the same."""
PageAt = Annotated[int, Form(ge=0, lt=2**53)]
"""When the page that was tapped on was made, in milliseconds: two taps on one page are one command."""


@dataclass(frozen=True, slots=True)
class Door:
    """What the pages need."""

    broker: Broker
    follower: AnswerFollower
    view: View
    calls: SealedCalls
    clock: Clock

    def offer(self, token: str) -> OfferLink:
        """What an offer link leads to. Raises Page."""
        self._check_ready()
        link = self.view.offer_link(token, self.clock.now())
        if link is None:
            raise Page(404, "Nothing here", GONE)
        return link

    def shift(self, token: str) -> ShiftLink:
        """What a shift link leads to. Raises Page."""
        self._check_ready()
        link = self.view.shift_link(token, self.clock.now())
        if link is None:
            raise Page(404, "Nothing here", GONE)
        if link.shift.ended_at is not None:
            raise Page(410, "Your shift has ended", "Thank you. Sign on to get a new link.")
        return link

    def _check_ready(self) -> None:
        if not self.follower.ready:
            raise Page(503, "One moment", "careroute is starting and looks again by itself.", OFFER_REFRESH_SECONDS)

    def caller_of(self, request: Request) -> str | None:
        """The person whose link it is."""
        token, now = (*request.scope["path"].split("/"), "")[2], self.clock.now()
        if (offer := self.view.offer_link(token, now)) is not None:
            return f"{offer.offer.agency}/{offer.person_id}"
        shift = self.view.shift_link(token, now)
        return f"{shift.shift.agency}/{shift.person_id}" if shift else None

    async def act(self, agency: str, command: Command, back: str) -> Response:
        """Issue a command, and lead back to the page that shows its answer. Raises Page."""
        try:
            log = CommandLog(DOOR, self.broker, self.follower, self.clock)
            answer = await log.issue(agency, command, ANSWER_SECONDS)
        except LogAway:
            raise Page(503, "Not sent", AWAY) from None
        if answer is None:
            back += "?said=waiting"
        elif isinstance(answer, CommandRefused):
            back += f"?said={command.command_id}"
        return RedirectResponse(back, 303)

    def notice(self, said: str) -> str:
        """What became of the last tap, where the page does not show it anyway; `said` is what it led back with."""
        if said == "waiting":
            return "Sent, and not answered yet. This page looks again by itself."
        return self.view.refusal(said) or ""

    async def personal_of(self, assignment: Assignment) -> Personal:
        """The personal part of a team's call, and of the version that it accepted where another has come since."""
        if assignment.ended:
            return Personal({}, {})
        now = await self.calls.open(assignment.call_id, assignment.positions) or {}
        first = assignment.accepted_position
        if not first or assignment.positions[:1] == (first,):
            return Personal(now, {})
        return Personal(now, await self.calls.open(assignment.accepted_call_id, (first,)) or {})

    def issued(self, person_id: str, seconds: float = COMMAND_SECONDS) -> dict[str, Any]:
        """What every command says of its issue."""
        now = self.clock.now()
        return {"issued_by": person_id, "issued_at": now, "expires_at": now + timedelta(seconds=seconds)}

    async def close(self) -> None:
        """End following and reading."""
        await self.follower.stop()
        await self.calls.close()


def open_door(broker: Broker, clock: Clock, settings: PocketSettings) -> Door:
    """The door on a broker; nothing is read before its application starts."""
    view = View(settings.link_secret.get_secret_value())
    follower = AnswerFollower(broker, FOLLOWED, view.fold, frozenset(CHANGES))
    calls = SealedCalls(broker, Sealer(settings.sealing_key.get_secret_value()))
    return Door(broker, follower, view, calls, clock)


def create_app(door: Door, requests_in_flight: int = 256) -> FastAPI:
    """The door as an ASGI application; its lifespan follows the journals."""
    app = FastAPI(
        title="careroute pocket page",
        openapi_url=None,
        redirect_slashes=False,  # it would lead to whatever host the request names
        lifespan=lambda _: connected(door.broker, door.follower.start, door.close),
    )
    _offer_pages(app, door)
    _call_pages(app, door)
    _afterwards(app, door)
    _confirmation(app, door)
    _late_calls(app, door)
    _shift_pages(app, door)
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
    app.add_exception_handler(HTTPException, PAGES.respond)
    app.add_exception_handler(RequestValidationError, PAGES.respond)
    return app


def _offer_pages(app: FastAPI, door: Door) -> None:
    @app.get("/p/{token}")
    async def show(token: str, said: str = "", still: bool = False) -> Response:  # noqa: FBT001, FBT002  # a query
        link = door.offer(token)
        assignment = link.offer.assignment
        if assignment is not None:
            personal = await door.personal_of(assignment)
            return pages.call_page(link, assignment, personal, door.clock.now(), door.notice(said), still=still)
        return pages.offer_page(link, door.clock.now(), door.notice(said), still=still)

    @app.post("/p/{token}/accept")
    async def accept(token: str, eta_minutes: Annotated[int | None, Form(ge=0, le=240)] = None) -> Response:
        link, back = door.offer(token), f"/p/{token}"
        made = link.offer.made
        if not link.offer.open_at(door.clock.now()):
            return RedirectResponse(back, 303)
        command = AcceptOffer(
            command_id=child_id(made.offer_id, _acceptance(link, eta_minutes)),
            offer_id=made.offer_id,
            person_id=link.person_id,
            eta_minutes=eta_minutes,
            method_id=link.method_id,
            **door.issued(link.person_id) | {"expires_at": made.expires_at},
        )
        return await door.act(link.offer.agency, command, back)

    @app.post("/p/{token}/decline")
    async def decline(token: str) -> Response:
        link, back = door.offer(token), f"/p/{token}"
        made = link.offer.made
        if not link.offer.open_at(door.clock.now()):
            return RedirectResponse(back, 303)
        command = DeclineOffer(
            command_id=child_id(made.offer_id, f"decline/{link.person_id}"),
            offer_id=made.offer_id,
            person_id=link.person_id,
            method_id=link.method_id,
            **door.issued(link.person_id) | {"expires_at": made.expires_at},
        )
        return await door.act(link.offer.agency, command, back)


def _acceptance(link: OfferLink, eta_minutes: int | None) -> str:
    """Two taps are one command; but within a window the team may come to say another time."""
    is_window = link.offer.made.window
    return f"accept/{link.person_id}/{eta_minutes}" if is_window else f"accept/{link.person_id}"


def _call_pages(app: FastAPI, door: Door) -> None:
    @app.get("/p/{token}/clear")
    async def clear(token: str) -> Response:
        link = door.offer(token)
        assignment = link.offer.assignment
        if assignment is None or assignment.ended:
            return RedirectResponse(f"/p/{token}", 303)
        return pages.clear_page(link, door.clock.now())

    @app.post("/p/{token}/status")
    async def status(
        token: str,
        status: Annotated[CallStatus, Form()],
        page_at: PageAt,
        disposition: Annotated[Disposition | None, Form()] = None,
        released_by: Annotated[str | None, Form(max_length=200)] = None,
    ) -> Response:
        link, back = door.offer(token), f"/p/{token}"
        assignment = link.offer.assignment
        if assignment is None or assignment.ended:
            return RedirectResponse(back, 303)
        if (status == "cleared") == (disposition is None):
            raise Page(422, "How did it end?", "Go back and choose how the call ended.")
        if status == "on-scene" and released_by is None and pages.waits_to_enter(link.offer, assignment):
            return pages.enter_page(link, door.clock.now())
        command = ReportStatus(
            command_id=child_id(link.offer.made.offer_id, f"{status}/{disposition}/{link.person_id}/{page_at}"),
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
    async def ask_where(token: str) -> Response:
        link = door.offer(token)
        assignment = link.offer.assignment
        if assignment is None or assignment.ended:
            return RedirectResponse(f"/p/{token}", 303)
        return pages.correct_page(link, assignment, door.clock.now())

    @app.post("/p/{token}/correct")
    async def correct(token: str, status: Annotated[Earlier, Form()], page_at: PageAt) -> Response:
        link, back = door.offer(token), f"/p/{token}"
        assignment = link.offer.assignment
        if assignment is None or assignment.ended:
            return RedirectResponse(back, 303)
        command = CorrectStatus(
            command_id=child_id(link.offer.made.offer_id, f"correct/{status}/{link.person_id}/{page_at}"),
            team_id=assignment.team_id,
            status=status,
            call_id=assignment.call_id,
            **door.issued(link.person_id),
        )
        return await door.act(link.offer.agency, command, back)

    @app.post("/p/{token}/released")
    async def released(token: str, status: Annotated[ReleasedStatus, Form()], page_at: PageAt) -> Response:
        link, back = door.offer(token), f"/p/{token}"
        assignment = link.offer.assignment
        if assignment is None or not assignment.acknowledge:
            return RedirectResponse(back, 303)
        command = ReportStatus(
            command_id=child_id(link.offer.made.offer_id, f"released/{status}/{link.person_id}/{page_at}"),
            team_id=assignment.team_id,
            status=status,
            **door.issued(link.person_id),
        )
        return await door.act(link.offer.agency, command, back)


def _confirmation(app: FastAPI, door: Door) -> None:
    @app.post("/s/{token}/confirm")
    async def confirm(token: str, page_at: PageAt) -> Response:
        link, back = door.shift(token), f"/s/{token}"
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
    async def take_late_call(token: str, page_at: PageAt, call_id: Annotated[str, Form(max_length=500)]) -> Response:
        link = door.shift(token)
        if not link.confirmed:
            return RedirectResponse(f"/s/{token}", 303)
        signed_on = link.shift.signed_on
        command = TakeLateCall(
            command_id=child_id(signed_on.shift_id, f"late/{call_id}/{link.person_id}/{page_at}"),
            call_id=call_id,
            team_id=signed_on.team_id,
            person_id=link.person_id,
            **door.issued(link.person_id),
        )
        return await door.act(link.shift.agency, command, f"/s/{token}")


def _shift_pages(app: FastAPI, door: Door) -> None:
    @app.get("/s/{token}")
    async def show(token: str, said: str = "", still: bool = False) -> Response:  # noqa: FBT001, FBT002  # a query
        link, now = door.shift(token), door.clock.now()
        if not link.confirmed:
            return pages.confirm_page(link, now, door.notice(said))
        return pages.shift_page(link, now, door.notice(said), still=still)

    @app.post("/s/{token}/status")
    async def status(token: str, status: Annotated[ShiftStatus, Form()], page_at: PageAt) -> Response:
        link = door.shift(token)
        if not link.confirmed and status != "need-police":
            return RedirectResponse(f"/s/{token}", 303)
        signed_on = link.shift.signed_on
        command = ReportStatus(
            command_id=child_id(signed_on.shift_id, f"{status}/{link.person_id}/{page_at}"),
            team_id=signed_on.team_id,
            status=status,
            **door.issued(link.person_id),
        )
        return await door.act(link.shift.agency, command, f"/s/{token}")

    @app.get("/s/{token}/sign-off")
    async def ask(token: str) -> Response:
        link = door.shift(token)
        if not link.confirmed:
            return RedirectResponse(f"/s/{token}", 303)
        return pages.sign_off_page(link, door.clock.now())

    @app.post("/s/{token}/sign-off")
    async def sign_off(token: str, page_at: PageAt) -> Response:
        link = door.shift(token)
        if not link.confirmed:
            return RedirectResponse(f"/s/{token}", 303)
        signed_on = link.shift.signed_on
        command = SignOff(
            command_id=child_id(signed_on.shift_id, f"sign-off/{link.person_id}/{page_at}"),
            team_id=signed_on.team_id,
            **door.issued(link.person_id),
        )
        return await door.act(link.shift.agency, command, f"/s/{token}")
