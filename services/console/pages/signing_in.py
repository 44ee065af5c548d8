"""Signing in and out: by a token that is typed, or by a link that works once. `GET` changes nothing here either."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import Annotated, Literal, get_args

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import AwareDatetime, BaseModel, Field

from services.console.api.access import Asking, may
from services.console.api.problems import RESPONSES
from services.console.pages.look import PAGES
from services.console.pages.seat import COOKIE, ENTER, door_of, from_own_page, own_address, session_of
from services.console.pages.sessions import LINK_LIFE
from shared.agencies import hash_of
from shared.doors.audit import Approach
from shared.doors.guard import bearer_of
from shared.doors.pages import Page
from shared.events import Identified, SignedIn, SignedOut
from shared.telemetry import WRONG_TOKENS

router = APIRouter(include_in_schema=False, dependencies=[Depends(from_own_page)])
api = APIRouter(prefix="/v1", tags=["signing in"], responses=RESPONSES)

UNKNOWN_TOKEN = "This token is not known here."  # noqa: S105  # a sentence
USED_UP = Page(
    HTTPStatus.NOT_FOUND,
    "This link is used up",
    "It works once, and for a quarter of an hour. Sign in with your token, or make another link.",
)
TOO_MANY = "Too many wrong tokens came from your address; look for the right one, and wait."
Theme = Literal["dark", "light"]
THEMES = get_args(Theme)
THEME_COOKIE, THEME_SECONDS = "careroute-theme", 400 * 86_400

Token = Annotated[str, Form(max_length=400)]
Address = Annotated[str, Form(max_length=2000)]


class SignInLink(BaseModel):
    """A link that signs its person in at a browser, once."""

    path: str = Field(description="behind the address of this door")
    until: AwareDatetime


@api.post("/people/me/sign-in-link", status_code=HTTPStatus.CREATED)
async def make_link(request: Request, _who: Annotated[Asking, Depends(may("read"))]) -> SignInLink:
    """Make a link that signs you in at a browser, once, within a quarter of an hour. Whoever opens it is you."""
    door = door_of(request)
    path = f"{ENTER}/{door.sessions.make_link(bearer_of(request))}"
    return SignInLink(path=path, until=door.clock.now() + LINK_LIFE)


@router.get(ENTER)
async def ask(request: Request, to: str = "/") -> Response:
    """The page that asks for a token."""
    return _asks(request, to)


def _asks(request: Request, to: str, status: int = HTTPStatus.OK, wrong: str = "") -> Response:
    return PAGES.show(
        "sign_in.html",
        status,
        to=own_address(to),
        wrong=wrong,
        again=session_of(request, use=True) is not None,
        by_provider=door_of(request).provider.is_set_up,
    )


@router.post(ENTER)
async def enter(request: Request, token: Token, to: Address = "/") -> Response:
    """Begin a session; where one of the same person runs, note that they have shown once more who they are."""
    door, signed_in = door_of(request), session_of(request, use=True)
    if signed_in is not None and door.sessions.prove(signed_in, token):
        return RedirectResponse(own_address(to), HTTPStatus.SEE_OTHER)
    if door.agencies.person_of(token) is None:
        WRONG_TOKENS.labels("console").inc()
        door.register.refuse(request, "token")
        address = request.client.host if request.client else ""
        waits = door.wrong_tokens.note(address, door.clock.monotonic()) > 0
        status, wrong = (HTTPStatus.TOO_MANY_REQUESTS, TOO_MANY) if waits else (HTTPStatus.FORBIDDEN, UNKNOWN_TOKEN)
        return _asks(request, to, status, wrong)
    return with_session(request, door.sessions.begin(hash_of(token)), own_address(to), "token")


@router.get(ENTER + "/{secret}")
async def show_link(request: Request, secret: str) -> Response:
    """Whom a link signs in; whatever opens it to look, a mail scanner perhaps, has not used it."""
    person = door_of(request).sessions.person_of_link(secret)
    if person is None:
        raise USED_UP
    return PAGES.show("enter.html", person=person)


@router.post(ENTER + "/{secret}")
async def follow_link(request: Request, secret: str) -> Response:
    """Begin a session by a link."""
    door = door_of(request)
    session_id = door.sessions.redeem(secret)
    if session_id is None:
        door.register.refuse(request, "link")
        raise USED_UP
    return with_session(request, session_id, "/", "link")


@router.post("/leave")
async def leave(request: Request) -> Response:
    """Sign out."""
    _end_session(request)
    left = RedirectResponse(ENTER, HTTPStatus.SEE_OTHER)
    left.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="strict")
    return left


@router.post("/theme")
async def choose_theme(theme: Annotated[Theme, Form()], back: Address = "/") -> Response:
    """Dark or light pages, whatever the browser prefers."""
    chosen = RedirectResponse(own_address(back), HTTPStatus.SEE_OTHER)
    chosen.set_cookie(THEME_COOKIE, theme, max_age=THEME_SECONDS, path="/", httponly=True, samesite="strict")
    return chosen


def with_session(request: Request, session_id: str, to: str, identified: Identified) -> Response:
    """Lead on with a session, instead of the one that this browser had."""
    _end_session(request)
    door = door_of(request)
    signed_in = door.sessions.signed_in(session_id, use=False)
    if signed_in is not None:
        who = replace(signed_in.who, approach=Approach.of(request, identified))
        door.register.note(SignedIn, who.asker)
    entered = RedirectResponse(to, HTTPStatus.SEE_OTHER)
    entered.set_cookie(COOKIE, session_id, path="/", secure=True, httponly=True, samesite="strict")
    return entered


def _end_session(request: Request) -> None:
    """End the session of this browser, if it has one: it has one at most."""
    signed_in = session_of(request, use=False)
    if signed_in is not None:
        door_of(request).sessions.end(signed_in.session_hash)
        who = replace(signed_in.who, approach=Approach.of(request, "browser"))
        door_of(request).register.note(SignedOut, who.asker)
