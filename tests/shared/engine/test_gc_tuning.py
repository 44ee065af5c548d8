"""The collector of a process that remembers much."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import gc
from shared.engine.gc_tuning import tune

tune()
remembered = [[number] for number in range(200_000)]
gc.collect()
print(len(gc.get_objects()))
while remembered:
    remembered.pop()
print(gc.get_freeze_count())
"""


def test_what_has_outlived_a_look_is_not_looked_at_again_and_goes_when_nobody_needs_it() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    to_look_at, frozen = map(int, done.stdout.split())
    assert to_look_at < 10_000
    assert frozen < 200_000
