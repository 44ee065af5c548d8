"""How slow this machine is just now: what must come within so many seconds is given as much more of them.

As a program: prints what a piece of work takes of the processor, in seconds.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from functools import cache

REFERENCE_SECONDS = 0.16
"""What the work takes of a processor of the machine that the tests' bounds were set on."""
LOOKS = 5


@cache
def slowness() -> float:
    """How many times longer it took at the worst when this process looked, all processors being busy; at least 1."""
    program = [sys.executable, "-m", "tests.rig.machine"]
    looking = [subprocess.Popen(program, stdout=subprocess.PIPE, text=True) for _ in range(os.cpu_count() or 1)]
    return max(1.0, *(float(each.communicate()[0]) / REFERENCE_SECONDS for each in looking))


def _seconds() -> float:
    began, total = time.process_time(), 0
    for number in range(2_000_000):
        total += number * number % 7
    return time.process_time() - began


if __name__ == "__main__":
    print(max(_seconds() for _ in range(LOOKS)))  # noqa: T201
