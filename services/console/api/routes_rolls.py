"""Roll calls: who can be reached over which way."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter

from services.console.api import bodies
from services.console.api.issue import Answered
from services.console.api.problems import RESPONSES, ProblemDetails
from services.console.api.routes_commands import IdInPath, Issuer, check_on_books, issuing
from services.console.api.routes_reads import Reading, reading_with
from services.console.view.records import RollSeen
from shared import events
from shared.doors.problems import Problem

router = APIRouter(
    prefix="/v1/rolls",
    tags=["roll calls"],
    responses={
        **RESPONSES,
        202: {"model": Answered, "description": "Not answered yet; ask at `status`"},
        409: {"model": ProblemDetails, "description": "Refused; `reason` is a stable code"},
    },
)


@router.get("")
async def list_rolls(reading: Annotated[Reading, reading_with("read")]) -> list[RollSeen]:
    """The last roll calls, newest first; whoever is staff alone sees what they were asked themselves."""
    seen = (_for(reading, roll) for roll in reversed(reading.seen.rolls.values()))
    return [roll for roll in seen if roll.places]


@router.get("/{roll_id}")
async def show_roll(reading: Annotated[Reading, reading_with("read")], roll_id: IdInPath) -> RollSeen:
    """One roll call: who was asked over which way, and what came of it."""
    roll = reading.seen.rolls.get(roll_id)
    seen = None if roll is None else _for(reading, roll)
    if seen is None or not seen.places:
        raise Problem(HTTPStatus.NOT_FOUND, "There is no such roll call among the last ones.")
    return seen


@router.post("")
async def call_roll(issuer: Annotated[Issuer, issuing("call-roll")], body: bodies.RollBody) -> Answered:
    """Page people to see who answers: the named ones over every way, everybody over those not proved for 30 days.

    Staff may ask themselves. The answer's `about` is the roll call.
    """
    if not issuer.who.may_vouch:
        for person_id in body.fields().get("person_ids") or ("",):
            issuer.of_own_or_vouching(person_id)
    check_on_books(issuer, body.fields().get("person_ids", ()))
    return await issuer.issue(events.CallRoll, body.fields())


def _for(reading: Reading, roll: RollSeen) -> RollSeen:
    """A roll call as somebody may see it."""
    if reading.who.may_vouch:
        return roll
    own = [place for place in roll.places if place.person_id == reading.who.name]
    return RollSeen(roll.roll_id, roll.at, roll.until, roll.called_by, own, roll.closed_at)
