"""Which carriers have failed of late: others come first. It forgets with the process, and in time."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field

SKIP_SECONDS, ILL_SECONDS = 600.0, 3600.0
"""So long a carrier comes last that has taken nothing since it failed; and one that did so three times in a row.

A page that may have been taken goes to no other, so whoever tries a carrier that is down loses its page: of a town with
an offer in ten minutes that is every one. Nobody would hear of an outage, either, if none was tried.
"""
ILL_TIMES = 3


@dataclass(slots=True)
class Breaker:
    """When each carrier failed last, and how often in a row; times are monotonic seconds."""

    _failed: dict[Hashable, tuple[float, int]] = field(default_factory=dict)

    def failed_at(self, carrier: Hashable, now: float) -> float:
        """What sorts carriers: who failed last comes last. It is asked all the same: no page is left untried."""
        failed_at, times = self._failed.get(carrier, (0.0, 0))
        return failed_at if now - failed_at < (SKIP_SECONDS if times < ILL_TIMES else ILL_SECONDS) else 0.0

    def note(self, carrier: Hashable, now: float, *, failed: bool) -> None:
        """What came of a page; one that was taken wipes the slate clean."""
        if failed:
            _, times = self._failed.get(carrier, (0.0, 0))
            self._failed[carrier] = (now, times + 1)
        else:
            self._failed.pop(carrier, None)
