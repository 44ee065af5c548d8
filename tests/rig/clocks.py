"""Clocks that tests set."""

from __future__ import annotations

from datetime import datetime, timedelta

from shared.clock import SystemClock


class LaterClock(SystemClock):
    """The machine's time, moved ahead at will."""

    def __init__(self, ahead: timedelta = timedelta()) -> None:
        self.ahead = ahead

    def now(self) -> datetime:
        return super().now() + self.ahead


class StandingClock:
    """A time that stands until a test sets another."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()
