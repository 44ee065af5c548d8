"""Who has which place in a shift, and when: one reading of the plan for whoever decides by it and whoever shows it.

A place is its holder's by the plan until somebody takes it, all of it or a part; of two who take the same part it is
the later one's. So a place has one holder at any instant, by construction. What is taken without an instant reaches to
the shift's own start or end, and so goes with the shift when that moves.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from shared.events import AbsenceSet, CoverAsked, PlaceTaken, PlannedShift


class Stretch(NamedTuple):
    """Who has a place between two instants; nobody where the name is empty."""

    starts_at: datetime
    ends_at: datetime
    person_id: str

    def overlaps(self, starts_at: datetime, ends_at: datetime) -> bool:
        """Whether any of it lies between two instants."""
        return self.starts_at < ends_at and starts_at < self.ends_at


@dataclass(frozen=True, slots=True)
class Taken:
    """A place as somebody took it; the bounds are the shift's own where there are none."""

    place: int
    person_id: str
    starts_at: datetime | None = None
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RotaShift:
    """A shift as planned, and as its places were taken since."""

    plan: PlannedShift
    taken: tuple[Taken, ...] = ()
    """In the order in which it came about."""

    def taking(self, event: PlaceTaken) -> RotaShift:
        """The shift after somebody has taken a place; what was taken of it before and is covered whole is forgotten."""
        new = Taken(event.place, event.person_id, event.starts_at, event.ends_at)
        return replace(self, taken=(*(old for old in self.taken if not _covers(new, old)), new))

    def moved(self, plan: PlannedShift) -> RotaShift:
        """The shift by another plan; what people have taken stands."""
        return replace(self, plan=plan)

    def without(self, person_id: str) -> RotaShift:
        """The shift with nobody in the places of a person who is on the books no more."""
        places = tuple(
            place.model_copy(update={"person_id": ""}) if place.person_id == person_id else place
            for place in self.plan.places
        )
        taken = tuple(replace(each, person_id="") if each.person_id == person_id else each for each in self.taken)
        return RotaShift(self.plan.model_copy(update={"places": places}), taken)

    def stretches(self, place: int) -> tuple[Stretch, ...]:
        """Who has a place, from the start of the shift to its end; neighbours are different people."""
        plan = self.plan
        layers = [Stretch(plan.starts_at, plan.ends_at, plan.places[place - 1].person_id)]
        for each in self.taken:
            starts_at = max(each.starts_at or plan.starts_at, plan.starts_at)
            ends_at = min(each.ends_at or plan.ends_at, plan.ends_at)
            if each.place == place and starts_at < ends_at:
                layers.append(Stretch(starts_at, ends_at, each.person_id))
        instants = sorted({at for layer in layers for at in layer[:2]})
        return _joined(
            Stretch(
                starts_at, ends_at, next(above.person_id for above in reversed(layers) if _within(starts_at, above))
            )
            for starts_at, ends_at in pairwise(instants)
        )

    def places(self) -> Iterator[tuple[int, tuple[Stretch, ...]]]:
        """Every place by its number, with who has it."""
        for place in range(1, len(self.plan.places) + 1):
            yield place, self.stretches(place)

    def holder(self, place: int, at: datetime) -> str:
        """Who has a place at an instant of the shift; empty: nobody."""
        return next((each.person_id for each in self.stretches(place) if _within(at, each)), "")

    def sought(self, cover: CoverAsked) -> Stretch:
        """When cover is wanted, and by whom; its bounds are the shift's own where it has none."""
        return Stretch(cover.starts_at or self.plan.starts_at, cover.ends_at or self.plan.ends_at, cover.person_id)

    def still_wanted(self, covers: Iterable[CoverAsked]) -> tuple[CoverAsked, ...]:
        """The cover that is wanted still: whoever asked has a part of it, or is out of it and nobody has."""
        left = []
        for cover in covers:
            holders = self.holders_then(cover)
            if cover.person_id in holders:
                left.append(cover)
            elif "" in holders:
                left.append(cover.model_copy(update={"person_id": ""}))
        return tuple(left)

    def holders_then(self, cover: CoverAsked) -> frozenset[str]:
        """Who has the place when cover is wanted; the empty name for nobody, and no name where it is none any more."""
        stretches = self.stretches(cover.place) if cover.place <= len(self.plan.places) else ()
        return frozenset(each.person_id for each in stretches if each.overlaps(*self.sought(cover)[:2]))

    def with_cover(self, covers: Iterable[CoverAsked], new: CoverAsked) -> tuple[CoverAsked, ...]:
        """The cover that is wanted once more of it is asked for, in place of what was asked of the same time."""
        span = self.sought(new)[:2]
        others = (each for each in covers if each.place != new.place or not self.sought(each).overlaps(*span))
        return (*others, new)

    def wanted(self, place: int, covers: Iterable[CoverAsked], absences: Iterable[AbsenceSet]) -> tuple[Stretch, ...]:
        """The parts of a place that somebody is wanted for: nobody has them, or who does is away, or asks for cover."""
        left = [self.sought(cover) for cover in covers if cover.place == place]
        left += [Stretch(absence.starts_at, absence.ends_at, absence.person_id) for absence in absences]
        held = self.stretches(place)
        instants = {at for each in (*held, *left) for at in each[:2]}
        parts = [
            Stretch(starts_at, ends_at, each.person_id)
            for each in held
            for starts_at, ends_at in pairwise(sorted(at for at in instants if each.starts_at <= at <= each.ends_at))
        ]
        return _joined(
            part
            for part in parts
            if not part.person_id or any(part.person_id == each.person_id and part.overlaps(*each[:2]) for each in left)
        )

    def people(self) -> frozenset[str]:
        """Everybody who has a place in any part of it."""
        return frozenset(
            stretch.person_id for _, stretches in self.places() for stretch in stretches if stretch.person_id
        )

    def stretches_of(self, person_id: str) -> tuple[Stretch, ...]:
        """When a person is in it, in any place."""
        own = sorted(each for _, stretches in self.places() for each in stretches if each.person_id == person_id)
        return _joined(own)

    def members(self, at: datetime, absences: Iterable[AbsenceSet]) -> tuple[str, ...]:
        """Who is at work, or on call, at an instant: the holders who are not away, each once."""
        away = {absence.person_id for absence in absences if absence.starts_at <= at < absence.ends_at}
        holders = (self.holder(place, at) for place in range(1, len(self.plan.places) + 1))
        return tuple(dict.fromkeys(holder for holder in holders if holder and holder not in away))

    def instants(self, absences: Iterable[AbsenceSet]) -> list[datetime]:
        """Its start, its end, and every instant between at which other people may be in it."""
        plan = self.plan
        instants = {each.starts_at for _, stretches in self.places() for each in stretches}
        instants |= {at for absence in absences for at in (absence.starts_at, absence.ends_at)}
        return sorted({at for at in instants if plan.starts_at < at < plan.ends_at} | {plan.starts_at, plan.ends_at})


def clock_in(starts_at: datetime, ends_at: datetime) -> str:
    """How a time within a shift is written: with its day, where the shift takes longer than one."""
    return "%a %H:%M" if ends_at - starts_at > timedelta(days=1) else "%H:%M"


def _covers(new: Taken, old: Taken) -> bool:
    """Whether nothing is left of what was taken before."""
    if new.place != old.place:
        return False
    from_start = new.starts_at is None or (old.starts_at is not None and new.starts_at <= old.starts_at)
    to_end = new.ends_at is None or (old.ends_at is not None and old.ends_at <= new.ends_at)
    return from_start and to_end


def _within(at: datetime, stretch: Stretch) -> bool:
    return stretch.starts_at <= at < stretch.ends_at


def _joined(stretches: Iterable[Stretch]) -> tuple[Stretch, ...]:
    """The stretches, those of one person that touch or overlap made one."""
    joined: list[Stretch] = []
    for each in stretches:
        if joined and joined[-1].person_id == each.person_id and each.starts_at <= joined[-1].ends_at:
            joined[-1] = joined[-1]._replace(ends_at=max(joined[-1].ends_at, each.ends_at))
        else:
            joined.append(each)
    return tuple(joined)
