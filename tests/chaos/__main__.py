"""`python -m tests.chaos`: kill, hang and end processes and Kafka under load, then say whether a promise broke."""

from __future__ import annotations

import argparse
import asyncio
import logging
import math
import shutil
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from rich.table import Table

from deploy.arguments import above_zero, from_one, from_zero
from deploy.local.kafka.node import CHECKOUT, KafkaError, missing
from deploy.local.processes import heed_termination
from deploy.local.stack import StackError
from deploy.local.watch import WatchError
from tests.chaos.beside import Options as BesideOptions
from tests.chaos.beside import side_by_side
from tests.chaos.brokers import FAULTS
from tests.chaos.oracle import Verdict
from tests.chaos.run import Options, Outcome, chaos, say, terminal
from tests.chaos.stalls import SERVICE_OF, Stall
from tests.chaos.windows import effect_table

GOAL_SECONDS = {"kill": 1.5, "hang": 5.0, "term": 0.5, "roll": 0.5, "spin": 1.0}
"""The longest that a decision may have to wait for such a fault, on a machine that has nothing else to do."""
SHOWN = 5


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
    terminal.print(_promises(outcome.verdict))


def _promises(verdict: Verdict) -> Table:
    table = Table("promise", "broken", "for example", title="Promises")
    for name, faults in verdict.faults.items():
        style = "red" if faults else "green"
        table.add_row(name, f"[{style}]{len(faults)}[/]", "\n".join(faults[:SHOWN]))
    return table


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


def _side_by_side(commit: str, options: Options, directory: Path) -> int:
    try:
        outcome = asyncio.run(side_by_side(BesideOptions(commit, whole=True, seed=options.seed), directory, say))
    finally:
        if not options.keep:
            shutil.rmtree(directory, ignore_errors=True)
    terminal.print(_promises(outcome.verdict))
    for what, found in outcome.report().items():
        terminal.print(f"{what}: {found}")
    return 0 if outcome.clean else 1


def main() -> int:
    """Exit code 0 only if every promise held."""
    default = Options()
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seconds", type=above_zero, default=default.seconds, help="how long faults go on (60)")
    parser.add_argument("--rate", type=above_zero, default=default.rate, help="CAD events a second (80)")
    parser.add_argument("--agencies", type=from_one, default=default.agencies)
    parser.add_argument("--partitions", type=from_one, default=default.partitions)
    parser.add_argument("--seed", type=int, default=default.seed)
    parser.add_argument(
        "--broker-kills", type=from_zero, default=default.broker_kills, help="how often Kafka is killed after that (1)"
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
    parser.add_argument(
        "--beside", metavar="COMMIT", help="instead, upgrade from another commit and go back to it, under load"
    )
    given = vars(parser.parse_args())
    beside, options = given.pop("beside"), replace(default, **given)
    if (reason := missing()) is not None:
        terminal.print(f"Chaos needs a Kafka that it may kill. {reason}")
        return 2
    heed_termination()
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # Kafka goes away on purpose
    directory = CHECKOUT / ".run" / f"chaos-{time.strftime('%H%M%S')}"
    try:
        if beside:
            return _side_by_side(beside, options, directory)
        outcome = asyncio.run(chaos(options, directory))
    except (KafkaError, StackError, WatchError, RuntimeError) as problem:
        terminal.print(str(problem), style="red")
        return 2
    report(outcome)
    if _is_slow(outcome.stalls):
        terminal.print("[yellow]Decisions waited longer than they should: see the goals above.[/]")
    terminal.print("[green]Every promise held.[/]" if outcome.verdict.clean else "[red]Promises were broken.[/]")
    return 0 if outcome.verdict.clean else 1


if __name__ == "__main__":
    sys.exit(main())
