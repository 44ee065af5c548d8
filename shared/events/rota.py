"""What a rota is made of: rotations, shifts, and the places in a shift that people hold."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from shared.call import Name, Text
from shared.judgement import CrewPlace

Duty = Literal["on-shift", "on-call"]
Weekday = Literal["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
WallClock = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$"), Field(examples=["19:00"])]
"""A time of day on local clocks, e.g. `19:00`."""
Needs = Annotated[CrewPlace, StringConstraints(max_length=120)]
"""The disciplines of which one fills a place, like `emt or paramedic`; empty: anybody does."""

MAX_PLACES = 8
"""As many as a team may have members on shift."""
REST_HOURS = 11
SIGN_ON_GRACE_MINUTES = 15
GraceMinutes = Annotated[int, Field(ge=0, le=240)]
"""How long a team that is to be at work may take to sign on before somebody is told; one on call takes no time."""
REMIND_MINUTES = (24 * 60, 60)


class ShiftPlace(BaseModel):
    """A place in a shift: what it needs, and whose it is by the plan; empty: nobody's."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    needs: Needs = ""
    person_id: Annotated[str, StringConstraints(max_length=80)] = ""


class PlannedShift(BaseModel):
    """One shift of one team, between two instants. Whoever has taken a place since is no part of it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    shift_id: Name
    team_id: Name
    duty: Duty
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    zone: Text
    """People read its times on the clocks of this zone."""
    places: tuple[ShiftPlace, ...] = Field(min_length=1, max_length=MAX_PLACES)
    reminders_at: tuple[AwareDatetime, ...] = ()
    gaps_told_at: tuple[AwareDatetime, ...] = ()
    """When whoever looks after it hears what it lacks still: 28, 7 and 1 days before, by day."""
    rest_hours: int = REST_HOURS
    sign_on_grace_minutes: int = SIGN_ON_GRACE_MINUTES
    gaps_to: tuple[str, ...] = ()
    """The people who are told when it has a gap."""
    rotation_id: str = ""
    """The rotation that it comes from, if any."""
    source: str = ""
    """The system that it was imported from, if any."""
    key: str = ""
    """By which that knows it: in old records alone, for it may hold somebody's name or mail address."""


class Rotation(BaseModel):
    """A rule from which shifts follow: on which days, from when to when on local clocks, and which crew in turn.

    A turn is so many worked days, so that a day that is not worked eats no turn. Any pattern is an order of crews: 24
    hours on and 48 off are three crews, four days on and four off are two crews with turns of four days.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    rotation_id: Name
    team_id: Name
    duty: Duty
    zone: Text
    starts: WallClock
    ends: WallClock
    """On the same day, or where that would not be after the start, on the next."""
    lasts_days: int = Field(default=0, ge=0, le=7)
    """It ends so many days after it has begun, at `ends`; 0: at the first `ends` after its start."""
    days: tuple[Weekday, ...] = Field(default=("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"), min_length=1)
    turn_days: int = Field(default=1, ge=1, le=366)
    """How many worked days a crew has before it is the next one's turn."""
    places: tuple[Needs, ...] = Field(default=("",), min_length=1, max_length=MAX_PLACES)
    crews: tuple[Annotated[tuple[Name, ...], Field(max_length=MAX_PLACES)], ...] = Field(min_length=1, max_length=60)
    """In turn; the people of a crew in the order of the places. One with fewer leaves the last places empty."""
    anchor: date
    """The first turn of the first crew begins with the first worked day from here."""
    from_day: date | None = None
    """The first day on which it counts, if not the anchor."""
    until_day: date | None = None
    """The last day on which it counts."""
    remind_minutes: tuple[Annotated[int, Field(ge=5, le=14 * 24 * 60)], ...] = Field(
        default=REMIND_MINUTES, max_length=4
    )
    """How long before the start people are reminded. What would be at night, all but the last, waits for the day."""
    rest_hours: int = Field(default=REST_HOURS, ge=0, le=24)
    sign_on_grace_minutes: GraceMinutes = SIGN_ON_GRACE_MINUTES
    gaps_to: tuple[Name, ...] = Field(default=(), max_length=10)
    """The people who are told when one of its shifts has a gap."""
