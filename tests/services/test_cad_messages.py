"""Whoever builds a CAD reads intake's reference: every message that notification makes is as that says."""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest
from jsonschema import Draft202012Validator

from services.intake import messages
from services.intake.openapi import document
from shared.cad_messages import MESSAGES, CadMessage
from shared.contracts import FOLDER
from shared.events import (
    CadMessageDue,
    CallChanged,
    Event,
    HoldBegan,
    MessageKind,
    PingCad,
    SafetyCheckMissed,
    StatusReported,
    decode,
)
from tests.services.notification.driver import CALL, NOON, Running

DOCUMENT = document()


def example(message: CadMessage) -> Event:
    """An event with every field, about a call."""
    kind = message.event.type
    event = decode(kind, (FOLDER / f"{kind}.example.json").read_bytes())
    told: dict[type[Event], dict[str, Any]] = {HoldBegan: {"acknowledged_by": "dana"}, CallChanged: {"far": True}}
    return event.model_copy(update={"call_id": CALL, **told.get(type(event), {})})


def posted(*events: Event) -> list[dict[str, Any]]:
    """The bodies that a CAD gets, as it reads them."""
    running = Running()
    for event in events:
        running.take(event)
    bodies = [event.body for event in running.journal if isinstance(event, CadMessageDue)]
    return json.loads(json.dumps(bodies))  # type: ignore[no-any-return]


def faults(body: dict[str, Any]) -> list[str]:
    """What is not as the reference says, or is not in it."""
    described = DOCUMENT["webhooks"][body["type"]]["post"]["requestBody"]["content"]["application/json"]["schema"]
    checked = Draft202012Validator(described | {"components": DOCUMENT["components"]})
    shapes = messages.shapes()[body["type"]]
    known = [shape for shape in shapes if body["data"].keys() <= shape.model_fields.keys()]
    unknown = [] if known else [f"no shape has all of {sorted(body['data'])}"]
    return [error.message for error in checked.iter_errors(body)] + unknown


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: f"{message.kind} of {message.event.type}")
def test_a_message_is_as_the_reference_says(message: CadMessage) -> None:
    event = example(message)
    (body,) = posted(event)
    assert body["type"] == message.kind
    assert body["data"].keys() - messages.OfCall.model_fields.keys() <= message.fields
    assert faults(body) == []
    least = event.model_copy(update={name: None for name in message.fields if not _is_needed(message, name)})
    assert faults(posted(least)[0]) == []


def _is_needed(message: CadMessage, name: str) -> bool:
    return message.event.model_fields[name].default is not None


def test_what_a_message_says_more_or_less_is_found() -> None:
    (body,) = posted(example(MESSAGES[0]))
    assert faults(body | {"data": body["data"] | {"team": "alpha"}})
    assert faults(body | {"data": {name: value for name, value in body["data"].items() if name != "outcome"}})
    assert faults(body | {"data": body["data"] | {"outcome": "somebody-goes"}})


def test_every_kind_of_message_is_in_the_reference_and_every_field_has_a_meaning() -> None:
    assert DOCUMENT["webhooks"].keys() == set(get_args(MessageKind))
    said = {name for shapes in messages.shapes().values() for shape in shapes for name in shape.model_fields}
    assert said == messages.FIELDS.keys()


def test_a_team_without_a_call_and_a_ping_are_as_the_reference_says() -> None:
    known, silent = example(MESSAGES[0]), example(next(m for m in MESSAGES if m.event is SafetyCheckMissed))
    in_need = StatusReported(team_id="alpha", status="need-police")
    ping = PingCad(source="dane", command_id="c1", issued_by="dana", issued_at=NOON, expires_at=NOON)
    bodies = posted(known, in_need, silent.model_copy(update={"call_id": ""}), ping)
    assert [body["type"] for body in bodies[1:]] == ["team.needs-police", "team.silent", "ping"]
    assert [faults(body) for body in bodies] == [[]] * 4
