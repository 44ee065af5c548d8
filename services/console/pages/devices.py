"""The phones and tablets of a person, or of a team for whoever is on shift: a list, and a link that enrols another.

The link is a secret. It stands in the answer to a form alone, which no browser keeps, and in no address of a page here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from typing import Any, NamedTuple
from urllib.parse import quote

from markupsafe import Markup
from pydantic import ValidationError
from starlette.datastructures import FormData

from services.console.api.access import Asking
from services.console.api.bodies import EnrolmentBody
from services.console.api.problems import not_understood
from services.console.api.routes_devices import enrolment_link
from services.console.pages.actions import fields_of
from services.console.pages.page import ConsolePage, Region, Row, Visit
from services.console.pages.seat import check_right
from services.console.view.records import DeviceSeen
from shared.doors.problems import Problem


class DeviceLine(NamedTuple):
    """A phone or tablet that lets its holder in."""

    device_id: str
    label: str
    enrolled_at: datetime
    path: str
    back: str


def regions(visit: Visit) -> Sequence[Region]:
    """The devices, as they come and go."""
    devices = devices_of(visit, visit.path, **visit.params)
    rows = [Row(f"device-{device.device_id}", "row_device.html", device) for device in devices]
    return (Region("devices", rows, empty="None yet."),)


async def show(visit: Visit) -> Mapping[str, Any]:
    """Whose devices they are. Raises Problem (404)."""
    person_id, team_id = visit.params.get("person_id"), visit.params.get("team_id")
    if person_id is not None and person_id not in visit.seen.people:
        raise Problem(HTTPStatus.NOT_FOUND, f"There is no {person_id} among the staff.")
    if team_id is not None and team_id not in visit.seen.teams:
        raise Problem(HTTPStatus.NOT_FOUND, f"There is no {team_id} among the teams.")
    is_own = person_id == visit.who.name
    return {
        "name": visit.name_of(person_id) if person_id is not None else team_id,
        "is_own": is_own,
        "of_team": team_id is not None,
        "may_enrol": visit.may("enrol-device") and (is_own or not visit.who.only_own_shift),
        "link": None,
    }


async def enrol(visit: Visit, form: FormData) -> Mapping[str, Any]:
    """The same with a link that enrols a device, once. Nothing is kept of it. Raises Problem (403, 404, 422)."""
    check_right(visit.who, "enrol-device")
    shown = await show(visit)
    try:
        body = EnrolmentBody.model_validate({**fields_of(form), **visit.params})
    except ValidationError as error:
        raise not_understood(error.errors()) from None
    link = enrolment_link(visit.door.settings, visit.seen, visit.now, visit.who, body)
    return {**shown, "link": link, "qr": Markup(link.qr)}  # noqa: S704  # drawn by segno from our own link


def devices_of(
    visit: Visit, back: str, *, person_id: str | None = None, team_id: str | None = None
) -> tuple[DeviceLine, ...]:
    """The devices of a person or a team, in the order in which they came. `back`: where ending one leads to."""
    devices = visit.seen.devices.values()
    own = (device for device in devices if (device.person_id, device.team_id) == (person_id, team_id))
    return tuple(_line(device, back) for device in sorted(own, key=lambda each: (each.enrolled_at, each.device_id)))


def address_of(person_id: str) -> str:
    """Where the devices of a person stand."""
    return f"/devices/of/{quote(person_id, safe='')}"


def address_of_team(team_id: str) -> str:
    """Where the devices of a team stand."""
    return f"/devices/of-team/{quote(team_id, safe='')}"


def _line(device: DeviceSeen, back: str) -> DeviceLine:
    path = f"/devices/{quote(device.device_id, safe='')}/revoke"
    return DeviceLine(device.device_id, device.label or "phone or tablet", device.enrolled_at, path, back)


def _is_own_or_vouching(who: Asking, params: Mapping[str, str]) -> bool:
    return who.may_vouch or params.get("person_id") == who.name


PAGE = ConsolePage(
    "/devices/of/{person_id}",
    "Phones and tablets",
    "revoke-device",
    "devices.html",
    show=show,
    regions=regions,
    admits=_is_own_or_vouching,
    posted=enrol,
    posting_weighs_most=True,
    part="devices_link.html",
    navigation=False,
)
TEAM_PAGE = replace(PAGE, path="/devices/of-team/{team_id}")
