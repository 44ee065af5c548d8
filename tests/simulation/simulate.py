"""A stretch of a city's day: real services on real workers under a seeded virtual clock, and all that can go wrong."""

from __future__ import annotations

import asyncio
import functools
import gc
import hashlib
import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from services.notification import service as notification
from services.rostering import service as rostering
from services.team_availability import service as team_availability
from services.triage import service as triage
from shared import telemetry
from shared.engine import beats, effects, journal, restoration, standby, step, worker
from shared.engine.broker import Stored
from shared.engine.service import DecisionTooLong, Effect, EffectDone, Input, Service
from shared.engine.snapshots import SIZES, Sizes
from shared.engine.writer import JournalWriter
from shared.events import CallReported, Event, PageDue, decode
from tests.simulation.city import HARMFUL_CALLS, City, WatchedLog
from tests.simulation.machine import TRAPS, Machine
from tests.simulation.virtual_time import VirtualClock, run

SERVICES: tuple[Service[Any], ...] = tuple(
    next(value for value in vars(module).values() if isinstance(value, Service))
    for module in (triage, team_availability, notification, rostering)
)
LEGAL_SKEW_SECONDS = 0.45
CAREFUL_SECONDS = 30.0
"""After a death in a row of several, a slow machine may be late for so long: each input takes it two appends."""
TRAP_SECONDS = 22.0
"""A trap that has sprung keeps a machine away for less: at most it stands still for 14 s, and is late to hear of it."""
DRAIN_SECONDS = 95.0
BEAT_SECONDS, TURN_SECONDS = 1.0, 2.0
"""The simulated loop looks at its assignment, and says that it is alive, less often: idle turns cost real time."""
IN_PARTS = Sizes(record=0)
"""Every state is one part and a closing record: how many parts it took else would hang on the order of its maps."""

CARRIED = ("sms", "voice", "email")
"""Ways on which a carrier stands between a page and its person."""

cached_decode = functools.lru_cache(maxsize=200_000)(decode)


@dataclass(frozen=True, slots=True)
class Performed:
    """A page or message that really went out."""

    seconds: float
    machine: str
    agency: str
    effect: Effect
    delayed: bool
    """Its process was paused, or killed, in the very act."""


@dataclass(slots=True)
class Day:
    """What happened, for the oracle and for the reader."""

    seed: int
    log: WatchedLog
    city: City
    machines: list[Machine] = field(default_factory=list)
    performed: list[Performed] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    troubled: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    """Per service: when something was being done to its machines."""

    def digest(self) -> str:
        """Of every topic but the snapshots, which are a cache."""
        found = hashlib.sha256()
        for place, records in sorted(self.log.places.items()):
            if not place[0].endswith("-snapshots"):
                for stored in records:
                    headers = sorted(stored.headers.items())
                    found.update(repr((place, stored.offset, stored.time, stored.key, stored.value, headers)).encode())
        return found.hexdigest()

    def counts(self) -> Mapping[str, int]:
        return {
            topic: sum(len(r) for (t, _), r in self.log.places.items() if t == topic) for topic, _ in self.log.places
        }


class EverythingCounts(journal.Ownership):
    """The mutation: whoever writes, counts."""

    __slots__ = ()

    def counts(self, record: Stored) -> bool:
        super().counts(record)
        return record.headers.get("type") != b"claimed"


@contextmanager
def surroundings(*, ownership_rule: bool = True) -> Iterator[None]:
    """Quick decoding, fewer idle turns, no log lines; and the ownership rule taken out where that is wanted."""
    replaced: list[tuple[Any, str, Any]] = [
        (restoration, "decode", cached_decode),
        (step, "decode", cached_decode),
        (worker, "TURN_SECONDS", TURN_SECONDS),
        (standby, "LULL_SECONDS", TURN_SECONDS),
        (beats, "BEAT_SECONDS", BEAT_SECONDS),
        (effects, "SURVEY_SECONDS", TURN_SECONDS),
        (telemetry, "logger", _Silence),
    ]
    if not ownership_rule:
        replaced += [(journal, "Ownership", EverythingCounts), (JournalWriter, "_read_gap", _look_away)]
    kept = [getattr(where, name) for where, name, _ in replaced]
    cached_decode.cache_clear()
    collects = gc.isenabled()
    gc.disable()
    for where, name, value in replaced:
        setattr(where, name, value)
    try:
        yield
    finally:
        for (where, name, _), value in zip(replaced, kept, strict=True):
            setattr(where, name, value)
        if collects:
            gc.enable()


async def _look_away(_writer: Any, _end: int) -> None:
    """The mutation's other half: a writer does not look who else has written."""


class _Silence:
    """A log that nobody reads."""

    def _pass(self, *_given: object, **_named: object) -> None:
        """Nothing is written."""

    debug = info = warning = error = critical = _pass


def simulate(
    seed: int,
    calls: int = 200,
    agencies: int = 4,
    *,
    ownership_rule: bool = True,
    harmful_calls: int = HARMFUL_CALLS,
) -> Day:
    """Live through one seed."""
    with surroundings(ownership_rule=ownership_rule):
        return run(_live(seed, calls, agencies, harmful_calls))


async def _live(seed: int, calls: int, agencies: int, harmful_calls: int) -> Day:
    loop = asyncio.get_running_loop()
    clock, dice = VirtualClock(loop), random.Random(seed)
    log = WatchedLog(4, clock)
    city = City(log, clock, loop, random.Random(f"city/{seed}"), cached_decode, agencies, calls, seed)
    city.harm, city.harmful_calls = random.Random(f"harm/{seed}"), harmful_calls
    log.watcher = city.watch
    day = Day(seed, log, city)
    for service in SERVICES:
        for number in (1, 2):
            day.machines.append(_machine(day, service, f"{service.name}-{number}", clock))
    city.open()
    for machine in day.machines:
        loop.call_later(dice.random() * 0.5, machine.start)
    _plan_faults(day, dice, loop)
    await asyncio.sleep(city.ends_at + DRAIN_SECONDS)
    for machine in day.machines:
        machine.retire()
    await asyncio.sleep(3)
    return day


def _machine(day: Day, service: Service[Any], name: str, clock: VirtualClock) -> Machine:
    dice = random.Random(f"{name}/{day.seed}")
    machine = Machine(
        day.log,
        _harmed(day, service),
        name,
        dice,
        skew_seconds=dice.uniform(-LEGAL_SKEW_SECONDS, LEGAL_SKEW_SECONDS),
        snapshot_every_records=dice.choice((60, 200, 1_000)),
        snapshot_sizes=SIZES if day.seed % 2 else IN_PARTS,
        slowness_seconds=dice.choice((0.02, 0.02, 0.3)),
    )

    async def perform(agency: str, effect: Effect) -> EffectDone:
        delayed = any(sprung.startswith("effect") for sprung in machine.sprung)
        day.performed.append(Performed(clock.monotonic(), name, agency, effect, delayed))
        if isinstance(effect.event, PageDue) and effect.event.method.kind in CARRIED:
            seconds, outcome = day.city.staff.carry(agency, effect.event)
            await asyncio.sleep(seconds)
            return EffectDone(effect.effect_id, outcome.result, outcome.why)
        if (drawn := dice.random()) > 0.8:
            await asyncio.sleep((drawn - 0.8) * 3)
        return EffectDone(effect.effect_id, *(("failed", "HTTP 500") if drawn < 0.07 else ("done",)))

    machine.perform = perform
    machine.springing = lambda: _trouble(day, service.name, clock.monotonic(), TRAP_SECONDS)
    return machine


def _trouble(day: Day, service: str, now: float, seconds: float) -> None:
    """Note that for so long, and a while longer, something is being done to the service's machines."""
    day.troubled.setdefault(service, []).append((now - 0.5, now + seconds + 8))


class Died(BaseException):
    """The process is gone: nothing of it is caught, noted or let go in order."""


def _harmed(day: Day, service: Service[Any]) -> Service[Any]:
    """The service in a process that suffers from harmful calls."""

    def decide(state: Any, given: Input, now: datetime) -> Sequence[Event]:
        if isinstance(given.event, CallReported):
            kind, harmed = day.city.harmful.get(given.event.call_id, ("", ""))
            if harmed == service.name:
                _suffer(day, service, kind)
        return service.decide(state, given, now)

    return replace(service, decide=decide)


def _suffer(day: Day, service: Service[Any], kind: str) -> None:
    if kind == "die":
        now = asyncio.get_running_loop().time()
        day.faults.append(f"{now:.1f}s die {service.name}")
        day.troubled.setdefault(service.name, []).append((now - 0.5, now + CAREFUL_SECONDS))
        raise Died
    raise ValueError if kind == "raise" else DecisionTooLong


# --- faults -----------------------------------------------------------------------------------------------------------


def _plan_faults(day: Day, dice: random.Random, loop: asyncio.AbstractEventLoop) -> None:
    for _ in range(dice.randint(6, 12)):
        at = 0.5 + dice.random() * (day.city.ends_at + 10)
        loop.call_later(at, _strike, day, dice.choice(day.machines), dice.choice(FAULTS), dice.random())


FAULTS = ("trap", "trap", "trap", "trap", "kill", "pause", "skew", "slow", "stop", "newcomer")


def _strike(day: Day, machine: Machine, fault: str, drawn: float) -> None:
    loop = asyncio.get_running_loop()
    now, lasts = loop.time(), 0.5
    if fault == "trap":
        place = ("journal", "claim", "snapshot", "effect")[int(drawn * 4)]
        what = machine.random.choice(TRAPS if place != "effect" else ("kill-before", "kill-after", "pause-before"))
        machine.trap, machine.pause_seconds = (place, what), 2 + machine.random.random() * 12
        if place == "claim":
            machine.kill()
    elif fault == "kill":
        machine.kill(restart_seconds=0.1 + drawn * 9)
        lasts = 0.1 + drawn * 9
    elif fault == "pause":
        lasts = 0.5 + drawn * 14
        machine.pause(lasts)
    elif fault == "skew":
        if abs(machine.skew_seconds) > LEGAL_SKEW_SECONDS:
            return  # its clock is wrong already, and what it is set right to is known to who spoilt it
        legal, machine.skew_seconds = machine.skew_seconds, (2.5 if drawn < 0.5 else -2.5)
        machine.kill(restart_seconds=1.0)
        lasts = 3 + drawn * 6
        loop.call_later(lasts, setattr, machine, "skew_seconds", legal)
    elif fault == "slow":
        usual, machine.slowness_seconds = machine.slowness_seconds, 2.0
        lasts = 2 + drawn * 8
        loop.call_later(lasts, setattr, machine, "slowness_seconds", usual)
    elif fault == "stop":
        machine.stop.set()
        lasts = 6.0
    elif fault == "newcomer":
        service = next(service for service in SERVICES if service.name == machine.service.name)
        other = _machine(day, service, f"{machine.name}-guest-{len(day.machines)}", machine_clock())
        day.machines.append(other)
        other.start()
        lasts = 1 + drawn * 12
        loop.call_later(lasts, other.retire)
    day.faults.append(f"{now:.1f}s {fault} {machine.name}")
    _trouble(day, machine.service.name, now, lasts)


def machine_clock() -> VirtualClock:
    """The clock of the world outside."""
    return VirtualClock(asyncio.get_running_loop())
