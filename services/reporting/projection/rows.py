"""The rows that a batch of events is about: read from the store, changed in memory, written back. Pure.

Nothing outlives the batch, so there is nothing that a restart could lose or that two processes could see differently.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy import RowMapping, Table

Row = dict[str, Any]
Values = tuple[Any, ...]


class Lookup(NamedTuple):
    """By which columns rows of a table are looked for."""

    table: Table
    columns: tuple[str, ...]


class NotAskedFor(LookupError):
    """A projection touches a row that it has not said it needs: a fault of this program, whatever the journals say."""


class Rows:
    """The rows of a batch."""

    def __init__(self) -> None:
        self.asked_for: defaultdict[Lookup, set[Values]] = defaultdict(set)
        self._found: defaultdict[Table, dict[Values, Row]] = defaultdict(dict)
        self._of_call: defaultdict[tuple[Table, str], list[Row]] = defaultdict(list)
        self._changed: defaultdict[Table, dict[Values, Row]] = defaultdict(dict)
        self._added: defaultdict[Table, list[Row]] = defaultdict(list)
        self._removed: defaultdict[Table, list[Values]] = defaultdict(list)

    def put(self, table: Table, found: Iterable[RowMapping]) -> None:
        """Take in rows that the store has."""
        for row in map(dict, found):
            if _key_of(table, row) not in self._found[table]:
                self._keep(table, row)

    def change(self, table: Table, **key: Any) -> Row:
        """The row of a key, to be changed; it begins here where the store has none. Raises NotAskedFor."""
        values = _key_of(table, key)
        row = self._found[table].get(values)
        if row is None:
            self._check(table, key)
            row = self._keep(table, _blank(table) | key)
        self._changed[table][values] = row
        return row

    def find(self, table: Table, **key: Any) -> Row | None:
        """The row of a key, to be read. Raises NotAskedFor."""
        row = self._found[table].get(_key_of(table, key))
        if row is None:
            self._check(table, key)
        return row

    def of_call(self, table: Table, call_id: str) -> list[Row]:
        """The rows of a call, in the order in which they began. Raises NotAskedFor."""
        self._check(table, {"call_id": call_id})
        return sorted(self._of_call[table, call_id], key=partial(_key_of, table))

    def where(self, table: Table, **columns: Any) -> Iterator[Row]:
        """The rows in which some columns are as said. Raises NotAskedFor."""
        self._check(table, columns)
        for row in self._found[table].values():
            if all(row[name] == value for name, value in columns.items()):
                yield row

    def every(self, table: Table) -> Iterable[Row]:
        """Every row of a table that is here."""
        return self._found[table].values()

    def mark_changed(self, table: Table, row: Row) -> Row:
        """Say that a row, found by something else than its key, is changed; the row."""
        self._changed[table][_key_of(table, row)] = row
        return row

    def give_to(self, table: Table, call_id: str, other_id: str) -> None:
        """Have the rows of a call be of another from now on. Raises NotAskedFor."""
        several = list(self.where(table, call_id=call_id))
        self._of_call.pop((table, call_id), None)
        for row in several:
            before = _key_of(table, row)
            del self._found[table][before]
            self._changed[table].pop(before, None)
            row["call_id"] = other_id
            if _key_of(table, row) != before:
                self._removed[table].append(before)
            self.mark_changed(table, self._keep(table, row))

    def add(self, table: Table, **row: Any) -> Row:
        """Add a row of the record that it is made of; it is there once, and later events of the batch find it."""
        whole = self._keep(table, _blank(table) | row)
        self._added[table].append(whole)
        return whole

    @property
    def added(self) -> Mapping[Table, list[Row]]:
        """The rows to insert, by table."""
        return self._added

    @property
    def removed(self) -> Mapping[Table, list[Values]]:
        """The keys under which rows stood that have others now, by table."""
        return self._removed

    @property
    def changed(self) -> Mapping[Table, list[Row]]:
        """The rows to insert or replace, by table. One that was added and then changed is among both, as it is last."""
        return {table: list(rows.values()) for table, rows in self._changed.items()}

    def _keep(self, table: Table, row: Row) -> Row:
        self._found[table][_key_of(table, row)] = row
        if (call_id := row.get("call_id")) is not None:
            self._of_call[table, call_id].append(row)
        return row

    def _check(self, table: Table, columns: Mapping[str, Any]) -> None:
        for lookup, values in self.asked_for.items():
            fits = lookup.table is table and columns.keys() >= set(lookup.columns)
            if fits and tuple(columns[name] for name in lookup.columns) in values:
                return
        raise NotAskedFor(f"{table.name} {dict(columns)} was not looked for")


def _key_of(table: Table, row: Mapping[str, Any]) -> Values:
    return tuple(row[column.name] for column in table.primary_key)


def _blank(table: Table) -> Row:
    return dict(_BLANKS.setdefault(table, {column.name: _default(column) for column in table.columns}))


def _default(column: Any) -> Any:
    return None if column.default is None else column.default.arg


_BLANKS: dict[Table, Row] = {}
"""A row of each table of which nothing is said yet."""
