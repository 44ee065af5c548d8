"""Turns a flat CAD export into calls, by a mapping document: columns, codes, beats, local times, what ends a call.

Strict: an unknown key, a row that is too short, a value that the document does not name, a local time that never was:
each is a fault with its line and column. Nothing is skipped and nothing guessed.
"""

from __future__ import annotations

import csv
import fnmatch
import functools
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from shared.call import Name, Text


class MappingRefused(ValueError):
    """The mapping document or the export is wrong; says where."""


def _zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError(f"{name!r} is no time zone")
    return name


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Columns(_Table):
    """Which column of the export says what."""

    incident_id: str
    created_at: str
    code: str
    priority: str | None = None
    beat: str | None = None
    disposition: str | None = None


class Priorities(_Table):
    """The priorities that may occur."""

    taken: list[str]


class Beats(_Table):
    """Which beats (patterns with `?` and `*`) are in which district, and which say that the beat is not known."""

    unknown: list[str] = []
    districts: dict[Text, list[str]]


class End(_Table):
    """How a disposition ends a call, and how long after it came in."""

    status: Literal["cancelled", "closed", "merged"]
    after_minutes: Annotated[int, Field(ge=0, le=1440)]


class CallMapping(_Table):
    """A mapping document."""

    agency: Name
    source: Name
    time_zone: Annotated[str, AfterValidator(_zone)]
    time: str
    ambiguous: Literal["first", "second"]
    code_system: Text
    columns: Columns
    codes: dict[str, str] = {}
    priorities: Priorities | None = None
    beats: Beats | None = None
    ends: dict[str, End] = {}


@dataclass(frozen=True, slots=True)
class Row:
    """One call of an export: its first version, and when and how it ended where the export tells."""

    line: int
    created_at: datetime
    body: Mapping[str, Any]
    """The flat record, as intake takes it, with `created_at` and `updated_at` in UTC."""
    end: End | None

    def end_body(self) -> Mapping[str, Any] | None:
        """The version that ends the call."""
        if self.end is None:
            return None
        ended_at = self.created_at + timedelta(minutes=self.end.after_minutes)
        changed = {"event_id": f"{self.body['incident_id']}-end", "status": self.end.status}
        return {**self.body, **changed, "updated_at": ended_at.isoformat()}


def read_mapping(text: str) -> CallMapping:
    """The document. Raises MappingRefused with every fault that was found."""
    try:
        return CallMapping.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise MappingRefused(f"the mapping is no TOML: {error}") from None
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
        raise MappingRefused(f"the mapping: {faults}") from None


def read_rows(mapping: CallMapping, path: Path) -> list[Row]:
    """Every call of an export, in order of time. Raises MappingRefused."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            calls = sorted(rows(mapping, file), key=lambda row: row.created_at)
    except (OSError, UnicodeDecodeError) as error:
        raise MappingRefused(f"{path.name}: {error}") from None
    if not calls:
        raise MappingRefused(f"{path.name}: holds no call")
    return calls


def rows(mapping: CallMapping, lines: Iterable[str]) -> Iterator[Row]:
    """The calls, in the export's own order. Raises MappingRefused."""
    reader = csv.DictReader(lines, restkey="(too many)", strict=True)
    row_reader = _RowReader(mapping)
    missing = [name for name in row_reader.columns if name not in (reader.fieldnames or ())]
    if missing:
        raise MappingRefused(f"line 1: no column {', '.join(missing)}; there are {', '.join(reader.fieldnames or ())}")
    seen: dict[str, int] = {}
    try:
        for raw in reader:
            row = row_reader.row(raw, reader.line_num)
            incident_id = row.body["incident_id"]
            first = seen.setdefault(incident_id, reader.line_num)
            if first != reader.line_num:
                column = mapping.columns.incident_id
                raise _Wrong(column, f"{incident_id} stands in line {first} too", "one row for each call")  # noqa: TRY301
            yield row
    except _Wrong as wrong:
        message = f"line {reader.line_num}, column {wrong.column}: {wrong.what}; right is {wrong.right}"
        raise MappingRefused(message) from None
    except csv.Error as error:
        raise MappingRefused(f"line {reader.line_num}: {error}") from None


class _Wrong(Exception):
    def __init__(self, column: str, what: str, right: str) -> None:
        super().__init__(what)
        self.column, self.what, self.right = column, what, right


class _RowReader:
    """Reads each row as a call."""

    def __init__(self, mapping: CallMapping) -> None:
        self._mapping, self._zone = mapping, ZoneInfo(mapping.time_zone)
        self.columns = tuple(name for name in mapping.columns.model_dump().values() if name is not None)
        self._district = functools.cache(self._district_of)

    def row(self, raw: Mapping[str | Any, Any], line: int) -> Row:
        columns, at = self._mapping.columns, raw
        if None in raw.values() or "(too many)" in raw:
            raise _Wrong("(all)", "the row has another number of fields than the head", "one field for each column")
        incident_id = at[columns.incident_id].strip()
        if not incident_id or any(sign.isspace() or sign == "/" for sign in incident_id):
            raise _Wrong(columns.incident_id, f"{incident_id!r} is no incident number", "one word without slash")
        created_at = self._instant(columns.created_at, at[columns.created_at])
        code = at[columns.code].strip()
        code = self._mapping.codes.get(code, code)
        body: dict[str, Any] = {
            "event_id": f"{incident_id}-1",
            "agency": self._mapping.agency,
            "source": self._mapping.source,
            "incident_id": incident_id,
            "created_at": created_at.isoformat(),
            "updated_at": created_at.isoformat(),
        }
        if code:
            body["call_type"] = {"system": self._mapping.code_system, "code": code}
        if columns.priority is not None:
            body["priority"] = self._priority(columns.priority, at[columns.priority].strip())
        if columns.beat is not None:
            body |= self._place(columns.beat, at[columns.beat].strip())
        end = self._mapping.ends.get(at[columns.disposition].strip()) if columns.disposition is not None else None
        return Row(line, created_at, body, end)

    def _instant(self, column: str, value: str) -> datetime:
        try:
            local = datetime.strptime(value, self._mapping.time)  # noqa: DTZ007  # its zone comes on the next line
        except ValueError:
            raise _Wrong(column, f"{value!r} is no time", f"like {self._mapping.time}") from None
        first = local.replace(tzinfo=self._zone, fold=0).astimezone(UTC)
        second = local.replace(tzinfo=self._zone, fold=1).astimezone(UTC)
        if first.astimezone(self._zone).replace(tzinfo=None) != local:
            right = "a time that the clocks of that night showed"
            raise _Wrong(column, f"{value} never was in {self._mapping.time_zone}", right)
        return first if self._mapping.ambiguous == "first" else second

    def _priority(self, column: str, value: str) -> str:
        priorities = self._mapping.priorities
        if priorities is not None and value not in priorities.taken:
            raise _Wrong(column, f"{value!r} is no priority", ", ".join(priorities.taken))
        return value

    def _place(self, column: str, beat: str) -> dict[str, str]:
        beats = self._mapping.beats
        if beats is None:
            return {"beat": beat} if beat else {}
        if beat in beats.unknown:
            return {}
        district = self._district(beat)
        if district is None:
            raise _Wrong(column, f"beat {beat!r} is in no district", "a beat of [beats.districts], or one of unknown")
        return {"district": district, "beat": beat}

    def _district_of(self, beat: str) -> str | None:
        beats = self._mapping.beats
        for district, patterns in beats.districts.items() if beats is not None else ():
            if any(fnmatch.fnmatchcase(beat, pattern) for pattern in patterns):
                return district
        return None
