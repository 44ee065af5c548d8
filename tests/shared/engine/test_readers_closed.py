"""Whoever fails on the way lets go of the readers that it has: each is a connection, and goes on by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import pytest

from shared.clock import SystemClock
from shared.engine.broker import BrokerUnavailable, TopicPartition
from shared.engine.follower import Follower
from shared.engine.memory import MemoryBroker, MemoryLog, MemoryReader
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
