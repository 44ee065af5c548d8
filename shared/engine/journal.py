"""Ownership of a journal, folded from the journal itself. Pure, and used by every reader of every journal.

A partition of a journal has one owner at a time: the writer whose claim came first for the highest epoch claimed so
far. A record counts if its epoch is that epoch. So a process that was paused, lost its partition and wakes up may
still write, and everybody ignores it. A position in a journal is therefore an offset and the epoch in force there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from shared.engine.broker import Stored
from shared.events import Claimed, Event, child_id

InputPosition = tuple[int, int]
"""Offset of the next record to read, and the epoch in force there (0 in a topic that is no journal)."""

START: InputPosition = (0, 0)


@dataclass(slots=True)
class Ownership:
    """The fold: the highest epoch claimed so far, and by whom."""

    epoch: int = 0
    writer: str | None = None

    def counts(self, record: Stored) -> bool:
        """Take the next record in; whether it counts. A claim never counts as an event."""
        event_type = record.headers.get("type", b"")
        if event_type == b"claimed":
            claim = Claimed.model_validate_json(record.value)
            return self.claim(claim.epoch, claim.writer)
        return int(record.headers.get("epoch", b"-1")) == self.epoch

    def claim(self, epoch: int, writer: str) -> bool:
        """Take a claim in. Always False: a claim changes the owner, never the state."""
        if epoch > self.epoch:
            self.epoch, self.writer = epoch, writer
        return False


def is_late_write(record: Stored) -> bool:
    """Whether a record that does not count is a former owner's event, and no claim that lost or look at the clock."""
    return record.headers.get("type") not in (b"claimed", b"positions-noted")


@dataclass(frozen=True, slots=True)
class StepHeaders:
    """What one step of a worker has in common, written into the headers of each of its records."""

    epoch: int
    time: datetime
    decider: str
    positions: Mapping[str, InputPosition]
    service: str

    def common(self) -> tuple[tuple[str, bytes], ...]:
        """The headers that all records of the step share."""
        return (
            ("epoch", b"%d" % self.epoch),
            ("time", self.time.isoformat().encode()),
            ("decider", self.decider.encode()),
            ("positions", json.dumps(self.positions, separators=(",", ":")).encode()),
            ("source", self.service.encode()),
        )


def headers_of(
    event: Event, cause: str, number: int, common: tuple[tuple[str, bytes], ...]
) -> tuple[tuple[str, bytes], ...]:
    """The headers of one record: CloudEvents' id, type and subject, the cause, and what the step has in common."""
    return (
        ("id", child_id(cause, f"{event.type}/{number}").encode()),
        ("type", event.type.encode()),
        ("subject", event.subject.encode()),
        ("cause", cause.encode()),
        *common,
    )


def positions_of(headers: Mapping[str, bytes]) -> dict[str, InputPosition]:
    """The positions on all inputs that a journal record states."""
    return {topic: (at[0], at[1]) for topic, at in json.loads(headers.get("positions", b"{}")).items()}


def time_of(headers: Mapping[str, bytes]) -> datetime:
    """The `now` that a journal record was decided with."""
    return datetime.fromisoformat(headers["time"].decode())
