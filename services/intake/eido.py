"""EIDO (NENA-STA-021, version 1) to call versions: what routing needs, read tolerantly; the rest is ignored.

A location that cannot be read is left out, and a note says so; a hazard is never dropped to save the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from http import HTTPStatus
from operator import itemgetter
from typing import Annotated, Any
from xml.etree.ElementTree import Element

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError
from pydantic.alias_generators import to_camel

from services.intake.config import MAX_NOTES_CHARACTERS
from services.intake.flat import Time
from services.intake.pidf_lo import address_of, points_of, root_of
from services.intake.problems import not_valid
from services.intake.version import Version
from shared.agencies import Source
from shared.call import Call, CallStatus, CallType, IncidentId, Text
from shared.doors.problems import Fault, Problem
from shared.html_text import plain_text

MEDIA_TYPE = "application/emergency.eido+json"
MAJOR_VERSION = "1"


def _listed(value: Any) -> Any:
    """A single one where a list belongs, or null, is taken for a list."""
    return [] if value is None else value if isinstance(value, list) else [value]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", alias_generator=to_camel, hide_input_in_errors=True)


class _Reference(_Part):
    to: str = Field("", alias="$ref")


class _Incident(_Part):
    incident_type_internal_code: Text | None = None
    incident_type_internal_text: Text | None = None
    incident_type_common_registry_text: Text | None = None
    incident_status_common_registry_text: Annotated[list[Text], BeforeValidator(_listed)] = []
    incident_priority_internal_text: Text | None = None
    incident_common_priority_number: int | None = None
    beat_or_dispatch_group_text: Text | None = None
    location_reference: Annotated[list[_Reference], BeforeValidator(_listed)] = []


class _Location(_Part):
    id: str = Field("", alias="$id")
    location_type_description_registry_text: Any = None
    location_by_value: Any = None


class _Person(_Part):
    person_incident_role_registry_text: Annotated[list[Text], BeforeValidator(_listed)] = []
    nc_person_component: dict[str, Any] = {}
    item_reference: Any = None


class _Caution(_Part):
    caution_type_internal_text: Text | None = None
    caution_type_common_registry_text: Text | None = None


class _Callback(_Part):
    call_back_information_uri: Annotated[list[Any], BeforeValidator(_listed)] = []
    updated_cbn: Any = None


class _CallPart(_Part):
    call_start_timestamp: Time | None = None


class _Note(_Part):
    notes_action_comments: str = ""


class _Resource(_Part):
    secondary_unit_status_registry_text: Annotated[list[Text], BeforeValidator(_listed)] = []


class _Merge(_Part):
    incident_tracking_identifier: IncidentId
    incident_merge_direction_code: Text


def _several(kind: type[_Part]) -> Any:
    return Annotated[list[kind], BeforeValidator(_listed)]  # type: ignore[valid-type]


class Eido(_Part):
    """What is read of an EIDO."""

    id: IncidentId = Field(alias="$id")
    last_update_time_stamp: Time
    eido_version: Annotated[str, StringConstraints(max_length=20)] = "1.0"
    incident_component: _Incident | None = None
    location_component: _several(_Location) = []  # type: ignore[valid-type]
    person_component: _several(_Person) = []  # type: ignore[valid-type]
    caution_component: _several(_Caution) = []  # type: ignore[valid-type]
    callback_component: _several(_Callback) = []  # type: ignore[valid-type]
    call_component: _several(_CallPart) = []  # type: ignore[valid-type]
    notes_component: _several(_Note) = []  # type: ignore[valid-type]
    emergency_resource_component: _several(_Resource) = []  # type: ignore[valid-type]
    merge_component: _several(_Merge) = []  # type: ignore[valid-type]


MEANINGS = {
    "$id": "the incident tracking identifier: at most 120 characters, no blank and no slash",
    "lastUpdateTimeStamp": "RFC 3339 with an offset",
    "incidentTrackingIdentifier": "the other incident's tracking identifier",
    "incidentMergeDirectionCode": "REPLACED, REPLACING or SPLIT",
}
MAX_CAUTIONS = 32


Pseudonym = Callable[[str], str]


def read(body: bytes, source: Source, pseudonym: Pseudonym) -> list[Version]:
    """The call, and those that were merged into it, each ended. Raises Problem."""
    try:
        eido = Eido.model_validate_json(body)
    except ValidationError as error:
        raise not_valid(error, MEANINGS) from None
    if eido.eido_version.partition(".")[0] != MAJOR_VERSION:
        raise Problem(
            HTTPStatus.NOT_ACCEPTABLE,
            "This version is not supported.",
            Fault("eidoVersion", "is another major version", "1.0"),
        )
    if eido.id.split(":")[-2:-1] == ["0"] or eido.id == "0":
        raise Problem(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "Nothing to route.",
            Fault("$id", "is tied to no incident", "an incident's own identifier"),
        )
    notes: list[str] = []
    personal = _personal(eido, notes)
    try:
        call = _call(eido, source)
    except ValidationError as error:
        raise not_valid(error, MEANINGS) from None
    ended = [_version(merged, {}, (), pseudonym) for merged in _merged(eido, call)]
    return [_version(call, personal, tuple(notes), pseudonym), *ended]


def _version(call: Call, personal: dict[str, str], notes: tuple[str, ...], pseudonym: Pseudonym) -> Version:
    """An EIDO has no id of its own: the same content at the same time is the same version."""
    content = "\x00".join((call.model_dump_json(), *(f"{name}={personal[name]}" for name in sorted(personal))))
    return Version(pseudonym(content), call, personal, notes)


def _call(eido: Eido, source: Source) -> Call:
    incident = eido.incident_component or _Incident()
    started = [part.call_start_timestamp for part in eido.call_component if part.call_start_timestamp]
    return Call(
        agency=source.agency,
        source=source.name,
        incident_id=eido.id,
        status=_status(eido, incident),
        created_at=min(started, default=eido.last_update_time_stamp),
        updated_at=eido.last_update_time_stamp,
        call_type=_call_type(incident, source),
        priority=_priority(incident),
        beat=incident.beat_or_dispatch_group_text,
        cautions=_cautions(eido),
        facts=_injury(eido),
        units_on_scene=_on_scene(eido, incident),
        language=_language(eido),
    )


def _status(eido: Eido, incident: _Incident) -> CallStatus:
    if any(merge.incident_merge_direction_code.upper() == "REPLACING" for merge in eido.merge_component):
        return "merged"  # the id there is the new one, which stands for this incident from now on
    statuses = {status.casefold() for status in incident.incident_status_common_registry_text}
    return next((status for word, status in _STATUSES if word in statuses), "active")


_STATUSES: tuple[tuple[str, CallStatus], ...] = (
    ("reopened", "reopened"),
    ("cancelled", "cancelled"),
    ("closed", "closed"),
)


def _merged(eido: Eido, call: Call) -> Iterator[Call]:
    """The calls that this one stands for from now on, as ended."""
    for merge in eido.merge_component:
        if merge.incident_merge_direction_code.upper() == "REPLACED" and merge.incident_tracking_identifier != eido.id:
            yield Call(
                agency=call.agency,
                source=call.source,
                incident_id=merge.incident_tracking_identifier,
                status="merged",
                created_at=call.created_at,
                updated_at=call.updated_at,
            )


def _call_type(incident: _Incident, source: Source) -> CallType | None:
    """The centre's own code where there is one; codes are never guessed from texts."""
    if incident.incident_type_internal_code:
        text = incident.incident_type_internal_text
        return CallType(system=source.name, code=incident.incident_type_internal_code, text=text)
    if incident.incident_type_common_registry_text:
        return CallType(system="apco", code=incident.incident_type_common_registry_text)
    return None


def _priority(incident: _Incident) -> str | None:
    """The local scale; the common one (10 is the highest) says so, because local ones usually run the other way."""
    if incident.incident_priority_internal_text:
        return incident.incident_priority_internal_text
    number = incident.incident_common_priority_number
    return None if number is None else f"common-{number}"


def _cautions(eido: Eido) -> tuple[str, ...]:
    """Flags, and what persons are to the incident (`role:Suspect`, `role:item` for one with a listed item)."""
    flags: dict[str, None] = {}
    for caution in eido.caution_component:
        texts = (caution.caution_type_internal_text, caution.caution_type_common_registry_text)
        flags |= dict.fromkeys(filter(None, texts))
    for person in eido.person_component:
        flags |= dict.fromkeys(f"role:{role}" for role in person.person_incident_role_registry_text)
        if person.item_reference:
            flags["role:item"] = None
    if len(flags) > MAX_CAUTIONS:
        fault = Fault("cautionComponent", f"gives {len(flags)} flags with the roles", f"at most {MAX_CAUTIONS}")
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "Too many cautions; none may be left out.", fault)
    return tuple(flags)


def _injury(eido: Eido) -> dict[str, str]:
    """An injury that is listed at all may need an ambulance."""
    listed = any(person.nc_person_component.get("injury") for person in eido.person_component)
    return {"injury": "needs-ems"} if listed else {}


def _on_scene(eido: Eido, incident: _Incident) -> bool:
    statuses = [*incident.incident_status_common_registry_text]
    for resource in eido.emergency_resource_component:
        statuses += resource.secondary_unit_status_registry_text
    return any(status.casefold() in ("resourcesonscene", "onscene", "arrived", "patientcontact") for status in statuses)


def _language(eido: Eido) -> str | None:
    for person in eido.person_component:
        language = person.nc_person_component.get("primaryLanguage")
        if isinstance(language, str) and 0 < len(language) <= 200:  # noqa: PLR2004  the bound of Text
            return language
    return None


# --- the personal part ----------------------------------------------------------------------------------------------


def _personal(eido: Eido, notes: list[str]) -> dict[str, str]:
    narrative = "\n".join(plain_text(note.notes_action_comments) for note in eido.notes_component)
    if len(narrative) > MAX_NOTES_CHARACTERS:
        fault = Fault("notesComponent", "is too long", f"at most {MAX_NOTES_CHARACTERS} characters in all notes")
        raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The notes are too long; they are never cut.", fault)
    texts = {
        "address": _address(eido, notes),
        "position": _position(eido, notes),
        "callback_number": _callback(eido.callback_component),
        "caller_name": _caller(eido.person_component),
        "narrative": narrative,
    }
    return {name: text for name, text in texts.items() if text}


def _callback(callbacks: Sequence[_Callback]) -> str:
    for callback in callbacks:
        for uri in (callback.updated_cbn, *callback.call_back_information_uri):
            if isinstance(uri, str) and uri:
                return uri.removeprefix("tel:").removeprefix("sip:")[:200]
    return ""


def _caller(persons: Sequence[_Person]) -> str:
    for person in persons:
        if {role.casefold() for role in person.person_incident_role_registry_text} & {"caller", "reportingparty"}:
            for name in _listed(person.nc_person_component.get("name")):
                full = name.get("personFullName") if isinstance(name, dict) else None
                if isinstance(full, str):
                    return full[:200]
    return ""


_PLACES = ("currentincident", "routinglocation", "initialincident", "caller")


def _address(eido: Eido, notes: list[str]) -> str:
    """The incident's place as text: what the incident refers to, else the best kind of location that there is."""
    for _, location in _ranked(eido):
        if (root := _document(location)) is not None and (text := address_of(root)):
            return text
        notes.append("A location could not be read as PIDF-LO with a civic address or a point; it was left out.")
    return ""


_OF_INCIDENT = ("currentincident", "initialincident")


def _position(eido: Eido, notes: list[str]) -> str:
    """The point where the incident is: a caller, a unit or a tower may be somewhere else."""
    ranked = [(rank, location) for rank, location in _ranked(eido) if _kind(location) in _OF_INCIDENT]
    roots = [_document(location) for rank, location in ranked if rank == ranked[0][0]]
    points = {point for root in roots if root is not None for point in points_of(root)}
    if len(points) > 1 or None in points:
        notes.append("The incident's location has several points, or says too little of where it is: none was taken.")
        return ""
    return "".join(map(str, points))


def _ranked(eido: Eido) -> list[tuple[tuple[bool, int], _Location]]:
    """The best location first: what the incident refers to, then by kind."""
    incident = eido.incident_component or _Incident()
    referred = {reference.to for reference in incident.location_reference}
    kinds = {kind: place for place, kind in enumerate(_PLACES)}
    ranked = [
        ((location.id not in referred, kinds.get(_kind(location), len(kinds))), location)
        for location in eido.location_component
    ]
    return sorted(ranked, key=itemgetter(0))


def _kind(location: _Location) -> str:
    return str(location.location_type_description_registry_text).casefold()


def _document(location: _Location) -> Element | None:
    return root_of(location.location_by_value) if isinstance(location.location_by_value, str) else None
