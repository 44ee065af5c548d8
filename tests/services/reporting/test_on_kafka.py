"""Reporting as real processes on a real Kafka: killed, frozen, its database away; nothing lost, nothing twice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.kafka.node import LocalKafka
from tests.services.reporting.chaos import run_chaos

pytestmark = [pytest.mark.kafka, pytest.mark.slow]


@pytest.fixture
def servers(kafka: str, tmp_path: Path) -> Iterator[str]:
    """A Kafka of its own, because the topics are the real ones."""
    del kafka  # it says whether Kafka can be had here
    node = LocalKafka(tmp_path / "kafka")
    yield node.start()
    node.discard()


async def test_nothing_is_lost_or_stored_twice_and_no_late_write_counts(servers: str, tmp_path: Path) -> None:
    """At first Kafka holds offsets of batches that were acknowledged and never stored."""
    acts = ["KILL", "AWAY", "TERM"]
    found = await run_chaos(servers, tmp_path, database=None, workers=1, acts=acts, seconds=12, seed=7)
    assert found.faults == []
    assert found.late_writes > 0
    assert found.exits["-9"] == 1
    assert "hung" not in found.exits  # told to stop, it ends by itself
