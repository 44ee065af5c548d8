"""Made-up agencies: a programme that is live everywhere at every hour, teams on shift, and who holds which key."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import count

from deploy.local.access import AgencyWanted, SourceWanted
from shared.clock import SystemClock
from shared.doors.command import record
from shared.engine.follower import Follower
from shared.engine.kafka import KafkaBroker
from shared.events import (
    ApproveProgramme,
    Command,
    CommandRefused,
    ContactMethod,
    DefinePerson,
    DefineTeam,
    Person,
    ProposeProgramme,
    SetPhase,
    SignOn,
    Team,
    child_id,
)
from shared.judgement import Discipline
from shared.topics import ASSIGNMENTS, COMMANDS, DECISIONS

SYSTEM = "rig"
QUESTIONS = ("Q1", "Q2", "Q3", "Q4", "Q5")
PROGRAMME = """
agency = "{agency}"
programme = "Alternative response"
version = 1
effective = 2024-01-01T00:00:00
time_zone = "America/Chicago"
default = "police patrol"
[districts]
Central = ["C1", "C2", "C3"]
West = ["W1", "W2"]
[call_types.rig]
"CHECK PERSON" = {{ category = "check-welfare" }}
"MENTAL" = {{ category = "mental-health" }}
"MENTAL VIOLENT" = {{ category = "mental-health", violence = "in-progress" }}
[heard]
answers = {{ Q1 = "weapon", Q2 = "violence", Q3 = "crime", Q4 = "injury", Q5 = "suicide" }}
cautions = {{ ARMED = {{ weapon = "present" }}, ASSAULTIVE = {{ violence = "past" }} }}
words = {{ weapon = ["knife", "gun"], violence = ["hit", "threw"] }}
[[level]]
name = "calm"
sends = ["cares"]
[[level]]
name = "police needed"
sends = ["default"]
raised_by = [
  {{ weapon = "elsewhere or worse" }}, {{ violence = "past or worse" }}, {{ crime = "reported or worse" }},
  {{ injury = "needs-ems" }}, {{ suicide = "attempt" }}, {{ caller_wants = "police" }},
]
[responses.cares]
model = "community-responder"
crew = ["paramedic", "crisis-worker"]
takes = ["mental-health", "check-welfare"]
may_be_asked_by = ["caller"]
goes = "instead of default"
reached_by = "offer"
[[rollout]]
response = "cares"
districts = "all"
from = 2024-01-01
hours = ["daily 00:00-24:00"]
phase = "live"
[when_no_team]
steps = [{{ try = "same response", seconds = {step_seconds} }}, {{ try = "default" }}]
[clocks]
routing_deadline_seconds = {deadline_seconds}
cad_notice_seconds = 5
offer_expiry_seconds = {offer_seconds}
status_stale_minutes = 1440
"""
CREW: tuple[Discipline, ...] = ("paramedic", "crisis-worker")


@dataclass(frozen=True, slots=True)
class Terms:
    """The clocks of every town's programme."""

    deadline_seconds: int
    """From the receipt; the outcome comes five seconds earlier, the CAD's notice."""
    step_seconds: int
    offer_seconds: int


@dataclass(frozen=True, slots=True)
class Town:
    """An agency with teams of two people."""

    name: str
    teams: int
    contact: ContactMethod
    webhook_url: str | None = None
    """Where its CAD is told outcomes."""

    @property
    def wanted(self) -> AgencyWanted:
        """What the stack makes keys for."""
        return AgencyWanted(self.name, (SourceWanted("cad", self.webhook_url),))

    def commands(self, terms: Terms) -> Iterator[Command]:
        """Everything but the approval: the programme, its phase, people, teams, shifts."""
        now, number = SystemClock().now(), count()

        def common() -> dict[str, object]:
            command_id = child_id(self.name, f"settle/{now.isoformat()}/{next(number)}")
            expires_at = now + timedelta(seconds=120)
            return {"command_id": command_id, "issued_by": "ana", "issued_at": now, "expires_at": expires_at}

        text = PROGRAMME.format(
            agency=self.name,
            deadline_seconds=terms.deadline_seconds,
            step_seconds=terms.step_seconds,
            offer_seconds=terms.offer_seconds,
        )
        yield ProposeProgramme(document=text, **common())  # type: ignore[arg-type]
        for team in range(self.teams):
            members = tuple(f"p{team}-{discipline}" for discipline in CREW)
            for person_id, discipline in zip(members, CREW, strict=True):
                person = Person(
                    person_id=person_id, name=person_id, disciplines=(discipline,), contact_methods=(self.contact,)
                )
                yield DefinePerson(person=person, **common())  # type: ignore[arg-type]
            made = Team(team_id=f"team-{team}", model="community-responder", primary_districts=("Central",))
            yield DefineTeam(team=made, **common())  # type: ignore[arg-type]
            ends_at = now + timedelta(hours=12)
            yield SignOn(team_id=made.team_id, members=members, shift_ends_at=ends_at, **common())  # type: ignore[arg-type]

    def to_approve(self, document_hash: str) -> Iterator[Command]:
        """What can follow only when the document is known."""
        now = SystemClock().now()
        for kind, name in ((ApproveProgramme, "ben"), (SetPhase, "ana")):
            about = (
                {"document_hash": document_hash}
                if kind is ApproveProgramme
                else {"response": "cares", "district": "Central", "phase": "live", "based_on": 0}
            )
            yield kind(
                command_id=child_id(self.name, f"{kind.type}/{now.isoformat()}"),
                issued_by=name,
                issued_at=now,
                expires_at=now + timedelta(seconds=120),
                **about,
            )


def names(number: int, partitions: int) -> list[str]:
    """So many agency names, spread evenly over the partitions."""
    broker, chosen = KafkaBroker("", partitions), [0] * partitions
    found: list[str] = []
    for candidate in (f"town-{index}" for index in count()):
        partition = broker.partition_of(candidate)
        if chosen[partition] <= len(found) // partitions:
            chosen[partition] += 1
            found.append(candidate)
        if len(found) == number:
            return found
    raise AssertionError


async def settle(bootstrap: str, partitions: int, towns: list[Town], terms: Terms) -> None:
    """Adopt every programme, switch it live, put every team on shift. Raises RuntimeError if a command is refused."""
    broker = KafkaBroker(bootstrap, partitions)
    follower = Follower(broker, (DECISIONS, ASSIGNMENTS), lambda *_: None, frozenset())
    await follower.start()
    try:
        async with asyncio.TaskGroup() as tasks:
            for town in towns:
                tasks.create_task(_settle(broker, follower, town, terms))
    finally:
        await follower.stop()
        await broker.close()


async def _settle(broker: KafkaBroker, follower: Follower, town: Town, terms: Terms) -> None:
    proposed = await _issue(broker, follower, town.name, list(town.commands(terms)))
    await _issue(broker, follower, town.name, list(town.to_approve(proposed)))


async def _issue(broker: KafkaBroker, follower: Follower, agency: str, commands: list[Command]) -> str:
    """Send commands in one go and wait for each answer; what the first one's answer is about."""
    clock, abouts = SystemClock(), []
    records = [record(agency, command, command.command_id, "rig", clock) for command in commands]
    await broker.append(COMMANDS.name, broker.partition_of(agency), records)
    for command in commands:
        answer = await follower.answer(command.command_id, 60)
        if answer is None or isinstance(answer, CommandRefused):
            raise RuntimeError(f"{agency}: {command.type} got {answer}")
        abouts.append(answer.about)
    return abouts[0]
