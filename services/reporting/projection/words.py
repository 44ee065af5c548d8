"""How events are put into columns."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from services.reporting.projection.rows import Row
from shared.agencies import is_probe
from shared.engine.broker import Stored


def place_of(stored: Stored) -> Row:
    """Where the record of a row stands."""
    return {"partition": stored.partition, "record_offset": stored.offset}


def header(stored: Stored, name: str) -> str | None:
    """What a header says: the `type` and `id` of an event, its `cause`, the `source` that wrote it."""
    value = stored.headers.get(name)
    return None if value is None else value.decode(errors="replace").replace("\0", "\ufffd")


def words(several: Iterable[str]) -> str:
    """Several codes in one column."""
    return ", ".join(several)


def is_synthetic(event: Any, stored: Stored) -> bool:
    """Whether an event is of no real call: it says so, or its agency is there to be probed."""
    return bool(getattr(event, "synthetic", False)) or is_probe(stored.key)
