"""The page Calls: every call that this door still knows, found by what is typed or chosen; each list has an address."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from heapq import nlargest
from itertools import islice
from typing import Any
from urllib.parse import urlencode

from services.console.pages.call_line import line_of, path_of, row_id
from services.console.pages.page import ConsolePage, LeadsTo, Region, Row, Visit
from services.console.view.call import CallSeen

A_PAGE = 100
MOST_MEANT = 1_000
FILTERS = ("q", "open", "district", "level", "outcome")
OUTCOMES = (
    ("team-accepted", "taken by a team"),
    ("phone-accepted", "taken by phone"),
    ("default", "default sent"),
    ("cancelled", "cancelled"),
)


def regions(visit: Visit) -> Sequence[Region]:
    """The calls that are asked for, the one that began last at the top: a call keeps its place while it runs."""
    start = _start(visit)
    calls = nlargest(start + A_PAGE, _found(visit), key=lambda call: (_began(call), call.call_id))[start:]
    rows = [Row(row_id(call), "row_call.html", line_of(call, visit)) for call in calls]
    return (Region("calls", rows, empty="No call is like this.", tag="tbody", row_tag="tr"),)


async def show(visit: Visit) -> Mapping[str, Any]:
    """What was asked for, and the addresses of the lists before and after."""
    if visit.query.get("go") == "yes":
        _open_the_one(visit)
    chosen = {name: visit.query.get(name, "") for name in FILTERS}
    start, number = _start(visit), sum(1 for _ in _found(visit))
    return {
        "chosen": chosen,
        "number": number,
        "outcomes": OUTCOMES,
        "levels": sorted({call.level for call in visit.seen.calls_by_news() if call.level}),
        "earlier": _address(chosen, start + A_PAGE) if start + A_PAGE < number else "",
        "later": _address(chosen, max(0, start - A_PAGE)) if start else "",
    }


def _open_the_one(visit: Visit) -> None:
    """Lead to the call that is meant, if it is one: the number itself, or the only one that has it in it."""
    wanted, found = visit.query.get("q", "").strip().casefold(), list(islice(_found(visit), MOST_MEANT))
    exact = [call for call in found if call.call_id.rsplit("/", 1)[-1].casefold() == wanted]
    if len(meant := exact or found) == 1:
        raise LeadsTo(path_of(meant[0].call_id))


def _found(visit: Visit) -> Iterator[CallSeen]:
    wanted, query = visit.query.get("q", "").strip().casefold(), visit.query
    for call in visit.seen.calls_by_news():
        newest = call.episodes[-1] if call.episodes else None
        if query.get("open", "") not in ("", "yes" if call.open else "no"):
            continue
        if query.get("district", "") not in ("", call.district) or query.get("level", "") not in ("", call.level):
            continue
        if query.get("outcome", "") not in ("", newest.outcome if newest else None):
            continue
        if wanted and not any(wanted in text.casefold() for text in (call.call_id, (newest and newest.team_id) or "")):
            continue
        yield call


def _start(visit: Visit) -> int:
    start = visit.query.get("start", "")
    return int(start[:6]) if start.isdecimal() else 0


def _began(call: CallSeen) -> datetime:
    return call.episodes[0].began_at if call.episodes else call.last_at


def _address(chosen: Mapping[str, str], start: int) -> str:
    query = {name: value for name, value in chosen.items() if value} | ({"start": str(start)} if start else {})
    return f"/calls?{urlencode(query)}"


PAGE = ConsolePage("/calls", "Calls", "read-calls", "calls.html", show=show, regions=regions, refresh_seconds=1.0)
