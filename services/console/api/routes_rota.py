"""The routes of the rota: who is planned when, what the plan lacks, and the commands that change it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import AwareDatetime

from services.console.api import bodies, bodies_rota
from services.console.api.issue import Answered, CommandIssuer
from services.console.api.problems import RESPONSES, ProblemDetails
from services.console.api.routes_commands import IdInPath, Issuer, issuing
from services.console.api.routes_reads import Reading, reading_with
from services.console.view.rota_records import FeedSeen, ShiftTold, told, told_dropped
from shared import events
from shared.call import Name
from shared.doors.problems import Fault, Problem
from shared.events import AbsenceSet, Rotation

MOST_DAYS = 100
LAST = datetime.max.replace(tzinfo=UTC)
"""No calendar goes further."""

router = APIRouter(
    prefix="/v1/rota",
    tags=["rota"],
    responses={
        **RESPONSES,
        202: {"model": Answered, "description": "Not answered yet; ask at `status`"},
        409: {"model": ProblemDetails, "description": "Refused; `reason` is a stable code"},
    },
)


# --- what is planned ------------------------------------------------------------------------------------------------


@router.get("")
async def show_rota(  # noqa: PLR0917  # FastAPI's way to declare a query
    request: Request,
    reading: Annotated[Reading, reading_with("read")],
    starts_at: Annotated[AwareDatetime | None, Query(description="from now on, if left out")] = None,
    ends_at: Annotated[AwareDatetime | None, Query(description="so many `days` on, if left out")] = None,
    days: Annotated[int, Query(ge=1, le=MOST_DAYS, description="for how long, without `ends_at`")] = 42,
    team_id: Annotated[Name | None, Query(description="of one team")] = None,
    person_id: Annotated[Name | None, Query(description="of one person")] = None,
) -> list[ShiftTold]:
    """The shifts of a time, with who has which place in them, what each lacks and why; and those that were dropped."""
    commands: CommandIssuer = request.app.state.commands
    begin = starts_at or commands.now()
    end = ends_at or begin + min(timedelta(days=days), LAST - begin)
    if end <= begin or end - begin > timedelta(days=MOST_DAYS):
        fault = Fault("ends_at", "lies before the beginning, or too far behind it", f"{MOST_DAYS} days at most")
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "There is no such time.", fault)
    rota = reading.seen.rota
    shifts = [told(rota, shift) for shift in rota.between(begin, end, team_id=team_id, person_id=person_id)]
    if person_id is None:
        dropped = (told_dropped(each) for each in rota.dropped.values())
        shifts += (
            each
            for each in dropped
            if each.starts_at < end and begin < each.ends_at and team_id in (None, each.team_id)
        )
    if not shifts:
        _check_on_books(reading, team_id, person_id)
    return sorted(shifts, key=lambda each: (each.starts_at, each.team_id, each.shift_id))


def _check_on_books(reading: Reading, team_id: str | None, person_id: str | None) -> None:
    """Raise Problem (404) for who is on no books: a name that is misspelt is not planned for nothing."""
    if team_id is not None and team_id not in reading.seen.teams:
        raise Problem(HTTPStatus.NOT_FOUND, f"There is no {team_id} on the books.")
    if person_id is not None and person_id not in reading.seen.people:
        raise Problem(HTTPStatus.NOT_FOUND, f"There is no {person_id} among the staff.")


@router.get("/rotations")
async def list_rotations(reading: Annotated[Reading, reading_with("read")]) -> list[Rotation]:
    """The rotations from which shifts follow."""
    return sorted(reading.seen.rota.rotations.values(), key=lambda each: each.rotation_id)


@router.get("/absences")
async def list_absences(request: Request, reading: Annotated[Reading, reading_with("read")]) -> list[AbsenceSet]:
    """When people are away from now on: your own absences; a dispatcher and a supervisor see everybody's."""
    who, now = reading.who, request.app.state.commands.now()
    everybody = reading.seen.rota.absences
    seen = everybody if who.may_vouch else {who.name: everybody.get(who.name, [])}
    absences = (each for own in seen.values() for each in own if each.ends_at > now)
    return sorted(absences, key=lambda each: (each.starts_at, each.person_id))


@router.get("/feeds")
async def list_feeds(reading: Annotated[Reading, reading_with("read")]) -> list[FeedSeen]:
    """The plans that are read from other systems, when each was read last, and what of it was not taken."""
    return sorted(reading.seen.rota.feeds.values(), key=lambda each: each.newest.source)


# --- what is to be planned ------------------------------------------------------------------------------------------


@router.post("/rotations")
async def define_rotation(
    issuer: Annotated[Issuer, issuing("plan-shifts")], body: bodies_rota.RotationBody
) -> Answered:
    """Add a rotation, or replace it; its shifts of the next six weeks follow at once."""
    return await issuer.issue(events.DefineRotation, body.fields())


@router.post("/rotations/{rotation_id}/remove")
async def remove_rotation(
    issuer: Annotated[Issuer, issuing("plan-shifts")], rotation_id: Name, body: bodies.ReasonedBody
) -> Answered:
    """End a rotation, and drop the shifts of it that have not begun."""
    return await issuer.issue(events.RemoveRotation, {"rotation_id": rotation_id, **body.fields()})


@router.post("/shifts")
async def plan_shift(issuer: Annotated[Issuer, issuing("plan-shifts")], body: bodies_rota.ShiftBody) -> Answered:
    """Plan one shift that no rotation plans; `about` is its id."""
    return await issuer.issue(events.PlanShift, body.fields())


@router.post("/shifts/{shift_id}/move")
async def move_shift(
    issuer: Annotated[Issuer, issuing("plan-shifts")], shift_id: IdInPath, body: bodies_rota.MoveBody
) -> Answered:
    """Give a shift other times, whatever its rotation says; whoever is in it keeps their place, and is told."""
    return await issuer.issue(events.MoveShift, {"shift_id": shift_id, **body.fields()})


@router.post("/shifts/{shift_id}/drop")
async def drop_shift(
    issuer: Annotated[Issuer, issuing("plan-shifts")], shift_id: IdInPath, body: bodies.ReasonedBody
) -> Answered:
    """A shift does not take place; its rotation does not plan it again."""
    return await issuer.issue(events.DropShift, {"shift_id": shift_id, **body.fields()})


@router.post("/import")
async def import_shifts(issuer: Annotated[Issuer, issuing("plan-shifts")], body: bodies_rota.ImportBody) -> Answered:
    """Bring the shifts of another system in line with its rows; what was read of the same time before is replaced."""
    return await issuer.issue(events.ImportShifts, body.fields())


# --- who is in it ---------------------------------------------------------------------------------------------------


@router.post("/shifts/{shift_id}/take")
async def take_shift(
    issuer: Annotated[Issuer, issuing("change-own-plan")], shift_id: IdInPath, body: bodies_rota.TakeBody
) -> Answered:
    """Have a place in a shift from now on, all of it or a part. A supervisor may give it to anybody, and says why."""
    person_id = body.person_id or issuer.who.name
    issuer.of_own(person_id)
    return await issuer.issue(events.TakeShift, {"shift_id": shift_id, **body.fields(), "person_id": person_id})


@router.post("/shifts/{shift_id}/swap")
async def swap_shifts(
    issuer: Annotated[Issuer, issuing("change-own-plan")], shift_id: IdInPath, body: bodies_rota.SwapBody
) -> Answered:
    """Exchange places with somebody in another shift, both or neither; they are told. A supervisor says why."""
    return await issuer.issue(events.SwapShifts, {"shift_id": shift_id, **body.fields(), **_for_whom(issuer)})


@router.post("/shifts/{shift_id}/cover")
async def ask_for_cover(
    issuer: Annotated[Issuer, issuing("change-own-plan")], shift_id: IdInPath, body: bodies_rota.CoverBody
) -> Answered:
    """Ask everybody who is trained, free and rested to take your place; the first has it. A supervisor says why."""
    return await issuer.issue(events.AskForCover, {"shift_id": shift_id, **body.fields(), **_for_whom(issuer)})


@router.post("/absences")
async def set_absence(issuer: Annotated[Issuer, issuing("change-own-plan")], body: bodies_rota.AbsenceBody) -> Answered:
    """Say that you are away; a supervisor says it of anybody. `about` is the absence's id."""
    person_id = body.person_id or issuer.who.name
    issuer.of_own(person_id)
    return await issuer.issue(events.SetAbsence, {**body.fields(), "person_id": person_id})


@router.post("/absences/{absence_id}/lift")
async def lift_absence(
    issuer: Annotated[Issuer, issuing("change-own-plan")], absence_id: IdInPath, body: bodies_rota.LiftBody
) -> Answered:
    """Say that you are not away after all."""
    person_id = body.person_id or issuer.who.name
    issuer.of_own(person_id)
    about = {"absence_id": absence_id, **body.fields(), "person_id": person_id}
    return await issuer.issue(events.LiftAbsence, about)


def _for_whom(issuer: Issuer) -> dict[str, str]:
    """Staff speak for themselves, which rostering holds them to; a supervisor for whoever has the place."""
    return {"person_id": issuer.who.name} if issuer.who.only_own_shift else {}
