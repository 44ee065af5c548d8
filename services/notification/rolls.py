"""A roll call: who is asked over which way, who has answered, and whose page has yet to go out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.engine.state import ClockId
from shared.events import RollCalled, RollPlace, child_id
from shared.replace import replace

MAX_ROLL_PEOPLE = 500
PLACES_AT_ONCE = 50
PLACES_EVERY = timedelta(seconds=10)
"""Its pages are spread: what carriers take in a second is needed for offers."""


@dataclass(frozen=True, slots=True)
class Roll:
    """A roll call that is not over."""

    called: RollCalled
    left: tuple[RollPlace, ...]
    """Who has not been asked yet."""
    next_at: datetime
    """When the next of them are."""
    answered: tuple[RollPlace, ...] = ()

    @property
    def pages_clock(self) -> str:
        """The name of the clock at which the next are asked."""
        return str(ClockId("roll-pages", self.called.roll_id))

    @property
    def end_clock(self) -> str:
        """The name of the clock at which it is over."""
        return str(ClockId("roll", self.called.roll_id))

    @property
    def silent(self) -> tuple[RollPlace, ...]:
        """Who has not answered."""
        return tuple(place for place in self.called.asked if place not in self.answered)

    def without(self, place: RollPlace, at: datetime) -> Roll:
        """The roll after somebody was asked, or could not be."""
        return replace(self, left=tuple(each for each in self.left if each != place), next_at=at + PLACES_EVERY)

    def with_answer(self, place: RollPlace) -> Roll:
        """The roll after somebody answered."""
        return self if place in self.answered else replace(self, answered=(*self.answered, place))


def spread(places: int) -> timedelta:
    """How long it takes to ask so many."""
    return (max(0, places - 1) // PLACES_AT_ONCE) * PLACES_EVERY


def roll_page_id(roll_id: str, person_id: str, method_id: str) -> str:
    """The id of the one page of a roll call to a person over a way."""
    return child_id(roll_id, f"{person_id}/{method_id}")
