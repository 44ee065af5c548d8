"""What surrounds the services: CADs that publish through intake, and people who answer, err and stay silent.

All is drawn from one seed. People see what counts in the journals, by a fold of their own, and act by commands.
"""

from __future__ import annotations

import math
import random
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from shared.call import Call, CallType
from shared.doors.command import record
from shared.engine.broker import Stored
from shared.engine.memory import MemoryLog
from shared.events import (
    AcceptOffer,
    ApproveProgramme,
    AssignmentWithdrawn,
    CallCancelled,
    CallReported,
    Command,
    ConfirmationAsked,
    ConfirmDecision,
    ConfirmMember,
    DeclineOffer,
    DefinePerson,
    DefineTeam,
    Event,
    HoldAsked,
    HoldCall,
    LateCallListed,
    LateTakeAsked,
    OfferAccepted,
    OfferMade,
    OverrideCall,
    PauseDistrict,
    Person,
    ProposeProgramme,
    ReportStatus,
    ResumeDistrict,
    RevokeLinks,
    RollBackProgramme,
    SetPhase,
    SignOff,
    SignOn,
    TakeLateCall,
    Team,
)
from shared.judgement import Discipline
from shared.programme import Programme, read
from shared.topics import CALLS, COMMANDS
from tests.simulation.staff import BY_PLAN, Staff
from tests.simulation.virtual_time import EPOCH, VirtualClock

CHECK = timedelta(minutes=1)
"""A team on scene that says nothing for so long is asked whether it is well: soon enough to see it in a day of ours."""
DOCUMENT = (
    (Path(__file__).parents[2] / "deploy/programmes/demo-city.toml")
    .read_text()
    .replace("[clocks]\n", f"[clocks]\non_scene_check_minutes = {CHECK // timedelta(minutes=1)}\n", 1)
)
DISTRICTS = {"Harbor": "H1", "Hillside": "S2", "Old Town": "O1", "Airport": "A1"}
QUESTIONS = ("Q1", "Q2", "Q3", "Q4", "Q5")
CALM_CODES = ("MENTAL", "CHECK WELFARE", "TRESPASS", "INTOX PERSON", "DISTURBANCE", "ALARM")
DANGEROUS_CODES = ("MENTAL VIOLENT", "WEAPON", "BURGLARY", "ACCIDENT INJ")
PHASES = (
    ("outreach", "Harbor", "live"),
    ("co-response", "Harbor", "live"),
    ("outreach", "Hillside", "advisory"),
    ("outreach", "Old Town", "shadow"),
)
FIRST_CALL_SECONDS, CALLS_PER_SECOND = 2.0, 8.0
CLOSES_SECONDS = 45.0
"""So long after the last call carriers still have news."""
BEATS_SECONDS = (0.05, 0.25, 0.5, 0.5, 1.0)
"""Every city has one of these: its CADs and people act in bursts of so long."""
_CALL: TypeAdapter[Call] = TypeAdapter(Call)


HARMFUL_CALLS = 3
HARM = ("raise", "raise", "hang", "hang", "die")
"""What deciding a call may do to the process that decides it; `hang`: until its budget is used up."""
HARMED = ("triage", "team-availability")
REUSED_NUMBERS = 3
LOST, LATE = 0.04, 0.08
"""How often a team's word is lost on its way, and how often it comes late."""
CLOCKS_SECONDS: tuple[tuple[float, ...], ...] = ((0,), (0,), (0,), (240,), (-900,), (-3600, -5, 0, 0, 30, 7200))
"""How far a CAD's clock is off: each city has one of these, and draws from it at every version."""


def agency_name(number: int) -> str:
    return f"city-{number}"


REACHED_BY = (("offer", "offer"), ("broadcast", "offer"), ("pull", "broadcast"), ("window", "offer"))
"""How outreach and co-response learn of a call: each agency has one of these."""
MORE_OF = {
    "window": "window_seconds = 5\npreferred_eta_minutes = 5\norder_of_teams = { each_call_minutes = 2 }",
    "pull": "late_minutes = 1",
}
"""What a response that is reached so says besides."""
STEPS = '{ try = "same response", seconds = 9 }, { try = "next response", seconds = 5 }'
MAY_WAIT = (
    '{ try = "same response", seconds = 5 }, { try = "next response", seconds = 5 }, { try = "hold", seconds = 5 }'
)
HOLD_CLOCKS = 'hold_minutes = 1\npriority_hold_minutes = { "1" = 0 }\n'
"""In one agency a call may wait for a team; the most urgent may not."""


def document_of(agency: str, version: int = 1) -> str:
    text = DOCUMENT.replace('"demo-city"', f'"{agency}"', 1)
    reached_by = REACHED_BY[int(agency.rpartition("-")[2]) % len(REACHED_BY)]
    for response, how in zip(("outreach", "co-response"), reached_by, strict=True):
        way = rf'\g<1> "{how}"' + (f"\n{MORE_OF[how]}" if how in MORE_OF else "")
        text = re.sub(rf'(\[responses\.{response}\].*?reached_by +=) "offer"', way, text, count=1, flags=re.DOTALL)
    if reached_by == REACHED_BY[0]:
        text = text.replace(STEPS, MAY_WAIT, 1).replace("[clocks]\n", f"[clocks]\n{HOLD_CLOCKS}", 1)
    return re.sub(r"^(version +=) 1$", rf"\g<1> {version}", text, count=1, flags=re.MULTILINE)


SEEN = ("offer-made", "offer-accepted", "confirmation-asked", "hold-asked", "late-call-listed", "late-take-asked")
"""What somebody in the city acts upon."""


@cache
def programme_of(agency: str, version: int = 1) -> Programme:
    return read(document_of(agency, version))


def dangerous(call: Call) -> bool:
    """What any call taker would say of these calls: not one for an unarmed team. Nothing of the programme is asked."""
    code = call.call_type.code if call.call_type else ""
    answers = [call.answers.get(question) for question in QUESTIONS]
    return code in DANGEROUS_CODES or any(answer != "no" for answer in answers)


class WatchedLog(MemoryLog):
    """A log that tells somebody of every batch that lands."""

    watcher: Callable[[list[Stored]], None] = staticmethod(lambda _batch: None)

    def append(self, topic: str, partition: int, records: Any) -> Any:
        appended = super().append(topic, partition, records)
        self.watcher(self.places[topic, partition][appended.offset :])
        return appended


@dataclass
class City:
    """All agencies, and the seed's dice."""

    log: WatchedLog
    clock: VirtualClock
    loop: Any
    dice: random.Random
    decode: Callable[[str, bytes], Event]
    agencies: int
    calls: int
    seed: int
    versions: dict[str, Call] = field(default_factory=dict)
    """Event id → the version that was published under it."""
    sent: int = 0
    epochs: dict[tuple[str, int], int] = field(default_factory=dict)
    numbers: int = 0
    quiet: bool = False
    beat_seconds: float = 0.25
    ends_at: float = 0.0
    harm: random.Random = field(default_factory=random.Random)
    """Dice of their own, for what is wrong with the input itself."""
    harmful_calls: int = HARMFUL_CALLS
    harmful: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Call id → what it does, and to which service."""
    clocks: dict[str, tuple[float, ...]] = field(default_factory=dict)
    reused: set[str] = field(default_factory=set)
    """Ids of calls whose number is given to a second incident."""

    def at(self, seconds: float, act: Callable[..., None], *given: Any) -> None:
        """Do something later, on a beat of the city's: what comes in bursts is decided in steps of many inputs."""
        beats = math.ceil((self.clock.monotonic() + max(0.0, seconds)) / self.beat_seconds)
        self.loop.call_at(beats * self.beat_seconds, act, *given)

    @cached_property
    def staff(self) -> Staff:
        """Who is on call."""
        return Staff(self.seed, random.Random(f"staff/{self.seed}"), self.in_time)

    # --- the doors -----------------------------------------------------------------------------------------------

    def put(self, topic: str, agency: str, event: Event, event_id: str) -> None:
        partition = zlib.crc32(agency.encode()) % self.log.partitions
        self.log.append(topic, partition, [record(agency, event, event_id, "door", self.clock)])

    def command(self, agency: str, kind: type[Command], /, **given: Any) -> None:
        """A command, through a door that now and then sends it twice, or late."""
        now = self.clock.now()
        self.numbers += 1
        late = not self.quiet and self.dice.random() < 0.02
        command = kind(
            command_id=f"{agency}-{self.numbers}",
            issued_at=now,
            expires_at=now + timedelta(seconds=-1 if late else 20),
            **{"issued_by": "dispatcher", **given},
        )
        self.put(COMMANDS.name, agency, command, command.command_id)
        if not self.quiet and self.dice.random() < 0.05:
            again = self.dice.random() * 3
            self.at(again, self.put, COMMANDS.name, agency, command, command.command_id)

    def later(self, seconds: float, agency: str, kind: type[Command], /, **given: Any) -> None:
        self.at(seconds, lambda: self.command(agency, kind, **given))

    def in_time(self, seconds: float, agency: str, kind: type[Command], /, **given: Any) -> None:
        """The same, unless the day would be over by then: nobody would answer."""
        if self.clock.monotonic() + seconds < self.ends_at + CLOSES_SECONDS:
            self.later(seconds, agency, kind, **given)

    # --- the day begins ------------------------------------------------------------------------------------------

    def open(self) -> None:
        """Programme, switchboard, roster; then the calls take their course."""
        self.quiet = True
        self.beat_seconds = self.dice.choice(BEATS_SECONDS)
        for number in range(self.agencies):
            self._set_up(agency_name(number))
            self.clocks[agency_name(number)] = self.harm.choice(CLOCKS_SECONDS)
        self.ends_at = FIRST_CALL_SECONDS + self.calls / CALLS_PER_SECOND
        for number in range(self.agencies):
            self.staff.open(agency_name(number), self.ends_at)
        self.quiet = False
        for number in range(self.calls):
            at = FIRST_CALL_SECONDS + number / CALLS_PER_SECOND + self.dice.random() * 0.3
            self._plan_call(agency_name(self.dice.randrange(self.agencies)), f"{number}", at)
        for _ in range(3):
            self._plan_pause()
        self._plan_roll_back()
        self._plan_revocations()
        for number in range(self.harmful_calls):
            self._plan_harm(number)
        for number in range(REUSED_NUMBERS):
            self._plan_reuse(number)

    def _plan_harm(self, number: int) -> None:
        """A call that some service cannot decide; it is reported once."""
        kind, service, agency = (
            self.harm.choice(HARM), self.harm.choice(HARMED), agency_name(self.harm.randrange(self.agencies))
        )  # fmt: skip
        at = FIRST_CALL_SECONDS + self.harm.random() * (self.ends_at - FIRST_CALL_SECONDS)
        call = self._publish_calm(at, agency, f"harm-{number}")
        self.harmful[call.call_id] = kind, service

    def _plan_reuse(self, number: int) -> None:
        """A number whose incident began hours ago, closed or forgotten, is given to another one."""
        agency, incident = agency_name(self.harm.randrange(self.agencies)), f"reused-{number}"
        at = FIRST_CALL_SECONDS + self.harm.random() * (self.ends_at - FIRST_CALL_SECONDS)
        hours_ago = timedelta(hours=2)
        call = self._publish_calm(at, agency, incident, created_at=EPOCH + timedelta(seconds=at) - hours_ago)
        if self.harm.random() < 0.5:
            closed_at = at + 1 + self.harm.random() * 4
            self._publish_calm(closed_at, agency, incident, created_at=call.created_at, status="closed")
        self._publish_calm(at + 6 + self.harm.random() * 15, agency, incident)
        self.reused.add(call.call_id)

    def _publish_calm(self, at: float, agency: str, incident: str, **changes: Any) -> Call:
        now = EPOCH + timedelta(seconds=at)
        fields: dict[str, Any] = {
            "agency": agency,
            "source": "cad",
            "incident_id": incident,
            "created_at": now,
            "updated_at": now,
            "call_type": CallType(system="demo-cad", code="MENTAL"),
            "district": "Harbor",
            "beat": DISTRICTS["Harbor"],
            "answers": dict.fromkeys(QUESTIONS, "no"),
        }
        call, event_id = Call(**fields | changes), f"{agency}/{incident}/{at:.3f}"
        self.versions[event_id] = call
        self.at(at, self._publish, call, event_id)
        return call

    def _set_up(self, agency: str) -> None:
        self.command(agency, ProposeProgramme, document=document_of(agency), issued_by="pat")
        self.command(agency, ApproveProgramme, document_hash=programme_of(agency).hash, issued_by="alex")
        for revision, (response, district, phase) in enumerate(PHASES):
            self.command(agency, SetPhase, response=response, district=district, phase=phase, based_on=revision)
        crews: tuple[tuple[str, tuple[Discipline, ...]], ...] = (
            ("community-responder", ("emt", "crisis-worker")),
            ("co-responder", ("officer", "clinician")),
        )
        for number, (model, crew) in enumerate((crews[0], crews[0], crews[0], crews[1], crews[1])):
            team_id, members = f"team-{number}", []
            for discipline in crew:
                person_id = f"{discipline}-{number}"
                person = Person(person_id=person_id, disciplines=(discipline,))
                self.command(agency, DefinePerson, person=person)
                members.append(person_id)
            team = Team(
                team_id=team_id, model=model, primary_districts=("Harbor",), secondary_districts=tuple(DISTRICTS)
            )
            self.command(agency, DefineTeam, team=team)
            self.sign_on(agency, team_id, tuple(members))

    def sign_on(self, agency: str, team_id: str, members: tuple[str, ...]) -> None:
        self.command(
            agency,
            SignOn,
            team_id=team_id,
            members=members,
            shift_ends_at=EPOCH + timedelta(hours=8),
            issued_by=members[0],
        )
        for member in members[1:]:
            self.command(agency, ConfirmMember, team_id=team_id, person_id=member, issued_by=member)

    def _plan_pause(self) -> None:
        agency = agency_name(self.dice.randrange(self.agencies))
        district = self.dice.choice(("Harbor", "Hillside", "all"))
        at = FIRST_CALL_SECONDS + self.dice.random() * (self.ends_at - FIRST_CALL_SECONDS)
        where = {"district": district, "response": self.dice.choice((None, "outreach", "co-response"))}
        self.later(at, agency, PauseDistrict, **where)
        self.later(at + 1 + self.dice.random() * 5, agency, ResumeDistrict, **where)

    def _plan_roll_back(self) -> None:
        """A second version is published while calls flow, and rolled back."""
        agency = agency_name(self.dice.randrange(self.agencies))
        at = FIRST_CALL_SECONDS + self.dice.random() * (self.ends_at - FIRST_CALL_SECONDS) / 2
        document, document_hash = document_of(agency, 2), programme_of(agency, 2).hash
        self.later(at, agency, ProposeProgramme, document=document, issued_by="pat")
        self.later(at + 0.5, agency, ApproveProgramme, document_hash=document_hash, issued_by="alex")
        self.later(at + 2 + self.dice.random() * 5, agency, RollBackProgramme, reason="too many refusals")

    def _plan_revocations(self) -> None:
        """Whoever is paged loses a phone while calls flow, again and again."""
        for number in range(self.agencies):
            for _ in range(3):
                at = FIRST_CALL_SECONDS + self.dice.random() * (self.ends_at - FIRST_CALL_SECONDS)
                self.later(at, agency_name(number), RevokeLinks, person_id="emt-0", reason="the phone is lost")

    # --- calls -------------------------------------------------------------------------------------------------------

    def _plan_call(self, agency: str, incident: str, at: float) -> None:
        dice = self.dice
        code = dice.choice(CALM_CODES) if dice.random() < 0.85 else dice.choice(DANGEROUS_CODES)
        district = dice.choices(tuple(DISTRICTS), (60, 20, 12, 8))[0]
        answers = dict.fromkeys(QUESTIONS, "no")
        if (fate := dice.random()) < 0.12:
            del answers[dice.choice(QUESTIONS)]
        elif fate < 0.2:
            answers[dice.choice(QUESTIONS)] = dice.choice(("yes", "cannot-tell"))
        version = {
            "agency": agency,
            "source": "cad",
            "incident_id": incident,
            "created_at": EPOCH + timedelta(seconds=at),
            "call_type": CallType(system="demo-cad", code=code),
            "priority": dice.choice(("1", "2", "3")),
            "district": district,
            "beat": DISTRICTS[district],
            "answers": answers,
            "facts": {},
        }
        number = 0
        for number, (after, change) in enumerate(self._course(answers)):
            began_shortly_before = f"{int(incident) + int((after - 2) * CALLS_PER_SECOND)}"
            merged_into = began_shortly_before if change.get("status") == "merged" else None
            change_at = EPOCH + timedelta(seconds=at + after)
            version = {**version, **change, "merged_into": merged_into, "updated_at": change_at}
            self._plan_version(at + after, version, f"{agency}/{incident}/{number}")
        if dice.random() < 0.07:
            send = dice.choice(("default", "default", "co-response", "outreach", "no-such-thing"))
            self.later(
                at + dice.random() * 9 - 0.5, agency, OverrideCall, call_id=f"{agency}/cad/{incident}", send=send
            )

    def _course(self, answers: dict[str, str]) -> list[tuple[float, dict[str, Any]]]:
        """What becomes of a call: seconds after its beginning, and what the CAD changes."""
        dice = self.dice
        course: list[tuple[float, dict[str, Any]]] = [(0.0, {"status": "active"})]
        if dice.random() < 0.35:
            changed = {**answers, dice.choice(QUESTIONS): dice.choice(("yes", "no", "no"))}
            changes: tuple[dict[str, Any], ...] = ({"answers": changed}, {"priority": "1"}, {})
            course.append((0.5 + dice.random() * 9, dice.choice(changes)))
        if dice.random() < 0.15:
            course.append((10 + dice.random() * 5, {"status": dice.choice(("cancelled", "closed", "merged"))}))
            if dice.random() < 0.3:
                course.append((18 + dice.random() * 4, {"status": "reopened"}))
        elif dice.random() < 0.05:
            course.append((12 + dice.random() * 8, {"requested_by": "dispatcher"}))
        return course

    def _plan_version(self, at: float, version: dict[str, Any], event_id: str) -> None:
        dice = self.dice
        late = dice.random() * 8 if dice.random() < 0.06 else dice.random() * 0.1
        off = timedelta(seconds=self.harm.choice(self.clocks[version["agency"]]))
        call = _CALL.validate_python({**version, "updated_at": version["updated_at"] + off})
        self.versions[event_id] = call
        self.at(at + late, self._publish, call, event_id)
        if dice.random() < 0.06:
            self.at(at + late + dice.random() * 3, self._publish, call, event_id)

    def _publish(self, call: Call, event_id: str) -> None:
        now = self.clock.now()
        kind = CallCancelled if call.ended else CallReported
        event = kind(event_id=event_id, call=call, received_at=now, judged_at=now, fingerprint=event_id)
        self.put(CALLS.name, call.agency, event, event_id)
        self.sent += 1

    # --- people --------------------------------------------------------------------------------------------------

    def watch(self, batch: list[Stored]) -> None:
        """Who looks at a journal sees what counts."""
        if batch[0].topic not in ("assignments", "rosters"):
            return
        for stored in batch:
            kind, place = stored.headers["type"].decode(), (stored.topic, stored.partition)
            epoch = int(stored.headers["epoch"])
            if kind == "claimed":
                self.epochs[place] = max(epoch, self.epochs.get(place, 0))
            elif epoch == self.epochs.get(place) and kind in SEEN:
                self._react(stored.key, self.decode(kind, stored.value))
            elif epoch == self.epochs.get(place) and kind in ("duty-began", "duty-noted", "team-noted"):
                self.staff.react(stored.key, self.decode(kind, stored.value))

    def _react(self, agency: str, event: Event) -> None:
        dice = self.dice
        if isinstance(event, OfferMade):
            self._answer(agency, event)
        elif isinstance(event, OfferAccepted):
            self._drive(agency, event)
        elif isinstance(event, AssignmentWithdrawn) and dice.random() < 0.9:  # the others are not heard of again
            self._turn_back(agency, event)
        elif isinstance(event, ConfirmationAsked) and dice.random() < 0.6:
            self.later(dice.random() * 4, agency, ConfirmDecision, call_id=event.call_id)
        elif isinstance(event, HoldAsked | LateCallListed | LateTakeAsked):
            self._let_wait_or_take(agency, event)

    def _let_wait_or_take(self, agency: str, event: HoldAsked | LateCallListed | LateTakeAsked) -> None:
        """What a team and a dispatcher say of a call that nobody could take, or took in time."""
        dice = random.Random(f"{self.seed}/{event.type}/{event.call_id}/{event.episode}")
        if isinstance(event, HoldAsked) and dice.random() < 0.3:
            self.in_time(dice.random() * 6, agency, HoldCall, call_id=event.call_id)
        elif isinstance(event, LateTakeAsked) and dice.random() < 0.7:
            self.in_time(dice.random() * 4, agency, ConfirmDecision, call_id=event.call_id)
        elif isinstance(event, LateCallListed):
            for team_id in event.team_ids[:2]:
                number = team_id.removeprefix("team-")
                asks = {"call_id": event.call_id, "team_id": team_id, "person_id": f"emt-{number}"}
                self.in_time(dice.random() * 9, agency, TakeLateCall, **asks, issued_by=f"emt-{number}")

    def _answer(self, agency: str, event: OfferMade) -> None:
        if event.team_id in BY_PLAN:
            return  # they answer what comes over a carrier
        dice, person = self.dice, event.recipients[0].person_id
        answer: dict[str, Any] = {"offer_id": event.offer_id, "person_id": person, "issued_by": person}
        if event.window:
            answer["eta_minutes"] = random.Random(event.offer_id).choice((None, 3, 8, 8, 12, 30))
        drawn, after = dice.random(), 0.2 + dice.random() * 3
        if drawn < 0.6:
            self.later(after, agency, AcceptOffer, **answer)
        elif drawn < 0.7:
            for recipient in event.recipients:
                self.later(after, agency, AcceptOffer, **{**answer, "person_id": recipient.person_id})
        elif drawn < 0.82:
            self.later(after, agency, DeclineOffer, **answer)
        elif drawn < 0.9:
            self.later(3.7 + dice.random(), agency, AcceptOffer, **answer)

    def _turn_back(self, agency: str, event: AssignmentWithdrawn) -> None:
        dice, about = self.dice, {"team_id": event.team_id, "issued_by": event.team_id}
        status = dice.choice(("available", "available", "available", "on-scene", "need-police"))
        self.later(0.5 + dice.random() * 3, agency, ReportStatus, status=status, **about)
        if status != "available":
            self.later(6 + dice.random() * 3, agency, ReportStatus, status="available", **about)

    def _drive(self, agency: str, event: OfferAccepted) -> None:
        dice, after = self.dice, 0.0
        about = {"team_id": event.team_id, "issued_by": event.person_id}
        for status in ("en-route", "on-scene", "cleared"):
            after += 0.5 + dice.random() * 2
            if dice.random() < 0.05:
                self.later(after + 0.3, agency, ReportStatus, status="need-police", **about)
            ends: dict[str, Any] = {"disposition": "resolved-on-scene"} if status == "cleared" else {}
            if (fate := self.harm.random()) >= LOST:
                late = self.harm.random() * 6 if fate < LOST + LATE else 0.0
                happened_at = self.clock.now() + timedelta(seconds=after) if late > 2 else None
                report = {"status": status, "call_id": event.call_id, "happened_at": happened_at}
                self.later(after + late, agency, ReportStatus, **report, **ends, **about)
            if dice.random() < 0.04:
                return  # nothing more is heard of them
        if dice.random() < 0.1:
            self.later(after + 0.5, agency, SignOff, **about)
