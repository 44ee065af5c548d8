"""The plan worked out a second way, by quarters of an hour, from what people said; no code of rostering is in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import permutations

QUARTER = timedelta(minutes=15)


@dataclass
class Planned:
    """A shift as somebody planned it, and whoever took what of it, in order."""

    starts_at: datetime
    ends_at: datetime
    duty: str
    needs: list[str]
    people: list[str]
    rest_hours: int = 11
    taken: list[tuple[int, str, datetime | None, datetime | None]] = field(default_factory=list)

    def holder(self, place: int, at: datetime) -> str:
        """Who has a place at an instant."""
        name = self.people[place]
        for taken_place, person, since, until in self.taken:
            if taken_place == place and (since is None or since <= at) and (until is None or at < until):
                name = person
        return name

    def quarters(self) -> Iterator[datetime]:
        """Every quarter of an hour of it."""
        at = self.starts_at
        while at < self.ends_at:
            yield at
            at += QUARTER

    def at_work(self) -> dict[datetime, set[str]]:
        """Who has any place, in each quarter of an hour."""
        return {at: {self.holder(place, at) for place in range(len(self.needs))} - {""} for at in self.quarters()}


Run = tuple[str, str, datetime, datetime]
"""A shift in which a person is without a break, its duty, from when to when."""


@dataclass
class Plan:
    """Everything that was said of the plan."""

    trained: dict[str, set[str]]
    reachable: set[str]
    shifts: dict[str, Planned] = field(default_factory=dict)
    away: dict[str, list[tuple[datetime, datetime]]] = field(default_factory=dict)

    def lacks(self) -> dict[str, set[tuple[str, str, datetime]]]:
        """What each shift lacks: why, of whom, and in which quarter of an hour."""
        tables = {shift_id: shift.at_work() for shift_id, shift in self.shifts.items()}
        runs = {person: list(self._runs(person, tables)) for person in self.trained}
        tired = {
            (run[0], person, run[2] + number * QUARTER): why
            for person, own in runs.items()
            for run in own
            if (why := self._spoilt(run, own))
            for number in range((run[3] - run[2]) // QUARTER)
        }
        return {
            shift_id: {
                (why, person, at)
                for at, people in table.items()
                for why, person in self._at(self.shifts[shift_id].needs, people, at)
            }
            | {
                (tired[shift_id, person, at], person, at)
                for at, people in table.items()
                for person in people
                if (shift_id, person, at) in tired
            }
            for shift_id, table in tables.items()
        }

    def _at(self, needs: list[str], people: set[str], at: datetime) -> Iterator[tuple[str, str]]:
        if not people:
            yield "empty", ""
            return
        if not self._filled(needs, people):
            yield "understaffed", ""
        for person in people:
            if any(since <= at < until for since, until in self.away.get(person, ())):
                yield "absent", person
            if person not in self.reachable:
                yield "unreachable", person

    def _filled(self, needs: list[str], people: set[str]) -> bool:
        return any(
            all(not need or set(need.split(" or ")) & self.trained[who] for need, who in zip(needs, order, strict=True))
            for order in permutations(people, len(needs))
        )

    def _runs(self, person: str, tables: dict[str, dict[datetime, set[str]]]) -> Iterator[Run]:
        for shift_id, table in tables.items():
            begun: datetime | None = None
            for at, people in table.items():
                if person in people and begun is None:
                    begun = at
                elif person not in people and begun is not None:
                    yield shift_id, self.shifts[shift_id].duty, begun, at
                    begun = None
            if begun is not None:
                yield shift_id, self.shifts[shift_id].duty, begun, self.shifts[shift_id].ends_at

    def _spoilt(self, mine: Run, own: list[Run]) -> str:
        """Whether another shift lies before a run too shortly, or, which counts, at the same time and began before."""
        why = ""
        shift_id, duty, begin, end = mine
        for other_id, other_duty, since, until in own:
            if other_id == shift_id:
                continue
            if since < end and begin < until:
                if (since, other_id) < (begin, shift_id):
                    return "elsewhere"
            elif duty == other_duty == "on-shift" and 0 <= (begin - until) / timedelta(hours=1) < self._rest(shift_id):
                why = "no-rest"
        return why

    def _rest(self, shift_id: str) -> int:
        return self.shifts[shift_id].rest_hours
