"""The collector of a process that remembers much."""

from __future__ import annotations

import subprocess
import sys

STAYS = """
import gc
from shared.engine.gc_tuning import tune

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
from shared.engine.gc_tuning import tune

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
