"""Effects: what the states of a partition owe to the outside is started in its turn, and what came of it is reported.

What is owed is state, so nothing of this need survive the process: its successor finds the same effects owed.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

from shared import telemetry
from shared.clock import Clock
from shared.engine.background import Background, is_cancelled
from shared.engine.partition import Partition
from shared.engine.service import Effect, EffectDone, EffectInput, EffectStarting, Service

S = TypeVar("S")

Perform = Callable[[str, Effect], Awaitable[EffectDone]]
"""`await perform(agency, effect)`: make the effect happen and say what came of it."""

EFFECTS_AT_ONCE = 16
"""Effects of one lane (an agency's pages, its messages to one CAD) that are under way at a time."""
EFFECT_SECONDS = 120.0
"""An effect that is still owed for longer has until then, and no longer either."""
SURVEY_SECONDS = 0.25
"""With effects waiting, everything that is owed is surveyed no more often than this: it may be thousands."""


async def no_effects(agency: str, effect: Effect) -> EffectDone:  # noqa: ARG001  # the shape of Perform
    """For a service that owes nothing to the outside."""
    return EffectDone(effect.effect_id, "failed", "no performer")


@dataclass(slots=True)
class AgencyEffects:
    """One agency's effects that this process is busy with: from the first try until the journal has the result."""

    starting: set[str] = field(default_factory=set)
    """At-most-once effects whose attempt is about to be noted in the journal by this very process."""
    running: dict[str, asyncio.Task[None] | None] = field(default_factory=dict)
    """None for one that a process before this one tried: nobody knows what came of it, and it is not tried again."""
    lanes: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """What is starting or running, by lane."""
    waiting: dict[str, deque[str]] = field(default_factory=dict)
    """What is owed and finds its lane full, most urgent first."""
    survey_after: float = 0.0
    """Monotonic time."""

    def forget_settled(self, pending: Mapping[str, Effect]) -> None:
        """Forget those that are no longer owed."""
        for busy in (self.starting, *self.lanes.values()):
            busy -= {effect_id for effect_id in busy if effect_id not in pending}
        for effect_id in [effect_id for effect_id in self.running if effect_id not in pending]:
            del self.running[effect_id]

    def survey(self, pending: Mapping[str, Effect], now: float) -> bool:
        """Line up what is owed and not begun; False where it is too soon for that."""
        if now < self.survey_after and any(self.waiting.values()):
            return False
        begun = set().union(*self.lanes.values())
        owed = [effect for effect_id, effect in pending.items() if effect_id not in begun]
        self.waiting = defaultdict(deque)
        for effect in _by_urgency(owed):
            self.waiting[effect.lane].append(effect.effect_id)
        self.survey_after = now + SURVEY_SECONDS
        return True

    def noted(self, pending: Mapping[str, Effect]) -> Iterator[Effect]:
        """What the journal says by now that it is attempted."""
        for effect_id in sorted(self.starting):
            if pending[effect_id].attempted:
                yield pending[effect_id]

    def next_effects(self, pending: Mapping[str, Effect]) -> Iterator[Effect]:
        """What may begin now: of each lane as much as there is room for."""
        for lane, waiting in self.waiting.items():
            busy = self.lanes[lane]
            while waiting and len(busy) < EFFECTS_AT_ONCE:
                effect_id = waiting.popleft()
                if effect_id in pending and effect_id not in busy:
                    busy.add(effect_id)
                    yield pending[effect_id]


def _by_urgency(effects: list[Effect]) -> list[Effect]:
    """The most urgent first; what goes before an urgent one in its sequence is as urgent."""
    keys, urgent = dict[str, tuple[datetime, int, str]](), dict[str, datetime]()
    for effect in sorted(effects, key=lambda effect: effect.turn, reverse=True):
        until = effect.not_after
        if effect.sequence:
            until = urgent[effect.sequence] = min(until, urgent.get(effect.sequence, until))
        keys[effect.effect_id] = (until, effect.turn, effect.effect_id)
    return sorted(effects, key=lambda effect: keys[effect.effect_id])


class PartitionEffects(Generic[S]):
    """The effects of one partition that this process owns."""

    def __init__(
        self, service: Service[S], partition: Partition[S], perform: Perform, clock: Clock, background: Background
    ) -> None:
        self._service, self._partition, self._perform = service, partition, perform
        self._clock, self._background = clock, background
        self._agencies: dict[str, AgencyEffects] = {}
        self._is_winding_down = False
        self._changed = set(partition.states)
        """Agencies whose state has changed since what they owe was looked at."""

    @property
    def under_way(self) -> bool:
        """Whether something is starting, running, or has its report still to be decided."""
        if self._partition.backlog.reports:
            return True
        return any(effects.running or effects.starting for effects in self._agencies.values())

    def wind_down(self) -> None:
        """Start nothing more; what is under way goes on to its end."""
        self._is_winding_down = True

    def note_changed(self, agencies: Iterable[str]) -> None:
        """The state of these agencies has changed."""
        self._changed.update(agencies)

    def start_owed(self) -> None:
        """Start what agencies that have changed owe now, as far as there is room."""
        changed, self._changed = self._changed, set()
        for agency in sorted(changed):
            pending = self._service.pending(self._partition.states[agency])
            effects = self._agencies.get(agency)
            if effects is None:
                if not pending:
                    continue
                effects = self._agencies[agency] = AgencyEffects()
            effects.forget_settled(pending)
            for effect in effects.noted(pending):
                self._start(effects, agency, effect)
            if not self._is_winding_down:
                if not effects.survey(pending, self._clock.monotonic()):
                    self._changed.add(agency)  # what it owes since is looked at soon, though nothing else may change
                for effect in effects.next_effects(pending):
                    self._start(effects, agency, effect)

    def cancel(self) -> None:
        """Leave what is under way to the next owner."""
        for effects in self._agencies.values():
            for task in effects.running.values():
                if task is not None:
                    task.cancel()

    def _start(self, effects: AgencyEffects, agency: str, effect: Effect) -> None:
        effect_id = effect.effect_id
        if effect.at_most_once and not effect.attempted:
            effects.starting.add(effect_id)
            self._report(agency, EffectStarting(effect_id))
        elif effect.at_most_once and effect_id not in effects.starting:
            effects.running[effect_id] = None
            self._report(agency, EffectDone(effect_id, "unknown"))
        else:
            effects.starting.discard(effect_id)
            effects.running[effect_id] = self._background.start(self._run(agency, effect))

    async def _run(self, agency: str, effect: Effect) -> None:
        await self._partition.confirm()
        left_seconds = (effect.not_after - self._clock.now()).total_seconds()
        if left_seconds <= 0:
            outcome = EffectDone(effect.effect_id, "expired")
        else:
            try:
                async with asyncio.timeout(max(EFFECT_SECONDS, left_seconds)):
                    outcome = await self._perform(agency, effect)
            except (Exception, asyncio.CancelledError) as error:  # its failure, not the worker's
                if is_cancelled():
                    raise
                outcome = EffectDone(effect.effect_id, "failed", type(error).__name__)
        telemetry.EFFECTS.labels(self._service.name, outcome.result).inc()
        self._report(agency, outcome)
        self._background.wake()

    def _report(self, agency: str, report: EffectInput) -> None:
        self._partition.backlog.reports.append((agency, report))
