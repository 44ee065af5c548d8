"""The topic `assignments`, team availability's journal."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict

from shared.call import CallStatus
from shared.events.base import Event, Id
from shared.events.rota import SIGN_ON_GRACE_MINUTES, Duty
from shared.events.staff import ContactMethod, Person, Team, TeamStatus
from shared.judgement import (
    DEFAULT_POOL,
    EXPECTED_MINUTES,
    MISSED_SAFETY_CHECKS,
    STAGED_NOTICE_MINUTES,
    CrewPlace,
    Judgement,
    OrderOfTeams,
    RaisedBy,
)


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


class LinksRevoked(Event):
    """Every pocket link that a person had leads nowhere; those of this generation are the ones that hold."""

    person_id: str
    generation: int
    contact_methods: tuple[ContactMethod, ...] = ()
    """How the person is reached from now on: about calls that they have already, too."""
    revoked_by: str = ""
    reason: str = ""


class CalendarRevoked(Event):
    """No link of a person to a calendar leads anywhere; those of this generation are the ones that hold."""

    person_id: str
    generation: int
    revoked_by: str = ""
    reason: str = ""


class TokenRevoked(Event):
    """A person's token or a CAD's key is let in nowhere any more, whatever the agencies file says."""

    token_hash: str
    """What the agencies file holds of it."""
    holder: str
    revoked_by: str = ""
    reason: str = ""


class DeviceEnrolled(Event):
    """A phone or tablet is a person's, or a team's; it is known by the hash of its credential."""

    device_id: Id
    credential_hash: str
    person_id: str | None = None
    team_id: str | None = None
    label: str = ""
    enrolment_id: Id = ""
    enrolled_by: str = ""


class DeviceRevoked(Event):
    """A phone or tablet is let in no more."""

    device_id: Id
    revoked_by: str = ""
    reason: str = ""


class DutyNoted(Event):
    """By the plan these people are on duty with a team until then; what is noted last of a planned shift counts."""

    planned_shift_id: Id
    team_id: str
    duty: Duty
    members: tuple[str, ...]
    ends_at: AwareDatetime
    sign_on_grace_minutes: int = SIGN_ON_GRACE_MINUTES
    """How long a team that is to be at work may take to sign on before somebody is told."""
    planned_until: AwareDatetime | None = None
    """Until when the team is on call without a gap, with crews that fill their places; None: not beyond `ends_at`."""
    over: Literal["", "ended", "signed-off", "by-hand"] = ""
    """It asks nothing of the team, as `DutyOver` said, and ends later than was noted."""


class DutyOver(Event):
    """A planned shift asks nothing of its team any more."""

    planned_shift_id: Id
    team_id: str
    why: Literal["ended", "signed-off", "by-hand"] = "ended"
    """By the plan; a person has signed the team off; a person has signed it on with a crew or hours of their own."""


class MemberLeftOut(BaseModel):
    """Somebody who is planned to be on duty, and is not on the team."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    person_id: str
    why: Literal["unknown-person", "on-shift"]
    """They are not on the books; they are on shift with another team."""
    on_shift_with: str = ""


class MembersLeftOut(Event):
    """Who of a planned shift could not be signed on with the others; nobody: all are by now."""

    team_id: str
    planned_shift_id: Id
    left_out: tuple[MemberLeftOut, ...] = ()


class ShiftChanged(Event):
    """The plan gave a team on shift other members or another end; who is with somebody stays until that is over."""

    team_id: str
    shift_id: Id
    members: tuple[str, ...]
    """All of them; those who have yet to confirm stand in `unconfirmed` too."""
    shift_ends_at: AwareDatetime
    unconfirmed: tuple[str, ...] = ()
    planned_shift_id: Id
    offer_id: Id | None = None
    """The offer that the team was paged for and has yet to answer: who has come is asked, too."""


class TeamMissing(Event):
    """A team is planned to be at work, and has not signed on in time: its people and the duty officer are told."""

    team_id: str
    planned_shift_id: Id
    members: tuple[str, ...]
    since: AwareDatetime
    why: Literal["not-signed-on", "nobody-left", "unknown-team"] = "not-signed-on"
    """Nobody has said that they are there; of a team on call, nobody is free to be; there is no such team."""


class WayStood(Event):
    """How a way to a person stands, as far as the choice of a team needs it."""

    person_id: str
    method_id: str
    fingerprint: str = ""
    """Of the address, by which one that is set again is known."""
    proved_at: AwareDatetime | None = None
    """When somebody last answered over it."""
    broken: bool = False
    opted_out: bool = False
    removed: bool = False


class TeamUnanswering(Event):
    """A team let offers run out one after the other: it is offered nothing until it is heard from."""

    team_id: str
    unanswered: int
    shift_id: Id | None = None


class TeamHeard(Event):
    """Somebody of a team that had let an offer run out has answered after all: too late, or another page."""

    team_id: str
    shift_id: Id
    person_id: str


class TeamSignedOn(Event):
    """A team started its shift."""

    team_id: str
    shift_id: Id
    members: tuple[str, ...]
    shift_ends_at: AwareDatetime
    unconfirmed: tuple[str, ...] = ()
    """The members who have yet to say that they are on the team: until then they count for nothing."""
    vouched_by: str = ""
    """Who vouched for the members, where that is not each of them."""
    duty: Duty = "on-shift"
    """On call: they do other things until they are paged, so no fresh status is asked, but a way that was proved."""
    planned_shift_id: Id = ""
    """The planned shift that it is, where the rota says so."""


class MemberConfirmed(Event):
    """A member of a team on shift said that they are on it, or somebody vouched for them."""

    team_id: str
    shift_id: Id
    person_id: str
    vouched_by: str = ""
    call_id: str | None = None
    """The call that the team has: from now on it is theirs, too."""
    episode: int | None = None
    offer_id: Id | None = None
    """The offer that the team was paged for and has yet to answer: it is asked of them, too."""


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
    happened_at: AwareDatetime | None = None
    """When it was so, by whoever reports it."""
    assigned: bool = True
    """False: the team does not have the call any more; it was its last one."""
    released_by: str | None = None
    """Of a team that waited to be let in and says that it is on scene: who has let it in."""


class LateStatusNoted(Event):
    """A report of where a team stood came after a later one: it is kept for its time and moves nothing."""

    team_id: str
    call_id: str
    episode: int
    status: TeamStatus
    happened_at: AwareDatetime
    reported_by: str = ""


class StatusCorrected(Event):
    """A team took back where it had said it stands."""

    team_id: str
    call_id: str
    episode: int
    before: TeamStatus
    status: TeamStatus
    corrected_by: str = ""
    reason: str = ""


class DeadlineSet(Event):
    """An episode of a call began; without an outcome by its deadline it is the default response."""

    call_id: str
    episode: int
    deadline: AwareDatetime
    received_at: AwareDatetime
    """Durable time of intake's receipt: the start of the clock."""
    call_at: str
    """Position of the call's newest version in the topic `calls`."""
    why: Literal["reported", "reopened", "requested", "overridden", "number-reused", "late-pull"] = "reported"
    updated_at: AwareDatetime | None = None
    """The version that the episode begins with, and what it says that later versions are compared with."""
    status: CallStatus = "active"
    requested_by: str | None = None
    version_received_at: AwareDatetime | None = None
    """When intake received that version: with `updated_at` its place in the order of versions."""
    created_at: AwareDatetime | None = None
    """When the incident began, by the CAD."""
    units_on_scene: bool = False
    place: str = ""
    """District and beat, as the CAD writes them."""
    address_pseudonym: str = ""
    """Of the address: another one is another address."""
    position_pseudonyms: tuple[str, ...] = ()
    """Of the position: where it has none in common with another, that is far away."""
    merged_into: str | None = None
    """The incident that stands for this one from now on, by the CAD."""
    synthetic: bool = False
    """A test call of careroute's own."""


DEADLINE_CLOCK = "deadline"
"""The kind of the clock of a routing deadline, as `ClockFailed` names it: `deadline/call id`."""


class CallVersionAt(Event):
    """A newer version of a call that a team has accepted, or may yet accept: where its sealed part is now."""

    call_id: str
    episode: int
    call_at: str
    updated_at: AwareDatetime | None = None
    status: CallStatus = "active"
    requested_by: str | None = None
    version_received_at: AwareDatetime | None = None
    created_at: AwareDatetime | None = None
    units_on_scene: bool = False
    place: str = ""
    address_pseudonym: str = ""
    position_pseudonyms: tuple[str, ...] = ()
    merged_into: str | None = None
    synthetic: bool = False
    """A test call of careroute's own."""


class CallVersionSeen(Event):
    """A version of a call that begins no episode, and matters for the next: an end, a request taken back."""

    call_id: str
    event_id: str
    updated_at: AwareDatetime
    status: CallStatus
    requested_by: str | None = None
    version_received_at: AwareDatetime | None = None
    created_at: AwareDatetime | None = None
    units_on_scene: bool = False
    place: str = ""
    address_pseudonym: str = ""
    position_pseudonyms: tuple[str, ...] = ()
    merged_into: str | None = None
    call_at: str = ""
    """Its position in the topic `calls`."""
    synthetic: bool = False
    """A test call of careroute's own."""


class CallChanged(Event):
    """The CAD gave a call that a team has another beginning or place: it may be another incident."""

    call_id: str
    episode: int
    team_id: str
    changes: tuple[str, ...]
    """One sentence for each change, old and new."""
    another_incident: bool = False
    """Its beginning is so far from before that the number may stand for another incident: a dispatcher says whether."""
    begun_at: AwareDatetime | None = None
    """When the CAD says now that it began, where that differs."""
    changed_at: AwareDatetime
    sentence: str
    address_changed: bool = False
    """It has another address: the team's page shows both."""
    far: bool = False
    """Its position is far from where the team was sent: the dispatcher hears of it, too."""


class IncidentConfirmed(Event):
    """A dispatcher said whether a call is another incident than its team has, or the same that began at that time.

    Another one gets an episode of its own once the team is done; until then the CAD's default stands for it.
    """

    call_id: str
    episode: int
    team_id: str
    another: bool
    begun_at: AwareDatetime
    confirmed_by: str
    reason: str = ""


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
    received_at: AwareDatetime | None = None
    """When intake received that version."""
    synthetic: bool = False
    """A test call of careroute's own."""


class PlanKept(Event):
    """What triage judged of a version of a call whose report was not read yet: it waits for the report, for a while.

    Or of a call to which a dispatcher sends a response: it waits for the team that takes the call, which is told.
    """

    call_id: str
    event_id: str
    judgement: Judgement
    updated_at: AwareDatetime
    triaged_at: int
    language: str | None = None
    priority: str | None = None
    received_at: AwareDatetime | None = None
    synthetic: bool = False
    """A test call of careroute's own."""


class ResponseTerms(BaseModel):
    """What a programme says of one response, whatever the call."""

    model_config = ConfigDict(frozen=True)

    response: str
    model: str
    crew: tuple[CrewPlace, ...]
    reached_by: str
    on_upgrade: str
    enters_when: tuple[str, ...] = ()
    expected_minutes: int = EXPECTED_MINUTES
    pool: str = DEFAULT_POOL
    window_seconds: int | None = None
    preferred_eta_minutes: int | None = None
    late_minutes: int | None = None
    order_of_teams: OrderOfTeams | None = None


class ProgrammeTerms(BaseModel):
    """What a programme version says of its responses, and its clocks, whatever the call."""

    model_config = ConfigDict(frozen=True)

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
    staged_notice_minutes: int = STAGED_NOTICE_MINUTES
    zone: str = "UTC"


class TermsNoted(Event, ProgrammeTerms):
    """Responses of a programme version, as it or judgements came to name them: what an override may send."""


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
    window: bool = False
    """The team is asked how soon it can be there; which of those asked has the call is decided by `expires_at`."""


class OfferAnswered(Event):
    """A team that was asked within a window would take the call; it has it only if no other is there sooner.

    A later answer of the same team takes the place of the one before.
    """

    offer_id: Id
    call_id: str
    episode: int
    team_id: str
    person_id: str
    answered_at: AwareDatetime
    eta_minutes: int | None = None
    """None counts as later than any."""
    until: AwareDatetime
    """When it is decided at the latest."""
    method_id: str = ""
    """The way over which the person was asked, where they answered by it."""


class OfferShadowed(Event):
    """In a shadow district: the team that would have been offered the call. Nothing leaves; shadow over-counts."""

    call_id: str
    episode: int
    response: str
    team_id: str | None
    bypassed: tuple[BypassedTeam, ...] = ()


class ConfirmationAsked(Event):
    """In an advisory district: a dispatcher may confirm this response, until it expires."""

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


class ConfirmationLapsed(Event):
    """Nobody confirmed in time what was proposed: what may go without being asked is tried."""

    call_id: str
    episode: int
    response: str


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
    method_id: str = ""
    """The way over which the person was asked, where they answered by it."""
    waited: bool = False
    """The team had answered within a window before, and hears by this that the call is its own."""
    members: tuple[str, ...] = ()
    """Who is on the team by now: somebody may have come since it was asked."""


class OfferDeclined(Event):
    """A team left the call to another."""

    offer_id: Id
    call_id: str
    episode: int
    team_id: str
    person_id: str
    method_id: str = ""


class OfferExpired(Event):
    """A team did not answer in time."""

    offer_id: Id
    call_id: str
    episode: int
    team_id: str


class OfferWithdrawn(Event):
    """An open offer was taken back; `why` says what for: cancelled, needed-first, overridden, paused, taken ..."""

    offer_id: Id
    call_id: str
    episode: int
    team_id: str
    why: str


OfferEnd = Literal["accepted", "declined", "expired", "withdrawn"]
OFFER_ENDS: dict[type[Event], OfferEnd] = {
    OfferAccepted: "accepted",
    OfferDeclined: "declined",
    OfferExpired: "expired",
    OfferWithdrawn: "withdrawn",
}
"""What ends an offer, in a word."""


class FallBackStepped(Event):
    """A step of the fall-back chain was left behind, and why."""

    call_id: str
    episode: int
    response: str
    why: tuple[str, ...]
    bypassed: tuple[BypassedTeam, ...] = ()
    next_response: str | None = None
    """The response that the next step tries, where that is another or by telephone."""


class HoldAsked(Event):
    """Nobody can take the call now: its CAD, or a dispatcher, is asked whether it may wait.

    Without their acknowledgement the default goes at the routing deadline, as if nothing had been asked.
    """

    call_id: str
    episode: int
    minutes: int
    """How long it would wait at most."""
    until: AwareDatetime
    """How long the CAD is asked for."""
    sentence: str


class HoldBegan(Event):
    """The call waits for a team, as its CAD or a dispatcher has acknowledged: its deadline is the end of that."""

    call_id: str
    episode: int
    acknowledged_by: str
    """`cad`, or the dispatcher."""
    began_at: AwareDatetime
    until: AwareDatetime
    reason: str = ""
    sentence: str


class TeamToRemind(BaseModel):
    """A team on shift, and its people."""

    model_config = ConfigDict(frozen=True)

    team_id: str
    recipients: tuple[Recipient, ...] = ()


class HoldNoticeDue(Event):
    """A call has waited for a team for so long: the teams that could take it and the dispatcher are reminded."""

    call_id: str
    episode: int
    waited_minutes: int
    until: AwareDatetime
    district: str | None = None
    priority: str | None = None
    teams: tuple[TeamToRemind, ...] = ()
    sentence: str


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
    synthetic: bool = False
    """A test call of careroute's own."""
    held: bool = False
    """A hold was asked for: the CAD may believe that the call still waits."""


class LateCallListed(Event):
    """No team took a call from its page in time, and the default goes: these teams may still ask to take it."""

    call_id: str
    episode: int
    response: str
    team_ids: tuple[str, ...]
    until: AwareDatetime
    district: str | None = None
    priority: str | None = None


class LateTakeAsked(Event):
    """A team would take a late call: a dispatcher says yes until then, or nothing comes of it."""

    call_id: str
    episode: int
    response: str
    team_id: str
    person_id: str
    expires_at: AwareDatetime
    sentence: str


class LateTakeLapsed(Event):
    """Nobody said that a team may take a late call."""

    call_id: str
    episode: int
    team_id: str


class LateCallEnded(Event):
    """A late call can be asked for no more; `why`: over, units-on-scene, cancelled, upgraded, taken ..."""

    call_id: str
    episode: int
    why: str


class CallErased(Event):
    """Somebody had what is personal of a call erased, and of those that are one with it: their keys go."""

    call_id: str
    merged: tuple[str, ...] = ()
    erased_by: str
    reason: str


class CallOverridden(Event):
    """A dispatcher decided the call; a team that is with somebody stays until it clears or is withdrawn by name."""

    call_id: str
    episode: int
    send: str
    overridden_by: str
    reason: str = ""


class AssignmentWithdrawn(Event):
    """A team that had accepted was turned back, or taken off by a person: cancelled, overridden, upgraded ..."""

    call_id: str
    episode: int
    team_id: str
    why: str
    acknowledge: bool = False
    """The team is asked for nothing else before it has acknowledged this, or said where it stands."""
    withdrawn_by: str = ""
    """Who took the team off, where a person did."""
    reason: str = ""


class RecallUnacknowledged(Event):
    """A team that was turned back has said nothing for minutes: it may be going in, or in need."""

    call_id: str
    episode: int
    team_id: str
    silent_minutes: int
    sentence: str


class TeamStays(Event):
    """A call was ended or decided otherwise while a team was with somebody: it stays assigned, and checked.

    So until it clears the call, or a person withdraws it by name.
    """

    call_id: str
    episode: int
    team_id: str
    why: str
    """What the CAD says of the call, or overridden."""
    send: str = ""
    """What goes beside the team: the default, where a dispatcher has decided so."""
    sentence: str


class AssignmentMoved(Event):
    """A call was merged into another: the team that has it has that one from now on, standing where it stood."""

    call_id: str
    episode: int
    team_id: str
    to_call_id: str
    to_episode: int
    response: str
    call_at: str = ""
    """Position in `calls` of the version of the other call whose sealed part the team may open."""
    sentence: str


class TeamMayEnter(Event):
    """A team that waits nearby was let in: by somebody's word, or because a unit is on scene."""

    call_id: str
    episode: int
    team_id: str
    released_by: str
    """Who let it in, or `units-on-scene`."""


class EntryNotReleased(Event):
    """A team that was to be let in says that it is on scene, and not who has let it in."""

    call_id: str
    episode: int
    team_id: str
    enters_when: tuple[str, ...]
    sentence: str


class TeamStillStaged(Event):
    """A team has waited nearby for long, and nobody has let it in."""

    call_id: str
    episode: int
    team_id: str
    staged_minutes: int
    sentence: str


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


LEVEL_NOT_KNOWN = "not known"
"""Instead of a level: nobody has judged the call for the team that has it."""


class UpgradeRaised(Event):
    """After a team had accepted, an update of the call raised its level, or went against the team's response."""

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
    team_on_scene: bool = False
    """The team is with somebody: it stays, whatever the document says of an upgrade."""
    send: str = ""
    """What is asked of the dispatcher: `default`, where the team's own response may not go to such a call."""
    unlisted_type: str = ""
    """The call type, where the document does not list it: what it means nobody knows."""
    more_dangerous: bool = True
    """False: it is no more dangerous than the team was told, and is not one for its response."""
    against: tuple[str, ...] = ()
    """Codes of what speaks against the response: where the call is, its kind, or a condition like the age."""


class TeamNotMoving(Event):
    """A team accepted and has not set out in the time that the programme gives it."""

    call_id: str
    episode: int
    team_id: str


class SafetyCheckDue(Event):
    """A team with a call, or in need, has said nothing for long: it is asked whether it is well.

    Any status report answers.
    """

    call_id: str
    episode: int
    team_id: str
    number: int
    """Which question it is since the team last spoke, from 1."""
    shift_id: Id = ""
    """Of a team without a call: no offer says who is on it, nor has a link that still leads anywhere."""
    members: tuple[str, ...] = ()
    """Who is on it then."""


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
