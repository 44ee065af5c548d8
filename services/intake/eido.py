"""EIDO (NENA-STA-021, version 1) to call versions: what routing needs, read tolerantly; the rest is ignored.

What is optional and cannot be read is absent, and a note says so; where it may have been a warning, a caution that
nobody lists stands in its place. A hazard is never dropped to save the rest.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from http import HTTPStatus
from operator import itemgetter
from typing import Any
from xml.etree.ElementTree import Element

from pydantic_core import from_json

from services.intake.ages import years_of
from services.intake.asides import OF_OTHERS, asides, says_no
from services.intake.config import MAX_CALLS, MAX_NOTES_CHARACTERS, MAX_OBJECTS, MAX_VALUES
from services.intake.flat import NOWHERE, STATUSES, is_nowhere, word_of
from services.intake.mending import mended
from services.intake.parts import MAX_TEXT_CHARACTERS, Part, Remarks, texts_within
from services.intake.pidf_lo import MAX_ADDRESS, address_of, points_of, root_of
from services.intake.problems import not_json, refuse_twice
from services.intake.version import TEXTS, Version
from shared.agencies import Source
from shared.call import Call, CallStatus, CallType
from shared.doors.problems import Fault, Problem
from shared.html_text import plain_text
from shared.programme.judging.languages import LANGUAGES
from shared.programme.judging.normal_forms import language
from shared.telemetry import UNLISTED

MEDIA_TYPE = "application/emergency.eido+json"
MAJOR_VERSION = "1"
MAX_CAUTIONS, MAX_LINKS, MAX_FURTHER_TYPES, MAX_LOCATIONS = 32, 32, 8, 16

Pseudonym = Callable[[str], str]


class _Eido:
    """An EIDO whose identifier, time and version are right, and what comes up while the rest is read."""

    def __init__(self, part: Part, source: Source, remarks: Remarks) -> None:
        self.part, self.source, self.remarks = part, source, remarks
        self.incidents = part.parts("incidentComponent")
        """Several are one incident, seen by several agencies."""
        self.id, self.updated_at = _required(part)
        self.asides = tuple(dict.fromkeys(asides(part.content)))
        self.is_too_long = sum(map(len, self.asides)) > MAX_NOTES_CHARACTERS
        """Whether more is told in fields of the vendor's own than is looked at for words."""
        self._unlisted = set[tuple[str, str]]()

    def unlisted(self, kind: str, word: str) -> None:
        """Say that a word is in no registry: named to the sender, as far as it is a word, and counted.

        Once a document, however often it is read in it.
        """
        if (kind, word) in self._unlisted:
            return
        self._unlisted.add((kind, word))
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
    _check_size(content)
    refuse_twice(body)
    return content


def _check_size(content: dict[str, Any]) -> None:
    """Raise Problem (413) for more than an incident has: a body of nothing but brackets costs seconds."""
    objects, values, waiting = 0, 0, list[Any]([content])
    while waiting:
        value = waiting.pop()
        inner = list(value.values()) if isinstance(value, dict) else value
        objects, values = objects + isinstance(value, dict), values + len(inner)
        if objects > MAX_OBJECTS or values > MAX_VALUES:
            fault = Fault("", "has too many parts", f"at most {MAX_OBJECTS} objects and {MAX_VALUES} values")
            raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The EIDO is too large.", fault)
        waiting += [each for each in inner if isinstance(each, (dict, list))]


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
                Fault(name, "cannot be read" if part.values(name) else "is missing", _REQUIRED[name])
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
    status, on_scene = _status(eido), _on_scene(eido)
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
        priority=next(filter(None, map(_priority, eido.incidents)), None),
        beat=next((beat for incident in eido.incidents if (beat := incident.text("beatOrDispatchGroupText"))), None),
        cautions=_cautions(eido),
        facts=_injury(eido) | _age(eido) | _other_units(on_scene),
        units_on_scene="police" in on_scene,
        language=_language(eido),
        linked_incidents=_links(eido),
    )


@lru_cache(maxsize=1024)
def registered(text: str) -> str:
    """A word of a registry without the registry's name, which some write before it: `Closed` for `apco:Closed`."""
    word = text.strip()
    marks = ":/#" if "://" in word else ":#"
    name, rest = (word[: (at := max(map(word.rfind, marks)) + 1)], word[at:].strip())
    if rest and not re.search(r"\s", name) and _REGISTRY_WITHIN.search(name):
        return rest
    match = _REGISTRY_BEFORE.match(word)
    return word[match.end() :] if match else text


_REGISTRY_WITHIN = re.compile(r"apco|eido|nena|niem|urn:|registry|://", re.IGNORECASE)
_REGISTRY_BEFORE = re.compile(r"(?:apco|eido|nena|niem)[\s._/-]+(?=\S)", re.IGNORECASE)

_INCIDENT_STATUSES = frozenset((
    "active", "cancelled", "canceled", "closed", "reopened", "fireundercontrol", "newlocation", "resourcesassigned",
    "resourcesenroute", "resourcesonscene", "structurecleared",
))  # fmt: skip
_UNIT_STATUSES = frozenset((
    "available", "conditionallyavailable", "notavailable",
    "acknowledgedtransmission", "alternatelocation", "arrived", "assigned", "assignmentcancelled", "assignmentcanceled",
    "backtoassignedarea", "backup", "break", "coporpop", "checkedin", "cleared", "court", "coveringalternatearea",
    "delayed", "departed", "dispatched", "enroute", "equipmentissues", "event", "hospital", "inservice",
    "investigation", "location", "meal", "meeting", "offduty", "onduty", "onscene", "outofservice", "patientcontact",
    "post", "responderinitiatedevent", "rollcall", "roster", "shiftpending", "staging", "station", "trafficstop",
    "training", "transporting", "unmanned",
))  # fmt: skip
_ON_SCENE = frozenset(("resourcesonscene", "onscene", "arrived", "patientcontact"))
_HAS_LEFT = frozenset((
    "available", "backtoassignedarea", "cleared", "departed", "hospital", "inservice", "offduty", "station",
    "transporting",
))  # fmt: skip
"""Of a unit that is said to be on scene, too: what it was and what it is stand in one list, and nobody knows which."""
_DIRECTIONS = frozenset(("replaced", "replacing", "split"))
_ENDS: tuple[CallStatus, ...] = ("closed", "cancelled")
_CANCELLED = frozenset(("10", "22", "32"))
_NO_END = frozenset(("06", "13", "21", "35", "36"))
"""Dispositions (APCO 1.111.2): what they say of the event where nothing else does."""
_LAST_OF_AN_END = 45


def _status(eido: _Eido) -> CallStatus:
    """An incident is over once it is for all that tell of it."""
    if next(_of_replacing(eido), None) is not None:
        return "merged"
    stated = [_status_of(eido, incident) for incident in eido.incidents]
    if "reopened" in stated:
        return "reopened"
    if not stated or "active" in stated:
        return "active"
    return next(status for status in _ENDS if status in stated)


def _status_of(eido: _Eido, incident: Part) -> CallStatus:
    """By the registry's words, else by the centre's own, else by a disposition."""
    words = _words(eido, incident, "incidentStatusCommonRegistryText", _INCIDENT_STATUSES)
    if not words:
        words = [word_of(text) for text in incident.texts("incidentStatusInternalText")]
    stated = {STATUSES[word] for word in words if word in STATUSES}
    if not any(map(incident.has, _STATUS_FIELDS)):
        stated = {status for code in _dispositions(incident) if (status := _status_by(code)) != "active"}
    if "active" in stated and not stated.isdisjoint(_ENDS):
        eido.remarks.note("An incident is said to be active and over at once; it counts as active. Send how it is now.")
    return next((status for status in ("reopened", "active", "cancelled", "closed") if status in stated), "active")


_STATUS_FIELDS = ("incidentStatusCommonRegistryText", "incidentStatusInternalText")


def _dispositions(incident: Part) -> Iterator[str]:
    for disposition in (*incident.parts("dispositionComponent"), *incident.parts("disposition")):
        for text in disposition.texts("dispositionCommonRegistryCode"):
            if False not in disposition.values("dispositionPrimaryIndicator"):
                yield registered(text).strip().zfill(2)


def _status_by(disposition: str) -> CallStatus:
    if disposition in _CANCELLED:
        return "cancelled"
    is_end = disposition.isdecimal() and 0 < int(disposition) <= _LAST_OF_AN_END and disposition not in _NO_END
    return "closed" if is_end else "active"


def _words(eido: _Eido, part: Part, name: str, registry: frozenset[str]) -> list[str]:
    """The words of a field, each in its one form."""
    words = []
    for text in part.texts(name):
        if (word := word_of(registered(text))) in registry:
            words.append(word)
        else:
            eido.unlisted(name, text.strip())
    return words


def _direction(eido: _Eido, merge: Part) -> str:
    return next(iter(_words(eido, merge, "incidentMergeDirectionCode", _DIRECTIONS)), "")


def _replacing(eido: _Eido) -> str | None:
    """The incident that stands for this one from now on."""
    incidents = (merge.incident_id("incidentTrackingIdentifier") for merge in _of_replacing(eido))
    return next((incident for incident in incidents if incident is not None), None)


def _of_replacing(eido: _Eido) -> Iterator[Part]:
    """The merges of this incident into another one; none can stand for itself."""
    for merge in eido.part.parts("mergeComponent"):
        if _direction(eido, merge) == "replacing" and merge.incident_id("incidentTrackingIdentifier") != eido.id:
            yield merge


def _merged(eido: _Eido, call: Call) -> Iterator[Call]:
    """The calls that this one stands for from now on, as ended. Raises Problem where there are too many."""
    merges = eido.part.parts("mergeComponent")
    if len(merges) >= MAX_CALLS:
        fault = Fault("mergeComponent", f"gives {len(merges)} incidents", f"fewer than {MAX_CALLS}")
        raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "Too many merged incidents; none may be left out.", fault)
    for merge in merges:
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
    """Other incidents that this one is linked with, or was split from; a link that was taken back is none."""
    splits = [merge for merge in eido.part.parts("mergeComponent") if _direction(eido, merge) == "split"]
    linked = [link for link in eido.part.parts("linkComponent") if not _is_taken_back(link)]
    parts = (*linked, *splits)
    found = (part.incident_id("incidentTrackingIdentifier") for part in parts)
    links = dict.fromkeys(incident for incident in found if incident not in (None, eido.id))
    if len(links) > MAX_LINKS:
        eido.remarks.note(f"Of the linked incidents the first {MAX_LINKS} were recorded.")
    return tuple(filter(None, links))[:MAX_LINKS]


def _is_taken_back(link: Part) -> bool:
    return "unlink" in map(word_of, map(registered, link.texts("linkDirectionCode")))


def _call_types(eido: _Eido) -> list[CallType]:
    """Every code that is stated, the centre's own first; codes are never guessed from texts.

    A blank stands last where its incident has a code beside it: it says as little as one that is absent.
    """
    own, common, blank = list[CallType](), list[CallType](), list[CallType]()
    for incident in eido.incidents:
        text = incident.text("incidentTypeInternalText")
        codes, registry = (_codes(incident, name) for name in _TYPE_CODES)
        has_code = any(map(str.strip, (*codes, *registry)))
        for code in codes:
            (own if code.strip() or not has_code else blank).append(_call_type(eido.source.name, code, text))
        common += [_call_type("apco", registered(code), None if codes else text) for code in registry]
        if text and not codes and not registry:  # it belongs to no code, and says what a narrative may say
            eido.remarks.cut.append(text)
    types = list(dict.fromkeys((*own, *common, *blank)))
    if len(types) > 1 + MAX_FURTHER_TYPES:
        fault = Fault("incidentComponent", f"gives {len(types)} type codes", f"at most {1 + MAX_FURTHER_TYPES}")
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "Too many type codes; none may be left out.", fault)
    return types


def _codes(incident: Part, name: str) -> list[str]:
    """The codes of a field, blank ones too; one that cannot be read is one that nobody lists."""
    return [*([UNREADABLE] if incident.is_no_text(name) else []), *incident.texts(name)]


def _call_type(system: str, code: str, text: str | None) -> CallType:
    """A code with its system; nobody lists a blank."""
    return CallType(system=system, code=code if code.strip() else UNREADABLE, text=text)


def _priority(incident: Part) -> str | None:
    """The local scale; the common one (10 is the highest) says so, because local ones usually run the other way."""
    if priority := incident.text("incidentPriorityInternalText"):
        return priority
    number = incident.whole_number("incidentCommonPriorityNumber")
    return None if number is None else f"common-{number}"


UNREADABLE = "unreadable"
"""Stands for a caution, a code or a role that was stated and could not be read: what nobody lists is not calm."""
_STATES_OF_MIND = ("moodDescription", "mood", "mentalState", "medicalCondition")
_KINDS_OF_CAUTION = ("cautionTypeInternalText", "cautionTypeCommonRegistryText")
_NO_WARNING = frozenset(("caller", "reportingparty"))


def _cautions(eido: _Eido) -> tuple[str, ...]:
    """Flags, and what persons are to the incident (`role:Suspect`, `role:item` for one with a listed item)."""
    flags: dict[str, None] = {}
    persons, places = eido.part.parts("personComponent"), tuple(_places(eido))
    for place in places:
        flags |= dict.fromkeys(_flags(eido, place))
    for person in persons:
        roles = map(registered, person.texts("personIncidentRoleRegistryText"))
        flags |= dict.fromkeys(f"role:{role}"[:200] for role in roles if role and word_of(role) not in _NO_WARNING)
        if person.is_no_text("personIncidentRoleRegistryText"):
            flags[UNREADABLE] = None
    if any(person.has("itemReference") for person in persons) or eido.part.has("itemComponent"):
        flags["role:item"] = None
    if any(map(eido.part.unreadable, ("incidentComponent", "personComponent"))) or any(
        incident.is_no_text(name) for incident in eido.incidents for name in _TYPE_CODES
    ):
        flags[UNREADABLE] = None
    if eido.is_too_long:
        eido.remarks.note("The texts in further fields are too long to be read; nobody knows what they warn of.")
    if _refers_to_no_caution(places) or eido.is_too_long:
        flags[UNREADABLE] = None
    if len(flags) > MAX_CAUTIONS:
        fault = Fault("cautionComponent", f"gives {len(flags)} flags with the roles", f"at most {MAX_CAUTIONS}")
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "Too many cautions; none may be left out.", fault)
    return tuple(flags)


_TYPE_CODES = ("incidentTypeInternalCode", "incidentTypeCommonRegistryText")


def _places(eido: _Eido) -> Iterator[Part]:
    """Every object that holds a warning, however deep in fields of a vendor's own."""
    waiting: list[Any] = [eido.part.content]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting += value
        elif isinstance(value, dict):
            warnings = frozenset(filter(_WARNING.search, value))
            if warnings:
                yield Part(value, eido.remarks)
            waiting += [value[name] for name in sorted(value.keys() - warnings) if name.casefold() not in OF_OTHERS]


_WARNING = re.compile("alert|armed|caution|danger|hazard|violen|warning|weapon", re.IGNORECASE)


def _fields_of_cautions(place: Part) -> list[str]:
    """Whatever is named as a warning: vendors have names of their own for the component."""
    return sorted(name for name in place.content if _WARNING.search(name) and not name.casefold().endswith("reference"))


def _flags(eido: _Eido, place: Part) -> Iterator[str]:
    """The flags of the cautions that stand at a place; what else they tell is read with the notes."""
    for field in _fields_of_cautions(place):
        for caution in place.parts(field):
            texts = caution.texts("cautionTypeInternalText")
            texts += map(registered, caution.texts("cautionTypeCommonRegistryText"))
            yield from (text for text in texts if text.strip())
            if any(map(caution.is_no_text, _KINDS_OF_CAUTION)) or not any(map(str.strip, texts)):
                yield UNREADABLE
            eido.remarks.cut.extend(_told_in(caution))
        others = [value for value in place.values(field) if not isinstance(value, dict)]
        if any(value is not None if field == "cautionComponent" else not says_no(value) for value in others):
            yield UNREADABLE


_NOT_TOLD = ("reference", "timestamp", "date", "severity", "source", *map(str.casefold, _KINDS_OF_CAUTION))


def _told_in(part: Part) -> Iterator[str]:
    """Every text of an object but its own names, times and references."""
    for name, value in part.content.items():
        if not name.startswith("$") and not name.casefold().endswith(_NOT_TOLD):
            yield from texts_within(value)


def _refers_to_no_caution(places: Sequence[Part]) -> bool:
    """Whether somebody refers to a caution that is not there: what it warns of nobody knows."""
    cautions = [caution for place in places for field in _fields_of_cautions(place) for caution in place.parts(field)]
    known = {name for caution in cautions for name in caution.texts("$id")}
    return any(not place.refers("cautionReference") <= known for place in places)


def _persons(eido: _Eido) -> Iterator[Part]:
    for person in eido.part.parts("personComponent"):
        yield from person.parts("ncPersonComponent")


def _injury(eido: _Eido) -> dict[str, str]:
    """An injury that is listed at all may need an ambulance."""
    persons = (*eido.part.parts("personComponent"), *_persons(eido))
    return {"injury": "needs-ems"} if any(person.has("injury") for person in persons) else {}


_ABOUT = frozenset(("involvedperson", "patient", "personofinterest", "suspect", "victim"))


def _age(eido: _Eido) -> dict[str, str]:
    """The age of the person whom the incident is about; of several nobody knows which one a bound is for."""
    about = [person for person in eido.part.parts("personComponent") if not _ABOUT.isdisjoint(_roles(person))]
    if len(about) != 1 or len(components := about[0].parts("ncPersonComponent")) != 1:
        return {}
    years = years_of(components[0], eido.updated_at)
    return {} if years is None else {"age": str(years)}


def _roles(person: Part) -> set[str]:
    """What somebody is to the incident."""
    return {word_of(registered(role)) for role in person.texts("personIncidentRoleRegistryText")}


_POLICE = frozenset((
    "assaulthomicideunit", "biketeam", "communitypolicingunit", "crowdcontrolteam", "gangenforcement",
    "lawenforcementcommandunit", "mountedpatrol", "patrolunit", "police", "policeunit", "schoolofficer", "swat",
    "trafficunit", "transitofficer", "vehicularcrimesteam",
))  # fmt: skip
_STATUSES_OF_UNIT = ("primaryUnitStatusRegistryText", "secondaryUnitStatusRegistryText")
_OWN_STATUSES_OF_UNIT = ("primaryUnitStatusInternalText", "secondaryUnitStatusInternalText", "unitStatusInternalText")
_KINDS_OF_UNIT = ("emergencyResourceTypeCommonRegistryText", "emergencyResourceTypeInternalText")


def _on_scene(eido: _Eido) -> frozenset[str]:
    """Who is on scene: `police`, which a team may wait for, and `others`; a unit of no stated kind may be either.

    Police who may have left count as others.
    """
    on_scene = set[str]()
    for unit in eido.part.parts("emergencyResourceComponent"):
        words = [word for name in _STATUSES_OF_UNIT for word in _words(eido, unit, name, _UNIT_STATUSES)]
        words += [word_of(text) for name in _OWN_STATUSES_OF_UNIT for text in unit.texts(name)]
        if not _ON_SCENE.isdisjoint(words):
            kinds = {word_of(registered(text)) for name in _KINDS_OF_UNIT for text in unit.texts(name)} - {""}
            is_police = not kinds or kinds & _POLICE
            on_scene.add("police" if is_police and _HAS_LEFT.isdisjoint(words) else "others")
    for incident in eido.incidents:
        words = _words(eido, incident, "incidentStatusCommonRegistryText", _INCIDENT_STATUSES)
        on_scene |= set() if _ON_SCENE.isdisjoint(words) else {"others"}
    return frozenset(on_scene)


def _other_units(on_scene: frozenset[str]) -> dict[str, str]:
    """A unit on scene that is not known to be of the police, or may have left, bars a hand-over, and lets nobody in."""
    return {"units_on_scene": "yes"} if on_scene == {"others"} else {}


def _language(eido: _Eido) -> str | None:
    """The first that a person speaks: as text, or as an object that holds its code or its name."""
    for person in _persons(eido):
        for value in person.values("primaryLanguage"):
            texts = [text for text in texts_within(value) if text.strip() and len(text) <= MAX_TEXT_CHARACTERS]
            if texts:
                return min(texts, key=_rank_of_language)
    return None


def _rank_of_language(text: str) -> int:
    """A code, or a name that stands for one, before any other text."""
    return 0 if language(text) in LANGUAGES else 1


# --- the personal part ----------------------------------------------------------------------------------------------


def _personal(eido: _Eido) -> dict[str, str]:
    notes = eido.part.parts("notesComponent")
    comments = [text for note in notes for text in note.whole_texts("notesActionComments") or _told_in(note)]
    comments += [text for person in _persons(eido) for name in _STATES_OF_MIND for text in person.whole_texts(name)]
    for person in eido.part.parts("personComponent"):
        comments += person.whole_texts("ncPersonComponent", objects=False)
    if eido.part.unreadable("notesComponent"):
        comments += eido.part.whole_texts("notesComponent", objects=False)
    texts = {
        "address": _address(eido),
        "position": _position(eido),
        "callback_number": _callback(eido.part.parts("callbackComponent")),
        "caller_name": _caller(eido),
        "narrative": _narrative([*comments, *eido.remarks.cut]),
        TEXTS: "" if eido.is_too_long else "\n".join(text for text in eido.asides if text not in eido.remarks.cut),
    }
    return {name: text for name, text in texts.items() if text}


def _narrative(comments: Sequence[str]) -> str:
    """All comments as text. Raises Problem where they are too long: the part cut off could be what matters."""
    narrative = "\n".join(map(plain_text, comments))
    if len(narrative) > MAX_NOTES_CHARACTERS:
        fault = Fault("notesComponent", "is too long", f"at most {MAX_NOTES_CHARACTERS} characters in all notes")
        raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The notes are too long; they are never cut.", fault)
    return narrative


_SCHEME = re.compile(r"\A(?:tel|sips?):", re.IGNORECASE)
_NUMBER_AT = re.compile(r"(\+?[\d().-]+(?:;ext=\d+)?)[^@]*@.*", re.IGNORECASE)
"""A telephone number at a host, which SIP makes of it (RFC 3261, 19.1.6)."""


def _callback(callbacks: Sequence[Part]) -> str:
    """The first number that stands there, as one dials it."""
    for callback in callbacks:
        for text in (*callback.texts("updatedCbn"), *callback.texts("callBackInformationUri")):
            if number := _SCHEME.sub("", text.strip().removeprefix("<").removesuffix(">")):
                at_host = _NUMBER_AT.fullmatch(number)
                return at_host[1] if at_host else number
    return ""


def _caller(eido: _Eido) -> str:
    for person in eido.part.parts("personComponent"):
        if _roles(person) & _NO_WARNING:
            for component in person.parts("ncPersonComponent"):
                for name in component.parts("name"):
                    if full := name.text("personFullName"):
                        return full
    return ""


_ELSEWHERE = ("towerlocation", "unitlocation", "staging")
_PLACES = ("currentincident", "routinglocation", "initialincident", "caller")
_CROSSING = ("crossStreetByValue", "intersectingStreetByValue")


def _address(eido: _Eido) -> str:
    """The incident's place as text: what the incident refers to, else the best kind of location that there is."""
    for (not_referred, _), location in _ranked(eido):
        if not_referred and _kind(location) in _ELSEWHERE:
            eido.remarks.note("A location of a tower, a unit or a staging area is not where to go; it was left out.")
            continue
        if text := _address_of(location):
            return text
        sentence = "A location could not be read as PIDF-LO with a civic address or a point; it was left out."
        eido.remarks.note(sentence)
    return ""


def _address_of(location: Part) -> str:
    """In one line, with the streets that cross there."""
    texts = filter(None, map(address_of, _documents(location, "locationByValue")))
    streets = [text for name in _CROSSING for text in map(address_of, _documents(location, name)) if text]
    crossing = " / ".join(dict.fromkeys(streets))
    address = next(texts, "")
    return (f"{address} (at {crossing})" if address and crossing else address or crossing)[:MAX_ADDRESS]


_OF_INCIDENT = ("currentincident", "initialincident")


def _position(eido: _Eido) -> str:
    """The point where the incident is: a caller, a unit or a tower may be somewhere else."""
    ranked = [(rank, location) for rank, location in _ranked(eido) if _kind(location) in _OF_INCIDENT]
    best = [location for rank, location in ranked if rank == ranked[0][0]]
    points = {
        point for location in best for root in _documents(location, "locationByValue") for point in points_of(root)
    }
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
    references = (reference for incident in eido.incidents for reference in incident.parts("locationReference"))
    referred = {to for reference in references for to in reference.texts("$ref")}
    kinds = {kind: place for place, kind in enumerate(_PLACES)}
    ranked = [
        ((location.text("$id") not in referred, kinds.get(_kind(location), len(kinds))), location)
        for location in eido.part.parts("locationComponent")
    ]
    if len(ranked) > MAX_LOCATIONS:
        eido.remarks.note(f"Of the locations the best {MAX_LOCATIONS} were read.")
    return sorted(ranked, key=itemgetter(0))[:MAX_LOCATIONS]


def _kind(location: Part) -> str:
    return word_of(registered(location.text("locationTypeDescriptionRegistryText") or ""))


def _documents(location: Part, name: str) -> list[Element]:
    roots = (root_of(value) for value in location.values(name)[:MAX_LOCATIONS])
    return [root for root in roots if root is not None]
