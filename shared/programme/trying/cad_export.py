"""Turns a city's export into calls, by a mapping document: columns, codes, beats, times, what ends a call.

Strict: a row that is too short, a value that the document does not name, a local time that never was: each is a fault
with its line and column, and all of them are told. Nothing is guessed, and what the document leaves out is counted.
"""

from __future__ import annotations

import fnmatch
import functools
import hashlib
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from shared.call import SAME_INCIDENT, Call, Position
from shared.plain import fault_of_id, how_many
from shared.programme.judging.normal_forms import plain
from shared.programme.trying.export_document import CallMapping, End, MappingRefused, clock_time
from shared.programme.trying.export_files import BadFile, Record, opened, records
from shared.validation import words_of

FIRST_YEAR, LAST_YEAR = 2000, 2100
"""Those that intake takes."""
MAX_FURTHER_TYPES = 8
FEW_AT_MIDNIGHT = 10
FIELDS_OF_COLUMNS = {"incident_id": "incident_id", "call_type": "code", "priority": "priority", "beat": "beat"}


@dataclass(frozen=True, slots=True)
class Row:
    """One call of an export: its first version, later ones, and when and how it ended where the export tells."""

    line: int
    created_at: datetime
    body: Mapping[str, Any]
    """The flat record, as intake takes it, with `created_at` and `updated_at` in UTC."""
    end: End | None
    later: tuple[Mapping[str, Any], ...] = ()
    """Later versions, in order of time."""
    closed_at: datetime | None = None

    def end_body(self) -> Mapping[str, Any] | None:
        """The version that ends the call."""
        if self.end is None and self.closed_at is None:
            return None
        last = self.later[-1] if self.later else self.body
        after = timedelta(minutes=self.end.after_minutes if self.end else 0)
        ended_at = max(self.closed_at or self.created_at + after, datetime.fromisoformat(last["updated_at"]))
        status = self.end.status if self.end else "closed"
        changed = {"event_id": f"{self.body['incident_id']}-end", "status": status}
        return {**last, **changed, "updated_at": ended_at.isoformat()}


@dataclass(slots=True)
class Export:
    """The calls of an export in order of time, and what was noticed."""

    rows: list[Row]
    left_out: Counter[str] = field(default_factory=Counter)
    """Rows that are in no call, by why."""
    remarks: list[str] = field(default_factory=list)


def read_export(mapping: CallMapping, path: Path) -> Export:
    """An export as calls, in order of time. Raises MappingRefused with every fault."""
    try:
        with opened(path, mapping.file) as lines:
            return read_lines(mapping, lines, path.name)
    except (OSError, BadFile) as error:
        raise MappingRefused(f"{path.name}: {error}") from None


def read_lines(mapping: CallMapping, lines: Iterable[str], name: str) -> Export:
    """The same of lines that came from elsewhere, by the name of what they came from. Raises MappingRefused."""
    export = _export(mapping, lines)
    if not export.rows:
        raise MappingRefused(f"{name}: holds no call")
    export.rows.sort(key=lambda row: row.created_at)
    return export


def rows(mapping: CallMapping, lines: Iterable[str]) -> Iterator[Row]:
    """The calls, in the export's own order. Raises MappingRefused."""
    return iter(_export(mapping, lines).rows)


def _export(mapping: CallMapping, lines: Iterable[str]) -> Export:
    reader = _Reader(mapping)
    try:
        for record in records(mapping.file, lines, (*mapping.columns.names, *mapping.rows.names)):
            reader.take(record)
    except BadFile as error:
        raise MappingRefused(str(error)) from None
    export = Export(reader.calls(), reader.left_out)
    if reader.faults:
        raise MappingRefused(*reader.faults)
    if _all_at_midnight(mapping, export.rows):
        columns = ", ".join(mapping.columns.created_at)
        what = "is a day without its hour: all calls would have come at 00:00"
        raise MappingRefused(f"column {columns}: {what}; right is a column that says the hour too")
    export.remarks = [*reader.remarks(), *(f"{_rows(count)} left out: {why}" for why, count in export.left_out.items())]
    if merged := sum(row.end is not None and row.end.status == "merged" for row in export.rows):
        export.remarks.append(f"{_rows(merged)} merged into others: each is counted beside the one that it repeats")
    return export


def _all_at_midnight(mapping: CallMapping, rows: Sequence[Row]) -> bool:
    """Whether the times are bare dates: that so many calls all came at that second is no chance."""
    zone = ZoneInfo(mapping.time_zone)
    clocks = {row.created_at.astimezone(zone).time() for row in rows}
    return len(rows) >= FEW_AT_MIDNIGHT and clocks == {time.min}


class _Wrong(Exception):
    def __init__(self, column: str, what: str, right: str) -> None:
        super().__init__(f"column {column}: {what}; right is {right}")


@dataclass(slots=True)
class _Read:
    """One row as it was read."""

    line: int
    body: dict[str, Any]
    end: End | None
    created_at: datetime
    updated_at: datetime
    arrived_at: datetime | None
    closed_at: datetime | None


class _Reader:
    """Reads each row, and puts together those of a call."""

    def __init__(self, mapping: CallMapping) -> None:
        self._mapping, self._columns, self._zone = mapping, mapping.columns, ZoneInfo(mapping.time_zone)
        self._codes = {_form(code): name for code, name in mapping.codes.items()}
        self._ends = {_form(disposition): end for disposition, end in mapping.ends.items()}
        self._priorities = {_form(name): name for name in mapping.priorities.taken} if mapping.priorities else {}
        self._districts = functools.cache(self._districts_of)
        self._read: defaultdict[str, list[_Read]] = defaultdict(list)
        self._used: set[tuple[str, str]] = set()
        self._minutes_to_dispatch: list[float] = []
        self._without_position = 0
        self._before_it_came = Counter[str]()
        self.left_out: Counter[str] = Counter()
        self.faults: list[str] = []

    # --- one row

    def take(self, record: Record) -> None:
        """Read a row, or note what is wrong with it."""
        if record.fault:
            self.faults.append(f"line {record.line}, {record.fault}")
            return
        if why := self._left_out(record.fields):
            self.left_out[why] += 1
            return
        try:
            read = self._row(record)
        except _UnreadableTime as wrong:
            if self._mapping.rows.unreadable_time == "leave-out":
                self.left_out["its time cannot be read"] += 1
            else:
                self.faults.append(f"line {record.line}, {wrong}")
        except _Wrong as wrong:
            self.faults.append(f"line {record.line}, {wrong}")
        else:
            self._read[read.body["incident_id"]].append(read)

    def _left_out(self, fields: Mapping[str, str]) -> str:
        rules = self._mapping.rows
        for column, patterns in rules.leave_out.items():
            for pattern in patterns:
                if fnmatch.fnmatchcase(_form(fields[column]), _form(pattern)):
                    self._used.add((f"rows.leave_out.{column}", pattern))
                    return f"{column} is {pattern}"
        for column, patterns in rules.take_only.items():
            taken = [pattern for pattern in patterns if fnmatch.fnmatchcase(_form(fields[column]), _form(pattern))]
            if not taken:
                return f"{column} is none of {', '.join(patterns)}"
            self._used.update((f"rows.take_only.{column}", pattern) for pattern in taken)
        return ""

    def _row(self, record: Record) -> _Read:
        columns, at = self._columns, record.fields
        created_at = self._instant(columns.created_at, at)
        if created_at is None:
            raise _UnreadableTime(", ".join(columns.created_at), "is empty", f"like {self._mapping.time}")
        updated_at = self._instant(columns.updated_at, at) or created_at
        incident_id = self._incident_id(at)
        body: dict[str, Any] = {
            "event_id": f"{incident_id}-1",
            "agency": self._mapping.agency,
            "source": self._mapping.source,
            "incident_id": incident_id,
            "created_at": created_at.isoformat(),
            "updated_at": updated_at.isoformat(),
        }
        if code := self._code(at):
            body["call_type"] = {"system": self._mapping.code_system, "code": code}
        if columns.priority is not None:
            body["priority"] = self._priority(columns.priority, at[columns.priority])
        if columns.beat is not None:
            body |= self._place(columns.beat, at[columns.beat])
        body |= self._position(at)
        dispatched_at = self._instant(columns.dispatched_at, at)
        if dispatched_at is not None:
            self._minutes_to_dispatch.append((dispatched_at - created_at).total_seconds() / 60)
        arrived_at, closed_at = self._instant(columns.arrived_at, at), self._instant(columns.closed_at, at)
        stamps = {"dispatched_at": dispatched_at, "arrived_at": arrived_at, "closed_at": closed_at}
        self._before_it_came.update(name for name, stamp in stamps.items() if stamp and stamp < created_at)
        if arrived_at is not None and arrived_at <= updated_at:
            body["units_on_scene"] = True
        self._check(body)
        return _Read(record.line, body, self._end(at), created_at, updated_at, arrived_at, closed_at)

    def _incident_id(self, at: Mapping[str, str]) -> str:
        column = self._columns.incident_id
        if column is None:
            content = "\x00".join(f"{name}={value}" for name, value in sorted(at.items()))
            return f"row-{hashlib.blake2b(content.encode(), digest_size=8).hexdigest()}"
        if not at[column] or any(sign.isspace() or sign == "/" for sign in at[column]):
            raise _Wrong(column, f"{at[column]!r} is no incident number", "one word without slash")
        return at[column]

    def _code(self, at: Mapping[str, str]) -> str:
        code = "".join(at[column] for column in self._columns.code)
        if (name := self._codes.get(_form(code))) is None:
            return code
        self._used.add(("codes", _form(code)))
        return name

    def _instant(self, columns: Sequence[str] | None, at: Mapping[str, str]) -> datetime | None:
        of_it = columns or ()
        alone = [column for column in of_it if column not in self._columns.created_at]
        if not any(at[column] for column in alone or of_it):
            return None  # the day that the call came in says by itself nothing of when it ended
        value = " ".join(filter(None, (at[column] for column in of_it)))
        instant = self._parsed(", ".join(columns or ()), value)
        if not FIRST_YEAR <= instant.year < LAST_YEAR:
            raise _of_no_century(", ".join(columns or ()), value)
        return instant

    def _parsed(self, column: str, value: str) -> datetime:
        written = self._mapping.time
        try:
            local = clock_time(value, written)
        except (ValueError, OverflowError, OSError):
            raise _UnreadableTime(column, f"{value!r} is no time", f"like {written}") from None
        if local.tzinfo is not None:
            return local.astimezone(UTC)
        if not FIRST_YEAR <= local.year < LAST_YEAR:
            raise _of_no_century(column, value)
        first = local.replace(tzinfo=self._zone, fold=0).astimezone(UTC)
        second = local.replace(tzinfo=self._zone, fold=1).astimezone(UTC)
        if first.astimezone(self._zone).replace(tzinfo=None) != local:
            right = "a time that the clocks of that night showed"
            raise _Wrong(column, f"{value} never was in {self._mapping.time_zone}", right)
        return first if self._mapping.ambiguous == "first" else second

    def _priority(self, column: str, value: str) -> str:
        if self._mapping.priorities is None:
            return value
        if (priority := self._priorities.get(_form(value))) is None:
            raise _Wrong(column, f"{value!r} is no priority", ", ".join(self._mapping.priorities.taken))
        return priority

    def _place(self, column: str, beat: str) -> dict[str, str]:
        beats = self._mapping.beats
        if beats is None:
            return {"beat": beat} if beat else {}
        for pattern in beats.unknown:
            if fnmatch.fnmatchcase(_form(beat), _form(pattern)):
                self._used.add(("beats.unknown", pattern))
                return {}
        districts = self._districts(beat)
        if not districts:
            raise _Wrong(column, f"beat {beat!r} is in no district", "a beat of [beats.districts], or one of unknown")
        return {"district": districts[0], "beat": beat}

    def _districts_of(self, beat: str) -> tuple[str, ...]:
        """The districts whose patterns a beat fits."""
        beats, found = self._mapping.beats, []
        for district, patterns in beats.districts.items() if beats is not None else ():
            fits = [pattern for pattern in patterns if fnmatch.fnmatchcase(_form(beat), _form(pattern))]
            self._used.update((f"beats.districts.{district}", pattern) for pattern in fits)
            found += [district] if fits else []
        return tuple(found)

    def _position(self, at: Mapping[str, str]) -> dict[str, Any]:
        columns = self._columns
        if columns.latitude is None or columns.longitude is None:
            return {}
        try:
            position = Position(latitude=float(at[columns.latitude]), longitude=float(at[columns.longitude]))
        except ValueError:
            position = None
        if position is None or (round(position.latitude, 3), round(position.longitude, 3)) == (0, 0):
            self._without_position += 1
            return {}
        return {"position": position.model_dump()}

    def _end(self, at: Mapping[str, str]) -> End | None:
        if self._columns.disposition is None:
            return None
        disposition = _form(at[self._columns.disposition])
        if disposition in self._ends:
            self._used.add(("ends", disposition))
        return self._ends.get(disposition)

    def _check(self, body: Mapping[str, Any]) -> None:
        try:
            call_of(body)
        except ValidationError as error:
            (fault, *_) = error.errors(include_input=False)
            named = FIELDS_OF_COLUMNS.get(str(fault["loc"][0]), "")
            column = getattr(self._columns, named, None) if named else None
            names = [column] if isinstance(column, str) else column or [str(fault["loc"][0])]
            raise _Wrong(", ".join(names), words_of(fault), "what intake takes, see its /docs") from None
        if (wrong := fault_of_id(str(body["incident_id"]))) is not None:
            name = self._columns.incident_id
            raise _Wrong(
                name if isinstance(name, str) else "incident_id", f"a call's number {wrong}", "as intake takes it"
            )

    # --- several rows of a call

    def calls(self) -> list[Row]:
        """Each call once. What several rows of one are, the document says."""
        together = {"one": self._one, "units": self._units, "versions": self._versions, "snapshots": self._snapshots}
        return [together[self._mapping.rows.of_a_call](read) for read in self._read.values()]

    def _one(self, read: list[_Read]) -> Row:
        first, *others = read
        for other in others:
            incident_id, column = first.body["incident_id"], self._columns.incident_id
            if column is None:  # the same in every column: the same row
                self.left_out["it stands there twice"] += 1
                continue
            what = f"{incident_id} stands in line {first.line} too"
            right = 'one row for each call, or [rows] of_a_call = "units", "versions" or "snapshots"'
            self.faults.append(f"line {other.line}, {_Wrong(column, what, right)}")
        later = _arrival(first.body, [first.arrived_at])
        return Row(first.line, first.created_at, first.body, first.end, later, first.closed_at)

    def _units(self, read: list[_Read]) -> Row:
        """A row a unit: the earliest is the call's, another code counts beside its own, the last to close ends it."""
        first = min(read, key=lambda row: row.created_at)
        body = self._with_codes(first, read)
        closed = [row.closed_at for row in read]
        closed_at = None if None in closed else max(filter(None, closed))
        later = _arrival(body, [row.arrived_at for row in read])
        return Row(first.line, first.created_at, body, first.end, later, closed_at)

    def _with_codes(self, row: _Read, rows: list[_Read]) -> Mapping[str, Any]:
        """The record of a row with every other code that the rows give beside its own: the worst counts."""
        types = {tuple(other.body["call_type"].items()) for other in rows if "call_type" in other.body}
        further = sorted(types - {tuple(row.body.get("call_type", {}).items())})
        if len(further) > MAX_FURTHER_TYPES:
            what = f"the rows of {row.body['incident_id']} give {len(types)} codes"
            wrong = _Wrong(", ".join(self._columns.code), what, f"at most {1 + MAX_FURTHER_TYPES} for a call")
            self.faults.append(f"line {row.line}, {wrong}")
        return {**row.body, "further_types": [dict(kind) for kind in further]} if further else row.body

    def _versions(self, read: list[_Read]) -> Row:
        """Republished: in order of time; of one instant the one that stands last counts, with the others' codes."""
        instants: defaultdict[datetime, list[_Read]] = defaultdict(list)
        for row in sorted(read, key=lambda row: row.updated_at):
            instants[row.updated_at].append(row)
        bodies = [self._with_codes(rows[-1], rows) for rows in instants.values()]
        first, last = next(iter(instants.values()))[-1], next(reversed(instants.values()))[-1]
        later = tuple(
            {**body, "event_id": f"{body['incident_id']}-{number}", "created_at": first.body["created_at"]}
            for number, body in enumerate(bodies[1:], 2)
        )
        return Row(first.line, first.created_at, bodies[0], last.end, later, last.closed_at)

    def _snapshots(self, read: list[_Read]) -> Row:
        """Lists of what is active: a call that is no longer listed was closed by then; one of the last list runs on."""
        row = self._versions(read)
        last = max(part.updated_at for part in read)
        following = min((at for at in self._snapshot_times if at > last), default=None)
        return Row(row.line, row.created_at, row.body, row.end, row.later, row.closed_at or following)

    @functools.cached_property
    def _snapshot_times(self) -> list[datetime]:
        return sorted({row.updated_at for read in self._read.values() for row in read})

    # --- what was noticed

    def remarks(self) -> list[str]:
        """Lines of the mapping that no row needed, and beats that two districts claim."""
        mapping = self._mapping
        written = [("codes", code, _form(code)) for code in mapping.codes]
        written += [("ends", disposition, _form(disposition)) for disposition in mapping.ends]
        beats = mapping.beats
        if beats is not None:
            written += [("beats.unknown", pattern, pattern) for pattern in beats.unknown]
            written += [
                (f"beats.districts.{district}", pattern, pattern)
                for district, patterns in beats.districts.items()
                for pattern in patterns
            ]
        for name, rules in (("leave_out", mapping.rows.leave_out), ("take_only", mapping.rows.take_only)):
            written += [(f"rows.{name}.{column}", one, one) for column, patterns in rules.items() for one in patterns]
        unused = [
            f"[{table}] {shown!r} fits no row" for table, shown, used in written if (table, used) not in self._used
        ]
        seen = {row.body["beat"] for read in self._read.values() for row in read if "beat" in row.body}
        claimed = [(beat, self._districts(beat)) for beat in sorted(seen) if beats is not None]
        overlapping = [
            f"beat {beat} fits {' and '.join(districts)}: {districts[0]} was taken"
            for beat, districts in claimed
            if len(districts) > 1
        ]
        if self._minutes_to_dispatch:
            half = statistics.median(self._minutes_to_dispatch)
            overlapping.append(f"half of the rows were dispatched within {half:.1f} min")
        overlapping += [
            f"{_rows(count)} with {name} before created_at: over midnight, or in the hour that autumn repeats?"
            for name, count in self._before_it_came.items()
        ]
        if self._without_position:
            overlapping.append(f"{_rows(self._without_position)} without a position that can be read")
        begins = [[row.created_at for row in read] for read in self._read.values()]
        if apart := sum(max(begun) - min(begun) > SAME_INCIDENT for begun in begins):
            numbers = "1 number has" if apart == 1 else f"{apart} numbers have"
            overlapping.append(f"{numbers} rows that begin more than an hour apart: taken as one call each")
        made = sum(map(len, self._read.values())) if self._columns.incident_id is None else 0
        made_up = how_many(made, "id was", "ids were")
        return unused + overlapping + ([f"{made_up} made of what the rows say"] if made else [])


def _rows(count: int) -> str:
    return how_many(count, "row")


class _UnreadableTime(_Wrong):
    """Of a row whose time nobody can read."""


def _of_no_century(column: str, value: str) -> _UnreadableTime:
    return _UnreadableTime(column, f"{value!r} is in no year of this century", "a year from 2000 to 2099")


def _arrival(body: Mapping[str, Any], arrived: Iterable[datetime | None]) -> tuple[Mapping[str, Any], ...]:
    """The version of a call that says that the first unit is on scene, where that came later."""
    at = min(filter(None, arrived), default=None)
    if at is None or body.get("units_on_scene"):
        return ()
    changed = {"event_id": f"{body['incident_id']}-2", "updated_at": at.isoformat(), "units_on_scene": True}
    return ({**body, **changed},)


def call_of(body: Mapping[str, Any]) -> Call:
    """What routing may know of a flat record. Raises ValidationError."""
    return Call.model_validate({name: value for name, value in body.items() if name in Call.model_fields})


def _form(text: str) -> str:
    """One form for the ways to write a code, a beat, a disposition."""
    return plain(text).casefold()
