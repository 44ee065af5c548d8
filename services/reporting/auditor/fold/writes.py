"""What a record changes in the store, as SQL with its parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from services.reporting.auditor.tables import microseconds
from shared.engine.broker import Stored


class Write(NamedTuple):
    """One statement; an insert of what is there already does nothing."""

    sql: str
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Given:
    """A record that counts, in a batch."""

    kind: str
    event: Mapping[str, Any]
    stored: Stored
    batch: int
    read_before: int
    """How far its writer had read `assignments` in the step before this record's; -1: nobody knows."""

    @property
    def at(self) -> int:
        """When it was decided, or else became durable."""
        return microseconds(self.stored.stated_time)

    @property
    def place(self) -> dict[str, Any]:
        """Where it stands, and in which batch it came."""
        return {"partition": self.stored.partition, "record_offset": self.stored.offset, "changed": self.batch}

    @property
    def agency(self) -> str:
        """Whose it is."""
        return self.stored.key

    def instant(self, name: str) -> int:
        """An instant that the event says."""
        return microseconds(datetime.fromisoformat(self.event[name]))

    def fields(self, *names: str) -> dict[str, Any]:
        """Fields of the event, None where it does not say."""
        return {name: self.event.get(name) for name in names}


Fold = Callable[[Given], Iterator[Write]]


def insert(table: str, **values: Any) -> Write:
    """Insert a row, unless it is there."""
    return Write(_insert(table, tuple(values)), values)


@cache
def _insert(table: str, columns: tuple[str, ...]) -> str:
    names, values = ", ".join(columns), ", ".join(f":{column}" for column in columns)
    return f"INSERT INTO {table} ({names}) VALUES ({values}) ON CONFLICT DO NOTHING"  # noqa: S608  # names of ours
