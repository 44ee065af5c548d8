"""The page Roll call: who can be reached over which way, as people answer; whoever is silent stands at the top."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple

from services.console.pages.page import ConsolePage, PersonLink, Region, Row, Visit, html_id_of
from services.console.pages.rota import people_of
from services.console.view.records import RollPlaceSeen, RollSeen

EARLIER_SHOWN = 10
MINUTES = 60


class WayLine(NamedTuple):
    """One way to a person, and what came of the page."""

    method_id: str
    kind: str
    state: str
    why: str
    answered_at: datetime | None


class PersonLine(NamedTuple):
    """Somebody who was asked."""

    person: PersonLink
    ways: tuple[WayLine, ...]


class RollLine(NamedTuple):
    """A roll call in a line."""

    at: datetime
    until: datetime
    called_by: str
    closed_at: datetime | None
    people: int
    people_answered: int
    ways: int
    ways_answered: int


def regions(visit: Visit) -> Sequence[Region]:
    """How far the newest roll call has come, who is silent in it, who has answered; and those before."""
    rolls = list(reversed(visit.seen.rolls.values()))[: EARLIER_SHOWN + 1]
    people = _people(visit, rolls[0]) if rolls else []
    silent = [(person_id, line) for person_id, line in people if not _has_answered(line)]
    answered = [(person_id, line) for person_id, line in people if _has_answered(line)]
    return (
        Region(
            "count",
            [Row("count-now", "row_roll.html", _line(roll)) for roll in rolls[:1]],
            empty="No roll was called yet.",
        ),
        Region("silent", [_row(*each, "alert") for each in silent], empty="Nobody."),
        Region("answered", [_row(*each) for each in answered], empty="Nobody yet."),
        Region(
            "earlier",
            [Row(f"roll-{html_id_of(roll.roll_id)}", "row_roll.html", _line(roll)) for roll in rolls[1:]],
            empty="None.",
        ),
    )


async def show(visit: Visit) -> Mapping[str, Any]:
    """Whom one can ask."""
    return {"people": people_of(visit), "minutes": MINUTES}


def _people(visit: Visit, roll: RollSeen) -> list[tuple[str, PersonLine]]:
    """Everybody who was asked, by name."""
    places = sorted(roll.places, key=lambda place: (visit.name_of(place.person_id), place.person_id))
    return [
        (person_id, PersonLine(visit.person(person_id), tuple(map(_way, of_person))))
        for person_id, of_person in groupby(places, key=lambda place: place.person_id)
    ]


def _way(place: RollPlaceSeen) -> WayLine:
    return WayLine(place.method_id, place.kind, place.state, place.why, place.answered_at)


def _has_answered(line: PersonLine) -> bool:
    return any(way.answered_at is not None for way in line.ways)


def _row(person_id: str, line: PersonLine, kind: str = "") -> Row:
    return Row(f"person-{html_id_of(person_id)}", "row_roll_person.html", line, kind)


def _line(roll: RollSeen) -> RollLine:
    answered = [place for place in roll.places if place.answered_at is not None]
    return RollLine(
        at=roll.at,
        until=roll.until,
        called_by=roll.called_by,
        closed_at=roll.closed_at,
        people=len({place.person_id for place in roll.places}),
        people_answered=len({place.person_id for place in answered}),
        ways=len(roll.places),
        ways_answered=len(answered),
    )


PAGE = ConsolePage("/roll-call", "Roll call", "read-people", "roll_call.html", show=show, regions=regions)
