"""The language: every event and every command, once.

Events are past tense, commands imperative. A class name in PascalCase is the record's type in kebab-case. The agency
is the record's key and stands in no event. A published event is never edited: a new field is optional and has a
default, anything else is a new event beside the old one. Times are aware.
"""

from __future__ import annotations

import hashlib
import re
from datetime import date
from typing import Any, ClassVar, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from shared.call import Call, CallStatus, Name, Text
from shared.judgement import (
    DEFAULT_POOL,
    EXPECTED_MINUTES,
    MISSED_SAFETY_CHECKS,
    Judgement,
    Located,
    Place,
    RaisedBy,
)

Id = str
Phase = Literal["off", "shadow", "advisory", "live"]
Discipline = Literal["paramedic", "emt", "nurse", "clinician", "crisis-worker", "peer", "officer", "navigator"]
BY_ITSELF = "careroute"
"""Who changed the switchboard, or closed a referral, where no person did."""


def child_id(cause: str, name: str) -> Id:
    """The id of something that `cause` brought about: the same cause and name always give the same id (128 bits)."""
    return hashlib.blake2b(f"{cause}\x00{name}".encode(), digest_size=16).hexdigest()


def pause_of(district: str, response: str | None) -> str:
    """What a pause is known by: the district (or `all`), for one response alone `response/district`."""
    return district if response is None else f"{response}/{district}"


class UndecodableEvent(ValueError):
    """A record is no event of this language; says what is wrong without quoting the record."""


class Event(BaseModel):
    """Something that happened. Fields unknown to this version are ignored, so that versions can run side by side."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    type: ClassVar[str] = "event"

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        cls.type = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", cls.__name__).lower()
        if cls.__doc__ and not cls.__name__.startswith("_"):
            EVENTS[cls.type] = cls

    @property
    def subject(self) -> str:
        """What the event is about, e.g. a call id; empty where it is about the agency."""
        return str(getattr(self, "call_id", "") or getattr(self, "team_id", ""))

    def encode(self) -> bytes:
        """The record's value: JSON."""
        return self.__pydantic_serializer__.to_json(self)


EVENTS: dict[str, type[Event]] = {}


def decode(event_type: str, value: bytes) -> Event:
    """The event in a record's value. Raises UndecodableEvent, naming the fields that are wrong."""
    kind = EVENTS.get(event_type)
    if kind is None:
        message = f"unknown event type {event_type[:60]!r}"
        raise UndecodableEvent(message)
    try:
        return kind.model_validate_json(value)
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['type']}" for fault in error.errors()[:5])
        message = f"{event_type}: {faults}"
        raise UndecodableEvent(message) from None


# --- topic `calls`, written by intake -------------------------------------------------------------------------------


class Sealed(BaseModel):
    """The personal part of a call (address, call-back number, narrative), AES-GCM encrypted; base64 text."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    key_id: str
    nonce: str
    ciphertext: str


class _CallVersion(Event):
    event_id: str
    """The sender's own id of this version; a repeat carries the same."""
    call: Call
    received_at: AwareDatetime
    judged_at: AwareDatetime
    """The instant that gates use: when intake received it, or for a replayed source the call's own time."""
    sealed: Sealed | None = None
    fingerprint: str = ""
    """Hash of the call without its times: two versions with one fingerprint say the same."""

    @property
    def call_id(self) -> str:
        """The call that this is a version of."""
        return self.call.call_id


class CallReported(_CallVersion):
    """A CAD published a version of a call: its full current state."""


class CallCancelled(_CallVersion):
    """A CAD published that a call is over: cancelled, closed or merged into another."""


# --- topic `commands`, written by the doors -------------------------------------------------------------------------


class Command(Event):
    """Something a person or a machine wants done. Exactly one service decides it and answers it once."""

    decided_by: ClassVar[str] = ""

    command_id: Id
    issued_by: Text
    issued_at: AwareDatetime
    expires_at: AwareDatetime
    based_on: int | None = None
    """The switchboard revision that its author saw, where it changes something versioned."""
    reason: Text = ""


class ProposeProgramme(Command):
    """Put a programme document forward; another person has to approve it."""

    decided_by = "triage"
    document: str = Field(max_length=600_000)


class ApproveProgramme(Command):
    """Approve the proposed document with this hash; refused to the person who proposed it."""

    decided_by = "triage"
    document_hash: str


class SetPhase(Command):
    """Set a response's phase in a district, within what the document allows."""

    decided_by = "triage"
    response: Text
    district: Text
    phase: Phase


class SetCap(Command):
    """Bound how many calls a response takes in a district, or with `all` in all together; without a bound lift it."""

    decided_by = "triage"
    response: Text
    district: Text
    at_most_open: int | None = Field(default=None, ge=1, le=10_000)
    """At once, from the first offer to the team's clearing."""
    at_most_per_day: int | None = Field(default=None, ge=1, le=10_000)


class ReviewPause(Command):
    """Another person has looked into a pause, which one person could order, and says in `reason` what was found."""

    decided_by = "triage"
    revision: int
    """That the pause made."""


class CloseReferral(Command):
    """Say what became of a referral or a follow-up."""

    decided_by = "triage"
    referral_id: Id
    result: Literal["contacted", "not-reached", "refused", "no-longer-needed"]


class RollBackProgramme(Command):
    """Put a document in force again that two people had approved; by default the one before the one in force."""

    decided_by = "triage"
    to_hash: Text | None = None
    in_force: Text | None = None
    """The hash of the document that its author saw in force; refused if it is another by now."""


class PauseDistrict(Command):
    """The kill switch: nothing of ours leaves in this district, or with `all` anywhere, until a person resumes it."""

    decided_by = "triage"
    district: Text
    response: Text | None = None
    """Only this response."""


class ResumeDistrict(Command):
    """End a pause, the one of the same district and the same response."""

    decided_by = "triage"
    district: Text
    response: Text | None = None


class DefinePerson(Command):
    """Add a member of staff, or replace what is known of them."""

    decided_by = "team-availability"
    person: Person


class RemovePerson(Command):
    """Take a member of staff off the books; refused while on shift."""

    decided_by = "team-availability"
    person_id: Name


class DefineTeam(Command):
    """Add a team to the roster, or replace what is known of it."""

    decided_by = "team-availability"
    team: Team


class RemoveTeam(Command):
    """Take a team off the roster; refused while on shift."""

    decided_by = "team-availability"
    team_id: Name


class SignOn(Command):
    """A team starts its shift with these members."""

    decided_by = "team-availability"
    team_id: Name
    members: tuple[Name, ...] = Field(min_length=1, max_length=8)
    shift_ends_at: AwareDatetime


class SignOff(Command):
    """A team ends its shift; its open offers are withdrawn. Refused while assigned."""

    decided_by = "team-availability"
    team_id: Name


TeamStatus = Literal["available", "out-of-service", "en-route", "on-scene", "need-police", "transporting", "cleared"]
Disposition = Literal[
    "resolved-on-scene",
    "resolved-by-phone",
    "transported-er",
    "transported-crisis-centre",
    "transported-detox",
    "transported-shelter",
    "transported-home",
    "transported-other",
    "handed-over-police",
    "handed-over-ems",
    "handed-over-provider",
    "upgraded",
    "unable-to-locate",
    "refused",
    "no-longer-needed",
    "cancelled",
    "follow-up-only",
]


class ReportStatus(Command):
    """A team says where it stands; `cleared` ends its assignment and names the disposition."""

    decided_by = "team-availability"
    team_id: Name
    status: TeamStatus
    call_id: Text | None = None
    disposition: Disposition | None = None


class AcceptOffer(Command):
    """A member of a team takes the call."""

    decided_by = "team-availability"
    offer_id: Id
    person_id: Name
    eta_minutes: int | None = Field(default=None, ge=0, le=240)


class DeclineOffer(Command):
    """A member of a team leaves the call to another."""

    decided_by = "team-availability"
    offer_id: Id
    person_id: Name


class OverrideCall(Command):
    """A dispatcher decides the call: `default`, or the name of a response that is to be sent."""

    decided_by = "team-availability"
    call_id: Text
    send: Text


class ConfirmDecision(Command):
    """In an advisory district a dispatcher confirms what careroute proposes for a call."""

    decided_by = "team-availability"
    call_id: Text


class RedeliverMessage(Command):
    """Send a webhook message to the CAD again, under the same id."""

    decided_by = "notification"
    message_id: Id


class PingCad(Command):
    """Send a test message to the CAD webhook of a source; success enables a disabled webhook again."""

    decided_by = "notification"
    source: Name


# --- in every journal -----------------------------------------------------------------------------------------------


class Claimed(Event):
    """A writer claims a partition of a journal. Of one epoch the first claim wins."""

    epoch: int
    writer: str


class CommandDone(Event):
    """The answer to a command that was carried out, or that found nothing to do."""

    command_id: Id
    result: Literal["done", "nothing-to-do"]
    sentence: str = ""
    about: str = ""
    """Id of what was made or changed, e.g. a document hash or an offer id."""
    revision: int | None = None


class CommandRefused(Event):
    """The answer to a command that was not carried out: a stable reason code, a sentence, and every fault found."""

    command_id: Id
    reason: str
    sentence: str
    faults: tuple[str, ...] = ()


class CommandHeld(Event):
    """A command about a call not seen yet waits for the call, until it expires."""

    command_type: str
    command: dict[str, Any]
    command_id: Id
    call_id: str
    expires_at: AwareDatetime


class InputRefused(Event):
    """An input could not be decided: where it is, its hash and length, what was wrong; never its bytes."""

    position: str
    sha256: str
    length: int
    wrong: str
    input_type: str = ""
    call_id: str | None = None


class ClockFailed(Event):
    """A clock raised when it fired, and was taken out."""

    clock_id: str
    wrong: str


class PositionsNoted(Event):
    """An idle partition notes how far it has read; the positions stand in the headers."""


# --- topic `decisions`, triage's journal ----------------------------------------------------------------------------


class ProgrammeProposed(Event):
    """A verified document waits for another person's approval."""

    document: str
    document_hash: str
    version: int
    effective: AwareDatetime
    proposed_by: str
    reason: str = ""


class ProgrammeAdopted(Event):
    """A document was approved; it takes effect at its instant, or now if that is past."""

    document_hash: str
    version: int
    effective: AwareDatetime
    proposed_by: str
    approved_by: str
    reason: str = ""


class ProgrammeActivated(Event):
    """A document took effect; every decision from here on cites it."""

    document_hash: str
    version: int
    rolled_back_from: str | None = None
    """Where a person put it in force again: the hash of the document that it replaced."""
    changed_by: str = ""
    reason: str = ""


class PhaseChanged(Event):
    """A response's phase in a district was set."""

    response: str
    district: str
    phase: Phase
    revision: int
    changed_by: str
    reason: str = ""


class DistrictPaused(Event):
    """A district, or `all`, was paused."""

    district: str
    revision: int
    changed_by: str
    reason: str = ""
    response: str | None = None
    """Only this response."""


class DistrictResumed(Event):
    """A pause ended."""

    district: str
    revision: int
    changed_by: str
    reason: str = ""
    response: str | None = None


class PauseReviewed(Event):
    """Another person has looked into the pause that made a revision of the switchboard."""

    paused_at_revision: int
    reviewed_by: str
    reason: str


class CapChanged(Event):
    """The most calls that a response takes in a district, or with `all` in all together, was set; none: lifted."""

    response: str
    district: str
    at_most_open: int | None
    at_most_per_day: int | None
    revision: int
    changed_by: str
    reason: str = ""


class UpgradeNoted(Event):
    """A call that a team had accepted proved more dangerous; it counts towards this pause, by what it is known by."""

    call_id: str
    counts_for: str


class HeardLine(BaseModel):
    """A line of a narrative in which words of the document were heard: a keyed hash of it, and the hazards in doubt."""

    model_config = ConfigDict(frozen=True)

    line: str
    facts: tuple[str, ...]


class CallTriaged(Event):
    """A version of a call was judged: every gate, what raised the level, which responses may go."""

    call_id: str
    event_id: str
    updated_at: AwareDatetime
    judged_at: AwareDatetime
    judgement: Judgement
    heard: tuple[str, ...] = ()
    """Hazards that words in the narrative made unknown; of the narrative nothing else is kept."""
    fingerprint: str = ""
    priority: str | None = None
    language: str | None = None
    call: Call | None = None
    """The version that was judged; absent where known versions were judged again."""
    lines: tuple[HeardLine, ...] = ()
    located: Located | None = None
    caller: str = ""
    """Pseudonym of who called, where the document counts repeat callers."""
    read_by: str = ""
    """What the document looked for in the sealed part (`Programme.reads`); empty: there was none."""


class VersionNoted(Event):
    """A version of a call was judged and changed nothing, or came too late to count."""

    call_id: str
    event_id: str
    updated_at: AwareDatetime
    why: Literal["unchanged", "late"]
    fingerprint: str = ""
    heard: tuple[str, ...] = ()
    judged_at: AwareDatetime | None = None
    call: Call | None = None
    """The version itself, where something of it has to be remembered."""
    lines: tuple[HeardLine, ...] = ()
    located: Located | None = None
    caller: str = ""
    read_by: str = ""


class RoutingNoted(Event):
    """Triage learnt how far a call is routed. From its first offer on the call's roll-out gates stand as judged."""

    call_id: str
    reached: Literal["offered", "team-accepted", "phone-accepted", "default", "cancelled", "ended"]
    response: str | None = None
    """The response that has the call now; it counts in that one's load."""
    district: str | None = None
    day: date | None = None
    """On the agency's clocks."""
    episode: int = 0
    step: int = 0
    """Which offer it is."""


class ReferralMade(Event):
    """Somebody is to get in touch by a time: a referral that the document sends, or a follow-up of a team's visit."""

    referral_id: Id
    kind: Literal["referral", "follow-up"]
    call_id: str
    response: str
    district: str | None
    phase: Phase
    """In `advisory` it is advised, and the office decides."""
    due_at: AwareDatetime


class ReferralOverdue(Event):
    """Nobody has said by its time what became of a referral."""

    referral_id: Id
    call_id: str


class ReferralClosed(Event):
    """What became of a referral; `withdrawn`: the call proved another one; `expired`: nobody ever said."""

    referral_id: Id
    call_id: str
    result: Literal["contacted", "not-reached", "refused", "no-longer-needed", "withdrawn", "expired"]
    closed_by: str
    reason: str = ""


class NoteMade(Event):
    """Somebody is to know of the call. A note routes nothing and asks for nothing."""

    note_id: Id
    call_id: str
    response: str
    district: str | None
    phase: Phase


class CallsJudgedAgain(Event):
    """So many of the calls that wait to be judged again, after a change of programme or switchboard, were."""

    count: int


class CallRetired(Event):
    """A call left triage's state long after its outcome; its id is remembered for seven days."""

    call_id: str


class CallEnded(Event):
    """The CAD ended a call; triage keeps its id alone."""

    call_id: str
    event_id: str
    updated_at: AwareDatetime
    status: str


class CallStale(Event):
    """A call older than careroute remembers was published; it is recorded, and gets no outcome and no page."""

    call_id: str
    event_id: str
    updated_at: AwareDatetime


# --- topic `assignments`, team availability's journal ---------------------------------------------------------------


class ContactMethod(BaseModel):
    """How a person is reached: the team's pocket page, or a signed webhook of a paging provider."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    method_id: Name
    kind: Literal["pocket", "webhook"]
    url: str | None = Field(default=None, max_length=500)
    """Where a webhook goes; its secret comes from the agencies file, by agency."""


class Person(BaseModel):
    """A member of staff."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    person_id: Name
    name: Text
    disciplines: tuple[Discipline, ...] = Field(min_length=1)
    languages: tuple[Text, ...] = ("en",)
    contact_methods: tuple[ContactMethod, ...] = Field(default=(), max_length=5)


class Team(BaseModel):
    """A crew as rostered: its response model and the districts it serves."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    team_id: Name
    model: Text
    primary_districts: tuple[Text, ...] = ()
    secondary_districts: tuple[Text, ...] = ()
    """Empty in both: serves every district."""
    pool: Text = "default"


class PersonDefined(Event):
    """A member of staff was added or replaced."""

    person: Person


class PersonRemoved(Event):
    """A member of staff was taken off the books."""

    person_id: str


class TeamDefined(Event):
    """A team was added to the roster or replaced."""

    team: Team


class TeamRemoved(Event):
    """A team was taken off the roster."""

    team_id: str


class TeamSignedOn(Event):
    """A team started its shift."""

    team_id: str
    shift_id: Id
    members: tuple[str, ...]
    shift_ends_at: AwareDatetime


class TeamSignedOff(Event):
    """A team's shift ended."""

    team_id: str
    shift_id: Id
    why: Literal["signed-off", "shift-over"] = "signed-off"


class StatusReported(Event):
    """A team said where it stands, about its assignment where `call_id` is given."""

    team_id: str
    status: TeamStatus
    call_id: str | None = None
    episode: int | None = None
    disposition: str | None = None
    reported_by: str = ""


class DeadlineSet(Event):
    """An episode of a call began; without an outcome by its deadline it is the default response."""

    call_id: str
    episode: int
    deadline: AwareDatetime
    received_at: AwareDatetime
    """Durable time of intake's receipt: the start of the clock."""
    call_at: str
    """Position of the call's newest version in the topic `calls`."""
    why: Literal["reported", "reopened", "requested", "overridden"] = "reported"
    updated_at: AwareDatetime | None = None
    """The version that the episode begins with, and what it says that later versions are compared with."""
    status: CallStatus = "active"
    requested_by: str | None = None


class CallVersionAt(Event):
    """A newer version of a call that a team has accepted, or may yet accept: where its sealed part is now."""

    call_id: str
    episode: int
    call_at: str
    updated_at: AwareDatetime | None = None
    status: CallStatus = "active"
    requested_by: str | None = None


class CallVersionSeen(Event):
    """A version of a call that begins no episode, and matters for the next: an end, a request taken back."""

    call_id: str
    event_id: str
    updated_at: AwareDatetime
    status: CallStatus
    requested_by: str | None = None


class PlanSet(Event):
    """What triage allows for an episode, and the time left for it; offers follow it."""

    call_id: str
    episode: int
    event_id: str
    judgement: Judgement
    deadline: AwareDatetime
    language: str | None = None
    priority: str | None = None
    updated_at: AwareDatetime | None = None
    """The version of the call that was judged."""
    triaged_at: int = -1
    """Offset of the `CallTriaged` in the topic `decisions`: of two about one instant the later counts."""


class PlanKept(Event):
    """What triage judged of a version of a call whose report was not read yet: it waits for the report, for a while."""

    call_id: str
    event_id: str
    judgement: Judgement
    updated_at: AwareDatetime
    triaged_at: int
    language: str | None = None
    priority: str | None = None


class ResponseTerms(BaseModel):
    """What a programme says of one response, whatever the call."""

    model_config = ConfigDict(frozen=True)

    response: str
    model: str
    crew: tuple[Place, ...]
    reached_by: str
    on_upgrade: str
    enters_when: tuple[str, ...] = ()
    expected_minutes: int = EXPECTED_MINUTES
    pool: str = DEFAULT_POOL


class TermsNoted(Event):
    """Responses of a programme version, as judgements came to name them: what an override may send."""

    programme_hash: str
    responses: tuple[ResponseTerms, ...]
    routing_deadline_seconds: int
    cad_notice_seconds: int
    offer_expiry_seconds: int
    accepted_not_moving_minutes: int
    status_stale_minutes: int
    transfer_ack_seconds: int = 30
    on_scene_check_minutes: int = 30
    missed_safety_checks: int = MISSED_SAFETY_CHECKS


class BypassedTeam(BaseModel):
    """A team that was not offered the call, and why."""

    model_config = ConfigDict(frozen=True)

    team_id: str
    reasons: tuple[str, ...]


class Recipient(BaseModel):
    """A person on the team and the ways to reach them."""

    model_config = ConfigDict(frozen=True)

    person_id: str
    contact_methods: tuple[ContactMethod, ...] = ()


class OfferMade(Event):
    """One team was asked to take one call, by `expires_at`."""

    offer_id: Id
    call_id: str
    episode: int
    team_id: str
    response: str
    district: str | None
    priority: str | None
    step: int
    """Which offer of the episode it is, from 1; of several made at once each has its own."""
    expires_at: AwareDatetime
    deadline: AwareDatetime
    ranked: tuple[str, ...] = ()
    """Teams that could have been offered the call, best first: said, as is `bypassed`, by the first made at once."""
    bypassed: tuple[BypassedTeam, ...] = ()
    recipients: tuple[Recipient, ...] = ()
    enters_when: tuple[str, ...] = ()
    """Staged entry: the team waits nearby until one of these is so; empty: it goes straight in."""
    paged: bool = True
    """False: an open call that the team may take, on its page; nobody is paged."""


class OfferShadowed(Event):
    """In a shadow district: the team that would have been offered the call. Nothing leaves; shadow over-counts."""

    call_id: str
    episode: int
    response: str
    team_id: str | None
    bypassed: tuple[BypassedTeam, ...] = ()


class ConfirmationAsked(Event):
    """In an advisory district: a dispatcher may confirm this response, until the deadline."""

    call_id: str
    episode: int
    response: str
    expires_at: AwareDatetime
    sentence: str


class DecisionConfirmed(Event):
    """A dispatcher confirmed; offers follow."""

    call_id: str
    episode: int
    response: str
    confirmed_by: str


class OfferAccepted(Event):
    """A team took the call."""

    offer_id: Id
    call_id: str
    episode: int
    team_id: str
    person_id: str
    accepted_at: AwareDatetime
    eta_minutes: int | None = None
    call_at: str = ""
    """Position in `calls` of the version whose sealed part the team may open."""


class OfferDeclined(Event):
    """A team left the call to another."""

    offer_id: Id
    call_id: str
    episode: int
    team_id: str
    person_id: str


class OfferExpired(Event):
    """A team did not answer in time."""

    offer_id: Id
    call_id: str
    episode: int
    team_id: str


class OfferWithdrawn(Event):
    """An open offer was taken back; `why` says what for: cancelled, overridden, paused, routed, taken ..."""

    offer_id: Id
    call_id: str
    episode: int
    team_id: str
    why: str


class FallBackStepped(Event):
    """A step of the fall-back chain was left behind, and why."""

    call_id: str
    episode: int
    response: str
    why: tuple[str, ...]
    bypassed: tuple[BypassedTeam, ...] = ()
    next_response: str | None = None
    """The response that the next step tries, where that is another or by telephone."""


Outcome = Literal["team-accepted", "phone-accepted", "default", "cancelled"]


class CallRouted(Event):
    """The one routing outcome of an episode; never rewritten."""

    call_id: str
    episode: int
    outcome: Outcome
    reasons: tuple[str, ...] = ()
    team_id: str | None = None
    response: str | None = None
    district: str | None = None
    sentence: str = ""
    deadline: AwareDatetime
    programme_version: int | None = None
    programme_hash: str | None = None
    switchboard_revision: int | None = None
    requested_by: str | None = None
    """Of a call that gets the default: who had asked for another response, and waits for an answer."""
    triaged_at: int = -1
    """Offset in `decisions` of the judgement that it follows, where no plan was set for it."""


class CallOverridden(Event):
    """A dispatcher decided the call."""

    call_id: str
    episode: int
    send: str
    overridden_by: str
    reason: str = ""


class AssignmentWithdrawn(Event):
    """A team that had accepted was released: cancelled, overridden or upgraded."""

    call_id: str
    episode: int
    team_id: str
    why: str


class AssignmentUnconfirmed(Event):
    """The CAD did not acknowledge that a team accepted: police may be coming too."""

    call_id: str
    episode: int
    team_id: str


class AssignmentEnded(Event):
    """A team cleared the call."""

    call_id: str
    episode: int
    team_id: str
    disposition: str


class UpgradeRaised(Event):
    """An update of the call raised its level after a team had accepted."""

    call_id: str
    episode: int
    team_id: str
    level: str
    level_rank: int
    raised_by: tuple[RaisedBy, ...] = ()
    on_upgrade: str
    sentence: str = ""
    suitability: str = ""
    """What the call is now."""
    triaged_at: int = -1
    """Offset of the `CallTriaged` in the topic `decisions`."""


class TeamNotMoving(Event):
    """A team accepted and has not set out in the time that the programme gives it."""

    call_id: str
    episode: int
    team_id: str


class SafetyCheckDue(Event):
    """A team with a call has said nothing for long: it is asked whether it is well. Any status report answers."""

    call_id: str
    episode: int
    team_id: str
    number: int
    """Which question it is since the team last spoke, from 1."""


class SafetyCheckMissed(Event):
    """A team has left so many safety checks in a row unanswered that police are asked for."""

    call_id: str
    episode: int
    team_id: str
    missed: int
    silent_minutes: int
    """For how long it has said nothing."""
    send: Literal["police"] = "police"
    """What is asked of the dispatcher."""
    sentence: str


class PauseApplied(Event):
    """Team availability learnt that a district, or `all`, is paused or resumed."""

    district: str
    paused: bool
    more: bool = False
    """There are more open offers to withdraw than one step takes; a clock goes on with them."""
    response: str | None = None
    """Only this response."""


class CallForgotten(Event):
    """A closed call left the state; its id is remembered for seven days."""

    call_id: str


# --- topic `notifications`, notification's journal ------------------------------------------------------------------


PageKind = Literal["offer", "withdrawn", "unconfirmed", "upgrade", "not-moving", "safety-check"]


class PageDue(Event):
    """A page to one person over one contact method is owed. For an offer: (offer step, person, contact method)."""

    page_id: Id
    kind: PageKind
    call_id: str
    episode: int
    team_id: str
    person_id: str
    method: ContactMethod
    not_after: AwareDatetime
    offer_id: Id | None = None
    district: str | None = None
    priority: str | None = None
    why: str = ""


class PageAttempted(Event):
    """The page is being handed to its provider; it will never be sent a second time."""

    page_id: Id


class PageDelivered(Event):
    """The provider took the page."""

    page_id: Id


class PageFailed(Event):
    """The page did not go out, or nobody knows (`unknown`: the process died while sending)."""

    page_id: Id
    why: str


class PageDropped(Event):
    """The page was owed and is not any more: past its deadline, cancelled, taken. Or it was never owed."""

    page_id: Id
    why: str
    page: PageDue | None = None
    """The page, where it was never owed: it came too late, or its offer pages nobody."""


MessageKind = Literal[
    "call.routed",
    "unit.status",
    "call.upgraded",
    "assignment.withdrawn",
    "team.not-moving",
    "team.silent",
    "call.confirm",
    "ping",
]


class CadMessageDue(Event):
    """A webhook message to the CAD of a source is owed, until `not_after`."""

    message_id: Id
    kind: MessageKind
    source: str
    body: dict[str, Any]
    not_after: AwareDatetime
    call_id: str = ""
    episode: int | None = None


class CadInformed(Event):
    """The CAD acknowledged a message."""

    message_id: Id
    source: str
    kind: MessageKind
    call_id: str = ""
    episode: int | None = None


class CadNotInformed(Event):
    """The CAD did not acknowledge a message in time."""

    message_id: Id
    source: str
    kind: MessageKind
    why: str
    call_id: str = ""
    episode: int | None = None
    alarm: bool = False
    """The CAD now believes something that is not so: a person has to tell it."""


class CadWebhookDisabled(Event):
    """The CAD answered 410 Gone: nothing is sent to this source until a ping succeeds."""

    source: str


class CadWebhookEnabled(Event):
    """A ping succeeded."""

    source: str


for _command in (DefinePerson, DefineTeam):
    _command.model_rebuild()

COMMANDS: dict[str, type[Command]] = {name: kind for name, kind in EVENTS.items() if issubclass(kind, Command)}
COMMANDS.pop("command", None)
DECIDED_BY: dict[str, str] = {name: kind.decided_by for name, kind in COMMANDS.items()}
"""Which service decides a command: the one authority for each."""


def commands_of(service: str) -> frozenset[type[Command]]:
    """The commands that a service decides."""
    return frozenset(kind for kind in COMMANDS.values() if kind.decided_by == service)
