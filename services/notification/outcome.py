"""What comes of sending something."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of sending, and why it failed. `failed` for `unknown`: it may have gone out, so it counts as sent."""

    result: Literal["done", "failed"]
    why: str = ""


DONE = Outcome("done")
