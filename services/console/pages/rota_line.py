"""A shift of the rota as pages show it: when, who has which place, and in words what it lacks."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from urllib.parse import quote
from zoneinfo import ZoneInfo

from services.console.pages.page import LOCAL, Visit, html_id_of
from services.console.view.rota_records import PlaceTold, ShiftTold, StretchTold, days_on, gap_in_words
from shared.rota import clock_in


class HolderLine(NamedTuple):
    """Who has a place, or a part of it."""

    name: str
    """Empty: nobody."""
    path: str
    """Where they stand on People, for whoever may see that."""
    part: str
    """From when to when, where it is a part."""
    is_away: bool


class PlaceLine(NamedTuple):
    """A place of a shift."""

    number: int
    needs: str
    holders: tuple[HolderLine, ...]
    cover_wanted: bool
    wanted: tuple[HolderLine, ...]
    """Who has the parts that somebody is wanted for."""


class ShiftLine(NamedTuple):
    """A shift as a row shows it."""

    html_id: str
    path: str
    day: str
    """Its date, where it is the first of its day in the list."""
    date: str
    team_id: str
    duty: str
    hours: str
    begun: bool
    places: tuple[PlaceLine, ...]
    gaps: tuple[str, ...]
    comes_from: str
    dropped: str
    starts_at: datetime
    starts_local: str
    ends_at: datetime
    ends_local: str
    back: str


class LackLine(NamedTuple):
    """What a shift lacks, with the way to it."""

    date: str
    hours: str
    team_id: str
    duty: str
    gaps: tuple[str, ...]
    starts_at: datetime
    address: str


def shift_line(visit: Visit, shift: ShiftTold, back: str, day: str = "") -> ShiftLine:
    """A shift as a row shows it. `back`: where an act on it leads, without a script."""
    zone = visit.zone
    starts, ends = shift.starts_at.astimezone(zone), shift.ends_at.astimezone(zone)
    return ShiftLine(
        html_id=html_id_of(shift.shift_id),
        path=path_of(shift.shift_id),
        day=day,
        date=date_of(shift.starts_at, zone),
        team_id=shift.team_id,
        duty=shift.duty,
        hours=hours_of(shift, zone),
        begun=shift.begun,
        places=tuple(_place(visit, place) for place in shift.places),
        gaps=_gaps(visit, shift),
        comes_from=shift.comes_from,
        dropped=shift.dropped,
        starts_at=shift.starts_at,
        starts_local=f"{starts:{LOCAL}}",
        ends_at=shift.ends_at,
        ends_local=f"{ends:{LOCAL}}",
        back=back,
    )


def lack_line(visit: Visit, shift: ShiftTold, address: str) -> LackLine:
    """What a shift lacks, in words."""
    return LackLine(
        date=date_of(shift.starts_at, visit.zone),
        hours=hours_of(shift, visit.zone),
        team_id=shift.team_id,
        duty=shift.duty,
        gaps=_gaps(visit, shift),
        starts_at=shift.starts_at,
        address=f"{address}#shift-{html_id_of(shift.shift_id)}",
    )


def path_of(shift_id: str) -> str:
    """Where a shift is changed."""
    return f"/rota/shifts/{quote(shift_id, safe='')}"


def date_of(at: datetime, zone: ZoneInfo) -> str:
    """A day as people say it."""
    return f"{at.astimezone(zone):%A, %d %B}".replace(" 0", " ")


def hours_of(shift: ShiftTold, zone: ZoneInfo) -> str:
    """From when to when; with the days on, unless it ends at the next time that the clocks show that."""
    starts, ends = shift.starts_at.astimezone(zone), shift.ends_at.astimezone(zone)
    days = (ends.date() - starts.date()).days
    is_next = days == 1 and ends.time() < starts.time()
    return f"{starts:%H:%M} to {ends:%H:%M}{days_on(0 if is_next else days)}"


def _gaps(visit: Visit, shift: ShiftTold) -> tuple[str, ...]:
    """What a shift lacks, in words, and each of it once."""
    return tuple(dict.fromkeys(gap_in_words(gap, visit.name_of(gap.person_id)) for gap in shift.gaps))


def _place(visit: Visit, place: PlaceTold) -> PlaceLine:
    starts_at, ends_at = place.held[0].starts_at, place.held[-1].ends_at
    form = clock_in(starts_at, ends_at)
    return PlaceLine(
        number=place.place,
        needs=place.needs,
        holders=tuple(_holder(visit, stretch, form if len(place.held) > 1 else "") for stretch in place.held),
        cover_wanted=place.cover_wanted,
        wanted=tuple(
            _holder(visit, part, "" if (part.starts_at, part.ends_at) == (starts_at, ends_at) else form)
            for part in place.wanted
            if part.ends_at > visit.now
        ),
    )


def _holder(visit: Visit, stretch: StretchTold, form: str) -> HolderLine:
    starts, ends = stretch.starts_at.astimezone(visit.zone), stretch.ends_at.astimezone(visit.zone)
    part = f"{starts:{form}} to {ends:{form}}" if form else ""
    name, path = visit.person(stretch.person_id) if stretch.person_id else ("", "")
    return HolderLine(name, path, part, stretch.absent)
