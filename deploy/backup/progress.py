"""Says how far long work has come, now and then."""

from __future__ import annotations

import time
from collections.abc import Callable

SAY_SECONDS = 5.0


class Progress:
    """Counts records."""

    def __init__(self, say: Callable[[str], None], doing: str) -> None:
        """`doing`: what is done with the records, e.g. `copied`."""
        self.records = 0
        self._say, self._doing = say, doing
        self._began = self._said_at = time.monotonic()

    @property
    def seconds(self) -> float:
        """How long it has taken."""
        return time.monotonic() - self._began

    def step(self, topic: str, records: int = 1) -> None:
        """Some more of a topic."""
        self.records += records
        now = time.monotonic()
        if now - self._said_at >= SAY_SECONDS:
            self._said_at = now
            self._say(f"{self.records:,} records {self._doing}, now {topic}, after {self.seconds:.0f} s")
