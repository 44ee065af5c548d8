"""Appends requests to a topic, each whole; those that come while an append is under way share the next one."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from shared.engine.background import Background
from shared.engine.broker import Broker, BrokerUnavailable, Record
from shared.engine.topic import STEP_BYTES, Topic


class _Entry(NamedTuple):
    records: Sequence[Record]
    offset: asyncio.Future[int]
    """Of the first record. Done beforehand where nobody waits for it any more."""


class _Batch:
    def __init__(self) -> None:
        self.entries: list[_Entry] = []
        self.size = 0


class Appender:
    """One batch at a time for each partition: throughput grows with load, and a single request waits for nobody.

    Each waits for as long as it can, whoever else is in its batch. Of one that waits no more before its batch is
    written nothing is: on a full machine that would only keep the others waiting.
    """

    def __init__(self, broker: Broker, topic: Topic) -> None:
        self._broker, self._topic = broker, topic
        self._next: dict[int, _Batch] = {}
        self._under_way: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._background = Background()

    async def append(self, partition: int, records: Sequence[Record], size: int) -> int:
        """The offset of the first record, once all are durable. Raises BrokerUnavailable: nothing is acknowledged."""
        batch = self._next.get(partition)
        if batch is None or batch.size + size > STEP_BYTES:
            batch = self._next[partition] = _Batch()
            self._background.start_unchecked(self._write(partition, batch))
        entry = _Entry(records, asyncio.get_running_loop().create_future())
        batch.entries.append(entry)
        batch.size += size
        return await entry.offset

    async def _write(self, partition: int, batch: _Batch) -> None:
        """Write what is still waited for; whatever ends this leaves those who wait an answer."""
        entries = batch.entries
        try:
            async with self._under_way[partition]:
                self._begin(partition, batch)
                entries = [entry for entry in batch.entries if not entry.offset.done()]
                records = [record for entry in entries for record in entry.records]
                if not records:
                    return
                offset = (await self._broker.append(self._topic.name, partition, records)).offset
            for entry in entries:
                if not entry.offset.done():
                    entry.offset.set_result(offset)
                offset += len(entry.records)
        except BaseException as error:
            self._begin(partition, batch)
            told = error if isinstance(error, Exception) else BrokerUnavailable("the append did not end well")
            for entry in entries:
                if not entry.offset.done():
                    entry.offset.set_exception(told)
            if not isinstance(error, Exception):
                raise

    def _begin(self, partition: int, batch: _Batch) -> None:
        """Have nobody else join it."""
        if self._next.get(partition) is batch:
            del self._next[partition]
