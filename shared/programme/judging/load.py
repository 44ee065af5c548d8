"""The calls that each response has, now and on a day: what caps are measured with. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Protocol, TypeVar

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


E = TypeVar("E", bound=Entry)
Counts = PMap[str, PMap[str, Load]]
Loads = Mapping[str, Mapping[str, Load]]
"""By response and district; empty is the district of a call that nobody can place, and a dispatcher sends a team to."""


def counted(loads: Loads, response: str, districts: Iterable[str], day: date) -> tuple[int, int]:
    """How many calls a response has in these districts, or in all of them, now and on a day."""
    by_district = loads.get(response, EMPTY)
    here = [by_district[name] for name in tuple(districts) or by_district if name in by_district]
    return sum(load.open for load in here), sum(load.on(day) for load in here)


def with_call(loads: Counts, entries: PMap[str, E], call_id: str, entry: E) -> tuple[Counts, PMap[str, E]]:
    """The call counts as this entry says from here on, and as no other."""
    loads, entries = without_call(loads, entries, call_id, counts=False)
    before = loads.get(entry.response, EMPTY).get(entry.district, Load())
    if before.day is not None and entry.day < before.day:  # it is no call of the day that is being counted
        load = Load(before.open + 1, before.day, before.taken)
    else:
        load = Load(before.open + 1, entry.day, before.on(entry.day) + 1)
    return _with_load(loads, entry, load), entries.set(call_id, entry)


def without_call(loads: Counts, entries: PMap[str, E], call_id: str, *, counts: bool) -> tuple[Counts, PMap[str, E]]:
    """The call counts no more, if it did; whether it stays one of its day."""
    entry = entries.get(call_id)
    if entry is None:
        return loads, entries
    before = loads[entry.response][entry.district]
    given_back = 0 if counts or before.day != entry.day else 1
    load = Load(before.open - 1, before.day, before.taken - given_back)
    return _with_load(loads, entry, load), entries.delete(call_id)


def _with_load(loads: Counts, entry: Entry, load: Load) -> Counts:
    return loads.set(entry.response, loads.get(entry.response, EMPTY).set(entry.district, load))
