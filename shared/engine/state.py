"""What state is made of: persistent maps, and a book of clocks that knows its earliest one.

State is a frozen dataclass whose fields are plain values, tuples, other frozen dataclasses, `PMap`s and `Clocks`.
Such a state costs nothing to keep, can be handed around freely, and is written to a snapshot by
`shared.engine.packing`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Generic, NamedTuple, Self, TypeVar, get_args

from immutables import Map
from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from shared.replace import replace

K = TypeVar("K")
V = TypeVar("V")


class MapSchema:
    """Teaches pydantic that a persistent map is written as an object and read back as a map."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        key, value = get_args(source)
        plain = handler.generate_schema(dict[key, value])  # type: ignore[valid-type]
        return core_schema.no_info_after_validator_function(
            Map,
            plain,
            serialization=core_schema.wrap_serializer_function_ser_schema(
                lambda value, write: write(dict(value.items())), schema=plain
            ),
        )


PMap = Annotated[Map[K, V], MapSchema()]
"""A persistent map: `set` and `delete` give a new map and leave the old one as it was."""

EMPTY: Map[Any, Any] = Map()


class ClockId(NamedTuple):
    """The name of a clock, written `kind/about`: the kind says what fires, the rest what it is about."""

    kind: str
    about: str

    @classmethod
    def parse(cls, clock_id: str) -> ClockId:
        """The parts of a written clock id."""
        kind, _, about = clock_id.partition("/")
        return cls(kind, about)

    def __str__(self) -> str:
        return f"{self.kind}/{self.about}"


@dataclass(frozen=True, slots=True)
class Clocks:
    """Deadlines by id. Bucketed by second, so that the earliest is found without looking at every clock."""

    at: PMap[str, datetime] = EMPTY
    buckets: PMap[int, PMap[str, datetime]] = EMPTY
    earliest_second: int | None = None

    def set(self, clock_id: str, at: datetime) -> Clocks:
        """Arm a clock; one of the same id is moved."""
        base = self.clear(clock_id)
        second = math.floor(at.timestamp())
        bucket = base.buckets.get(second, EMPTY).set(clock_id, at)
        earliest = second if base.earliest_second is None else min(second, base.earliest_second)
        return Clocks(base.at.set(clock_id, at), base.buckets.set(second, bucket), earliest)

    def clear(self, clock_id: str) -> Clocks:
        """Disarm a clock; one that is not armed is left alone."""
        at = self.at.get(clock_id)
        if at is None:
            return self
        second = math.floor(at.timestamp())
        bucket = self.buckets[second].delete(clock_id)
        if bucket:
            return Clocks(self.at.delete(clock_id), self.buckets.set(second, bucket), self.earliest_second)
        buckets = self.buckets.delete(second)
        earliest = self.earliest_second
        if second == earliest:
            earliest = min(buckets.keys(), default=None)
        return Clocks(self.at.delete(clock_id), buckets, earliest)

    def first(self) -> tuple[str, datetime] | None:
        """The earliest clock: its id and instant; ties go by id."""
        if self.earliest_second is None:
            return None
        clock_id, at = min(self.buckets[self.earliest_second].items(), key=lambda item: (item[1], item[0]))
        return clock_id, at

    def __contains__(self, clock_id: str) -> bool:
        return clock_id in self.at

    def __len__(self) -> int:
        return len(self.at)


REMEMBERED_DAYS = 7


@dataclass(frozen=True, slots=True)
class ByDay(Generic[V]):
    """Values by key, forgotten whole days at a time: what is left of a closed call or an answered command."""

    days: PMap[int, PMap[str, V]] = EMPTY

    def set(self, key: str, value: V, now: datetime, keep_days: int = REMEMBERED_DAYS) -> Self:
        """Remember a value, as of `now`; the days that are over are forgotten."""
        day, days = now.toordinal(), self.days
        if day not in days:
            for old in [number for number in days if number < day - keep_days]:
                days = days.delete(old)
        return replace(self, days=days.set(day, days.get(day, EMPTY).set(key, value)))

    def forget(self, key: str) -> Self:
        """Forget `key`, on whatever day it was remembered."""
        days = self.days
        for day, of_day in self.days.items():
            if key in of_day:
                days = days.set(day, of_day.delete(key))
        return replace(self, days=days)

    def get(self, key: str) -> V | None:
        """The value last remembered for `key`, or None."""
        for day in sorted(self.days, reverse=True):
            value: V | None = self.days[day].get(key)
            if value is not None:
                return value
        return None

    def __contains__(self, key: str) -> bool:
        return any(key in of_day for of_day in self.days.values())

    def __iter__(self) -> Iterator[str]:
        for of_day in self.days.values():
            yield from of_day

    def __len__(self) -> int:
        return sum(map(len, self.days.values()))
