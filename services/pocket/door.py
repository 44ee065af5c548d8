"""What the pocket page's routes share: what it knows, where commands go, and what a link or a device leads to."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated, Any

from fastapi import Form, Request, Response
from fastapi.responses import RedirectResponse

from services.pocket.agency import CHANGES, OfferLink, ShiftLink
from services.pocket.calendar.book import BOOK_CHANGES, CalendarBook
from services.pocket.calendar.http import CALENDARS_AT, SUFFIX
from services.pocket.config import PocketSettings
from services.pocket.me.book import Device
from services.pocket.pages import AWAY, GONE, OFFER_REFRESH_SECONDS, Personal
from services.pocket.records import Assignment
from services.pocket.sealed_calls import SealedCalls
from services.pocket.view import View
from shared.addresses import Network
from shared.audit_log.chain import ChainKeys
from shared.audit_log.log import AuditLog
from shared.call_keys import CallKeys
from shared.clock import Clock
from shared.doors.answers import Answer, AnswerFollower, Kept
from shared.doors.audit import Approach, Asker, Register
from shared.doors.command import CommandLog, LogAway
from shared.doors.pages import Page
from shared.doors.serve import Action, connected
from shared.doors.snapshots import ViewSnapshots
from shared.engine.broker import Broker
from shared.events import (
    AcceptOffer,
    AnswerRoll,
    BeginDuty,
    Command,
    CommandRefused,
    ConfirmMember,
    CorrectStatus,
    DeclineOffer,
    Id,
    PersonalDataSeen,
    ReportStatus,
    SignOff,
    SignOn,
    TakeLateCall,
    child_id,
)
from shared.sealing import Sealer, key_made_of
from shared.topics import ASSIGNMENTS, NOTIFICATIONS, ROSTERS

DOOR = "pocket"
FOLLOWED = (ASSIGNMENTS, NOTIFICATIONS, ROSTERS)
COUNTED = frozenset((*CHANGES, *BOOK_CHANGES))
ANSWER_SECONDS = 2.0
COMMAND_SECONDS = 60
OWN_PAGE = "/me"
COOKIE, PLAIN_COOKIE = "__Host-careroute-device", "careroute-device"
"""What holds a device's credential; over plain HTTP, on this machine, browsers keep no cookie of the first name."""

PageAt = Annotated[int, Form(ge=0, lt=2**53)]
"""When the page that was tapped on was made, in milliseconds: two taps on one page are one command."""

STRANGE_PAGE = Page(403, "Not from this page", "Open your own page, and tap there.")
ANOTHERS_PHONE = Page(
    403,
    "This phone is not yours now",
    "What you opened belongs to another person than this phone does, so it is neither shown nor answered here. "
    "Open it on your own phone, or tell the dispatcher by radio.",
)


@dataclass(frozen=True, slots=True)
class OwnPage:
    """What a person's own page needs besides."""

    secure: bool = True
    """Whether phones reach it by TLS: then a cookie goes nowhere else."""
    push_key: str = ""
    """With which a browser asks for pushes of ours; empty: there are none."""
    sealer: Sealer | None = None
    networks: tuple[Network, ...] = ()
    """Private networks that a push service may be in."""

    @property
    def cookie(self) -> str:
        """The name of the cookie."""
        return COOKIE if self.secure else PLAIN_COOKIE


@dataclass(frozen=True, slots=True)
class Door:
    """What the pages need."""

    broker: Broker
    follower: AnswerFollower
    view: View
    calls: SealedCalls
    clock: Clock
    register: Register
    own: OwnPage = field(default_factory=OwnPage)
    card_numbers: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """By agency, the numbers from which its texts and calls come; where there are none, there is no contact card."""
    closing: Sequence[Action] = ()
    """What ends with the door besides."""

    @asynccontextmanager
    async def lifespan(self) -> AsyncIterator[None]:
        """Follow the journals, and write the audit log."""
        async with connected(self.broker, self.open, self.close, *self.closing), self.register.log.writing():
            yield

    def offer(self, token: str) -> OfferLink:
        """What an offer link leads to. Raises Page."""
        self.check_ready()
        link = self.view.offer_link(token, self.clock.now())
        if link is None:
            raise Page(404, "Nothing here", GONE)
        return link

    def shift(self, token: str) -> ShiftLink:
        """What a shift link leads to. Raises Page."""
        self.check_ready()
        link = self.view.shift_link(token, self.clock.now())
        if link is None:
            raise Page(404, "Nothing here", GONE)
        if link.shift.ended_at is not None:
            raise Page(410, "Your shift has ended", "Thank you. Sign on to get a new link.")
        return link

    def device(self, request: Request) -> Device:
        """The phone or tablet that asks. Raises Page."""
        self.check_ready()
        device = self.device_or_none(request)
        if device is None:
            raise Page(401, "This phone is not known here", UNKNOWN_DEVICE)
        self.register.meet(Asker(device.agency, device.device_id, approach=Approach.of(request, "device")))
        return device

    def tapped(self, request: Request) -> Device:
        """The device that asks, from a page of ours. Raises Page."""
        check_tapped(request)
        return self.device(request)

    def device_or_none(self, request: Request) -> Device | None:
        """The same, where nothing depends on it."""
        credential = request.cookies.get(self.own.cookie)
        return self.view.book.device(credential) if credential else None

    def check_ready(self) -> None:
        """Raises Page as long as the journals have not been read to their end."""
        if not self.follower.ready:
            raise Page(503, "One moment", STARTING, OFFER_REFRESH_SECONDS)

    def calendars(self) -> CalendarBook:
        """What calendars show. Raises Page as long as the journals have not been read to their end."""
        self.check_ready()
        return self.view.calendars

    def caller_of(self, request: Request) -> str | None:
        """The person whose link it is."""
        if request.scope["path"].startswith(OWN_PAGE):
            device = self.device_or_none(request)
            return f"{device.agency}/{device.holder}" if device else None
        if request.scope["path"].startswith(CALENDARS_AT):
            calendar = self.view.calendars.link(_token_in(request).removesuffix(SUFFIX))
            return f"{calendar.agency}/{calendar.person_id}" if calendar else None
        return self._holder_of_link(request)

    def _holder_of_link(self, request: Request) -> str | None:
        token, now = _token_in(request), self.clock.now()
        if (offer := self.view.offer_link(token, now)) is not None:
            return f"{offer.offer.agency}/{offer.person_id}"
        if (roll := self.view.roll_link(token, now)) is not None:
            return f"{roll.agency}/{roll.person_id}"
        shift = self.view.shift_link(token, now)
        return f"{shift.shift.agency}/{shift.person_id}" if shift else None

    async def check_holder(self, request: Request) -> None:
        """A person's link shows and answers nothing on a phone that is another person's by now. Raises Page.

        How a team says that it stands is taken from whoever has its link: somebody may be in danger.
        """
        device = self.device_or_none(request)
        if device is None or device.person_id is None or request.scope["path"].endswith("/status"):
            return
        holder = self._holder_of_link(request)
        if holder is not None and holder != f"{device.agency}/{device.person_id}":
            raise ANOTHERS_PHONE

    async def issue(self, agency: str, command: Command) -> Answer | None:
        """Issue a command; its answer, None if none came in time. Raises LogAway."""
        log = CommandLog(DOOR, self.broker, self.follower, self.clock, self.register)
        asker = None if isinstance(command, OF_TEAMS) else Asker(agency, command.issued_by)
        return await log.issue(agency, command, ANSWER_SECONDS, asker)

    async def act(self, agency: str, command: Command, back: str) -> Response:
        """Issue a command, and lead back to the page that shows its answer. Raises Page."""
        return (await self.act_on(agency, command, back))[0]

    async def act_on(self, agency: str, command: Command, back: str) -> tuple[Response, Answer | None]:
        """The same, with the answer, where a page says more of it. Raises Page."""
        try:
            answer = await self.issue(agency, command)
        except LogAway:
            raise Page(503, "Not sent", AWAY) from None
        if answer is None:
            back = saying(back, "waiting")
        elif isinstance(answer, CommandRefused):
            back = saying(back, command.command_id)
        return RedirectResponse(back, 303), answer

    def report_id(self, subject_id: str, what: str, page_at: int) -> Id:
        """The id of a team's report: taps on one page are one, until it is answered.

        A browser that goes back shows an old page again: who asks for police on it once more means it.
        """
        return self.until_answered(child_id(subject_id, f"{what}/{page_at}"))

    def until_answered(self, command_id: Id) -> Id:
        """The id of what is said once more: the same until it is answered, and another then."""
        is_old = self.follower.known(command_id) is not None
        return child_id(command_id, self.clock.now().isoformat()) if is_old else command_id

    def notice(self, said: str) -> str:
        """What became of the last tap, where the page does not show it anyway; `said` is what it led back with."""
        if said == "waiting":
            return "Sent, and not answered yet. Open this page again in a moment, where it does not do so by itself."
        return self.view.refusal(said) or ""

    async def personal_of(self, link: OfferLink, assignment: Assignment, approach: Approach) -> Personal:
        """The personal part of a team's call, and of the version that it accepted where another has come since.

        Who sees it is written down. Where that cannot be done they see it all the same: they are on their way.
        """
        if assignment.ended:
            return Personal({}, {})
        now = await self._opened(link, assignment.call_id, assignment.positions, approach)
        first = assignment.accepted_position
        if not first or assignment.positions[:1] == (first,):
            return Personal(now, {})
        return Personal(now, await self._opened(link, assignment.accepted_call_id, (first,), approach))

    async def _opened(
        self, link: OfferLink, call_id: str, positions: Sequence[str], approach: Approach
    ) -> dict[str, str]:
        opened = await self.calls.open(call_id, positions)
        if opened is None:
            return {}
        asker = Asker(link.offer.agency, link.person_id, approach=approach)
        self.register.note(PersonalDataSeen, asker, what="call", call_id=call_id, key_id=self.calls.key_id)
        return opened

    def issued(self, person_id: str) -> dict[str, Any]:
        """What every command says of its issue."""
        now = self.clock.now()
        return {"issued_by": person_id, "issued_at": now, "expires_at": now + timedelta(seconds=COMMAND_SECONDS)}

    async def open(self) -> None:
        """Begin to follow. Raises BrokerUnavailable."""
        await self.follower.start()
        self.calls.start()

    async def close(self) -> None:
        """End following and reading."""
        await self.follower.stop()
        await self.calls.close()


def _token_in(request: Request) -> str:
    """The token of a link: `/p/<token>`, whatever comes after; empty where there is none."""
    path: str = request.scope["path"]
    return (*path.split("/"), "", "")[2]


def saying(back: str, said: str) -> str:
    """The address of a page that says what became of the last tap on it."""
    return f"{back}{'&' if '?' in back else '?'}said={said}"


def check_tapped(request: Request) -> None:
    """Of what a browser keeps for us no other site may make anything. Raises Page."""
    if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
        raise STRANGE_PAGE


OF_TEAMS = (
    AcceptOffer, DeclineOffer, ReportStatus, CorrectStatus, ConfirmMember, SignOn, BeginDuty, SignOff, TakeLateCall,
    AnswerRoll,
)  # fmt: skip
"""What teams say of themselves and of their calls: the journals keep it for good, and it gives nobody a right."""
STARTING = "careroute is starting and looks again by itself. If you have just answered, do it once more then."
UNKNOWN_DEVICE = (
    "It was shut out, or its browser has forgotten what it knew. Ask your supervisor for a link or a code that makes "
    "it yours; until then open the links that you are sent."
)


def sealer_of(link_secret: str) -> Sealer:
    """What seals with a key made of the link secret: whoever opens it can make every link anyway.

    The view holds that secret, and each link that lives. The sealing key, which others have, must not tell them.
    """
    return Sealer(key_made_of(link_secret, "careroute pocket view"))


def open_door(broker: Broker, clock: Clock, settings: PocketSettings, beside: Broker | None = None) -> Door:
    """The door on a broker; nothing is read before its application starts.

    `beside`: a connection for the audit log and snapshots, where their faults are to be none of the commands'.
    """
    secret = settings.link_secret.get_secret_value()
    view = View(secret)
    sealer, keys = settings.sealer, CallKeys(broker, settings.sealer, clock)
    kept = Kept(view, ViewSnapshots(DOOR, beside or broker, sealer_of(secret), clock))
    follower = AnswerFollower(broker, FOLLOWED, view.fold, COUNTED, kept)
    secure = not settings.pocket_url.startswith("http://")
    own = OwnPage(secure, settings.push_public_key, sealer, settings.webhook_networks)
    audit_log = AuditLog(beside or broker, clock, ChainKeys(settings.audit_keys.get_secret_value()), DOOR)
    register = Register(audit_log, DOOR, clock)
    closing = () if beside is None else (beside.close,)
    return Door(broker, follower, view, SealedCalls(broker, keys), clock, register, own, settings.card_numbers, closing)
