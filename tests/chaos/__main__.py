"""`python -m tests.chaos`: kill, hang and end processes and Kafka under load, then say whether a promise broke."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import math
import shutil
import sys
import time
from collections.abc import Coroutine, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from deploy.local.kafka.cluster import LocalCluster
from deploy.local.kafka.node import CHECKOUT, KafkaError, LocalKafka, free_port, missing
from deploy.local.kafka.security import Security
from deploy.local.programs import SERVICES, STORING
from deploy.local.stack import Stack, StackError
from tests.chaos.brokers import DISK_FAULTS, FAULTS, Brokers
from tests.chaos.city import City
from tests.chaos.duty import duty_faults
from tests.chaos.faults import Faults
from tests.chaos.oracle import Verdict, judge, lateness_of_defaults
from tests.chaos.silence import silence
from tests.chaos.stalls import SERVICE_OF, Fault, Stall, stalls
from tests.chaos.watching import Watching
from tests.chaos.windows import Effect, effect_table, effects
from tests.rig.log import Entry, Rule, read
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
GOAL_SECONDS = {"kill": 1.5, "hang": 5.0, "term": 0.5, "roll": 0.5, "spin": 1.0}
"""The longest that a decision may have to wait for such a fault, on a machine that has nothing else to do."""
WITHOUT_RULE = Path(__file__).parent / "without_rule"
SPOILED = Path(__file__).parent / "spoiled"
DOORS = ("intake", "console", "pocket")
SHOWN = 5

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


async def chaos(options: Options, directory: Path) -> Outcome:
    """One run, in a directory of its own. Raises KafkaError, StackError."""
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
            environment={"PYTHONPATH": str(WITHOUT_RULE if options.without_ownership_rule else SPOILED)},
            security=kafka.security,
        )
        city = City(stack, towns, port, options.seed)
        try:
            await stack.start()
            await city.telephony.start(stack.url_of("callbacks"))
            await settle(stack, towns, TERMS)
            _say(
                f"{options.agencies} agencies with {TEAMS} teams, {len(stack.programs)} processes, seed {options.seed}"
            )
            faults = Faults(stack, kafka, options.seed, _say, city.spoil)
            watching = Watching(lambda: city.statuses, stack.directory)
            doors = [stack.url_of(door) for door in DOORS]
            harm = faults.run(options.seconds) if brokers is None else _harm(options, brokers, watching)
            waited = await _live_through(options, city, faults, harm, doors)
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


async def _harm(options: Options, brokers: Brokers, watching: Watching) -> None:
    """Harm nodes: as asked, or at random for so long."""
    until = time.monotonic() + options.seconds
    for name in options.faults or brokers.drawn():
        if not options.faults and time.monotonic() > until:
            return
        await watching.during(name, brokers.harm(name))


def _ousted(logs: Path) -> int:
    """How many processes ended because another one had claimed what they owned: they hung, or were too slow."""
    return sum(log.read_text(errors="replace").count('"error": "NotOwner"') for log in logs.glob("*.log"))


def _judge(records: Sequence[Entry], city: City, durable: set[str], waited: Sequence[float | None]) -> Verdict:
    carried, commands = city.telephony.carried, durable | city.commands
    verdict = judge(records, city.sent, commands, city.received, carried=carried, spoiled=city.spoiled)
    verdict.faults |= duty_faults(records)
    verdict.faults["honest callers that got no answer"] = ["among silent ones"] * waited.count(None)
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


async def _live_through(
    options: Options, city: City, faults: Faults, harm: Coroutine[Any, Any, None], doors: Sequence[str]
) -> Sequence[float | None]:
    """What honest callers waited at the doors."""
    await city.start()
    over = asyncio.Event()
    publishing = asyncio.get_running_loop().create_task(city.publish(options.rate, over))
    try:
        await asyncio.sleep(CALM_SECONDS)
        city.telephony.begin_bad_days()
        async with silence(doors) as waited, asyncio.TaskGroup() as tasks:
            tasks.create_task(_in_the_middle(options.seconds, city))
            await harm
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
        _say(f"healed; draining {len(city.sent)} acknowledged versions")
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
        brokers = Brokers(cluster, options.partitions, options.seed, _say)
    try:
        if brokers is not None and (not options.faults or set(options.faults) & DISK_FAULTS):
            brokers.give_small_disks()
        kafka.start()
        yield kafka, brokers
    finally:
        kafka.kill()
        if brokers is not None:
            brokers.take_disks()
        if not options.keep:
            shutil.rmtree(directory, ignore_errors=True)


def report(outcome: Outcome) -> None:
    """What the terminal shows at the end."""
    counts = Table(title="What was looked at", show_header=False)
    for name, number in outcome.verdict.counts.items():
        counts.add_row(name, f"{number}")
    counts.add_row(
        "intake's answers",
        ", ".join(f"{status or 'lost'}: {number}" for status, number in sorted(outcome.statuses.items())),
    )
    late = sorted(outcome.defaults_late_seconds)
    if late:
        counts.add_row(
            "defaults after their deadline", f"p50 {_at(late, 50):.2f} s, max {late[-1]:.2f} s, of {len(late)}"
        )
    terminal.print(counts)
    terminal.print(effect_table(outcome.effects) if outcome.effects else _stall_table(outcome))
    table = Table("promise", "broken", "for example", title="Promises")
    for name, faults in outcome.verdict.faults.items():
        style = "red" if faults else "green"
        table.add_row(name, f"[{style}]{len(faults)}[/]", "\n".join(faults[:SHOWN]))
    terminal.print(table)


def _stall_table(outcome: Outcome) -> Table:
    table = Table(
        "fault",
        "times",
        "journal",
        "partitions",
        "stood still p50",
        "max",
        "first decision p50",
        "max",
        "goal",
        title="How long decisions stood still",
    )
    for kind in dict.fromkeys(fault.kind for fault in outcome.faults):
        times = sum(fault.kind == kind for fault in outcome.faults)
        for journal in SERVICE_OF:
            hit = [stall for stall in outcome.stalls if stall.kind == kind and stall.journal == journal]
            if not hit:
                continue
            waited, first = sorted(stall.waited_seconds for stall in hit), sorted(stall.first_seconds for stall in hit)
            goal = GOAL_SECONDS.get(kind)
            met = "" if goal is None else f"≤ {goal:g} s: {'[red]not met[/]' if _is_slow(hit) else 'met'}"
            figures = (f"{number:.2f} s" for number in (_at(waited, 50), waited[-1], _at(first, 50), first[-1]))
            table.add_row(kind, f"{times}", journal, f"{len(hit)}", *figures, met)
    return table


def _is_slow(stood_still: Sequence[Stall]) -> bool:
    return any(stall.waited_seconds > GOAL_SECONDS.get(stall.kind, math.inf) for stall in stood_still)


def _at(ordered: Sequence[float], percent: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def _say(text: str) -> None:
    terminal.print(f"{time.strftime('%H:%M:%S')} {text}")


def main() -> int:
    """Exit code 0 only if every promise held."""
    default = Options()
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seconds", type=float, default=default.seconds, help="how long faults go on (60)")
    parser.add_argument("--rate", type=float, default=default.rate, help="CAD events a second (80)")
    parser.add_argument("--agencies", type=int, default=default.agencies)
    parser.add_argument("--partitions", type=int, default=default.partitions)
    parser.add_argument("--seed", type=int, default=default.seed)
    parser.add_argument(
        "--broker-kills", type=int, default=default.broker_kills, help="how often Kafka is killed after that (1)"
    )
    parser.add_argument(
        "--roll",
        action=argparse.BooleanOptionalAction,
        default=default.roll,
        help="before that, restart every process in order (it does)",
    )
    parser.add_argument("--without-ownership-rule", action="store_true", help="take the rule out: it must fail then")
    parser.add_argument("--secured", action="store_true", help="a Kafka with TLS, passwords, certificates and rights")
    parser.add_argument("--brokers", type=int, choices=(1, 3), default=default.brokers, help="nodes of Kafka (1)")
    parser.add_argument(
        "--faults",
        type=lambda text: tuple(text.split(",")),
        default=default.faults,
        help=f"of three nodes, what is done to them, in this order; at random if not said: {', '.join(FAULTS)}",
    )
    parser.add_argument("--keep", action="store_true", help="keep Kafka's data and the logs in .run")
    options = Options(**vars(parser.parse_args()))
    if (reason := missing()) is not None:
        terminal.print(f"Chaos needs a Kafka that it may kill. {reason}")
        return 2
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # Kafka goes away on purpose
    directory = CHECKOUT / ".run" / f"chaos-{time.strftime('%H%M%S')}"
    try:
        outcome = asyncio.run(chaos(options, directory))
    except (KafkaError, StackError, RuntimeError) as problem:
        terminal.print(str(problem), style="red")
        return 2
    report(outcome)
    if _is_slow(outcome.stalls):
        terminal.print("[yellow]Decisions waited longer than they should: see the goals above.[/]")
    terminal.print("[green]Every promise held.[/]" if outcome.verdict.clean else "[red]Promises were broken.[/]")
    return 0 if outcome.verdict.clean else 1


if __name__ == "__main__":
    sys.exit(main())
