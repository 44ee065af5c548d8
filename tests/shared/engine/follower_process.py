"""A follower as a process, on a log of its own with five events that count: what it meets is said by its arguments."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from shared.config import Settings
from shared.engine.broker import BrokerUnavailable, Stored, TopicPartition
from shared.engine.follower import Follower
from shared.engine.journal import InputPosition
from shared.engine.memory import MemoryBroker
from shared.engine.process import run_runner
from shared.engine.topic import Topic
from shared.events import Event
from shared.topics import DECISIONS
from tests.shared.engine.test_reader import journal

MEETS, FILE = sys.argv[1], Path(sys.argv[2])
"""What it meets; the file that it stores into, or waits for."""


class Away(MemoryBroker):
    """A broker that is not there."""

    async def wrong_topics(self, topics: Sequence[Topic]) -> list[str]:
        raise BrokerUnavailable(f"{len(topics)} topics")


def fold(agency: str, event: Event, stored: Stored) -> None:
    del agency, event, stored
    if MEETS == "an error":
        raise KeyError("CANARY")


async def reached(positions: Mapping[TopicPartition, InputPosition]) -> None:
    if MEETS == "a slow database":
        while not FILE.exists():  # noqa: ASYNC110, ASYNC240  # a test's way to say go on
            await asyncio.sleep(0.01)
    if MEETS == "a hang":
        asyncio.get_running_loop().call_later(2, hang)
    if MEETS == "a log that nobody takes":
        asyncio.get_running_loop().call_later(2, sys.stderr.write, "x" * 1_000_000)
    FILE.write_text(str(positions[DECISIONS.name, 0].offset))  # noqa: ASYNC240  # a line, in a test


def hang() -> None:
    time.sleep(60)


if __name__ == "__main__":
    log = journal()
    broker = Away(log) if MEETS == "no broker" else MemoryBroker(log)
    run_runner("toy", Settings.load(), broker, [DECISIONS], Follower(broker, [DECISIONS], fold, reached=reached))
