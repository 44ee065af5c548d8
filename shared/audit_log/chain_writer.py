"""Writes the chains of one process: looks what others have written, cites it, and appends."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from shared.audit_log.chain import MOST_HEADS, Chain, ChainKeys, Head, head_of, is_genuine
from shared.engine.broker import Broker, BrokerUnavailable, PositionOutOfRange, Reader, Record, Stored, TopicPartition
from shared.events import Event, HeadsCited
from shared.topics import AUDIT_LOG

TAIL = 500
"""So many records of a partition are read at the start, to know the heads of the other chains."""
LOOK_SECONDS, POLL_SECONDS = 5.0, 0.5
NOBODY = ""
"""The key of a record that is about no agency."""


def entry_record(agency: str, entry: Event, entry_id: str, process: str, at: datetime) -> Record:
    """An entry as a record, which a chain makes a link."""
    return Record(
        agency,
        entry.encode(),
        (
            ("id", entry_id.encode()),
            ("type", entry.type.encode()),
            ("source", process.encode()),
            ("time", at.isoformat().encode()),
        ),
    )


@dataclass(slots=True)
class _Place:
    """A partition: the chain of this process there, and what it has read of the others."""

    chain: Chain
    read_to: int | None = None
    uncited: dict[str, Head] = field(default_factory=dict)
    """Of each other chain the last record, where this chain has not cited it."""
    news: bool = False
    """Whether others have written since this chain has cited them, and did not only cite."""


class ChainWriter:
    """The chains of a process, one a partition. To be used by one task at a time."""

    def __init__(self, broker: Broker, keys: ChainKeys, process: str) -> None:
        self._broker, self._keys, self._process = broker, keys, process
        self._places = {number: _Place(Chain.begun(number)) for number in range(broker.partitions)}
        self._reader: Reader | None = None

    async def append(self, partition: int, records: Sequence[Record], at: datetime) -> None:
        """Append records as the next links of the chain. Raises BrokerUnavailable, and may then be asked again."""
        await self._look([partition])
        await self._append(partition, records, at)

    async def cite(self, at: datetime) -> None:
        """Cite what others have written, wherever nothing was written since that does. Raises BrokerUnavailable."""
        await self._look(self._places)
        for partition, place in self._places.items():
            if place.news:
                cited = HeadsCited(at=at)
                await self._append(partition, [entry_record(NOBODY, cited, "", self._process, at)], at)

    async def close(self) -> None:
        """Let go of the reader."""
        if self._reader is not None:
            await self._reader.close()

    async def _append(self, partition: int, records: Sequence[Record], at: datetime) -> None:
        place = self._places[partition]
        cited = list(place.uncited.values())[:MOST_HEADS]
        linked, chain = place.chain.extended(self._keys, records, cited, at)
        try:
            appended = await self._broker.append(AUDIT_LOG.name, partition, linked)
        except BaseException:  # nobody knows whether they stand there: they are written again in a new chain
            if (head := place.chain.head) is not None:
                place.uncited[head.chain] = head
            place.chain = Chain.begun(partition)
            raise
        place.chain = chain
        for head in cited:
            del place.uncited[head.chain]
        place.news = place.news and bool(place.uncited)
        if appended.offset == place.read_to:
            place.read_to += len(linked)

    async def _look(self, partitions: Iterable[int]) -> None:
        """Read what has come to stand in these partitions since. Raises BrokerUnavailable."""
        places = {(AUDIT_LOG.name, partition): self._places[partition] for partition in partitions}
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                self._reader = self._reader or await self._broker.reader()
                await self._read(self._reader, places)
        except TimeoutError:
            message = (
                f"the end of {AUDIT_LOG.name} could not be read within {LOOK_SECONDS:.0f} s: Kafka is away or slow, or "
                "the topic is not there (`python -m deploy.topics` makes it)"
            )
            raise BrokerUnavailable(message) from None
        except PositionOutOfRange:
            for place in places.values():
                place.read_to = None
            message = f"{AUDIT_LOG.name} does not go on where it was read last"
            raise BrokerUnavailable(message) from None

    async def _read(self, reader: Reader, places: Mapping[TopicPartition, _Place]) -> None:
        ends = await reader.ends(places)
        starts = await reader.starts([at for at, place in places.items() if place.read_to is None])
        for at, start in starts.items():
            places[at].read_to = max(start, ends[at] - TAIL)
        behind = {at: place.read_to or 0 for at, place in places.items() if (place.read_to or 0) < ends[at]}
        if not behind:
            return
        await reader.assign(behind)
        while any((places[at].read_to or 0) < ends[at] for at in behind):
            for stored in await reader.poll(POLL_SECONDS):
                place = places[stored.topic, stored.partition]
                place.read_to = stored.offset + 1
                self._note(place, stored)
        await reader.assign({})  # between two looks nothing is fetched

    def _note(self, place: _Place, stored: Stored) -> None:
        """Take in what another chain has come to, if it is genuine: nobody else's word is cited."""
        head = head_of(stored)
        if head is None or head.chain == place.chain.name:
            return
        if is_genuine(self._keys, stored):
            place.uncited[head.chain] = head
            place.news = place.news or stored.headers.get("type") != HeadsCited.type.encode()
