"""The flat record: one version of a call as a plain JSON object, the simplest way for a CAD to publish."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import date, datetime, timedelta
from difflib import get_close_matches
from functools import lru_cache
from http import HTTPStatus
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    FailFast,
    Field,
    StringConstraints,
    TypeAdapter,
    ValidationError,
)

from services.intake.config import MAX_CALL_BYTES, MAX_CALLS
from services.intake.mending import mended
from services.intake.problems import is_no_json, not_valid, refuse_twice
from services.intake.version import Version
from shared.call import Asker, Call, CallStatus, CallType, IncidentId, Name, Position, Text
from shared.doors.problems import Fault, Problem
from shared.programme.judging.facts import MEANINGS as FACTS
from shared.programme.judging.normal_forms import spoken

FIRST_YEAR, LAST_YEAR = 2000, 2100
_TIME = re.compile(
    r"(\d{4})(-?)(\d\d)\2(\d\d)[Tt ](\d\d):?(\d\d)(?::?(\d\d))?([.,]\d+)?"
    r" ?(?:(Z|z|UTC|GMT)|([-+\u2212])(\d\d):?(\d\d)?)"
)
"""With and without marks between the parts, and an offset in whole hours, as ISO 8601 has it."""
LAST_HOUR = "23"
END_OF_DAY, ONE_DAY = re.compile(r"240000(?:[.,]0+)?"), timedelta(days=1)
"""24:00, which ISO 8601 takes for the first instant of the day after."""
MINUS, MOST_DIGITS = "\N{MINUS SIGN}", 7
"""The sign that ISO 8601 asks for, and as much of a fraction as a microsecond needs."""
NO_PLACE = 0.001
"""Degrees: what is nearer to 0, 0 is an empty field of somebody's database."""


def _written(time: Any) -> Any:
    """A time as RFC 3339 writes it: a leap second is the second before it, 24:00 the next day's 00:00.

    A bare number is no time.
    """
    match = _TIME.fullmatch(time.strip()) if isinstance(time, str) else None
    if match is None:
        raise ValueError("is no date with a time of day and an offset, as text")
    year, _, month, day, hour, minute, second, fraction, utc, sign, hours, minutes = match.groups()
    second = "59" if second == "60" else second or "00"
    offset = "Z" if utc else f"{'-' if sign == MINUS else sign}{hours}:{minutes or '00'}"
    written, fraction = f"{year}-{month}-{day}", (fraction or "")[:MOST_DIGITS]
    if END_OF_DAY.fullmatch(f"{hour}{minute}{second}{fraction}"):
        with suppress(ValueError, OverflowError):  # of a day that there is not, or is the last
            written, hour = f"{date.fromisoformat(written) + ONE_DAY}", "00"
    if hour > LAST_HOUR:
        raise ValueError("is at no hour of its day, which are 00 to 23, and 24:00 for its end")
    return f"{written}T{hour}:{minute}:{second}{fraction}{offset}"


def _plausible(time: datetime) -> datetime:
    if not FIRST_YEAR <= time.year < LAST_YEAR:
        raise ValueError(f"is not in the years {FIRST_YEAR} to {LAST_YEAR}")
    return time


def _whole(name: str) -> str:
    if "\N{REPLACEMENT CHARACTER}" in name:
        raise ValueError("has a broken character, so that it could be two calls' name")
    return name


@lru_cache(maxsize=1024)
def word_of(text: str) -> str:
    """One form for the ways to write a word of a registry: `ReOpened`, `re-opened` and `RE OPENED` are one."""
    return "".join(spoken(text))


STATUSES: dict[str, CallStatus] = {
    "active": "active",
    "reopened": "reopened",
    "cancelled": "cancelled",
    "canceled": "cancelled",
    "closed": "closed",
    "merged": "merged",
}
"""What a CAD may say of an incident, by the word's one form."""


def _status(word: Any) -> Any:
    return STATUSES.get(word_of(word), word) if isinstance(word, str) and len(word) <= LONGEST_NAME else word


_STATED_FACTS = sorted(FACTS.keys() - {"language", "caller_wants"})
"""What stands in `facts`; the rest of the facts have fields of their own."""


def _fact(name: str) -> str:
    if name in _STATED_FACTS:
        return name
    if name in FACTS:
        raise ValueError(f"is no key of facts: {name} is a field of the call")
    near = get_close_matches("_".join(spoken(name[:LONGEST_NAME])), _STATED_FACTS, n=1)
    raise ValueError(f"is no fact: did you mean {near[0]}?" if near else f"is no fact: {', '.join(_STATED_FACTS)} are")


LONGEST_NAME = 40
MAX_FACTS = 64


def _few(facts: Any) -> Any:
    """So many before their names are looked at: to propose a name for each of thousands takes seconds."""
    if isinstance(facts, dict) and len(facts) > MAX_FACTS:
        raise ValueError(f"has more than {MAX_FACTS} facts")
    return facts


Time = Annotated[AwareDatetime, Field(strict=False), BeforeValidator(_written), AfterValidator(_plausible)]
EventId = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(_whole)]
Line = Annotated[str, StringConstraints(max_length=500)]
FactName = Annotated[str, AfterValidator(_fact)]


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
    incident_id: Annotated[IncidentId, AfterValidator(_whole)] = Field(
        description="The CAD's number: 1 to 120 characters, no blank and no slash."
    )
    status: Annotated[CallStatus, BeforeValidator(_status)] = Field(
        "active", description="active, reopened, cancelled, closed or merged; the last three end the call."
    )
    created_at: Time = Field(description="When the incident began: RFC 3339 with an offset.")
    updated_at: Time = Field(description="When this version was made: RFC 3339 with an offset. Orders the versions.")
    call_type: FlatCallType | None = Field(
        None, description="{system, code, text}: the call-type code and its code system; absent: no type yet."
    )
    further_types: tuple[FlatCallType, ...] = Field(
        (), max_length=8, description="Up to 8 more codes that the call has, {system, code, text}; the worst counts."
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
    facts: Annotated[dict[FactName, Text], BeforeValidator(_few)] = Field(
        {}, max_length=MAX_FACTS, description="Up to 64 facts in careroute's own words, e.g. weapon → none."
    )
    caller_wants: Literal["none", "alternative", "police"] = Field("none", description="none, alternative or police.")
    requested_by: Asker | None = Field(
        None, description="Who asks for an alternative: caller, dispatcher, officer, fire-crew, provider, school, self."
    )
    units_on_scene: bool = Field(
        default=False,
        description="true once police are on scene, whom a team may wait for; of other units: facts → units_on_scene.",
    )
    language: Text | None = Field(None, description="The caller's language, e.g. es.")
    linked_incidents: tuple[IncidentId, ...] = Field(
        (), max_length=32, description="Up to 32 incidents of the same CAD that have to do with this one."
    )
    merged_into: IncidentId | None = Field(
        None, description="With status merged: the number of the incident that stands for this one from now on."
    )
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

    def version(self, *notes: str) -> Version:
        """What routing may know, and apart from it what is to be sealed."""
        call = Call.model_validate(self, from_attributes=True)
        personal = {name: str(value) for name in PERSONAL if (value := getattr(self, name))}
        if self.position is not None and is_nowhere(self.position):
            del personal["position"]
            notes = (*notes, NOWHERE)
        return Version(self.event_id, call, personal, notes)


def is_nowhere(position: Position) -> bool:
    """Whether a position is what an empty field becomes."""
    return abs(position.latitude) < NO_PLACE and abs(position.longitude) < NO_PLACE


NOWHERE = "The position 0, 0 is an empty field and no place; it was left out."
PERSONAL = ("address", "position", "callback_number", "caller_name", "narrative")
MEANINGS = {name: field.description or "" for part in (Position, FlatCall) for name, field in part.model_fields.items()}
CALL: TypeAdapter[FlatCall] = TypeAdapter(FlatCall)
CALLS: TypeAdapter[list[FlatCall]] = TypeAdapter(
    Annotated[list[FlatCall], FailFast(), Field(min_length=1, max_length=MAX_CALLS)]
)
"""Of an array the first call that does not fit is told."""


def read(body: bytes) -> list[Version]:
    """The calls in a body: one object, or an array. Raises Problem."""
    notes: tuple[str, ...] = ()
    try:
        calls = _calls(body)
    except ValidationError as error:
        if not is_no_json(error):
            raise not_valid(error, MEANINGS) from None
        body, notes = mended(body)
        try:
            calls = _calls(body)
        except ValidationError as second:
            raise not_valid(second, MEANINGS) from None
    refuse_twice(body)
    if len(body) > MAX_CALL_BYTES:
        for index, call in enumerate(calls):
            if (size := len(call.__pydantic_serializer__.to_json(call, exclude_defaults=True))) > MAX_CALL_BYTES:
                fault = Fault(str(index), f"has {size} bytes", f"at most {MAX_CALL_BYTES} bytes a call")
                raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "A call is too large.", fault)
    return [call.version(*notes) for call in calls]


def _calls(body: bytes) -> list[FlatCall]:
    return CALLS.validate_json(body) if body.lstrip()[:1] == b"[" else [CALL.validate_json(body)]
