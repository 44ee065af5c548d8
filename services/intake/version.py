"""One version of a call on its way to the topic: checked against source and neighbours, sealed, made a record."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus

from services.intake.cells import cells
from shared.agencies import Source
from shared.call import Call, position_of
from shared.call_keys import SEALED_WITH
from shared.doors.problems import Fault, Problem
from shared.engine.broker import Record
from shared.events import CallCancelled, CallReported, child_id
from shared.plain import fault_of_id
from shared.programme.judging.normal_forms import normal
from shared.sealing import Key, Sealer

AHEAD = timedelta(days=1)
"""A version from further in the future would make every later one look late."""


@dataclass(frozen=True, slots=True)
class Version:
    """What both routes make of a body: the call, and its personal part in the clear."""

    event_id: str
    call: Call
    personal: dict[str, str]
    notes: tuple[str, ...] = ()
    """What the sender should know, e.g. that a location could not be read."""


def check(versions: Sequence[Version], source: Source, now: datetime) -> None:
    """Raise Problem: another agency's or source's call (403), a false number or time (422)."""
    for index, version in enumerate(versions):
        call = version.call
        if (call.agency, call.source) != (source.agency, source.name):
            fault = Fault(f"{index}.agency", "is not the key's agency and source", "the agency and source of the key")
            raise Problem(HTTPStatus.FORBIDDEN, "The key belongs to another agency or source.", fault)
        if (wrong := fault_of_id(call.incident_id)) is not None:
            fault = Fault(f"{index}.incident_id", "cannot be shown to people as it is", wrong)
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "A call's number is no identifier.", fault)
        if call.merged_into == call.incident_id:
            fault = Fault(f"{index}.merged_into", "is the call itself", "the number of the call that stands for it")
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "Nothing was taken: a call cannot stand for itself.", fault)
        if call.updated_at - now > AHEAD:
            fault = Fault(f"{index}.updated_at", "is more than a day ahead of our clock", "when the version was made")
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "A call comes from the future.", fault)


def record(version: Version, source: Source, sealer: Sealer, key: Key | None, now: datetime) -> Record:
    """The record to append, sealed with the call's key; the gates of a replayed source use the call's own time."""
    call = version.call
    kind = CallCancelled if call.ended else CallReported
    event = kind.model_construct(
        event_id=version.event_id,
        call=call,
        received_at=now,
        judged_at=call.updated_at if source.replay else now,
        sealed=None if key is None else key.seal(call.call_id, version.personal),
        fingerprint=_fingerprint(version, sealer),
        synthetic=source.kind == "synthetic",
        address_pseudonym=_address(version, sealer),
        position_pseudonyms=_near(version, sealer),
    )
    return Record(
        call.agency,
        event.encode(),
        (
            ("id", child_id(call.call_id, version.event_id).encode()),
            ("type", kind.type.encode()),
            ("source", b"intake"),
            ("subject", call.call_id.encode()),
            ("time", now.isoformat().encode()),
            *(() if key is None else ((SEALED_WITH, key.key_id.encode()),)),
        ),
    )


def _address(version: Version, sealer: Sealer) -> str:
    """Its address, as a name that no other call has for it: of a call that is erased no other says where it was."""
    address = version.personal.get("address")
    return sealer.pseudonym(f"{version.call.call_id} {normal(address)}") if address else ""


def _near(version: Version, sealer: Sealer) -> tuple[str, ...]:
    """Which cells its position is in, as names that no other call has for them."""
    place = position_of(version.personal.get("position", ""))
    return () if place is None else tuple(sealer.pseudonym(f"{version.call.call_id} {cell}") for cell in cells(place))


TEXTS = "texts"
"""In the sealed part: what a CAD wrote in fields for codes."""
ROUTED_BY = ("narrative", "position", "callback_number")
"""What triage reads of the personal part, besides such texts."""


def _fingerprint(version: Version, sealer: Sealer) -> str:
    """What the version says, its times apart; the personal part as a pseudonym, for a place is soon guessed."""
    content = version.call.__pydantic_serializer__.to_json(version.call, exclude={"created_at", "updated_at"})
    said = [version.personal.get(name, "") for name in ROUTED_BY]
    said += [version.personal[TEXTS]] if TEXTS in version.personal else []  # without them it is as it always was
    personal = sealer.pseudonym("\x00".join(said))
    return hashlib.blake2b(content + personal.encode(), digest_size=16).hexdigest()
