"""The collector of a process that remembers much."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

STAYS = """
import gc
from shared.gc_tuning import tune

tune()
remembered = [[number] for number in range(500_000)]
gc.collect()
print(len(gc.get_objects()))
while remembered:
    remembered.pop()
print(gc.get_freeze_count())
"""

GROWS = """
import gc
from shared.gc_tuning import tune

def count(phase, looked):
    if phase == "start":
        generations = range(looked["generation"] + 1)
        counts.append(sum(len(gc.get_objects(generation=number)) for number in generations))

tune()
counts = []
gc.callbacks.append(count)
remembered = [[number] for number in range(3_000_000)]
print(len(counts), max(counts))
"""

LOADS = """
import gc

def count(phase, looked):
    if phase == "start":
        counts.append(looked)

counts = []
from shared.gc_tuning import loading
gc.callbacks.append(count)
import services.prober.__main__
print(len(counts), int(gc.isenabled()))
"""


def run(code: str) -> tuple[int, int]:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    first, second = map(int, done.stdout.split())
    return first, second


def test_what_has_outlived_a_look_is_not_looked_at_again_and_goes_when_nobody_needs_it() -> None:
    to_look_at, frozen = run(STAYS)
    assert to_look_at < 10_000
    assert frozen < 500_000


def test_little_is_looked_at_again_so_that_no_cycle_stays() -> None:
    to_look_at, _ = run(STAYS.replace("500_000", "50_000"))
    assert to_look_at > 50_000


def test_no_look_takes_longer_the_more_is_remembered() -> None:
    looks, most_objects = run(GROWS)
    assert looks > 1
    assert most_objects < 700_000


def test_a_process_that_loads_its_code_looks_at_it_once_at_its_end() -> None:
    looks, goes_on = run(LOADS)
    assert (looks, goes_on) == (1, 1)


@pytest.mark.parametrize("main", sorted(Path("services").glob("*/__main__.py")), ids=lambda path: path.parent.name)
def test_every_process_loads_its_code_so(main: Path) -> None:
    """A fifth of what the console's start takes."""
    imported = [node for node in ast.parse(main.read_text()).body if isinstance(node, ast.ImportFrom)]
    assert [(node.module, node.names[0].name) for node in imported] == [("shared.gc_tuning", "loading")]
