"""EIDO (NENA-STA-021, version 1) to call versions: what routing needs, read tolerantly; the rest is ignored.

What is optional and cannot be read is absent, and a note says so; where it may have been a warning, a caution that
nobody lists stands in its place. A hazard is never dropped to save the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from http import HTTPStatus
from operator import itemgetter
from typing import Any
from xml.etree.ElementTree import Element

from pydantic_core import from_json

from services.intake.config import MAX_NOTES_CHARACTERS
from services.intake.flat import NOWHERE, STATUSES, is_nowhere, word_of
from services.intake.mending import mended
from services.intake.parts import Part, Remarks
from services.intake.pidf_lo import address_of, points_of, root_of
from services.intake.problems import not_json, refuse_twice
from services.intake.version import Version
from shared.agencies import Source
from shared.call import Call, CallStatus, CallType
from shared.doors.problems import Fault, Problem
from shared.html_text import plain_text
from shared.telemetry import UNLISTED

MEDIA_TYPE = "application/emergency.eido+json"
MAJOR_VERSION = "1"
MAX_CAUTIONS, MAX_LINKS, MAX_FURTHER_TYPES, MAX_LOCATIONS = 32, 32, 8, 16

Pseudonym = Callable[[str], str]


class _Eido:
    """An EIDO whose identifier, time and version are right, and what comes up while the rest is read."""

    def __init__(self, part: Part, source: Source, remarks: Remarks) -> None:
        self.part, self.source, self.remarks = part, source, remarks
        self.incident = next(iter(part.parts("incidentComponent")), Part({}, remarks))
        self.id, self.updated_at = _required(part)

    def unlisted(self, kind: str, word: str) -> None:
        """Say that a word is in no registry: named to the sender, as far as it is a word, and counted."""
        shown = f": {word}" if word.replace(" ", "").replace("-", "").isalnum() and len(word) < _LONGEST_WORD else ""
        self.remarks.note(f"A word of {kind} is in no registry and says nothing here{shown}.")
        UNLISTED.labels(self.source.agency, kind).inc()


_LONGEST_WORD = 40


def read(body: bytes, source: Source, pseudonym: Pseudonym) -> list[Version]:
    """The call, and those that were merged into it, each ended. Raises Problem."""
    remarks = Remarks()
    eido = _Eido(Part(_object(body, remarks), remarks), source, remarks)
    call = _call(eido)
    personal = _personal(eido)
    ended = [_version(merged, {}, (), pseudonym) for merged in _merged(eido, call)]
    return [_version(call, personal, tuple(remarks.notes), pseudonym), *ended]


def _object(body: bytes, remarks: Remarks) -> dict[str, Any]:
    try:
        content = from_json(body)
    except ValueError:
        body, broken = mended(body)
        for sentence in broken:
            remarks.note(sentence)
        try:
            content = from_json(body)
        except ValueError as error:
            raise not_json(str(error)) from None
    if not isinstance(content, dict):
        raise _not_valid(Fault("", "is no object", "an EIDO"))
    refuse_twice(body)
    return content


def _required(part: Part) -> tuple[str, datetime]:
    """The identifier and the time, without which there is no version of a call. Raises Problem."""
    version = part.text("eidoVersion") or MAJOR_VERSION
    if version.partition(".")[0] != MAJOR_VERSION:
        fault = Fault("eidoVersion", "is another major version", "1.0")
        raise Problem(HTTPStatus.NOT_ACCEPTABLE, "This version is not supported.", fault)
    incident, updated_at = part.incident_id("$id"), part.time("lastUpdateTimeStamp")
    if incident is None or updated_at is None:
        read = {"$id": incident, "lastUpdateTimeStamp": updated_at}
        raise _not_valid(
            *(
                Fault(name, "cannot be read" if name in part.content else "is missing", _REQUIRED[name])
                for name, value in read.items()
                if value is None
            )
        )
    if incident.split(":")[-2:-1] == ["0"] or incident == "0":
        fault = Fault("$id", "is tied to no incident", "an incident's own identifier")
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "Nothing to route.", fault)
    return incident, updated_at


_REQUIRED = {
    "$id": "the incident tracking identifier: at most 120 characters, no blank and no slash",
    "lastUpdateTimeStamp": "RFC 3339 with an offset, in the years 2000 to 2099",
}


def _not_valid(*faults: Fault) -> Problem:
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "Nothing was taken: the content does not fit.", *faults)


def _version(call: Call, personal: dict[str, str], notes: tuple[str, ...], pseudonym: Pseudonym) -> Version:
    """An EIDO has no id of its own: the same content at the same time is the same version."""
    content = "\x00".join((call.model_dump_json(), *(f"{name}={personal[name]}" for name in sorted(personal))))
    return Version(pseudonym(content), call, personal, notes)


def _call(eido: _Eido) -> Call:
    started = [at for part in eido.part.parts("callComponent") if (at := part.time("callStartTimestamp"))]
    types = _call_types(eido)
    status = _status(eido)
    return Call(
        agency=eido.source.agency,
        source=eido.source.name,
        incident_id=eido.id,
        status=status,
        merged_into=_replacing(eido),
        created_at=min(started, default=eido.updated_at),
        updated_at=eido.updated_at,
        call_type=types[0] if types else None,
        further_types=tuple(types[1:]),
        priority=_priority(eido.incident),
        beat=eido.incident.text("beatOrDispatchGroupText"),
        cautions=_cautions(eido),
        facts=_injury(eido),
        units_on_scene=_on_scene(eido),
        language=_language(eido),
        linked_incidents=_links(eido),
    )


_INCIDENT_STATUSES = frozenset((
    "active", "cancelled", "canceled", "closed", "reopened", "fireundercontrol", "newlocation", "resourcesassigned",
    "resourcesenroute", "resourcesonscene", "structurecleared",
))  # fmt: skip
_UNIT_STATUSES = frozenset((
    "acknowledgedtransmission", "alternatelocation", "arrived", "assigned", "assignmentcancelled", "assignmentcanceled",
    "backtoassignedarea", "backup", "break", "coporpop", "checkedin", "cleared", "court", "coveringalternatearea",
    "delayed", "departed", "dispatched", "enroute", "equipmentissues", "event", "hospital", "inservice",
    "investigation", "location", "meal", "meeting", "offduty", "onduty", "onscene", "outofservice", "patientcontact",
    "post", "responderinitiatedevent", "rollcall", "roster", "shiftpending", "staging", "station", "trafficstop",
    "training", "transporting",
))  # fmt: skip
_ON_SCENE = frozenset(("resourcesonscene", "onscene", "arrived", "patientcontact"))
_DIRECTIONS = frozenset(("replaced", "replacing", "split"))
_BY_WEIGHT: tuple[CallStatus, ...] = ("reopened", "cancelled", "closed", "merged")


def _status(eido: _Eido) -> CallStatus:
    if any(_direction(eido, merge) == "replacing" for merge in eido.part.parts("mergeComponent")):
        return "merged"
    words = _words(eido, eido.incident, "incidentStatusCommonRegistryText", _INCIDENT_STATUSES)
    stated = {STATUSES.get(word, "active") for word in words}
    return next((status for status in _BY_WEIGHT if status in stated), "active")


def _words(eido: _Eido, part: Part, name: str, registry: frozenset[str]) -> list[str]:
    """The words of a field, each in its one form."""
    words = []
    for text in part.texts(name):
        if (word := word_of(text)) in registry:
            words.append(word)
        else:
            eido.unlisted(name, text.strip())
    return words


def _direction(eido: _Eido, merge: Part) -> str:
    return next(iter(_words(eido, merge, "incidentMergeDirectionCode", _DIRECTIONS)), "")


def _replacing(eido: _Eido) -> str | None:
    """The incident that stands for this one from now on."""
    merges = (merge for merge in eido.part.parts("mergeComponent") if _direction(eido, merge) == "replacing")
    incidents = (merge.incident_id("incidentTrackingIdentifier") for merge in merges)
    return next((incident for incident in incidents if incident not in (None, eido.id)), None)


def _merged(eido: _Eido, call: Call) -> Iterator[Call]:
    """The calls that this one stands for from now on, as ended."""
    for merge in eido.part.parts("mergeComponent"):
        incident = merge.incident_id("incidentTrackingIdentifier")
        if incident not in (None, eido.id) and _direction(eido, merge) == "replaced":
            yield Call(
                agency=call.agency,
                source=call.source,
                incident_id=incident,
                status="merged",
                merged_into=call.incident_id,
                created_at=call.created_at,
                updated_at=call.updated_at,
            )


def _links(eido: _Eido) -> tuple[str, ...]:
    """Other incidents that this one is linked with."""
    found = (link.incident_id("incidentTrackingIdentifier") for link in eido.part.parts("linkComponent"))
    links = dict.fromkeys(incident for incident in found if incident not in (None, eido.id))
    if len(links) > MAX_LINKS:
        eido.remarks.note(f"Of the linked incidents the first {MAX_LINKS} were recorded.")
    return tuple(filter(None, links))[:MAX_LINKS]


def _call_types(eido: _Eido) -> list[CallType]:
    """Every code that is stated, the centre's own first; codes are never guessed from texts."""
    own, common = list[CallType](), list[CallType]()
    for incident in eido.part.parts("incidentComponent"):
        text = incident.text("incidentTypeInternalText")
        codes = _codes(incident, "incidentTypeInternalCode")
        own += [CallType(system=eido.source.name, code=code, text=text) for code in codes]
        text = None if codes else text
        codes = _codes(incident, "incidentTypeCommonRegistryText")
        common += [CallType(system="apco", code=code, text=text) for code in codes]
        if text and not codes:  # it belongs to no code, and says what a narrative may say
            eido.remarks.cut.append(text)
    types = list(dict.fromkeys((*own, *common)))
    if len(types) > 1 + MAX_FURTHER_TYPES:
        fault = Fault("incidentComponent", f"gives {len(types)} type codes", f"at most {1 + MAX_FURTHER_TYPES}")
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "Too many type codes; none may be left out.", fault)
    return types


def _codes(incident: Part, name: str) -> list[str]:
    """The codes of a field; one that cannot be read is one that nobody lists."""
    return [*([UNREADABLE] if incident.is_no_text(name) else []), *filter(None, incident.texts(name))]


def _priority(incident: Part) -> str | None:
    """The local scale; the common one (10 is the highest) says so, because local ones usually run the other way."""
    if priority := incident.text("incidentPriorityInternalText"):
        return priority
    number = incident.whole_number("incidentCommonPriorityNumber")
    return None if number is None else f"common-{number}"


UNREADABLE = "unreadable"
"""Stands for a caution, a code or a role that was stated and could not be read: what nobody lists is not calm."""
_STATES_OF_MIND = ("moodDescription", "mood", "mentalState")
_KINDS_OF_CAUTION = ("cautionTypeInternalText", "cautionTypeCommonRegistryText")
_NO_WARNING = frozenset(("caller", "reportingparty"))


def _cautions(eido: _Eido) -> tuple[str, ...]:
    """Flags, and what persons are to the incident (`role:Suspect`, `role:item` for one with a listed item)."""
    flags: dict[str, None] = {}
    for caution in eido.part.parts("cautionComponent"):
        for name in _KINDS_OF_CAUTION:
            flags |= dict.fromkeys(filter(None, caution.texts(name)))
        if any(map(caution.is_no_text, _KINDS_OF_CAUTION)) or not any(map(caution.texts, _KINDS_OF_CAUTION)):
            flags[UNREADABLE] = None
    for person in eido.part.parts("personComponent"):
        roles = person.texts("personIncidentRoleRegistryText")
        flags |= dict.fromkeys(f"role:{role}"[:200] for role in roles if role and word_of(role) not in _NO_WARNING)
        if person.is_no_text("personIncidentRoleRegistryText"):
            flags[UNREADABLE] = None
        if person.content.get("itemReference"):
            flags["role:item"] = None
    if any(map(eido.part.unreadable, ("cautionComponent", "personComponent"))):
        flags[UNREADABLE] = None
    if len(flags) > MAX_CAUTIONS:
        fault = Fault("cautionComponent", f"gives {len(flags)} flags with the roles", f"at most {MAX_CAUTIONS}")
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "Too many cautions; none may be left out.", fault)
    return tuple(flags)


def _persons(eido: _Eido) -> Iterator[Part]:
    for person in eido.part.parts("personComponent"):
        yield from person.parts("ncPersonComponent")


def _injury(eido: _Eido) -> dict[str, str]:
    """An injury that is listed at all may need an ambulance."""
    return {"injury": "needs-ems"} if any(person.content.get("injury") for person in _persons(eido)) else {}


def _on_scene(eido: _Eido) -> bool:
    words = _words(eido, eido.incident, "incidentStatusCommonRegistryText", _INCIDENT_STATUSES)
    for resource in eido.part.parts("emergencyResourceComponent"):
        words += _words(eido, resource, "secondaryUnitStatusRegistryText", _UNIT_STATUSES)
    return not _ON_SCENE.isdisjoint(words)


def _language(eido: _Eido) -> str | None:
    return next(filter(None, (person.text("primaryLanguage") for person in _persons(eido))), None)


# --- the personal part ----------------------------------------------------------------------------------------------


def _personal(eido: _Eido) -> dict[str, str]:
    comments = [text for note in eido.part.parts("notesComponent") for text in note.whole_texts("notesActionComments")]
    comments += [text for person in _persons(eido) for name in _STATES_OF_MIND for text in person.whole_texts(name)]
    if eido.part.unreadable("notesComponent"):
        comments += eido.part.whole_texts("notesComponent", objects=False)
    texts = {
        "address": _address(eido),
        "position": _position(eido),
        "callback_number": _callback(eido.part.parts("callbackComponent")),
        "caller_name": _caller(eido),
        "narrative": _narrative([*comments, *eido.remarks.cut]),
    }
    return {name: text for name, text in texts.items() if text}


def _narrative(comments: Sequence[str]) -> str:
    """All comments as text. Raises Problem where they are too long: the part cut off could be what matters."""
    narrative = "\n".join(map(plain_text, comments))
    if len(narrative) > MAX_NOTES_CHARACTERS:
        fault = Fault("notesComponent", "is too long", f"at most {MAX_NOTES_CHARACTERS} characters in all notes")
        raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The notes are too long; they are never cut.", fault)
    return narrative


def _callback(callbacks: Sequence[Part]) -> str:
    for callback in callbacks:
        for number in (*callback.texts("updatedCbn"), *callback.texts("callBackInformationUri")):
            if number:
                return number.removeprefix("tel:").removeprefix("sip:")
    return ""


def _caller(eido: _Eido) -> str:
    for person in eido.part.parts("personComponent"):
        if {word_of(role) for role in person.texts("personIncidentRoleRegistryText")} & _NO_WARNING:
            for component in person.parts("ncPersonComponent"):
                for name in component.parts("name"):
                    if full := name.text("personFullName"):
                        return full
    return ""


_ELSEWHERE = ("towerlocation", "unitlocation", "staging")
_PLACES = ("currentincident", "routinglocation", "initialincident", "caller")


def _address(eido: _Eido) -> str:
    """The incident's place as text: what the incident refers to, else the best kind of location that there is."""
    for (not_referred, _), location in _ranked(eido):
        if not_referred and _kind(location) in _ELSEWHERE:
            eido.remarks.note("A location of a tower, a unit or a staging area is not where to go; it was left out.")
            continue
        if (root := _document(location)) is not None and (text := address_of(root)):
            return text
        sentence = "A location could not be read as PIDF-LO with a civic address or a point; it was left out."
        eido.remarks.note(sentence)
    return ""


_OF_INCIDENT = ("currentincident", "initialincident")


def _position(eido: _Eido) -> str:
    """The point where the incident is: a caller, a unit or a tower may be somewhere else."""
    ranked = [(rank, location) for rank, location in _ranked(eido) if _kind(location) in _OF_INCIDENT]
    roots = [_document(location) for rank, location in ranked if rank == ranked[0][0]]
    points = {point for root in roots if root is not None for point in points_of(root)}
    if len(points) > 1 or None in points:
        eido.remarks.note(
            "The incident's location has several points, or says too little of where it is: none was taken."
        )
        return ""
    for point in points:
        if point is not None and is_nowhere(point):
            eido.remarks.note(NOWHERE)
            return ""
    return "".join(map(str, points))


def _ranked(eido: _Eido) -> list[tuple[tuple[bool, int], Part]]:
    """The best location first: what the incident refers to, then by kind."""
    referred = {to for reference in eido.incident.parts("locationReference") for to in reference.texts("$ref")}
    kinds = {kind: place for place, kind in enumerate(_PLACES)}
    ranked = [
        ((location.text("$id") not in referred, kinds.get(_kind(location), len(kinds))), location)
        for location in eido.part.parts("locationComponent")
    ]
    if len(ranked) > MAX_LOCATIONS:
        eido.remarks.note(f"Of the locations the best {MAX_LOCATIONS} were read.")
    return sorted(ranked, key=itemgetter(0))[:MAX_LOCATIONS]


def _kind(location: Part) -> str:
    return word_of(location.text("locationTypeDescriptionRegistryText") or "")


def _document(location: Part) -> Element | None:
    text = location.content.get("locationByValue")
    return root_of(text) if isinstance(text, str) else None
