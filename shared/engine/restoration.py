"""What a partition of a journal amounts to for who does not own it: its snapshots, and the journal after them."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from datetime import datetime
from typing import Generic, TypeVar

from shared.engine.broker import Stored
from shared.engine.care import Endings
from shared.engine.journal import START, InputPosition, positions_of, time_of
from shared.engine.service import Service
from shared.engine.snapshot_cache import Snapshots, Witness
from shared.engine.step import PartitionState
from shared.events.base import UndecodableEvent, decode
from shared.events.journals import InputRefused, PositionsNoted

S = TypeVar("S")

REFUSALS = 1_000
"""Of which its last owner may not have written the dead letters: more than a step can make."""


class UnknownJournalEvent(Exception):
    """The journal holds an event that this version of the code does not know; it must not own the partition."""


class Restoration(Generic[S]):
    """The state of a partition, as far as its journal was read."""

    def __init__(self, service: Service[S], snapshots: Snapshots[S], begins: int = 0) -> None:
        """`begins`: the position that the journal is read from."""
        self.saved = {agency: snapshot.position for agency, snapshot in snapshots.agencies.items()}
        """By agency, the position of its snapshot."""
        self.floor = snapshots.start.offset
        """Up to there every agency is saved."""
        self.refusals: deque[InputRefused] = deque(maxlen=REFUSALS)
        """The last: perhaps their dead letters were never written."""
        self._state: PartitionState[S] = PartitionState(service)
        self._state.positions = dict(snapshots.positions)
        self._state.states = {agency: snapshot.state for agency, snapshot in snapshots.agencies.items()}
        self._state.time = snapshots.time
        self._witnesses = {witness for witness in snapshots.witnesses if witness.offset >= begins}
        self._service, self._endings = service, Endings()
        self._last: Stored | None = None

    def fold(self, stored: Stored) -> None:
        """Take in the next record that counts. Raises UnknownJournalEvent, and whatever `evolve` raises."""
        self._witnesses.discard(Witness(stored.offset, stored.header("time")))
        kind, epoch = stored.headers.get("type", b""), int(stored.headers["epoch"])
        if stored.offset < self.saved.get(stored.key, 0):
            event = None
        else:
            try:
                event = decode(kind.decode(), stored.value)
            except UndecodableEvent as error:
                message = f"{stored.position}: {error}; run the version that wrote it, or a later one"
                raise UnknownJournalEvent(message) from error
        self._last = stored
        self._endings.take(epoch, event)
        if isinstance(event, InputRefused):
            self.refusals.append(event)
        if event is not None and not isinstance(event, PositionsNoted):
            self._state.fold(stored.key, event, time_of(stored.headers), stored.offset)

    def is_of(self, position: int) -> bool:
        """Whether the journal, read up to a position, is the one of which the snapshots were made.

        It is not where it has lost its end and has grown again, if only by the claims of those who begin.
        """
        return all(witness.offset >= position for witness in self._witnesses)

    def resume(self, saved: dict[str, int], floor: int) -> None:
        """Go on with the state as its owner has left it, who hands it over; `saved`, `floor`: see above."""
        self.saved, self.floor = saved, floor
        self.refusals.clear()
        self._last = None

    def positions(self) -> Mapping[str, InputPosition]:
        """The positions that the last record states."""
        if self._last is None:
            return self._state.positions
        return {**self._state.positions, **positions_of(self._last.headers)}

    def finish(self, start: InputPosition, now: datetime) -> PartitionState[S]:
        """The state as its owner takes it over: with the positions that the last record states, and clocks armed.

        `start`: where the new owner begins, in its epoch.
        """
        state = self._state
        state.offset, state.positions = start.offset, dict(self.positions())
        if self._last is not None:
            state.time = time_of(self._last.headers)
        for topic in self._service.reads:
            state.positions.setdefault(topic.name, START)
        state.arm(state.states)
        state.care = self._endings.care(start.epoch - 1, now)
        return state
