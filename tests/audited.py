"""What a door has written into the audit log of an in-memory cluster."""

from __future__ import annotations

import asyncio

from shared.audit_log.log import AuditLog
from shared.engine.memory import MemoryLog
from shared.events import AuditEntry, decode
from shared.topics import AUDIT_LOG


async def entries_of(kafka: MemoryLog, log: AuditLog) -> list[AuditEntry]:
    """Every entry, once what waits is written."""
    async with asyncio.timeout(5):
        while log.unwritten_seconds():  # noqa: ASYNC110  # tests only
            await asyncio.sleep(0.01)
    return entries_in(kafka)


def entries_in(kafka: MemoryLog) -> list[AuditEntry]:
    """Every entry that stands there."""
    places = (kafka.places[AUDIT_LOG.name, number] for number in range(kafka.partitions))
    read = [decode(stored.headers["type"].decode(), stored.value) for held in places for stored in held]
    return [entry for entry in read if isinstance(entry, AuditEntry)]
