"""Reads the audit log from Kafka: all of it to examine it, with the commands that it tells of; or a stretch of it."""

from __future__ import annotations

import asyncio
import hashlib
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from shared.audit_log.chain import ChainKeys, is_genuine
from shared.audit_log.examine import AnchoredHead, Break, Examination
from shared.engine.broker import Broker, RecordPosition, Stored, reading, require_topics
from shared.engine.journal import InputPosition
from shared.engine.reader import JournalReader, kept_records
from shared.events import AuditEntry, CommandIssued, PersonalDataSeen, UndecodableEvent, decode
from shared.topics import AUDIT_LOG, COMMANDS

Progress = Callable[[int], None]
"""Told now and then how many records were read."""
PROGRESS_EVERY: Final = 20_000
LATEST: Final = timedelta(hours=6)
"""So long after its own time an entry is still looked for: where Kafka was away it was written late."""
CLOCK_SLACK: Final = timedelta(seconds=5)


@dataclass(slots=True)
class Examined:
    """What came of an examination."""

    examination: Examination
    commands: int = 0
    """Commands that stand where the log says, as it says."""

    @property
    def breaks(self) -> list[Break]:
        """Whatever is not as it was written."""
        return self.examination.breaks


async def examine_log(
    broker: Broker,
    keys: ChainKeys,
    now: datetime,
    anchors: Iterable[AnchoredHead] = (),
    progress: Progress = lambda _count: None,
) -> Examined:
    """Examine the whole audit log, and then the commands that it tells of. Raises BrokerUnavailable."""
    await require_topics(broker, [AUDIT_LOG, COMMANDS])
    examined = Examined(Examination(keys, now, anchors))
    cited: dict[str, tuple[str, str]] = {}
    async for stored in kept_records(broker, range(broker.partitions), [AUDIT_LOG]):
        examined.examination.take(stored)
        if stored.headers.get("type") == CommandIssued.type.encode() and is_genuine(keys, stored):
            cited |= _cited_command(stored)
        if examined.examination.records % PROGRESS_EVERY == 0:
            progress(examined.examination.records)
    examined.examination.finish()
    await _compare_commands(broker, cited, examined)
    return examined


def _cited_command(stored: Stored) -> Mapping[str, tuple[str, str]]:
    """By the position of a command, its digest, and where the log says so."""
    try:
        entry = decode(CommandIssued.type, stored.value)
    except UndecodableEvent:
        return {}
    assert isinstance(entry, CommandIssued)  # noqa: S101  # the type says so
    return {entry.position: (entry.digest, stored.position)} if entry.position else {}


async def _compare_commands(broker: Broker, cited: dict[str, tuple[str, str]], examined: Examined) -> None:
    """Look whether the commands that are still kept are those that were issued."""
    starts = await _starts(broker, COMMANDS.name)
    async for stored in kept_records(broker, range(broker.partitions), [COMMANDS]):
        told = cited.pop(stored.position, None)
        if told is None:
            continue
        digest, told_at = told
        if hashlib.sha256(stored.value).hexdigest() == digest:
            examined.commands += 1
        else:
            examined.breaks.append(Break(stored.position, "changed", f"is not the command that {told_at} tells of"))
    for position, (_, told_at) in cited.items():
        topic, partition, offset = RecordPosition.parse(position)
        if topic == COMMANDS.name and offset >= starts.get(partition, 0):
            examined.breaks.append(Break(told_at, "missing", f"tells of a command at {position}, where there is none"))


async def _starts(broker: Broker, topic: str) -> dict[int, int]:
    async with reading(broker) as reader:
        starts = await reader.starts([(topic, number) for number in range(broker.partitions)])
    return {partition: start for (_, partition), start in starts.items()}


@dataclass(frozen=True, slots=True)
class Line:
    """An entry as it stands in the log."""

    entry: AuditEntry
    entry_id: str
    position: str
    genuine: bool
    """Whether whoever wrote it had the key, and nobody has changed it since."""


@dataclass(slots=True)
class Stretch:
    """Entries, the newest first."""

    lines: deque[Line]
    whole: bool = True
    """Whether all of them are here: there may be more than were asked for, or than could be read in time."""


@dataclass(frozen=True, slots=True)
class Question:
    """What somebody at an agency wants to know of the log."""

    agency: str
    since: datetime
    until: datetime
    call_id: str = ""
    """About this call alone; empty: about any."""
    person_id: str = ""
    """About this person."""
    by: str = ""
    """What this person, device or service did and saw."""
    limit: int = 200

    def asks_for(self, entry: AuditEntry) -> bool:
        """Whether an entry is wanted. Who saw the names of all staff has seen each person's."""
        wanted = {"call_id": self.call_id, "by": self.by}
        return (
            self.since <= entry.at < self.until
            and all(getattr(entry, name, "") == value for name, value in wanted.items() if value)
            and (not self.person_id or self.person_id in _people_of(entry) or _is_of_everybody(entry))
        )


def _people_of(entry: AuditEntry) -> tuple[str, ...]:
    others = entry.people if isinstance(entry, CommandIssued) else ()
    return (getattr(entry, "person_id", ""), *others)


def _is_of_everybody(entry: AuditEntry) -> bool:
    return isinstance(entry, PersonalDataSeen) and entry.what != "call" and not entry.person_id


async def answer_to(broker: Broker, keys: ChainKeys, question: Question, seconds: float) -> Stretch:
    """The entries that are asked for, the newest `limit` of those that could be read in time.

    What could not be written for longer than `LATEST` is found by its own time no more, but by `careroute audit
    verify`. Raises BrokerUnavailable.
    """
    place = (AUDIT_LOG.name, broker.partition_of(question.agency))
    stretch, ids = Stretch(deque(maxlen=question.limit)), set[str]()
    async with reading(broker) as raw:
        try:
            begin = await raw.since([place], question.since - CLOCK_SLACK)
            end = await raw.since([place], question.until + LATEST)
            reader = JournalReader(raw, ())
            await reader.assign({place: InputPosition(begin[place], 0)})
            async with asyncio.timeout(seconds):
                async for stored in reader.until(end):
                    line = line_of(keys, stored) if stored.key == question.agency else None
                    if line is None or line.entry_id in ids or not question.asks_for(line.entry):
                        continue  # one may be written twice, where nobody knew whether it was
                    ids.add(line.entry_id)
                    stretch.whole = stretch.whole and len(stretch.lines) < question.limit
                    stretch.lines.appendleft(line)
        except TimeoutError:
            stretch.whole = False
    return stretch


def line_of(keys: ChainKeys, stored: Stored) -> Line | None:
    """A record as an entry; None for what is none."""
    try:
        entry = decode(stored.header("type"), stored.value)
    except UndecodableEvent:
        return None
    if not isinstance(entry, AuditEntry):
        return None
    return Line(entry, stored.header("id"), stored.position, is_genuine(keys, stored))
