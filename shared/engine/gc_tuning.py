"""Python's cycle collector, told to look less often: state is made of persistent maps, in which there are no cycles."""

from __future__ import annotations

import gc
from collections.abc import Mapping

YOUNG_OBJECTS, LOOKS = 10_000, 2
"""How many come before the youngest are looked at (by default 700), and after how many looks one goes further."""
MANY_OBJECTS = 400_000
"""What a look at everything may take in: it is over before a beat is missed."""
OLDEST = 2


def tune() -> None:
    """For a process that has loaded its code: that is never looked at again, and the rest less often.

    Where much outlives a look at everything, that is not looked at again either, or the process would stand still for
    longer the more calls it remembers. Only a cycle that is let go of after that stays in memory.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, LOOKS, LOOKS)
    gc.callbacks.append(_freeze)


def _freeze(phase: str, looked: Mapping[str, int]) -> None:
    if phase == "stop" and looked["generation"] == OLDEST and len(gc.get_objects(OLDEST)) > MANY_OBJECTS:
        gc.freeze()
