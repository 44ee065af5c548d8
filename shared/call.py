"""One version of one CAD incident, as published: the part of a call that routing may know, nothing personal in it.

It travels in events: a field that a newer version added is ignored here, and refused at the doors.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Final, Literal, NamedTuple

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from shared.validation import NAME_PATTERN

Name = Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=NAME_PATTERN)]
"""A short identifier that may stand in keys, paths and metrics: an agency, a source, a person, a team."""

Text = Annotated[str, StringConstraints(max_length=200)]
"""A code or a short text as the CAD writes it."""

IncidentId = Annotated[str, StringConstraints(min_length=1, max_length=120, pattern=r"^[^\s/]+$")]

CallStatus = Literal["active", "reopened", "cancelled", "closed", "merged"]
"""What the CAD says of the incident; `cancelled`, `closed` and `merged` end it."""

ENDED: frozenset[CallStatus] = frozenset(("cancelled", "closed", "merged"))

Asker = Literal["caller", "dispatcher", "officer", "fire-crew", "provider", "school", "self"]
"""Who asks for an alternative response by name."""


SEALED_TEXT: Final = "sealed text"
"""How what stands in a field for codes begins where the CAD had written a text, which is sealed."""

SYNTHETIC: Final = "synthetic"
"""Why nobody goes to a call that careroute publishes itself in order to test its own path."""


class CallId(NamedTuple):
    """`agency/source/incident`: unique over all agencies and sources."""

    agency: str
    source: str
    incident: str

    @classmethod
    def parse(cls, call_id: str) -> CallId:
        """The parts of a call id. Raises ValueError where there are not three of them."""
        agency, source, incident = parts = call_id.split("/")
        if not all(parts):
            raise ValueError(f"{call_id!r} is no call id: a part of it is empty")
        return cls(agency, source, incident)

    def __str__(self) -> str:
        return "/".join(self)


class CallType(BaseModel):
    """A call-type code with the name of the code system it belongs to, e.g. `dane-county` / `CHECK PERSON`."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    system: Text
    code: Text
    text: Text | None = None


class Position(BaseModel):
    """A place on the map, WGS84. Personal: it travels in the sealed part of a call and nowhere else."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)

    latitude: float = Field(ge=-90, le=90, allow_inf_nan=False, description="Degrees north, -90 to 90.")
    longitude: float = Field(ge=-180, le=180, allow_inf_nan=False, description="Degrees east, -180 to 180.")

    def __str__(self) -> str:
        """As it is sealed: to the centimetre."""
        return f"{self.latitude:.7f} {self.longitude:.7f}"


def position_of(text: str) -> Position | None:
    """The position that a sealed text says; None for anything else."""
    try:
        latitude, longitude = map(float, text.split())
        return Position(latitude=latitude, longitude=longitude)
    except ValueError:
        return None


class Call(BaseModel):
    """Full current state of a call, not a change to it. Times are the CAD's own, with an offset."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    agency: Name
    source: Name
    incident_id: IncidentId
    status: CallStatus = "active"
    created_at: AwareDatetime
    updated_at: AwareDatetime
    call_type: CallType | None = None
    """None: the CAD has no type yet; the call waits for one until its deadline."""
    further_types: tuple[CallType, ...] = Field(default=(), max_length=8)
    """More codes that the CAD gives the call, e.g. of another code system; each can only make it worse."""
    priority: Text | None = None
    district: Text | None = None
    beat: Text | None = None
    answers: dict[Text, Text] = Field(default_factory=dict, max_length=64)
    """Screening question → `yes`, `no`, a value of the fact it asks for, `cannot-tell` or `not-asked`."""
    cautions: tuple[Text, ...] = Field(default=(), max_length=32)
    """Premise and person flags, in the CAD's words."""
    facts: dict[Text, Text] = Field(default_factory=dict, max_length=64)
    """Facts in careroute's own words, e.g. `{"weapon": "none", "location_kind": "public-outside", "age": "17"}`."""
    caller_wants: Literal["none", "alternative", "police"] = "none"
    requested_by: Asker | None = None
    units_on_scene: bool = False
    language: Text | None = None
    linked_incidents: tuple[IncidentId, ...] = Field(default=(), max_length=32)
    """Incidents of the same CAD that have to do with this one."""
    merged_into: IncidentId | None = None
    """With status `merged`: the incident of the same CAD that stands for this one from now on, where it says so."""

    @property
    def call_id(self) -> str:
        """See `CallId`."""
        return f"{self.agency}/{self.source}/{self.incident_id}"

    @property
    def ended(self) -> bool:
        """Whether the CAD says that the incident is over."""
        return self.status in ENDED


SAME_INCIDENT = timedelta(minutes=60)
"""A number whose incident began so much later than before was given to another incident."""
ROUNDED = timedelta(minutes=5)
"""How far the stamps of one version may be apart because they are rounded, or of several clocks."""
STALE = timedelta(days=7)
"""A call that is older by its own time stamps may have been forgotten: nobody knows what became of it."""


def order_of(updated_at: datetime, received_at: datetime) -> datetime:
    """Where a version stands among those of its call: the later counts, and of two that are equal the last to arrive.

    A clock that is ahead orders nothing that it cannot have seen.
    """
    return min(updated_at, received_at)


UNIQUE: Final = "urn:emergency:uid:incidentid:"
"""How an incident tracking identifier of NENA's begins, which is never given out again."""


OF_WHAT_IS_KNOWN: Final[frozenset[str]] = frozenset(("reopened", "merged"))
"""What is said of an incident that has the number already: it says nothing of when that began."""


def is_another_incident(
    call_id: str, before_created_at: datetime, created_at: datetime, updated_at: datetime, status: str = ""
) -> bool:
    """Whether a number stands for another incident than before: one that began more than an hour later.

    A beginning after the version that tells of it is somebody's slip, and no other incident.
    """
    if status in OF_WHAT_IS_KNOWN or CallId.parse(call_id).incident.casefold().startswith(UNIQUE):
        return False
    return created_at - before_created_at > SAME_INCIDENT and created_at - updated_at <= ROUNDED


def is_stale(call: Call, judged_at: datetime) -> bool:
    """Whether a call that is not known was perhaps forgotten: it is older than seven days by its own time stamps."""
    return min(call.created_at, call.updated_at) < judged_at - STALE
