"""The page Teams: who is on shift and until when, where they stand, who has not been heard of, and where nobody is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, get_args
from urllib.parse import quote

from services.console.pages.call_line import path_of
from services.console.pages.devices import address_of_team
from services.console.pages.page import ConsolePage, Region, Row, Visit
from services.console.view.records import TeamSeen
from shared.events import CorrectStatus, Disposition, Team, TeamStatus
from shared.judgement import PHASES, Phase

STATUSES: tuple[str, ...] = get_args(TeamStatus)
DISPOSITIONS: tuple[str, ...] = get_args(Disposition)
EARLIER_STATUSES: tuple[str, ...] = get_args(CorrectStatus.model_fields["status"].annotation)
TO_LOOK_AFTER = ("need-police", "safety-check-overdue", "silent")
"""Where a team stands of which somebody has to hear; besides one that has not set out."""


class Member(NamedTuple):
    """Somebody on a team."""

    person_id: str
    name: str
    path: str
    has_confirmed: bool


class TeamLine(NamedTuple):
    """A team as this page shows it."""

    team_id: str
    path: str
    html_id: str
    models: tuple[str, ...]
    districts: tuple[str, ...]
    further_districts: tuple[str, ...]
    devices_path: str
    status: str
    status_at: datetime | None
    not_moving_since: datetime | None
    unanswering_since: datetime | None
    on_call: bool
    planned_shift_id: str
    """Of a shift that is planned to run now, if the team is not on shift."""
    planned_people: tuple[str, ...]
    planned_until: datetime | None
    on_shift: bool
    shift_ends_at: datetime | None
    members: tuple[Member, ...]
    incident: str
    call_id: str
    call_path: str
    offers: int
    statuses: tuple[str, ...]
    dispositions: tuple[str, ...]
    earlier_statuses: tuple[str, ...]


class CoverLine(NamedTuple):
    """A district, and who is on shift for it."""

    district: str
    phase: Phase
    teams: tuple[tuple[str, datetime], ...]
    """With the end of each one's shift, the first to end at the top."""

    @property
    def is_gap(self) -> bool:
        """Whether something is on there, and nobody to send."""
        return not self.teams and self.phase != "off"


def regions(visit: Visit) -> Sequence[Region]:
    """Teams of which somebody has to hear, those on shift, the others; and who serves each district until when."""
    teams = sorted(visit.seen.teams.values(), key=lambda seen: seen.team.team_id)
    look_after = [team for team in teams if team.status in TO_LOOK_AFTER or _is_overdue(team)]
    others = [team for team in teams if team not in look_after]
    on_shift = [team for team in others if team.shift_id is not None]
    off = [team for team in others if team.shift_id is None]
    return (
        Region(
            "look-after",
            [row_of_team(visit, team, "alert") for team in look_after],
            empty="Every team has been heard of.",
        ),
        Region("on-shift", [row_of_team(visit, team) for team in on_shift], empty="No other team is on shift."),
        Region("cover", [_cover_row(line) for line in _cover(visit, teams)], empty="No district is known yet."),
        Region("off", [row_of_team(visit, team) for team in off], empty="Every team is on shift."),
    )


def _is_overdue(seen: TeamSeen) -> bool:
    return seen.not_moving_since is not None or seen.unanswering_since is not None


def row_of_team(visit: Visit, seen: TeamSeen, kind: str = "") -> Row:
    """A team as a page shows it."""
    return Row(f"team-{_html_id(seen.team.team_id)}", "row_team.html", _line(visit, seen), kind)


def path_of_team(team_id: str) -> str:
    """Where everything of a team stands."""
    return f"/teams/{quote(team_id, safe='')}"


def _line(visit: Visit, seen: TeamSeen) -> TeamLine:
    call_id = seen.call_id or ""
    members = (Member(member, *visit.person(member), member not in seen.unconfirmed) for member in seen.members)
    planned = seen.planned if seen.shift_id is None and seen.planned and visit.now < seen.planned.ends_at else None
    stands = EARLIER_STATUSES.index(seen.status) if seen.status in EARLIER_STATUSES else len(EARLIER_STATUSES)
    return TeamLine(
        team_id=seen.team.team_id,
        path=path_of_team(seen.team.team_id),
        html_id=_html_id(seen.team.team_id),
        models=seen.team.models,
        districts=seen.team.primary_districts,
        further_districts=seen.team.secondary_districts,
        devices_path=address_of_team(seen.team.team_id),
        status=seen.status,
        status_at=seen.status_at,
        not_moving_since=seen.not_moving_since,
        unanswering_since=seen.unanswering_since,
        on_call=seen.duty == "on-call",
        planned_shift_id=planned.planned_shift_id if planned else "",
        planned_people=tuple(visit.name_of(person_id) for person_id in planned.members) if planned else (),
        planned_until=planned.ends_at if planned else None,
        on_shift=seen.shift_id is not None,
        shift_ends_at=seen.shift_ends_at,
        members=tuple(members),
        incident=call_id.split("/", 2)[-1],
        call_id=call_id,
        call_path=path_of(call_id) if call_id else "",
        offers=len(seen.offers),
        statuses=STATUSES,
        dispositions=DISPOSITIONS,
        earlier_statuses=EARLIER_STATUSES[:stands] if call_id else (),
    )


# --- who serves a district


def _cover(visit: Visit, teams: Sequence[TeamSeen]) -> list[CoverLine]:
    on_shift = [seen for seen in teams if seen.shift_id is not None and seen.shift_ends_at is not None]
    phases: dict[str, Phase] = {}
    for seen in visit.seen.switchboard.phases.values():
        phases[seen.district] = max(phases.get(seen.district, "off"), seen.phase, key=PHASES.index)
    lines = []
    for district in visit.document.districts:
        serving = [(seen.team.team_id, seen.shift_ends_at) for seen in on_shift if _serves(seen.team, district)]
        ends = sorted(((name, at) for name, at in serving if at is not None), key=lambda end: (end[1], end[0]))
        lines.append(CoverLine(district, phases.get(district, "off"), tuple(ends)))
    return lines


def _serves(team: Team, district: str) -> bool:
    districts = (*team.primary_districts, *team.secondary_districts)
    return not districts or district in districts


def _cover_row(line: CoverLine) -> Row:
    return Row(f"cover-{_html_id(line.district)}", "row_cover.html", line, "alert" if line.is_gap else "")


def _html_id(name: str) -> str:
    return quote(name, safe="")


PAGE = ConsolePage(
    path="/teams", title="Teams", right="read", template="teams.html", regions=regions, names_people=True
)
