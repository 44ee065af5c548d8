"""What the door shows of an agency: plain records that the view fills in and the API hands out as they are."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field

from shared.events import BypassedTeam, ContactKind, Disposition, Duty, DutyNoted, Outcome, Person, Team
from shared.judgement import Judgement, Phase, Suitability


@dataclass(slots=True)
class HistoryLine:
    """One event of a call, in order of arrival; a sentence for a person."""

    at: datetime
    type: str
    sentence: str
    words: Annotated[str, Field(exclude=True)]
    """The sentence with reasons in words, for a page; the API keeps their codes."""


@dataclass(slots=True)
class OfferSeen:
    """One team asked to take the call."""

    offer_id: str
    episode: int
    step: int
    team_id: str
    response: str
    made_at: datetime
    expires_at: datetime
    state: Literal["open", "accepted", "declined", "expired", "withdrawn"] = "open"
    answered: bool = False
    """The team would take the call; whether another is there sooner is decided when the window ends."""
    ended_at: datetime | None = None
    person_id: str | None = None
    eta_minutes: int | None = None
    why: str = ""
    ranked: tuple[str, ...] = ()
    bypassed: tuple[BypassedTeam, ...] = ()


@dataclass(slots=True)
class StepSeen:
    """A step of the fall-back chain that was left behind; in a shadow district, the team that it would have asked."""

    response: str
    why: tuple[str, ...] = ()
    shadow_team_id: str | None = None
    bypassed: tuple[BypassedTeam, ...] = ()


@dataclass(slots=True)
class EpisodeSeen:
    """One episode of a call, from its beginning to its one routing outcome, and what the team did after it."""

    episode: int
    began_at: datetime
    why: str = "reported"
    deadline: datetime | None = None
    outcome: Outcome | None = None
    reasons: tuple[str, ...] = ()
    sentence: str = ""
    routed_at: datetime | None = None
    response: str | None = None
    team_id: str | None = None
    confirmation_until: datetime | None = None
    """A dispatcher may confirm `response` until then."""
    confirmed_by: str | None = None
    late_take: str = ""
    """The team that would take the call late: a dispatcher may say yes until `confirmation_until`."""
    hold_asked_until: datetime | None = None
    """The CAD is asked until then whether the call may wait for a team; a dispatcher may say so until the deadline."""
    hold_until: datetime | None = None
    """It waits for a team, until then at most."""
    held_by: str = ""
    """Who has acknowledged that."""
    on_scene_at: datetime | None = None
    """When the team first said that it is there."""
    override: str | None = None
    overridden_by: str | None = None
    team_status: str | None = None
    unconfirmed: bool = False
    """The CAD has not acknowledged that a team accepted: police may be coming too."""
    upgraded: bool = False
    released: str | None = None
    """Why the team was released again."""
    disposition: Disposition | str | None = None
    steps: list[StepSeen] = field(default_factory=list)
    programme_version: int | None = None
    programme_hash: str | None = None
    switchboard_revision: int | None = None

    @property
    def team_is_on_it(self) -> bool:
        """Whether a team has it, or came with a call that was merged, and has neither cleared it nor been released."""
        return self.team_id is not None and self.disposition is None and self.released is None


@dataclass(slots=True)
class PageSeen:
    """One page to one person; the address it goes to is not shown."""

    page_id: str
    kind: str
    team_id: str
    person_id: str
    method: str
    due_at: datetime
    state: Literal["due", "attempted", "delivered", "failed", "dropped"] = "due"
    at: datetime | None = None
    why: str = ""


@dataclass(slots=True)
class MessageSeen:
    """One webhook message to the CAD."""

    message_id: str
    kind: str
    source: str
    due_at: datetime
    not_after: datetime
    state: Literal["due", "informed", "not-informed"] = "due"
    at: datetime | None = None
    why: str = ""


@dataclass(slots=True)
class CallSummary:
    """A call in a list."""

    call_id: str
    source: str
    synthetic: bool
    """A test call of careroute's own, to which nobody is ever sent."""
    state: str
    open: bool
    """No outcome yet, or a team is on it."""
    district: str | None
    priority: str | None
    level: str | None
    suitability: Suitability | None
    outcomes: tuple[str, ...]
    """One per episode, in order; `open` for one that has none yet."""
    team_id: str | None
    deadline: datetime | None
    sentence: str
    last_at: datetime


@dataclass(slots=True)
class CallDetail(CallSummary):
    """Everything the journals say of a call: nothing personal is in them."""

    language: str | None
    linked_incidents: tuple[str, ...]
    """Incidents of the same CAD that have to do with this one, as the CAD says."""
    cad_status: str | None
    judgement: Judgement | None
    """The newest: every gate with its sentence, the facts that raised the level, document and switchboard."""
    heard: tuple[str, ...]
    episodes: list[EpisodeSeen]
    offers: list[OfferSeen]
    pages: list[PageSeen]
    cad_messages: list[MessageSeen]
    history: list[HistoryLine]
    history_left_out: int
    """Lines in the middle of a very long history that are not shown."""


@dataclass(slots=True)
class PauseSeen:
    """A district, or `all`, that is paused: every response, or one."""

    district: str
    since: datetime
    by: str
    reason: str
    response: str | None = None


@dataclass(slots=True)
class PhaseSeen:
    """What a response is set to in a district; what is not listed is off."""

    response: str
    district: str
    phase: Phase
    since: datetime
    by: str
    reason: str


@dataclass(slots=True)
class CapSeen:
    """The most calls that people let a response take; the document's own caps hold besides."""

    response: str
    district: str
    at_most_open: int | None
    at_most_per_day: int | None
    since: datetime
    by: str
    reason: str


@dataclass(slots=True)
class LoadSeen:
    """A call as it counts for the caps of a response: from its first offer to the team's clearing, and all that day."""

    response: str
    district: str
    day: date
    """On the agency's clocks."""
    accepted: bool = False
    open: bool = True


@dataclass(slots=True)
class ReferralSeen:
    """A referral, a follow-up of a team's visit, or a note, which asks for nothing."""

    referral_id: str
    kind: Literal["referral", "follow-up", "note"]
    call_id: str
    response: str
    district: str | None
    phase: Phase
    made_at: datetime
    due_at: datetime | None = None
    state: str = "open"
    """`open`, `overdue`, or what became of it; a note is `noted`."""
    closed_by: str | None = None
    closed_at: datetime | None = None
    reason: str = ""


@dataclass(slots=True)
class SwitchSeen:
    """One change of the switchboard."""

    revision: int
    at: datetime
    by: str
    sentence: str
    reason: str
    reviewed_by: str | None = None
    """Of a pause: who looked into it afterwards."""
    found: str = ""


@dataclass(slots=True)
class SwitchboardSeen:
    """What is switched on now, and how it came to be."""

    revision: int = 0
    paused: dict[str, PauseSeen] = field(default_factory=dict)
    """By district, or `response/district` for one response."""
    phases: dict[str, PhaseSeen] = field(default_factory=dict)
    """By `response/district`."""
    caps: dict[str, CapSeen] = field(default_factory=dict)
    """By `response/district`, or `response/all`."""
    history: list[SwitchSeen] = field(default_factory=list)
    """The newest changes, the last first."""


@dataclass(slots=True)
class DocumentSeen:
    """A version of the programme document, and how far it has come."""

    document_hash: str
    version: int
    effective: datetime
    state: Literal["proposed", "rejected", "adopted", "active", "replaced", "rolled-back"]
    proposed_by: str
    approved_by: str | None = None
    reason: str = ""
    document: str = ""
    rolled_back_by: str | None = None
    rolled_back_why: str = ""
    proposed_at: datetime | None = None
    approved_at: datetime | None = None
    approved_why: str = ""
    rejected_by: str | None = None
    rejected_at: datetime | None = None
    rejected_why: str = ""
    in_force_since: datetime | None = None
    """When it last came into force, if ever."""


@dataclass(slots=True)
class TeamSeen:
    """A team on the roster, and its shift where it is on one."""

    team: Team
    status: str = "off-duty"
    status_at: datetime | None = None
    shift_id: str | None = None
    members: tuple[str, ...] = ()
    unconfirmed: tuple[str, ...] = ()
    """Members who have yet to say that they are on the team, and count for nothing until then."""
    vouched_by: str = ""
    """Who vouched for the members at sign-on."""
    shift_ends_at: datetime | None = None
    duty: Duty = "on-shift"
    unanswering_since: datetime | None = None
    """Since when it is offered nothing, as it let offers run out and has not been heard from."""
    planned: DutyNoted | None = None
    """The planned shift that runs, whether it has signed on for it or not."""
    call_id: str | None = None
    not_moving_since: datetime | None = None
    """Since when careroute has noticed that it accepted and has not set out."""
    offers: list[str] = field(default_factory=list)
    """Offers that wait for this team's answer."""


@dataclass(frozen=True, slots=True)
class LinkSeen:
    """A person's own pocket page of the shift that they are on."""

    person_id: str
    team_id: str
    link: str


@dataclass(slots=True)
class ContactSeen:
    """A way to a person, without its address."""

    method_id: str
    kind: ContactKind
    after_seconds: int
    shown: str
    """What may be seen of the address."""
    set_at: datetime
    set_by: str = ""
    proved_at: datetime | None = None
    """When somebody last answered over it."""
    broken: str = ""
    """Why it does not work."""
    opted_out: bool = False
    """They said STOP: nothing goes there."""


@dataclass(slots=True)
class PersonSeen:
    """A member of staff, and the team they are on shift with."""

    person: Person
    team_id: str | None = None
    contacts: tuple[ContactSeen, ...] = ()
    """Where people are told: the ways to them."""


@dataclass(slots=True)
class DeviceSeen:
    """A phone or tablet that lets its holder in."""

    device_id: str
    person_id: str | None
    team_id: str | None
    label: str
    enrolled_at: datetime
    enrolled_by: str


PlaceState = Literal["waiting", "asked", "answered", "silent", "failed", "not-sent"]


@dataclass(slots=True)
class RollPlaceSeen:
    """One person over one way in a roll call."""

    person_id: str
    method_id: str
    kind: str = ""
    """Of the way, once it was asked over."""
    state: PlaceState = "waiting"
    why: str = ""
    """Why the page failed, or was not sent."""
    answered_at: datetime | None = None


@dataclass(slots=True)
class RollSeen:
    """A roll call, and how far it has come."""

    roll_id: str
    at: datetime
    until: datetime
    called_by: str
    places: list[RollPlaceSeen]
    closed_at: datetime | None = None


AlertKind = Literal[
    "unconfirmed",
    "team-silent",
    "team-missing",
    "members-left-out",
    "team-unanswering",
    "team-unreachable",
    "way-lost",
    "need-police",
    "team-stays",
    "team-staged",
    "entry-not-released",
    "call-changed",
    "cad-not-informed",
    "routed-late",
    "audit-gap",
    "input-refused",
    "clock-failed",
    "webhook-disabled",
    "cad-away",
    "cad-clock",
    "cad-identity",
    "no-stop-switch",
    "agencies-file-refused",
    "programme-unread",
    "paused-by-itself",
    "pause-unreviewed",
    "referral-overdue",
    "rota-gap",
    "roster-feed-stale",
]


@dataclass(frozen=True, slots=True)
class AcknowledgementSeen:
    """Somebody's word on an alert, which ends nothing."""

    raised_at: datetime
    """Of which time it is meant: one that is raised again is another."""
    by: str
    at: datetime
    reason: str
    noise: bool
    """Whether they took it for noise, rather than look after it."""


@dataclass(slots=True)
class Alert:
    """Something a person has to look at."""

    kind: AlertKind
    at: datetime
    sentence: str
    about: str = ""
    """A call, a message, a source, or the position of an input."""
    call_id: str | None = None
    misleads: bool = True
    """Of a CAD that was not informed: whether it now believes something that is not so."""
    alert_id: str = ""
    acknowledged: AcknowledgementSeen | None = None
    ended_at: datetime | None = None


@dataclass(slots=True)
class CommandSeen:
    """How far a command has come."""

    command_id: str
    state: Literal["unknown", "waiting", "held", "done", "refused"]
    at: datetime | None = None
    result: str = ""
    sentence: str = ""
    reason: str = ""
    faults: tuple[str, ...] = ()
    about: str = ""
    revision: int | None = None
