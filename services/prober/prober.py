"""The rounds: one probe after the other for every target, each with a verdict, whatever happens to it."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from services.prober import beat, whole_way
from services.prober.alarm import Alarms
from services.prober.beat import Beats
from services.prober.book import Book, Target, Verdict
from services.prober.config import ProberSettings
from services.prober.doors import Doors, Refused
from services.prober.whole_way import Reached, WholeWay, Wrong
from shared import telemetry
from shared.clock import Clock

START_PAUSE_SECONDS = 0.5
LIST_SECONDS = 5.0
"""How long it may take to learn which districts are live."""
SOON_SECONDS = 5.0
"""How soon the next one goes after a miss: a hitch is over by then, and what lasts is known before two minutes are."""
SILENT_INTERVALS = 3
"""A target without a verdict for so many intervals and limits: the prober itself stands still."""

Go = Callable[[str, Reached], Awaitable[None]]
"""`await go(probe_id, reached)`: one probe. Raises Refused, Wrong."""


@dataclass(slots=True)
class Prober:
    """Probes every agency and district that it is told of, for ever."""

    settings: ProberSettings
    clock: Clock
    doors: Doors
    book: Book
    alarms: Alarms
    whole_ways: tuple[WholeWay, ...]
    beats: tuple[Beats, ...]
    _heard_at: dict[Target, float] = field(default_factory=dict, init=False)
    """When each target last had a verdict, on the monotonic clock."""

    async def run(self) -> None:
        """Probe for ever. What a former process left open is a miss, and is told like any other."""
        for target in self.book.targets():
            if not self._is_probed(target):
                self._forget(target)
        for probe_id, verdict in self.book.left_open():
            self._close(probe_id, verdict)
        for target in {*map(_target_of, self.whole_ways), *self.book.targets()}:
            self._show(target)  # before the first verdict, which doors that start beside it are waited for
        await self._doors_opened()
        async with asyncio.TaskGroup() as tasks:
            for way in self.whole_ways:
                tasks.create_task(self._rounds_of_agency(way))
            for beats in self.beats:
                tasks.create_task(self._rounds_of_districts(beats))

    def _is_probed(self, target: Target) -> bool:
        """Whether the probes file still names it: nobody would ever see a call of another again, or miss one."""
        return target in map(_target_of, self.whole_ways) or target.agency in (beats.agency for beats in self.beats)

    def is_alive(self) -> bool:
        """Whether verdicts come as they should."""
        longest = SILENT_INTERVALS * (self.settings.beat_seconds + self.settings.probe_limit_seconds)
        now = self.clock.monotonic()
        return all(now - heard_at < longest for heard_at in self._heard_at.values())

    def unready(self) -> str:
        """What keeps the prober from being of use; empty: nothing."""
        if not self.settings.alarm_url:
            return "CAREROUTE_ALARM_URL is not set: nobody would be told of a missed probe."
        if not self.whole_ways and not self.beats:
            return "The probes file names no agency and no beat: nothing is probed."
        return "" if self.is_alive() else "Probes have no verdicts any more."

    def trouble(self) -> str:
        """What keeps it from telling anybody that careroute is deaf; empty: nothing. It beats no more meanwhile."""
        return self.unready() or ("The last alarm could not be delivered." if self.alarms.failing else "")

    def remark(self) -> str:
        """What somebody should mend who asks whether the prober is ready."""
        known = {target.agency for target in self.book.targets()}
        idle = ", ".join(sorted({beats.agency for beats in self.beats} - known))
        lines = [
            self.trouble(),
            f"No beat is sent for {idle}: no district is live there." if idle else "",
            "The book of probes cannot be written: a restart would forget." if self.book.unwritten else "",
            "" if self.settings.beat_url("prober") else "Nobody watches the prober: CAREROUTE_WATCH_URL names nobody.",
        ]
        return " ".join(line for line in lines if line)

    async def _doors_opened(self) -> None:
        """Wait for doors that start beside this process; not for ever, for a shut one is what is looked for."""
        began = self.clock.monotonic()
        while self.clock.monotonic() - began < self.settings.probe_start_seconds:
            if await self.doors.are_ready():
                return
            await asyncio.sleep(START_PAUSE_SECONDS)

    async def _rounds_of_agency(self, way: WholeWay) -> None:
        target = _target_of(way)
        while True:
            began = self.clock.monotonic()
            verdict = await self.probe(target, whole_way.STAGES, way.go)
            way.is_set_up = way.is_set_up and not verdict.missed
            await self._pause(began, self.settings.probe_seconds, (target,))

    async def _rounds_of_districts(self, beats: Beats) -> None:
        while True:
            began, targets = self.clock.monotonic(), await self._districts(beats)
            async with asyncio.TaskGroup() as tasks:
                for target in targets:
                    tasks.create_task(self.probe(target, beat.STAGES, partial(beats.go, target.district)))
            await self._pause(began, self.settings.beat_seconds, targets)

    async def _districts(self, beats: Beats) -> tuple[Target, ...]:
        """The districts to probe now; while nobody can tell which are live, those that were."""
        former = tuple(target for target in self.book.targets() if target.agency == beats.agency)
        try:
            async with asyncio.timeout(LIST_SECONDS):
                live = await beats.live_districts()
        except Exception:  # noqa: BLE001  # away, refused, of another shape: nobody can tell, and the probes will say it
            return former or (Target(beats.agency),)
        targets = tuple(Target(beats.agency, district) for district in live)
        for target in former:
            if target not in targets:
                self._forget(target)
        return targets

    async def probe(self, target: Target, stages: tuple[str, ...], go: Go) -> Verdict:
        """One probe, and its verdict: what it came to in time is told by its stages."""
        probe_id, began = f"probe-{secrets.token_hex(6)}", self.clock.monotonic()
        reached, limit_seconds = dict[str, float](), self.settings.probe_limit_seconds
        self._heard_at.setdefault(target, began)
        telemetry.begin("prober", agency=target.agency, district=target.district)
        self.book.open(target, probe_id, self.clock.now())

        def note(stage: str) -> None:
            reached[stage] = self.clock.monotonic()

        why = ""
        try:
            async with asyncio.timeout(limit_seconds):
                await go(probe_id, note)
        except TimeoutError:
            missing = next(stage for stage in stages if stage not in reached)
            why = f"it was not {missing} in {limit_seconds:g} s"
        except Refused as refused:
            why = f"a door answered {refused}"
        except Wrong as wrong:
            why = str(wrong)
        except Exception as error:  # noqa: BLE001  # an answer of another shape, a fault of ours: nobody saw the call
            why = f"of a fault: {type(error).__name__}"
        sent_at = reached.get(stages[0], began)
        verdict = Verdict(target, why, self.clock.monotonic() - sent_at)
        for stage, at in reached.items():
            telemetry.PROBE_STAGE.labels(stage).observe(at - sent_at)
        self._close(probe_id, verdict)
        return verdict

    def _close(self, probe_id: str, verdict: Verdict) -> None:
        target = verdict.target
        self.book.close(probe_id, verdict)
        self._heard_at[target] = self.clock.monotonic()
        labels = (target.agency, target.district)
        telemetry.PROBES.labels(*labels, "missed" if verdict.missed else "seen").inc()
        self._show(target)
        if verdict.missed:
            telemetry.logger().error("probe missed", agency=target.agency, wrong=verdict.missed)
        else:
            telemetry.PROBE_SEEN.labels(*labels, _partition(target)).set(self.clock.now().timestamp())
        self.alarms.look()

    def _show(self, target: Target) -> None:
        """How many were missed, in a row and apart; that nobody shows it is an alert."""
        labels, record = (target.agency, target.district, _partition(target)), self.book.record(target)
        telemetry.PROBE_MISSED.labels(*labels).set(record.missed_in_a_row)
        telemetry.PROBE_MISSED_APART.labels(*labels).set(record.missed_apart)

    def _forget(self, target: Target) -> None:
        self.book.forget(target)
        self._heard_at.pop(target, None)
        telemetry.forget_probe(target.agency, target.district, _partition(target))
        self.alarms.look()

    async def _pause(self, began: float, seconds: float, targets: Iterable[Target]) -> None:
        """Wait for the next round; after a first miss it begins soon, so that the second is known in time."""
        is_in_doubt = any(self.book.record(target).missed_in_a_row == 1 for target in targets)
        left_seconds = max(0.0, began + seconds - self.clock.monotonic())
        await asyncio.sleep(min(SOON_SECONDS, seconds) if is_in_doubt else left_seconds)


def _target_of(way: WholeWay) -> Target:
    return Target(way.name, partition=way.agency.partition)


def _partition(target: Target) -> str:
    return "" if target.partition is None else str(target.partition)


def state_of(prober: Prober, now: datetime) -> dict[str, object]:
    """How everything stands, for whoever asks at the door."""
    return {
        "at": now.isoformat(),
        **{name: prober.book.verdicts[name] for name in ("sent", "seen", "missed")},
        "median_seconds": prober.book.median_seconds(),
        "trouble": prober.trouble(),
        "targets": [
            {
                "agency": target.agency,
                "district": target.district,
                "partition": target.partition,
                "missed_in_a_row": prober.book.record(target).missed_in_a_row,
                "is_alarm": prober.book.record(target).is_alarm,
                "why": prober.book.record(target).why,
            }
            for target in prober.book.targets()
        ],
    }
