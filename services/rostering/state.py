"""What rostering remembers of one agency: its rotations, the shifts from now to the horizon, and who can be in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from shared.engine.state import EMPTY, ByDay, ClockId, Clocks, PMap
from shared.events import (
    AbsenceSet,
    CoverAsked,
    GapFound,
    PlannedShift,
    PlanNoticeDue,
    Rotation,
    ShiftRow,
    ShiftsImported,
)
from shared.judgement import Discipline
from shared.rota import RotaShift, Stretch

HORIZON_DAYS = 42
MAX_ROTATIONS = 60
MAX_SHIFTS = 4_000
MAX_TAKEN = 40
"""How often the places of one shift can be taken in parts."""
MAX_ABSENCES = 1_000
MAX_ABSENCES_OF_PERSON = 50
TOLD_DAYS = (1, 7, 28)
"""How many days ahead of a shift the people who look after it are told what it lacks, the nearest first."""
LONGEST_SHIFT = timedelta(days=8)
ROTATION_SHIFTS = HORIZON_DAYS + LONGEST_SHIFT.days + 1
"""So many of the shifts that there may be are a rotation's own, whether it has as many or not."""
LONGEST_REST = timedelta(hours=24)
"""No shift asks for more rest than that: what lies further apart does not tell on each other."""

ClockKind = Literal["plan", "duty", "remind", "check", "feed", "notice"]
"""What fires. The journal names clocks so: a kind keeps its name."""


def clock(kind: ClockKind, about: str) -> str:
    """The id of a clock: of a rotation, a shift, the source of an import, or a person."""
    return str(ClockId(kind, about))


@dataclass(frozen=True, slots=True)
class ShiftState:
    """A shift that is not over."""

    rota: RotaShift
    said: PlannedShift | None = None
    """As what it comes from said before a person gave it its times: that moves it no more."""
    held_until: datetime | None = None
    """The latest end that it had before a person moved it: until then it is not planned again."""
    reminded: int = 0
    """How many of its reminders have been sent, or were past when it was planned."""
    begun: bool = False
    on_duty: tuple[str, ...] = ()
    """Who is on duty by it, as was said last."""
    told_end: datetime | None = None
    """When it ends, as was said last."""
    told_until: datetime | None = None
    """Until when its team is on call without a gap, as was said last."""
    gaps: tuple[GapFound, ...] = ()
    """What it lacks, as was said last."""
    covers: tuple[CoverAsked, ...] = ()
    """What somebody else is wanted for still: places, or parts of them that do not overlap."""

    @property
    def plan(self) -> PlannedShift:
        """The shift as planned."""
        return self.rota.plan

    @property
    def moved_by_hand(self) -> bool:
        """Whether a person gave it its times."""
        return self.said is not None


@dataclass(frozen=True, slots=True)
class Dropped:
    """A shift that a person dropped, or moved ahead of its day: until when it is not planned again."""

    said: PlannedShift
    """As what it comes from said, by which it is known again under another key."""
    until: datetime


@dataclass(frozen=True, slots=True)
class RotationState:
    """A rotation, and up to which day its shifts stand."""

    rotation: Rotation
    again_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Way:
    """How a way to a person stands."""

    fingerprint: str = ""
    proved: bool = False
    broken: bool = False
    opted_out: bool = False

    @property
    def works(self) -> bool:
        """Whether it was proved to reach the person, and nothing has been heard against it since."""
        return self.proved and not self.broken and not self.opted_out


@dataclass(frozen=True, slots=True)
class Feed:
    """What is read of another system's plan, again and again."""

    newest: ShiftsImported
    read_at: datetime
    stale: bool = False


@dataclass(frozen=True, slots=True)
class State:
    """Everything that rostering knows about one agency: the fold of its journal."""

    staff: PMap[str, frozenset[Discipline]] = EMPTY
    ways: PMap[str, PMap[str, Way]] = EMPTY
    """Person → way → how it stands."""
    teams: frozenset[str] = frozenset()
    rotations: PMap[str, RotationState] = EMPTY
    shifts: PMap[str, ShiftState] = EMPTY
    shifts_of: PMap[str, frozenset[str]] = EMPTY
    """Person → the shifts in which they have a place in any part."""
    shifts_of_team: PMap[str, frozenset[str]] = EMPTY
    dropped: PMap[str, Dropped] = EMPTY
    """By the ids of the shifts."""
    absences: PMap[str, tuple[AbsenceSet, ...]] = EMPTY
    """Person → when they are away."""
    feeds: PMap[str, Feed] = EMPTY
    held: PMap[str, tuple[PlanNoticeDue, ...]] = EMPTY
    """Person → what they hear of in the morning."""
    worked: ByDay[datetime] = field(default_factory=ByDay)
    """Person → when they had their last shift behind them, for a few days."""
    answered: ByDay[datetime] = field(default_factory=ByDay)
    """Ids of commands."""
    clocks: Clocks = field(default_factory=Clocks)
    unchecked: Clocks = field(default_factory=Clocks)
    """Shift → when it is looked through for gaps next."""

    def absences_of(self, people: Iterable[str]) -> tuple[AbsenceSet, ...]:
        """When any of these people are away."""
        return tuple(absence for person_id in people for absence in self.absences.get(person_id, ()))

    def is_away(self, person_id: str, starts_at: datetime, ends_at: datetime) -> bool:
        """Whether a person is away at any time between two instants."""
        return any(
            absence.starts_at < ends_at and starts_at < absence.ends_at for absence in self.absences.get(person_id, ())
        )

    def is_reachable(self, person_id: str) -> bool:
        """Whether there is a way that was proved to reach a person."""
        return any(way.works for way in self.ways.get(person_id, EMPTY).values())

    def shifts_with(self, person_id: str) -> Iterator[ShiftState]:
        """The shifts in which a person has a place, in no order."""
        return (self.shifts[shift_id] for shift_id in self.shifts_of.get(person_id, ()))

    def shifts_of_call(self, team_id: str) -> Iterator[ShiftState]:
        """The shifts in which a team is on call, in no order."""
        shifts = (self.shifts[shift_id] for shift_id in self.shifts_of_team.get(team_id, ()))
        return (shift for shift in shifts if shift.plan.duty == "on-call")

    def is_doubled(self, plan: PlannedShift) -> bool:
        """Whether the team of a shift has another at the same time, which only one of two crews can be on."""
        others = (self.shifts[shift_id].plan for shift_id in self.shifts_of_team[plan.team_id] - {plan.shift_id})
        return any(overlap(plan, other) for other in others)

    def shifts_near(self, person_id: str, starts_at: datetime, ends_at: datetime) -> Iterator[ShiftState]:
        """Those that lie so near to what lies between two instants that the rest between them may be too short."""
        after, before = starts_at - LONGEST_REST, ends_at + LONGEST_REST
        for shift in self.shifts_with(person_id):
            plan = shift.rota.plan
            if after < plan.ends_at and plan.starts_at < before:
                yield shift

    def wanted(self, shift: ShiftState, place: int) -> tuple[Stretch, ...]:
        """The parts of a place in a shift that somebody is wanted for."""
        return shift.rota.wanted(place, shift.covers, self.absences_of(shift.rota.people()))

    def members(self, shift: ShiftState, at: datetime) -> tuple[str, ...]:
        """Who is on duty in a shift at an instant, by the plan as it stands."""
        return shift.rota.members(at, self.absences_of(shift.rota.people()))


def overlap(one: PlannedShift | ShiftRow, other: PlannedShift | AbsenceSet) -> bool:
    """Whether there is a time that is of both."""
    return one.starts_at < other.ends_at and other.starts_at < one.ends_at


def room(state: State) -> int:
    """How many more shifts there may be besides those of the rotations that stand, whose daily run finds no end."""
    own = sum(shift.plan.rotation_id in state.rotations for shift in state.shifts.values())
    return MAX_SHIFTS - (len(state.shifts) - own) - max(own, len(state.rotations) * ROTATION_SHIFTS)


def due(state: State) -> tuple[str, datetime] | None:
    """The clock that fires next."""
    first, check = state.clocks.first(), state.unchecked.first()
    if check is not None and (first is None or check[1] < first[1]):
        return clock("check", check[0]), check[1]
    return first
