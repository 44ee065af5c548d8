"""Example event streams: what the journals say of one call, from its beginning to its end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from shared import events
from shared.engine.broker import Stored
from shared.events import Event
from shared.judgement import Gate, Judgement, RaisedBy
from shared.topics import ASSIGNMENTS, DECISIONS, NOTIFICATIONS
from tests import builders

CALL_ID = "madison-wi/dane-county/2021-1"
START = datetime(2021, 9, 2, 17, 0, tzinfo=UTC)
HASH = "h" * 32


def judgement(**changes: Any) -> Judgement:
    hours = Gate(gate="hours", passed=True, reason=None, sentence="Mon-Fri 11:00-19:00 is open.")
    fields = {
        "raised_by": (RaisedBy("weapon", "none", None, "answer Q1", START),),
        "category": "check-welfare",
        "gates": (Gate(gate="district", passed=True, reason=None, sentence="The call is in Central."),),
        "responses": (builders.verdict(gates=(hours,)),),
        "sentence": "Suitable for cares.",
        "programme_hash": HASH,
    }
    return builders.judgement(**fields | changes)


def triaged(call_id: str = CALL_ID, **changes: Any) -> events.CallTriaged:
    return builders.call_triaged(call_id, START, judgement(**changes), priority="3")


def deadline(call_id: str = CALL_ID, episode: int = 1, **changes: Any) -> events.DeadlineSet:
    given: dict[str, Any] = {
        "call_id": call_id,
        "episode": episode,
        "deadline": START + timedelta(seconds=60),
        "received_at": START,
        "call_at": "calls/0/0",
    }
    return events.DeadlineSet(**{**given, **changes})


def offered(team_id: str = "cares-1", call_id: str = CALL_ID, step: int = 1) -> events.OfferMade:
    bypassed = (events.BypassedTeam(team_id="cares-9", reasons=("off-duty",)),)
    return builders.offer_made(call_id, START, step, team_id=team_id, ranked=(team_id,), bypassed=bypassed)


def accepted(team_id: str = "cares-1") -> events.OfferAccepted:
    return events.OfferAccepted(
        offer_id="offer-1",
        call_id=CALL_ID,
        episode=1,
        team_id=team_id,
        person_id="ann",
        accepted_at=START,
        eta_minutes=7,
    )


def routed(outcome: Any = "team-accepted", call_id: str = CALL_ID, **changes: Any) -> events.CallRouted:
    return builders.call_routed(call_id, START, outcome, **{"programme_hash": HASH} | changes)


def page_due() -> events.PageDue:
    return events.PageDue(
        page_id="page-1",
        kind="offer",
        call_id=CALL_ID,
        episode=1,
        team_id="cares-1",
        person_id="ann",
        method=events.ContactMethod(method_id="pocket", kind="pocket"),
        not_after=START + timedelta(seconds=30),
    )


def message_due() -> events.CadMessageDue:
    return events.CadMessageDue(
        message_id="message-1",
        kind="call.routed",
        source="dane-county",
        body={},
        not_after=START + timedelta(seconds=60),
        call_id=CALL_ID,
        episode=1,
    )


def informed() -> events.CadInformed:
    return events.CadInformed(
        message_id="message-1", source="dane-county", kind="call.routed", call_id=CALL_ID, episode=1
    )


def team(team_id: str = "cares-1") -> events.TeamDefined:
    defined = events.Team(team_id=team_id, model="community-responder", primary_districts=("Central",))
    return events.TeamDefined(team=defined)


def signed_on(team_id: str = "cares-1", *members: str) -> events.TeamSignedOn:
    return events.TeamSignedOn(
        team_id=team_id, shift_id="shift-1", members=members or ("ann",), shift_ends_at=START + timedelta(hours=8)
    )


def person(person_id: str = "ann") -> events.PersonDefined:
    return events.PersonDefined(person=events.Person(person_id=person_id, name="Ann", disciplines=("paramedic",)))


ACCEPTED: tuple[tuple[str, Event], ...] = (
    (ASSIGNMENTS.name, person()),
    (ASSIGNMENTS.name, team()),
    (ASSIGNMENTS.name, signed_on()),
    (DECISIONS.name, triaged()),
    (ASSIGNMENTS.name, deadline()),
    (ASSIGNMENTS.name, offered()),
    (NOTIFICATIONS.name, page_due()),
    (NOTIFICATIONS.name, events.PageAttempted(page_id="page-1")),
    (NOTIFICATIONS.name, events.PageDelivered(page_id="page-1")),
    (ASSIGNMENTS.name, accepted()),
    (ASSIGNMENTS.name, routed()),
    (NOTIFICATIONS.name, message_due()),
    (NOTIFICATIONS.name, informed()),
)
"""A call that a team accepted, and that the CAD was told of."""


def stored(topic: str, event: Event, number: int = 0, at: datetime = START) -> Stored:
    return Stored(topic, 0, number, at, "madison-wi", event.encode(), {"type": event.type.encode()})
