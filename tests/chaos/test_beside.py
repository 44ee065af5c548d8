"""The version before and this one on one Kafka: service by service forward, and back, and no promise is broken."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from deploy.local.kafka.node import missing
from services.notification.service import NOTIFICATION
from tests.chaos.beside import NoSuchCommit, Options, side_by_side
from tests.conftest import absent, directory

BEFORE = "eea2e63f"
"""The last one that knows nothing of keys of calls, beats and the audit log."""


@pytest.mark.kafka
@pytest.mark.slow
async def test_two_versions_share_the_work_and_each_takes_over_from_the_other(
    pytestconfig: pytest.Config, caplog: pytest.LogCaptureFixture
) -> None:
    if missing() is not None:
        absent(f"NOT TESTED beside another version: {missing()}")
    caplog.set_level(logging.CRITICAL, logger="aiokafka")
    where: Path = directory(pytestconfig) / "beside"
    try:
        outcome = await side_by_side(Options(commit=BEFORE, seconds=2.0), where)
    except NoSuchCommit as problem:
        pytest.skip(f"NOT TESTED beside another version: {problem}")
    assert {name: faults for name, faults in outcome.verdict.faults.items() if faults} == {}
    assert (outcome.differences, outcome.dead_letters, outcome.refused_back) == ([], [], [])
    assert outcome.deciders["notification"] == {"4", NOTIFICATION.decider_version}
    assert outcome.verdict.counts["outcomes"] > 20
    assert outcome.verdict.counts["of them team-accepted"] > 0
