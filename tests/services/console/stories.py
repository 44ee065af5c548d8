"""Example event streams: what the journals say of one call, from its beginning to its end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from shared import events
from shared.engine.broker import Stored
from shared.events import Event
from shared.judgement import Gate, Judgement, RaisedBy, ResponseVerdict, Step
from shared.topics import ASSIGNMENTS, DECISIONS, NOTIFICATIONS

CALL_ID = "madison-wi/dane-county/2021-1"
START = datetime(2021, 9, 2, 17, 0, tzinfo=UTC)
HASH = "h" * 32


def judgement(**changes: Any) -> Judgement:
    given: dict[str, Any] = {
        "suitability": "suitable",
        "reasons": (),
        "missing": (),
        "level": "calm",
        "level_rank": 0,
        "raised_by": (RaisedBy("weapon", "none", None, "answer Q1", START),),
        "district": "Central",
        "category": "check-welfare",
        "gates": (Gate(gate="district", passed=True, reason=None, sentence="The call is in Central."),),
        "responses": (
            ResponseVerdict(
                response="cares",
                model="community-responder",
                crew=("paramedic", "crisis-worker"),
                goes="instead of default",
                replaces=(),
                reached_by="offer",
                on_upgrade="recall",
                may_go=True,
                phase="live",
                reasons=(),
                gates=(Gate(gate="hours", passed=True, reason=None, sentence="Mon-Fri 11:00-19:00 is open."),),
            ),
        ),
        "steps": (Step("same response", 30), Step("default", 0)),
        "routing_deadline_seconds": 60,
        "cad_notice_seconds": 10,
        "offer_expiry_seconds": 30,
        "accepted_not_moving_minutes": 5,
        "status_stale_minutes": 15,
        "transfer_ack_seconds": 30,
        "on_scene_check_minutes": 30,
        "sentence": "Suitable for cares.",
        "programme_version": 1,
        "programme_hash": HASH,
        "switchboard_revision": 3,
    }  # fmt: skip
    return Judgement(**{**given, **changes})


def triaged(call_id: str = CALL_ID, **changes: Any) -> events.CallTriaged:
    return events.CallTriaged(
        call_id=call_id, event_id="e1", updated_at=START, judged_at=START, judgement=judgement(**changes), priority="3"
    )


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
    return events.OfferMade(
        offer_id=f"offer-{step}",
        call_id=call_id,
        episode=1,
        team_id=team_id,
        response="cares",
        district="Central",
        priority="3",
        step=step,
        expires_at=START + timedelta(seconds=30),
        deadline=START + timedelta(seconds=60),
        ranked=(team_id,),
        bypassed=(events.BypassedTeam(team_id="cares-9", reasons=("off-duty",)),),
    )


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
    given: dict[str, Any] = {
        "call_id": call_id,
        "episode": 1,
        "outcome": outcome,
        "team_id": "cares-1" if outcome == "team-accepted" else None,
        "response": "cares" if outcome == "team-accepted" else None,
        "district": "Central",
        "deadline": START + timedelta(seconds=60),
        "programme_version": 1,
        "programme_hash": HASH,
        "switchboard_revision": 3,
    }
    return events.CallRouted(**{**given, **changes})


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
