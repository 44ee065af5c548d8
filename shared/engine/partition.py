"""One partition of a service: its claim, its state, its steps.

A step decides a number of inputs and appends everything that they lead to as one batch, whole or not at all. The
state moves on only when the batch stands in the journal where it was expected; if it does not, somebody else may own
the partition.
"""

from __future__ import annotations

import asyncio
import hashlib
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import PurePath
from typing import Any, Generic, TypeVar

from shared import telemetry
from shared.clock import Clock
from shared.engine.broker import Broker, Reader, Record, Stored
from shared.engine.journal import (
    START,
    InputPosition,
    Ownership,
    StepHeaders,
    headers_of,
    is_late_write,
    positions_of,
    time_of,
)
from shared.engine.service import EffectDone, EffectStarting, Input, Service, Tick
from shared.engine.snapshots import read_snapshots
from shared.engine.topic import DEAD_LETTERS, STEP_BYTES
from shared.events import EVENTS, Claimed, ClockFailed, Event, InputRefused, PositionsNoted, UndecodableEvent, decode
from shared.topics import CALLS, COMMANDS

S = TypeVar("S")

MAX_SKEW = timedelta(milliseconds=500)
"""Half of the second in which a passed deadline has to be on record."""
NO_EPOCH = -1
"""Of a record that counts for nobody."""
STEP_INPUTS = 500
STEP_TICKS = 200
CONFIRM_SECONDS = 2.0
"""No effect happens when ownership was last confirmed longer ago than this."""
MISPLACED = "the key belongs to another partition: write with Kafka's own partitioner"
IDLE_NOTE = timedelta(hours=1)


class NotOwner(Exception):
    """Somebody else has claimed the partition."""


class ClockSkewed(Exception):
    """This machine's clock and the broker's are more than half a second apart."""


class ClockStuck(Exception):
    """A clock fired and left no event that disarms it."""


class UnknownJournalEvent(Exception):
    """The journal holds an event that this version of the code does not know; it must not own the partition."""


@dataclass(frozen=True, slots=True)
class _Made:
    """An event of the step in the making."""

    agency: str
    event: Event
    value: bytes
    cause: str
    number: int


@dataclass(slots=True)
class _StepDraft(Generic[S]):
    """What a step has decided so far; nothing of it counts until it is appended."""

    now: datetime
    positions: dict[str, InputPosition]
    states: dict[str, S] = field(default_factory=dict)
    made: list[_Made] = field(default_factory=list)
    size: int = 0


class Partition(Generic[S]):
    """A partition of a journal, as its owner holds it. Made by `claim`."""

    def __init__(self, service: Service[S], broker: Broker, clock: Clock, number: int) -> None:
        self.service, self.number = service, number
        self._broker, self._clock = broker, clock
        self._place = (service.writes.name, number)
        self._journals = frozenset(topic.name for topic in service.reads if topic.journal)
        self._handles = {kind.type.encode() for kind in service.handles}
        self._known = {name.encode() for name in EVENTS}
        self._reader: Reader | None = None
        self._lock = asyncio.Lock()
        self._skip_below: dict[str, int] = {}
        self._ownership = Ownership()
        self._input_ownership = {name: Ownership() for name in self._journals}
        self._last_headers: Stored | None = None
        self._dead_letters: list[InputRefused] = []
        self._noted_at: datetime | None = None
        self.saved: dict[str, int] = {}
        """Agency → journal position of its last snapshot."""
        self.epoch = 0
        self.states: dict[str, S] = {}
        self.next_offset = 0
        self.positions: dict[str, InputPosition] = {}
        self.last_time: datetime | None = None
        self.confirmed_at = 0.0
        self.backlog: dict[str, deque[Stored]] = {topic.name: deque() for topic in service.reads}
        self.fed: dict[str, int] = {}
        """Offset of the next record to be fed, by topic: ahead of the positions by what waits."""
        self.preparing: set[str] = set()
        """Positions of inputs that are being worked on beside the loop; they and what follows in their topic wait."""
        self.internal: deque[tuple[str, EffectStarting | EffectDone]] = deque()
        self.catch_up: dict[str, int] = {}
        self.due: dict[str, tuple[str, datetime]] = {}
        self.changed: set[str] = set()
        """Agencies whose state moved on since somebody last looked (effects, snapshots)."""
        self.unsaved: set[str] = set()
        self._appended: list[tuple[str, Event]] = []
        self.events_since_snapshot = 0
        self._events = {}  # type: ignore[var-annotated]  # counters by event type
        self._inputs = {name: telemetry.INPUTS.labels(service.name, name) for name in self.backlog}
        self._step_seconds = telemetry.STEP.labels(service.name)
        self._input_age = telemetry.INPUT_AGE.labels(service.name)
        self._clock_lateness = telemetry.CLOCK_LATENESS.labels(service.name)

    # --- becoming the owner ----------------------------------------------------------------------------------------

    @classmethod
    async def claim(
        cls, service: Service[S], broker: Broker, clock: Clock, number: int, token: Callable[[], str]
    ) -> Partition[S]:
        """Restore the state and claim the partition. Raises ClockSkewed, UnknownJournalEvent, BrokerUnavailable."""
        self = cls(service, broker, clock, number)
        await self._restore()
        await self._check_clock()
        while True:
            await self._read_journal(await self._journal_end())
            writer = token()
            claim = Claimed(epoch=self._ownership.epoch + 1, writer=writer)
            step = StepHeaders(claim.epoch, clock.now(), service.decider_version, self.positions, service.name)
            asked_monotonic = clock.monotonic()
            record = Record("", claim.encode(), headers_of(claim, "claim", 0, step.common()))
            appended = await broker.append(*self._place, [record])
            await self._read_journal(appended.offset + 1)
            if self._ownership.writer == writer:
                break
        self.epoch, self.confirmed_at = self._ownership.epoch, asked_monotonic
        self._take_positions()
        await self._note_catch_up()
        await self._send_dead_letters()
        self.due = {agency: due for agency, state in self.states.items() if (due := service.due(state))}
        self.changed = set(self.states)
        telemetry.CLAIMS.labels(service.name).inc()
        return self

    async def _check_clock(self) -> None:
        """Compare clocks before claiming, by a record that counts for nobody: who is off must not oust the owner."""
        probe = PositionsNoted()
        step = StepHeaders(NO_EPOCH, self._clock.now(), self.service.decider_version, {}, self.service.name)
        asked_at = self._clock.now()
        record = Record("", probe.encode(), headers_of(probe, "clock", 0, step.common()))
        appended = await self._broker.append(*self._place, [record])
        if not asked_at - MAX_SKEW <= appended.time <= self._clock.now() + MAX_SKEW:
            message = f"this clock says {self._clock.now().isoformat()}, the broker's {appended.time.isoformat()}"
            raise ClockSkewed(message)

    async def _restore(self) -> None:
        self._reader = await self._broker.reader()
        kept = await read_snapshots(self.service, self._reader, self.number)
        self.states = {agency: snapshot.state for agency, snapshot in kept.agencies.items()}
        self._skip_below = {agency: snapshot.position for agency, snapshot in kept.agencies.items()}
        self.saved = dict(self._skip_below)
        self._ownership = Ownership(kept.start_epoch)
        self.next_offset, self.positions = kept.start, dict(kept.positions)
        self.last_time = kept.time

    async def _journal_end(self) -> int:
        reader = await self._open_reader()
        return (await reader.ends([self._place]))[self._place]

    async def _open_reader(self) -> Reader:
        if self._reader is None:
            self._reader = await self._broker.reader()
        return self._reader

    async def _read_journal(self, end: int) -> None:
        """Fold the journal up to `end`."""
        if self.next_offset >= end:
            return
        reader = await self._open_reader()
        await reader.assign({self._place: self.next_offset})
        while self.next_offset < end:
            for stored in await reader.poll(1.0, 5000):
                if self.next_offset <= stored.offset < end:
                    self._absorb(stored)
        await reader.assign({})

    def _absorb(self, stored: Stored) -> None:
        self.next_offset = stored.offset + 1
        kind = stored.headers.get("type", b"")
        if not self._ownership.counts(stored):
            if is_late_write(stored):
                telemetry.LATE_WRITES.labels(stored.topic).inc()
            return
        self._last_headers = stored
        if stored.offset < self._skip_below.get(stored.key, 0) or kind == b"positions-noted":
            return
        try:
            event = decode(kind.decode(), stored.value)
        except UndecodableEvent as error:
            message = f"{stored.position}: {error}; run the version that wrote it, or a later one"
            raise UnknownJournalEvent(message) from error
        if isinstance(event, InputRefused):
            self._dead_letters.append(event)
        state = self.states.get(stored.key, self.service.initial)
        self.states[stored.key] = self.service.evolve(state, event, time_of(stored.headers))
        self.unsaved.add(stored.key)
        self.events_since_snapshot += 1

    def _take_positions(self) -> None:
        """Where the inputs stand, from the last record that counts."""
        if self._last_headers is not None:
            self.positions.update(positions_of(self._last_headers.headers))
            self.last_time = time_of(self._last_headers.headers)
        for topic in self.service.reads:
            self.positions.setdefault(topic.name, START)
        for name, ownership in self._input_ownership.items():
            ownership.epoch = self.positions[name][1]
        self.fed = {name: offset for name, (offset, _) in self.positions.items()}

    async def _note_catch_up(self) -> None:
        """What waits at this moment is decided before any clock fires, commands before everything else."""
        reader = await self._open_reader()
        places = [(topic.name, self.number) for topic in self.service.reads]
        starts, ends = await reader.starts(places), await reader.ends(places)
        self.catch_up = {
            place[0]: end for place, end in ends.items() if end > max(self.positions[place[0]][0], starts[place])
        }

    # --- deciding --------------------------------------------------------------------------------------------------

    def feed(self, stored: Stored) -> None:
        """A record of an input has come."""
        if stored.offset >= self.fed[stored.topic]:
            self.fed[stored.topic] = stored.offset + 1
            self.backlog[stored.topic].append(stored)

    def next_due(self) -> datetime | None:
        """The earliest instant at which a clock wants to fire."""
        return min((at for _, at in self.due.values()), default=None)

    def take_appended(self) -> list[tuple[str, Event]]:
        """What was appended since somebody last asked."""
        appended, self._appended = self._appended, []
        return appended

    def has_work(self) -> bool:
        """Whether a step would find something to decide."""
        waiting = [self.backlog[COMMANDS.name]] if COMMANDS.name in self.catch_up else self.backlog.values()
        if self.internal or any(held and held[0].position not in self.preparing for held in waiting):
            return True
        now, due = self._clock.now(), self.next_due()
        if self._noted_at is None or now - self._noted_at >= IDLE_NOTE:
            return True
        return due is not None and not self.catch_up and due <= now

    async def step(self) -> None:
        """Decide what waits and append it. Raises NotOwner, BrokerUnavailable."""
        started = self._clock.monotonic()
        draft: _StepDraft[S] = _StepDraft(self._now(), dict(self.positions))
        self._take_inputs(draft)
        self._take_internal(draft)
        self._take_ticks(draft)
        self._note_if_idle(draft)
        if draft.made:
            await self._append(draft)
            self._step_seconds.observe(self._clock.monotonic() - started)
        else:
            self.positions = draft.positions
        if self._dead_letters:
            await self._send_dead_letters()

    def _now(self) -> datetime:
        now = self._clock.now()
        return now if self.last_time is None else max(now, self.last_time)

    def _take_inputs(self, draft: _StepDraft[S]) -> None:
        taken = 0
        for name, waiting in self.backlog.items():
            while waiting and taken < STEP_INPUTS and waiting[0].position not in self.preparing:
                if not self._take(waiting[0], draft):
                    return
                stored = waiting.popleft()
                epoch = self._input_ownership[name].epoch if name in self._journals else 0
                draft.positions[name] = InputPosition(stored.offset + 1, epoch)
                taken += 1
            if draft.positions[name][0] >= self.catch_up.get(name, 0):
                self.catch_up.pop(name, None)
            if COMMANDS.name in self.catch_up:
                return

    def _take(self, stored: Stored, draft: _StepDraft[S]) -> bool:
        """Decide one input; False if the step is full and the input has to wait."""
        kind = stored.headers.get("type", b"")
        if stored.topic in self._journals and not self._input_ownership[stored.topic].counts(stored):
            if is_late_write(stored):
                telemetry.LATE_WRITES.labels(stored.topic).inc()
            return True
        misplaced = stored.topic not in self._journals and self._broker.partition_of(stored.key) != self.number
        if kind not in self._handles and not misplaced and (kind in self._known or stored.topic in self._journals):
            return True
        agency = stored.key
        try:
            if misplaced:
                raise UndecodableEvent(MISPLACED)  # noqa: TRY301  # refused like any other bad input, below
            event = decode(kind.decode("utf-8", "replace"), stored.value)
            taken = self._decide(draft, agency, Input(event, stored.position, stored.time, agency))
        except Exception as error:  # noqa: BLE001  # bad input never ends the process: house.md §3.7
            taken = self._emit(draft, agency, [_refusal(stored, error)], stored.position)
            telemetry.REFUSED_INPUTS.labels(self.service.name).inc()
            telemetry.logger().error("input refused", position=stored.position, wrong=_what(error))
        if taken:
            self._inputs[stored.topic].inc()
            self._input_age.observe(max(0.0, (draft.now - stored.time).total_seconds()))
        return taken

    def _take_internal(self, draft: _StepDraft[S]) -> None:
        while self.internal:
            agency, event = self.internal[0]
            cause = (
                f"effect/{agency}/{event.effect_id}/{'start' if isinstance(event, EffectStarting) else event.result}"
            )
            try:
                if not self._decide(draft, agency, Input(event, cause, draft.now, agency)):
                    return
            except Exception as error:  # noqa: BLE001  # as above
                refusal = InputRefused(position=cause, sha256="", length=0, wrong=_what(error), input_type="effect")
                if not self._emit(draft, agency, [refusal], cause):
                    return
                telemetry.REFUSED_INPUTS.labels(self.service.name).inc()
            self.internal.popleft()

    def _take_ticks(self, draft: _StepDraft[S]) -> None:
        if self.catch_up:
            return
        for agency in sorted(agency for agency, (_, at) in self.due.items() if at <= draft.now):
            for _ in range(STEP_TICKS):
                due = self.service.due(self._state(draft, agency))
                if due is None or due[1] > draft.now:
                    break
                if not self._tick(draft, agency, *due):
                    return

    def _tick(self, draft: _StepDraft[S], agency: str, clock_id: str, at: datetime) -> bool:
        cause = f"tick/{agency}/{clock_id}/{at.isoformat()}"
        before = len(draft.made)
        try:
            fits = self._decide(draft, agency, Input(Tick(clock_id, at), cause, draft.now, agency))
            due = self.service.due(self._state(draft, agency))
            if fits and (len(draft.made) == before or due == (clock_id, at)):
                raise ClockStuck  # noqa: TRY301  # a failed clock like any other, below
        except Exception as error:  # noqa: BLE001  # as above
            fits = self._emit(draft, agency, [ClockFailed(clock_id=clock_id, wrong=_what(error))], cause)
            telemetry.FAILED_CLOCKS.labels(self.service.name).inc()
            telemetry.logger().error("clock failed", clock_id=clock_id, wrong=_what(error))
        if fits:
            self._clock_lateness.observe((draft.now - at).total_seconds())
        return fits

    def _decide(self, draft: _StepDraft[S], agency: str, item: Input) -> bool:
        events = self.service.decide(self._state(draft, agency), item, draft.now)
        return self._emit(draft, agency, events, item.cause)

    def _state(self, draft: _StepDraft[S], agency: str) -> S:
        state = draft.states.get(agency)
        return self.states.get(agency, self.service.initial) if state is None else state

    def _emit(self, draft: _StepDraft[S], agency: str, events: Sequence[Event], cause: str) -> bool:
        """Add events to the step, state included; False if they do not fit any more. Nothing is added by halves."""
        if not events:
            return True
        made = [_Made(agency, event, event.encode(), cause, number) for number, event in enumerate(events)]
        size = sum(len(one.value) + 600 for one in made)
        if draft.made and draft.size + size > STEP_BYTES:
            return False
        if size > STEP_BYTES:
            message = f"{len(events)} events of {size} bytes do not fit into one step of {STEP_BYTES}"
            raise ValueError(message)
        state = self._state(draft, agency)
        for event in events:
            state = self.service.evolve(state, event, draft.now)
        draft.states[agency] = state
        draft.made.extend(made)
        draft.size += size
        return True

    def _note_if_idle(self, draft: _StepDraft[S]) -> None:
        """An hour without an event: write down how far the inputs were read."""
        if draft.made or self._noted_at is None:
            self._noted_at = draft.now
        elif draft.now - self._noted_at >= IDLE_NOTE:
            note = PositionsNoted()
            draft.made.append(_Made("", note, note.encode(), f"idle/{self.number}/{draft.now.isoformat()}", 0))
            self._noted_at = draft.now

    # --- writing ---------------------------------------------------------------------------------------------------

    async def _append(self, draft: _StepDraft[S]) -> None:
        step = StepHeaders(self.epoch, draft.now, self.service.decider_version, draft.positions, self.service.name)
        common = step.common()
        records = [
            Record(one.agency, one.value, headers_of(one.event, one.cause, one.number, common)) for one in draft.made
        ]
        async with self._lock:
            asked_at = self._clock.monotonic()
            appended = await self._broker.append(*self._place, records)
            await self._check_gap(appended.offset)
            self.next_offset, self.confirmed_at = appended.offset + len(records), asked_at
            self._commit(draft)

    def _commit(self, draft: _StepDraft[S]) -> None:
        """Nothing is awaited in here: a snapshot sees all of a step or nothing."""
        self.positions, self.last_time = draft.positions, draft.now
        for agency, state in draft.states.items():
            self.states[agency] = state
            if (due := self.service.due(state)) is None:
                self.due.pop(agency, None)
            else:
                self.due[agency] = due
        self.changed.update(draft.states)
        self.unsaved.update(draft.states)
        self.events_since_snapshot += len(draft.made)
        for one in draft.made:
            counter = self._events.get(one.event.type)
            if counter is None:
                counter = telemetry.EVENTS.labels(self.service.name, one.event.type)
                self._events[one.event.type] = counter
            counter.inc()
            self._appended.append((one.agency, one.event))
            if isinstance(one.event, InputRefused):
                self._dead_letters.append(one.event)

    async def confirm(self) -> None:
        """Make sure that nobody else has claimed the partition, if that was not seen lately. Raises NotOwner."""
        if self._clock.monotonic() - self.confirmed_at <= CONFIRM_SECONDS:
            return
        async with self._lock:
            asked_at = self._clock.monotonic()
            if asked_at - self.confirmed_at <= CONFIRM_SECONDS:
                return  # somebody else did, while this one waited
            end = await self._journal_end()
            await self._check_gap(end)
            self.next_offset, self.confirmed_at = end, asked_at

    async def _check_gap(self, end: int) -> None:
        """Records that stand where ours were expected: harmless if of former owners, or claims that lost."""
        if end == self.next_offset:
            return
        reader = await self._open_reader()
        await reader.assign({self._place: self.next_offset})
        at = self.next_offset
        while at < end:
            for stored in await reader.poll(1.0):
                if at <= stored.offset < end:
                    at = stored.offset + 1
                    self._check_foreign(stored)
        await reader.assign({})

    def _check_foreign(self, stored: Stored) -> None:
        claimed = stored.headers.get("type") == b"claimed"
        epoch = Claimed.model_validate_json(stored.value).epoch if claimed else int(stored.headers.get("epoch", b"-1"))
        if epoch > self.epoch or (epoch == self.epoch and not claimed):
            message = f"{stored.position} is of epoch {epoch}, ours is {self.epoch}"
            raise NotOwner(message)
        if is_late_write(stored):
            telemetry.LATE_WRITES.labels(stored.topic).inc()

    async def _send_dead_letters(self) -> None:
        """Tell operators what was refused. After a restart some are told again, under the same id."""
        letters, self._dead_letters = self._dead_letters, []
        for start in range(0, len(letters), 500):
            records = [
                Record(
                    self.service.name, letter.encode(), (("id", letter.position.encode()), ("type", b"input-refused"))
                )
                for letter in letters[start : start + 500]
            ]
            await self._broker.append(DEAD_LETTERS.name, self.number, records)

    async def close(self) -> None:
        """Let go of it."""
        if self._reader is not None:
            await self._reader.close()
            self._reader = None


def _refusal(stored: Stored, error: Exception) -> InputRefused:
    subject = stored.headers.get("subject", b"").decode("utf-8", "replace")[:400]
    return InputRefused(
        position=stored.position,
        sha256=hashlib.sha256(stored.value).hexdigest(),
        length=len(stored.value),
        wrong=_what(error),
        input_type=stored.headers.get("type", b"").decode("utf-8", "replace")[:60],
        call_id=subject if stored.topic == CALLS.name and subject else None,
    )


def _what(error: BaseException) -> str:
    """What went wrong, without the values it went wrong on: an error's text may hold what a caller said."""
    if isinstance(error, UndecodableEvent):
        return str(error)
    frames: Iterable[Any] = traceback.extract_tb(error.__traceback__)[-1:]
    where = "".join(f" in {PurePath(frame.filename).name}:{frame.lineno}" for frame in frames)
    return f"{type(error).__name__}{where}"
