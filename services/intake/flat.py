"""The flat record: one version of a call as a plain JSON object, the simplest way for a CAD to publish."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    TypeAdapter,
    ValidationError,
)

from services.intake.config import MAX_CALL_BYTES, MAX_CALLS
from services.intake.problems import not_valid
from services.intake.version import Version
from shared.call import Asker, Call, CallStatus, CallType, IncidentId, Name, Position, Text
from shared.doors.problems import Fault, Problem

FIRST_YEAR, LAST_YEAR = 2000, 2100


def _plausible(time: datetime) -> datetime:
    if not FIRST_YEAR <= time.year < LAST_YEAR:
        raise ValueError(f"is not in the years {FIRST_YEAR} to {LAST_YEAR}")
    return time


Time = Annotated[AwareDatetime, AfterValidator(_plausible)]
EventId = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Line = Annotated[str, StringConstraints(max_length=500)]


class FlatCallType(CallType):
    """A call-type code with its code system; nothing else is taken."""

    model_config = ConfigDict(extra="forbid")


class FlatCall(BaseModel):
    """One version of one call: its full current state, not a change to it."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)

    event_id: EventId = Field(
        description="The sender's own id of this version, 1 to 200 characters; sent again it is the same version."
    )
    agency: Name = Field(description="The agency that the key belongs to.")
    source: Name = Field(description="The source (CAD) that the key belongs to.")
    incident_id: IncidentId = Field(description="The CAD's number: 1 to 120 characters, no blank and no slash.")
    status: CallStatus = Field(
        "active", description="active, reopened, cancelled, closed or merged; the last three end the call."
    )
    created_at: Time = Field(description="When the incident began: RFC 3339 with an offset.")
    updated_at: Time = Field(description="When this version was made: RFC 3339 with an offset. Orders the versions.")
    call_type: FlatCallType | None = Field(
        None, description="{system, code, text}: the call-type code and its code system; absent: no type yet."
    )
    priority: Text | None = Field(None, description="As the CAD writes it, up to 200 characters.")
    district: Text | None = Field(None, description="As the CAD names it, up to 200 characters.")
    beat: Text | None = Field(None, description="As the CAD writes it, up to 200 characters.")
    answers: dict[Text, Text] = Field(
        {}, max_length=64, description="Screening question → yes, no, a value of its fact, cannot-tell or not-asked."
    )
    cautions: tuple[Text, ...] = Field(
        (), max_length=32, description="Up to 32 premise and person flags, in the CAD's words."
    )
    facts: dict[Text, Text] = Field(
        {}, max_length=64, description="Up to 64 facts in careroute's own words, e.g. weapon → none."
    )
    caller_wants: Literal["none", "alternative", "police"] = Field("none", description="none, alternative or police.")
    requested_by: Asker | None = Field(
        None, description="Who asks for an alternative: caller, dispatcher, officer, fire-crew, provider, school, self."
    )
    units_on_scene: bool = Field(default=False, description="true once a unit is on scene.")
    language: Text | None = Field(None, description="The caller's language, e.g. es.")
    address: Line | None = Field(None, description="Personal, sealed: where to go, up to 500 characters.")
    position: Position | None = Field(
        None,
        description="Personal, sealed: {latitude, longitude}, WGS84 degrees, where the incident is; absent: not known.",
    )
    callback_number: Text | None = Field(None, description="Personal, sealed: up to 200 characters.")
    caller_name: Text | None = Field(None, description="Personal, sealed: up to 200 characters.")
    narrative: Annotated[str, StringConstraints(max_length=50_000)] | None = Field(
        None, description="Personal, sealed: up to 50,000 characters."
    )

    def version(self) -> Version:
        """What routing may know, and apart from it what is to be sealed."""
        call = Call.model_validate(self, from_attributes=True)
        personal = {name: str(value) for name in PERSONAL if (value := getattr(self, name))}
        return Version(self.event_id, call, personal)


PERSONAL = ("address", "position", "callback_number", "caller_name", "narrative")
MEANINGS = {name: field.description or "" for part in (Position, FlatCall) for name, field in part.model_fields.items()}
CALL: TypeAdapter[FlatCall] = TypeAdapter(FlatCall)
CALLS: TypeAdapter[list[FlatCall]] = TypeAdapter(Annotated[list[FlatCall], Field(min_length=1, max_length=MAX_CALLS)])


def read(body: bytes) -> list[Version]:
    """The calls in a body: one object, or an array. Raises Problem."""
    try:
        calls = CALLS.validate_json(body) if body.lstrip()[:1] == b"[" else [CALL.validate_json(body)]
    except ValidationError as error:
        raise not_valid(error, MEANINGS) from None
    if len(body) > MAX_CALL_BYTES:
        for index, call in enumerate(calls):
            if (size := len(call.__pydantic_serializer__.to_json(call, exclude_defaults=True))) > MAX_CALL_BYTES:
                fault = Fault(str(index), f"has {size} bytes", f"at most {MAX_CALL_BYTES} bytes a call")
                raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "A call is too large.", fault)
    return [call.version() for call in calls]
