"""Reporting as real processes on a real Kafka: killed, frozen, its database away; nothing lost, nothing twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.services.reporting.chaos import run_chaos

pytestmark = [pytest.mark.kafka, pytest.mark.slow]


async def test_nothing_is_lost_or_stored_twice_and_no_late_write_counts(servers: str, tmp_path: Path) -> None:
    """At first Kafka holds offsets of batches that were acknowledged and never stored."""
    acts = ["KILL", "AWAY", "TERM"]
    found = await run_chaos(servers, tmp_path, database=None, workers=1, acts=acts, seconds=12, seed=7)
    assert found.faults == []
    assert found.late_writes > 0
    assert found.exits["-9"] == 1
    assert "hung" not in found.exits  # told to stop, it ends by itself
