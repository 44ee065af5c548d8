"""The book of probes: each is written down before it is sent, and stays open until it has its verdict.

The book lives in a file, so that no probe is forgotten by a restart: what was open then counts as missed, for nobody
saw it. Two missed in a row are an alarm, until one is seen again; so are four of the last twelve that were missed
apart: where every other call is lost, or every third, as behind doors of which one is deaf, two in a row are rare.
"""

from __future__ import annotations

import json
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import NamedTuple

ALARM_AFTER = 2
"""Missed in a row."""
LATELY, OFTEN = 12, 4
"""Of so many verdicts so many misses apart, which are an alarm, too."""
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
    lately: list[bool] = field(default_factory=list)
    """Whether each of the last ones was missed, the newest last."""
    told: bool = False
    """Whether somebody has been told that calls are missed here, and not yet that it is over."""
    gone: bool = False
    """Nothing is probed here any more."""

    @property
    def missed_apart(self) -> int:
        """How often the last ones began to be missed, each time behind one that was seen."""
        return sum(missed and not before for before, missed in pairwise((False, *self.lately)))

    @property
    def is_alarm(self) -> bool:
        """Whether careroute is deaf or dumb here, or is again and again."""
        return (self.missed_in_a_row >= ALARM_AFTER or self.missed_apart >= OFTEN) and not self.gone


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
        record = self._records.setdefault(target, Record())
        record.gone, record.open[probe_id] = False, at.isoformat()
        self.verdicts["sent"] += 1
        self._write()

    def close(self, probe_id: str, verdict: Verdict) -> None:
        """Write down what became of a probe."""
        record = self._records[verdict.target]
        sent_at = record.open.pop(probe_id)
        record.lately = [*record.lately, bool(verdict.missed)][-LATELY:]
        if verdict.missed:
            record.since = record.since or sent_at
            record.missed_in_a_row += 1
            record.why = verdict.missed
        else:
            record.missed_in_a_row = 0
            if not record.is_alarm:
                record.since, record.why = "", ""
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
        """A district is not live any more: nothing is expected there. Whoever was told of it is owed its end."""
        record = self._records.get(target)
        if record is None or record.gone:
            return
        record.gone = True
        record.open.clear()
        self._drop_if_over(target)
        self._write()

    def note_told(self, target: Target, *, is_over: bool) -> None:
        """Somebody has acknowledged an alarm, or that it is over."""
        self._records.setdefault(target, Record(gone=True)).told = not is_over
        self._drop_if_over(target)
        self._write()

    def _drop_if_over(self, target: Target) -> None:
        if (record := self._records[target]).gone and not record.told:
            del self._records[target]

    def record(self, target: Target) -> Record:
        """How a target stands."""
        return self._records.get(target, Record())

    def targets(self) -> tuple[Target, ...]:
        """Every target that is probed, as far as the book knows."""
        return tuple(target for target, record in self._records.items() if not record.gone)

    def alarms(self) -> Iterator[tuple[Target, Record]]:
        """The targets that careroute is deaf or dumb for."""
        return ((target, record) for target, record in self._records.items() if record.is_alarm)

    def over(self) -> list[Target]:
        """The targets of which somebody was told, and has yet to hear that it is over."""
        return [target for target, record in self._records.items() if record.told and not record.is_alarm]

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
