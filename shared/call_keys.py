"""Keys of calls: what is personal of a call is sealed with a key of its own, and goes when that key is erased.

`calls` is kept for thirty days, and a record in it cannot be taken out. So each call has a key, which is itself sealed
with the sealing key and stands in `call-keys`, out of which it can be erased (`shared.erasable`): whoever may still
have the ciphertext, in a topic, a dead letter or a backup, has it for nothing. Erasing is an append, gone from Kafka's
disks within a day, and needs no key server.

Intake makes a key when it first sees a call, and answers only when that key is durable, and the version after it. Any
number of intakes know nothing of each other: each has keys of its own, so a call may have several, and all are erased.
What would be simpler does not erase. A sealed key inside the record stays as long as the record; one derived from the
call's id can be derived again; a key for a day or an agency takes other calls with it.

Topics have no common order: a reader may see a version before its key. The record says in a header which key it needs,
and whoever decides waits a moment for it (`CallKeys.awaited`). A key that is not there opens nothing: what nobody can
read is unknown, and counts as its worst.
"""

from __future__ import annotations

import asyncio
import base64
import os
from collections import OrderedDict
from collections.abc import Awaitable, Container, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import NamedTuple

from shared.call import CallId
from shared.clock import Clock
from shared.engine.broker import Broker, Record, Stored
from shared.erasable import BLANK, Erasable, append, erase, record_of
from shared.events import CallKeyMade, Sealed, UndecodableEvent, decode
from shared.sealing import KEY_BYTES, CannotOpen, Key, Sealer
from shared.telemetry import CALL_KEYS_UNOPENABLE
from shared.topics import CALL_KEYS, CALLS

KEY_ID_BYTES = 8
SEALED_WITH = "sealed-with"
"""Header of a version: the id of the key that opens it."""
WAIT_SECONDS, WAITS_AT_START = 0.8, 12
"""How long a version waits for its key; and how often, while the topic is still being read from its beginning."""
LASTS = timedelta(milliseconds=CALLS.retention_milliseconds) + timedelta(days=2)
"""What was sealed with a key is gone by then, and the key goes, too: none is used for more than a day."""
EXPIRE_RECORDS = 500
MOST_OPENED = 2_000


class CallKeyGone(CannotOpen):
    """There is no such key: it is erased, or has not come yet."""


class CallKeyName(NamedTuple):
    """What a key is bound to when it is sealed, and the key of its record: `agency/source/incident/key`."""

    call_id: str
    key_id: str

    @classmethod
    def parse(cls, text: str) -> CallKeyName:
        """The parts of a record's key."""
        call_id, _, key_id = text.rpartition("/")
        return cls(call_id, key_id)

    def __str__(self) -> str:
        return "/".join(self)


@dataclass(slots=True)
class CallKey:
    """A key of a call: as it is used, and as it is kept."""

    call_id: str
    key: Key
    record: Record
    made_at: datetime
    durable: bool = False


def new_call_key(sealer: Sealer, clock: Clock, call_id: str) -> CallKey:
    """A fresh key for a call, and the record that keeps it."""
    raw, name = os.urandom(KEY_BYTES), CallKeyName(call_id, os.urandom(KEY_ID_BYTES).hex())
    sealed = sealer.seal(str(name), {"key": base64.b64encode(raw).decode()})
    event = CallKeyMade(key_id=name.key_id, sealed=sealed)
    now = clock.now()
    return CallKey(call_id, Key(raw, name.key_id), record_of(str(name), event, "intake", now), now)


async def erase_keys(broker: Broker, names: Iterable[CallKeyName]) -> None:
    """Erase keys of calls. Raises BrokerUnavailable."""
    for agency, of_agency in groupby(sorted(names), key=lambda name: CallId.parse(name.call_id).agency):
        await erase(broker, CALL_KEYS, agency, map(str, of_agency))


class CallKeys(Erasable):
    """Follows the topic, and opens what is sealed with the keys in it."""

    def __init__(self, broker: Broker, sealer: Sealer | None, clock: Clock | None = None) -> None:
        super().__init__(broker, CALL_KEYS, sealer, clock)
        self._opened: OrderedDict[str, Key] = OrderedDict()
        """Keys that were used lately: most versions are of a call that was just opened."""
        if sealer is not None:
            CALL_KEYS_UNOPENABLE.set_function(lambda: float(self.unopenable(sealer)))

    def names(self, call_ids: Container[str]) -> tuple[CallKeyName, ...]:
        """The keys that calls have, as far as was read. It looks at every key: few are ever asked for."""
        return tuple(name for name in map(CallKeyName.parse, self.kept) if name.call_id in call_ids)

    def open(self, call_id: str, sealed: Sealed) -> dict[str, str]:
        """What is personal of a version. Raises CannotOpen."""
        if self.sealer is None:
            message = "this process has no sealing key"
            raise CannotOpen(message)
        if sealed.key_id in self.sealer.key_ids:  # from before calls had keys of their own
            return self.sealer.open(call_id, sealed)
        return self._key(CallKeyName(call_id, sealed.key_id), self.sealer).open(call_id, sealed)

    def pseudonym(self, text: str) -> str:
        """The same for the same text, with no way back. Raises CannotOpen without a sealing key."""
        if self.sealer is None:
            message = "this process has no sealing key"
            raise CannotOpen(message)
        return self.sealer.pseudonym(text)

    def lacks(self, stored: Stored) -> str:
        """The name of the key that a version needs and that is not there; empty where it has it, or needs none."""
        key_id = stored.header(SEALED_WITH)
        name = f"{stored.header('subject')}/{key_id}"
        return "" if not key_id or name in self.kept else name

    def awaited(self, stored: Stored) -> Awaitable[None] | None:
        """What has to be waited for before a version is decided; nothing where its key is there, or it needs none."""
        return self._arrival(name) if (name := self.lacks(stored)) else None

    async def expire(self) -> None:
        """Erase keys whose versions are gone, some at a time. Raises BrokerUnavailable."""
        before = self._clock.now() - LASTS
        old = [(key, kept.time) for key, kept in self.kept.items() if kept.time < before]
        now: dict[str, datetime] = {}
        for key, made_at in old[:EXPIRE_RECORDS]:
            agency = key.partition("/")[0]
            if agency not in now:  # a clock of ours that is wrong erases nothing: the broker is asked for its own
                now[agency] = (await append(self._broker, CALL_KEYS, agency, [Record(BLANK, b"")])).time
            if made_at < now[agency] - LASTS:
                await erase(self._broker, CALL_KEYS, agency, [key])

    async def tend(self) -> None:
        """See `Erasable.tend`; and nothing is kept for longer than what it opens."""
        await super().tend()
        await self.expire()

    def note(self, stored: Stored) -> None:
        """Take in what has changed under a record's key."""
        self._opened.pop(stored.key, None)

    def _key(self, name: CallKeyName, sealer: Sealer) -> Key:
        if (opened := self._opened.get(str(name))) is not None:
            return opened
        kept = self.kept.get(str(name))
        if kept is None:
            message = f"the key {name} is erased, or has not come yet"
            raise CallKeyGone(message)
        try:
            made = decode(CallKeyMade.type, kept.value)
        except UndecodableEvent as error:
            raise CannotOpen(str(error)) from error
        assert isinstance(made, CallKeyMade)  # noqa: S101  # the type says so
        key = Key(base64.b64decode(sealer.open(str(name), made.sealed)["key"]), name.key_id)
        self._opened[str(name)] = key
        while len(self._opened) > MOST_OPENED:
            self._opened.popitem(last=False)
        return key

    async def _arrival(self, name: str) -> None:
        for waits_left in reversed(range(WAITS_AT_START)):
            is_last = self.ready or not waits_left
            try:
                async with asyncio.timeout(WAIT_SECONDS), self._news:
                    await self._news.wait_for(lambda: name in self.kept)
            except TimeoutError:
                if is_last:
                    raise
            else:
                return
