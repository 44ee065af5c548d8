"""Whoever reads all that there is has to know of how many partitions: else a part of it looks like the whole."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from deploy.backup.progress import Progress
from deploy.backup.take import take
from deploy.redecide import redecide_all
from shared.audit_log.chain import ChainKeys, new_audit_key
from shared.audit_log.reading import examine_log
from shared.engine.broker import BrokerUnavailable
from shared.engine.memory import MemoryBroker, MemoryLog
from shared.engine.topic import Topic

NOW = datetime(2026, 5, 1, tzinfo=UTC)
WRONG = "topic commands has 6 partitions, and CAREROUTE_PARTITIONS says 4"


class Misled(MemoryBroker):
    """A process that was told of fewer partitions than there are."""

    async def wrong_topics(self, topics: Sequence[Topic]) -> list[str]:
        return [WRONG for topic in topics if topic.name == "commands"]


async def copy(broker: MemoryBroker, directory: Path) -> None:
    await take(broker, "one", directory / "backup", NOW, Progress(print, "copied"))


async def examine(broker: MemoryBroker, directory: Path) -> None:
    del directory
    await examine_log(broker, ChainKeys(new_audit_key()), NOW)


async def decide_again(broker: MemoryBroker, directory: Path) -> None:
    del directory
    await redecide_all(broker, None)


@pytest.mark.parametrize("work", [copy, examine, decide_again])
async def test_a_part_is_never_taken_for_the_whole(
    work: Callable[[MemoryBroker, Path], Awaitable[None]], tmp_path: Path
) -> None:
    await work(MemoryBroker(MemoryLog(4)), tmp_path / "all")
    with pytest.raises(BrokerUnavailable, match=WRONG):
        await work(Misled(MemoryLog(4)), tmp_path / "part")
    assert not (tmp_path / "part").exists()
