"""What the door shows of a rota: every shift that is not over, who has which place in it, and what it lacks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType

from shared.events import AbsenceSet, CoverAsked, Duty, GapFound, GapReason, PlannedShift, Rotation, ShiftsImported
from shared.rota import RotaShift


@dataclass(slots=True)
class RotaShiftSeen:
    """A shift that is not over, as the plan stands."""

    rota: RotaShift
    begun: bool = False
    gaps: dict[str, GapFound] = field(default_factory=dict)
    covers: tuple[CoverAsked, ...] = ()
    """What somebody else is wanted for: places, or parts of them."""

    @property
    def plan(self) -> PlannedShift:
        """The shift as planned."""
        return self.rota.plan


@dataclass(slots=True)
class DroppedSeen:
    """A shift that does not take place, on purpose."""

    plan: PlannedShift
    by: str
    reason: str


@dataclass(slots=True)
class FeedSeen:
    """A plan that is read from another system."""

    newest: ShiftsImported
    read_at: datetime
    stale: bool = False


@dataclass(slots=True)
class RotaSeen:
    """One agency's rota. Changed in place: nobody keeps an old one."""

    shifts: dict[str, RotaShiftSeen] = field(default_factory=dict)
    dropped: dict[str, DroppedSeen] = field(default_factory=dict)
    rotations: dict[str, Rotation] = field(default_factory=dict)
    absences: dict[str, list[AbsenceSet]] = field(default_factory=dict)
    """By person."""
    feeds: dict[str, FeedSeen] = field(default_factory=dict)
    """By source."""

    def between(
        self, starts_at: datetime, ends_at: datetime, *, team_id: str | None = None, person_id: str | None = None
    ) -> list[RotaShiftSeen]:
        """The shifts that lie between two instants, in part at least, in their order; of one team, or one person."""
        found = [
            shift
            for shift in self.shifts.values()
            if shift.plan.starts_at < ends_at
            and starts_at < shift.plan.ends_at
            and team_id in (None, shift.plan.team_id)
            and (person_id is None or person_id in shift.rota.people())
        ]
        return sorted(found, key=lambda shift: (shift.plan.starts_at, shift.plan.team_id, shift.plan.shift_id))

    def absences_of(self, shift: RotaShiftSeen) -> Iterator[AbsenceSet]:
        """When any of those who have a place in a shift are away."""
        for person_id in shift.rota.people():
            yield from self.absences.get(person_id, ())


@dataclass(frozen=True, slots=True)
class StretchTold:
    """Who has a place between two instants; empty: nobody."""

    starts_at: datetime
    ends_at: datetime
    person_id: str
    absent: bool
    """They are away, for a part of it at least."""


@dataclass(frozen=True, slots=True)
class PlaceTold:
    """A place in a shift."""

    place: int
    needs: str
    held: tuple[StretchTold, ...]
    cover_wanted: bool
    wanted: tuple[StretchTold, ...]
    """The parts that somebody is wanted for: they are nobody's, or whoever has them is away, or asks for cover."""


@dataclass(frozen=True, slots=True)
class GapTold:
    """What a shift lacks."""

    why: GapReason
    starts_at: datetime
    ends_at: datetime
    person_id: str
    sentence: str


@dataclass(frozen=True, slots=True)
class ShiftTold:
    """A shift with its places, and what it lacks."""

    shift_id: str
    team_id: str
    duty: Duty
    starts_at: datetime
    ends_at: datetime
    zone: str
    begun: bool
    places: tuple[PlaceTold, ...]
    gaps: tuple[GapTold, ...]
    comes_from: str
    """Its rotation, or the system that it was read from; empty: a person planned it."""
    dropped: str = ""
    """Why it does not take place, where somebody has said so."""


GAPS: Mapping[GapReason, str] = MappingProxyType(
    {
        "empty": "nobody is on it",
        "understaffed": "too few are on it, or not trained for it",
        "absent": "{} is away",
        "unreachable": "no way to {} has proved to work",
        "no-rest": "{} has too little rest before it",
        "elsewhere": "{} is in another shift at the same time",
    }
)


def days_on(days: int) -> str:
    """On which day a shift ends, behind the time that it ends at, where that has to be said."""
    return ", the next day" if days == 1 else f", {days} days on" if days else ""


def gap_in_words(gap: GapFound | GapTold, name: str = "") -> str:
    """What a shift lacks. `name`: what the person is called whom it is about, if not by their id."""
    return GAPS[gap.why].format(name or gap.person_id)


def told(rota: RotaSeen, shift: RotaShiftSeen) -> ShiftTold:
    """A shift as it is told, whoever asks."""
    plan, absences = shift.plan, tuple(rota.absences_of(shift))

    def is_away(starts_at: datetime, ends_at: datetime, person_id: str) -> bool:
        return any(
            each.person_id == person_id and each.starts_at < ends_at and starts_at < each.ends_at for each in absences
        )

    places = tuple(
        PlaceTold(
            place=place,
            needs=plan.places[place - 1].needs,
            held=tuple(StretchTold(*each, absent=is_away(*each)) for each in stretches),
            cover_wanted=any(cover.place == place for cover in shift.covers),
            wanted=tuple(
                StretchTold(*each, absent=is_away(*each)) for each in shift.rota.wanted(place, shift.covers, absences)
            ),
        )
        for place, stretches in shift.rota.places()
    )
    gaps = sorted(shift.gaps.values(), key=lambda gap: (gap.starts_at, gap.why, gap.person_id))
    return replace(
        _told(plan),
        begun=shift.begun,
        places=places,
        gaps=tuple(GapTold(gap.why, gap.starts_at, gap.ends_at, gap.person_id, gap_in_words(gap)) for gap in gaps),
    )


def told_dropped(dropped: DroppedSeen) -> ShiftTold:
    """A shift that does not take place, as it is told."""
    return replace(_told(dropped.plan), dropped=f"{dropped.by}: {dropped.reason}")


def _told(plan: PlannedShift) -> ShiftTold:
    """A shift as planned, whoever is in it."""
    return ShiftTold(
        shift_id=plan.shift_id,
        team_id=plan.team_id,
        duty=plan.duty,
        starts_at=plan.starts_at,
        ends_at=plan.ends_at,
        zone=plan.zone,
        begun=False,
        places=(),
        gaps=(),
        comes_from=plan.rotation_id or plan.source,
    )
