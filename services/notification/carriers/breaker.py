"""Which carriers have failed so often lately that others come first. It forgets with the process, and soon."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Hashable
from dataclasses import dataclass, field

FAILURES, WITHIN_SECONDS, SKIP_SECONDS = 5, 30.0, 60.0


@dataclass(slots=True)
class Breaker:
    """Counts failures of each carrier; times are monotonic seconds."""

    _failures: dict[Hashable, deque[float]] = field(default_factory=lambda: defaultdict(lambda: deque(maxlen=FAILURES)))
    _open_until: dict[Hashable, float] = field(default_factory=dict)

    def is_open(self, carrier: Hashable, now: float) -> bool:
        """Whether others come before it. It stays the last one all the same: no page is left untried for it."""
        return now < self._open_until.get(carrier, 0.0)

    def note(self, carrier: Hashable, now: float, *, failed: bool) -> None:
        """What came of a page; one that was taken wipes the slate clean."""
        if not failed:
            self._failures.pop(carrier, None)
            self._open_until.pop(carrier, None)
            return
        failures = self._failures[carrier]
        failures.append(now)
        if len(failures) == FAILURES and now - failures[0] <= WITHIN_SECONDS:
            self._open_until[carrier] = now + SKIP_SECONDS
