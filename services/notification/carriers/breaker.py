"""Which carriers have failed of late: others come first. It forgets with the process, and in time."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field

SKIP_SECONDS = 3600.0
"""So long a carrier comes last that has taken nothing since it failed.

A page that may have been taken goes to no other, so whoever is asked first while a carrier is down loses its page: of a
town with an offer in ten minutes that is every one.
"""


@dataclass(slots=True)
class Breaker:
    """When each carrier failed last; times are monotonic seconds."""

    _failed_at: dict[Hashable, float] = field(default_factory=dict)

    def failed_at(self, carrier: Hashable, now: float) -> float:
        """What sorts carriers: who failed last comes last. It is asked all the same: no page is left untried."""
        failed_at = self._failed_at.get(carrier, 0.0)
        return failed_at if now - failed_at < SKIP_SECONDS else 0.0

    def note(self, carrier: Hashable, now: float, *, failed: bool) -> None:
        """What came of a page; one that was taken wipes the slate clean."""
        if failed:
            self._failed_at[carrier] = now
        else:
            self._failed_at.pop(carrier, None)
