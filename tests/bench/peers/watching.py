"""An independent reader of a run's journals: sees what is committed, by the ownership rule, and when it saw it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import aiokafka
from aiokafka import AIOKafkaConsumer

from shared.events import Event
from shared.topics import ASSIGNMENTS, DECISIONS, NOTIFICATIONS
from tests.rig.log import Entry, Rule, entry_of

JOURNALS = (DECISIONS.name, ASSIGNMENTS.name, NOTIFICATIONS.name)


@dataclass(slots=True)
class Watch:
    """Of one run; names of topics are those of the services, without the run's."""

    bootstrap: str
    partitions: int
    run: str
    entries: list[Entry] = field(default_factory=list)
    """What counts, in the order of each partition."""
    arrived: list[float] = field(default_factory=list)
    """When each of them came."""
    first: dict[tuple[str, str], float] = field(default_factory=dict)
    """By type and subject, when the first came."""

    async def follow(self) -> None:
        """Read from the beginning until cancelled."""
        places = [
            aiokafka.TopicPartition(f"{self.run}-{topic}", number)
            for topic in JOURNALS
            for number in range(self.partitions)
        ]
        client = AIOKafkaConsumer(
            bootstrap_servers=self.bootstrap,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
        )
        await client.start()
        try:
            client.assign(places)
            rule = Rule()
            while True:
                polled = await client.getmany(timeout_ms=200, max_records=2000)
                self._take(polled, rule, time.time())
        finally:
            await client.stop()

    def of(self, kind: type[Event]) -> list[Entry]:
        """The events of a kind."""
        return [entry for entry in self.entries if entry.type == kind.type]

    def since(self, instant: float) -> Iterator[tuple[Entry, float]]:
        """What was decided after an instant, and when it came."""
        for entry, arrived in zip(self.entries, self.arrived, strict=True):
            if "time" in entry.headers and entry.decided_at > instant:
                yield entry, arrived

    async def until_quiet(self, seconds: float, most_seconds: float) -> None:
        """Wait until nothing has come for a while."""
        until = time.monotonic() + most_seconds
        while time.monotonic() < until:
            before = len(self.entries)
            await asyncio.sleep(seconds)
            if len(self.entries) == before:
                return

    def _take(self, polled: Any, rule: Rule, now: float) -> None:
        prefix = f"{self.run}-"
        for raw in (raw for records in polled.values() for raw in records):
            raw.topic = raw.topic.removeprefix(prefix)
            entry = entry_of(raw, rule)
            if not entry.counts or entry.type in ("claimed", "positions-noted"):
                continue
            cause = entry.cause.removeprefix(prefix).encode()
            self.entries.append(replace(entry, headers={**entry.headers, "cause": cause}))
            self.arrived.append(now)
            self.first.setdefault((entry.type, entry.subject), now)
