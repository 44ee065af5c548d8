"""The page Figures: what came of it, by stated definitions; charts with their numbers, downloads, and publishing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from services.console.api.routes_figures import PERIOD, Question, export_calls, export_figures, handed_on, publish
from services.console.elsewhere import Elsewhere
from services.console.figures import Publications, Report
from services.console.pages.figures_charts import CUT_MEASURES, TREND_MEASURES, charts_of, charts_of_cut
from services.console.pages.page import ConsolePage, Visit
from services.console.pages.seat import Seated, check_right, door_of, from_own_page
from shared.doors.pages import Page, asks_for_page
from shared.doors.problems import ProblemDetails

CUTS = ("district", "model", "response", "phase", "category", "document", "hour", "weekday", "month", "quarter", "year")
PeriodInForm = Annotated[str, Form(pattern=f"^{PERIOD}$")]
router = APIRouter(include_in_schema=False, dependencies=[Depends(from_own_page)])


@dataclass(frozen=True, slots=True)
class _Asked:
    """The three questions of a page: all of a period, by month, and by what somebody chose."""

    reporting: Elsewhere
    agency: str
    period: Mapping[str, str]

    async def report(self, **more: str) -> Report:
        """A report. Raises Page, or Away."""
        answer = await self.reporting.ask("figures", self.agency, query={**self.period, **more})
        if answer.status != HTTPStatus.OK:
            raise Page(answer.status, "Not understood", "There is no such period, or nothing to cut figures by that.")
        return self.reporting.read(Report, answer)


async def show(visit: Visit) -> Mapping[str, Any]:
    """The figures of the period that the address says. Raises Page, or Away."""
    period = {name: visit.query[name] for name in ("from", "until") if visit.query.get(name)}
    by = visit.query.get("by", "")
    asked = _Asked(visit.door.reporting, visit.who.agency, period)
    report = await asked.report()
    by_month = await asked.report(by="month", measure=",".join(TREND_MEASURES))
    cut = await asked.report(by=by, measure=",".join(CUT_MEASURES)) if by else None
    return {
        "report": report,
        "measures": report.by_name,
        "charts": charts_of(report, by_month),
        "cut_charts": charts_of_cut(cut) if cut else [],
        "not_cut": cut.not_cut if cut else [],
        "by": by,
        "cuts": CUTS,
        "query": visit.query,
        "publications": (await asked.reporting.ask_for(Publications, "publications", asked.agency)).root,
    }


@router.get("/figures.csv")
async def download_figures(request: Request, signed_in: Seated, question: Question) -> Response:
    """Figures as CSV."""
    check_right(signed_in.who, "read-figures")
    return await export_figures(door_of(request).reporting, door_of(request).register, signed_in.who, question)


@router.get("/figures/calls.csv")
async def download_calls(request: Request, signed_in: Seated, question: Question) -> Response:
    """One row for each call as CSV."""
    check_right(signed_in.who, "export-calls")
    return await export_calls(door_of(request).reporting, door_of(request).register, signed_in.who, question)


@router.post("/figures/publish")
async def publish_period(request: Request, signed_in: Seated, period: PeriodInForm) -> Response:
    """Publish a quarter or a year, and lead to what is published. Raises Page where that is refused."""
    check_right(signed_in.who, "publish-figures")
    reporting = door_of(request).reporting
    answer = await publish(reporting, door_of(request).register, signed_in.who, period)
    if not asks_for_page(request):
        is_done = answer.status == HTTPStatus.OK
        return JSONResponse({"state": "done", "sentence": f"{period} is published."}) if is_done else handed_on(answer)
    if answer.status != HTTPStatus.OK:
        raise Page(answer.status, "Not published", reporting.read(ProblemDetails, answer).detail)
    return RedirectResponse(f"/public/{signed_in.who.agency}", HTTPStatus.SEE_OTHER)


PAGE = ConsolePage("/figures", "Figures", "read-figures", "figures.html", show)
