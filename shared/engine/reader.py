"""The one way to read topics in which not everything counts: positions in, records that count out, positions out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence

from shared.engine.broker import Broker, Reader, Stored, TopicPartition, reading
from shared.engine.journal import START, InputPosition, Ownership, Progress, is_late_write
from shared.engine.topic import Topic
from shared.telemetry import LATE_WRITES, begin

POLL_SECONDS = 1.0
MAX_RECORDS = 5_000


class JournalReader:
    """Reads partitions from stated positions and hands out the records that count; late writes go into the metric.

    Topics that are no journals may be read beside them: everything in them counts, and their epoch is 0.
    """

    def __init__(self, reader: Reader, journals: Collection[str]) -> None:
        """`journals`: the names of those topics to which the ownership rule applies."""
        self._reader, self._journals = reader, journals
        self._progress = Progress(journals)
        for name in journals:
            begin("reader", topic=name)

    async def assign(self, positions: Mapping[TopicPartition, InputPosition]) -> None:
        """Read these partitions and no others, each from its position. Raises BrokerUnavailable."""
        starts = await self._reader.assign({place: position.offset for place, position in positions.items()})
        self._progress = Progress(
            self._journals, {place: InputPosition(starts[place], epoch) for place, (_, epoch) in positions.items()}
        )

    async def poll(self, timeout_seconds: float, max_records: int = 1000) -> list[Stored]:
        """What has come and counts; `positions` stand after all that has come. Raises as `Reader.poll` does."""
        return [stored for stored in await self._reader.poll(timeout_seconds, max_records) if self._counts(stored)]

    async def until(self, ends: Mapping[TopicPartition, int]) -> AsyncIterator[Stored]:
        """What counts up to these ends; `positions` stand after the record in hand. At the ends nothing is assigned.

        Raises as `Reader.poll` does.
        """
        while left := sum(max(0, end - self._progress.position(place).offset) for place, end in ends.items()):
            for stored in await self._reader.poll(POLL_SECONDS, min(left, MAX_RECORDS)):
                if stored.offset < ends[stored.topic, stored.partition] and self._counts(stored):
                    yield stored
        await self._reader.assign({})

    @property
    def positions(self) -> dict[TopicPartition, InputPosition]:
        """The position reached in each partition: a reader that is assigned it misses nothing and repeats nothing."""
        return self._progress.positions

    def position(self, place: TopicPartition) -> InputPosition:
        """The position reached in one partition."""
        return self._progress.position(place)

    def owner(self, place: TopicPartition) -> Ownership:
        """Who owns a partition of a journal, as far as it was read."""
        return self._progress.owner(place)

    async def ends(self, places: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """The position after the last record of each partition. Raises BrokerUnavailable."""
        return await self._reader.ends(places)

    async def starts(self, places: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """The position of the first record that is kept of each partition. Raises BrokerUnavailable."""
        return await self._reader.starts(places)

    async def close(self) -> None:
        """Let go of it."""
        await self._reader.close()

    def _counts(self, stored: Stored) -> bool:
        if self._progress.counts(stored):
            return True
        if is_late_write(stored):
            LATE_WRITES.labels(stored.topic).inc()
        return False


async def kept_records(broker: Broker, partitions: Iterable[int], topics: Sequence[Topic]) -> AsyncIterator[Stored]:
    """Everything that is kept of some topics at this moment, and counts, one partition after the other.

    Raises BrokerUnavailable.
    """
    async with reading(broker) as raw:
        reader = JournalReader(raw, [topic.name for topic in topics if topic.journal])
        for partition in partitions:
            places = [(topic.name, partition) for topic in topics]
            ends = await reader.ends(places)
            await reader.assign(dict.fromkeys(places, START))
            async for stored in reader.until(ends):
                yield stored
