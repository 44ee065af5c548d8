"""What Kafka keeps and carries: disk by topic, megabytes a second, brokers. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass

from deploy.capacity.inputs import DECIDERS
from deploy.capacity.model import KEY_DAYS, YEAR_DAYS, Cell
from services.notification.service import NOTIFICATION
from services.rostering.service import ROSTERING
from services.team_availability.service import TEAM_AVAILABILITY
from services.triage.service import TRIAGE
from shared.engine.topic import DAY_MILLISECONDS, Topic
from shared.topics import CALL_KEYS, TOPICS

SERVICES = (TRIAGE, TEAM_AVAILABILITY, NOTIFICATION, ROSTERING)
READ_BESIDE = 2
"""Reporting and the auditor each read every topic."""
MB, TB = 10**6, 10**12


@dataclass(frozen=True, slots=True)
class Kept:
    """A topic on disk, right after a surge."""

    topic: str
    days: float
    """How much of it there is; of what is kept for good, as much as the document says."""
    for_good: bool
    copy_bytes: float


def kept(cell: Cell) -> list[Kept]:
    """Every topic that was measured, in one copy."""
    by_name = {topic.name: topic for topic in TOPICS}
    found = []
    for name, share in cell.measured.topics.items():
        topic = by_name[name]
        days = days_kept(topic, cell.wanted.layout.years_kept)
        versions = cell.calls_in(days, surge=True) * cell.wanted.demand.versions_a_call
        found.append(Kept(name, days, _for_good(topic), versions * share.bytes_a_version))
    return found


def days_kept(topic: Topic, years: float) -> float:
    """How many days of a topic there are."""
    if topic == CALL_KEYS:
        return KEY_DAYS
    return years * YEAR_DAYS if _for_good(topic) else topic.retention_milliseconds / DAY_MILLISECONDS


def _for_good(topic: Topic) -> bool:
    return topic.retention_milliseconds < 0 and topic != CALL_KEYS


def disk_tb(cell: Cell) -> float:
    """All topics in all copies."""
    return sum(each.copy_bytes for each in kept(cell)) * cell.wanted.layout.replication / TB


def written_mb(cell: Cell, rate: float) -> float:
    """Megabytes a second that are written, in one copy."""
    return rate * sum(share.bytes_a_version for share in cell.measured.topics.values()) / MB


def saved_mb(cell: Cell, rate: float, *, surge: bool) -> float:
    """Megabytes a second of snapshots besides, in one copy."""
    squares = cell.spread.squares(1)
    return sum(cell.saving(name, rate, squares, surge=surge) for name in DECIDERS) / MB


def read_mb(cell: Cell, rate: float) -> float:
    """Megabytes a second that services and readers fetch: a journal once by each process that follows it."""
    processes = {name: cell.processes(name) or cell.partitions for name in DECIDERS}
    total = 0.0
    for name, share in cell.measured.topics.items():
        readers = READ_BESIDE + sum(name in {topic.name for topic in service.reads} for service in SERVICES)
        readers += next((processes.get(each.name, 1) - 1 for each in SERVICES if each.writes.name == name), 0)  # type: ignore[call-overload]
        total += share.bytes_a_version * readers
    return rate * total / MB


def cores(cell: Cell, rate: float) -> float:
    """Cores of all brokers together; a copy is taken to cost a follower what it costs the leader."""
    return rate * cell.measured.processes["kafka"].cpu_ms_a_version / 1000 * cell.wanted.layout.replication


def brokers(cell: Cell) -> dict[str, int]:
    """How many brokers each need asks for by itself; the greatest decides."""
    layout, rate = cell.wanted.layout, cell.rates.surge
    written = written_mb(cell, rate) + saved_mb(cell, rate, surge=True)
    traffic = written * (2 * layout.replication - 1) + read_mb(cell, rate)
    return {
        "copies": layout.replication,
        "disk": math.ceil(disk_tb(cell) / layout.broker_disk_tb),
        "traffic": math.ceil(traffic / layout.broker_mb_a_second),
        "processor": math.ceil(cores(cell, rate) / (layout.broker_cores * layout.most_utilisation)),
        "partitions": math.ceil(partition_copies(cell) / layout.broker_partition_copies),
    }


def partition_copies(cell: Cell) -> int:
    """Copies of partitions, over all topics."""
    return len(TOPICS) * cell.partitions * cell.wanted.layout.replication
