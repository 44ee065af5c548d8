"""Opens the sealed part of one call for the team that accepted it; what was read is neither kept nor logged."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from shared.call_keys import CallKeys
from shared.engine.background import Beginning
from shared.engine.broker import Broker, BrokerUnavailable, PositionOutOfRange, RecordPosition, Stored
from shared.engine.journal import InputPosition
from shared.engine.reader import JournalReader
from shared.events import CallCancelled, CallReported, UndecodableEvent, decode
from shared.sealing import CannotOpen
from shared.telemetry import logger
from shared.topics import CALLS

READ_SECONDS = 2.0


class SealedCalls:
    """Reads single records of `calls` at stated positions, one at a time."""

    def __init__(self, broker: Broker, keys: CallKeys) -> None:
        self._broker, self.keys = broker, keys
        self._following: asyncio.Task[None] | None = None
        self._reader: JournalReader | None = None
        self._beginning = Beginning(self._new_reader)
        self._lock = asyncio.Lock()

    @property
    def key_id(self) -> str:
        """The key with which keys of calls are sealed."""
        return "" if self.keys.sealer is None else self.keys.sealer.key_id

    async def open(self, call_id: str, positions: Sequence[str]) -> dict[str, str] | None:
        """The opened part of the first of these versions that has one; None where none can be opened."""
        for position in positions:
            try:
                async with asyncio.timeout(READ_SECONDS):
                    async with self._lock:
                        stored = await self._read(position)
                    await (self.keys.awaited(stored) or _nothing())
                opened = self._open(call_id, stored)
            except (TimeoutError, BrokerUnavailable, PositionOutOfRange, ValueError, CannotOpen) as error:
                logger().warning("sealed part not opened", position=position, error=type(error).__name__)
                continue
            if opened:
                return opened
        return None

    def start(self) -> None:
        """Follow the keys of calls."""
        self._following = asyncio.get_running_loop().create_task(self.keys.follow_for_ever())

    async def close(self) -> None:
        """Follow no more, and let go of the reader."""
        if self._following is not None:
            self._following.cancel()
            await asyncio.wait([self._following])
        await self._beginning.cancel()
        if self._reader is not None:
            await self._reader.close()
            self._reader = None

    async def _read(self, position: str) -> Stored:
        topic, partition, offset = RecordPosition.parse(position)
        if topic != CALLS.name:
            raise UndecodableEvent(position)
        reader = self._reader or await self._beginning.begun()
        await reader.assign({(topic, partition): InputPosition(offset, 0)})
        (stored,) = [stored async for stored in reader.until({(topic, partition): offset + 1})]
        return stored

    async def _new_reader(self) -> JournalReader:
        self._reader = JournalReader(await self._broker.reader(), journals=())
        return self._reader

    def _open(self, call_id: str, stored: Stored) -> dict[str, str] | None:
        event = decode(stored.header("type"), stored.value)
        if not isinstance(event, CallReported | CallCancelled) or event.call_id != call_id or event.sealed is None:
            return None
        return self.keys.open(call_id, event.sealed)


async def _nothing() -> None:
    """There is nothing to wait for."""
