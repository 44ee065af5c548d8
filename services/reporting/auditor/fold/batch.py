"""Takes a batch of records that count into the store, within the transaction of whoever carries them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, TextClause, text

from services.reporting.auditor.fold import assignments, audit_log, calls, commands, decisions, heard, notifications
from services.reporting.auditor.fold.writes import Fold, Given, Write, insert
from services.reporting.auditor.tables import STEP, microseconds
from shared.audit_log.chain import ChainKeys
from shared.engine.broker import Stored
from shared.topics import AUDIT_LOG

FOLDS: Mapping[str, Mapping[str, Fold]] = {
    "calls": calls.FOLDS,
    "assignments": {**assignments.FOLDS, **commands.ANSWERS},
    "decisions": {**decisions.FOLDS, **commands.ANSWERS},
    "notifications": {**notifications.FOLDS, **commands.ANSWERS},
    "rosters": commands.ANSWERS,
    AUDIT_LOG.name: {},
}
COMMANDS = "commands"
JOURNALS = ("assignments", "decisions", "notifications", "rosters")
TOPICS = ("calls", COMMANDS, *JOURNALS, AUDIT_LOG.name)
"""What the auditor reads."""

_NEXT_BATCH = "INSERT INTO batch (id, number) VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET number = batch.number + 1"
_KEEP_STEP = """INSERT INTO step (topic, partition, mark, epoch, read_offset, read_before)
    VALUES (:topic, :partition, :mark, :epoch, :read_offset, :read_before)
    ON CONFLICT (topic, partition) DO UPDATE SET mark = excluded.mark, epoch = excluded.epoch,
        read_offset = excluded.read_offset, read_before = excluded.read_before"""


@dataclass(slots=True)
class _Step:
    """The last step of a journal's owner."""

    mark: str = ""
    epoch: int = 0
    read_offset: int = -1
    read_before: int = -1

    def enter(self, stored: Stored) -> bool:
        """Take in the headers of the next record; whether another owner wrote it than the one before."""
        headers = stored.headers
        epoch, positions = int(headers.get("epoch", b"0")), headers.get("positions", b"{}")
        mark = hashlib.blake2b(b"/".join((headers.get("time", b""), positions)), digest_size=8).hexdigest()
        if (mark, epoch) != (self.mark, self.epoch):
            self.read_before = self.read_offset
            self.read_offset = json.loads(positions).get("assignments", (-1, 0))[0]
        changed_hands = self.epoch not in (0, epoch)
        self.mark, self.epoch = mark, epoch
        return changed_hands


def take(
    connection: Connection, records: Sequence[Stored], keys: ChainKeys, now: datetime, canaries: Sequence[bytes] = ()
) -> None:
    """Fold records that count, in the order of their partitions.

    `keys` are those of the audit log; `canaries` are words that may stand nowhere.
    """
    connection.execute(text(_NEXT_BATCH))
    batch = connection.execute(text("SELECT number FROM batch")).scalar_one()
    steps = {(row.topic, row.partition): _Step(*row[2:]) for row in connection.execute(_STEPS)}
    writes = [write for stored in records for write in _writes(stored, batch, steps, canaries)]
    for sql, group in groupby(writes, key=itemgetter(0)):
        connection.execute(_text(sql), [dict(write.values) for write in group])
    entries = [stored for stored in records if stored.topic == AUDIT_LOG.name]
    audit_log.follow(connection, entries, keys, now, batch)
    for (topic, partition), step in steps.items():
        place = {"topic": topic, "partition": partition}
        kept = {
            "mark": step.mark,
            "epoch": step.epoch,
            "read_offset": step.read_offset,
            "read_before": step.read_before,
        }
        connection.execute(text(_KEEP_STEP), {**place, **kept})


_STEPS = STEP.select().with_only_columns(
    STEP.c.topic, STEP.c.partition, STEP.c.mark, STEP.c.epoch, STEP.c.read_offset, STEP.c.read_before
)


@cache
def _text(sql: str) -> TextClause:
    return text(sql)


def _writes(
    stored: Stored, batch: int, steps: dict[tuple[str, int], _Step], canaries: Sequence[bytes]
) -> Iterator[Write]:
    place = {"topic": stored.topic, "partition": stored.partition, "record_offset": stored.offset}
    at = microseconds(stored.time)
    step = steps.setdefault((stored.topic, stored.partition), _Step()) if stored.topic in JOURNALS else _Step()
    if stored.topic in JOURNALS and step.enter(stored):
        yield insert("claim", **place, at_us=at)
    found: dict[str, Any] = {"agency": stored.key, "at_us": at, "changed": batch}
    if any(canary in stored.value for canary in canaries):
        yield insert("leak", **place, **found)
    kind = stored.header("type")
    fold = commands.ordered if stored.topic == COMMANDS else FOLDS[stored.topic].get(kind)
    try:
        yield from list(heard.came_of(stored.topic, kind, stored.header("cause")))
        if fold is not None or kind in heard.OWES:
            given = Given(kind, json.loads(stored.value), stored, batch, step.read_before)
            yield from [*(fold(given) if fold else ()), *heard.owed(given)]
    except (ValueError, KeyError, TypeError, AttributeError):
        yield insert("unreadable", **place, **found)
