"""The page on which two people swap places: one in the shift that it is about, for one in a shift of somebody else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from http import HTTPStatus
from typing import Any, NamedTuple
from urllib.parse import urlencode

from services.console.pages.page import ConsolePage, Region, Row, Visit, told_apart
from services.console.pages.rota_line import PlaceLine, ShiftLine, path_of, shift_line
from services.console.view.rota_records import RotaShiftSeen, told
from shared.doors.problems import Problem

DAYS = 42


class SwapLine(NamedTuple):
    """A place of somebody in another shift, to be swapped for the one that the page is about."""

    shift: ShiftLine
    shift_id: str
    place: PlaceLine
    path: str
    """Of the swap."""
    for_place: int
    with_whom: str
    """Whose it is."""
    back: str


def regions(visit: Visit) -> Sequence[Region]:
    """The shift that a place is given in, and the places that it can be swapped for, of whoever is chosen."""
    shift = visit.seen.rota.shifts.get(visit.params["shift_id"])
    if shift is None:
        return (Region("given", (), empty="The shift is over, or was dropped."), Region("places", ()))
    line = shift_line(visit, told(visit.seen.rota, shift), _address(visit))
    return (
        Region("given", [Row(f"given-{line.html_id}", "row_swap_given.html", line)]),
        Region("places", _places(visit, shift), empty=_none_words(visit)),
    )


async def show(visit: Visit) -> Mapping[str, Any]:
    """What is chosen, and what there is to choose from. Raises Problem (404)."""
    shift_id = visit.params["shift_id"]
    shift = visit.seen.rota.shifts.get(shift_id)
    if shift is None:
        raise Problem(HTTPStatus.NOT_FOUND, "There is no such shift from now on: it is over, or was dropped.")
    line = shift_line(visit, told(visit.seen.rota, shift), "")
    others = {person_id for other in _coming(visit) for person_id in other.rota.people()} - shift.rota.people()
    return {
        "path": f"{path_of(shift_id)}/swap",
        "place": _place(visit),
        "places": [
            (str(place.number), f"{place.number}: {place.holders[0].name or 'nobody yet'}") for place in line.places
        ],
        "with_whom": visit.query.get("with", ""),
        "others": told_apart((each, visit.name_of(each)) for each in others),
    }


def _place(visit: Visit) -> str:
    place = visit.query.get("place", "1")
    return place[:2] if place.isdecimal() else "1"


def _none_words(visit: Visit) -> str:
    chosen = visit.query.get("with")
    return "They have no place in the next six weeks." if chosen else "Choose with whom to swap."


def _address(visit: Visit) -> str:
    query = {"place": _place(visit), **({"with": chosen} if (chosen := visit.query.get("with")) else {})}
    return f"{path_of(visit.params['shift_id'])}/swap?{urlencode(query)}"


def _coming(visit: Visit) -> list[RotaShiftSeen]:
    coming = visit.seen.rota.between(visit.now, visit.now + timedelta(days=DAYS))
    return [shift for shift in coming if not shift.begun]


def _places(visit: Visit, given: RotaShiftSeen) -> list[Row]:
    """The places that are one person's from start to end: no other can be swapped."""
    person_id, rows = visit.query.get("with", ""), []
    for shift in _coming(visit):
        if not person_id or shift.plan.shift_id == given.plan.shift_id:
            continue
        line = shift_line(visit, told(visit.seen.rota, shift), "")
        for number, stretches in shift.rota.places():
            if [stretch.person_id for stretch in stretches] == [person_id]:
                path = f"{path_of(given.plan.shift_id)}/swap"
                place, for_place, back = line.places[number - 1], int(_place(visit)), _address(visit)
                shown = SwapLine(line, shift.plan.shift_id, place, path, for_place, person_id, back)
                rows.append(Row(f"swap-{line.html_id}-{number}", "row_swap.html", shown))
    return rows


PAGE = ConsolePage(
    "/rota/shifts/{shift_id}/swap", "Swap", "change-own-plan", "swap.html", show=show, regions=regions,
    navigation=False, names_people=True, refresh_seconds=1.0,
)  # fmt: skip
