"""What a door knows of one agency: events change it, and now and then it forgets what nobody asks for any more."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from shared.engine.broker import Stored
from shared.events import Event
from shared.topics import ASSIGNMENTS

SWEEP_EVERY = timedelta(minutes=1)

Changes = Mapping[type[Event], Callable[[Any, Any, datetime], None]]
"""The events that are followed, and what each changes."""


class Swept:
    """Folds events by their table. By the time of one journal it sweeps, so that catching up forgets alike.

    A door that catches up may have read another journal hours further: by that one's time an offer would be long over
    whose acceptance is read next.
    """

    def __init__(self) -> None:
        self._swept_at: datetime | None = None

    @property
    def changes(self) -> Changes:
        """Its table."""
        raise NotImplementedError

    def fold(self, event: Event, stored: Stored) -> None:
        """Take in an event, which became durable where and when `stored` says."""
        at, change = stored.time, self.changes.get(type(event))
        if change is not None:
            change(self, event, at)
        if stored.topic == ASSIGNMENTS.name and (self._swept_at is None or at - self._swept_at > SWEEP_EVERY):
            self._swept_at = at
            self.sweep(at)

    def sweep(self, at: datetime) -> None:
        """Forget what is over by then."""
        raise NotImplementedError
