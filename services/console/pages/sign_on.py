"""The page on which a team is signed on: who of those that are free is on it, and for how long.

It stands apart from the page Teams, which would list everybody who is free once for each team that is off duty.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, NamedTuple

from services.console.pages.page import ConsolePage, Region, Visit, told_apart
from services.console.pages.teams import path_of_team, row_of_team
from shared.doors.problems import Problem


class SignOnLine(NamedTuple):
    """What can be said of a shift that is to begin."""

    team_id: str
    path: str
    on_shift: bool
    free_people: tuple[tuple[str, str], ...]
    """Id and name of those whom one can sign on."""


def regions(visit: Visit) -> Sequence[Region]:
    """Who can be on the team, and where it stands."""
    team_id = visit.params["team_id"]
    seen = visit.seen.teams.get(team_id)
    if seen is None:
        return (Region("members", (), empty="The team was taken off the roster."), Region("team", ()))
    line = SignOnLine(team_id, path_of_team(team_id), seen.shift_id is not None, tuple(_free_people(visit)))
    return (Region.of_one("members", "row_sign_on.html", line), Region("team", [row_of_team(visit, seen)]))


async def show(visit: Visit) -> Mapping[str, Any]:
    """Which team it is. Raises Problem (404)."""
    team_id = visit.params["team_id"]
    if team_id not in visit.seen.teams:
        raise Problem(HTTPStatus.NOT_FOUND, f"There is no {team_id} among the teams.")
    return {"team_id": team_id}


def _free_people(visit: Visit) -> Sequence[tuple[str, str]]:
    """Id and name of staff who are on no shift, for whoever may see the roster of people."""
    if not visit.may("read-people"):
        return ()
    free = (person_id for person_id, seen in visit.seen.people.items() if seen.team_id is None)
    return told_apart((person_id, visit.name_of(person_id)) for person_id in free)


PAGE = ConsolePage(
    "/teams/{team_id}/sign-on", "Sign on", "sign-on", "sign_on.html", show=show, regions=regions,
    navigation=False, names_people=True,
)  # fmt: skip
