"""Appends requests to a topic, each whole; those that come while an append is under way share the next one."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from shared.engine.broker import Appended, Broker, BrokerUnavailable, Record
from shared.engine.topic import STEP_BYTES, Topic


@dataclass(slots=True)
class _Batch:
    written: asyncio.Future[Appended]
    records: list[Record] = field(default_factory=list)
    size: int = 0


class Appender:
    """One batch at a time for each partition: throughput grows with load, and a single request waits for nobody."""

    def __init__(self, broker: Broker, topic: Topic) -> None:
        self._broker, self._topic = broker, topic
        self._next: dict[int, _Batch] = {}
        self._under_way: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def append(self, partition: int, records: Sequence[Record], size: int) -> int:
        """The offset of the first record, once all are durable. Raises BrokerUnavailable: nothing is acknowledged."""
        batch = self._next.get(partition)
        leads = batch is None or batch.size + size > STEP_BYTES
        if batch is None or leads:
            batch = self._next[partition] = _Batch(asyncio.get_running_loop().create_future())
        index = len(batch.records)
        batch.records += records
        batch.size += size
        if leads:
            await self._write(partition, batch)
        return (await asyncio.shield(batch.written)).offset + index

    async def _write(self, partition: int, batch: _Batch) -> None:
        """Write a batch for all that wait for it; whatever ends this leaves them an answer."""
        try:
            async with self._under_way[partition]:
                if self._next.get(partition) is batch:
                    del self._next[partition]
                batch.written.set_result(await self._broker.append(self._topic.name, partition, batch.records))
        except BaseException as error:
            if self._next.get(partition) is batch:
                del self._next[partition]
            batch.written.set_exception(BrokerUnavailable("the append did not end well"))
            if not isinstance(error, BrokerUnavailable):
                batch.written.exception()  # whoever leads knows already
                raise
