"""What the processes of a service tell each other several times a second: that they are alive, and what they own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import replace

from pydantic import TypeAdapter, ValidationError

from shared import telemetry
from shared.clock import Clock
from shared.engine.broker import Broker, BrokerUnavailable, Reader, Record, Stored
from shared.engine.peers import Beat, Peers
from shared.engine.topic import beats_of

BEAT_SECONDS = 0.25
RECENT_BEATS = 40
"""Read at the start: of all that beat in a second, and more."""
POLL_SECONDS = 0.5


_BEAT = TypeAdapter(Beat)


class Beats:
    """Sends the beats of one process, and listens to everybody's."""

    def __init__(
        self, broker: Broker, clock: Clock, service: str, *, instance: str, process: str, news: Callable[[], None]
    ) -> None:
        """`news()` is called when another process says something new, or is taken for dead."""
        self._broker, self._clock, self._instance = broker, clock, instance
        self._place = beats_of(service).name, 0
        self._peers, self._news = Peers(instance, process), news
        self._beat, self._changed = Beat(process), asyncio.Event()
        self._reader: Reader
        self._woken = telemetry.WOKEN.labels(service)

    @property
    def living(self) -> Mapping[str, Beat]:
        """What each of the other living processes says of itself."""
        return self._peers.living

    @property
    def announced(self) -> Mapping[int, int]:
        """By partition, the highest epoch that anybody has said to own it with."""
        return self._peers.announced

    @property
    def has_namesake(self) -> bool:
        """Whether another process has beaten under the same name since this one began to."""
        return self._peers.has_namesake

    def say(
        self, owned: Mapping[int, int], warm: Collection[int], wanted: Collection[int], *, leaves: bool = False
    ) -> None:
        """What to say from now on; at once where it is new."""
        beat = replace(self._beat, owned=dict(owned), warm=tuple(warm), wanted=tuple(wanted), leaves=leaves)
        if beat != self._beat:
            self._beat = beat
            self._changed.set()

    async def start(self, reader: Reader) -> None:
        """Hear what was said last, by whoever may still be alive. Raises BrokerUnavailable."""
        self._reader = reader
        end = (await reader.ends([self._place]))[self._place]
        position = max(end - RECENT_BEATS, (await reader.starts([self._place]))[self._place])
        await reader.assign({self._place: position})
        while position < end:
            for stored in await reader.poll(POLL_SECONDS):
                self._take(stored)
                position = stored.offset + 1

    async def listen(self) -> None:
        """Listen on until cancelled. Raises BrokerUnavailable, PositionOutOfRange."""
        while True:
            before, woken = self._peers.living, self._peers.woken
            for stored in await self._reader.poll(POLL_SECONDS):
                self._take(stored)
            self._woken.inc(self._peers.woken - woken)
            if _said(before) != _said(self._peers.living):
                self._news()

    async def send(self) -> None:
        """Send until cancelled. A beat that does not reach the broker is none."""
        while True:
            next_at, is_sent = self._clock.monotonic() + BEAT_SECONDS, False
            while (left := next_at - self._clock.monotonic()) > 0:
                self._changed.clear()
                is_sent = await self._send() or is_sent
                with suppress(TimeoutError):
                    async with asyncio.timeout(left):
                        await self._changed.wait()
            if is_sent:  # while nobody can hear this one the others may beat on: it counts nothing that they missed
                self._beat = replace(self._beat, number=self._beat.number + 1)

    async def leave(self) -> None:
        """Say that nothing is owned, and no more."""
        self.say({}, (), (), leaves=True)
        await self._send()

    async def _send(self) -> bool:
        with suppress(BrokerUnavailable):
            await self._broker.append(*self._place, [Record(self._instance, _BEAT.dump_json(self._beat))])
            return True
        return False

    def _take(self, stored: Stored) -> None:
        with suppress(ValidationError):
            self._peers.take(stored.key, _BEAT.validate_json(stored.value))


def _said(beats: Mapping[str, Beat]) -> Mapping[str, Beat]:
    return {instance: replace(beat, number=0) for instance, beat in beats.items()}
