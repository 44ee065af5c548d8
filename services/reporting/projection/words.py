"""How events are put into columns."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from services.reporting.projection.rows import Row
from shared.engine.broker import Stored

PROBE_AGENCY = re.compile(r"probe-\d+")
"""An agency that is there to be probed: nothing in it is real."""


def place_of(stored: Stored) -> Row:
    """Where the record of a row stands."""
    return {"partition": stored.partition, "record_offset": stored.offset}


def cause_of(stored: Stored) -> str | None:
    """What brought a record about: the position of another, or a clock."""
    return _header(stored, "cause")


def event_id_of(stored: Stored) -> str | None:
    """The id of the event in a record."""
    return _header(stored, "id")


def source_of(stored: Stored) -> str | None:
    """Which service or door wrote a record."""
    return _header(stored, "source")


def _header(stored: Stored, name: str) -> str | None:
    value = stored.headers.get(name)
    return None if value is None else value.decode(errors="replace")


def words(several: Iterable[str]) -> str:
    """Several codes in one column."""
    return ", ".join(several)


def is_synthetic(event: Any, stored: Stored) -> bool:
    """Whether an event is of no real call: it says so, or its agency is there to be probed."""
    return bool(getattr(event, "synthetic", False)) or PROBE_AGENCY.fullmatch(stored.key) is not None
