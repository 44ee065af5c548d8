"""The callbacks door on a log of a test's own, with the played carriers in front of it and a team behind it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx

from deploy.actors.carrier.network import Answered
from services.notification.adapters import Links
from services.notification.callbacks.answering import Reader
from services.notification.callbacks.http import FOLLOWED, Door, create_app
from services.notification.callbacks.inquiries import Inquiries
from services.notification.callbacks.view import CHANGES, View
from services.notification.outcome import Outcome
from shared.answers import done, nothing_to_do, refused
from shared.carriers import CarrierName, Channel, Telnyx, Twilio
from shared.doors.answers import AnswerFollower
from shared.engine.broker import Record
from shared.engine.journal import StepHeaders, headers_of
from shared.engine.memory import MemoryBroker, MemoryLog
from shared.engine.topic import Topic
from shared.events import (
    AcceptOffer,
    AnswerRoll,
    Claimed,
    Command,
    CommandDone,
    ContactMethod,
    ContactOptedIn,
    ContactOptedOut,
    ContactSet,
    DeclineOffer,
    Event,
    NoteOptOut,
    NoteReceipt,
    OfferAccepted,
    OfferDeclined,
    OfferMade,
    OfferWithdrawn,
    PageDue,
    Recipient,
    decode,
)
from shared.sealing import Sealer, new_key
from shared.topics import ASSIGNMENTS, COMMANDS, NOTIFICATIONS
from tests.builders import of_offer, offer_made
from tests.rig.carrier import AGENCY, CALLBACKS, LINK_SECRET, PHONE, TELNYX_NUMBER, TWILIO_NUMBER, Town, page

CALL = "madison/dane/26-001"
OFFER = "0f" * 16
NUMBERS = {"twilio": TWILIO_NUMBER, "telnyx": TELNYX_NUMBER}


@dataclass
class Callbacks(Town):
    """The played carriers call back at a real door; commands are answered as the services would."""

    offers: dict[str, OfferMade] = field(default_factory=dict)
    taken: dict[str, str] = field(default_factory=dict)
    """Call → the offer that has it."""
    refuse: tuple[str, str] | None = None
    answered: set[str] = field(default_factory=set)
    """Ids of commands."""
    marks: int = 0
    silent: bool = False
    """Commands are answered by nobody."""
    responses: list[tuple[str, int, str]] = field(default_factory=list)
    seen: list[tuple[str, Mapping[str, str], bytes]] = field(default_factory=list)
    """Whatever was posted to the door."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.log = MemoryLog(partitions=1, clock=self.clock)
        self.broker = MemoryBroker(self.log)
        self.sealer = Sealer(new_key())
        view = View()
        follower = AnswerFollower(self.broker, FOLLOWED, view.fold, frozenset(CHANGES))
        reader = Reader(self.clock, Links("https://pocket.example", LINK_SECRET))
        accounts: Any = self
        self.door = Door(
            self.broker, follower, view, accounts, self.sealer, self.urls, reader, self.ask, self.look, self.clock
        )
        self.inquiries = Inquiries(view, reader, self.carrier, self.look, self.clock, self.door.note)
        self.app = create_app(self.door)
        for topic in FOLLOWED:
            claim = Claimed(epoch=1, writer="w")
            self.log.append(topic.name, 0, [Record("", claim.encode(), headers_of(claim, "claim", 0, self._common()))])

    # --- the agencies file, as the door asks it ---

    def carrier(self, agency: str, name: CarrierName) -> Twilio | Telnyx | None:
        return self.reaching.carriers.get(name) if agency == AGENCY else None

    def remark(self) -> str:
        return ""

    def senders(self) -> dict[str, tuple[str, ...]]:
        return {AGENCY: self.reaching.carriers.senders}

    # --- the world ---

    @asynccontextmanager
    async def living(self) -> AsyncIterator[None]:
        """The door follows, and commands are answered, until the end of the block."""
        await self.door.follower.start()
        answering = asyncio.get_running_loop().create_task(self._answer_commands())
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(app=self.app), base_url="http://door.internal")
        try:
            yield
        finally:
            answering.cancel()
            await asyncio.wait([answering])
            await self.door.follower.stop()
            await self.http.aclose()

    async def _post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answered:
        """What a carrier posts to our address reaches the door under another name, as behind a proxy."""
        assert url.startswith(CALLBACKS)
        self.seen.append((url, headers, body))
        parts = urlsplit(url)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        response = await self.http.post(path, headers=dict(headers), content=body)
        self.responses.append((url, response.status_code, response.text))
        return Answered(response.status_code, response.content, dict(response.headers))

    async def comes_again(self, *, elsewhere: bool = False) -> Answered:
        """The carrier posts again what it posted first; `elsewhere`: to a process that has not read it."""
        if elsewhere:
            self.door._reads.clear()
        return await self._post(*self.seen[0])

    async def forge(self, carrier: str, how: str, url: str, headers: Mapping[str, str], body: bytes) -> None:
        """Post what was posted before, in a way that the carrier would not."""
        played = self.twilio if carrier == "twilio" else self.telnyx
        token = url.split("/")[5]
        if how == "unsigned":
            headers = {"content-type": headers["content-type"]}
        elif how == "altered":
            body += b"&MessageStatus=read" if b"=" in body else b" "
        elif how == "agency":
            url = url.replace(token, self.urls.token("boston", token.split(".")[1]))
        elif how == "page":  # a real signature, and a page that nobody made an address for
            url = url.replace(token, token.replace(token.split(".")[1], "1" * 32))
            headers, body = played.signed_form(url, dict(parse_qsl(body.decode())) if carrier == "twilio" else {})
        else:
            other = Callbacks()
            other.twilio.auth_token = "x" * 32
            forger = other.twilio if carrier == "twilio" else other.telnyx
            headers, body = forger.signed_form(url, dict(parse_qsl(body.decode())))
        await self._post(url, headers, body)

    def write(self, *events: Event, topic: Topic = ASSIGNMENTS, cause: str = "tick/x") -> None:
        """Append events to a journal, in one batch."""
        records = [
            Record(AGENCY, event.encode(), headers_of(event, cause, number, self._common()))
            for number, event in enumerate(events)
        ]
        self.log.append(topic.name, 0, records)

    def _common(self) -> tuple[tuple[str, bytes], ...]:
        return StepHeaders(1, self.clock.now(), "1", {}, "team-availability").common()

    def commands(self) -> list[Command]:
        """Every command that the door has sent, repeats and all."""
        stored = self.log.places.get((COMMANDS.name, 0), [])
        found = [decode(each.headers["type"].decode(), each.value) for each in stored]
        return [command for command in found if isinstance(command, Command)]

    def receipts(self) -> list[tuple[str, str]]:
        """What was noted of pages: each thing once, however often it was said."""
        notes = {each.command_id: each for each in self.commands() if isinstance(each, NoteReceipt)}
        return [(note.state, note.code) for note in notes.values()]

    def answers(self) -> list[Command]:
        """What was answered, each once."""
        kinds = (AcceptOffer, DeclineOffer, AnswerRoll, NoteOptOut)
        return list({each.command_id: each for each in self.commands() if isinstance(each, kinds)}.values())

    def reach(
        self, person_id: str = "ana", number: str = PHONE, *, method_id: str = "mobile", kind: str = "sms"
    ) -> None:
        """A number is a person's."""
        fingerprint = self.sealer.pseudonym(number)
        fields = {"person_id": person_id, "method_id": method_id, "kind": kind, "fingerprint": fingerprint}
        self.write(ContactSet.model_validate(fields), topic=NOTIFICATIONS)

    def offer(
        self, offer_id: str = OFFER, *, people: tuple[str, ...] = ("ana",), seconds: float = 25, **more: Any
    ) -> OfferMade:
        """A team is asked, and its people are to be paged by text."""
        expires = self.clock.now() + timedelta(seconds=seconds)
        fields: dict[str, Any] = {
            "offer_id": offer_id,
            "team_id": "alpha-1",
            "district": "Central",
            "priority": "2",
            "expires_at": expires,
            "deadline": expires + timedelta(seconds=20),
            "recipients": tuple(Recipient(person_id=each) for each in people),
        }
        made = offer_made(more.pop("call_id", CALL), self.clock.now(), **fields | more)
        self.offers[offer_id] = made
        self.write(made)
        self.write(*(self.page(made, each) for each in people), topic=NOTIFICATIONS)
        return made

    def page(self, made: OfferMade, person_id: str = "ana", kind: str = "sms") -> PageDue:
        """The page of an offer to a person."""
        method = ContactMethod(method_id="mobile" if kind == "sms" else "voice", kind=kind)  # type: ignore[arg-type]
        number = int.from_bytes(f"{made.offer_id[:4]}{person_id[:4]}{kind}".encode(), "big")
        about: dict[str, Any] = {
            "offer_id": made.offer_id,
            "person_id": person_id,
            "method": method,
            "not_after": made.expires_at,
            "district": made.district,
            "priority": made.priority,
            "team_id": made.team_id,
        }
        return page(number, **about)

    def owe(self, due: PageDue) -> PageDue:
        """A page stands in the journal."""
        self.write(due, topic=NOTIFICATIONS)
        return due

    async def page_out(self, due: PageDue, channel: Channel = "sms") -> Outcome:
        """Hand a page to a carrier."""
        return await self.send(due, channel, PHONE)

    async def text(self, body: str, *, sender: str = PHONE, carrier: str = "twilio") -> list[str]:
        """Somebody texts us; what their phone gets for it."""
        phone = self.phone(sender)
        before = len(phone.texts)
        played = self.twilio if carrier == "twilio" else self.telnyx
        await self.settled()
        await played.text_in(sender, NUMBERS[carrier], body)
        await self.time.pass_seconds(3)
        await self.settled()
        return [text.body for text in phone.texts[before:]]

    async def settled(self) -> None:
        """Every command is answered, and everything written has been read by the door."""
        for _ in range(2000):
            if self.silent or self.answered >= {command.command_id for command in self.commands()}:
                break
            await asyncio.sleep(0)
        for topic in FOLLOWED:
            self.marks += 1
            self.write(CommandDone(command_id=f"mark {self.marks}", result="done"), topic=topic)
            assert await self.door.follower.answer(f"mark {self.marks}", 5) is not None

    async def _answer_commands(self) -> None:
        reader = await self.broker.reader()
        await reader.assign({(COMMANDS.name, 0): 0})
        while True:
            for stored in await reader.poll(0.2):
                command = decode(stored.headers["type"].decode(), stored.value)
                if self.silent or not isinstance(command, Command) or command.command_id in self.answered:
                    continue
                topic = NOTIFICATIONS if command.decided_by == "notification" else ASSIGNMENTS
                self.write(*self._decide(command), topic=topic, cause=stored.position)
                self.answered.add(command.command_id)

    def _decide(self, command: Command) -> list[Event]:
        if self.refuse is not None:
            return [refused(command, *self.refuse)]
        match command:
            case AcceptOffer():
                return self._accept(command)
            case DeclineOffer():
                made = self.offers[command.offer_id]
                declined = of_offer(OfferDeclined, made, person_id=command.person_id, method_id=command.method_id)
                return [declined, done(command, "The call goes to another.")]
            case NoteOptOut():
                kind = ContactOptedOut if command.opted_out else ContactOptedIn
                return [kind(person_id=command.person_id, method_id=command.method_id), done(command)]
            case _:
                return [done(command)]

    def _accept(self, command: AcceptOffer) -> list[Event]:
        made = self.offers[command.offer_id]
        holder = self.taken.get(made.call_id)
        if holder == made.offer_id:
            return [nothing_to_do(command, "Your team has this call already.")]
        if holder is not None:
            return [refused(command, "taken", "beta-2 has this call.")]
        self.taken[made.call_id] = made.offer_id
        others = [each for each in self.offers.values() if each.call_id == made.call_id and each is not made]
        accepted = of_offer(
            OfferAccepted,
            made,
            person_id=command.person_id,
            method_id=command.method_id,
            accepted_at=self.clock.now(),
            eta_minutes=command.eta_minutes,
            call_at="calls/0/0",
        )
        withdrawn = [of_offer(OfferWithdrawn, each, why="taken") for each in others]
        return [accepted, *withdrawn, done(command, "The call is yours.")]
