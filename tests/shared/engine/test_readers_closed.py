"""Whoever fails on the way lets go of the readers that it has: each is a connection, and goes on by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

import pytest

from shared.clock import SystemClock
from shared.engine.broker import Appended, BrokerUnavailable, Record, TopicPartition
from shared.engine.follower import Follower
from shared.engine.memory import MemoryBroker, MemoryGroupMember, MemoryLog, MemoryReader
from shared.engine.worker import READERS, Worker
from shared.topics import DECISIONS
from tests.shared.engine.test_reader import journal
from tests.shared.engine.toy import TOY


class Counted(MemoryBroker):
    """A broker that gives so many readers, none of which can ask for ends; which of them are open."""

    def __init__(self, log: MemoryLog, gives: int) -> None:
        super().__init__(log)
        self.left, self.open = gives, set[MemoryReader]()

    async def reader(self, *, settled: bool = False) -> MemoryReader:
        if not self.left:
            raise BrokerUnavailable("away")
        self.left -= 1
        reader = await super().reader(settled=settled)
        self.open.add(reader)

        async def no_ends(_places: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
            raise BrokerUnavailable("away")

        async def close() -> None:
            self.open.remove(reader)

        reader.ends, reader.close = no_ends, close  # type: ignore[method-assign, assignment]
        return reader


class Grouped(MemoryBroker):
    """A broker that takes no claim; how many have joined its group, and how many have let go of it."""

    def __init__(self, log: MemoryLog) -> None:
        super().__init__(log)
        self.joined = self.left = 0

    async def append(self, topic: str, partition: int, records: Sequence[Record]) -> Appended:
        if topic == TOY.writes.name and self.joined:
            raise ValueError("a fault of the process's own")
        return await super().append(topic, partition, records)

    async def join_group(self, topic: str, group: str, instance: str) -> MemoryGroupMember:
        member, leave = await super().join_group(topic, group, instance), MemoryGroupMember.leave

        async def counted() -> None:
            self.left += 1
            await leave(member)

        member.leave = counted  # type: ignore[method-assign]
        self.joined += 1
        return member


async def test_a_follower_that_cannot_begin() -> None:
    broker = Counted(journal(), 1)
    with pytest.raises(BrokerUnavailable):
        await Follower(broker, [DECISIONS], lambda *_: None).start()
    assert (broker.left, broker.open) == (0, set())


@pytest.mark.parametrize("gives", range(len(READERS)))
async def test_a_worker_that_gets_not_all_of_its_readers(gives: int) -> None:
    broker = Counted(MemoryLog(1, SystemClock()), gives)
    with pytest.raises(BrokerUnavailable):
        await Worker(TOY, broker, SystemClock(), "1").run(asyncio.Event())
    assert (broker.left, broker.open) == (0, set())


async def test_a_worker_that_fails_once_it_is_in_its_group() -> None:
    broker = Grouped(MemoryLog(1, SystemClock()))
    with pytest.raises(ValueError, match="own"):
        await Worker(TOY, broker, SystemClock(), "1").run(asyncio.Event())
    assert (broker.joined, broker.left) == (1, 1)
