"""How long decisions stood still after a fault: the longest that an input waited, in the partitions that changed hands.

An input waits from the broker's time of it to the broker's time of the first record that it led to.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tests.rig.log import Entry

WINDOW_SECONDS, BROKER_WINDOW_SECONDS = 18.0, 45.0
"""A fault is given this long to show; a claim that comes later has another reason."""
JOURNAL_OF = {
    "triage": "decisions",
    "team-availability": "assignments",
    "notification": "notifications",
    "rostering": "rosters",
}
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


def stalls(faults: Sequence[Fault], records: Iterable[Entry]) -> list[Stall]:
    """Every partition that a fault made change hands, with how long it stood still."""
    everything = list(records)
    durable_at = {record.position: record.time for record in everything}
    journals: defaultdict[tuple[str, int], list[Entry]] = defaultdict(list)
    for record in everything:
        if record.topic in SERVICE_OF and record.counts:
            journals[record.topic, record.partition].append(record)
    stood_still = []
    for fault in faults:
        for (journal, _), entries in journals.items():
            if fault.service in ("*", SERVICE_OF[journal]):
                within = [entry for entry in entries if fault.at < entry.time < _until(fault, faults)]
                stood_still += _stall(fault, within, durable_at)
    return stood_still


def _until(fault: Fault, faults: Sequence[Fault]) -> float:
    """When another fault may disturb the same service, or enough time has gone by."""
    end = fault.at + (BROKER_WINDOW_SECONDS if fault.kind == "broker" else WINDOW_SECONDS)
    return min([end, *(other.at for other in faults if other.at > fault.at and other.service in (fault.service, "*"))])


def _stall(fault: Fault, within: Sequence[Entry], durable_at: Mapping[str, float]) -> list[Stall]:
    claim = next((record.offset for record in within if record.type == "claimed"), None)
    decided = [record for record in within if record.type != "claimed" and record.cause in durable_at]
    after = [record for record in decided if claim is not None and record.offset > claim]
    if not after:
        return []
    waited = max(record.time - max(durable_at[record.cause], fault.at) for record in decided)
    return [Stall(fault.kind, after[0].topic, after[0].partition, waited, after[0].time - fault.at)]
