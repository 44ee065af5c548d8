"""Opens the sealed part of one call for the team that accepted it; what was read is neither kept nor logged."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from shared.engine.broker import Broker, BrokerUnavailable, PositionOutOfRange, Reader, Stored
from shared.events import CallCancelled, CallReported, UndecodableEvent, decode
from shared.sealing import CannotOpen, Sealer
from shared.telemetry import logger
from shared.topics import CALLS

READ_SECONDS = 2.0


class SealedCalls:
    """Reads single records of `calls` at stated positions, one at a time."""

    def __init__(self, broker: Broker, sealer: Sealer) -> None:
        self._broker, self._sealer = broker, sealer
        self._reader: Reader | None = None
        self._lock = asyncio.Lock()

    async def open(self, call_id: str, positions: Sequence[str]) -> dict[str, str] | None:
        """The opened part of the first of these versions that has one; None where none can be had."""
        for position in positions:
            try:
                async with asyncio.timeout(READ_SECONDS), self._lock:
                    stored = await self._read(position)
                opened = self._open(call_id, stored)
            except (TimeoutError, BrokerUnavailable, PositionOutOfRange, UndecodableEvent, CannotOpen) as error:
                logger().warning("sealed part not to be had", position=position, error=type(error).__name__)
                continue
            if opened:
                return opened
        return None

    async def close(self) -> None:
        """Let go of the reader."""
        if self._reader is not None:
            await self._reader.close()
            self._reader = None

    async def _read(self, position: str) -> Stored:
        topic, partition, offset = position.rsplit("/", 2)
        if topic != CALLS.name:
            raise UndecodableEvent(position)
        if self._reader is None:
            self._reader = await self._broker.reader()
        await self._reader.assign({(topic, int(partition)): int(offset)})
        while True:
            for stored in await self._reader.poll(READ_SECONDS, max_records=1):
                if stored.offset == int(offset):
                    return stored

    def _open(self, call_id: str, stored: Stored) -> dict[str, str] | None:
        event = decode(stored.headers["type"].decode(), stored.value)
        if not isinstance(event, CallReported | CallCancelled) or event.call_id != call_id or event.sealed is None:
            return None
        return self._sealer.open(call_id, event.sealed)
