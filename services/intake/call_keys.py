"""The keys that this process seals calls with: made when a call is first seen, durable before what is sealed with them.

They are no more than a cache: a call that has fallen out of it, or that another intake takes, gets a further key.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Iterable
from datetime import timedelta
from types import MappingProxyType

from services.intake.append import Appender
from shared.call import CallId
from shared.call_keys import CallKey, CallKeyName, new_call_key
from shared.clock import Clock
from shared.engine.broker import Broker, Stored, reading
from shared.engine.follower import Follower
from shared.engine.journal import InputPosition
from shared.events import Event
from shared.sealing import Sealer
from shared.telemetry import logger
from shared.topics import CALL_KEYS

MOST_CALLS = 20_000
USED_FOR = timedelta(days=1)
"""A key is kept for as long as versions are, and so long besides."""
RETRY_SECONDS = 1.0


class CallKeyCache:
    """Keys of the calls that this process has seen lately. Threads that read large bodies ask it, too."""

    def __init__(self, broker: Broker, clock: Clock, sealer: Sealer, most_calls: int = MOST_CALLS) -> None:
        self._broker, self._clock, self._sealer, self._most_calls = broker, clock, sealer, most_calls
        self._appender = Appender(broker, CALL_KEYS)
        self._keys: OrderedDict[str, CallKey] = OrderedDict()

    def key_of(self, call_id: str) -> CallKey:
        """A key for a call; it may not be durable yet."""
        key = self._keys.get(call_id)
        if key is None or self._clock.now() - key.made_at > USED_FOR:
            key = self._keys[call_id] = new_call_key(self._sealer, self._clock, call_id)
        return key

    async def make_durable(self, keys: Iterable[CallKey]) -> None:
        """Append those that are not; all belong to one partition. Raises BrokerUnavailable.

        Two requests that share a new one append it twice: then the same stands there again.
        """
        new = {key.key.key_id: key for key in keys if not key.durable}
        if new:
            agency = CallId.parse(next(iter(new.values())).call_id).agency
            made = [key.record for key in new.values()]
            await self._appender.append(self._broker.partition_of(agency), made, sum(record.size for record in made))
            for key in new.values():
                key.durable = True
        while len(self._keys) > self._most_calls:
            self._keys.popitem(last=False)

    async def forget_erased(self) -> None:
        """Use no key that was erased, for ever: what a call says after that is sealed with a new one."""
        while True:
            try:
                await self._follow()
            except Exception as error:  # noqa: BLE001  # whatever it is, calls come first
                logger().error("erased keys not followed, trying again", error=type(error).__name__)
            await asyncio.sleep(RETRY_SECONDS)

    async def _follow(self) -> None:
        places = [(CALL_KEYS.name, number) for number in range(self._broker.partitions)]
        async with reading(self._broker) as reader:
            ends = await reader.ends(places)
        self._keys.clear()  # what was erased before is not looked for
        await _Erasures(self._broker, ends, self._keys).run(asyncio.Event())


class _Erasures(Follower):
    """Follows the topic from its end, and drops the key of a call that has lost one."""

    def __init__(self, broker: Broker, ends: dict[tuple[str, int], int], keys: OrderedDict[str, CallKey]) -> None:
        positions = {place: InputPosition(end, 0) for place, end in ends.items()}
        super().__init__(broker, (CALL_KEYS,), _fold_nothing, positions=MappingProxyType(positions))
        self._keys = keys

    def _take(self, stored: Stored) -> None:
        if not stored.value:
            self._keys.pop(CallKeyName.parse(stored.key).call_id, None)


def _fold_nothing(agency: str, event: Event, stored: Stored) -> None:
    """A key is no event of an agency's."""
