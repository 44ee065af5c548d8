"""What a door knows of one agency: events change it, and now and then it forgets what nobody asks for any more."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from shared.events import Event

SWEEP_EVERY = timedelta(minutes=1)

Changes = Mapping[type[Event], Callable[[Any, Any, datetime], None]]
"""The events that are followed, and what each changes."""


class Swept:
    """Folds events by their table. By the journal's own time it sweeps, so that catching up forgets alike."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self._swept_at: datetime | None = None

    def fold(self, event: Event, at: datetime) -> None:
        """Take in an event that became durable at an instant."""
        change = self._changes.get(type(event))
        if change is not None:
            change(self, event, at)
        if self._swept_at is None or at - self._swept_at > SWEEP_EVERY:
            self._swept_at = at
            self.sweep(at)

    def sweep(self, at: datetime) -> None:
        """Forget what is over by then."""
        raise NotImplementedError
