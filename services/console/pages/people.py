"""The page People: who is on the books, in which ways each is reached, and whether those have proved to work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import quote

from services.console.api.routes_reads import contacts_of
from services.console.pages import devices
from services.console.pages.devices import DeviceLine
from services.console.pages.own_shifts import address_of
from services.console.pages.page import ConsolePage, Region, Row, Visit, html_id_of
from services.console.view.people_words import DISCIPLINES, LANGUAGES
from services.console.view.records import ContactSeen, PersonSeen

CALL_AFTER_SECONDS = 10


class WayLine(NamedTuple):
    """A way to somebody, without its address."""

    method_id: str
    kind: str
    shown: str
    after_seconds: int
    state: str
    why: str
    proved_at: datetime | None
    path: str


class PersonLine(NamedTuple):
    """Somebody on the books."""

    person_id: str
    html_id: str
    path: str
    shifts_path: str
    name: str
    disciplines: tuple[str, ...]
    languages: tuple[str, ...]
    team_id: str
    ways: tuple[WayLine, ...]
    devices_path: str
    devices: tuple[DeviceLine, ...]
    call_after_seconds: int

    @property
    def is_reachable(self) -> bool:
        """Whether a way to them has proved to work."""
        return any(way.state == "proved" for way in self.ways)


def regions(visit: Visit) -> Sequence[Region]:
    """Whom no way is proved to reach, and the others, by name."""
    lines = sorted((_line(visit, seen) for seen in visit.seen.people.values()), key=lambda line: (line.name, line[0]))
    unproved = [_row(line, "alert") for line in lines if not line.is_reachable]
    proved = [_row(line) for line in lines if line.is_reachable]
    return (
        Region("unproved", unproved, empty="Everybody has a way that has proved to work."),
        Region("proved", proved, empty="Nobody yet. A roll call proves ways: whoever answers can be reached."),
    )


async def show(_visit: Visit) -> Mapping[str, Any]:
    """What somebody can be trained for, and speak."""
    return {"disciplines": DISCIPLINES, "languages": LANGUAGES}


def _row(line: PersonLine, kind: str = "") -> Row:
    return Row(f"person-{line.html_id}", "row_person.html", line, kind)


def _line(visit: Visit, seen: PersonSeen) -> PersonLine:
    person, person_id = seen.person, seen.person.person_id
    path = f"/people/{quote(person_id, safe='')}"
    return PersonLine(
        person_id=person_id,
        html_id=html_id_of(person_id),
        path=path,
        shifts_path=address_of(person_id),
        name=visit.name_of(person_id),
        disciplines=person.disciplines,
        languages=person.languages,
        team_id=seen.team_id or "",
        ways=tuple(_way(way, path) for way in contacts_of(visit.seen, person_id)),
        devices_path=devices.address_of(person_id),
        devices=devices.devices_of(visit, "/people", person_id=person_id),
        call_after_seconds=CALL_AFTER_SECONDS,
    )


def _way(way: ContactSeen, path: str) -> WayLine:
    if way.opted_out:
        state, why = "opted-out", ""
    elif way.broken:
        state, why = "broken", way.broken
    else:
        state, why = ("proved", "") if way.proved_at else ("unproved", "")
    return WayLine(
        method_id=way.method_id,
        kind=way.kind,
        shown=way.shown,
        after_seconds=way.after_seconds,
        state=state,
        why=why,
        proved_at=way.proved_at,
        path=f"{path}/contacts/{quote(way.method_id, safe='')}",
    )


PAGE = ConsolePage("/people", "People", "read-people", "people.html", show=show, regions=regions, refresh_seconds=1.0)
