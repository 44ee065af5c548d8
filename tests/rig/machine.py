"""How slow this machine is just now: what must come within so many seconds is given as much more of them."""

from __future__ import annotations

import time
from functools import cache

REFERENCE_SECONDS = 0.16
"""What the work takes of a processor of the machine that the tests' bounds were set on."""


@cache
def slowness() -> float:
    """How many times longer this process's first look at it took; at least 1."""
    return max(1.0, min(_seconds() for _ in range(5)) / REFERENCE_SECONDS)


def _seconds() -> float:
    began, total = time.process_time(), 0
    for number in range(2_000_000):
        total += number * number % 7
    return time.process_time() - began
