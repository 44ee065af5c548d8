"""The page Rota: six weeks of who is planned when, what the plan lacks and why, and whatever changes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import chain
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from services.console.pages.page import ConsolePage, PersonLink, Region, Row, Visit, html_id_of, told_apart
from services.console.pages.rota_line import date_of, lack_line, shift_line
from services.console.view.people_words import needs_to_choose
from services.console.view.rota_records import FeedSeen, ShiftTold, days_on, told, told_dropped
from shared.events import Rotation
from shared.programme.judging.hours import instant

WEEKS = 6
MOST_LACKING = 60
DAYS_A_WEEK = 7
PLACES = 4
"""As many as the form of a shift has; the API takes more."""


class WeekLine(NamedTuple):
    """A week, and how much is planned and lacking in it."""

    address: str
    begins: str
    shifts: int
    lacking: int
    chosen: bool


class FeedLine(NamedTuple):
    """A plan that is read from another tool."""

    source: str
    read_at: datetime
    stale: bool
    faults: tuple[str, ...]


class RotationLine(NamedTuple):
    """A rule from which shifts follow."""

    rotation_id: str
    html_id: str
    path: str
    team_id: str
    duty: str
    days: str
    hours: str
    turn: str
    crews: tuple[tuple[PersonLink, ...], ...]
    back: str


def regions(visit: Visit) -> Sequence[Region]:
    """What is lacking in six weeks, the weeks, the shifts of one of them, and from where plans come."""
    weeks = [(monday, _shifts(visit, monday)) for monday in _mondays(visit)]
    chosen = _chosen(visit)
    lacking = list({shift.shift_id: shift for _, shifts in weeks for shift in shifts if shift.gaps}.values())
    lacking_rows = [_lacking_row(visit, shift) for shift in lacking[:MOST_LACKING]]
    if len(lacking) > MOST_LACKING:
        more = f"{len(lacking) - MOST_LACKING} more shifts lack something later."
        lacking_rows.append(Row("lack-more", "row_empty.html", more))
    feeds = sorted(visit.seen.rota.feeds.items())
    rotations = sorted(visit.seen.rota.rotations.values(), key=lambda each: each.rotation_id)
    return (
        Region("lacking", lacking_rows, empty="Nothing that is planned lacks anything."),
        Region("weeks", [_week_row(visit, monday, shifts) for monday, shifts in weeks], label="Weeks"),
        Region("shifts", list(_shift_rows(visit, _shifts(visit, chosen))), empty="Nothing is planned in this week."),
        Region("rotations", [_rotation_row(visit, each) for each in rotations], empty="There is none."),
        Region("feeds", [_feed_row(source, feed) for source, feed in feeds], empty="No other tool's plan is read."),
    )


async def show(visit: Visit) -> Mapping[str, Any]:
    """What is chosen, and what there is to choose from."""
    chosen = _chosen(visit)
    teams = sorted({shift.plan.team_id for shift in visit.seen.rota.shifts.values()} | set(visit.seen.teams))
    tomorrow = visit.now.astimezone(visit.zone).date() + timedelta(days=1)
    rota = visit.seen.rota
    planned = (place.needs for shift in rota.shifts.values() for place in shift.plan.places)
    rotated = (needs for rotation in rota.rotations.values() for needs in rotation.places)
    return {
        "week": f"{chosen:%Y-%m-%d}",
        "begins": f"{chosen:%d %B %Y}".lstrip("0"),
        "team": visit.query.get("team", ""),
        "teams": teams,
        "people": people_of(visit),
        "places": PLACES,
        "needs": needs_to_choose(chain(planned, rotated)),
        "starts_local": f"{tomorrow}T07:00",
        "ends_local": f"{tomorrow}T19:00",
        "address": _address(visit, chosen),
    }


def people_of(visit: Visit) -> list[tuple[str, str]]:
    """Id and name of everybody on the books, for whoever may see that."""
    if not visit.may("read-people"):
        return []
    return told_apart((person_id, visit.name_of(person_id)) for person_id in visit.seen.people)


# --- weeks


def _mondays(visit: Visit) -> list[date]:
    today = visit.now.astimezone(visit.zone).date()
    first = today - timedelta(days=today.weekday())
    return [first + timedelta(weeks=number) for number in range(WEEKS + 1)]


def _chosen(visit: Visit) -> date:
    """The Monday that is asked for; this week's, where none is, or none that is planned."""
    mondays = _mondays(visit)
    wanted = visit.query.get("week", "")
    return next((monday for monday in mondays if monday.isoformat() == wanted), mondays[0])


def _shifts(visit: Visit, monday: date) -> list[ShiftTold]:
    """The shifts of a week, of the team that is asked for, with what runs into it; of this one with what still runs."""
    begin, end = instant(visit.zone, monday, 0), instant(visit.zone, monday + timedelta(days=DAYS_A_WEEK), 0)
    rota, team_id = visit.seen.rota, visit.query.get("team") or None
    shifts = [told(rota, shift) for shift in rota.between(begin, end, team_id=team_id)]
    dropped = (told_dropped(each) for each in rota.dropped.values())
    shifts += (each for each in dropped if team_id in (None, each.team_id))
    of_week = (
        each
        for each in shifts
        if each.starts_at < end and (begin <= each.starts_at or max(begin, visit.now) < each.ends_at)
    )
    return sorted(of_week, key=lambda each: (each.starts_at, each.team_id, each.shift_id))


def _address(visit: Visit, monday: date) -> str:
    query = {"week": monday.isoformat()}
    if team := visit.query.get("team"):
        query["team"] = team
    return f"/rota?{urlencode(query)}"


# --- rows


def _lacking_row(visit: Visit, shift: ShiftTold) -> Row:
    day = shift.starts_at.astimezone(visit.zone).date()
    address = _address(visit, day - timedelta(days=day.weekday()))
    return Row(f"lack-{html_id_of(shift.shift_id)}", "row_lacking.html", lack_line(visit, shift, address), "alert")


def _week_row(visit: Visit, monday: date, shifts: Sequence[ShiftTold]) -> Row:
    lacking = sum(bool(shift.gaps) for shift in shifts)
    line = WeekLine(
        _address(visit, monday), f"{monday:%d %b}".lstrip("0"), len(shifts), lacking, monday == _chosen(visit)
    )
    return Row(f"week-{monday.isoformat()}", "row_week.html", line)


def _shift_rows(visit: Visit, shifts: Sequence[ShiftTold]) -> Iterator[Row]:
    before, back, people = "", _address(visit, _chosen(visit)), tuple(people_of(visit))
    for shift in shifts:
        day = date_of(shift.starts_at, visit.zone)
        line = shift_line(visit, shift, back, "" if day == before else day)
        before = day
        yield Row(f"shift-{line.html_id}", "row_shift.html", (line, people), "alert" if line.gaps else "")


def _rotation_row(visit: Visit, rotation: Rotation) -> Row:
    each_day = len(rotation.days) == DAYS_A_WEEK
    clocks = "" if rotation.zone == visit.zone.key else f" ({rotation.zone})"
    line = RotationLine(
        rotation_id=rotation.rotation_id,
        html_id=html_id_of(rotation.rotation_id),
        path=f"/rota/rotations/{quote(rotation.rotation_id, safe='')}/remove",
        team_id=rotation.team_id,
        duty=rotation.duty,
        days="every day" if each_day else ", ".join(rotation.days),
        hours=f"{rotation.starts} to {rotation.ends}{days_on(rotation.lasts_days)}{clocks}",
        turn="each worked day" if rotation.turn_days == 1 else f"every {rotation.turn_days} worked days",
        crews=tuple(tuple(visit.person(person_id) for person_id in crew) for crew in rotation.crews),
        back=_address(visit, _chosen(visit)),
    )
    return Row(f"rotation-{line.html_id}", "row_rotation.html", line)


def _feed_row(source: str, feed: FeedSeen) -> Row:
    line = FeedLine(source, feed.read_at, feed.stale, feed.newest.faults)
    return Row(f"feed-{html_id_of(source)}", "row_feed.html", line, "alert" if feed.stale or line.faults else "")


PAGE = ConsolePage(
    "/rota", "Rota", "read", "rota.html", show=show, regions=regions, names_people=True, refresh_seconds=1.0
)
