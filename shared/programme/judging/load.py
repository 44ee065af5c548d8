"""The calls that each response has, now and on a day: what caps are measured with. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from shared.engine.state import EMPTY, PMap


class Entry(Protocol):
    """What a call counts as that was offered to a team, or has one."""

    @property
    def response(self) -> str:
        """The response that has it."""

    @property
    def district(self) -> str:
        """Empty where nobody knows it: only a dispatcher sends a team there."""

    @property
    def day(self) -> date:
        """The day, on the agency's clocks, that it is one of."""


@dataclass(frozen=True, slots=True)
class Load:
    """The calls that a response has in a district, counted from their first offer on."""

    open: int = 0
    """Offered, or with a team, now."""
    day: date | None = None
    """The day, on the agency's clocks, that `taken` is of."""
    taken: int = 0
    """All of that day."""

    def on(self, day: date) -> int:
        """How many were taken on a day."""
        return self.taken if day == self.day else 0


Loads = Mapping[str, Mapping[str, Load]]
"""By response and district; empty is the district of a call that nobody can place, and a dispatcher sends a team to."""


def counted(loads: Loads, response: str, districts: Iterable[str], day: date) -> tuple[int, int]:
    """How many calls a response has in these districts, or in all of them, now and on a day."""
    by_district = loads.get(response, EMPTY)
    here = [by_district[name] for name in tuple(districts) or by_district if name in by_district]
    return sum(load.open for load in here), sum(load.on(day) for load in here)


def with_entry(loads: PMap[str, PMap[str, Load]], entry: Entry) -> PMap[str, PMap[str, Load]]:
    """One call more."""
    before = loads.get(entry.response, EMPTY).get(entry.district, Load())
    if before.day is not None and entry.day < before.day:  # it is no call of the day that is being counted
        return _with_load(loads, entry, Load(before.open + 1, before.day, before.taken))
    return _with_load(loads, entry, Load(before.open + 1, entry.day, before.on(entry.day) + 1))


def without_entry(loads: PMap[str, PMap[str, Load]], entry: Entry, *, counts: bool) -> PMap[str, PMap[str, Load]]:
    """One call less; whether it still counts as one of its day."""
    before = loads[entry.response][entry.district]
    given_back = 0 if counts or before.day != entry.day else 1
    return _with_load(loads, entry, Load(before.open - 1, before.day, before.taken - given_back))


def _with_load(loads: PMap[str, PMap[str, Load]], entry: Entry, load: Load) -> PMap[str, PMap[str, Load]]:
    return loads.set(entry.response, loads.get(entry.response, EMPTY).set(entry.district, load))
