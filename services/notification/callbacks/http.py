"""The door for carriers. `POST` alone does anything, and only where the carrier has signed it and we made the address.

What it takes is on the log before it says so: while the broker is away it answers 503, and carriers come again.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import FastAPI, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException

from services.notification.adapters import Links
from services.notification.callbacks import words
from services.notification.callbacks.answering import Read, Reader, SaidAs
from services.notification.callbacks.config import CallbacksSettings
from services.notification.callbacks.inquiries import Inquiries
from services.notification.callbacks.news import InboundText, NoNews, calling, inbound_text, key_pressed, page_news
from services.notification.callbacks.signatures import spellings, telnyx_holds, twilio_holds
from services.notification.callbacks.view import CHANGES, View
from services.notification.carriers import telnyx
from services.notification.carriers.request import Text
from services.notification.carriers.twilio import RETRY
from services.notification.carriers.twiml import NOTHING_PRESSED, ONLY_WRONG_KEYS, told, twiml
from services.notification.carriers.urls import CallbackUrls, PageToken
from services.notification.carriers.words import spoken
from services.notification.exchange import Ask, Exchanges, Look
from shared.agencies import Agencies, agencies_in
from shared.card_numbers import differences
from shared.carriers import CarrierName, Telnyx, Twilio
from shared.clock import Clock
from shared.contact_forms import AddressRefused, normal_form
from shared.doors.answers import Answer, AnswerFollower, Kept
from shared.doors.command import CommandLog, LogAway, appended, send
from shared.doors.guard import NOT_STORED, Bounds, Guard, handler_of
from shared.doors.operations import operations_routes
from shared.doors.serve import Action, connected
from shared.doors.snapshots import ViewSnapshots
from shared.engine.background import Background
from shared.engine.broker import Broker
from shared.events import AcceptOffer, Command, CommandDone, PageDue
from shared.sealing import Sealer
from shared.telemetry import CALLBACKS, INBOUND_TEXTS, begin, logger
from shared.topics import ASSIGNMENTS, NOTIFICATIONS

DOOR: Final = "callbacks"
FOLLOWED = (ASSIGNMENTS, NOTIFICATIONS)
ANSWER_SECONDS = 1.6
"""So long the answer to a command is waited for; carriers want theirs within two seconds."""
PAGE_SECONDS = 1.0
"""So long a page that somebody has been called for is waited for: its carrier may be quicker than the log."""
LOOK_SECONDS = 0.05
LOOKS_AGAIN = 3
WRONG_KEYS = 2
MAX_BODY_BYTES = 1 << 15
REPLY_SECONDS, REPLY_VALID_SECONDS = 4.0, 300
REMEMBERED_TEXTS = 5_000
XML = "text/xml"


class _Refused(HTTPException):
    """Not from the carrier, or to an address that we did not make."""


@dataclass(slots=True)
class Door:
    """What the door needs."""

    broker: Broker
    follower: AnswerFollower
    view: View
    agencies: Agencies
    sealer: Sealer
    urls: CallbackUrls
    reader: Reader
    ask: Ask
    look: Look
    clock: Clock
    card_numbers: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """What the pocket door says pages come from."""
    closing: Sequence[Action] = ()
    """What ends with the door besides."""
    _background: Background = field(default_factory=Background)
    _reads: OrderedDict[tuple[str, str, str], Read] = field(default_factory=OrderedDict)
    """By carrier, agency and the carrier's name for it, what a text was taken for."""

    async def start(self) -> None:
        """Follow the journals, and ask carriers for what they do not tell."""
        if differing := differences(self.card_numbers, self.agencies.senders()):
            logger().error("the contact card is wrong", wrong=differing)
        await self.follower.start()
        inquiries = Inquiries(self.view, self.reader, self.agencies.carrier, self.look, self.clock, self.note)
        self._background.start_unchecked(inquiries.run())

    async def stop(self) -> None:
        """End both."""
        await self._background.cancel()
        await self.follower.stop()

    def remark(self) -> str:
        """What somebody should know who asks whether the door is ready."""
        remarks = (self.agencies.remark(), differences(self.card_numbers, self.agencies.senders()))
        return " ".join(filter(None, remarks))

    async def genuine(self, carrier: CarrierName, agency: str, request: Request) -> bytes:
        """The body of a request, if the agency's account at the carrier has signed it. Raises HTTPException (403)."""
        body = await request.body()
        account = self.agencies.carrier(agency, carrier)
        path, query = (request.scope[part].decode("latin-1") for part in ("raw_path", "query_string"))
        url = self.urls.base_url.rstrip("/") + path + (f"?{query}" if query else "")
        if isinstance(account, Twilio):
            is_genuine = any(
                twilio_holds(account, each + end, request.headers, body)
                for each in spellings(url)
                for end in ("", RETRY)
            )
        else:
            is_genuine = account is not None and telnyx_holds(account, request.headers, body, self.clock.now())
        if not is_genuine:
            raise _Refused(HTTPStatus.FORBIDDEN)
        return body

    def caller_of(self, request: Request) -> str | None:
        """The agency whose page an address names that we made: whoever makes one up takes no place of its carriers."""
        path: str = request.scope["path"]
        page = self.urls.page((*path.split("/"), "", "", "")[3]) if path.startswith("/cb/") else None
        return page.agency if page else None

    def page_of(self, token: str) -> PageToken:
        """The page that an address names. Raises HTTPException (403)."""
        page = self.urls.page(token)
        if page is None:
            raise _Refused(HTTPStatus.FORBIDDEN)
        return page

    async def page(self, token: PageToken) -> PageDue | None:
        """The page itself, as soon as it has been read; None if that takes too long."""
        looks = int(PAGE_SECONDS / LOOK_SECONDS)
        for _ in range(looks):
            if (page := self.view.agency(token.agency).page(token.page_id)) is not None:
                return page
            await asyncio.sleep(LOOK_SECONDS)
        return None

    async def note(self, agency: str, commands: Sequence[Command]) -> None:
        """Put commands on the log, whose answers nobody waits for. Raises LogAway."""
        for command in commands:
            await appended(send(self.broker, agency, command, self.clock, DOOR))

    async def answer(self, agency: str, command: Command, *, again: bool) -> Answer | None:
        """The answer to a command, which is put on the log unless it was before. Raises LogAway."""
        if again:
            return await self.follower.answer(command.command_id, ANSWER_SECONDS)
        return await CommandLog(DOOR, self.broker, self.follower, self.clock).issue(agency, command, ANSWER_SECONDS)

    def fingerprint(self, sender: str) -> str:
        """The pseudonym of a number; empty for what is none."""
        try:
            return self.sealer.pseudonym(normal_form("sms", sender))
        except AddressRefused:
            return ""

    def read(self, carrier: CarrierName, agency: str, text: InboundText) -> tuple[Read, bool]:
        """What a text is taken for, and whether it came for the first time.

        One that comes again is what it was: neither a carrier's second try nor somebody's recording of an old answer
        ever answers another offer.
        """
        name = (carrier, agency, text.sid)
        if (read := self._reads.get(name)) is not None:
            return read, False
        view, zone, sender = self.view.agency(agency), self.agencies.zone(agency), self.fingerprint(text.sender)
        read = self.reader.text(carrier, agency, view, sender, text, zone=zone)
        known = [answer for each in SaidAs.of(carrier, agency, text.sid) if (answer := self.follower.known(each))]
        if known and read.awaited:  # another process has read it, or this one before a restart
            read = Read("late", sentence=words.heard(known[0]))
        self._reads[name] = read
        if len(self._reads) > REMEMBERED_TEXTS:
            self._reads.popitem(last=False)
        return read, True

    def forget(self, carrier: CarrierName, agency: str, text: InboundText) -> None:
        """A text is not answered: when it comes again it comes for the first time."""
        self._reads.pop((carrier, agency, text.sid), None)

    async def words_for(self, read: Read) -> str:
        """What somebody hears of their text, as a text."""
        awaited = read.awaited
        if awaited is None:
            return words.as_text(read.sentence, read.link)
        answer = await self.follower.answer(awaited.command_id, ANSWER_SECONDS)
        return words.as_text(words.heard(answer), "" if _is_of_another(answer, awaited) else read.link)

    async def reply(self, account: Telnyx, text: InboundText, read: Read) -> None:
        """Text back what came of it, from the number that was texted."""
        body = await self.words_for(read)
        if body:
            ours = Text(text.sender, text.to, body, REPLY_SECONDS, REPLY_VALID_SECONDS)
            await telnyx.send_text(self.ask, account, ours)


def _is_of_another(answer: Answer | None, awaited: Command) -> bool:
    """Whether what is heard of a text is about the offer that it took when it came first."""
    if not isinstance(answer, CommandDone) or answer.result != "done" or not isinstance(awaited, AcceptOffer):
        return False
    return answer.about not in ("", awaited.offer_id)


def open_door(broker: Broker, clock: Clock, settings: CallbacksSettings, beside: Broker | None = None) -> Door:
    """The door on a broker; nothing is read before its application starts.

    `beside`: a connection for snapshots, where their faults are to be none of the commands'.
    """
    view = View()
    kept = Kept(view, ViewSnapshots(DOOR, beside or broker, settings.sealer, clock))
    secret, exchanges = settings.link_secret.get_secret_value(), Exchanges(settings.webhook_networks)
    return Door(
        broker=broker,
        follower=AnswerFollower(broker, FOLLOWED, view.fold, frozenset(CHANGES), kept),
        view=view,
        agencies=agencies_in(settings.agencies_file),
        sealer=settings.sealer,
        urls=CallbackUrls(settings.callbacks_url, secret),
        reader=Reader(clock, Links(settings.pocket_url, secret)),
        ask=exchanges.ask,
        look=exchanges.look,
        clock=clock,
        card_numbers=settings.card_numbers,
        closing=() if beside is None else (beside.close,),
    )


def create_app(door: Door, requests_in_flight: int = 256) -> FastAPI:
    """The door as an ASGI application; its lifespan follows the journals."""
    app = FastAPI(
        title="careroute callbacks",
        openapi_url=None,
        redirect_slashes=False,
        lifespan=lambda _: connected(door.broker, door.start, door.stop, *door.closing),
    )
    _receipts(app, door)
    _calls(app, door)
    _calls_back(app, door)
    _texts(app, door)
    app.router.routes += operations_routes(lambda: door.follower.ready, door.remark)
    app.add_middleware(
        Guard,
        door=DOOR,
        clock=door.clock,
        bounds=Bounds(requests_in_flight, MAX_BODY_BYTES),
        caller_of=door.caller_of,
        respond=_respond,
        failure="failed",
        headers=NOT_STORED,
    )
    app.add_exception_handler(HTTPException, handler_of(_respond))
    app.add_exception_handler(RequestValidationError, handler_of(_respond))
    begin(DOOR)
    return app


def _respond(_request: Request, error: Exception) -> Response:
    """A status and nothing else: whoever forges learns nothing, and carriers do not read it.

    Where too much is under way it is 503: carriers come again after that, and not after 429.
    """
    status = error.status_code if isinstance(error, HTTPException) else HTTPStatus.NOT_FOUND
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        status = HTTPStatus.SERVICE_UNAVAILABLE
    headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
    return Response(status_code=status, headers=headers)


Handler = Callable[[], Awaitable[Response]]


async def _counted(carrier: CarrierName, result: str, handle: Handler) -> Response:
    """Handle a request, and count it by what it was."""
    try:
        response = await handle()
    except _Refused:
        result = "forged"
        raise
    except NoNews:
        result = "not-understood"
        return Response(status_code=HTTPStatus.NO_CONTENT)  # it would be the same the next time
    except LogAway:
        result = "away"
        return Response(status_code=HTTPStatus.SERVICE_UNAVAILABLE, headers={"Retry-After": "1"})
    finally:
        CALLBACKS.labels(carrier, result).inc()
    return response


def _receipts(app: FastAPI, door: Door) -> None:
    @app.post("/cb/{carrier}/{token}")
    async def receipt(carrier: CarrierName, token: str, request: Request) -> Response:
        async def handle() -> Response:
            page = door.page_of(token)
            body = await door.genuine(carrier, page.agency, request)
            news = page_news(carrier, request.headers.get("content-type", ""), body)
            if news is not None:
                command = door.reader.receipt(carrier, page.page_id, news.state, news.reason, news.sequence)
                await door.note(page.agency, [command])
            return Response(status_code=HTTPStatus.NO_CONTENT)

        return await _counted(carrier, "news", handle)


Again = Annotated[int, Query(ge=0, le=LOOKS_AGAIN)]


def _calls(app: FastAPI, door: Door) -> None:
    @app.post("/cb/{carrier}/{token}/voice")
    async def picked_up(carrier: CarrierName, token: str, request: Request, again: Again = 0) -> Response:
        async def handle() -> Response:
            of = door.page_of(token)
            await door.genuine(carrier, of.agency, request)
            page, key_url = await door.page(of), door.urls.of(carrier, of.agency, of.page_id, "/key")
            if page is None:
                look_again = f"{door.urls.of(carrier, of.agency, of.page_id, '/voice')}?again={again + 1}"
                return _next(
                    carrier, None, "", None if again < LOOKS_AGAIN else words.AWAY, key_url, look_again=look_again
                )
            return _next(carrier, page, "", _over(door, of.agency, page) or None, key_url)

        return await _counted(carrier, "call", handle)

    @app.post("/cb/{carrier}/{token}/key")
    async def pressed(
        carrier: CarrierName,
        token: str,
        request: Request,
        *,
        digits: Annotated[str, Query(alias="Digits", max_length=10)] = "",
        again: Again = 0,
        wrong: Again = 0,
    ) -> Response:
        async def handle() -> Response:
            of = door.page_of(token)
            key = key_pressed(await door.genuine(carrier, of.agency, request)) or digits
            page, key_url = await door.page(of), door.urls.of(carrier, of.agency, of.page_id, "/key")
            command = None if page is None else door.reader.key(page, key)
            if page is None or command is None:
                over = words.AWAY if page is None else _over(door, of.agency, page)
                result = over or _heard_enough(key, wrong)
                return _next(carrier, page, key, result, f"{key_url}?wrong={wrong + 1}")
            if not again:
                with suppress(LogAway):
                    await door.note(of.agency, [door.reader.receipt(carrier, of.page_id, "heard", "", "")])
            try:
                answer = await door.answer(of.agency, command, again=bool(again))
            except LogAway:
                return _next(carrier, page, key, words.AWAY, key_url)
            if answer is None and again < LOOKS_AGAIN:
                look_again = f"{key_url}?Digits={key}&again={again + 1}"
                return _next(carrier, page, key, None, key_url, look_again=look_again)
            return _next(carrier, page, key, words.heard(answer), key_url)

        return await _counted(carrier, "key", handle)


def _calls_back(app: FastAPI, door: Door) -> None:
    @app.post("/in/{carrier}/{agency}/call")
    async def called(carrier: CarrierName, agency: str, request: Request) -> Response:
        async def handle() -> Response:
            number = door.fingerprint(calling(await door.genuine(carrier, agency, request)))
            return _spoken(told(_told_to_caller(door, agency, door.view.agency(agency).pages_to(number))))

        return await _counted(carrier, "call", handle)


def _told_to_caller(door: Door, agency: str, pages: Sequence[PageDue]) -> str:
    """What whoever calls back hears: what their phone was called or texted for, the newest first, or that it is over.

    No key is asked for: anybody can have any number shown. An open offer goes before what tells of a call that the
    team has, and that before what can wait.
    """
    is_open = [page for page in pages if not _over(door, agency, page)]
    if is_open:
        page = min(is_open, key=lambda page: (page.kind != "offer", not page.call_id))
        return f"{spoken(page)} {words.ANSWER_ELSEWHERE}"
    return _over(door, agency, pages[0]) if pages else words.CALLED_US


def _over(door: Door, agency: str, page: PageDue) -> str:
    """What to say of a page that cannot be answered any more; empty while it can."""
    now = door.clock.now()
    if page.kind == "offer" and (offer := door.view.agency(agency).offer(page.offer_id)) is not None:
        return words.over(offer, now)
    return words.KEY_OVER if now >= page.not_after else ""


def _texts(app: FastAPI, door: Door) -> None:
    @app.post("/in/{carrier}/{agency}")
    async def text(carrier: CarrierName, agency: str, request: Request) -> Response:
        async def handle() -> Response:
            text = inbound_text(carrier, await door.genuine(carrier, agency, request))
            if not door.follower.ready:
                raise LogAway  # it would take people for strangers
            read, is_first = door.read(carrier, agency, text)
            try:
                await door.note(agency, read.commands)
            except LogAway:
                door.forget(carrier, agency, text)
                raise
            INBOUND_TEXTS.labels(read.result).inc()
            account = door.agencies.carrier(agency, carrier)
            if isinstance(account, Telnyx):
                replying = BackgroundTask(door.reply, account, text, read) if is_first else None
                return Response(status_code=HTTPStatus.NO_CONTENT, background=replying)
            return Response(words.as_document(await door.words_for(read)), media_type=XML)

        return await _counted(carrier, "text", handle)


def _heard_enough(key: str, wrong: int) -> str | None:
    """What ends a call in which no key is pressed that means anything; None before that.

    Telnyx may say as well that none was pressed at all: then the page has been read out twice.
    """
    if not key:
        return NOTHING_PRESSED if wrong else None
    return ONLY_WRONG_KEYS if wrong == WRONG_KEYS else None


def _next(
    carrier: CarrierName, page: PageDue | None, key: str, result: str | None, key_url: str, *, look_again: str = ""
) -> Response:
    """What the phone says next.

    Where that leads to is asked again if it cannot be had: to whoever listens the carrier would say that there was an
    error, and a key would be lost.
    """
    again = RETRY if carrier == "twilio" else ""
    return _spoken(twiml(page, key, result, key_url + again, look_again and look_again + again))


def _spoken(document: str) -> Response:
    return Response(document, media_type=XML)
