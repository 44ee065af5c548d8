"""What became of the calls of a run, by what a reader of its journals sees. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from shared.engine.broker import RecordPosition
from tests.rig.log import Entry

DECIDED, ENDS = "call-triaged", ("page-due", "call-routed")


@dataclass(frozen=True, slots=True)
class Counted:
    """Of one run."""

    lost: int
    """New calls that were not decided, or have neither page nor outcome."""
    doubled: int
    """Inputs of a service that were decided more than once, each time with events that count."""
    disordered: int
    """Inputs that were decided after a later one of the same topic and partition."""


def counted(entries: Sequence[Entry], calls: Collection[str]) -> Counted:
    """What counts, in the order of each partition, and the ids of the new calls that were published."""
    decided = {entry.subject for entry in entries if entry.type == DECIDED}
    ended = {entry.subject for entry in entries if entry.type in ENDS}
    return Counted(sum(call not in decided & ended for call in calls), _doubled(entries), _disordered(entries))


def _doubled(entries: Iterable[Entry]) -> int:
    """A decision stamps all of its events with one instant, and no other decision on the same input has the same."""
    instants: defaultdict[tuple[str, str], set[bytes]] = defaultdict(set)
    for entry in entries:
        instants[entry.topic, entry.cause].add(entry.headers.get("time", b""))
    return sum(len(of_input) > 1 for of_input in instants.values())


def _disordered(entries: Iterable[Entry]) -> int:
    latest: dict[tuple[str, str, int], int] = {}
    taken, disordered = set[tuple[str, str]](), 0
    for entry in entries:
        if entry.cause.startswith(("tick/", "effect/", "note/")) or (entry.topic, entry.cause) in taken:
            continue
        taken.add((entry.topic, entry.cause))
        position = RecordPosition.parse(entry.cause)
        place = entry.topic, position.topic, position.partition
        disordered += position.offset < latest.get(place, -1)
        latest[place] = max(position.offset, latest.get(place, -1))
    return disordered
