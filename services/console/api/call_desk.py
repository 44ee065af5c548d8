"""Where what is personal of a call is erased: the keys go that it is sealed with. This door opens no call itself."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Container, Iterable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from http import HTTPStatus

from fastapi import Request

from services.console.api.problems import later
from services.console.api.tending import tended
from services.console.view.agency import View
from shared.call import CallId
from shared.call_keys import CallKeyName, CallKeys, erase_keys
from shared.doors.command import LogAway, appended
from shared.doors.problems import Problem
from shared.engine.broker import Broker, BrokerUnavailable, PositionOutOfRange, Stored, reading
from shared.engine.journal import START, InputPosition
from shared.engine.reader import JournalReader
from shared.erasable import Behind
from shared.events import CallCancelled, UndecodableEvent, decode
from shared.topics import CALLS

READ_SECONDS, CATCH_UP_SECONDS = 30.0, 5.0
MOST_MERGED = 100
LOG_AWAY = "The log did not answer in time, so perhaps not everything is erased. Send the same again."


@dataclass(slots=True)
class Merges:
    """Which calls of a partition were merged, as far as `calls` was read: a month of a large agency takes minutes."""

    position: InputPosition = START
    found: dict[tuple[str, str], int] = field(default_factory=dict)
    """Which call was merged into which, and the offset of what says so."""
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def read_on(self, broker: Broker, partition: int) -> None:
        """Read from where the last one came to, to the present end. Raises BrokerUnavailable."""
        place = (CALLS.name, partition)
        async with self._lock, reading(broker) as raw:
            start, end = (await raw.starts([place]))[place], (await raw.ends([place]))[place]
            self.found = {pair: offset for pair, offset in self.found.items() if offset >= start}
            reader = JournalReader(raw, journals=())
            await reader.assign({place: self.position if start <= self.position.offset <= end else START})
            async for stored in reader.until({place: end}):
                if (pair := _merged(stored)) is not None:
                    self.found[pair] = stored.offset
                self.position = reader.position(place)


@dataclass(frozen=True, slots=True)
class CallDesk:
    """Erases keys of calls, and has what is to go be gone."""

    broker: Broker
    keys: CallKeys
    view: View
    _merges: defaultdict[int, Merges] = field(default_factory=lambda: defaultdict(Merges))
    """By partition."""

    def open(self) -> AbstractAsyncContextManager[None]:
        """Follow `call-keys` beside the requests, and finish erasures."""
        return tended(self.keys, self.finish)

    async def merged_with(self, call_id: str) -> tuple[str, ...]:
        """The calls that are one with this, because the CAD merged them, as far as `calls` is kept. Raises Problem."""
        partition = self.broker.partition_of(CallId.parse(call_id).agency)
        merges = self._merges[partition]
        try:
            async with asyncio.timeout(READ_SECONDS):
                await merges.read_on(self.broker, partition)
        except (TimeoutError, BrokerUnavailable, PositionOutOfRange):
            raise later(LOG_AWAY) from None
        found, before = {call_id}, 0
        while len(found) > before:
            before = len(found)
            found.update(each for pair in merges.found if found.intersection(pair) for each in pair)
        if len(found) > MOST_MERGED:
            sentence = f"{len(found)} calls are one with {call_id}: nobody meant that. Ask who looks after the CAD."
            raise Problem(HTTPStatus.CONFLICT, sentence, reason="too-many-merged")
        return tuple(sorted(found - {call_id}))

    async def knows(self, agency: str, call_id: str) -> bool:
        """Whether there is something to erase of a call, or was. Raises Problem (503)."""
        try:
            await self.keys.catch_up(agency, CATCH_UP_SECONDS)
        except (Behind, BrokerUnavailable):
            raise later(LOG_AWAY) from None
        return call_id in self.view.erased_calls or bool(self.keys.names({call_id}))

    async def erase(self, agency: str, call_ids: Iterable[str]) -> int:
        """Erase the keys that these calls had when it was decided, whichever intake made them; how many there were.

        Raises Problem (503).
        """
        try:
            await self.keys.catch_up(agency, CATCH_UP_SECONDS)
            names = self._from_before(frozenset(call_ids))
            await appended(erase_keys(self.broker, names))
        except (Behind, BrokerUnavailable, LogAway):
            raise later(LOG_AWAY) from None
        return len(names)

    def decided(self, call_ids: Iterable[str]) -> list[str]:
        """Those of some calls that the journal says are to be erased."""
        return [call_id for call_id in call_ids if call_id in self.view.erased_calls]

    async def finish(self) -> None:
        """Erase keys from before an erasure that a console has left as it died. Raises BrokerUnavailable."""
        await erase_keys(self.broker, self._from_before(self.view.erased_calls))

    def _from_before(self, call_ids: Container[str]) -> list[CallKeyName]:
        """The keys of erased calls that were made by then: what a call says after that may be needed, and stays."""
        names = self.keys.names(call_ids)
        return [name for name in names if self.keys.kept[str(name)].time <= self.view.erased_calls[name.call_id]]


def _merged(stored: Stored) -> tuple[str, str] | None:
    """Which call was merged into which of the same source, if the record says so."""
    if stored.headers.get("type") != CallCancelled.type.encode() or b"merged_into" not in stored.value:
        return None
    try:
        event = decode(CallCancelled.type, stored.value)
    except UndecodableEvent:
        return None
    if not isinstance(event, CallCancelled) or event.call.merged_into is None:
        return None
    return event.call_id, str(CallId.parse(event.call_id)._replace(incident=event.call.merged_into))


def call_desk_of(request: Request) -> CallDesk:
    """Where calls are erased."""
    desk: CallDesk = request.app.state.call_desk
    return desk
