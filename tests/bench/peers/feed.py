"""What a run is fed with: versions of calls, at a rate or piled up, and ticks of the clock."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from services.intake import flat
from services.intake.append import Appender
from services.intake.version import record as record_of
from shared.agencies import Source
from shared.engine.broker import Record
from shared.engine.kafka import KafkaBroker
from shared.sealing import Sealer
from shared.topics import CALLS
from tests.bench.peers.hosting import TICKS
from tests.rig.calls import CallStream

NEW_EVERY = 4
"""Of the versions one in so many is that of a new call: these are timed."""
TICK_SECONDS = 2.0
BATCH = 200


class Feed:
    """Of one run."""

    def __init__(self, broker: KafkaBroker, run: str, agencies: Sequence[str], sealer: Sealer) -> None:
        self._broker, self._agencies, self._sealer = broker, agencies, sealer
        self._topic, self._ticks = replace(CALLS, name=f"{run}-{CALLS.name}"), f"{run}-{TICKS.name}"
        self._calls = CallStream(agencies, int(time.time()), NEW_EVERY, settle_events=100)
        self._appender = Appender(broker, self._topic)
        self.due: dict[str, float] = {}
        """By new call, when its first version was to be appended."""

    async def publish(self, rate: int, seconds: float) -> None:
        """An open load: each version is appended when it is due, whatever came of those before."""
        began = time.time() + 0.1
        async with asyncio.TaskGroup() as tasks:
            for number in range(int(rate * seconds)):
                due = began + number / rate
                await asyncio.sleep(max(0.0, due - time.time()))
                partition, record = self._next(due)
                tasks.create_task(self._appender.append(partition, [record], len(record.value)))

    async def pile_up(self, number: int) -> set[str]:
        """Append many versions at once; the ids of the new calls among them."""
        before, batches = set(self.due), dict[int, list[Record]]()
        for _ in range(number):
            partition, record = self._next(time.time())
            batches.setdefault(partition, []).append(record)
        for partition, records in batches.items():
            for start in range(0, len(records), BATCH):
                await self._broker.append(self._topic.name, partition, records[start : start + BATCH])
        return self.due.keys() - before

    async def tick(self) -> None:
        """Tell the hosts of the time, until cancelled."""
        while True:
            for agency in self._agencies:
                await self._broker.append(self._ticks, self._broker.partition_of(agency), [Record(agency, b"{}")])
            await asyncio.sleep(TICK_SECONDS)

    def _next(self, due: float) -> tuple[int, Record]:
        call, body = self._calls.next()
        if call.version == 0:
            self.due[call.call_id] = due
        (version,) = flat.read(body)
        source, now = Source(agency=call.agency, name="cad"), datetime.fromtimestamp(due, UTC)
        return self._broker.partition_of(call.agency), record_of(version, source, self._sealer, None, now)
