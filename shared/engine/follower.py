"""A door's follower: reads topics from the beginning, keeps to the ownership rule, waits for answers to commands."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence

from shared.engine.broker import Broker, Reader, Stored, TopicPartition
from shared.engine.journal import Ownership, is_late_write
from shared.engine.topic import Topic
from shared.events import CommandDone, CommandHeld, CommandRefused, Event, UndecodableEvent, decode
from shared.telemetry import LATE_WRITES, logger

REMEMBERED_ANSWERS = 20_000
POLL_SECONDS = 0.5

Fold = Callable[[str, Event, Stored], None]
"""Called as `fold(agency, event, stored)` for each event that counts, in order within a partition."""

Answer = CommandDone | CommandRefused


class Follower:
    """Folds events into somebody's read model. `failed` is set when it cannot go on; its process should then end."""

    def __init__(
        self, broker: Broker, topics: Sequence[Topic], fold: Fold, kinds: frozenset[type[Event]] | None = None
    ) -> None:
        self._broker, self._topics, self._fold = broker, topics, fold
        self._types = None if kinds is None else {kind.type.encode() for kind in kinds}
        self._journals = {topic.name for topic in topics if topic.journal}
        self._ownership: dict[TopicPartition, Ownership] = {}
        self._behind: dict[TopicPartition, int] = {}
        self._at: dict[TopicPartition, int] = {}
        self._answers: OrderedDict[str, Answer] = OrderedDict()
        self._held: set[str] = set()
        self._waiting: dict[str, set[asyncio.Future[Answer]]] = {}
        self._task: asyncio.Task[None] | None = None
        self.failed: BaseException | None = None

    async def start(self) -> None:
        """Start following. Raises BrokerUnavailable."""
        reader = await self._broker.reader()
        places = [(topic.name, number) for topic in self._topics for number in range(self._broker.partitions)]
        self._behind = await reader.ends(places)
        self._at = dict.fromkeys(places, 0)
        await reader.assign(self._at)
        self._task = asyncio.get_running_loop().create_task(self._follow(reader))
        self._task.add_done_callback(self._ended)

    @property
    def caught_up(self) -> bool:
        """Whether everything that was there at the start has been read."""
        return self._task is not None and not self._behind and self.failed is None

    async def answer(self, key: str, timeout_seconds: float) -> Answer | None:
        """The answer to a command, by its id or its position; None if none came in time."""
        if (known := self._answers.get(key)) is not None:
            return known
        waiting: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(key, set()).add(waiting)
        try:
            return await asyncio.wait_for(waiting, timeout_seconds)
        except TimeoutError:
            return None
        finally:
            others = self._waiting.get(key, set())
            others.discard(waiting)
            if not others:
                self._waiting.pop(key, None)

    def held(self, command_id: str) -> bool:
        """Whether a command waits for its call."""
        return command_id in self._held

    async def stop(self) -> None:
        """Stop following."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _follow(self, reader: Reader) -> None:
        try:
            while True:
                for stored in await reader.poll(POLL_SECONDS):
                    self._take(stored)
                for place in [place for place, end in self._behind.items() if self._at[place] >= end]:
                    del self._behind[place]
        finally:
            await reader.close()

    def _take(self, stored: Stored) -> None:
        place = (stored.topic, stored.partition)
        self._at[place] = stored.offset + 1
        if stored.topic in self._journals:
            ownership = self._ownership.setdefault(place, Ownership())
            if not ownership.counts(stored):
                if is_late_write(stored):
                    LATE_WRITES.labels(stored.topic).inc()
                return
        kind = stored.headers.get("type", b"")
        answers = kind in (b"command-done", b"command-refused", b"command-held")
        if self._types is not None and not answers and kind not in self._types:
            return
        try:
            event = decode(kind.decode(), stored.value)
        except UndecodableEvent as error:
            logger().error("record passed over", position=stored.position, wrong=str(error))
            return
        if isinstance(event, CommandHeld):
            self._held.add(event.command_id)
        elif isinstance(event, CommandDone | CommandRefused):
            self._note(event, stored)
        self._fold(stored.key, event, stored)

    def _note(self, answer: Answer, stored: Stored) -> None:
        self._held.discard(answer.command_id)
        for key in (answer.command_id, stored.headers.get("cause", b"").decode()):
            self._answers[key] = answer
            for waiting in self._waiting.get(key, ()):
                if not waiting.done():
                    waiting.set_result(answer)
        while len(self._answers) > REMEMBERED_ANSWERS:
            self._answers.popitem(last=False)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled():
            self.failed = task.exception()
            logger().error("follower ended", error=type(self.failed).__name__)
