"""The door with the pocket page. `GET` shows and changes nothing; `POST` sends one command, waits, and leads back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import FastAPI, Form, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.exceptions import HTTPException

from services.pocket import words
from services.pocket.sealed_calls import SealedCalls
from services.pocket.view import Assignment, Offer, OfferLink, ShiftLink, View
from shared.clock import Clock
from shared.doors.operations import operations_router
from shared.doors.serve import APPEND_SECONDS, send
from shared.engine.broker import Broker, BrokerUnavailable
from shared.engine.follower import Follower
from shared.events import (
    AcceptOffer,
    Command,
    CommandRefused,
    CorrectStatus,
    DeclineOffer,
    Disposition,
    ReportStatus,
    SignOff,
    child_id,
)
from shared.telemetry import REQUEST_SECONDS, REQUESTS

DOOR = "pocket"
HERE = Path(__file__).parent
ANSWER_SECONDS = 2.0
COMMAND_SECONDS = 60
ORDER = ("en-route", "staged", "on-scene", "transporting")
NOBODY = "nobody"
"""What a team answers that nobody has let in, and that is on scene all the same."""
PLACES = ("address", "position")
MAX_FORM_BYTES = 4096
OFFER_REFRESH_SECONDS, SHIFT_REFRESH_SECONDS, CALL_REFRESH_SECONDS, MESSAGE_REFRESH_SECONDS = 5, 4, 10, 8
ETA_MINUTES = (5, 10, 15, 20, 30, 45)
GONE = "This link has come to its end, or never led anywhere. Open your newest message, or ask the dispatcher by radio."
AWAY = "careroute cannot be reached just now, and what you tapped may not have counted. Tell the dispatcher by radio."

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src data:; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
}

CallStatus = Literal["en-route", "staged", "on-scene", "need-police", "transporting", "cleared"]
Earlier = Literal["en-route", "staged", "on-scene"]
ShiftStatus = Literal["available", "out-of-service", "need-police"]
ReleasedStatus = Literal["available", "on-scene", "need-police"]
PageAt = Annotated[int, Form(ge=0, lt=2**53)]
"""When the page that was tapped on was made, in milliseconds: two taps on one page are one command."""


class Page(Exception):
    """A page instead of what was asked for."""

    def __init__(self, status: int, heading: str, sentence: str, refresh_seconds: int | None = None) -> None:
        super().__init__(heading)
        self.status, self.heading, self.sentence, self.refresh_seconds = status, heading, sentence, refresh_seconds


@dataclass(frozen=True, slots=True)
class Door:
    """What the pages need."""

    broker: Broker
    follower: Follower
    view: View
    calls: SealedCalls
    clock: Clock

    def offer(self, token: str) -> OfferLink:
        """What an offer link leads to."""
        self._check_ready()
        link = self.view.offer_link(token, self.clock.now())
        if link is None:
            raise Page(404, "Nothing here", GONE)
        return link

    def shift(self, token: str) -> ShiftLink:
        """What a shift link leads to."""
        self._check_ready()
        link = self.view.shift_link(token, self.clock.now())
        if link is None:
            raise Page(404, "Nothing here", GONE)
        if link.shift.ended_at is not None:
            raise Page(410, "Your shift has ended", "Thank you. Sign on to get a new link.")
        return link

    def _check_ready(self) -> None:
        if not self.follower.caught_up:
            raise Page(503, "One moment", "careroute is starting and looks again by itself.", OFFER_REFRESH_SECONDS)

    async def act(self, agency: str, command: Command, back: str) -> Response:
        """Send a command, wait for its answer for two seconds at most, and lead back to the page that shows it."""
        began = self.clock.monotonic()
        try:
            async with asyncio.timeout(APPEND_SECONDS):
                await send(self.broker, agency, command, self.clock, DOOR)
        except (BrokerUnavailable, TimeoutError):
            raise Page(503, "Not sent", AWAY) from None
        left_seconds = ANSWER_SECONDS - (self.clock.monotonic() - began)
        answer = await self.follower.answer(command.command_id, max(left_seconds, 0.1))
        if answer is None:
            back += "?said=waiting"
        elif isinstance(answer, CommandRefused):
            back += f"?said={command.command_id}"
        return RedirectResponse(back, 303)

    def said(self, said: str) -> str:
        """What became of the last tap, where the page does not show it anyway."""
        if said == "waiting":
            return "Sent, and not answered yet. This page looks again by itself."
        return self.view.refusal(said) or ""

    def issued(self, person_id: str, seconds: float = COMMAND_SECONDS) -> dict[str, Any]:
        """What every command says of its issue."""
        now = self.clock.now()
        return {"issued_by": person_id, "issued_at": now, "expires_at": now + timedelta(seconds=seconds)}


def create_app(door: Door) -> FastAPI:
    """The door as an ASGI application; somebody else starts and stops the follower."""
    app = FastAPI(title="careroute pocket page", openapi_url=None)
    app.include_router(operations_router(lambda: door.follower.caught_up))
    app.middleware("http")(_guard(door.clock))
    _errors(app)
    _offer_pages(app, door)
    _call_pages(app, door)
    _afterwards(app, door)
    _shift_pages(app, door)
    style = (HERE / "static" / "pocket.css").read_text("utf-8")
    app.add_api_route("/pocket.css", lambda: Response(style, media_type="text/css"), methods=["GET"])
    return app


def _offer_pages(app: FastAPI, door: Door) -> None:
    @app.get("/p/{token}")
    async def show(token: str, said: str = "", still: bool = False) -> Response:  # noqa: FBT001, FBT002  # a query
        link = door.offer(token)
        assignment = link.offer.assignment
        if assignment is not None:
            return await _call_page(door, link, assignment, door.said(said), still=still)
        return _offer_page(door, link, door.said(said), still=still)

    @app.post("/p/{token}/accept")
    async def accept(token: str, eta_minutes: Annotated[int | None, Form(ge=0, le=240)] = None) -> Response:
        link, back = door.offer(token), f"/p/{token}"
        made = link.offer.made
        if not link.offer.open_at(door.clock.now()):
            return RedirectResponse(back, 303)
        command = AcceptOffer(
            command_id=child_id(made.offer_id, f"accept/{link.person_id}"),
            offer_id=made.offer_id,
            person_id=link.person_id,
            eta_minutes=eta_minutes,
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
            **door.issued(link.person_id) | {"expires_at": made.expires_at},
        )
        return await door.act(link.offer.agency, command, back)


def _call_pages(app: FastAPI, door: Door) -> None:
    @app.get("/p/{token}/clear")
    async def clear(token: str) -> Response:
        link = door.offer(token)
        assignment = link.offer.assignment
        if assignment is None or assignment.ended:
            return RedirectResponse(f"/p/{token}", 303)
        return _page("clear.html", link=link, dispositions=words.DISPOSITIONS, page_at=_page_at(door))

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
        if status == "on-scene" and released_by is None and _is_held(link.offer, assignment):
            return _page("enter.html", link=link, page_at=page_at)
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
        return _page("correct.html", link=link, earlier=_earlier(link.offer, assignment), page_at=_page_at(door))

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


def _shift_pages(app: FastAPI, door: Door) -> None:
    @app.get("/s/{token}")
    async def show(token: str, said: str = "", still: bool = False) -> Response:  # noqa: FBT001, FBT002  # a query
        return _shift_page(door, door.shift(token), door.said(said), still=still)

    @app.post("/s/{token}/status")
    async def status(token: str, status: Annotated[ShiftStatus, Form()], page_at: PageAt) -> Response:
        link = door.shift(token)
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
        return _page("sign-off.html", link=door.shift(token), page_at=_page_at(door))

    @app.post("/s/{token}/sign-off")
    async def sign_off(token: str, page_at: PageAt) -> Response:
        link = door.shift(token)
        signed_on = link.shift.signed_on
        command = SignOff(
            command_id=child_id(signed_on.shift_id, f"sign-off/{link.person_id}/{page_at}"),
            team_id=signed_on.team_id,
            **door.issued(link.person_id),
        )
        return await door.act(link.shift.agency, command, f"/s/{token}")


# --- what is shown --------------------------------------------------------------------------------------------------


def _offer_page(door: Door, link: OfferLink, said: str, *, still: bool) -> Response:
    offer = link.offer
    waiting = offer.open_at(door.clock.now()) or not offer.outcome
    return _page(
        "offer.html",
        url=f"/p/{link.token}",
        refresh_seconds=_refresh(OFFER_REFRESH_SECONDS, said) if waiting else None,
        still=still,
        said=said,
        card=_offer_card(door, offer, link.token),
    )


def _offer_card(door: Door, offer: Offer, token: str) -> dict[str, Any]:
    """An offer as templates show it."""
    now, made = door.clock.now(), offer.made
    return {
        "token": token,
        "offer": offer,
        "open": offer.open_at(now),
        "left_seconds": max(0, int((made.expires_at - now).total_seconds())),
        "whole_seconds": max(1, int((made.expires_at - offer.made_at).total_seconds())),
        "etas": ETA_MINUTES,
    }


async def _call_page(door: Door, link: OfferLink, assignment: Assignment, said: str, *, still: bool) -> Response:
    personal: dict[str, str] | None = None
    before: dict[str, str] = {}
    now = door.clock.now()
    if not assignment.ended:
        personal = await door.calls.open(assignment.call_id, assignment.positions)
        before = await _before(door, assignment, personal or {})
    next_step, further = _steps(link.offer, assignment)
    return _page(
        "call.html",
        url=f"/p/{link.token}",
        refresh_seconds=None if assignment.ended else _refresh(CALL_REFRESH_SECONDS, said),
        still=still,
        said=said,
        token=link.token,
        offer=link.offer,
        assignment=assignment,
        personal=_in_order(personal or {}),
        before=before,
        changed_ago=words.minutes((now - (assignment.changed_at or now)).total_seconds()),
        next=next_step,
        further=further,
        earlier=_earlier(link.offer, assignment),
        ago=words.minutes((now - assignment.accepted_at).total_seconds()),
        page_at=_page_at(door),
    )


async def _before(door: Door, assignment: Assignment, personal: dict[str, str]) -> dict[str, str]:
    """Where the call was when the team accepted it, as far as it is somewhere else by now."""
    first = assignment.accepted_position
    if not first or assignment.positions[:1] == (first,):
        return {}
    accepted = await door.calls.open(assignment.call_id, (first,)) or {}
    return {name: accepted[name] for name in PLACES if name in accepted and accepted[name] != personal.get(name)}


def _is_held(offer: Offer, assignment: Assignment) -> bool:
    """Whether the team waits to be let in."""
    arrived = assignment.status in ("on-scene", "transporting")
    return bool(offer.made.enters_when) and not assignment.may_enter and not arrived


def _steps(offer: Offer, assignment: Assignment) -> tuple[tuple[str, str] | None, list[tuple[str, str]]]:
    """The step that comes next, if it has a button of its own, and those after it."""
    order = [status for status in ORDER if status != "staged" or offer.made.enters_when]
    place = order.index(assignment.status) if assignment.status in order else -1
    steps = [(status, words.STATUSES[status]) for status in order[place + 1 :]]
    if assignment.status in ("on-scene", "transporting"):
        return None, steps
    return steps[0], steps[1:]


def _earlier(offer: Offer, assignment: Assignment) -> list[str]:
    """Where the team may have been all along, if it said too much."""
    order = [status for status in ORDER if status != "staged" or offer.made.enters_when]
    return order[: order.index(assignment.status)] if assignment.status in order else []


def _in_order(personal: dict[str, str]) -> dict[str, str]:
    """The opened texts, those that help to get there first; empty ones left out."""
    names = [*words.PERSONAL, *(name for name in sorted(personal) if name not in words.PERSONAL)]
    return {name: personal[name] for name in names if personal.get(name)}


def _shift_page(door: Door, link: ShiftLink, said: str, *, still: bool) -> Response:
    now, shift = door.clock.now(), link.shift
    offers = link.agency.offers(shift.signed_on.team_id)
    cards = [_offer_card(door, offer, link.agency.token(offer, link.person_id)) for offer in offers]
    return _page(
        "shift.html",
        url=f"/s/{link.token}",
        refresh_seconds=_refresh(SHIFT_REFRESH_SECONDS, said),
        still=still,
        said=said,
        link=link,
        left=words.minutes((shift.signed_on.shift_ends_at - now).total_seconds()),
        calls=[card for card in cards if card["offer"].assignment and not card["offer"].assignment.ended],
        open_offers=[card for card in cards if card["open"]],
        past=[card for card in cards if not card["open"] and _is_past(card["offer"])],
        page_at=_page_at(door),
    )


def _is_past(offer: Offer) -> bool:
    return offer.assignment is None or bool(offer.assignment.ended)


def _refresh(seconds: int, said: str) -> int:
    """A message stays long enough to be read."""
    return MESSAGE_REFRESH_SECONDS if said else seconds


def _page_at(door: Door) -> int:
    return int(door.clock.now().timestamp() * 1000)


TEMPLATES = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=True,
    auto_reload=False,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
TEMPLATES.globals["words"] = words


def _page(template: str, status: int = 200, **values: Any) -> HTMLResponse:
    shown = {"url": "", "refresh_seconds": None, "still": False, "said": "", **values}
    return HTMLResponse(TEMPLATES.get_template(template).render(shown), status)


# --- what holds for every request -----------------------------------------------------------------------------------


def _guard(clock: Clock) -> Callable[[Request, Callable[[Request], Awaitable[Response]]], Awaitable[Response]]:
    async def guard(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        began = clock.monotonic()
        length = request.headers.get("content-length", "0")
        if "transfer-encoding" in request.headers or not length.isdigit() or int(length) > MAX_FORM_BYTES:
            response: Response = _message(Page(413, "Too much", "The form is larger than any form of ours."))
        else:
            response = await call_next(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        path = getattr(request.scope.get("route"), "path", "unknown")  # the pattern: no token gets into a metric
        REQUESTS.labels(DOOR, path, str(response.status_code)).inc()
        REQUEST_SECONDS.labels(DOOR).observe(clock.monotonic() - began)
        return response

    return guard


def _errors(app: FastAPI) -> None:
    @app.exception_handler(Page)
    async def instead(request: Request, page: Page) -> Response:
        return _message(page, url=request.url.path if page.refresh_seconds else "")

    @app.exception_handler(RequestValidationError)
    async def wrong_form(_request: Request, _error: RequestValidationError) -> Response:
        return _message(Page(422, "Not understood", "Go back, load the page again, and try once more."))

    @app.exception_handler(HTTPException)
    async def wrong_path(_request: Request, error: HTTPException) -> Response:
        return _message(Page(error.status_code, "Nothing here", GONE))


def _message(page: Page, url: str = "") -> Response:
    return _page(
        "message.html",
        page.status,
        url=url,
        refresh_seconds=page.refresh_seconds,
        heading=page.heading,
        sentence=page.sentence,
    )
