"""Turns what another tool has planned into shifts of ours: its names into people and teams, its rows into shifts."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from services.console.foreign.csv_plan import read_csv
from services.console.foreign.ics_plan import read_ics
from services.console.foreign.mapping import Part, RotaMapping
from services.console.foreign.plan import OUTSIDE, Entry, Fault, ForeignPlan, Span
from shared.events.rota import Duty
from shared.programme.judging.normal_forms import normal

MAX_PLACES = 8
MAX_KEY = 200


class Row(NamedTuple):
    """One shift as it is imported."""

    key: str
    team_id: str
    duty: Duty
    starts_at: datetime
    ends_at: datetime
    people: tuple[str, ...]
    needs: tuple[str, ...]
    """What each of its places needs, at least one; more places than people: somebody has to take them yet."""


class Import(NamedTuple):
    """What a file comes to."""

    rows: list[Row]
    faults: list[Fault]
    left_out: Mapping[str, int]
    remarks: list[str]
    unread: Sequence[str] = ()
    """The keys of what could not be read, where it has one: the other tool has these shifts, whatever it says."""

    def within(self, span: Span) -> Import:
        """The shifts that begin in the span alone; of the others it is said how many they are."""
        rows = [row for row in self.rows if span.holds(row.starts_at)]
        left_out = Counter(self.left_out) + Counter({OUTSIDE: len(self.rows) - len(rows)})
        return self._replace(rows=rows, left_out=left_out)


class Books(NamedTuple):
    """Who is on careroute's books."""

    people: Collection[str]
    teams: Collection[str]


def read_plan(mapping: RotaMapping, content: bytes, span: Span, books: Books | None = None) -> Import:
    """The shifts of a file that begin in the span. Raises MappingRefused where it cannot be read as a whole.

    A row with a fault is none of the shifts; but one whose person alone is not known stays as a shift without them, for
    whoever imports the rest has to see that somebody is missing.
    """
    plan = (read_csv if mapping.format == "csv" else read_ics)(mapping, content, span)
    rows = _Names(mapping, books, plan).rows()
    unread = tuple(_short(key) for key in plan.unread if key)
    return Import(rows, sorted(plan.faults), plan.left_out, plan.remarks, unread)


class _Names:
    """Knows who is meant by a name."""

    def __init__(self, mapping: RotaMapping, books: Books | None, plan: ForeignPlan) -> None:
        self._mapping, self._books, self._plan = mapping, books, plan

    def rows(self) -> list[Row]:
        """The shifts, those of one team at the same time as one, by their beginning."""
        together: defaultdict[tuple[datetime, datetime, str, Duty], list[Entry]] = defaultdict(list)
        for entry in self._plan.entries:
            team_id, duty = self._team(entry), self._duty(entry)
            if team_id and duty:
                together[entry.starts_at, entry.ends_at, team_id, duty].append(entry)
            else:
                self._plan.unread.append(entry.key)
                for name in entry.people:  # it is no shift, and yet all that is wrong with it is told at once
                    self._person(entry, name)
        rows = (self._row(*same, entries) for same, entries in sorted(together.items()))
        return list(_told_apart(row for row in rows if row is not None))

    def _row(
        self, starts_at: datetime, ends_at: datetime, team_id: str, duty: Duty, entries: Sequence[Entry]
    ) -> Row | None:
        named = {name: self._person(entry, name) for entry in entries for name in entry.people}
        people = tuple(sorted(set(filter(None, named.values()))))
        strangers = sum(not person for person in named.values())
        needs = tuple(self._mapping.needs.get(team_id, ()))
        places = max(len(people) + strangers, len(needs), 1)
        if places > MAX_PLACES:
            what = f"{places} people are on one shift of {team_id}"
            self._refuse(entries[-1], "person", what, f"at most {MAX_PLACES}, the others on a team of their own")
            self._plan.unread.append(_key(team_id, duty, starts_at, entries))
            return None
        return Row(
            _key(team_id, duty, starts_at, entries),
            team_id,
            duty,
            starts_at,
            ends_at,
            people,
            needs + ("",) * (places - len(needs)),
        )

    def _person(self, entry: Entry, name: str) -> str:
        person = self._mapping.person_of.get(normal(name)) if self._mapping.people else name
        if person is None:
            return self._refuse(entry, "person", f"{name!r} is nobody in [people]", "a name that stands there")
        if self._books is not None and person not in self._books.people:
            return self._refuse(entry, "person", f"{person!r} is not on the books", "somebody whom `person add` added")
        return person

    def _team(self, entry: Entry) -> str:
        team_id = self._mapping.team
        if team_id is None:
            team_id = self._mapping.team_of.get(normal(entry.team)) if self._mapping.teams else entry.team
        if not team_id:
            return self._refuse(entry, "team", f"{entry.team!r} is no team in [teams]", "a name that stands there")
        if self._books is not None and team_id not in self._books.teams:
            return self._refuse(entry, "team", f"{team_id!r} is not on the books", "a team that `team add` added")
        return team_id

    def _duty(self, entry: Entry) -> Duty | None:
        if not entry.duty:
            return self._mapping.duty
        duty = self._mapping.duty_of.get(normal(entry.duty))
        if duty is None:
            self._refuse(entry, "duty", f"{entry.duty!r} is no duty in [duties]", "a name that stands there")
        return duty

    def _refuse(self, entry: Entry, part: Part, what: str, right: str) -> str:
        fault = Fault(entry.line, self._mapping.field(part), what, right)
        if fault not in self._plan.faults:
            self._plan.faults.append(fault)
        return ""


def _key(team_id: str, duty: Duty, starts_at: datetime, entries: Sequence[Entry]) -> str:
    """By what a shift is known again: by the other tool's word for it, so that it may move.

    Where that has a word for each person instead, by its team and beginning, so that another person may come to it.
    """
    keys = {entry.key for entry in entries}
    key = keys.pop() if len(keys) == 1 else ""
    return _short(key or f"{team_id}/{duty}/{starts_at:%Y%m%dT%H%MZ}")


def _told_apart(rows: Iterable[Row]) -> Iterator[Row]:
    """The rows, each with a key of its own: of several that begin together the first to end has the plain one."""
    keys: set[str] = set()
    for row in rows:
        key = row.key if row.key not in keys else _short(f"{row.key}/{row.ends_at:%Y%m%dT%H%MZ}")
        keys.add(key)
        yield row._replace(key=key)


def _short(key: str) -> str:
    """A key of any length as one that commands take."""
    return key if len(key) <= MAX_KEY else hashlib.blake2b(key.encode(), digest_size=16).hexdigest()
