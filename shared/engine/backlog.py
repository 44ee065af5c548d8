"""What waits to be decided in one partition: the records of its inputs, and what became of its own effects. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import NamedTuple

from shared.engine.broker import Stored
from shared.engine.journal import InputPosition, Progress
from shared.engine.service import EffectInput
from shared.engine.topic import Topic


class Waiting(NamedTuple):
    """A record that waits."""

    stored: Stored
    counts: bool
    """False for what stands in a journal and is to be passed over; its position is passed all the same."""
    after: InputPosition
    """The position once it is taken."""


class Backlog:
    """Keeps the order in which records are decided: topic by topic, those marked `first` ahead.

    Until a topic marked `first` has caught up with what stood in it at the take-over, no other record is decided.
    """

    def __init__(self, topics: Sequence[Topic], partition: int, positions: Mapping[str, InputPosition]) -> None:
        """`positions`: by topic, where the reading begins."""
        self._records: dict[str, deque[Waiting]] = {
            topic.name: deque() for topic in sorted(topics, key=lambda topic: not topic.first)
        }
        self._first = frozenset(topic.name for topic in topics if topic.first)
        self._partition = partition
        self._progress = Progress(
            [topic.name for topic in topics if topic.journal],
            {(topic.name, partition): positions[topic.name] for topic in topics},
        )
        self._in_preparation: set[str] = set()
        self._behind: dict[str, int] = {}
        self.reports: deque[tuple[str, EffectInput]] = deque()
        """What effects report, each with its agency, in the order in which it came."""

    # --- what comes in ---------------------------------------------------------------------------------------------

    def catch_up(self, ends: Mapping[str, int]) -> None:
        """What stands below these ends, by topic, came before the take-over: it is decided before any clock fires."""
        self._behind = dict(ends)

    def feed(self, stored: Stored, *, in_preparation: bool = False) -> None:
        """Add the next record of a topic, unless it was added before.

        One in preparation, and what follows it in its topic, waits until it is `prepared`.
        """
        place = stored.topic, self._partition
        if stored.offset < self._progress.position(place).offset:
            return
        if in_preparation:
            self._in_preparation.add(stored.position)
        counts = self._progress.counts(stored)
        self._records[stored.topic].append(Waiting(stored, counts, self._progress.position(place)))

    def prepared(self, stored: Stored) -> None:
        """A record in preparation need not wait any longer."""
        self._in_preparation.discard(stored.position)

    # --- what is next ----------------------------------------------------------------------------------------------

    def peek(self) -> Waiting | None:
        """The record to be decided next."""
        return next(self.upcoming(), None)

    def upcoming(self) -> Iterator[Waiting]:
        """The records to be decided next, in their order."""
        for topic, records in self._records.items():
            for waiting in records:
                if self._in_preparation and waiting.stored.position in self._in_preparation:
                    break
                yield waiting
            if topic in self._first and topic in self._behind:
                return

    def pop(self, waiting: Waiting) -> None:
        """Take out the record that `peek` showed."""
        topic = waiting.stored.topic
        self._records[topic].popleft()
        if waiting.after.offset >= self._behind.get(topic, 0):
            self._behind.pop(topic, None)

    # --- how much there is -----------------------------------------------------------------------------------------

    @property
    def next_offsets(self) -> dict[str, int]:
        """By topic, the offset of the record to be fed next."""
        return {topic: self._progress.position((topic, self._partition)).offset for topic in self._records}

    def record_count(self, topics: Collection[str]) -> int:
        """How many records of these topics wait."""
        return sum(len(self._records[topic]) for topic in topics)

    def oldest(self) -> datetime | None:
        """The durable time of the oldest record that waits; any thread may ask."""
        times = []
        for records in self._records.values():
            with suppress(IndexError):  # the loop has taken the last one meanwhile
                times.append(records[0].stored.time)
        return min(times, default=None)

    @property
    def is_catching_up(self) -> bool:
        """Whether something that stood there at the take-over is not decided yet."""
        return bool(self._behind)
