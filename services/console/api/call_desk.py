"""Where what is personal of a call is erased: the keys go that it is sealed with. This door opens no call itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus

from fastapi import Request

from services.console.api.problems import RETRY_SECONDS
from shared.call import CallId
from shared.call_keys import CallKeys, erase_keys
from shared.doors.command import LogAway, appended
from shared.doors.problems import Problem
from shared.engine.broker import Broker, BrokerUnavailable, Stored
from shared.engine.journal import START
from shared.engine.reader import JournalReader
from shared.erasable import Behind
from shared.events import CallCancelled, CallErased, UndecodableEvent, decode
from shared.topics import CALLS

READ_SECONDS, CATCH_UP_SECONDS, FINISH_SECONDS = 30.0, 5.0, 60.0
MOST_MERGED = 100
LOG_AWAY = "The log did not answer in time, so perhaps not everything is erased. Send the same again."


@dataclass(frozen=True, slots=True)
class CallDesk:
    """Erases keys of calls, and has what is to go be gone."""

    broker: Broker
    keys: CallKeys
    _erased: dict[str, datetime] = field(default_factory=dict)
    """When somebody had a call erased, by the journal."""

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Follow `call-keys` beside the requests: whatever goes wrong with it keeps nobody from the stop switch."""
        async with asyncio.TaskGroup() as tasks:
            works = (self.keys.follow_for_ever(), self.keys.tend_for_ever(), self._finish_for_ever())
            beside = [tasks.create_task(work) for work in works]
            yield
            for task in beside:
                task.cancel()

    async def merged_with(self, call_id: str) -> tuple[str, ...]:
        """The calls that are one with this, because the CAD merged them, as far as `calls` is kept. Raises Problem."""
        try:
            async with asyncio.timeout(READ_SECONDS):
                pairs = [pair async for pair in self._merges(CallId.parse(call_id))]
        except (TimeoutError, BrokerUnavailable):
            raise _log_away() from None
        found, before = {call_id}, 0
        while len(found) > before:
            before = len(found)
            found.update(each for pair in pairs if found.intersection(pair) for each in pair)
        if len(found) > MOST_MERGED:
            sentence = f"{len(found)} calls are one with {call_id}: nobody meant that. Ask who looks after the CAD."
            raise Problem(HTTPStatus.CONFLICT, sentence, reason="too-many-merged")
        return tuple(sorted(found - {call_id}))

    async def knows(self, agency: str, call_id: str) -> bool:
        """Whether there is something to erase of a call, or was. Raises Problem (503)."""
        try:
            await self.keys.catch_up(agency, CATCH_UP_SECONDS)
        except (Behind, BrokerUnavailable):
            raise _log_away() from None
        return call_id in self._erased or bool(self.keys.names({call_id}))

    async def erase(self, agency: str, call_ids: Iterable[str]) -> int:
        """Erase every key of these calls, whichever intake made it; how many there were. Raises Problem (503)."""
        try:
            await self.keys.catch_up(agency, CATCH_UP_SECONDS)
            names = self.keys.names(frozenset(call_ids))
            await appended(erase_keys(self.broker, names))
        except (Behind, BrokerUnavailable, LogAway):
            raise _log_away() from None
        return len(names)

    def note(self, event: CallErased, at: datetime) -> None:
        """The journal says that a call is to be erased: whoever began with that, it is finished."""
        self._erased.update(dict.fromkeys((event.call_id, *event.merged), at))

    async def finish(self) -> None:
        """Erase keys from before an erasure that a console has left as it died. Raises BrokerUnavailable."""
        names = self.keys.names(self._erased)
        left = [name for name in names if self.keys.kept[str(name)].time < self._erased[name.call_id]]
        await erase_keys(self.broker, left)

    async def _finish_for_ever(self) -> None:
        while True:
            await asyncio.sleep(FINISH_SECONDS)
            with suppress(BrokerUnavailable):
                await self.finish()

    async def _merges(self, call: CallId) -> AsyncIterator[tuple[str, str]]:
        """Which call of a source was merged into which."""
        place = (CALLS.name, self.broker.partition_of(call.agency))
        reader = JournalReader(await self.broker.reader(), journals=())
        try:
            ends = await reader.ends([place])
            await reader.assign({place: START})
            async for stored in reader.until(ends):
                into = _merged_into(call, stored)
                if into is not None:
                    yield stored.headers["subject"].decode(), str(call._replace(incident=into))
        finally:
            await reader.close()


def _merged_into(call: CallId, stored: Stored) -> str | None:
    """The incident that a call of the same source stands for, if the record says so."""
    if stored.headers.get("type") != CallCancelled.type.encode():
        return None
    if not stored.headers.get("subject", b"").startswith(f"{call.agency}/{call.source}/".encode()):
        return None
    try:
        event = decode(CallCancelled.type, stored.value)
    except UndecodableEvent:
        return None
    return event.call.merged_into if isinstance(event, CallCancelled) else None


def call_desk_of(request: Request) -> CallDesk:
    """Where calls are erased."""
    desk: CallDesk = request.app.state.call_desk
    return desk


def _log_away() -> Problem:
    return Problem(HTTPStatus.SERVICE_UNAVAILABLE, LOG_AWAY, headers={"Retry-After": RETRY_SECONDS})
