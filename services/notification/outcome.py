"""What comes of sending something."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of sending. `failed` for `unknown`: it may have gone out, so it counts as sent."""

    result: Literal["done", "failed"]
    why: str = ""
    """Why it failed."""
    taken_as: str = field(default="", compare=False)
    """Of what a carrier took: the carrier, a slash, and its name for it."""


DONE = Outcome("done")
