"""Signing in by the identity provider: there by a link, back by a page that posts what it brought.

That page is one of ours, so that what begins the session is sent by this browser from here; and whatever only looks at
an address, a mail scanner perhaps, has used nothing.
"""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from services.console.config import OIDC_CALLBACK_PATH
from services.console.openid.provider import Identity, NotSignedIn
from services.console.pages.look import PAGES
from services.console.pages.page import ConsoleDoor
from services.console.pages.seat import door_of, from_own_page, own_address
from services.console.pages.signing_in import with_session
from shared.agencies import Principal, sign_in_hash
from shared.doors.pages import Page
from shared.telemetry import logger

router = APIRouter(include_in_schema=False, dependencies=[Depends(from_own_page)])

BEGIN, BACK = "/sign-in", OIDC_CALLBACK_PATH
ERRAND_COOKIE, ERRAND_SECONDS = "__Host-careroute-sign-in", 600
MOST_OF_A_FIELD = 4_000

NO_PROVIDER = Page(HTTPStatus.NOT_FOUND, "No identity provider", "This console knows of none: sign in with your token.")
NOT_BEGUN = (
    "This sign-in was not begun at this browser, took more than ten minutes, or was used before: nobody was signed in. "
    "Sign in anew."
)
UNKNOWN = (
    "The identity provider knows you, but the agencies file of careroute does not name you. "
    "Ask your administrator to write this as your sign_in: "
)
NO_ROLE = "None of your groups at the identity provider may do anything here: ask your administrator."
DENIED = "The identity provider signed nobody in. Sign in anew; if it says so again, tell your administrator."

Value = Annotated[str, Form(max_length=MOST_OF_A_FIELD)]


def refusal(sentence: str, status: int = HTTPStatus.FORBIDDEN) -> Page:
    """The page that says why nobody was signed in."""
    return Page(status, "Not signed in", sentence)


@router.get(BEGIN)
async def begin(request: Request, to: str = "/") -> Response:
    """Lead to the identity provider."""
    door = door_of(request)
    if not door.provider.is_set_up:
        raise NO_PROVIDER
    errand = door.errands.begin(own_address(to))
    try:
        address = await door.provider.address_for(errand)
    except NotSignedIn as error:
        raise refusal(str(error), HTTPStatus.BAD_GATEWAY) from None
    leaves = RedirectResponse(address, HTTPStatus.SEE_OTHER)
    leaves.set_cookie(
        ERRAND_COOKIE,
        door.errands.seal(errand),
        max_age=ERRAND_SECONDS,
        path="/",
        secure=True,
        httponly=True,
        samesite="strict",
    )
    return leaves


@router.get(BACK)
async def come_back(code: str = "", state: str = "", error: str = "") -> Response:
    """What the identity provider sent the browser back with, on a page that posts it by itself."""
    if error or not code or max(len(code), len(state)) > MOST_OF_A_FIELD:
        raise refusal(DENIED)
    return PAGES.show("signed_in_elsewhere.html", code=code, state=state)


@router.post(BACK)
async def enter(request: Request, code: Value, state: Value) -> Response:
    """Begin a session of whoever the identity provider names, or note that they have shown once more who they are."""
    door = door_of(request)
    if not door.provider.is_set_up:
        raise NO_PROVIDER
    errand = door.errands.open(request.cookies.get(ERRAND_COOKIE, ""), state)
    if errand is None:
        raise _refused(request, NOT_BEGUN)
    try:
        identity = await door.provider.identity(code, errand)
    except NotSignedIn as error:
        raise _refused(request, str(error)) from None
    entered = with_session(request, _session_of(request, identity), own_address(errand.to), "identity-provider")
    entered.delete_cookie(ERRAND_COOKIE, path="/", secure=True, httponly=True, samesite="strict")
    return entered


def _refused(request: Request, sentence: str, person: Principal | None = None) -> Page:
    """The page that says why nobody was signed in, once it is written down."""
    known = () if person is None else (person.agency, person.name)
    door_of(request).register.refuse(request, "identity-provider", *known)
    return refusal(sentence)


def _session_of(request: Request, identity: Identity) -> str:
    """The id of a session that begins. Raises Page (403) for whom the agencies file does not name."""
    door = door_of(request)
    person = _person_of(door, identity)
    if person is None:
        logger().warning("somebody signed in whom the agencies file does not name")
        raise _refused(request, UNKNOWN + identity.names[-1])
    proved_at = datetime.fromtimestamp(identity.proved_at, UTC) if identity.proved_at is not None else None
    session_id = door.sessions.begin_named(person, identity.groups, proved_at)
    if session_id is None:
        raise _refused(request, NO_ROLE, person)
    return session_id


def _person_of(door: ConsoleDoor, identity: Identity) -> Principal | None:
    people = (door.agencies.person_with(sign_in_hash(name)) for name in identity.names)
    return next((person for person in people if person is not None), None)
