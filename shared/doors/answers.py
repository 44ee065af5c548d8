"""What a door learns of its commands: it follows the journals, and waits for the answers that stand in them."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from shared.doors.snapshots import ViewSnapshots
from shared.engine.broker import Broker, Stored
from shared.engine.follower import Fold, Follower, Positions
from shared.engine.topic import Topic
from shared.events import CommandDone, CommandRefused, Event

REMEMBERED_ANSWERS = 20_000

Answer = CommandDone | CommandRefused
ANSWERS: frozenset[type[Event]] = frozenset({CommandDone, CommandRefused})


@dataclass(frozen=True, slots=True)
class Kept:
    """A view that outlives its process."""

    view: object
    """What the events are folded into. Nobody holds any part of it that a fold would change."""
    snapshots: ViewSnapshots
    restored: Callable[[], None] = lambda: None
    """Called once the view is as it was."""


class AnswerFollower(Follower):
    """A follower that remembers the newest answers to commands, whatever else it folds."""

    def __init__(
        self,
        broker: Broker,
        topics: Sequence[Topic],
        fold: Fold,
        kinds: frozenset[type[Event]] | None = None,
        kept: Kept | None = None,
    ) -> None:
        """`kept`: what is saved of the view now and then, and restored at the start."""
        kinds = None if kinds is None else kinds | ANSWERS
        super().__init__(broker, topics, self._fold_answers, kinds, reached=self._save)
        self._fold_others, self._kept = fold, kept
        self._answers: OrderedDict[str, Answer] = OrderedDict()
        self._waiting: dict[str, set[asyncio.Future[Answer]]] = {}

    async def start(self) -> None:
        """Start following beside a door, from where the view was saved last. Raises BrokerUnavailable."""
        if self._kept is not None and (found := await self._kept.snapshots.read(self._positions)) is not None:
            self._positions, (self._answers, view) = dict(found[0]), found[1]
            vars(self._kept.view).update(view)
            self._kept.restored()
        await super().start()

    async def stop(self) -> None:
        """Stop following."""
        await super().stop()
        if self._kept is not None:
            await self._kept.snapshots.close()

    async def _save(self, positions: Positions) -> None:
        if self._kept is not None and self.ready and self._kept.snapshots.is_due(positions):
            await self._kept.snapshots.save(positions, (self._answers, vars(self._kept.view)))

    async def answer(self, key: str, timeout_seconds: float) -> Answer | None:
        """The answer to a command, by its id or its position; None if none came in time."""
        if (answer := self._answers.get(key)) is not None:
            return answer
        waiting: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(key, set()).add(waiting)
        try:
            async with asyncio.timeout(timeout_seconds):
                return await waiting
        except TimeoutError:
            return None
        finally:
            others = self._waiting.get(key, set())
            others.discard(waiting)
            if not others:
                self._waiting.pop(key, None)

    def known(self, command_id: str) -> Answer | None:
        """The answer to a command, if it is known, of the newest ones."""
        return self._answers.get(command_id)

    def _fold_answers(self, agency: str, event: Event, stored: Stored) -> None:
        if isinstance(event, CommandDone | CommandRefused):
            self._note(event, stored)
        self._fold_others(agency, event, stored)

    def _note(self, answer: Answer, stored: Stored) -> None:
        for key in (answer.command_id, stored.header("cause")):
            self._answers[key] = answer
            for waiting in self._waiting.get(key, ()):
                if not waiting.done():
                    waiting.set_result(answer)
        while len(self._answers) > REMEMBERED_ANSWERS:
            self._answers.popitem(last=False)
