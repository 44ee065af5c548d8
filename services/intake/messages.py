"""What careroute posts to a CAD, for its reference: each message with its fields, as OpenAPI's webhooks have it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType, NoneType
from typing import Any, Final, get_args

from pydantic import BaseModel, Field, create_model

from shared.cad_messages import BY_EVENT, MESSAGES, NEEDS_POLICE, ONLY_WHERE_TRUE, CadMessage
from shared.events import SafetyCheckMissed

HEADERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "webhook-id": "Of the message: what comes twice has the same, and is acknowledged twice.",
        "webhook-timestamp": "When it was sent, in seconds since 1970.",
        "webhook-signature": "`v1,…` of id, time and body, for each secret that is valid: one has to be right.",
        "careroute-not-after": "After that the message is not tried again, and must not be passed on.",
    }
)
FIELDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "acknowledged_by": "Who has let the call wait.",
        "against": "Codes of what speaks against the response.",
        "agency": "Whose call it is.",
        "another_incident": "The number may stand for another incident.",
        "call_id": "The call: agency, source and incident number.",
        "changed_at": "When the CAD changed it.",
        "changes": "A sentence for each change, old and new.",
        "deadline": "By when the outcome had to be there.",
        "disposition": "How the call ended for the team.",
        "district": "Where the call is, as the programme names it.",
        "enters_when": "Who may let the team in.",
        "episode": "Which request for a team within the call; of an older one nothing counts any more.",
        "expires_at": "An answer after that comes too late.",
        "far": "The call is far from where the team was sent.",
        "happened_at": "When it was so.",
        "held": "The call had been put on hold, and waits no more.",
        "incident_id": "The number that the CAD gave the call.",
        "level": "The level that the call is on now.",
        "level_rank": "The higher, the more dangerous.",
        "minutes": "How long the call would wait at most.",
        "missed": "Safety checks in a row that the team has not answered.",
        "more_dangerous": "Whether the call is more dangerous than the team was told.",
        "on_upgrade": "What the team does, as the programme has it.",
        "outcome": "Who goes: only `team-accepted` and `phone-accepted` mean that careroute sends somebody.",
        "programme_hash": "The document that this follows.",
        "programme_version": "Its version.",
        "raised_by": "The facts that put the call on its level.",
        "reason": "In the words of whoever did it.",
        "reasons": "Codes of why the default goes.",
        "released_by": "Who has let the team in.",
        "requested_by": "Who had asked for a team, and waits for an answer.",
        "response": "The response of the programme.",
        "send": "Whom the dispatcher is asked to send.",
        "sentence": "For the dispatcher to read.",
        "silent_minutes": "How long nothing was heard of the team.",
        "source": "Which of the agency's CADs.",
        "staged_minutes": "How long the team has waited.",
        "status": "What the team says of itself.",
        "switchboard_revision": "What was switched on then.",
        "team_id": "The team, by its name.",
        "team_on_scene": "The team is with somebody, and stays.",
        "to_call_id": "The call that the team has now.",
        "to_episode": "Its episode.",
        "until": "The end of the wait.",
        "waited_minutes": "How long the call has waited.",
        "why": "A code: why it is so.",
        "withdrawn_by": "Who took the team off, where a person did.",
    }
)
"""What each field of any message says."""


class OfTeam(BaseModel):
    """What every message says, also one about a team that has no call."""

    source: str = Field(description=FIELDS["source"])


class OfCall(OfTeam):
    """What every message about a call says."""

    agency: str = Field(description=FIELDS["agency"])
    incident_id: str = Field(description=FIELDS["incident_id"])
    call_id: str = Field(description=FIELDS["call_id"])
    episode: int = Field(description=FIELDS["episode"])


class NeedsPolice(OfTeam):
    """A team that has no call asks for police. Where it is nobody here knows: ask it by radio."""

    team_id: str = Field(description=FIELDS["team_id"])
    status: str = Field(description=FIELDS["status"])
    sentence: str = Field(description=FIELDS["sentence"])


class Ping(OfTeam):
    """Somebody tries whether the webhook works: acknowledge it, and do nothing."""


def _data_of(message: CadMessage, base: type[OfTeam] = OfCall, ending: str = "Data") -> type[BaseModel]:
    """The shape of a message's data."""
    fields: dict[str, Any] = {
        name: _field(name, message.event.model_fields[name].annotation) for name in sorted(message.fields)
    }
    made = create_model(f"{message.event.__name__}{ending}", __base__=base, **fields)
    made.__doc__ = message.meaning
    return made


def _field(name: str, kind: Any) -> tuple[Any, Any]:
    """One field, and whether it has to be there: its kind, and what stands of it in the reference."""
    is_optional = NoneType in get_args(kind)
    if is_optional or name in ONLY_WHERE_TRUE:
        return get_args(kind)[0] if is_optional else kind, Field(default_factory=NoneType, description=FIELDS[name])
    return kind, Field(description=FIELDS[name])


@cache
def shapes() -> Mapping[str, list[type[BaseModel]]]:
    """By the type of a message, what its data may look like. Made when somebody asks: no start waits for it."""
    made: defaultdict[str, list[type[BaseModel]]] = defaultdict(list)
    for message in MESSAGES:
        made[message.kind].append(_data_of(message))
    made["team.silent"].append(_data_of(BY_EVENT[SafetyCheckMissed], OfTeam, "WithoutCall"))
    return MappingProxyType({**made, NEEDS_POLICE: [NeedsPolice], "ping": [Ping]})


def webhooks(reference: str) -> dict[str, Any]:
    """OpenAPI's `webhooks`; `reference` leads to a shape's schema."""
    return {kind: _webhook(kind, of_kind, reference) for kind, of_kind in shapes().items()}


def _webhook(kind: str, shapes: list[type[BaseModel]], reference: str) -> dict[str, Any]:
    data = [{"$ref": reference.format(model=shape.__name__)} for shape in shapes]
    body = {
        "type": "object",
        "required": ["type", "timestamp", "data"],
        "properties": {
            "type": {"const": kind},
            "timestamp": {
                "type": "string",
                "format": "date-time",
                "description": "Tells the order of messages about one call.",
            },
            "data": data[0] if len(data) == 1 else {"anyOf": data},
        },
    }
    headers = [
        {"name": name, "in": "header", "required": True, "schema": {"type": "string"}, "description": meaning}
        for name, meaning in HEADERS.items()
    ]
    return {
        "post": {
            "summary": kind,
            "description": " ".join(dict.fromkeys(shape.__doc__ or "" for shape in shapes)),
            "operationId": kind.replace(".", "_").replace("-", "_"),
            "parameters": headers,
            "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
            "responses": {
                "2XX": {"description": "Acknowledged. Answer as soon as the message is kept, and within 4 s."},
                "410": {"description": "No messages are wanted any more: none comes until a ping is acknowledged."},
                "default": {
                    "description": "Not acknowledged: it comes again, under the same id, until its time is over."
                },
            },
        }
    }
