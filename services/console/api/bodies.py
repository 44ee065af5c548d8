"""What the bodies of requests say. Fields that are not known are refused."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from shared.call import Name, Text
from shared.events import ContactMethod, Disposition, Person, Team, TeamStatus
from shared.judgement import Phase


class Body(BaseModel):
    """What every command may say."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    reason: Text = Field(default="", description="why; kept with the command")

    def fields(self) -> dict[str, Any]:
        """What goes into the command."""
        return {name: getattr(self, name) for name in type(self).model_fields if name in self.model_fields_set}


class DistrictBody(Body):
    """Which district."""

    district: Text = Field(min_length=1, description="a district of the programme, or `all`")


class PauseBody(DistrictBody):
    """Which district, and which response where it is not all of them."""

    response: Text | None = Field(default=None, min_length=1, description="only this response")


class PhaseBody(DistrictBody):
    """Which response in which district, and how far it is switched on."""

    response: Text = Field(min_length=1)
    phase: Phase
    based_on: int | None = Field(
        default=None, description="the switchboard revision you saw; refused if it has moved on"
    )


class CapBody(DistrictBody):
    """How many calls a response takes in a district, or with `all` in all together; no bound at all lifts the cap."""

    response: Text = Field(min_length=1)
    at_most_open: int | None = Field(default=None, ge=1, le=10_000, description="at once")
    at_most_per_day: int | None = Field(default=None, ge=1, le=10_000, description="on a day of the agency's clocks")
    based_on: int | None = Field(
        default=None, description="the switchboard revision you saw; needed to raise or lift a cap"
    )


class ReviewBody(Body):
    """Which pause, and what was found."""

    reason: Text = Field(min_length=1, description="what was found; kept with the command")
    revision: int = Field(ge=1, description="the switchboard revision that the pause made")


class CloseReferralBody(Body):
    """What became of a referral."""

    result: Literal["contacted", "not-reached", "refused", "no-longer-needed"]


class ProposeBody(Body):
    """A programme document."""

    document: str = Field(min_length=1, max_length=600_000, description="TOML")


class ApproveBody(Body):
    """Which proposed document."""

    document_hash: Text = Field(min_length=1)


class RollBackBody(Body):
    """Which document is to be in force again, and why."""

    reason: Text = Field(min_length=1, description="why; kept with the command")
    to_hash: Text | None = Field(default=None, min_length=1, description="else the one before the one in force")
    in_force: Text | None = Field(
        default=None, description="the hash you saw in force; refused if it is another by now"
    )


class OverrideBody(Body):
    """What is to be sent."""

    send: Text = Field(min_length=1, description="`default`, or the name of a response")


class NewTeam(Team):
    """A team as rostered; nothing else is taken."""

    model_config = ConfigDict(extra="forbid")


class TeamBody(Body):
    """A team."""

    team: NewTeam


class NewContactMethod(ContactMethod):
    """How a person is reached; nothing else is taken."""

    model_config = ConfigDict(extra="forbid")


class NewPerson(Person):
    """A member of staff; nothing else is taken."""

    model_config = ConfigDict(extra="forbid")

    contact_methods: tuple[NewContactMethod, ...] = Field(default=(), max_length=5)


class PersonBody(Body):
    """A member of staff."""

    person: NewPerson


class SignOnBody(Body):
    """Who is on shift, and until when: an instant or a number of hours from now."""

    members: tuple[Name, ...] = Field(min_length=1, max_length=8)
    shift_ends_at: AwareDatetime | None = None
    hours: float | None = Field(default=None, gt=0, le=24)

    @model_validator(mode="after")
    def _one_end(self) -> Self:
        if (self.shift_ends_at is None) == (self.hours is None):
            raise ValueError("say either shift_ends_at or hours")
        return self


class StatusBody(Body):
    """Where the team stands; `cleared` needs the disposition."""

    status: TeamStatus
    call_id: Text | None = None
    disposition: Disposition | None = None
    happened_at: AwareDatetime | None = Field(default=None, description="when it was so; now, if left out")
    released_by: Text | None = Field(default=None, description="who let the team in, where it waits for that")


class CorrectionBody(Body):
    """Where the team stands after all, less far than it said."""

    status: Literal["en-route", "staged", "on-scene"]
    call_id: Text | None = None


class ReleaseBody(Body):
    """Who lets the team go in; you, if nobody is named."""

    released_by: Text = Field(default="", description="e.g. the sergeant on scene")


class WithdrawBody(Body):
    """Why the team is taken off its call."""

    reason: Text = Field(min_length=1, description="why; kept with the command")


class OfferBody(Body):
    """Who answers; you, if nobody is named."""

    person_id: Name | None = None


class AcceptBody(OfferBody):
    """Who takes the call, and when they will be there."""

    eta_minutes: int | None = Field(default=None, ge=0, le=240)
