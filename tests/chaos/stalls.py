"""How long decisions stood still after a fault: the longest that an input waited, in the partitions that changed hands.

An input waits from the broker's time of it to the broker's time of the first record that it led to.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tests.rig.log import Seen

WINDOW_SECONDS, BROKER_WINDOW_SECONDS = 18.0, 45.0
"""A fault is given so long to show; a claim that comes later has another reason."""
JOURNAL_OF = {"triage": "decisions", "team-availability": "assignments", "notification": "notifications"}
SERVICE_OF = {journal: service for service, journal in JOURNAL_OF.items()}


@dataclass(frozen=True, slots=True)
class Fault:
    """What was done, to whom, when. Service `*`: Kafka itself."""

    kind: str
    service: str
    number: int
    at: float
    mixed: bool = False
    """Others may have hit the same service at about this time."""


@dataclass(frozen=True, slots=True)
class Stall:
    """One partition after one fault."""

    kind: str
    journal: str
    partition: int
    waited_seconds: float
    """The longest wait of an input that became durable after the fault."""
    first_seconds: float
    """From the fault to the first decision of the next owner."""


def stalls(faults: Sequence[Fault], records: Iterable[Seen]) -> list[Stall]:
    """Every partition that a fault made change hands, with how long it stood still."""
    everything = list(records)
    durable_at = {one.position: one.time for one in everything}
    journals: defaultdict[tuple[str, int], list[Seen]] = defaultdict(list)
    for record in everything:
        if record.topic in SERVICE_OF and record.counts:
            journals[record.topic, record.partition].append(record)
    found = []
    for fault in faults:
        for (journal, _), kept in journals.items():
            if fault.service in ("*", SERVICE_OF[journal]):
                within = [one for one in kept if fault.at < one.time < _until(fault, faults)]
                found += _stall(fault, within, durable_at)
    return found


def _until(fault: Fault, faults: Sequence[Fault]) -> float:
    """When another fault may disturb the same service, or enough time has gone by."""
    end = fault.at + (BROKER_WINDOW_SECONDS if fault.kind == "broker" else WINDOW_SECONDS)
    return min([end, *(one.at for one in faults if one.at > fault.at and one.service in (fault.service, "*"))])


def _stall(fault: Fault, within: Sequence[Seen], durable_at: Mapping[str, float]) -> list[Stall]:
    claim = next((one.offset for one in within if one.type == "claimed"), None)
    decided = [one for one in within if one.type != "claimed" and one.cause in durable_at]
    after = [one for one in decided if claim is not None and one.offset > claim]
    if not after:
        return []
    waited = max(one.time - max(durable_at[one.cause], fault.at) for one in decided)
    return [Stall(fault.kind, after[0].topic, after[0].partition, waited, after[0].time - fault.at)]
