"""Chaos in short, on a secured Kafka: a few processes killed, hung and ended; every promise has to hold."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from deploy.local.kafka.node import missing
from tests.chaos.__main__ import report
from tests.chaos.run import Options, chaos
from tests.conftest import absent, directory
from tests.rig.machine import slowness


@pytest.mark.kafka
@pytest.mark.slow
@pytest.mark.alone
async def test_promises_hold_while_processes_die(pytestconfig: pytest.Config, caplog: pytest.LogCaptureFixture) -> None:
    if missing() is not None:
        absent(f"NOT TESTED under chaos: {missing()}")
    caplog.set_level(logging.CRITICAL, logger="aiokafka")
    where: Path = directory(pytestconfig) / "chaos"
    options = Options(seconds=12, rate=24 / slowness(), agencies=4, broker_kills=0, roll=False, seed=2, secured=True)
    outcome = await chaos(options, where)
    report(outcome)
    assert {name: faults for name, faults in outcome.verdict.faults.items() if faults} == {}
    assert outcome.verdict.counts["outcomes"] > 50
    assert outcome.verdict.counts["of them team-accepted"] > 0
    assert outcome.verdict.counts["answers to honest callers among silent ones"] > 0
    assert len({fault.kind for fault in outcome.faults}) >= 2
