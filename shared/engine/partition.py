"""One partition of a service, as its owner has it: what waits is decided step by step, and written down.

A step decides a number of inputs and appends everything that they lead to as one batch, whole or not at all. The
state moves on only when the batch stands in the journal and counts; if it does not, somebody else owns the partition.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from datetime import datetime
from itertools import islice
from typing import Any, Generic, TypeVar

from shared.clock import Clock
from shared.engine.backlog import Backlog
from shared.engine.broker import Broker, BrokerUnavailable, Record
from shared.engine.care import UNSETTLED_TIMES, Care
from shared.engine.claim import Claim
from shared.engine.journal import InputPosition
from shared.engine.metrics import StepMetrics
from shared.engine.restoration import Restoration
from shared.engine.service import Service
from shared.engine.snapshots import Saved, SnapshotRound
from shared.engine.step import Decider, Step
from shared.engine.topic import DEAD_LETTERS
from shared.engine.writer import NotOwner
from shared.events.journals import InputRefused, PositionsNoted

S = TypeVar("S")

DEAD_LETTERS_AT_ONCE, MOST_DEAD_LETTERS = 500, 10_000


class Partition(Generic[S]):
    """A partition of a journal, as its owner has it."""

    def __init__(self, service: Service[S], broker: Broker, clock: Clock, number: int, claim: Claim[S]) -> None:
        self.number, self.epoch = number, claim.writer.epoch
        self.backlog = Backlog(service.reads, number, claim.state.positions)
        """What waits to be decided."""
        self.backlog.catch_up(claim.behind)
        self._service, self._broker, self._clock = service, broker, clock
        self._state, self._writer = claim.state, claim.writer
        self._state.written_at = clock.now()
        self._decider = Decider(service, number, broker.partition_of)
        self._metrics = StepMetrics(service.name, service.reads)
        self._restoration, self._claimed_at = claim.restoration, claim.state.offset
        self._dead_letters = deque(claim.restoration.refusals, MOST_DEAD_LETTERS)
        """Refusals that operators were not told of, or perhaps were by an owner before."""
        self._saved, self._round_offset = Saved(dict(claim.restoration.saved)), claim.restoration.floor

    # --- what it stands at -----------------------------------------------------------------------------------------

    @property
    def states(self) -> Mapping[str, S]:
        """Every agency's state, after the last step."""
        return self._state.states

    @property
    def positions(self) -> Mapping[str, InputPosition]:
        """By input, where its reading goes on after the last step."""
        return self._state.positions

    @property
    def care(self) -> Care:
        """How careful it still is, since the owner before did not end in order."""
        return self._state.care.at(self._clock.now())

    def has_work(self) -> bool:
        """Whether a step would find something to decide."""
        return self._decider.has_work(self._state, self.backlog, self._clock.now())

    def next_due(self) -> datetime | None:
        """The earliest instant at which a clock fires; None while what came before the take-over is not decided."""
        return None if self.backlog.is_catching_up else self._state.next_due()

    # --- deciding and writing --------------------------------------------------------------------------------------

    def step(self, answered: Callable[[], None] = lambda: None) -> Coroutine[Any, Any, Step[S]]:
        """Decide what waits, now; who awaits it appends what follows, and sees that it counts.

        That raises NotOwner, BrokerUnavailable. `answered()` is called between the waits for the broker, each of which
        is bounded.
        """
        began = self._clock.monotonic()
        step = self._decider.step(self._state, self.backlog, self._clock.now(), self._clock.monotonic)
        answered()
        return self._write(step, began, answered)

    async def _write(self, step: Step[S], began: float, answered: Callable[[], None]) -> Step[S]:
        if step.made:
            end = await self._writer.append(step.records(self.epoch), answered)
            answered()
            self._state.commit(step, end)
        else:
            self._state.positions = step.positions
        self._metrics.count(step, self._clock.monotonic() - began, self._writer.clock_offset_seconds)
        self._dead_letters.extend(made.event for made in step.made if isinstance(made.event, InputRefused))
        return step

    async def confirm(self) -> None:
        """See that nobody else has claimed the partition, unless that was seen lately.

        Raises NotOwner, BrokerUnavailable.
        """
        await self._writer.confirm()

    @property
    def has_dead_letters(self) -> bool:
        """Whether operators are still to be told of something that was refused."""
        return bool(self._dead_letters)

    async def send_dead_letters(self) -> None:
        """Tell operators what was refused. After a restart some are told again, under the same id.

        Nothing that decides waits for it: the journal has the refusals. Raises BrokerUnavailable.
        """
        while self._dead_letters:
            refusals = list(islice(self._dead_letters, DEAD_LETTERS_AT_ONCE))
            records = [
                Record(
                    self._service.name,
                    refusal.encode(),
                    (("id", refusal.position.encode()), ("type", refusal.type.encode())),
                )
                for refusal in refusals
            ]
            await self._broker.append(DEAD_LETTERS.name, self.number, records)
            for _ in refusals:
                self._dead_letters.popleft()

    async def release(self) -> None:
        """Tell the next owner that this one ends in order, unless there is one already or the log is away.

        An owner that is careful itself leaves it to the next to go on with that.
        """
        step = Step(self._service, self._state, self._clock.now())
        step.note(PositionsNoted(released=not step.care.inputs_left), self.number)
        with suppress(NotOwner, BrokerUnavailable):
            await self._writer.append(step.records(self.epoch))

    def handed_over(self) -> tuple[Restoration[S], InputPosition]:
        """What this process goes on with once it is no longer the owner, and from where in the journal.

        It has the state already: to read it anew, from snapshots, would let what it still owns wait meanwhile.
        """
        self._restoration.resume(dict(self._saved.positions), self._round_offset)
        return self._restoration, InputPosition(self._state.offset, self.epoch)

    # --- snapshots -------------------------------------------------------------------------------------------------

    @property
    def records_since_round(self) -> int:
        """How far the journal has come since the last round of snapshots began."""
        return self._state.offset - self._round_offset

    def is_worth_saving(self, every_records: int) -> bool:
        """Whether so many records have come together since the last round began.

        More where owners have died: after a round nobody reads how they ended, and the next owner has to know. And none
        before the first record of its own, as one stands right before what is saved: it tells of which journal that is.
        """
        records = self.records_since_round
        if records < every_records or self._state.offset == self._claimed_at:
            return False
        return records >= every_records * UNSETTLED_TIMES or self.care.is_settled(self._clock.now())

    def begin_round(self) -> SnapshotRound[S]:
        """What has changed since it was saved last, as it stands at this moment."""
        state = self._state
        self._round_offset = state.offset
        return SnapshotRound(
            partition=self.number,
            epoch=self.epoch,
            position=state.offset,
            input_positions=state.positions,
            time=state.time or self._clock.now(),
            states={
                agency: state.states[agency]
                for agency, changed_at in state.changed_at.items()
                if changed_at > self._saved.positions.get(agency, 0)
            },
            saved=self._saved,
        )

    def end_round(self, saved: Saved) -> None:
        """Note what is saved now."""
        self._saved = Saved({**self._saved.positions, **saved.positions}, saved.parts)
