"""How many scenarios of reaching people there are, counted as pytest collects them, so that the number cannot rot."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.scenarios import LEAST

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def counted() -> dict[str, int]:
    """Scenarios by group."""
    files = [str(path) for path in ROOT.glob("tests/**/test_*.py") if "scenario(" in path.read_text("utf-8")]
    command = [sys.executable, "-m", "pytest", "-n0", "-p", "tests.scenarios", "--collect-only", "-q", "-m", "scenario"]
    output = subprocess.run([*command, *files], cwd=ROOT, capture_output=True, text=True, check=True, timeout=120).stdout
    lines = (line.split() for line in output.splitlines() if line.startswith("scenario "))
    return {group: int(number) for _, group, number in lines}


@pytest.mark.parametrize("group", LEAST)
def test_a_group_has_its_scenarios(counted: dict[str, int], group: str) -> None:
    assert counted.get(group, 0) >= LEAST[group]


def test_no_group_is_misspelt(counted: dict[str, int]) -> None:
    assert counted.keys() <= LEAST.keys()
