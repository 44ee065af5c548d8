"""The pure step: from the state of a partition and what waits, to the events that follow and the positions after them.

No broker, no clock, nothing awaited: the same state, backlog and instant always give the same step, or the beginning of
it where that has lasted long enough. Whatever an input does, the step goes on: an exception in `decide` or `evolve`
becomes an `InputRefused`, a clock that raises or stays armed a `ClockFailed`. The events of one decision are added all
together or not at all.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from pathlib import PurePath
from typing import Any, Generic, NamedTuple, TypeVar

from shared.engine.backlog import Backlog, Waiting
from shared.engine.broker import Record, Stored
from shared.engine.care import GROUP_INPUTS, Care, DeadlyInput
from shared.engine.journal import InputPosition, StepHeaders, headers_of, is_late_write
from shared.engine.service import Decided, DecisionTooLong, Input, Service, Tick
from shared.engine.topic import STEP_BYTES
from shared.events.base import EVENTS, Event, UndecodableEvent, decode
from shared.events.journals import ClockFailed, InputRefused, PositionsNoted

S = TypeVar("S")

STEP_INPUTS = 500
STEP_SECONDS = 0.25
"""Each part of a step lasts so long, and one decision longer: then the loop gets to beats, and to others' partitions.

On a machine that others had filled 500 inputs took so long that the process was taken for hung, and ended itself."""
STEP_TICKS = 200
"""Of one agency: a state with more clocks that are due goes on in the next step."""
HEADER_BYTES = 600
"""What the headers of a record take at most, beside its subject and its cause: these are as long as a CAD's names."""
IDLE_NOTE = timedelta(hours=1)
MISPLACED = "the key belongs to another partition: write with Kafka's own partitioner"


class ClockStuck(Exception):
    """A clock fired and left no event that disarms it."""


class PartitionState(Generic[S]):
    """What a partition of a journal amounts to up to an offset: a state for each agency, and the input positions."""

    def __init__(self, service: Service[S]) -> None:
        self._service = service
        self.offset = 0
        """Of the next record of the journal."""
        self.positions: dict[str, InputPosition] = {}
        """By topic, where its reading goes on."""
        self.time: datetime | None = None
        """The instant that the last step was decided with."""
        self.written_at: datetime | None = None
        """When this process wrote to the journal last."""
        self.states: dict[str, S] = {}
        self.due: dict[str, tuple[str, datetime]] = {}
        """By agency, the clock that fires next."""
        self.changed_at: dict[str, int] = {}
        """By agency, the offset after the last event that changed its state."""
        self.care = Care()

    def of(self, agency: str) -> S:
        """The state of an agency."""
        return self.states.get(agency, self._service.initial)

    def next_due(self) -> datetime | None:
        """The earliest instant at which a clock wants to fire."""
        return min((at for _, at in self.due.values()), default=None)

    def fold(self, agency: str, event: Event, now: datetime, offset: int) -> None:
        """Take in the event that stands at an offset of the journal. Its clocks are not armed yet."""
        self.states[agency] = self._service.evolve(self.of(agency), event, now)
        self.changed_at[agency] = offset + 1

    def arm(self, agencies: Iterable[str]) -> None:
        """Find each agency's next clock."""
        for agency in agencies:
            if (due := self._service.due(self.states[agency])) is None:
                self.due.pop(agency, None)
            else:
                self.due[agency] = due

    def commit(self, step: Step[S], offset: int) -> None:
        """Take in a step whose records stand in the journal, right below `offset`."""
        self.offset, self.positions, self.time = offset, step.positions, step.now
        self.states.update(step.states)
        self.changed_at.update(dict.fromkeys(step.states, offset))
        self.arm(step.states)
        self.written_at, self.care = step.now, step.care


class Made(NamedTuple):
    """An event of a step."""

    agency: str
    event: Event
    value: bytes
    cause: str
    number: int
    """Of the events of one decision."""

    @property
    def size(self) -> int:
        """What its record takes in a batch, at most."""
        names = len(self.agency.encode()) + len(self.event.subject.encode()) + len(self.cause.encode())
        return len(self.value) + names + HEADER_BYTES


class Step(Generic[S]):
    """One step: what it leads to so far. Nothing of it counts until it is appended, all of it as one batch."""

    def __init__(self, service: Service[S], before: PartitionState[S], now: datetime) -> None:
        self._service, self._before, self._bytes = service, before, 0
        self.now = now if before.time is None else max(now, before.time)
        """Time does not go back in a journal, though its new owner's clock may be behind."""
        self.positions = dict(before.positions)
        """By topic, after the step."""
        self.states: dict[str, S] = {}
        """By agency, where it has changed."""
        self.made: list[Made] = []
        self.decided: list[Stored] = []
        """Records that were decided on, refused ones among them."""
        self.fired: list[Tick] = []
        self.late_writes: list[Stored] = []
        """Records of former owners that were passed over."""
        self.care = before.care.at(self.now)
        """After the step."""

    def state(self, agency: str) -> S:
        """The state of an agency after what the step has decided so far."""
        state = self.states.get(agency)
        return self._before.of(agency) if state is None else state

    def decide(self, agency: str, given: Input) -> bool:
        """Decide an input; False if what follows does not fit any more. Raises whatever `decide` and `evolve` raise."""
        return self.add(agency, self._service.decide(self.state(agency), given, self.now), given.cause)

    def add(self, agency: str, events: Sequence[Event], cause: str) -> bool:
        """Add the events of one decision, and the state that they lead to; False if they do not fit any more.

        Raises ValueError if they would not even fit into a step of their own.
        """
        if not events:
            return True
        made = [Made(agency, event, event.encode(), cause, number) for number, event in enumerate(events)]
        size = sum(event.size for event in made)
        if self.made and self._bytes + size > STEP_BYTES:
            return False
        if size > STEP_BYTES:
            message = f"{len(events)} events of {size} bytes do not fit into one step of {STEP_BYTES}"
            raise ValueError(message)
        self.states[agency] = events.state if isinstance(events, Decided) else self._folded(agency, events)
        self.made.extend(made)
        self._bytes += size
        return True

    def _folded(self, agency: str, events: Sequence[Event]) -> S:
        state = self.state(agency)
        for event in events:
            state = self._service.evolve(state, event, self.now)
        return state

    def note(self, note: PositionsNoted, partition: int) -> None:
        """Have the positions written down, behind all else."""
        self.made.append(Made("", note, note.encode(), f"note/{partition}/{self._before.offset}", 0))

    def records(self, epoch: int) -> list[Record]:
        """The batch to append."""
        service = self._service
        common = StepHeaders(epoch, self.now, service.decider_version, self.positions, service.name).common()
        return [
            Record(made.agency, made.value, headers_of(made.event, made.cause, made.number, common))
            for made in self.made
        ]


class _Span:
    """How long a part of a step may last."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic, self._until = monotonic, monotonic() + STEP_SECONDS

    def is_over(self) -> bool:
        return self._monotonic() >= self._until


class Decider(Generic[S]):
    """Decides what waits in one partition of a service, a step at a time."""

    def __init__(self, service: Service[S], partition: int, partition_of: Callable[[str], int]) -> None:
        """`partition_of`: the partition that a key belongs to."""
        self._service, self._partition, self._partition_of = service, partition, partition_of
        self._topics = {topic.name: topic for topic in service.reads}
        self._handled = {kind.type.encode() for kind in service.handles}
        self._types = {name.encode() for name in EVENTS}

    def has_work(self, before: PartitionState[S], backlog: Backlog, now: datetime) -> bool:
        """Whether a step would find something to decide."""
        if backlog.reports or backlog.peek() is not None:
            return True
        due = before.next_due()
        return _is_idle(before, now) or (due is not None and due <= now and not backlog.is_catching_up)

    def step(
        self, before: PartitionState[S], backlog: Backlog, now: datetime, monotonic: Callable[[], float] = lambda: 0.0
    ) -> Step[S]:
        """Decide as much of what waits as fits, and take it out of the backlog.

        `monotonic`: by which it is seen how long the step has lasted, in seconds.
        """
        step = Step(self._service, before, now)
        self._take_records(step, backlog, _Span(monotonic))
        self._take_effects(step, backlog, _Span(monotonic))
        if not backlog.is_catching_up:
            self._fire_clocks(step, before, _Span(monotonic))
        if before.care.inputs_left:
            self._note_upcoming(step, before, backlog)
        if not step.made and _is_idle(before, step.now):
            step.note(PositionsNoted(), self._partition)
        return step

    # --- with care -------------------------------------------------------------------------------------------------

    def _note_upcoming(self, step: Step[S], before: PartitionState[S], backlog: Backlog) -> None:
        """Have the journal say what the next step decides, which is nothing else.

        It stands last in the batch of what this step has decided: who dies over this step has noted only this one.
        """
        step.care = step.care.after(self._upcoming(step, before, backlog))
        if step.care.attempting or (before.care.attempting and not step.made):
            step.note(PositionsNoted(attempting=step.care.attempting), self._partition)

    def _upcoming(self, step: Step[S], before: PartitionState[S], backlog: Backlog) -> Iterator[str]:
        """The causes of what waits, in the order in which it is decided."""
        waiting = (each.stored.position for each in backlog.upcoming() if not self._is_passed_over(each))
        yield from islice(waiting, GROUP_INPUTS)
        yield from islice((report.cause(agency) for agency, report in backlog.reports), GROUP_INPUTS)
        if not backlog.is_catching_up:
            clocks = ((agency, self._service.due(step.state(agency))) for agency in sorted({*before.due, *step.states}))
            due = (Tick(*clock).cause(agency) for agency, clock in clocks if clock and clock[1] <= step.now)
            yield from islice(due, GROUP_INPUTS)

    # --- records ---------------------------------------------------------------------------------------------------

    def _take_records(self, step: Step[S], backlog: Backlog, span: _Span) -> None:
        for _ in range(STEP_INPUTS):
            waiting = backlog.peek()
            if waiting is None or not (self._is_passed_over(waiting) or self._decide_record(step, waiting.stored)):
                return
            backlog.pop(waiting)
            step.positions[waiting.stored.topic] = waiting.after
            if not waiting.counts and is_late_write(waiting.stored):
                step.late_writes.append(waiting.stored)
            if span.is_over():
                return

    def _is_passed_over(self, waiting: Waiting) -> bool:
        """Whether there is nothing to decide: a late write, or an event that is another service's business."""
        kind = waiting.stored.headers.get("type", b"")
        if not waiting.counts or kind in self._handled:
            return not waiting.counts
        known = kind in self._types or self._topics[waiting.stored.topic].journal
        return known and not self._is_misplaced(waiting.stored)

    def _is_misplaced(self, stored: Stored) -> bool:
        """Whether a client other than ours has hashed the key its own way; a journal is written by careroute only."""
        return not self._topics[stored.topic].journal and self._partition_of(stored.key) != self._partition

    def _decide_record(self, step: Step[S], stored: Stored) -> bool:
        """Decide one record; False if it has to wait, as the step is full or takes others only."""
        if not step.care.takes(stored.position):
            return False
        try:
            step.care.check(stored.position)
            if self._is_misplaced(stored):
                raise UndecodableEvent(MISPLACED)  # noqa: TRY301  # refused like any other bad input, below
            event = decode(stored.header("type"), stored.value)
            fits = step.decide(stored.key, Input.of_record(event, stored, step.now))
        except (Exception, DecisionTooLong) as error:  # noqa: BLE001  # what ends the process would come back at every start
            fits = step.add(stored.key, [self._refusal(stored, error)], stored.position)
        if fits:
            step.decided.append(stored)
        return fits

    def _refusal(self, stored: Stored, error: BaseException) -> InputRefused:
        names_subject = self._topics[stored.topic].refusals_name_subject
        return InputRefused.of_record(
            stored.position,
            stored.value,
            stored.header("type"),
            _what(error),
            stored.header("subject") if names_subject else "",
        )

    # --- effects and clocks ----------------------------------------------------------------------------------------

    def _take_effects(self, step: Step[S], backlog: Backlog, span: _Span) -> None:
        while backlog.reports and not span.is_over():
            agency, report = backlog.reports[0]
            cause = report.cause(agency)
            if not step.care.takes(cause):
                return
            try:
                step.care.check(cause)
                fits = step.decide(agency, Input(report, cause, step.now, agency))
            except (Exception, DecisionTooLong) as error:  # noqa: BLE001  # as above
                fits = step.add(agency, [InputRefused.of_effect(cause, _what(error))], cause)
            if not fits:
                return
            backlog.reports.popleft()

    def _fire_clocks(self, step: Step[S], before: PartitionState[S], span: _Span) -> None:
        for agency in sorted(agency for agency, (_, at) in before.due.items() if at <= step.now):
            for _ in range(STEP_TICKS):
                due = self._service.due(step.state(agency))
                if due is None or due[1] > step.now or not step.care.takes(Tick(*due).cause(agency)):
                    break
                if not self._fire(step, agency, Tick(*due)) or span.is_over():
                    return

    def _fire(self, step: Step[S], agency: str, tick: Tick) -> bool:
        """Fire one clock; False if the step is full and the clock has to wait."""
        cause, made_before = tick.cause(agency), len(step.made)
        try:
            step.care.check(cause)
            fits = step.decide(agency, Input(tick, cause, step.now, agency))
            due = self._service.due(step.state(agency))
            if fits and (len(step.made) == made_before or due == (tick.clock_id, tick.at)):
                raise ClockStuck  # noqa: TRY301  # a failed clock like any other, below
        except (Exception, DecisionTooLong) as error:  # noqa: BLE001  # as above
            fits = step.add(agency, [ClockFailed(clock_id=tick.clock_id, wrong=_what(error))], cause)
        if fits:
            step.fired.append(tick)
        return fits


def _is_idle(state: PartitionState[Any], now: datetime) -> bool:
    return state.written_at is not None and now - state.written_at >= IDLE_NOTE


def _what(error: BaseException) -> str:
    """What went wrong, without the values it went wrong on: an error's text may hold what a caller said."""
    if isinstance(error, UndecodableEvent | DecisionTooLong | DeadlyInput):
        return str(error)
    frames: Iterable[Any] = traceback.extract_tb(error.__traceback__)[-1:]
    where = "".join(f" in {PurePath(frame.filename).name}:{frame.lineno}" for frame in frames)
    return f"{type(error).__name__}{where}"
