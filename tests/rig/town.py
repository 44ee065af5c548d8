"""Made-up agencies: a programme that is live everywhere at every hour, and teams on shift."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count

from deploy.actors.console import Console, TeamSpec, adopt, set_phases, sign_on
from deploy.actors.http import session
from deploy.actors.scenario import Owner
from deploy.demo.phones import PhoneBook, plan_on_call
from deploy.local.access import AgencySpec, SourceSpec, people_with
from deploy.local.programs import HOST
from deploy.local.stack import Stack
from shared.engine.kafka import KafkaBroker

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
weaker_on_purpose = ["ASSAULTIVE"]
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
status_stale_minutes = 60
"""
CREW = ("paramedic", "crisis-worker")
ZONE = "America/Chicago"
ON_CALL = "rota"


@dataclass(frozen=True, slots=True)
class Terms:
    """The clocks of every town's programme."""

    deadline_seconds: int
    """From the receipt; the outcome comes five seconds earlier, the CAD's notice."""
    step_seconds: int
    offer_seconds: int


@dataclass(frozen=True, slots=True)
class Town:
    """An agency with teams of two people; its CAD and its provider are told at a loopback port."""

    name: str
    teams: int
    paged_members: int
    """Of each team; the others look at their page."""
    port: int
    carriers_port: int = 0
    """Where carriers are played, if people have phones: the last of each team, and whoever is on call."""
    on_call: tuple[float, ...] = ()
    """Of each further team, that works by the rota alone: in how many seconds it does."""

    @property
    def spec(self) -> AgencySpec:
        """What the stack makes keys for."""
        source = SourceSpec("cad", f"http://{HOST}:{self.port}/cad/{self.name}")
        people = people_with(person for team in self._teams for person in team.members)
        number = zlib.crc32(self.name.encode()) % 10_000_000
        senders = {"twilio": f"+1608{number:07}", "telnyx": f"+1414{number:07}"}
        carriers = self.phones.setup("", self.name).accounts(self.carriers_port, senders) if self.carriers_port else {}
        return AgencySpec(self.name, (source,), people, zone=ZONE, carriers=carriers)

    @property
    def phones(self) -> PhoneBook:
        """Who has a phone, and how they answer."""
        if not self.carriers_port:
            return PhoneBook()
        owners: dict[str, Owner] = {team.members[-1]: "presses" for team in self._teams if not team.on_call}
        for team in self._teams:
            owners |= dict.fromkeys(team.members if team.on_call else (), "texts")
        return PhoneBook(owners)

    @property
    def _teams(self) -> list[TeamSpec]:
        about = "community-responder", CREW, ("Central",), self.paged_members
        on_shift = [TeamSpec(f"team-{number}", *about) for number in range(self.teams)]
        return on_shift + [TeamSpec(f"{ON_CALL}-{number}", *about, on_call=True) for number in range(len(self.on_call))]

    async def settle(self, console: Console, terms: Terms) -> None:
        """Put the programme in force, switch it live, put every team on shift, or in the plan. Raises CommandFailed."""
        clocks = {"deadline_seconds": terms.deadline_seconds, "step_seconds": terms.step_seconds}
        await adopt(console, PROGRAMME.format(agency=self.name, offer_seconds=terms.offer_seconds, **clocks))
        await set_phases(console, {("cares", "Central"): "live"})
        await sign_on(console, self._teams, f"http://{HOST}:{self.port}/page/{self.name}", self.phones.ways)
        on_call = [team for team in self._teams if team.on_call]
        if on_call:
            await console.command("ana", "/v1/rolls", {"minutes": 5})  # who is on call is asked once they have answered
        for team, seconds in zip(on_call, self.on_call, strict=True):
            await plan_on_call(console, team, datetime.now(UTC) + timedelta(seconds=seconds))


def names(number: int, partitions: int) -> list[str]:
    """Agency names, spread evenly over the partitions."""
    broker, chosen = KafkaBroker("", partitions), [0] * partitions
    spread: list[str] = []
    for candidate in (f"town-{index}" for index in count()):
        partition = broker.partition_of(candidate)
        if chosen[partition] <= len(spread) // partitions:
            chosen[partition] += 1
            spread.append(candidate)
        if len(spread) == number:
            return spread
    raise AssertionError


async def settle(stack: Stack, towns: Iterable[Town], terms: Terms) -> None:
    """Settle every town at the console. Raises CommandFailed, in a group."""
    async with session() as http, asyncio.TaskGroup() as tasks:
        for town in towns:
            console = Console(http, stack.url_of("console"), partial(stack.access.token, town.name))
            tasks.create_task(town.settle(console, terms))
