"""The topic `commands`, written by the doors."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, field_validator

from shared.call import Name, Text
from shared.events.base import EVENTS, Event, Id, child_id
from shared.events.rota import (
    MAX_PLACES,
    REST_HOURS,
    SIGN_ON_GRACE_MINUTES,
    Duty,
    GraceMinutes,
    Needs,
    Rotation,
    ShiftPlace,
)
from shared.events.staff import ContactKind, Disposition, Person, Team, TeamStatus
from shared.judgement import (
    Phase,
)
from shared.plain import is_blank


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

    @field_validator("reason")
    @classmethod
    def _none_where_nothing_is_seen(cls, reason: str) -> str:
        """What looks like no reason is none."""
        return "" if is_blank(reason) else reason


class _TriageCommand(Command):
    decided_by = "triage"


class _TeamCommand(Command):
    decided_by = "team-availability"


class _NotificationCommand(Command):
    decided_by = "notification"


class _RosteringCommand(Command):
    decided_by = "rostering"


class ProposeProgramme(_TriageCommand):
    """Put a programme document forward; another person has to approve it."""

    document: str = Field(max_length=600_000)


class ApproveProgramme(_TriageCommand):
    """Approve the proposed document with this hash; refused to the person who proposed it."""

    document_hash: str
    instead_of: Text | None = None
    """The hash of the document that its author has compared it with; refused if it takes another's place by now."""


class RejectProgramme(_TriageCommand):
    """Turn the document with this hash down that is proposed, or take it back, an approved one too before its time.

    `reason` says why. The one in force stays.
    """

    document_hash: str


class SetPhase(_TriageCommand):
    """Set a response's phase in a district, within what the document allows."""

    response: Text
    district: Text
    phase: Phase


class SetCap(_TriageCommand):
    """Bound how many calls a response takes in a district, or with `all` in all together; without a bound lift it."""

    response: Text
    district: Text
    at_most_open: int | None = Field(default=None, ge=1, le=10_000)
    """At once, from the first offer to the team's clearing."""
    at_most_per_day: int | None = Field(default=None, ge=1, le=10_000)


class ReviewPause(_TriageCommand):
    """Another person has looked into a pause, which one person could order, and says in `reason` what was found."""

    revision: int
    """That the pause made."""


class CloseReferral(_TriageCommand):
    """Say what became of a referral or a follow-up."""

    referral_id: Id
    result: Literal["contacted", "not-reached", "refused", "no-longer-needed"]


class RollBackProgramme(_TriageCommand):
    """Put a document in force again that two people had approved; by default the one before the one in force."""

    to_hash: Text | None = None
    in_force: Text | None = None
    """The hash of the document that its author saw in force; refused if it is another by now."""


class PauseDistrict(_TriageCommand):
    """The kill switch: nothing of ours leaves in this district, or with `all` anywhere, until a person resumes it."""

    district: Text
    response: Text | None = None
    """Only this response."""


class ResumeDistrict(_TriageCommand):
    """End a pause, the one of the same district and the same response."""

    district: Text
    response: Text | None = None


class DefinePerson(_TeamCommand):
    """Add a member of staff, or replace what is known of them."""

    person: Person


class RemovePerson(_TeamCommand):
    """Take a member of staff off the books; refused while on shift."""

    person_id: Name


class RevokeLinks(_TeamCommand):
    """End every pocket link of a person, at once, whatever runs; `reason` says why. Their call stays theirs."""

    person_id: Name
    device_ids: tuple[Id, ...] = Field(default=(), max_length=5)
    """Devices of theirs that end with the links: the phone that is lost, not the one that is at hand."""


class RevokeCalendar(_TeamCommand):
    """End the links of a person to calendars, theirs and everybody's, and none besides; `reason` says why."""

    person_id: Name


class RevokeToken(_TeamCommand):
    """Let a person's token or a CAD's key in nowhere any more, whatever the agencies file says; `reason` says why."""

    token_hash: Text
    """What the agencies file holds of it."""
    holder: Text
    """The person or the source that it belongs to."""


class DefineTeam(_TeamCommand):
    """Add a team to the roster, or replace what is known of it."""

    team: Team


class RemoveTeam(_TeamCommand):
    """Take a team off the roster; refused while on shift."""

    team_id: Name


LONG_SHIFT_HOURS, LONGEST_SHIFT_HOURS = 24, 72
"""A shift of more hours is asked back; one of more than the second is refused."""


class SignOn(_TeamCommand):
    """A team starts its shift with these members; each of them but its author has yet to confirm."""

    team_id: Name
    members: tuple[Name, ...] = Field(min_length=1, max_length=8)
    shift_ends_at: AwareDatetime
    """At most 72 hours from now; more than 24 are refused unless `long_shift` says that they are meant."""
    long_shift: bool = False
    """Whether more than 24 hours are meant."""
    vouched: bool = False
    """Its author, a dispatcher or supervisor, vouches for the members: none of them has to confirm."""


class BeginDuty(_TeamCommand):
    """A team starts the shift that is planned for it, with the people of the plan: by one of them, in one tap.

    The others have yet to confirm, unless its author, a dispatcher or supervisor, vouches for all of them.
    """

    team_id: Name
    planned_shift_id: Id
    vouched: bool = False


class ConfirmMember(_TeamCommand):
    """A member says that they are on the team that was signed on, or a dispatcher or supervisor vouches for them."""

    team_id: Name
    person_id: Name


class SignOff(_TeamCommand):
    """A team ends its shift; its open offers are withdrawn. Refused while assigned."""

    team_id: Name


class ReportStatus(_TeamCommand):
    """A team says where it stands; `cleared` ends its assignment and names the disposition.

    Within an assignment it goes forward only; `need-police` is refused to no team on shift.
    """

    team_id: Name
    status: TeamStatus
    call_id: Text | None = None
    disposition: Disposition | None = None
    happened_at: AwareDatetime | None = None
    """When it was so; without it, when the command was issued."""
    released_by: Text | None = None
    """With `on-scene`, where the team waits to be let in: who has let it in."""


class CorrectStatus(_TeamCommand):
    """A team takes back where it said it stands: it is, after all, not yet so far."""

    team_id: Name
    status: Literal["en-route", "staged", "on-scene"]
    call_id: Text | None = None


class ReleaseTeam(_TeamCommand):
    """An officer, a sergeant or a dispatcher lets a team go in that waits nearby, or will."""

    team_id: Name
    released_by: Text = ""
    """Who has let it in, where that is not whoever issues the command."""
    call_id: Text | None = None
    """The call that its author saw it on; refused if it is another by now."""


class WithdrawTeam(_TeamCommand):
    """A dispatcher or supervisor takes a team off its call, wherever it stands, and says in `reason` why."""

    team_id: Name
    call_id: Text | None = None
    """The call that its author saw it on; refused if it is another by now."""


class AcceptOffer(_TeamCommand):
    """A member of a team takes the call."""

    offer_id: Id
    person_id: Name
    eta_minutes: int | None = Field(default=None, ge=0, le=240)
    method_id: Text = ""
    """The way over which it was answered; empty where that is not known."""


class DeclineOffer(_TeamCommand):
    """A member of a team leaves the call to another."""

    offer_id: Id
    person_id: Name
    method_id: Text = ""


class OverrideCall(_TeamCommand):
    """A dispatcher decides the call: `default`, or the name of a response that is to be sent."""

    call_id: Text
    send: Text


class ConfirmDecision(_TeamCommand):
    """In an advisory district a dispatcher confirms what careroute proposes for a call."""

    call_id: Text
    response: Text | None = None
    """What its author saw proposed; refused if it is another by now."""


class TakeLateCall(_TeamCommand):
    """A member of a team would take a call that nobody took in time: a dispatcher is asked."""

    call_id: Text
    team_id: Name
    person_id: Name


class HoldCall(_TeamCommand):
    """A dispatcher lets a call wait for a team, where careroute has asked for that."""

    call_id: Text


class ConfirmIncident(_TeamCommand):
    """A dispatcher says whether a call that a team has is another incident by now, whose beginning the CAD gives."""

    call_id: Text
    another: bool


class EraseCall(_TeamCommand):
    """Have nothing personal of a call be read again. Nobody may be busy with it any more; `reason` says who asked."""

    call_id: Text
    merged: tuple[Text, ...] = Field(default=(), max_length=100)
    """The calls that it is one with, because the CAD merged them."""


class RedeliverMessage(_NotificationCommand):
    """Send a webhook message to the CAD again, under the same id."""

    message_id: Id


class AcknowledgeAlert(_NotificationCommand):
    """Somebody looks after an alert, which stays open until what it tells of has ended; or they take it for noise."""

    alert_id: str = Field(min_length=1, max_length=500)
    """As the console names it."""
    kind: Name
    raised_at: AwareDatetime
    """Since when it stands: one that is raised again is another."""
    noise: bool = False
    """Whether it told of nothing that a person has to look at; `reason` then says why."""


class SetContact(_NotificationCommand):
    """A way to a person, whose address the door has sealed and appended to `contacts` before."""

    person_id: Name
    method_id: Name
    kind: ContactKind
    after_seconds: int = Field(default=0, ge=0, le=600)
    shown: Text = ""
    fingerprint: Text = ""
    position: int = -1


class RemoveContact(_NotificationCommand):
    """Take a way to a person away; the door has erased its address."""

    person_id: Name
    method_id: Name


class ErasePerson(_NotificationCommand):
    """Every way to a person is gone, and their name: the door has erased what was sealed. `reason` says why."""

    person_id: Name


class CallRoll(_NotificationCommand):
    """Page people to see who answers, over every way that was not proved lately."""

    person_ids: tuple[Name, ...] = Field(default=(), max_length=500)
    """Nobody named: everybody who has a way to be reached."""
    minutes: int = Field(default=60, ge=1, le=24 * 60)
    every_method: bool = False
    """Also over ways that were proved lately."""


class AnswerRoll(_NotificationCommand):
    """A person answers a page of a roll call, over this way."""

    roll_id: Id
    person_id: Name
    method_id: Name


ReceiptState = Literal[
    "taken", "sent", "ringing", "delivered", "shown", "heard", "no-answer", "busy", "undelivered", "failed"
]


class NoteReceipt(_NotificationCommand):
    """A provider says what has become of a page. It may say so twice, late, and in any order."""

    page_id: Id
    provider: Name
    state: ReceiptState
    code: Text = ""
    """The provider's own code of what went wrong."""


class NoteOptOut(_NotificationCommand):
    """Somebody said STOP, or START again, to the number that pages come from."""

    person_id: Name
    method_id: Name
    opted_out: bool = True


class EnrolDevice(_TeamCommand):
    """A phone or tablet is a person's, or a team's, from now on: it holds a credential of which this is the hash."""

    device_id: Id
    credential_hash: Text
    person_id: Name | None = None
    team_id: Name | None = None
    label: Text = ""
    enrolment_id: Id = ""
    """Of the link or code that it was enrolled with: each works once."""


class RevokeDevice(_TeamCommand):
    """A phone or tablet is let in no more: lost, or given back. `reason` says why."""

    device_id: Id


class DefineRotation(_RosteringCommand):
    """Add a rotation, or replace it; its shifts of the next six weeks follow at once."""

    rotation: Rotation


class RemoveRotation(_RosteringCommand):
    """End a rotation, and drop the shifts of it that have not begun; `reason` says why."""

    rotation_id: Name


class PlanShift(_RosteringCommand):
    """Plan one shift that no rotation plans."""

    team_id: Name
    duty: Duty
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    zone: Text
    places: tuple[ShiftPlace, ...] = Field(min_length=1, max_length=MAX_PLACES)
    rest_hours: int = Field(default=REST_HOURS, ge=0, le=24)
    sign_on_grace_minutes: GraceMinutes = SIGN_ON_GRACE_MINUTES
    gaps_to: tuple[Name, ...] = Field(default=(), max_length=10)


class MoveShift(_RosteringCommand):
    """Give a shift other times, whatever its rotation says; `reason` says why. Whoever has a place in it keeps it."""

    shift_id: Name
    starts_at: AwareDatetime
    ends_at: AwareDatetime


class DropShift(_RosteringCommand):
    """A shift does not take place; `reason` says why. Its rotation does not plan it again."""

    shift_id: Name


MOST_ROWS, MOST_IMPORTED = 500, 4_000
"""Of another system's plan, the shifts that one command says, and those of all that are sent together."""


def imported_shift_id(source: str, key: str) -> Id:
    """The id of a shift that another system knows by this key; of a calendar: UID and RECURRENCE-ID."""
    return child_id(f"import/{source}", key)


class ShiftRow(BaseModel):
    """One shift as another system plans it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    key: str = Field(default="", max_length=300)
    """Of an old command: by which the other system knows it, which may name somebody."""
    shift_id: Id = ""
    """By which it is known again, made of that by the door (`imported_shift_id`)."""
    team_id: Name
    duty: Duty
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    people: tuple[Name, ...] = Field(default=(), max_length=MAX_PLACES)
    needs: tuple[Needs, ...] = Field(default=(), max_length=MAX_PLACES)
    """One a place; where there are fewer than people, the other places take anybody."""


class ImportShifts(_RosteringCommand):
    """What another system plans between two instants: it replaces what was read of it before, of that time.

    A row that names somebody who is not on the books is not taken, and its shift stands as it did. What would drop more
    than 30 % of the next week is refused, unless it is `confirmed`.
    """

    source: Name
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    zone: Text
    rows: tuple[ShiftRow, ...] = Field(max_length=MOST_ROWS)
    elsewhere: tuple[Id, ...] = Field(default=(), max_length=MOST_IMPORTED)
    """Shifts that the other system has at other times, of which another command speaks: this one drops none of them."""
    confirmed: bool = False
    period_minutes: int = Field(default=0, ge=0, le=7 * 24 * 60)
    """How often the other system is read; 0: this once."""
    rest_hours: int = Field(default=REST_HOURS, ge=0, le=24)
    sign_on_grace_minutes: GraceMinutes = SIGN_ON_GRACE_MINUTES
    gaps_to: tuple[Name, ...] = Field(default=(), max_length=10)


class TakeShift(_RosteringCommand):
    """A person has a place in a shift from now on, all of it or a part. Nobody has to consent.

    By themselves, or by somebody else who says in `reason` why. Somebody who takes a place by themselves that another
    has, is there for it and asks no cover, says whose it is: so nobody loses one to a page that was out of date.
    """

    shift_id: Name
    person_id: Name
    instead_of: Name | None = None
    """Who has the place; refused where it is somebody else by now."""
    place: int = Field(default=1, ge=1, le=MAX_PLACES)
    starts_at: AwareDatetime | None = None
    ends_at: AwareDatetime | None = None


class SwapShifts(_RosteringCommand):
    """Two people exchange their places in two shifts, both or neither. By one of them, or with a `reason`."""

    person_id: Name | None = None
    """One of the two; refused where they are not. None: whoever they are."""
    shift_id: Name
    place: int = Field(default=1, ge=1, le=MAX_PLACES)
    other_shift_id: Name
    other_place: int = Field(default=1, ge=1, le=MAX_PLACES)
    other_person_id: Name | None = None
    """Who has the other place; refused where it is somebody else by now, who was asked nothing."""


class AskForCover(_RosteringCommand):
    """Ask everybody who could take a place in a shift, all of it or a part: the first to take it has it."""

    person_id: Name | None = None
    """Who has the place; refused where they have not. None: whoever has."""
    shift_id: Name
    place: int = Field(default=1, ge=1, le=MAX_PLACES)
    starts_at: AwareDatetime | None = None
    ends_at: AwareDatetime | None = None


class SetAbsence(_RosteringCommand):
    """A person is away between two instants. Why is nobody's business, and is not kept."""

    person_id: Name
    starts_at: AwareDatetime
    ends_at: AwareDatetime


class LiftAbsence(_RosteringCommand):
    """A person is not away after all."""

    person_id: Name
    absence_id: Name


class PingCad(_NotificationCommand):
    """Send a test message to the CAD webhook of a source; success enables a disabled webhook again."""

    source: Name


COMMAND_TYPES: dict[str, type[Command]] = {
    name: kind for name, kind in EVENTS.items() if issubclass(kind, Command) and kind.decided_by
}
"""By the record's type."""
DECIDED_BY: dict[str, str] = {name: kind.decided_by for name, kind in COMMAND_TYPES.items()}
"""Which service decides a command: the one authority for each."""


def commands_of(service: str) -> frozenset[type[Command]]:
    """The commands that a service decides."""
    return frozenset(kind for kind in COMMAND_TYPES.values() if kind.decided_by == service)
