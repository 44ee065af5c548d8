"""What brought what about: the records of a call, each under the one that caused it, with how long that took.

Every record of a journal names its cause, so the journals are a whole trace, and nothing is sampled.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter

from shared.engine.broker import RecordPosition
from shared.engine.service import EffectDone, EffectStarting, Tick, internal_input
from shared.engine.state import ClockId

FINEST_SECONDS = 0.01
"""What is shorter looks all the same."""


@dataclass(frozen=True, slots=True)
class TraceRecord:
    """A record as it stands in a topic, without what is in it."""

    position: RecordPosition
    agency: str
    type: str
    time: datetime
    """The broker's."""
    source: str = ""
    """Who wrote it."""
    cause: str = ""
    """The position of the record that brought it about, or the clock or effect; empty for what came from outside."""


@dataclass(frozen=True, slots=True)
class TraceStep:
    """A record in the waterfall. Seconds count from the first record of all."""

    position: str
    type: str
    source: str
    at: datetime
    depth: int
    """How many causes above it are in the waterfall."""
    begins_seconds: float
    """When its cause was there."""
    ends_seconds: float
    """When it was there itself."""
    cause: str
    """What brought it about, in words; empty where that stands above it."""

    @property
    def took_seconds(self) -> float:
        """How long it took from its cause."""
        return self.ends_seconds - self.begins_seconds


def along(seconds: float, whole_seconds: float) -> float:
    """Where an instant stands between the first record and the last, from 0 to 1.

    The scale is logarithmic: a call has steps of hundredths of a second, and clocks of minutes.
    """
    return math.log1p(seconds / FINEST_SECONDS) / math.log1p(max(whole_seconds, FINEST_SECONDS) / FINEST_SECONDS)


def waterfall(records: Iterable[TraceRecord], elsewhere: Iterable[TraceRecord] = ()) -> tuple[TraceStep, ...]:
    """Every record once, below its cause where that is one of them; what has one cause stands in order of time.

    `elsewhere`: causes that are no records of the call themselves, and are only named. What is above is always older,
    so that no record is lost, whatever the causes say.
    """
    names = {str(cause.position): f"{cause.type} ({cause.position})" for cause in elsewhere}
    ordered = sorted(records, key=attrgetter("time", "position"))
    if not ordered:
        return ()
    parents = _parents(ordered)
    below: dict[int | None, list[int]] = defaultdict(list)
    for place in range(len(ordered)):
        below[parents.get(place)].append(place)
    steps, left = [], [(place, 0) for place in reversed(below[None])]
    while left:
        place, depth = left.pop()
        parent = None if (above := parents.get(place)) is None else ordered[above]
        steps.append(_step(ordered[place], parent, depth, ordered[0].time, names))
        left += [(child, depth + 1) for child in reversed(below[place])]
    return tuple(steps)


def _parents(ordered: Sequence[TraceRecord]) -> dict[int, int]:
    """By its place in the order, which record caused a record; what came of an effect is caused by its beginning."""
    places: dict[str, int] = {}
    parents: dict[int, int] = {}
    for place, record in enumerate(ordered):
        cause = record.cause
        inner = _inner(record)
        if isinstance(inner, EffectStarting):
            places.setdefault(cause, place)
        elif isinstance(inner, EffectDone):
            cause = EffectStarting(inner.effect_id).cause(record.agency)
        if cause in places and places[cause] != place:
            parents[place] = places[cause]
        places.setdefault(str(record.position), place)
    return parents


def _step(
    record: TraceRecord, parent: TraceRecord | None, depth: int, first: datetime, names: Mapping[str, str]
) -> TraceStep:
    began = record.time
    if parent is not None:
        began = parent.time
    elif isinstance(inner := _inner(record), Tick) and first <= inner.at <= record.time:
        began = inner.at
    return TraceStep(
        str(record.position),
        record.type,
        record.source,
        record.time,
        depth,
        (began - first).total_seconds(),
        (record.time - first).total_seconds(),
        "" if parent is not None else names.get(record.cause) or _words(record),
    )


def _words(record: TraceRecord) -> str:
    """What brought a record about that has no cause above it."""
    inner = _inner(record)
    if isinstance(inner, Tick):
        return f"the clock {ClockId.parse(inner.clock_id).kind}"
    if inner is not None:
        return "a page or a message to the CAD"
    return record.cause or "from outside"


def _inner(record: TraceRecord) -> Tick | EffectStarting | EffectDone | None:
    """The clock or effect that a record's cause names; None for a position, and for what is written otherwise."""
    try:
        inner = internal_input(record.cause, record.agency)
    except ValueError:
        return None
    return None if isinstance(inner, Tick) and inner.at.tzinfo is None else inner
