"""What chaos and benchmark put in the place of a service's parts exists under the name that they know it by."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local.kafka.node import CHECKOUT
from tests.bench.backlog import WITHOUT_SNAPSHOTS
from tests.chaos.run import SPOILED, WITHOUT_RULE


@pytest.mark.parametrize(
    "path", [str(WITHOUT_RULE), str(SPOILED), WITHOUT_SNAPSHOTS["PYTHONPATH"]], ids=lambda path: Path(path).name
)
def test_it_can_be_switched_off(path: str) -> None:
    command = [sys.executable, "-m", "services.triage"]  # it ends at once: its settings are missing
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CAREROUTE_")}
    ended = subprocess.run(
        command, cwd=CHECKOUT, env={**environment, "PYTHONPATH": path}, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 78
    assert "sitecustomize" not in ended.stderr
