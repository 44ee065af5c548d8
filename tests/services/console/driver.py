"""A city in memory: the door, its log, a hand-written service that answers commands, and a token for every role."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI
from pydantic import SecretStr

from deploy.local.kafka.node import CHECKOUT
from services.console.api.http import create_app
from services.console.config import ConsoleSettings
from shared import events
from shared.agencies import Agencies, hash_of
from shared.answers import done, nothing_to_do, refused
from shared.audit_log.chain import new_audit_key
from shared.clock import SystemClock
from shared.engine.broker import BrokerUnavailable, Record
from shared.engine.journal import StepHeaders, headers_of
from shared.engine.memory import MemoryBroker, MemoryLog
from shared.events import Claimed, Command, Event, decode
from shared.sealing import new_key
from shared.topics import ASSIGNMENTS, DECISIONS, NOTIFICATIONS, ROSTERS
from shared.topics import COMMANDS as COMMANDS_TOPIC

AGENCY, OTHER_AGENCY = "madison-wi", "boston-ma"
ROLES = ("cad", "dispatcher", "supervisor", "approver", "staff", "viewer")
SECRET, SEALING_KEY, AUDIT_KEY = "s" * 32, new_key(), new_audit_key()
POCKET = "https://pocket.example"
JOURNAL_OF = {
    "triage": DECISIONS.name,
    "team-availability": ASSIGNMENTS.name,
    "notification": NOTIFICATIONS.name,
    "rostering": ROSTERS.name,
}
AGENCIES = f"""
[agencies.{AGENCY}.sources.dane-county]
keys = ["{hash_of("cad")}"]
[agencies.{AGENCY}.sources.uw-police]
keys = ["{hash_of("other-cad")}"]
""" + "".join(
    f"""
[agencies.{agency}.people.{name}]
token = "{hash_of(token)}"
roles = ["{role}"]
"""
    for agency, name, token, role in (
        *((AGENCY, f"the-{role}", role, role) for role in ROLES if role != "cad"),
        (AGENCY, "ann", "ann", "staff"),
        (OTHER_AGENCY, "bob", "bob", "supervisor"),
    )
)


@dataclass
class Network:
    """What may go wrong between the door and the log."""

    away: bool = False
    hangs: bool = False
    gone: bool = False
    """Nothing of the log answers."""

    async def __call__(self, doing: str) -> None:
        while self.gone:  # noqa: ASYNC110  # tests set it back
            await asyncio.sleep(0.05)
        if doing == "append" and self.away:
            raise BrokerUnavailable("away")
        if doing == "append" and self.hangs:
            await asyncio.sleep(60)


@dataclass
class FakeServices:
    """Every deciding service in one: answers each command id once, as a small city would."""

    log: MemoryLog
    silent: bool = False
    full: bool = False
    """Everybody has as many ways to be reached as there can be."""
    reached: str = "They are reached so."
    """What is said of a way that stands."""
    late: bool = False
    """Whoever is to be on the books comes too late."""
    seen: list[Command] = field(default_factory=list)
    answered: set[str] = field(default_factory=set)
    revision: int = 0
    _claimed: set[tuple[str, int]] = field(default_factory=set)

    async def run(self) -> None:
        reader = await MemoryBroker(self.log).reader()
        await reader.assign({(COMMANDS_TOPIC.name, number): 0 for number in range(self.log.partitions)})
        while True:
            for stored in await reader.poll(1.0):
                command = decode(stored.headers["type"].decode(), stored.value)
                assert isinstance(command, Command)
                self.seen.append(command)
                if command.command_id not in self.answered and not self.silent:
                    made = self.decide(command)
                    if not made:  # another decides it
                        continue
                    if not isinstance(made[-1], events.CommandHeld):
                        self.answered.add(command.command_id)
                    self.write(stored.key, *made, journal=JOURNAL_OF[command.decided_by], cause=stored.position)

    def write(self, agency: str, *made: Event, journal: str, cause: str = "test/0/0", epoch: int = 1) -> None:
        """One step in a journal; epoch 1 is the owner's."""
        partition = MemoryBroker(self.log).partition_of(agency)
        common = StepHeaders(epoch, self.log.clock.now(), "1", {}, "fake").common()
        records = [Record(agency, e.encode(), headers_of(e, cause, i, common)) for i, e in enumerate(made)]
        if (journal, partition) not in self._claimed:
            self._claimed.add((journal, partition))
            claim = Claimed(epoch=1, writer="fake")
            records.insert(0, Record("", claim.encode(), headers_of(claim, "claim", 0, common)))
        self.log.append(journal, partition, records)

    def decide(self, command: Command) -> list[Event]:
        decide = getattr(self, "_" + command.type.replace("-", "_"), None)
        decided: list[Event] = [done(command, "Done.")] if decide is None else decide(command)
        return decided

    def _pause_district(self, command: events.PauseDistrict) -> list[Event]:
        self.revision += 1
        return [
            events.DistrictPaused(
                district=command.district,
                response=command.response,
                revision=self.revision,
                changed_by=command.issued_by,
                reason=command.reason,
            ),
            done(command, f"{command.district} is paused.", revision=self.revision),
        ]

    def _resume_district(self, command: events.ResumeDistrict) -> list[Event]:
        self.revision += 1
        return [
            events.DistrictResumed(
                district=command.district,
                response=command.response,
                revision=self.revision,
                changed_by=command.issued_by,
            ),
            done(command, f"{command.district} is resumed.", revision=self.revision),
        ]

    def _set_phase(self, command: events.SetPhase) -> list[Event]:
        if command.based_on not in (None, self.revision):
            return [refused(command, "stale", "The switchboard has moved on.", ("revision",))]
        self.revision += 1
        return [
            events.PhaseChanged(
                response=command.response,
                district=command.district,
                phase=command.phase,
                revision=self.revision,
                changed_by=command.issued_by,
                reason=command.reason,
            ),
            done(command, revision=self.revision),
        ]

    def _set_cap(self, command: events.SetCap) -> list[Event]:
        self.revision += 1
        return [
            events.CapChanged(
                response=command.response,
                district=command.district,
                at_most_open=command.at_most_open,
                at_most_per_day=command.at_most_per_day,
                revision=self.revision,
                changed_by=command.issued_by,
                reason=command.reason,
            ),
            done(command, revision=self.revision),
        ]

    def _acknowledge_alert(self, command: events.AcknowledgeAlert) -> list[Event]:
        acknowledged = events.AlertAcknowledged(
            alert_id=command.alert_id,
            kind=command.kind,
            raised_at=command.raised_at,
            acknowledged_by=command.issued_by,
            reason=command.reason,
            noise=command.noise,
        )
        return [acknowledged, done(command, f"{command.issued_by} looks after it.", about=command.alert_id)]

    def _close_referral(self, command: events.CloseReferral) -> list[Event]:
        closed = events.ReferralClosed(
            referral_id=command.referral_id, call_id="", result=command.result, closed_by=command.issued_by
        )
        return [closed, done(command, f"Closed: {command.result}.", about=command.referral_id)]

    def _propose_programme(self, command: events.ProposeProgramme) -> list[Event]:
        return [
            events.ProgrammeProposed(
                document=command.document,
                document_hash="h1",
                version=1,
                effective=command.issued_at,
                proposed_by=command.issued_by,
            ),
            done(command, "The document waits for approval.", about="h1"),
        ]

    def _approve_programme(self, command: events.ApproveProgramme) -> list[Event]:
        if command.document_hash != "h1":
            return [refused(command, "no-such-document", "No document with this hash is proposed.")]
        return [
            events.ProgrammeAdopted(
                document_hash="h1",
                version=1,
                effective=command.issued_at,
                proposed_by="the-supervisor",
                approved_by=command.issued_by,
            ),
            events.ProgrammeActivated(document_hash="h1", version=1),
            done(command),
        ]

    def _override_call(self, command: events.OverrideCall) -> list[Event]:
        return [
            events.CommandHeld(
                command_type=command.type,
                command={},
                command_id=command.command_id,
                call_id=command.call_id,
                expires_at=command.expires_at,
            )
        ]

    def _define_team(self, command: events.DefineTeam) -> list[Event]:
        return [events.TeamDefined(team=command.team), done(command, about=command.team.team_id)]

    def _define_person(self, command: events.DefinePerson) -> list[Event]:
        if self.late:
            return [refused(command, "expired", "The command expired; send it again.")]
        return [events.PersonDefined(person=command.person), done(command, about=command.person.person_id)]

    def _remove_person(self, command: events.RemovePerson) -> list[Event]:
        if command.person_id == "working":
            return [refused(command, "on-shift", "working is on shift: sign the team off first.")]
        if command.person_id == "nobody":
            return [nothing_to_do(command, "There is no nobody.")]
        return [events.PersonRemoved(person_id=command.person_id), done(command, about=command.person_id)]

    def _set_contact(self, command: events.SetContact) -> list[Event]:
        if self.full:
            return [refused(command, "too-many-ways", "There are five already.")]
        stands = {"person_id", "method_id", "kind", "after_seconds", "shown", "fingerprint", "position"}
        contact = events.ContactSet(**command.model_dump(include=stands), set_by=command.issued_by)
        return [contact, done(command, self.reached)]

    def _remove_contact(self, command: events.RemoveContact) -> list[Event]:
        removed = events.ContactRemoved(person_id=command.person_id, method_id=command.method_id)
        return [removed, done(command)]

    def _sign_on(self, command: events.SignOn) -> list[Event]:
        return [
            events.TeamSignedOn(
                team_id=command.team_id,
                shift_id="shift-1",
                members=command.members,
                shift_ends_at=command.shift_ends_at,
                unconfirmed=() if command.vouched else tuple(set(command.members) - {command.issued_by}),
                vouched_by=command.issued_by if command.vouched else "",
            ),
            done(command, about="shift-1"),
        ]

    def _confirm_member(self, command: events.ConfirmMember) -> list[Event]:
        confirmed = events.MemberConfirmed(team_id=command.team_id, shift_id="shift-1", person_id=command.person_id)
        return [confirmed, done(command)]

    def _revoke_links(self, command: events.RevokeLinks) -> list[Event]:
        return [events.LinksRevoked(person_id=command.person_id, generation=1), done(command)]

    def _revoke_calendar(self, command: events.RevokeCalendar) -> list[Event]:
        return [events.CalendarRevoked(person_id=command.person_id, generation=1), done(command)]

    def _erase_call(self, command: events.EraseCall) -> list[Event]:
        if "open" in command.call_id:
            return [refused(command, "call-open", "It is not decided yet.")]
        stands = command.model_dump(include={"call_id", "merged", "reason"})
        return [events.CallErased(**stands, erased_by=command.issued_by), done(command, "It is erased.")]

    def _revoke_token(self, command: events.RevokeToken) -> list[Event]:
        return [events.TokenRevoked(token_hash=command.token_hash, holder=command.holder), done(command)]


@dataclass
class City:
    """The door and everything around it."""

    app: FastAPI
    log: MemoryLog
    network: Network
    services: FakeServices
    agencies_file: Path

    def client(self, token: str | None) -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url="http://door", headers=headers)

    async def get(self, token: str | None, path: str, **query: Any) -> httpx.Response:
        async with self.client(token) as client:
            return await client.get(path, params=query)

    async def post(self, token: str | None, path: str, body: Any = None, key: str | None = None) -> httpx.Response:
        async with self.client(token) as client:
            headers = {"Idempotency-Key": key} if key else {}
            return await client.post(path, json={} if body is None else body, headers=headers)

    def browser(self) -> httpx.AsyncClient:
        """A browser on a page of the door: it keeps cookies, says where a request comes from, and asks for pages."""
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app),
            base_url="https://door",
            headers={"Sec-Fetch-Site": "same-origin", "Accept": "text/html"},
        )

    @contextlib.asynccontextmanager
    async def signed_in(self, token: str) -> AsyncIterator[httpx.AsyncClient]:
        """A browser at which somebody has signed in."""
        async with self.browser() as browser:
            entered = await browser.post("/enter", data={"token": token})
            assert entered.status_code == 303, entered.text
            yield browser

    def commands(self) -> list[Command]:
        """Everything on the log's topic of commands."""
        found = []
        for (topic, _), held in self.log.places.items():
            for stored in held if topic == COMMANDS_TOPIC.name else ():
                command = decode(stored.headers["type"].decode(), stored.value)
                assert isinstance(command, Command)
                found.append(command)
        return found

    async def settle(self) -> None:
        """Let the follower read what was just written."""
        for _ in range(20):
            await asyncio.sleep(0.001)


def settings(agencies_file: Path, *, with_key: bool = True) -> ConsoleSettings:
    return ConsoleSettings(
        kafka="memory",
        agencies_file=agencies_file,
        link_secret=SecretStr(SECRET),
        audit_keys=SecretStr(AUDIT_KEY),
        sealing_key=SecretStr(SEALING_KEY) if with_key else None,
        phone_region="US",
        pocket_url=POCKET,
        console_answer_seconds=0.3,
        console_runbooks=CHECKOUT / "deploy/runbooks",
    )


@contextlib.asynccontextmanager
async def running_city(
    folder: Path, make_services: Callable[[MemoryLog], FakeServices] = FakeServices, *, with_key: bool = True
) -> AsyncIterator[City]:
    agencies_file = folder / "agencies.toml"
    agencies_file.write_text(AGENCIES, "utf-8")
    log, network, clock = MemoryLog(), Network(), SystemClock()
    services = make_services(log)
    for topic in JOURNAL_OF.values():  # so that there is something to read, and the door is ready at once
        services.write(AGENCY, journal=topic)
    broker = MemoryBroker(log, network)
    app = create_app(broker, clock, Agencies(agencies_file), settings(agencies_file, with_key=with_key))
    async with asyncio.TaskGroup() as tasks, app.router.lifespan_context(app):
        answering = tasks.create_task(services.run())
        while not app.state.follower.ready:  # noqa: ASYNC110  # the follower has no event to wait for
            await asyncio.sleep(0.001)
        yield City(app, log, network, services, agencies_file)
        answering.cancel()
