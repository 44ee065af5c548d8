"""The page of a person's shifts: theirs, those that somebody is wanted for, when they are away, and their calendar."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from http import HTTPStatus
from typing import Any, NamedTuple
from urllib.parse import quote

from services.console.api.routes_calendars import calendars_of
from services.console.pages import devices
from services.console.pages.page import LOCAL, ConsolePage, LeadsTo, Region, Row, Visit
from services.console.pages.rota_line import ShiftLine, date_of, shift_line
from services.console.view.rota_records import RotaShiftSeen, told
from shared.doors.problems import Problem
from shared.events import LinkHandedOut
from shared.programme.judging.hours import instant

DAYS = 42
MOST_WANTED = 40


class OwnLine(NamedTuple):
    """A shift of theirs, with the places in it that are theirs."""

    shift: ShiftLine
    places: tuple[int, ...]
    person_id: str


class AwayLine(NamedTuple):
    """A time in which they are away."""

    path: str
    starts: str
    ends: str
    person_id: str


def regions(visit: Visit) -> Sequence[Region]:
    """Their shifts of six weeks, and those of others that somebody is wanted for."""
    person_id, rota = visit.params["person_id"], visit.seen.rota
    until = visit.now + timedelta(days=DAYS)
    own = rota.between(visit.now, until, person_id=person_id)
    wanted = [shift for shift in rota.between(visit.now, until) if shift not in own and _is_wanted(visit, shift)]
    return (
        Region("own", [_own_row(visit, shift, person_id) for shift in own], empty="No shift is planned."),
        Region("wanted", [_wanted_row(visit, shift) for shift in wanted[:MOST_WANTED]], empty="Nobody is wanted."),
    )


async def show(visit: Visit) -> Mapping[str, Any]:
    """When they are away, and their calendar, for themselves and for whoever looks after them."""
    person_id, zone = visit.params["person_id"], visit.zone
    is_own = person_id == visit.who.name
    looks_after = is_own or visit.who.may_vouch
    known = person_id in visit.seen.people
    if not known and not is_own:
        raise Problem(HTTPStatus.NOT_FOUND, f"There is no {person_id} among the staff.")
    tomorrow = instant(zone, visit.now.astimezone(zone).date() + timedelta(days=1), 0)
    if looks_after and known:
        visit.door.register.note(LinkHandedOut, visit.who.asker, what="calendar", person_id=person_id)
    absences = visit.seen.rota.absences.get(person_id, ()) if looks_after else ()
    return {
        "person_id": person_id,
        "name": visit.name_of(person_id),
        "is_own": is_own,
        "known": known,
        "looks_after": looks_after,
        "may_change": (is_own and visit.may("change-own-plan")) or visit.may("plan-shifts"),
        "from_local": f"{tomorrow.astimezone(zone):{LOCAL}}",
        "devices_path": devices.address_of(person_id) if looks_after and known else "",
        "may_enrol": visit.may("enrol-device") and (is_own or not visit.who.only_own_shift),
        "absences": [
            AwayLine(
                f"/rota/absences/{quote(each.absence_id, safe='')}/lift",
                f"{date_of(each.starts_at, zone)}, {each.starts_at.astimezone(zone):%H:%M}",
                f"{date_of(each.ends_at, zone)}, {each.ends_at.astimezone(zone):%H:%M}",
                person_id,
            )
            for each in absences
            if each.ends_at > visit.now
        ],
        "calendars": calendars_of(visit.door.settings, visit.who.agency, visit.seen, person_id)
        if looks_after and known
        else None,
        "address": address_of(person_id),
    }


async def lead_to_own(visit: Visit) -> Mapping[str, Any]:
    """Lead whoever asks to the page of their own shifts."""
    raise LeadsTo(address_of(visit.who.name))


def address_of(person_id: str) -> str:
    """Where the shifts of a person stand."""
    return f"/rota/of/{quote(person_id, safe='')}"


def _is_wanted(visit: Visit, shift: RotaShiftSeen) -> bool:
    """Whether a place in it is nobody's, or its holder is away or asks for somebody else."""
    return any(part.ends_at > visit.now for place in told(visit.seen.rota, shift).places for part in place.wanted)


def _own_row(visit: Visit, shift: RotaShiftSeen, person_id: str) -> Row:
    line = shift_line(visit, told(visit.seen.rota, shift), address_of(person_id))
    places = tuple(
        number
        for number, stretches in shift.rota.places()
        if any(stretch.person_id == person_id for stretch in stretches)
    )
    return Row(f"own-{line.html_id}", "row_own_shift.html", OwnLine(line, places, person_id))


def _wanted_row(visit: Visit, shift: RotaShiftSeen) -> Row:
    line = shift_line(visit, told(visit.seen.rota, shift), address_of(visit.params["person_id"]))
    return Row(f"wanted-{line.html_id}", "row_wanted.html", line, "waits")


PAGE = ConsolePage(
    "/rota/of/{person_id}", "Shifts", "read", "own_shifts.html", show=show, regions=regions, navigation=False,
    names_people=True, refresh_seconds=1.0,
)  # fmt: skip
OWN_PAGE = ConsolePage("/rota/mine", "My shifts", "change-own-plan", "own_shifts.html", show=lead_to_own)
