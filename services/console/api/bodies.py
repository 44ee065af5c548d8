"""What the bodies of requests say: the fields of the command that they ask for. Others are refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Self, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, create_model, field_validator, model_validator
from pydantic.fields import FieldInfo

from shared import events
from shared.call import Name, Text
from shared.contact_forms import SUBSCRIPTION_CHARACTERS
from shared.events import Command, ContactKind, Person, Team
from shared.plain import fault_of_text, is_blank

B = TypeVar("B", bound="Body")
ENVELOPE = frozenset(Command.model_fields)
"""What every command has; most of it the door fills in."""
SEVERAL_LINES = frozenset({"document", "reason"})
"""What may be written in lines."""


class Body(BaseModel):
    """What every command may say."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    reason: Text = Field(default="", description="why; kept for good, with the command: name nobody")

    @model_validator(mode="before")
    @classmethod
    def _nothing_hidden(cls, body: object) -> object:
        """What people will see shows what it holds."""
        _check_texts(body, "")
        return body

    def fields(self) -> dict[str, Any]:
        """What goes into the command."""
        return {name: getattr(self, name) for name in type(self).model_fields if name in self.model_fields_set}


def _check_texts(part: object, name: str) -> None:
    if isinstance(part, str):
        wrong = fault_of_text(part, several_lines=name in SEVERAL_LINES)
        if wrong is not None:
            raise ValueError(f"{name or 'the body'} {wrong}")
    elif isinstance(part, dict):
        for key, inner in part.items():
            _check_texts(key, "")
            _check_texts(inner, str(key))
    elif isinstance(part, list | tuple):
        for inner in part:
            _check_texts(inner, name)


def body_of(command: type[Command], *elsewhere: str, **more: Any) -> Callable[[type[B]], type[B]]:
    """Give a body the fields of its command: those that it does not declare itself, and that are not said `elsewhere`.

    A text that has to be given is not empty. `more` is what this door says or asks of a field besides, as `Field(…)`;
    with it the body has a field of the envelope, too.
    """
    own = [name for name in command.model_fields if name not in (*ENVELOPE, *elsewhere)]
    names = [*own, *(name for name in more if name in ENVELOPE)]

    def with_fields(body: type[B]) -> type[B]:
        fields: dict[str, Any] = {
            name: _field(command.model_fields[name], more.get(name, Field()))
            for name in names
            if name not in body.model_fields
        }
        return create_model(body.__name__, __base__=body, __doc__=body.__doc__, __module__=body.__module__, **fields)

    return with_fields


def _field(declared: FieldInfo, more: FieldInfo) -> tuple[Any, Any]:
    """A field's type with its bounds, and its default."""
    filled = [Field(min_length=1)] if declared.is_required() and declared.annotation is str else []
    default = ... if declared.is_required() else declared.get_default(call_default_factory=True)
    return Annotated[declared.annotation, *declared.metadata, *filled, more], default


class ReasonedBody(Body):
    """What a command says that nobody may give without a reason."""

    reason: Text = Field(min_length=1, description="why; kept for good, with the command: name nobody")

    @field_validator("reason")
    @classmethod
    def _says_why(cls, reason: str) -> str:
        """A reason of which nothing can be seen says nothing."""
        if is_blank(reason):
            raise ValueError("must say why")
        return reason


class DistrictBody(Body):
    """Which district."""

    district: Text = Field(min_length=1, description="a district of the programme, or `all`")


@body_of(events.PauseDistrict, response=Field(min_length=1, description="only this response"))
class PauseBody(DistrictBody):
    """Which district, and which response where it is not all of them."""


@body_of(events.SetPhase, based_on=Field(description="the switchboard revision you saw; refused if it has moved on"))
class PhaseBody(DistrictBody):
    """Which response in which district, and how far it is switched on."""


@body_of(
    events.SetCap,
    at_most_open=Field(description="at once"),
    at_most_per_day=Field(description="on a day of the agency's clocks"),
    based_on=Field(description="the switchboard revision you saw; needed to raise or lift a cap"),
)
class CapBody(DistrictBody):
    """How many calls a response takes in a district, or with `all` in all together; no bound at all lifts the cap."""


@body_of(events.ReviewPause, revision=Field(ge=1, description="the switchboard revision that the pause made"))
class ReviewBody(Body):
    """Which pause, and what was found."""

    reason: Text = Field(min_length=1, description="what was found; kept for good: name nobody")


@body_of(events.CloseReferral, "referral_id")
class CloseReferralBody(Body):
    """What became of a referral."""


@body_of(events.ProposeProgramme, document=Field(description="TOML"))
class ProposeBody(Body):
    """A programme document."""


@body_of(
    events.ApproveProgramme,
    document_hash=Field(max_length=200),
    instead_of=Field(description="the hash you compared it with; refused if it takes another's place by now"),
)
class ApproveBody(Body):
    """Which proposed document."""


@body_of(events.RejectProgramme, document_hash=Field(max_length=200))
class RejectBody(ReasonedBody):
    """Which proposed document is turned down, or taken back, and why."""


@body_of(
    events.RollBackProgramme,
    to_hash=Field(min_length=1, description="else the one before the one in force"),
    in_force=Field(description="the hash you saw in force; refused if it is another by now"),
)
class RollBackBody(ReasonedBody):
    """Which document is to be in force again, and why."""


@body_of(events.OverrideCall, "call_id", send=Field(description="`default`, or the name of a response"))
class OverrideBody(Body):
    """What is to be sent."""


@body_of(events.ConfirmDecision, "call_id")
class ConfirmBody(Body):
    """What is confirmed; whatever is proposed, if nothing is named."""


@body_of(events.ConfirmIncident, "call_id", another=Field(description="true: another than the team has"))
class IncidentBody(Body):
    """Whether a call that a team has is another incident by now."""


class NewTeam(Team):
    """A team as rostered; nothing else is taken."""

    model_config = ConfigDict(extra="forbid")


class TeamBody(Body):
    """A team."""

    team: NewTeam


class NewPerson(Person):
    """A member of staff; nothing else is taken. The name is sealed, and shown to those who may read people."""

    model_config = ConfigDict(extra="forbid")

    @field_validator("contact_methods", mode="before")
    @classmethod
    def _no_ways(cls, ways: object) -> object:
        """An address in a person would stand in a journal for good."""
        if ways:
            raise ValueError(
                "the ways to a person are set one by one, since their addresses are sealed: POST "
                "/v1/people/{person_id}/contacts/{method_id}, or `careroute person contact set`"
            )
        return ()


class PersonBody(Body):
    """A member of staff."""

    person: NewPerson


@body_of(events.SetContact, "person_id", "method_id", "shown", "fingerprint", "position")
class ContactBody(Body):
    """How a person is reached, where, and when its turn comes."""

    kind: ContactKind
    address: str = Field(
        default="",
        max_length=SUBSCRIPTION_CHARACTERS,
        description="a telephone number, a mail address, a URL, or as JSON the subscription that a browser made; "
        "left out for `pocket`. It is sealed, and told to nobody again",
    )


class WayToCheck(BaseModel):
    """How somebody is to be reached."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    method_id: Name
    kind: ContactKind
    address: str = Field(default="", max_length=SUBSCRIPTION_CHARACTERS)
    after_seconds: int = Field(default=0, ge=0, le=600)


class PersonToCheck(BaseModel):
    """Somebody who is to be added, and how they are to be reached."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    person: NewPerson
    ways: tuple[WayToCheck, ...] = Field(default=(), max_length=5)


class CheckPeopleBody(Body):
    """People as they would be added."""

    people: tuple[PersonToCheck, ...] = Field(min_length=1, max_length=100)


class ErasePersonBody(ReasonedBody):
    """Why a person is erased."""


class EraseCallBody(ReasonedBody):
    """Who asked for a call to be erased, and why, without a name: it is kept for good."""


@body_of(events.RevokeLinks, "person_id", device_ids=Field(description="the lost phone: what ends with the links"))
class RevokeLinksBody(ReasonedBody):
    """Why a person's links are to end, and which of their devices end with them."""


class EnrolmentBody(Body):
    """Whose device is to be enrolled: a person's or a team's; yours, if nobody is named."""

    person_id: Name | None = None
    team_id: Name | None = None
    label: str = Field(default="", max_length=60, description="what tells it from others, e.g. `blue phone`")

    @model_validator(mode="after")
    def _of_one(self) -> Self:
        if self.person_id is not None and self.team_id is not None:
            raise ValueError("say either person_id or team_id")
        return self


class RevokeDeviceBody(ReasonedBody):
    """Why a phone or tablet is to let nobody in any more."""


@body_of(
    events.CallRoll,
    person_ids=Field(description="whom to ask; everybody who has a way to be reached, if nobody is named"),
    minutes=Field(description="for how long an answer counts, from when the last page goes out"),
    every_method=Field(description="also over ways that were proved within the last 30 days"),
)
class RollBody(Body):
    """Whom to ask whether they can be reached."""


class RevokeTokenBody(ReasonedBody):
    """Which token or key is to end, and why."""

    token_hash: str | None = Field(
        default=None,
        pattern=r"^sha256:[0-9a-f]{8,64}$",
        description="its hash in the agencies file, or how that begins; whole, where the file has it no more",
    )


@body_of(events.SignOn, "team_id", "vouched")
class SignOnBody(Body):
    """Who is on shift, and until when: an instant or a number of hours from now, at most 72.

    More than 24 hours are asked back: they are taken with `long_shift`.
    """

    shift_ends_at: AwareDatetime | None = None
    hours: float | None = Field(default=None, gt=0, le=events.LONGEST_SHIFT_HOURS)

    @model_validator(mode="after")
    def _one_end(self) -> Self:
        if (self.shift_ends_at is None) == (self.hours is None):
            raise ValueError("say either shift_ends_at or hours")
        return self


@body_of(events.BeginDuty, "team_id", "vouched")
class BeginDutyBody(Body):
    """Which planned shift begins."""


class MemberBody(Body):
    """Who is on the team; you, if nobody is named."""

    person_id: Name | None = None


@body_of(events.ReportStatus, "team_id")
class StatusBody(Body):
    """Where the team stands; `cleared` needs the disposition."""


@body_of(events.CorrectStatus, "team_id")
class CorrectionBody(Body):
    """Where the team stands after all, less far than it said."""


@body_of(events.ReleaseTeam, "team_id")
class ReleaseBody(Body):
    """Who lets the team go in; you, if nobody is named."""


@body_of(events.WithdrawTeam, "team_id")
class WithdrawBody(ReasonedBody):
    """Why the team is taken off its call, and which that is."""


class AcknowledgeBody(Body):
    """Which alert, and whether it told of nothing that a person has to look at."""

    alert_id: str = Field(min_length=1, max_length=500, description="as `GET /v1/alerts` names it")
    raised_at: AwareDatetime | None = Field(
        default=None, description="the `at` that you saw; refused where it was raised again since"
    )
    noise: bool = Field(default=False, description="counted apart; needs a reason")


class OfferBody(Body):
    """Who answers; you, if nobody is named."""

    person_id: Name | None = None


@body_of(events.TakeLateCall, "call_id")
class LateBody(OfferBody):
    """Which team would take the call, and who asks."""


@body_of(events.AcceptOffer, "offer_id", "method_id")
class AcceptBody(OfferBody):
    """Who takes the call, and when they will be there."""
