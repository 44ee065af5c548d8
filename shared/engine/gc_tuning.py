"""Python's cycle collector, told to look less often: state is made of persistent maps, in which there are no cycles."""

from __future__ import annotations

import gc

YOUNG_OBJECTS = 50_000
"""How many come before the youngest are looked at; Python's default is 700."""


def tune() -> None:
    """For a process that has loaded its code: that is never looked at again, and the rest less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, 20, 20)
