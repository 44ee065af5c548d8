"""Before anything is read: where the store begins, and that reading goes on exactly where the store is."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from sqlalchemy.ext.asyncio import AsyncEngine

from services.reporting.carrier import Carrier
from services.reporting.store.write import begin_at, positions
from shared import telemetry
from shared.clock import Clock
from shared.engine.broker import BrokerUnavailable, Reader, TopicPartition
from shared.engine.kafka import set_group_back

GROUP_SECONDS = 8.0
"""How long it takes Kafka at most to give up a member of the group that is no more."""
AGAIN_SECONDS = 0.5


class RecordsDeleted(RuntimeError):
    """Kafka has deleted records that the store has not read; they are lost to it."""


async def begin(engine: AsyncEngine, reader: Reader, places: Sequence[TopicPartition]) -> Mapping[TopicPartition, int]:
    """Note where a new store begins; the offset that comes next in each partition. Raises RecordsDeleted."""
    starts = await reader.starts(places)
    await begin_at(engine, starts)
    stored = await positions(engine)
    for place, start in starts.items():
        if stored[place] < start:
            raise RecordsDeleted(
                f"{place[0]}/{place[1]}: the store has read up to {stored[place]}, and Kafka keeps what is from "
                f"{start} on; make the store anew: careroute report rebuild"
            )
    return stored


async def set_back(carrier: Carrier, stored: Mapping[TopicPartition, int], clock: Clock) -> None:
    """Set the group back to where the store is, where it is ahead of that.

    Where others of the group are alive it cannot be set back; what is missing then ends them too.
    """
    began = clock.monotonic()
    while True:
        try:
            moved = await set_group_back(carrier.connection, carrier.group, stored)
        except BrokerUnavailable as error:
            if clock.monotonic() - began > GROUP_SECONDS:
                telemetry.logger().warning("the group is as it was", wrong=str(error)[:200])
                return
            await asyncio.sleep(AGAIN_SECONDS)
        else:
            for topic, partition in moved:
                telemetry.logger().warning("acknowledged and not stored: read again", topic=topic, partition=partition)
            return
