"""The routes of figures: reporting counts, this door says who may ask. Public tables stand on a page, for everybody."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from services.console.api.access import Asking, may
from services.console.api.problems import RESPONSES
from services.console.api.routes_reads import register_of
from services.console.elsewhere import Elsewhere, Told
from shared.doors.audit import Register
from shared.doors.problems import Problem
from shared.events import DataExported

NOT_NOTED = "This cannot be written into the audit log just now, so nothing is given out. Try again in a while."
router = APIRouter(prefix="/v1", responses=RESPONSES, tags=["figures"])
PERIOD = r"20[0-9]{2}(-Q[1-4])?"
PeriodInPath = Annotated[str, Path(pattern=f"^{PERIOD}$", description="a quarter, as 2026-Q1, or a year, as 2026")]


async def _question(
    first: Annotated[date | None, Query(alias="from", description="first day; 90 days ago, if left out")] = None,
    until: Annotated[date | None, Query(description="the day after the last; tomorrow, if left out")] = None,
    by: Annotated[str | None, Query(max_length=40, description="what they are cut by: district, month, …")] = None,
    measure: Annotated[str | None, Query(max_length=1000, description="some measures, after commas; else all")] = None,
) -> dict[str, str]:
    given = {"from": first, "until": until, "by": by, "measure": measure}
    return {name: str(value) for name, value in given.items() if value is not None}


Question = Annotated[dict[str, str], Depends(_question)]


@router.get("/figures")
async def show_figures(
    request: Request, who: Annotated[Asking, Depends(may("read-figures"))], question: Question
) -> Response:
    """Figures of a period: each with its definition, of how many, and how many could not be counted."""
    return handed_on(await _reporting(request).ask("figures", who.agency, query=question))


@router.get("/figures.csv")
async def download_figures(
    request: Request, who: Annotated[Asking, Depends(may("read-figures"))], question: Question
) -> Response:
    """The same as CSV, with the definitions in lines that begin with `#`."""
    return await export_figures(_reporting(request), register_of(request), who, question)


@router.get("/calls.csv")
async def download_calls(
    request: Request, who: Annotated[Asking, Depends(may("export-calls"))], question: Question
) -> Response:
    """One row for each call, with nothing personal, as CSV: to be joined with other records by the CAD's number."""
    return await export_calls(_reporting(request), register_of(request), who, question)


@router.get("/publications")
async def list_publications(request: Request, who: Annotated[Asking, Depends(may("read-figures"))]) -> Response:
    """What has been published, as everybody can read it."""
    return handed_on(await _reporting(request).ask("publications", who.agency))


@router.post("/publications/{period}")
async def publish_figures(
    request: Request, who: Annotated[Asking, Depends(may("publish-figures"))], period: PeriodInPath
) -> Response:
    """Publish the public tables of a quarter or a year: once, a week after its end at the earliest, and for good."""
    return handed_on(await publish(_reporting(request), register_of(request), who, period))


async def publish(reporting: Elsewhere, register: Register, who: Asking, period: str) -> Told:
    """Have reporting publish a period, once it is written down who did so. Raises Problem (503)."""
    await _note_export(register, who, f"figures of {period}, to be published for good", {})
    return await reporting.tell("publications", who.agency, period)


async def export_figures(
    reporting: Elsewhere, register: Register, who: Asking, question: Mapping[str, str]
) -> Response:
    """Figures as CSV, once it is written down that they are taken out. Raises Problem (503)."""
    await _note_export(register, who, "figures", question)
    answer = await reporting.ask("figures", who.agency, "csv", query=question)
    return handed_on(answer, f"figures-{who.agency}.csv")


async def export_calls(reporting: Elsewhere, register: Register, who: Asking, question: Mapping[str, str]) -> Response:
    """One row for each call as CSV, once it is written down that they are taken out. Raises Problem (503)."""
    await _note_export(register, who, "a row for each call", question)
    answer = await reporting.ask("figures", who.agency, "calls", query=question)
    return handed_on(answer, f"calls-{who.agency}.csv")


async def _note_export(register: Register, who: Asking, what: str, question: Mapping[str, str]) -> None:
    """What leaves in bulk can wait, and nobody can call it back: it leaves once the audit log has it."""
    period = {"since": question.get("from", ""), "until": question.get("until", "")}
    if not await register.noted(DataExported, who.asker, what=what, **period):
        raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, NOT_NOTED)


def _reporting(request: Request) -> Elsewhere:
    reporting: Elsewhere = request.app.state.reporting
    return reporting


def handed_on(answer: Told, file_name: str = "") -> Response:
    """Hand an answer on as it is, a refusal too; what is downloaded has a name."""
    headers: dict[str, Any] = {"Content-Disposition": f'attachment; filename="{file_name}"'} if file_name else {}
    return Response(answer.body, answer.status, headers if answer.status == HTTPStatus.OK else None, answer.media_type)
