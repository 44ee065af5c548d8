"""The own page's routes: a device is enrolled once; from then on it opens its holder's page, without another link."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import FastAPI, Form, Request, Response
from fastapi.responses import RedirectResponse

from services.pocket.door import OWN_PAGE, STRANGE_PAGE, Door, PageAt, check_tapped, saying
from services.pocket.me import pages, static
from services.pocket.me.book import Device
from services.pocket.me.pushes import add_pushes, erase_push
from services.pocket.pages import Back, Still
from services.pocket.rolls import CARD, card_page
from shared.agencies import hash_of
from shared.call import Name
from shared.doors.command import LogAway
from shared.doors.pages import Page
from shared.enrolment import Enrolment
from shared.events import (
    BeginDuty,
    CallRoll,
    Command,
    CommandDone,
    CommandRefused,
    EnrolDevice,
    RevokeDevice,
    SignOn,
    child_id,
)

COOKIE_SECONDS = 400 * 86_400
"""As long as browsers keep one; every visit begins it anew."""
RING_MINUTES = 5
SHIFT_HOURS = (8, 10, 12, 24)
MOST_MEMBERS = 8
USED_UP = Page(
    404,
    "This link is used up",
    "It enrols one phone or tablet, once, within a quarter of an hour. Ask for another, or make one yourself.",
)
NOT_PLANNED = Page(409, "Not planned", "By the plan you are not on duty now. Sign the team on by its members instead.")
NOT_SENT = Page(503, "Not sent", "careroute cannot be reached just now. Go back, and tap once more in a moment.")

Credential = Annotated[str, Form(pattern="^[A-Za-z0-9_-]{43}$")]


def add_own_pages(app: FastAPI, door: Door) -> None:
    """Add every route under `/me`, and what an installed page is made of."""
    _enrolment(app, door)
    _own_page(app, door)
    _sign_on(app, door)
    _planned(app, door)
    add_pushes(app, door)
    app.router.routes += static.routes()


def _enrolment(app: FastAPI, door: Door) -> None:
    @app.get(OWN_PAGE + "/enrol/{token}")
    async def ask(token: str, request: Request) -> Response:
        enrolment = _enrolment_of(door, token)
        return pages.enrol_page(enrolment, f"{OWN_PAGE}/enrol/{token}", door.device_or_none(request))

    @app.post(OWN_PAGE + "/enrol/{token}")
    async def enrol(token: str, credential: Credential, request: Request) -> Response:
        """The same page tapped on twice is one command: its credential is the same.

        Whose the phone was before hears nothing on it any more: neither its cookie nor its pushes are left to them.
        """
        check_tapped(request)
        enrolment, credential_hash = _enrolment_of(door, token, hash_of(credential)), hash_of(credential)
        command = EnrolDevice(
            command_id=child_id(enrolment.enrolment_id, credential_hash),
            device_id=child_id(enrolment.enrolment_id, "device"),
            credential_hash=credential_hash,
            person_id=enrolment.person_id,
            team_id=enrolment.team_id,
            label=enrolment.label,
            enrolment_id=enrolment.enrolment_id,
            **door.issued(enrolment.enrolled_by),
        )
        await _done(door, enrolment.agency, command)
        former = door.device_or_none(request)
        if former is not None and former.device_id != command.device_id:
            await _shut_out(door, former, enrolment)
        return _with_cookie(door, RedirectResponse(OWN_PAGE, 303), credential)


async def _shut_out(door: Door, former: Device, enrolment: Enrolment) -> None:
    """End what a phone was before it was enrolled anew. Raises Page: then the same tap does the rest.

    Whoever enrols it has a name at their own agency alone: at another its holder has given it up.
    """
    by = enrolment.enrolled_by if enrolment.agency == former.agency else former.holder
    command = RevokeDevice(
        command_id=child_id(former.device_id, f"enrolled/{enrolment.enrolment_id}"),
        device_id=former.device_id,
        reason="enrolled anew",
        **door.issued(by),
    )
    await _done(door, former.agency, command)
    if former.person_id is not None:
        await erase_push(door, former)


def _enrolment_of(door: Door, token: str, credential_hash: str = "") -> Enrolment:
    """What a link enrols; one that is used up leads only where it has led. Raises Page."""
    door.check_ready()
    enrolment = door.view.enrolment(token, door.clock.now())
    book = door.view.book
    if enrolment is None or book.is_revoked(enrolment) or book.is_used(enrolment.enrolment_id, but_for=credential_hash):
        raise USED_UP
    return enrolment


def _own_page(app: FastAPI, door: Door) -> None:
    @app.get(OWN_PAGE)
    async def show(request: Request, still: Still, said: str = "") -> Response:
        device = door.device(request)
        notice = RINGS.get(said) or door.notice(said)
        if device.person_id is None:
            page = pages.team_page(door.view, device, door.clock.now(), notice, hours=SHIFT_HOURS, still=still)
        else:
            page = pages.own_page(
                door.view,
                device,
                door.clock.now(),
                notice,
                push_key=door.own.push_key,
                card=f"{OWN_PAGE}/{CARD}" if door.card_numbers.get(device.agency) else "",
                still=still,
            )
        return _with_cookie(door, page, request.cookies[door.own.cookie])

    @app.get(f"{OWN_PAGE}/{CARD}")
    async def card(request: Request) -> Response:
        return card_page(door, door.device(request).agency)

    @app.post(OWN_PAGE + "/ring")
    async def ring(request: Request, back: Back, page_at: PageAt) -> Response:
        device, person_id = _person_of(door, request)
        command = CallRoll(
            command_id=child_id(device.device_id, f"ring/{page_at}"),
            person_ids=(person_id,),
            minutes=RING_MINUTES,
            every_method=True,
            reason="asked for on their own page",
            **door.issued(person_id),
        )
        shown, answer = await door.act_on(device.agency, command, back)
        if not isinstance(answer, CommandDone):
            return shown
        return RedirectResponse(saying(back, "rung" if answer.result == "done" else "nobody-rung"), 303)

    @app.post(OWN_PAGE + "/leave")
    async def leave(request: Request, page_at: PageAt) -> Response:
        """Whoever holds it gives it up; a team's tablet, its supervisor does."""
        device, person_id = _person_of(door, request)
        command = RevokeDevice(
            command_id=child_id(device.device_id, f"leave/{page_at}"),
            device_id=device.device_id,
            reason="given up on the device itself",
            **door.issued(person_id),
        )
        await _done(door, device.agency, command)
        await erase_push(door, device)
        gone = pages.gone_page()
        gone.delete_cookie(door.own.cookie, path="/", secure=door.own.secure, httponly=True, samesite="lax")
        return gone


RINGS = {
    "rung": "Every way to you has just been used. Answer what comes, and it counts as proved; what does not come does "
    "not work.",
    "nobody-rung": "Nothing was rung: there is no way to you that can be. Give your supervisor a number, turn "
    "notifications on, or where you have said STOP, reply START.",
}
"""What came of ringing the phone."""


def _sign_on(app: FastAPI, door: Door) -> None:
    @app.post(OWN_PAGE + "/sign-on")
    async def sign_on(
        request: Request,
        back: Back,
        members: Annotated[list[Name], Form(min_length=1, max_length=MOST_MEMBERS)],
        hours: Annotated[int, Form(ge=1, le=24)],
        page_at: PageAt,
    ) -> Response:
        """The first who is named starts the shift; each other member says on the next page that they are here."""
        device = door.tapped(request)
        if device.team_id is None:
            raise STRANGE_PAGE
        ends_at = door.clock.now().replace(second=0, microsecond=0) + timedelta(hours=hours)
        command = SignOn(
            command_id=child_id(device.device_id, f"sign-on/{page_at}"),
            team_id=device.team_id,
            members=tuple(members),
            shift_ends_at=ends_at,
            **door.issued(members[0]),
        )
        return await door.act(device.agency, command, back)


def _planned(app: FastAPI, door: Door) -> None:
    @app.post(OWN_PAGE + "/begin-duty")
    async def begin_duty(
        request: Request,
        back: Back,
        planned_shift_id: Annotated[Name, Form()],
        page_at: PageAt,
        person_id: Annotated[Name | None, Form()] = None,
    ) -> Response:
        """One of a planned shift starts it with the people of the plan; on a team's tablet they say who they are."""
        device = door.tapped(request)
        author = device.person_id or person_id
        if author is None:
            raise STRANGE_PAGE
        duty = door.view.book.staff(device.agency).duties.get(planned_shift_id)
        if duty is None or author not in duty.members or device.team_id not in (None, duty.team_id):
            raise NOT_PLANNED
        command = BeginDuty(
            command_id=child_id(device.device_id, f"begin-duty/{planned_shift_id}/{author}/{page_at}"),
            team_id=duty.team_id,
            planned_shift_id=planned_shift_id,
            **door.issued(author),
        )
        return await door.act(device.agency, command, back)


def _person_of(door: Door, request: Request) -> tuple[Device, str]:
    """The device that asks, and whose it is; a team's is no person's. Raises Page."""
    device = door.tapped(request)
    if device.person_id is None:
        raise STRANGE_PAGE
    return device, device.person_id


async def _done(door: Door, agency: str, command: Command) -> None:
    """Issue a command that has to be done before anything is shown. Raises Page."""
    try:
        answer = await door.issue(agency, command)
    except LogAway:
        raise NOT_SENT from None
    if answer is None:
        raise NOT_SENT
    if isinstance(answer, CommandRefused):
        raise Page(409, "Not done", answer.sentence)


def _with_cookie(door: Door, response: Response, credential: str) -> Response:
    response.set_cookie(
        door.own.cookie,
        credential,
        max_age=COOKIE_SECONDS,
        path="/",
        secure=door.own.secure,
        httponly=True,
        samesite="lax",
    )
    return response
