"""One run of chaos: a city lives on real processes and a real Kafka, harm is done to them, and promises are checked."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from rich.console import Console

from deploy.local.kafka.cluster import LocalCluster
from deploy.local.kafka.node import LocalKafka, free_port
from deploy.local.kafka.security import Security
from deploy.local.programs import HOST, SERVICES, STORING
from deploy.local.stack import Stack
from deploy.local.watch import Watch
from tests.chaos.brokers import DISK_FAULTS, Brokers
from tests.chaos.city import City
from tests.chaos.duty import duty_faults
from tests.chaos.faults import Faults
from tests.chaos.oracle import Verdict, judge, lateness_of_defaults
from tests.chaos.silence import Wait, silence
from tests.chaos.stalls import Fault, Stall, stalls
from tests.chaos.watching import Watching
from tests.chaos.windows import Effect, effects
from tests.rig.log import Entry, Rule, read
from tests.rig.machine import slowness
from tests.rig.town import ON_CALL, Terms, Town, names, settle

TERMS = Terms(deadline_seconds=20, step_seconds=12, offer_seconds=6)
TEAMS, PAGED_MEMBERS = 6, 2
ENDS_EARLY = f"{ON_CALL}-0"
"""On call from the beginning, until the middle of the faults; another team is from then on."""
TOPICS = ("calls", "commands", "decisions", "assignments", "notifications", "rosters")
CALM_SECONDS = 3.0
SETTLE_SECONDS = 10.0
"""About so long it takes until faults begin."""
DRAIN_SECONDS = 90.0
WITHOUT_RULE = Path(__file__).parent / "without_rule"
SPOILED = Path(__file__).parent / "spoiled"
DOORS = ("intake", "console", "pocket")
DEATHS = "CHAOS_DEATHS"
"""The directory in which a process finds where it is to die."""

terminal = Console(highlight=False, width=None if sys.stdout.isatty() else 150)


@dataclass(frozen=True, slots=True)
class Options:
    """What a run is asked for."""

    seconds: float = 60.0
    rate: float = 80.0
    agencies: int = 8
    partitions: int = 4
    seed: int = 1
    broker_kills: int = 1
    roll: bool = True
    without_ownership_rule: bool = False
    keep: bool = False
    secured: bool = False
    brokers: int = 1
    watched: bool = False
    """By Prometheus, with the rules that are shipped."""
    faults: tuple[str, ...] = ()
    """Of nodes, where there are several: these in this order and no others, if not at random."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a run."""

    verdict: Verdict
    stalls: Sequence[Stall]
    faults: Sequence[Fault]
    statuses: dict[int, int]
    defaults_late_seconds: Sequence[float]
    effects: Sequence[Effect] = ()
    """Of what was done to nodes, where there are several."""


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything that may be harmed."""

    stack: Stack
    city: City
    faults: Faults
    brokers: Brokers | None
    watching: Watching
    say: Callable[[str], None]


Harm = Callable[[Scene], Awaitable[None]]


async def chaos(options: Options, directory: Path, harm: Harm | None = None) -> Outcome:
    """One run, in a directory of its own; `harm`: what is done, if not what the options say.

    Raises KafkaError, StackError.
    """
    await asyncio.to_thread(slowness)
    with _kafka(directory, options) as (kafka, brokers):
        port = free_port()
        on_call = (0.0, SETTLE_SECONDS + options.seconds / 2)
        towns = [
            Town(name, TEAMS, PAGED_MEMBERS, port, free_port(), on_call)
            for name in names(options.agencies, options.partitions)
        ]
        stack = Stack(
            directory / "stack",
            kafka.address,
            [town.spec for town in towns],
            instances=2,
            partitions=options.partitions,
            services=[name for name in SERVICES if name not in STORING],  # reporting has a chaos of its own
            environment={
                "PYTHONPATH": str(WITHOUT_RULE if options.without_ownership_rule else SPOILED),
                DEATHS: str(directory / "deaths"),
            },
            security=kafka.security,
        )
        city = City(stack, towns, port, options.seed)
        try:
            await stack.start()
            await city.telephony.start(stack.url_of("callbacks"))
            await settle(stack, towns, TERMS)
            say(
                f"{options.agencies} agencies with {TEAMS} teams, {len(stack.programs)} processes, "
                f"seed {options.seed}; the machine is {slowness():.1f} times slower"
            )
            faults = Faults(stack, kafka, options.seed, say, city.spoil)
            watch = await _watch(stack, port) if options.watched else None
            watching = Watching(lambda: city.statuses, stack.directory, watch)
            scene = Scene(stack, city, faults, brokers, watching, say)
            doors = [stack.url_of(door) for door in DOORS]
            waited = await _live_through(options, scene, harm or partial(_harm, options), doors)
        finally:
            await city.telephony.stop()
            await asyncio.to_thread(stack.stop)
        records = await read(stack.connection, stack.partitions, TOPICS, rule=Rule(not options.without_ownership_rule))
        durable = {record.headers["id"].decode() for record in records if record.topic == "commands"}
        verdict = _judge(records, city, durable, waited)
        verdict.counts["processes that lost a partition and lived (each that hung does)"] = _ousted(directory / "stack")
        return Outcome(
            verdict,
            stalls(faults.done, records),
            faults.done,
            dict(city.statuses),
            lateness_of_defaults(records),
            effects(
                watching.windows,
                records,
                city.sent,
                city.received,
                verdict=verdict,
                deadline_seconds=TERMS.deadline_seconds,
            ),
        )


async def _harm(options: Options, scene: Scene) -> None:
    """Harm processes, or nodes where there are several: as asked, or at random for so long."""
    if (brokers := scene.brokers) is None:
        await scene.faults.run(options.seconds)
        return
    until = time.monotonic() + options.seconds
    for name in options.faults or brokers.drawn():
        if not options.faults and time.monotonic() > until:
            return
        await scene.watching.during(name, brokers.harm(name))


async def _watch(stack: Stack, port: int) -> Watch:
    """Prometheus, to say which alarms rise."""
    watch = Watch(stack.directory, f"http://{HOST}:{port}/alerts")
    await watch.start(stack.programs)
    return watch


def _ousted(logs: Path) -> int:
    """How many processes ended because another one had claimed what they owned: they hung, or were too slow."""
    return sum(log.read_text(errors="replace").count('"error": "NotOwner"') for log in logs.glob("*.log"))


def _judge(records: Sequence[Entry], city: City, durable: set[str], waited: Sequence[Wait]) -> Verdict:
    carried, commands = city.telephony.carried, durable | city.commands
    verdict = judge(records, city.sent, commands, city.received, carried=carried, spoiled=city.spoiled)
    verdict.faults |= duty_faults(records)
    verdict.faults["honest callers that got no answer"] = [wait.in_vain for wait in waited if wait.in_vain]
    answers = city.telephony.answers
    verdict.faults["news of texts and calls not taken"] = [
        f"{url.partition('/cb/')[2] or url}: {status or 'no answer'}"
        for url, status in answers
        if not 200 <= status < 300
    ]
    verdict.counts["news of texts and calls, and people's own texts"] = len(answers)
    verdict.counts["answers to honest callers among silent ones"] = len(waited)
    verdict.counts["calls that a service cannot decide"] = len(city.spoiled)
    return verdict


async def _live_through(options: Options, scene: Scene, harm: Harm, doors: Sequence[str]) -> Sequence[Wait]:
    """What honest callers met with at the doors."""
    city, faults = scene.city, scene.faults
    await city.start()
    over = asyncio.Event()
    publishing = asyncio.get_running_loop().create_task(city.publish(options.rate, over))
    try:
        await asyncio.sleep(CALM_SECONDS)
        city.telephony.begin_bad_days()
        async with silence(doors) as waited, asyncio.TaskGroup() as tasks:
            tasks.create_task(_in_the_middle(options.seconds, city))
            await harm(scene)
        if options.roll:
            await asyncio.sleep(2 * CALM_SECONDS)
            await faults.roll()
        for _ in range(options.broker_kills):
            await asyncio.sleep(CALM_SECONDS)
            await faults.kill_broker()
            await asyncio.sleep(4 * CALM_SECONDS)
        over.set()
        await publishing
        await city.telephony.end_bad_days()
        say(f"healed; draining {len(city.sent)} acknowledged versions")
        await city.drain(DRAIN_SECONDS)
        await asyncio.sleep(CALM_SECONDS)
        return waited
    finally:
        over.set()
        publishing.cancel()
        await city.stop()


async def _in_the_middle(seconds: float, city: City) -> None:
    await asyncio.sleep(seconds / 2)
    await city.end_shifts_early(ENDS_EARLY)


@contextlib.contextmanager
def _kafka(directory: Path, options: Options) -> Iterator[tuple[LocalKafka | LocalCluster, Brokers | None]]:
    """A Kafka, and who harms its nodes where there are several."""
    if options.brokers == 1:
        security = Security(directory / "kafka" / "security") if options.secured else None
        kafka: LocalKafka | LocalCluster = LocalKafka(directory / "kafka", security=security)
        brokers = None
    else:
        kafka = cluster = LocalCluster(directory / "kafka", options.brokers)
        brokers = Brokers(cluster, options.partitions, options.seed, say)
    try:
        if brokers is not None and (not options.faults or DISK_FAULTS.intersection(options.faults)):
            brokers.give_small_disks()
        kafka.start()
        yield kafka, brokers
    finally:
        kafka.kill()
        if brokers is not None:
            brokers.take_disks()
        if not options.keep:
            shutil.rmtree(directory, ignore_errors=True)


def say(text: str) -> None:
    """What has just happened."""
    terminal.print(f"{time.strftime('%H:%M:%S')} {text}")
