"""A small city for the pocket page: an in-memory log, and a stand-in for team availability that writes its journal."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

from services.pocket.door import COUNTED, DOOR, FOLLOWED, Door, OwnPage
from services.pocket.sealed_calls import SealedCalls
from services.pocket.view import View
from shared.answers import done, nothing_to_do, refused
from shared.audit_log.chain import ChainKeys, new_audit_key
from shared.audit_log.log import AuditLog
from shared.call import Call
from shared.call_keys import CallKeys
from shared.doors.answers import AnswerFollower
from shared.doors.audit import Register
from shared.doors.command import record
from shared.engine.broker import Record
from shared.engine.journal import StepHeaders, headers_of
from shared.engine.memory import MemoryBroker, MemoryLog
from shared.engine.topic import Topic
from shared.events import (
    AcceptOffer,
    AssignmentEnded,
    CallReported,
    CallRouted,
    Claimed,
    Command,
    ContactMethod,
    ContactRemoved,
    ContactSet,
    DeclineOffer,
    DeviceEnrolled,
    DeviceRevoked,
    EnrolDevice,
    Event,
    OfferAccepted,
    OfferAnswered,
    OfferDeclined,
    OfferMade,
    PageDue,
    Recipient,
    RemoveContact,
    ReportStatus,
    RevokeDevice,
    SetContact,
    SignOff,
    SignOn,
    StatusReported,
    TeamSignedOff,
    TeamSignedOn,
    child_id,
    decode,
)
from shared.links import token_of
from shared.sealing import Sealer, new_key
from shared.topics import ASSIGNMENTS, AUDIT_LOG, CALLS, COMMANDS, NOTIFICATIONS
from tests.builders import of_offer, offer_made
from tests.rig.clocks import LaterClock

AGENCY = "madison"
CALL = "madison/dane/26-001"
SECRET = "s" * 32
AUDIT_KEYS = ChainKeys(new_audit_key())
PERSONAL = {
    "address": "415 N Henry St, Apt 3",
    "callback_number": "+1 608 555 0142",
    "narrative": "Neighbour hears crying since noon.\nAsks that nobody in uniform comes.",
}


class City:
    """What the page's door sees of the world."""

    def __init__(self, own: OwnPage | None = None) -> None:
        self.clock = LaterClock()
        self.log = MemoryLog(partitions=1, clock=self.clock)
        self.broker = MemoryBroker(self.log)
        self.sealer = Sealer(new_key())
        self.view = View(SECRET)
        follower = AnswerFollower(self.broker, FOLLOWED, self.view.fold, COUNTED)
        calls = SealedCalls(self.broker, CallKeys(self.broker, self.sealer))
        log = AuditLog(self.broker, self.clock, AUDIT_KEYS, DOOR)
        register = Register(log, DOOR, self.clock)
        self.door = Door(self.broker, follower, self.view, calls, self.clock, register, own or OwnPage())
        self.offers: dict[str, OfferMade] = {}
        self.taken: set[str] = set()
        self.refuse: str | None = None
        """Refuse every command, with this sentence."""
        self.idle: str | None = None
        """Say of every command that there is nothing to do, with this sentence."""
        for topic in FOLLOWED:
            claim = Claimed(epoch=1, writer="w")
            self.log.append(topic.name, 0, [Record("", claim.encode(), headers_of(claim, "claim", 0, self._common()))])

    def _common(self) -> tuple[tuple[str, bytes], ...]:
        return StepHeaders(1, self.clock.now(), "1", {}, "team-availability").common()

    def write(self, *events: Event, topic: Topic = ASSIGNMENTS, cause: str = "tick/x", agency: str = AGENCY) -> None:
        """Append events to a journal, in one batch."""
        self.log.append(
            topic.name,
            0,
            [
                Record(agency, event.encode(), headers_of(event, cause, number, self._common()))
                for number, event in enumerate(events)
            ],
        )

    def written(self) -> list[tuple[str, int]]:
        """How much stands in each topic but the audit log, in which every sight of a call stands."""
        return sorted((topic, len(held)) for (topic, _), held in self.log.places.items() if topic != AUDIT_LOG.name)

    def commands(self) -> list[Command]:
        """Every command that the door has sent."""
        found = [decode(stored.headers["type"].decode(), stored.value) for stored in self.log.places[COMMANDS.name, 0]]
        return [command for command in found if isinstance(command, Command)]

    # --- what happens in it ---

    def call(self, call_id: str = CALL, personal: dict[str, str] | None = None) -> str:
        """A call is reported; its position."""
        agency, source, incident = call_id.split("/")
        now = self.clock.now()
        call = Call(agency=agency, source=source, incident_id=incident, created_at=now, updated_at=now)
        sealed = self.sealer.seal(call_id, PERSONAL if personal is None else personal)
        event = CallReported(event_id="1", call=call, received_at=now, judged_at=now, sealed=sealed)
        appended = self.log.append(CALLS.name, 0, [record(agency, event, "1", "intake", self.clock)])
        return f"calls/0/{appended.offset}"

    def sign_on(self, team_id: str = "alpha-1", members: tuple[str, ...] = ("ana", "ben"), **more: Any) -> str:
        """A team signs on; the path of the first member's shift page."""
        shift_id = f"shift-of-{team_id}"
        ends = self.clock.now() + timedelta(hours=6)
        self.write(TeamSignedOn(team_id=team_id, shift_id=shift_id, members=members, shift_ends_at=ends, **more))
        return f"/s/{token_of(SECRET, 'shift', shift_id, members[0])}"

    def offer(self, offer_id: str = "offer-1", team_id: str = "alpha-1", seconds: float = 30, **more: Any) -> str:
        """A team is asked; the path of the page of the first person asked."""
        expires = self.clock.now() + timedelta(seconds=seconds)
        fields: dict[str, Any] = {
            "offer_id": offer_id,
            "team_id": team_id,
            "response": "care-team",
            "expires_at": expires,
            "deadline": expires + timedelta(seconds=20),
            "recipients": (Recipient(person_id="ana"), Recipient(person_id="ben")),
        }
        self.offers[offer_id] = offer_made(more.pop("call_id", CALL), self.clock.now(), **fields | more)
        self.write(self.offers[offer_id])
        return self.path_of(offer_id)

    def path_of(self, offer_id: str, person_id: str = "ana", method_id: str = "", generation: int = 0) -> str:
        """The path of a person's page of an offer, as the page over a way names it."""
        return f"/p/{token_of(SECRET, 'offer', offer_id, person_id, generation, method_id=method_id)}"

    def page(self, offer_id: str = "offer-1", person_id: str = "ana", method_id: str = "mobile") -> PageDue:
        """The page of an offer over a way is owed."""
        page = PageDue(
            page_id=child_id(offer_id, f"{person_id}/{method_id}"),
            kind="offer",
            call_id=CALL,
            episode=1,
            team_id="alpha-1",
            person_id=person_id,
            method=ContactMethod(method_id=method_id, kind="sms"),
            not_after=self.clock.now() + timedelta(seconds=30),
            offer_id=offer_id,
        )
        self.write(page, topic=NOTIFICATIONS)
        return page

    def routed(self, team_id: str | None = "alpha-1", outcome: str = "team-accepted") -> None:
        """The call has its outcome."""
        self.write(
            CallRouted(call_id=CALL, episode=1, outcome=outcome, team_id=team_id, deadline=self.clock.now())  # type: ignore[arg-type]
        )

    @asynccontextmanager
    async def living(self) -> AsyncIterator[None]:
        """The door follows, and commands are answered as team availability would, until the end of the block."""
        await self.door.open()
        answering = asyncio.get_running_loop().create_task(self._answer_commands())
        try:
            async with self.door.register.log.writing():
                yield
        finally:
            answering.cancel()
            await asyncio.wait([answering])
            await self.door.close()

    async def _answer_commands(self) -> None:
        reader = await self.broker.reader()
        await reader.assign({(COMMANDS.name, 0): 0})
        answered: set[str] = set()
        while True:
            for stored in await reader.poll(0.2):
                command = decode(stored.headers["type"].decode(), stored.value)
                if isinstance(command, Command) and command.command_id not in answered:
                    answered.add(command.command_id)
                    self.write(*self._decide(command, stored.time), cause=stored.position)

    def _decide(self, command: Command, at: datetime) -> list[Event]:
        if self.refuse is not None:
            return [refused(command, "no", self.refuse)]
        if self.idle is not None:
            return [nothing_to_do(command, self.idle)]
        match command:
            case AcceptOffer() if self.offers[command.offer_id].window:
                made = self.offers[command.offer_id]
                answer = {"person_id": command.person_id, "answered_at": at, "until": made.expires_at}
                events: list[Event] = [of_offer(OfferAnswered, made, eta_minutes=command.eta_minutes, **answer)]
            case AcceptOffer():
                made = self.offers[command.offer_id]
                if made.offer_id in self.taken:
                    return [nothing_to_do(command, "Your team has it already.")]
                self.taken.add(made.offer_id)
                events = [
                    of_offer(
                        OfferAccepted,
                        made,
                        person_id=command.person_id,
                        accepted_at=at,
                        eta_minutes=command.eta_minutes,
                        call_at="calls/0/0",
                    ),
                    CallRouted(
                        call_id=made.call_id,
                        episode=1,
                        outcome="team-accepted",
                        team_id=made.team_id,
                        deadline=made.deadline,
                    ),
                ]
            case DeclineOffer():
                made = self.offers[command.offer_id]
                events = [of_offer(OfferDeclined, made, person_id=command.person_id)]
            case ReportStatus():
                events = [
                    StatusReported(
                        team_id=command.team_id,
                        status=command.status,
                        call_id=command.call_id,
                        episode=1 if command.call_id else None,
                        disposition=command.disposition,
                    )
                ]
                if command.status == "cleared" and command.call_id and command.disposition:
                    cleared = AssignmentEnded(
                        call_id=command.call_id, episode=1, team_id=command.team_id, disposition=command.disposition
                    )
                    events.append(cleared)
            case SignOff():
                events = [TeamSignedOff(team_id=command.team_id, shift_id=f"shift-of-{command.team_id}")]
            case _:
                events = _of_people(command)
        return [*events, done(command)]


def _of_people(command: Command) -> list[Event]:
    """Devices, sign-ons, and ways to be reached."""
    match command:
        case EnrolDevice():
            return [
                DeviceEnrolled(
                    device_id=command.device_id,
                    credential_hash=command.credential_hash,
                    person_id=command.person_id,
                    team_id=command.team_id,
                    label=command.label,
                    enrolment_id=command.enrolment_id,
                )
            ]
        case RevokeDevice():
            return [DeviceRevoked(device_id=command.device_id)]
        case SignOn():
            shift_id = f"shift-of-{command.team_id}"
            ends_at, others = command.shift_ends_at, command.members[1:]
            return [
                TeamSignedOn(
                    team_id=command.team_id,
                    shift_id=shift_id,
                    members=command.members,
                    shift_ends_at=ends_at,
                    unconfirmed=others,
                )
            ]
        case SetContact():
            return [
                ContactSet(
                    person_id=command.person_id,
                    method_id=command.method_id,
                    kind=command.kind,
                    shown=command.shown,
                    fingerprint=command.fingerprint,
                    position=command.position,
                )
            ]
        case RemoveContact():
            return [ContactRemoved(person_id=command.person_id, method_id=command.method_id)]
    return []
