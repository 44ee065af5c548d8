"""Reads a plan that stands in a CSV: a row a person and a shift."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from services.console.foreign.mapping import Columns, RotaMapping
from services.console.foreign.plan import (
    BEGUN,
    FIRST_YEAR,
    LAST_YEAR,
    MAX_BYTES,
    OUTSIDE,
    Entry,
    Fault,
    ForeignPlan,
    Span,
    Wrong,
    at_clock,
    check_length,
    end_of,
    leaves_out,
    names_in,
)
from shared.programme.trying.export_document import EPOCHS, MappingRefused, clock_time
from shared.programme.trying.export_files import BadFile, Record, records


def read_csv(mapping: RotaMapping, content: bytes, span: Span) -> ForeignPlan:
    """The shifts that begin in the span. Raises MappingRefused where the file as a whole cannot be read."""
    if len(content) > MAX_BYTES:
        raise MappingRefused(f"the file has more than {MAX_BYTES:,} bytes; right is one of a few weeks")
    plan = ForeignPlan()
    try:
        for record in records(mapping.file, _lines(mapping, content), (*_columns(mapping).names, *mapping.leave_out)):
            if record.fault:
                plan.faults.append(Fault(record.line, "row", record.fault, "a row like the others"))
            else:
                _take(plan, mapping, record, span)
    except BadFile as error:
        raise MappingRefused(f"the file: {error}") from None
    return plan


def _columns(mapping: RotaMapping) -> Columns:
    if mapping.columns is None:
        raise MappingRefused("the mapping: [columns] is needed of a CSV")
    return mapping.columns


def _lines(mapping: RotaMapping, content: bytes) -> Sequence[str]:
    encoding = "utf-8-sig" if mapping.file.encoding == "utf-8" else mapping.file.encoding
    try:
        text = content.decode(encoding)
    except UnicodeError:
        what = f"the file is not in {mapping.file.encoding}"
        raise MappingRefused(f"{what}; say in [file] which encoding it is in") from None
    return io.StringIO(text, newline="").readlines()


def _take(plan: ForeignPlan, mapping: RotaMapping, record: Record, span: Span) -> None:
    for column in mapping.leave_out:
        if why := leaves_out(mapping, column, record.fields[column]):
            plan.left_out[why] += 1
            return
    try:
        entry = _entry(mapping, record.line, record.fields)
    except Wrong as wrong:
        plan.faults.append(wrong.at(record.line))
        if (name := _columns(mapping).id) is not None:
            plan.unread.append(record.fields[name])
        return
    if span.holds(entry.starts_at):
        plan.entries.append(entry)
    else:
        plan.left_out[BEGUN if span.begins_within(entry.starts_at, entry.ends_at) else OUTSIDE] += 1


def _entry(mapping: RotaMapping, line: int, fields: Mapping[str, str]) -> Entry:
    columns = _columns(mapping)
    zone, where = ZoneInfo(mapping.time_zone), f"column {', '.join(columns.ends)}"
    begins, ends = _time(mapping, columns.starts, fields), _time(mapping, columns.ends, fields)
    end = end_of(ends.wall, ends.zone or zone, zone)
    shared_day = set(columns.starts) & set(columns.ends)
    if shared_day and begins.zone == ends.zone and end <= begins.wall:
        end += timedelta(days=1)  # the day stands once, for the beginning: a night ends on the next
    starts_at, ends_at = at_clock(begins.wall, begins.zone or zone), at_clock(end, ends.zone or zone)
    check_length(starts_at, ends_at, where)
    people = names_in(" ".join(filter(None, (fields[name] for name in columns.person))), mapping)
    team = fields[columns.team] if columns.team else ""
    duty = fields[columns.duty] if columns.duty else ""
    key = fields[columns.id] if columns.id else ""
    if columns.id and not key:
        raise Wrong(f"column {columns.id}", "is empty", "the tool's own number of the row")
    return Entry(line, key, people, team, duty, starts_at, ends_at)


class _Time(NamedTuple):
    wall: datetime
    zone: ZoneInfo | None
    """Where the time says it itself."""


def _example(mapping: RotaMapping) -> str:
    """How a time of this file looks, for who knows no `%m`."""
    if mapping.time in EPOCHS:
        return mapping.time
    return f"{datetime(2026, 12, 7, 19, 0):{mapping.time}} ({mapping.time})"  # noqa: DTZ001  # on the wall


def _time(mapping: RotaMapping, columns: Sequence[str], fields: Mapping[str, str]) -> _Time:
    value, where = " ".join(filter(None, (fields[name] for name in columns))), f"column {', '.join(columns)}"
    if not value:
        raise Wrong(where, "is empty", f"a time like {_example(mapping)}")
    try:
        at = clock_time(value, mapping.time)
    except (ValueError, OverflowError, OSError):
        raise Wrong(where, f"{value!r} is no time", f"one like {_example(mapping)}") from None
    if not FIRST_YEAR <= at.year < LAST_YEAR:
        raise Wrong(where, f"{value!r} is in no year of this century", "a year from 2000 to 2099")
    if at.tzinfo is not None:
        return _Time(at.astimezone(UTC).replace(tzinfo=None), ZoneInfo("UTC"))
    return _Time(at, None)
