"""From a request to whoever is signed in at that browser; and what a request that acts has to come from."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import Annotated
from urllib.parse import quote, urlencode

from fastapi import Depends, Request, Response
from fastapi.responses import RedirectResponse

from services.console.api.access import RIGHTS, Asking, Right
from services.console.pages.page import ConsoleDoor, ConsolePage, LeadsTo
from services.console.pages.sessions import SignedIn
from shared.agencies import hash_of
from shared.doors.audit import Approach
from shared.doors.pages import Page, asks_for_page
from shared.doors.problems import Problem
from shared.events import PersonalDataSeen

COOKIE = "__Host-careroute"
"""The prefix binds it to this host and its root, and to HTTPS: over plain HTTP, browsers keep it for loopback alone."""
SEAT_CHARACTERS = 12
"""So much of a hash tells the sessions of a browser apart, and whose a page is."""
SAFE_METHODS = frozenset({"GET", "HEAD"})
ENTER = "/enter"
SAID = "said"
"""In the query: the command whose answer the page tells."""
OF = "of"
"""In the query of what a script asks for: whose page it is on."""
ANOTHER = "Somebody else has signed in at this browser since, and nothing was done: load this page again."


class AskedFromElsewhere(Page):
    """A link in a mail or a CAD leads here without the cookie, so this page asks for the same itself."""

    def __init__(self, address: str) -> None:
        super().__init__(HTTPStatus.OK, "One moment", "This page opens by itself.")
        self.headers = {"Refresh": f"0;url={address}"}


def door_of(request: Request) -> ConsoleDoor:
    """What the pages of this door share."""
    door: ConsoleDoor = request.app.state.console
    return door


def session_of(request: Request, *, use: bool) -> SignedIn | None:
    """Who is signed in at this browser. A bearer token is none, as a session is none at the API."""
    session_id = request.cookies.get(COOKIE, "")
    return door_of(request).sessions.signed_in(session_id, use=use) if session_id else None


def caller_at_browser(request: Request) -> str | None:
    """The name under which the guard counts whoever is signed in."""
    signed_in = session_of(request, use=False)
    return f"{signed_in.who.agency}/{signed_in.who.name}" if signed_in else None


async def seated(request: Request) -> SignedIn:
    """Who is signed in. Raises LeadsTo or AskedFromElsewhere, and Problem (401) to a script."""
    return _seated(request, use=True)


async def watching(request: Request) -> SignedIn:
    """The same, of a page that looks for news by itself."""
    return _seated(request, use=False)


def _seated(request: Request, *, use: bool) -> SignedIn:
    signed_in = session_of(request, use=use)
    if signed_in is not None:
        who = signed_in.who
        if request.query_params.get(OF) not in (None, f"{who.agency}/{who.name}", unnamed(who)):
            raise Problem(HTTPStatus.UNAUTHORIZED, ANOTHER)
        return replace(signed_in, who=replace(who, approach=Approach.of(request, "browser")))
    if not asks_for_page(request):
        raise Problem(HTTPStatus.UNAUTHORIZED, "You are signed out: sign in, and try again.")
    if request.method in SAFE_METHODS and request.headers.get("sec-fetch-site") == "cross-site":
        raise AskedFromElsewhere(address_of(request))
    to = address_of(request) if request.method in SAFE_METHODS else "/"
    raise LeadsTo(f"{ENTER}?to={quote(to)}")


Seated = Annotated[SignedIn, Depends(seated)]
Watching = Annotated[SignedIn, Depends(watching)]


def unnamed(who: Asking) -> str:
    """Whose a page is that names nobody."""
    return hash_of(f"{who.agency}/{who.name}")[-SEAT_CHARACTERS:]


def check_right(who: Asking, right: Right) -> None:
    """Raise Problem (403) where somebody has no right."""
    if not who.roles & RIGHTS[right]:
        needed, own = " or ".join(sorted(RIGHTS[right])), ", ".join(sorted(who.roles))
        raise Problem(HTTPStatus.FORBIDDEN, f"This needs the role {needed}; yours: {own}.")


def note_names(door: ConsoleDoor, signed_in: SignedIn, page: ConsolePage, *, opens: bool) -> None:
    """Write down that somebody opened a page with names of staff. One that stays open is written down once."""
    shown = signed_in.session.shown_names
    if page.names_people and signed_in.who.roles & RIGHTS["read-people"] and (opens or page.path not in shown):
        shown.add(page.path)
        door.register.note(PersonalDataSeen, signed_in.who.asker, what="names")


def prove_first(request: Request, back: str) -> Response:
    """Lead to where somebody shows once more who they are, and from there back. Raises Problem (403) to a script."""
    to = f"{ENTER}?to={quote(back)}"
    if asks_for_page(request):
        return RedirectResponse(to, HTTPStatus.SEE_OTHER)
    detail = "Show once more who you are: what you are about to do needs it."
    raise Problem(HTTPStatus.FORBIDDEN, detail, headers={"Location": to}, reason="prove-first")


async def from_own_page(request: Request) -> None:
    """Let a request act only where one of our own pages sent it. Raises Problem (403).

    The cookie is not sent along from elsewhere in the first place; this holds where a browser errs, too.
    """
    if request.method in SAFE_METHODS:
        return
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if site == "same-origin" or (site is None and _is_own(origin, request.headers.get("host"))):
        return
    raise Problem(HTTPStatus.FORBIDDEN, "This did not come from a page of this console, so nothing was done.")


def _is_own(origin: str | None, host: str | None) -> bool:
    return bool(host) and (origin or "").partition("://")[2] == host


def address_of(request: Request) -> str:
    """The page that was asked for: its path with its query, without what the act before it led back with."""
    query = urlencode([(name, value) for name, value in request.query_params.multi_items() if name != SAID])
    path = quote(request.scope["path"])
    return f"{path}?{query}" if query else path


def own_address(address: str) -> str:
    """An address to lead to, if it is one of this console's, or its first page."""
    is_own = address.startswith("/") and not address.startswith(("//", "/\\")) and address.isprintable()
    return address if is_own else "/"
