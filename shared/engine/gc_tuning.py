"""Python's cycle collector, told to look less often: state is made of persistent maps, in which there are no cycles."""

from __future__ import annotations

import gc
from collections.abc import Mapping

YOUNG_OBJECTS = 50_000
"""How many come before the youngest are looked at; Python's default is 700."""
OLDEST = 2


def tune() -> None:
    """For a process that has loaded its code: that is never looked at again, and the rest less often.

    What outlives a look at everything is not looked at again either, or the process would stand still for longer the
    more calls it remembers. Only a cycle that is let go of after that stays in memory: a connection, now and then.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, 20, 20)
    gc.callbacks.append(_freeze)


def _freeze(phase: str, looked: Mapping[str, int]) -> None:
    if phase == "stop" and looked["generation"] == OLDEST:
        gc.freeze()
