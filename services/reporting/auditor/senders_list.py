"""The sender's list: what a CAD says was acknowledged to it, as a CSV file. What it names and nobody has was lost.

Without it the auditor only sees what reached Kafka. One row a version: `agency,source,call,event_id,time`, with the
CAD's own number of the call, its own id of the version (empty: any version of the call will do) and the time of the
acknowledgement with its offset. A file with one wrong row is refused as a whole, loudly: part of a list proves nothing.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

from services.reporting.auditor.fold.writes import insert
from services.reporting.auditor.tables import microseconds

COLUMNS = ("agency", "source", "call", "event_id", "time")
MOST_BYTES, MOST_ROWS, MOST_CHARACTERS = 64 * 1024 * 1024, 500_000, 200
"""Of a file, of its rows, and of what stands in one field."""
MOST_FAULTS = 20
KEPT = timedelta(days=30)
"""So long Kafka keeps the topic `calls`: what is older nobody can look for."""
AHEAD = timedelta(minutes=5)


class ListRefused(ValueError):
    """A list that cannot be taken; `faults` says in each line what is wrong where, and what would be right."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


Row = Mapping[str, Any]


def read_list(path: Path, now: datetime) -> list[Row]:
    """The rows of a list. Raises ListRefused, and OSError."""
    if (size := path.stat().st_size) > MOST_BYTES:
        raise ListRefused([f"The file has {size} bytes; at most {MOST_BYTES} are taken. Send it in parts."])
    faults: list[str] = []
    rows: list[Row] = []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            for found in _rows(file, now):
                if isinstance(found, str):
                    faults.append(found)
                else:
                    rows.append(found)
                if len(faults) == MOST_FAULTS:
                    break
    except UnicodeDecodeError:
        faults.append("The file is not UTF-8 text.")
    except csv.Error as error:
        faults.append(f"After {len(rows)} rows the file is no CSV: {error}.")
    if not rows and not faults:
        faults.append("The list has no rows: an empty list proves nothing.")
    if faults:
        raise ListRefused(faults)
    return rows


def _rows(file: Iterator[str], now: datetime) -> Iterator[Row | str]:
    """Each row, or a sentence on what is wrong in it."""
    lines = csv.reader(file, strict=True)
    head = next(lines, [])
    if tuple(head) != COLUMNS:
        yield f"Line 1 has to be `{','.join(COLUMNS)}`."
        return
    for count, fields in enumerate(lines, 1):
        if count > MOST_ROWS:
            yield f"Line {lines.line_num}: at most {MOST_ROWS} rows are taken. Send the list in parts."
            return
        wrong = _wrong(fields, now)
        if wrong:
            yield f"Line {lines.line_num}, {wrong}"
            continue
        agency, source, incident, event_id, time = fields
        at_us = microseconds(datetime.fromisoformat(time))
        yield {"agency": agency, "source": source, "incident": incident, "event_id": event_id, "at_us": at_us}


def _wrong(fields: list[str], now: datetime) -> str:
    """Which field is wrong and how, or nothing."""
    if len(fields) != len(COLUMNS):
        return f"the row: it has {len(fields)} fields, not {len(COLUMNS)}."
    wrong = (_wrong_in(name, value) for name, value in zip(COLUMNS, fields, strict=True))
    return next(filter(None, wrong), "") or _wrong_time(fields[-1], now)


def _wrong_in(name: str, value: str) -> str:
    if not value and name != "event_id":
        return f"{name}: it is empty."
    if len(value) > MOST_CHARACTERS:
        return f"{name}: it has {len(value)} characters; at most {MOST_CHARACTERS} are taken."
    if not value.isprintable():
        return f"{name}: a sign stands in it that cannot be printed."
    return f"{name}: no slash may stand in it." if "/" in value and name in COLUMNS[:3] else ""


def _wrong_time(value: str, now: datetime) -> str:
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return "time: it is no time such as 2026-03-01T14:05:09-06:00."
    if at.tzinfo is None:
        return "time: it has no offset, such as Z or -06:00."
    return "" if now - KEPT <= at <= now + AHEAD else f"time: it is not within the last {KEPT.days} days."


_ARRIVED = """UPDATE acknowledged SET seen = 1 WHERE seen = 0 AND EXISTS (SELECT 1 FROM version v
    WHERE v.call_id = acknowledged.agency || '/' || acknowledged.source || '/' || acknowledged.incident
    AND (acknowledged.event_id = '' OR v.event_id = acknowledged.event_id))"""


def keep_list(connection: Connection, rows: list[Row]) -> None:
    """Have the auditor look for every row; one that it has been told of before changes nothing."""
    if rows:
        connection.execute(text(insert("acknowledged", **rows[0]).sql), rows)


def look_for_arrivals(connection: Connection) -> None:
    """Tick off what has a record by now."""
    connection.execute(text(_ARRIVED))
