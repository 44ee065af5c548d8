"""What an owner learns from how those before it ended: it is careful at first, and refuses what they died of. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.events.base import Event
from shared.events.journals import PositionsNoted

DEATHS = 2
"""So many owners died while the journal said that they were deciding this input and no other: not by chance."""
CAREFUL_INPUTS = 500
CAREFUL_TIME = timedelta(seconds=3)
"""Care has each input wait for a note of it, so it is soon over; after each death in a row it lasts twice as long."""
MOST_DOUBLINGS = 4
SETTLED_TIME = timedelta(seconds=30)
"""After its care an owner has lived so long that it is no matter any more how those before it ended."""
UNSETTLED_TIMES = 10
"""Until then so many times as many records come together before a snapshot is saved: a start may read these as well."""
ALONE_INPUTS = 8
"""The first of them are taken alone: what the owner before died of is most probably next."""
GROUP_INPUTS = 32
"""Of records, of reports and of clocks each, that are noted together after that."""
GROUPS_IN_A_ROW = 8
"""So many are each noted along with what the one before has led to. Then the journal notes none, and another careful
partition of the process may have its turn."""


class DeadlyInput(Exception):
    """Owners have died while they decided this input."""


@dataclass(frozen=True, slots=True)
class Care:
    """How careful an owner is; by itself not at all."""

    inputs_left: int = 0
    """To be noted before they are decided."""
    until: datetime | None = None
    attempting: tuple[str, ...] = ()
    """The causes that the journal's last record says are decided next: no others may be, as long as there is care."""
    in_a_row: int = 0
    """So many groups have been noted since none was."""
    alone_left: int = 0
    """Of these inputs so many are taken alone; so is each suspect."""
    suspects: frozenset[str] = frozenset()
    """Causes that were being decided when an owner died."""
    deadly: frozenset[str] = frozenset()
    """Causes that are refused undecided."""

    def at(self, now: datetime) -> Care:
        """What is left of it at an instant."""
        is_over = self.until is not None and now >= self.until
        return replace(self, inputs_left=0) if self.inputs_left and is_over else self

    def is_settled(self, now: datetime) -> bool:
        """Whether the next owner need not know how those before this one ended."""
        return self.until is None or now >= self.until + SETTLED_TIME

    def takes(self, cause: str) -> bool:
        """Whether an input may be decided now."""
        return not self.inputs_left or cause in self.attempting

    def check(self, cause: str) -> None:
        """Raises DeadlyInput for a cause that owners died of."""
        if cause in self.deadly:
            message = f"{DEATHS} owners of its partition died while they decided it"
            raise DeadlyInput(message)

    def after(self, upcoming: Iterable[str]) -> Care:
        """The care of the next step, with what of these causes it is to take."""
        left = max(0, self.inputs_left - len(self.attempting))
        alone_left = max(0, self.alone_left - len(self.attempting))
        group: list[str] = []
        for cause in upcoming if left and self.in_a_row < GROUPS_IN_A_ROW else ():
            is_alone = alone_left > 0 or cause in self.suspects
            if group and is_alone:
                break
            group.append(cause)
            if is_alone:
                break
        in_a_row = self.in_a_row + 1 if group else 0
        return replace(self, inputs_left=left, alone_left=alone_left, attempting=tuple(group), in_a_row=in_a_row)


class Endings:
    """How the owners of a partition ended: each by the last of its records."""

    def __init__(self) -> None:
        self._epoch, self._last = 0, PositionsNoted()
        self._suspects: set[str] = set()
        self._died_over: Counter[str] = Counter()
        self._deaths_in_a_row = -1  # what stands for the owner before the first is no death

    def take(self, epoch: int, event: Event | None) -> None:
        """Take in the next record that counts; only what it notes of positions matters."""
        if epoch != self._epoch:
            self._end()
        self._epoch, self._last = epoch, event if isinstance(event, PositionsNoted) else PositionsNoted()

    def care(self, before: int, now: datetime) -> Care:
        """How careful an owner has to be that follows one of the epoch `before`; 0 where it is the first."""
        in_order = before == 0 or (before == self._epoch and self._last.released)
        self._end()
        self._epoch, self._last = before + 1, PositionsNoted(released=True)  # who asks lives: no death is counted twice
        deadly = frozenset(cause for cause, times in self._died_over.items() if times >= DEATHS)
        care = Care(suspects=frozenset(self._suspects) - deadly, deadly=deadly)
        if in_order:
            return care
        lasts = CAREFUL_TIME * 2 ** min(max(0, self._deaths_in_a_row - 1), MOST_DOUBLINGS)
        return replace(care, inputs_left=CAREFUL_INPUTS, until=now + lasts, alone_left=ALONE_INPUTS)

    def _end(self) -> None:
        attempted = self._last.attempting
        self._deaths_in_a_row = 0 if self._last.released else self._deaths_in_a_row + 1
        self._suspects.update(attempted)
        if len(attempted) == 1:
            self._died_over.update(attempted)
