"""Phones and tablets: the list of those that let somebody in, and a link that enrols one."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Annotated

import segno
from fastapi import APIRouter, Depends, Request
from pydantic import AwareDatetime, BaseModel, Field

from services.console.api import bodies
from services.console.api.access import RIGHTS, Asking, may
from services.console.api.problems import RESPONSES
from services.console.api.routes_reads import whole_view
from services.console.config import ConsoleSettings
from services.console.view.agency import AgencyView
from services.console.view.records import DeviceSeen
from shared.doors.problems import Fault, Problem
from shared.enrolment import Enrolment

router = APIRouter(prefix="/v1", tags=["devices"], responses=RESPONSES)


class EnrolmentLink(BaseModel):
    """A link that makes one phone or tablet its holder's, once."""

    link: str = Field(description="whoever opens it on a device, and taps, has that device enrolled")
    until: AwareDatetime
    qr: str = Field(description="the same as a QR code: SVG")


@router.get("/devices")
async def list_devices(request: Request, who: Annotated[Asking, Depends(may("read"))]) -> list[DeviceSeen]:
    """The phones and tablets that let somebody in; staff see their own."""
    devices = whole_view(request).agency(who.agency).devices.values()
    sees_all = bool(who.roles & RIGHTS["read-people"])
    seen = (device for device in devices if sees_all or device.person_id == who.name)
    return sorted(seen, key=lambda device: (device.person_id or "", device.team_id or "", device.enrolled_at))


@router.post("/devices/enrolment-link", status_code=HTTPStatus.CREATED)
async def make_enrolment_link(
    request: Request, who: Annotated[Asking, Depends(may("enrol-device"))], body: bodies.EnrolmentBody
) -> EnrolmentLink:
    """Make a link that enrols a phone or tablet, once, within a quarter of an hour: yours, or whose you say."""
    seen = whole_view(request).agency(who.agency)
    return enrolment_link(request.app.state.settings, seen, request.app.state.commands.now(), who, body)


def enrolment_link(
    settings: ConsoleSettings, seen: AgencyView, now: datetime, who: Asking, body: bodies.EnrolmentBody
) -> EnrolmentLink:
    """A link for a device of whoever is meant, if somebody with the right may make it. Raises Problem (403, 422)."""
    person_id = body.person_id or (None if body.team_id else who.name)
    if who.only_own_shift and (body.team_id is not None or person_id != who.name):
        raise Problem(HTTPStatus.FORBIDDEN, "You may enrol a device of your own only.")
    if person_id is not None and person_id not in seen.people:
        fault = Fault("/person_id", f"There is no {person_id} among the staff", "a person_id of `GET /v1/people`")
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "Nobody of that name can have a device.", fault)
    if body.team_id is not None and body.team_id not in seen.teams:
        fault = Fault("/team_id", f"There is no {body.team_id} on the roster", "a team_id of `GET /v1/teams`")
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "No team of that name can have a device.", fault)
    enrolment = Enrolment.new(
        now, who.agency, person_id=person_id, team_id=body.team_id, label=body.label, enrolled_by=who.name
    )
    link = enrolment.link(settings.pocket_url, settings.link_secret.get_secret_value())
    return EnrolmentLink(link=link, until=enrolment.until, qr=segno.make_qr(link).svg_inline(scale=4, omitsize=True))
