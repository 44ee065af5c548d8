"""What is sealed in a compacted topic, out of which it can be erased. Each record has a key of its own, `agency/…`.

A later record under the same key replaces it; a record without a value erases it. Kafka then forgets what stood there
before, within a day; whoever follows the topic forgets it at once.

What is sealed with the former key is sealed again with the present one (`reseal`), so that the former can be thrown
away. Such a record names the one that it was made of: where another came between, it counts for nothing, and
what it had displaced is appended once more (`restore`). Such a record names what had displaced it: where another came
after that, a newer address or an erasure, it counts for nothing either.
"""

from __future__ import annotations

import asyncio
import sys
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

from shared.clock import Clock
from shared.engine.broker import Appended, Broker, BrokerUnavailable, Record, Stored
from shared.engine.follower import Follower, Positions
from shared.engine.topic import SEGMENTS, Topic
from shared.events import CallKeyMade, ContactSealed, Event, UndecodableEvent, decode
from shared.sealing import CannotOpen, Sealer
from shared.telemetry import SEALED_FORMERLY, logger

BLANK = ""
"""Key of a record that holds nothing: it only makes Kafka end a segment, or a reader see that it has read so far."""
AGAIN_SECONDS = 1.0
KEEP_SECONDS = 5.0
BATCH_RECORDS = 500
MOST_GONE = 10_000
MOST_DIGITS = 20
"""Of an offset."""
SEALED_BY, INSTEAD_OF, RESTORED_OVER = "sealed-by", "instead-of", "restored-over"
"""Headers: the id of the key that a record is sealed with; the offset of the record that it was made of; and, of one
that is appended once more, the offset of what had displaced it."""

SealedEvent = ContactSealed | CallKeyMade


class Behind(Exception):
    """The topic could not be read far enough in time."""


class Kept(NamedTuple):
    """What stands under a key."""

    offset: int
    time: datetime
    """When it was first made: sealed again, or put back from a backup, it is no younger; and none is of the future."""
    sealed_by: str
    """The id of the sealing key."""
    value: bytes
    kind: str

    def record(self, key: str, source: str) -> Record:
        """The same once more."""
        return _record(key, self.value, self.kind, source, self.time, (SEALED_BY, self.sealed_by.encode()))


def record_of(key: str, event: SealedEvent, source: str, now: datetime, *further: tuple[str, bytes]) -> Record:
    """The record that seals something under a key."""
    return _record(key, event.encode(), event.type, source, now, (SEALED_BY, event.sealed.key_id.encode()), *further)


def _record(key: str, value: bytes, kind: str, source: str, at: datetime, *further: tuple[str, bytes]) -> Record:
    headers = (("type", kind.encode()), ("source", source.encode()), ("time", at.isoformat().encode()), *further)
    return Record(key, value, headers)


async def erase(broker: Broker, topic: Topic, agency: str, keys: Iterable[str]) -> None:
    """Erase what is sealed under keys of an agency. Raises BrokerUnavailable."""
    if records := [Record(key, b"") for key in keys]:
        await append(broker, topic, agency, records)


async def append(broker: Broker, topic: Topic, agency: str, records: list[Record]) -> Appended:
    """Append records to the partition of an agency. Raises BrokerUnavailable."""
    return await broker.append(topic.name, broker.partition_of(agency), records)


class Erasable(Follower):
    """Follows such a topic: holds what is sealed."""

    def __init__(self, broker: Broker, topic: Topic, sealer: Sealer | None, clock: Clock | None = None) -> None:
        super().__init__(broker, (topic,), _fold_nothing, reached=self._note_positions, clock=clock)
        self.sealer, self.topic = sealer, topic
        self.kept: dict[str, Kept] = {}
        """By the record's key, in the order in which they came."""
        self._last: dict[int, Stored] = {}
        """The newest record of each partition."""
        self._segment = timedelta(milliseconds=(topic.gone_within_milliseconds or 0) // SEGMENTS)
        self._read_to: dict[int, int] = {}
        self._news = asyncio.Condition()
        self._gone: OrderedDict[str, int] = OrderedDict()
        """By key, the offset of the last record that left nothing standing under it; the latest."""
        self._resealing: set[str] = set()
        self._displaced: dict[str, int] = {}
        """By key, the offset of what stands last in the log and counts for nothing."""
        if sealer is not None:
            SEALED_FORMERLY.labels(topic.name).set_function(lambda: float(self.formerly_sealed(sealer)))

    def unopenable(self, sealer: Sealer) -> int:
        """How many are sealed with a key that this process has not. Any thread may ask."""
        ids = sealer.key_ids
        return sum(kept.sealed_by not in ids for kept in list(self.kept.values()))

    def formerly_sealed(self, sealer: Sealer) -> int:
        """How many are sealed with another key than the present one. Any thread may ask."""
        return sum(kept.sealed_by != sealer.key_id for kept in list(self.kept.values()))

    def is_erased_since(self, key: str, offset: int) -> bool:
        """Whether what stood under a key at this offset was erased, whatever has come to stand there after that."""
        return self._gone.get(key, offset) > offset

    async def catch_up(self, agency: str, seconds: float) -> None:
        """Read what was appended for an agency before this call. Raises Behind, BrokerUnavailable."""
        appended = await append(self._broker, self.topic, agency, [Record(BLANK, b"")])
        await self.reach(self._broker.partition_of(agency), appended.offset, seconds)

    async def reach(self, partition: int, position: int, seconds: float) -> None:
        """Wait until a record has been read. Raises Behind."""
        try:
            async with asyncio.timeout(seconds), self._news:
                await self._news.wait_for(lambda: self._read_to.get(partition, 0) > position)
        except TimeoutError:
            message = f"{self.topic.name}/{partition} was not read to {position} in time"
            raise Behind(message) from None

    # --- housekeeping, in one kind of process -----------------------------------------------------------------------

    async def follow_for_ever(self) -> None:
        """Follow beside requests that must not wait for it: whatever goes wrong, it is tried again."""
        while True:
            try:
                await self.run(asyncio.Event())
            except Exception as error:  # noqa: BLE001  # whatever it is, it is tried again
                logger().warning("topic not followed, trying again", topic=self.topic.name, error=type(error).__name__)
            await asyncio.sleep(AGAIN_SECONDS)

    async def tend_for_ever(self) -> None:
        """Have nothing stay that is to go, and seal with the present key whatever is sealed with the former."""
        while True:
            await asyncio.sleep(KEEP_SECONDS)
            try:
                await self.tend()
            except BrokerUnavailable:
                logger().warning("the broker is away", topic=self.topic.name)
            except Exception as error:  # noqa: BLE001  # whatever it is, it is tried again
                logger().error("topic not tended, trying again", topic=self.topic.name, error=type(error).__name__)

    async def tend(self) -> None:
        """The same once. Raises BrokerUnavailable."""
        await self.stir()
        await self.restore()
        await self.reseal()

    async def stir(self) -> None:
        """Append a blank where Kafka would otherwise keep what was erased, because nothing came after it.

        Raises BrokerUnavailable.
        """
        for number, last in list(self._last.items()):
            if last.key != BLANK and self._clock.now() - last.time > self._segment:
                await self._broker.append(self.topic.name, number, [Record(BLANK, b"")])

    async def reseal(self) -> None:
        """Seal with the present key what is sealed with the former, some at a time. Raises BrokerUnavailable."""
        sealer = self.sealer
        if sealer is None or not self.ready:
            return
        former = sealer.second_key_ids
        waiting = [key for key, kept in self.kept.items() if kept.sealed_by in former and key not in self._resealing]
        for key in waiting[:BATCH_RECORDS]:
            kept = self.kept.get(key)
            if kept is None:
                continue  # erased, while those before it were appended
            try:
                event = _event(kept)
                sealed = sealer.seal(key, sealer.open(key, event.sealed))
            except (UndecodableEvent, CannotOpen) as error:
                logger().error("not sealed again", topic=self.topic.name, error=type(error).__name__)
                continue
            again = event.model_copy(update={"sealed": sealed})
            before = (INSTEAD_OF, str(kept.offset).encode())
            record = record_of(key, again, "reseal", kept.time, before)
            self._resealing.add(key)
            try:
                await append(self._broker, self.topic, _agency_of(key), [record])
            except BrokerUnavailable:
                self._resealing.discard(key)
                raise

    async def restore(self) -> None:
        """Append what stands under a key once more, where something that was sealed again stands behind it.

        Raises BrokerUnavailable.
        """
        if not self.ready:
            return  # what was read so far may have been replaced since
        for key, over in list(self._displaced.items()):
            if self._displaced.get(key) != over:
                continue  # another console was quicker, while those before it were appended
            kept = self.kept.get(key)
            record = Record(key, b"") if kept is None else kept.record(key, "restore")
            headers = (*record.headers, (RESTORED_OVER, str(over).encode()))
            await append(self._broker, self.topic, _agency_of(key), [replace(record, headers=headers)])
            if self._displaced.get(key) == over:
                del self._displaced[key]

    # --- reading -----------------------------------------------------------------------------------------------------

    def note(self, stored: Stored) -> None:
        """Take in what has changed under a record's key."""

    async def _note_positions(self, positions: Positions) -> None:
        async with self._news:
            self._read_to = {partition: position.offset for (_, partition), position in positions.items()}
            self._news.notify_all()

    def _take(self, stored: Stored) -> None:
        self.take(stored)

    def take(self, stored: Stored) -> None:
        """Take in one record."""
        self._last[stored.partition] = stored
        if stored.key == BLANK:
            return
        if self._is_overtaken(stored):
            if stored.value != self._value(stored.key):
                self._displaced[stored.key] = stored.offset
            return
        self._displaced.pop(stored.key, None)
        self.kept.pop(stored.key, None)  # also by what cannot be read: nobody is paged at a former number
        if stored.value and (kept := _kept(stored)) is not None:
            self.kept[stored.key] = kept
        else:
            self._gone[stored.key] = stored.offset
            self._gone.move_to_end(stored.key)
            if len(self._gone) > MOST_GONE:
                self._gone.popitem(last=False)
        self.note(stored)

    def _value(self, key: str) -> bytes:
        kept = self.kept.get(key)
        return b"" if kept is None else kept.value

    def _is_overtaken(self, stored: Stored) -> bool:
        if INSTEAD_OF in stored.headers:
            self._resealing.discard(stored.key)
        kept = self.kept.get(stored.key)
        last = self._gone.get(stored.key, 0) if kept is None else kept.offset
        return _is_overtaken(stored, last, holds=kept is not None)


class Standing:
    """What stands under the keys of a partition, by its records in their order, whoever reads them later."""

    def __init__(self) -> None:
        self._last: dict[str, tuple[int, bool]] = {}
        """By key, the offset of the record that counts, and whether it holds something or erases."""

    def take(self, stored: Stored) -> None:
        """Take in the next record."""
        last = self._last.get(stored.key)
        if last is None or not _is_overtaken(stored, *last):
            self._last[stored.key] = stored.offset, bool(stored.value)

    def has(self, stored: Stored) -> bool:
        """Whether a record is the one that counts: nothing later has replaced it, nor was it made of what was."""
        last = self._last.get(stored.key)
        return last is not None and last[0] == stored.offset


def _is_overtaken(stored: Stored, last: int, holds: bool) -> bool:  # noqa: FBT001  # the two belong together
    """Whether a record stands for nothing, by the last one that counts, which holds something or not.

    Who reads the topic later may find nothing, once Kafka has forgotten what it was made of.
    """
    if (over := _offset_in(stored, RESTORED_OVER)) is not None:
        return over < last
    if (before := _offset_in(stored, INSTEAD_OF)) is not None:
        return before != last if holds else before < last
    return False


def _offset_in(stored: Stored, name: str) -> int | None:
    """The offset that a header states; None where it states none."""
    stated = stored.header(name)
    return int(stated) if stated.isascii() and stated.isdecimal() and len(stated) < MOST_DIGITS else None


def _kept(stored: Stored) -> Kept | None:
    kind, sealed_by = (sys.intern(stored.header(name)) for name in ("type", SEALED_BY))
    kept = Kept(stored.offset, min(stored.stated_time, stored.time), sealed_by, stored.value, kind)
    if sealed_by:
        return kept
    try:
        return kept._replace(sealed_by=_event(kept).sealed.key_id)
    except UndecodableEvent as error:
        logger().error("record passed over", position=stored.position, wrong=str(error))
        return None


def _event(kept: Kept) -> SealedEvent:
    """Raises UndecodableEvent."""
    event = decode(kept.kind, kept.value)
    if not isinstance(event, SealedEvent):
        raise UndecodableEvent(event.type)
    return event


def _agency_of(key: str) -> str:
    return key.partition("/")[0]


def _fold_nothing(agency: str, event: Event, stored: Stored) -> None:
    """What is sealed is no event of an agency's."""
