"""The book of probes: each is written down before it is sent, and stays open until it has its verdict.

The book lives in a file, so that no probe is forgotten by a restart: what was open then counts as missed, for nobody
saw it. Two missed in a row are an alarm, until one is seen again.
"""

from __future__ import annotations

import json
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import NamedTuple

ALARM_AFTER = 2
"""Missed in a row."""
RESTARTED = "the prober was restarted before it was over"
KEEP_SECONDS = 1000
"""So many of the newest times are kept, for their median."""


class Target(NamedTuple):
    """What is probed: a made-up agency, or a district of a real one."""

    agency: str
    district: str = ""
    partition: int | None = None

    def __str__(self) -> str:
        return f"{self.agency}, {self.district}" if self.district else self.agency


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a probe: seen, or why it was missed."""

    target: Target
    missed: str = ""
    seconds: float = 0.0


@dataclass(slots=True)
class Record:
    """How one target stands."""

    missed_in_a_row: int = 0
    since: str = ""
    """When the first of those that were missed in a row was sent."""
    why: str = ""
    open: dict[str, str] = field(default_factory=dict)
    """Probes without a verdict, and when each was sent."""


class Book:
    """Every target with its open probes and how many were missed in a row."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._records = dict(_read(path))
        self.verdicts: Counter[str] = Counter()
        """Since the start: `sent`, `seen` and `missed`."""
        self.unwritten = False
        """Whether the last writing failed: a restart would forget. Probing goes on."""
        self._seconds: deque[float] = deque(maxlen=KEEP_SECONDS)

    def open(self, target: Target, probe_id: str, at: datetime) -> None:
        """Write down a probe that is about to be sent."""
        self._records.setdefault(target, Record()).open[probe_id] = at.isoformat()
        self.verdicts["sent"] += 1
        self._write()

    def close(self, probe_id: str, verdict: Verdict) -> None:
        """Write down what became of a probe."""
        record = self._records[verdict.target]
        sent_at = record.open.pop(probe_id)
        if verdict.missed:
            record.since = record.since or sent_at
            record.missed_in_a_row += 1
            record.why = verdict.missed
        else:
            record.missed_in_a_row, record.since, record.why = 0, "", ""
            self._seconds.append(verdict.seconds)
        self.verdicts["missed" if verdict.missed else "seen"] += 1
        self._write()

    def left_open(self) -> list[tuple[str, Verdict]]:
        """What had no verdict when the process ended: each was missed."""
        return [
            (probe_id, Verdict(target, RESTARTED))
            for target, record in self._records.items()
            for probe_id in record.open
        ]

    def forget(self, target: Target) -> None:
        """A district is not live any more: nothing is expected there."""
        if self._records.pop(target, None) is not None:
            self._write()

    def record(self, target: Target) -> Record:
        """How a target stands."""
        return self._records.get(target, Record())

    def targets(self) -> tuple[Target, ...]:
        """Every target of which the book knows."""
        return tuple(self._records)

    def alarms(self) -> Iterator[tuple[Target, Record]]:
        """The targets that careroute is deaf or dumb for."""
        return ((target, record) for target, record in self._records.items() if record.missed_in_a_row >= ALARM_AFTER)

    def median_seconds(self) -> float | None:
        """Half of the newest probes that were seen took less; None before the first."""
        return median(self._seconds) if self._seconds else None

    def _write(self) -> None:
        lines = [{"target": target, "record": asdict(record)} for target, record in self._records.items()]
        fresh = self._path.with_suffix(".new")
        try:
            fresh.write_text(json.dumps(lines), "utf-8")
            fresh.replace(self._path)
        except OSError:
            self.unwritten = True
        else:
            self.unwritten = False


def _read(path: Path) -> Iterator[tuple[Target, Record]]:
    """What a book says; a file that is no book is one of a fresh start."""
    try:
        for line in json.loads(path.read_text("utf-8")):
            yield Target(*line["target"]), Record(**line["record"])
    except (OSError, ValueError, TypeError, KeyError):
        return
