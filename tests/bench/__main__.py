"""`python -m tests.bench`: figures of one run on one machine, for people to read; nothing here is a test."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import platform
import pstats
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil
from hdrh.histogram import HdrHistogram
from rich.console import Console
from rich.table import Table

from deploy.actors.carrier.carriers import TO_SENT_SECONDS
from deploy.arguments import above_zero, counts, from_one
from deploy.capacity import inputs
from deploy.capacity.documents import written
from deploy.local.kafka.node import CHECKOUT, KafkaError, missing
from deploy.local.processes import heed_termination
from deploy.local.programs import module_of
from deploy.local.stack import StackError
from tests.bench.backlog import JOURNAL_OF, Drained, Restarted, drain, restart, updated
from tests.bench.capacity import capacity
from tests.bench.floor import floor
from tests.bench.judging import CODES, DISTRICTS, Judged, judging
from tests.bench.latency import Measured, figures, filled, measure
from tests.bench.load import NEW_EVERY
from tests.bench.pages import pages
from tests.bench.peers.peer import NotInstalled
from tests.bench.peers.run import compare, names
from tests.bench.stage import AGENCIES, PARTITIONS, SERVICES, TEAMS, Stage, stage
from tests.bench.switching import switching
from tests.rig.calls import ENDED_PERCENT, KINDS, RAISED_PERCENT, SUITABLE_PERCENT

PARTS = ("judging", "latency", "switching", "backlog", "pages")
CAPACITY = "capacity"
"""A part that is done when it is named, since it writes a file that is kept: `deploy/capacity/measured.toml`."""
OF_THE_RUN = 'Written by `make bench ARGS="--parts capacity"`; what each figure means stands in inputs.py.'
ON_ONE_STAGE = {"latency", "switching", "backlog"}
PAGES_RATE = 80
PAGES_GOALS_MS = (150.0, 500.0)
"""p50 and p99, from the offer until the carrier has answered."""
GOALS = {80: (1.2, 1.0), 800: (5.0, 4.0)}
"""By rate: p50 and p99, times as many hops of the floor, on the same machine in the same minute."""
MOST_P99_MS = 1000.0
"""At rates that have no other goal."""
CPU_GOAL_MS = 0.8
"""What all services together take of the processor for one event."""
RESTART_GOAL_SECONDS = 3.0
JUDGE_GOAL_US = 100.0
PAUSE_GOAL_SECONDS = 1.0
ADOPT_GOAL_SECONDS = 1.0
HOPS_OF = {"page-due": 4, "call-routed": 3}
"""How often a call is appended and read until there is a page, or an outcome without one."""
FLOOR_SECONDS = 5.0
PROFILED = Path(__file__).parent / "profiled"

terminal = Console(highlight=False, width=None if sys.stdout.isatty() else 140)


@dataclass(frozen=True, slots=True)
class Options:
    """What is asked for."""

    parts: tuple[str, ...]
    rates: tuple[int, ...]
    seconds: float
    backlog: int
    profile: str | None
    keep: bool


async def bench(options: Options, directory: Path) -> dict[str, Any]:
    """Every part that is asked for; prints as it goes, returns all figures. Raises KafkaError, StackError."""
    results: dict[str, Any] = {
        "at": time.strftime("%Y-%m-%dT%H:%M:%S"),
        "machine": _machine(),
        "load": _load_in_words(),
    }
    if "judging" in options.parts:
        results["judging"] = [asdict(one) for one in _show_judging(judging())]
    if ON_ONE_STAGE & set(options.parts):
        results |= await _on_one_stage(options, directory / "towns")
    if CAPACITY in options.parts:
        async with stage(directory / "capacity", {}, keep=options.keep) as running:
            results[CAPACITY] = _keep_measured(await capacity(running, options.seconds, options.backlog))
    if "pages" in options.parts and options.profile is None:
        async with stage(directory / "phones", {}, keep=options.keep, phones=True) as running:
            results["pages"] = await _pages(running, options.seconds)
    return results


async def _on_one_stage(options: Options, directory: Path) -> dict[str, Any]:
    results: dict[str, Any] = {}
    profile = directory / "profile.pstats"
    async with stage(directory, _profiling(options.profile, profile), keep=options.keep) as running:
        if "latency" in options.parts:
            results["latency"] = [
                await _latency(running, rate, options.seconds, seed) for seed, rate in enumerate(options.rates)
            ]
        if "switching" in options.parts:
            results["switching"] = [await _switching(running, rate, options.seconds) for rate in options.rates]
        if options.profile is not None:
            running.end(options.profile, how=2 if options.profile != "intake" else 15)  # type: ignore[arg-type]
            _show_profile(profile)
        elif "backlog" in options.parts:
            results |= await _backlog(running, options.backlog)
    return results


async def _latency(running: Stage, rate: int, seconds: float, seed: int) -> dict[str, Any]:
    seconds *= 2 if rate < 200 else 1  # few calls: a longer look
    base = await floor(running.kafka.address, rate, FLOOR_SECONDS)
    measured = await measure(running, rate, seconds, seed)
    _show_latency(measured, base)
    return {
        "rate": rate,
        "seconds": seconds,
        "floor_ms": figures(base),
        "all_ms": figures(measured.histogram()),
        **{f"{kind}_ms": figures(measured.histogram(kind)) for kind in HOPS_OF},
        "statuses": _statuses(measured),
        "calls": len(measured.new),
        "diverted": measured.diverted,
        "lost": measured.lost,
        "hops_ms": {name: figures(histogram) for name, histogram in measured.hops.items()},
        "cpu_ms_an_event": measured.cpu_ms,
        "usage": {name: {"cores": cores, "mib": mib} for name, (cores, mib) in measured.usage.items()},
    }


async def _pages(running: Stage, seconds: float) -> dict[str, Any]:
    paged = await pages(running, PAGES_RATE, 2 * seconds, seed=PAGES_RATE)
    table = Table("milliseconds", "n", "p50", "p90", "p99", "p99.9", "max", "goal")
    table.title = f"From an offer to a text, at {PAGES_RATE} events/s, {paged.due} texts due"
    for name, histogram in paged.histograms.items():
        found, (half, most) = figures(histogram), PAGES_GOALS_MS
        met = _met(found["p50"] <= half and found["p99"] <= most)
        table.add_row(name, *_cells(found), f"p50 ≤ {half:.0f}, p99 ≤ {most:.0f}: {met}" if name == "answered" else "")
    terminal.print(table)
    terminal.print(
        f"a text is {TO_SENT_SECONDS * 1000:.0f} ms on its way to the phone, as played; "
        f"what carriers had to say was answered {paged.callbacks}"
    )
    return {
        "rate": PAGES_RATE,
        "due": paged.due,
        **{f"{name}_ms": figures(histogram) for name, histogram in paged.histograms.items()},
        "callbacks": paged.callbacks,
    }


async def _switching(running: Stage, rate: int, seconds: float) -> dict[str, Any]:
    switched = await switching(running, rate, seconds, seed=rate)
    table = Table("seconds", "n", "p50", "p99", "max", "goal", title=f"Switching at {rate} events/s")
    for name, found in (("a pause is answered", switched.answered), ("a pause is at work", switched.at_work)):
        histogram = figures(filled(found))
        cells = [f"{histogram[part] / 1000:.3f}" for part in ("p50", "p99", "max")]
        met = _met(histogram["p99"] / 1000 <= PAUSE_GOAL_SECONDS and not switched.late_offers)
        goal = "" if found is switched.answered else f"p99 ≤ {PAUSE_GOAL_SECONDS:.0f}: {met}"
        table.add_row(name, f"{histogram['count']}", *cells, goal)
    for name, took in switched.adopted.items():
        goal = "" if "first" in name else f"≤ {ADOPT_GOAL_SECONDS:.0f}: {_met(took <= ADOPT_GOAL_SECONDS)}"
        table.add_row(f"{DISTRICTS} districts, {CODES} codes: {name}", "1", f"{took:.3f}", "", "", goal)
    terminal.print(table)
    terminal.print(
        f"{switched.late_offers} offers made in a paused district; longest silence of a partition's decisions "
        f"{switched.longest_gap:.3f} s while the document was adopted, {switched.usual_gap:.3f} s before"
    )
    return asdict(switched)


async def _backlog(running: Stage, number: int) -> dict[str, Any]:
    terminal.print(f"{number} versions wait in calls; then triage, team availability and notification start at once")
    drained = await drain(running, updated(running, number))
    _show_drain(drained)
    restarted = [
        await restart(running, service, snapshots=snapshots) for service in JOURNAL_OF for snapshots in (True, False)
    ]
    _show_restarts(restarted)
    return {"drain": [asdict(one) for one in drained], "restart": [asdict(one) for one in restarted]}


def _keep_measured(measured: inputs.Measured) -> dict[str, Any]:
    inputs.MEASURED.write_text(written(measured, OF_THE_RUN), "utf-8")
    terminal.print(f"written to {inputs.MEASURED.relative_to(CHECKOUT)}")
    return measured.model_dump(mode="json")


def _profiling(service: str | None, path: Path) -> dict[str, str]:
    if service is None:
        return {}
    return {"PYTHONPATH": str(PROFILED), "RIG_PROFILE": module_of(service), "RIG_PROFILE_FILE": str(path)}


def _statuses(measured: Measured) -> dict[str, int]:
    statuses: dict[str, int] = {}
    for row in measured.rows:
        name = str(row.status or "lost")
        statuses[name] = statuses.get(name, 0) + 1
    return statuses


# --- what the terminal shows ----------------------------------------------------------------------------------------


def _show_latency(measured: Measured, base: HdrHistogram) -> None:
    rate = measured.rate
    table = Table(
        "milliseconds",
        "n",
        "p50",
        "p90",
        "p99",
        "p99.9",
        "max",
        "goal",
        title=f"{rate} events/s for {measured.seconds:.0f} s, open loop, from the intended send time",
    )
    goals = GOALS.get(rate)
    whole = figures(measured.histogram())
    goal = "" if goals else f"p99 ≤ {MOST_P99_MS:.0f}: {_met(whole['p99'] <= MOST_P99_MS)}"
    table.add_row("[bold]to the page or the outcome[/]", *_cells(whole), goal)
    for kind, hops in HOPS_OF.items():
        table.add_row(f"  of these to {kind}", *_cells(figures(measured.histogram(kind))), f"{hops} hops")
    table.add_row("floor: bare produce → consume, one hop", *_cells(figures(base)), "")
    per_hop = figures(base)
    for kind, hops in HOPS_OF.items():
        own = figures(measured.histogram(kind))
        if own["count"] and per_hop["p50"]:
            p50, p99 = own["p50"] / (hops * per_hop["p50"]), own["p99"] / (hops * per_hop["p99"])
            goal = f"≤ {goals[0]}, ≤ {goals[1]}: {_met(p50 <= goals[0] and p99 <= goals[1])}" if goals else ""
            table.add_row(
                f"  {kind}: times {hops} hops of the floor", "", f"{p50:.1f} x", "", f"{p99:.1f} x", "", "", goal
            )
    for name, histogram in measured.hops.items():
        table.add_row(f"[dim]{name}[/]", *_cells(figures(histogram)), "")
    terminal.print(table)
    lost = "[green]0 lost[/]" if not measured.lost else f"[red]{measured.lost} lost[/]"
    share = 100 * measured.diverted / max(1, len(measured.new))
    terminal.print(f"answers {_statuses(measured)}; {len(measured.new)} calls, {share:.0f} % diverted, {lost}")
    usage = Table("process", "share of a core", "ms of it an event", "MiB resident", title="While it ran")
    for name, (cores, resident) in sorted(measured.usage.items(), key=lambda item: -item[1][0]):
        an_event = f"{measured.cpu_ms[name]:.2f}" if name in measured.cpu_ms else ""
        usage.add_row(name, f"{cores:.2f}", an_event, f"{resident:.0f}")
    terminal.print(usage)
    ended = sorted(set(SERVICES) - measured.cpu_ms.keys())
    cpu_ms = sum(measured.cpu_ms.values())
    met = _met(cpu_ms <= CPU_GOAL_MS and not ended)
    terminal.print(f"all services: {cpu_ms:.2f} ms of processor time an event, ≤ {CPU_GOAL_MS}: {met}")
    if ended:
        terminal.print(f"ended while it ran, so not counted: {', '.join(ended)}", style="red")


def _show_judging(judged: Sequence[Judged]) -> Sequence[Judged]:
    table = Table("document", "judge, µs p50", "reading the call", "ratio", "read and verified, ms", "goal")
    for one in judged:
        goal = f"≤ {JUDGE_GOAL_US:.0f} µs: {_met(one.judge_us <= JUDGE_GOAL_US)}"
        ratio = one.judge_us / one.parse_us
        table.add_row(
            one.name, f"{one.judge_us:.0f}", f"{one.parse_us:.1f} µs", f"{ratio:.1f} x", f"{one.read_ms:.1f}", goal
        )
    table.title = "One decision with every gate, in process"
    terminal.print(table)
    return judged


def _show_drain(drained: Sequence[Drained]) -> None:
    table = Table(
        "service", "inputs", "appended", "seconds", "inputs/s", "CPU s", "inputs/CPU s", title="Drain of a backlog"
    )
    for one in drained:
        cells = (
            f"{one.inputs}",
            f"{one.appended}",
            f"{one.seconds:.1f}",
            f"{one.inputs / one.seconds:.0f}",
            f"{one.cpu_seconds:.1f}",
            f"{one.inputs / max(one.cpu_seconds, 0.01):.0f}",
        )
        table.add_row(one.service if one.finished else f"[red]{one.service}: not done[/]", *cells)
    terminal.print(table)


def _show_restarts(restarted: Sequence[Restarted]) -> None:
    table = Table("service", "journal", "snapshots", "exec → first decision", "goal", title="Restart")
    for one in restarted:
        took = "never" if one.seconds is None else f"{one.seconds:.2f} s"
        goal = (
            f"≤ {RESTART_GOAL_SECONDS:.0f} s: {_met(one.seconds is not None and one.seconds <= RESTART_GOAL_SECONDS)}"
        )
        table.add_row(
            one.service,
            f"{one.journal_events}",
            "with" if one.snapshots else "without",
            took,
            goal if one.snapshots else "",
        )
    terminal.print(table)


def _show_profile(path: Path) -> None:
    for _ in range(50):
        if path.exists():
            break
        time.sleep(0.1)
    pstats.Stats(str(path), stream=sys.stdout).strip_dirs().sort_stats("tottime").print_stats(25)
    pstats.Stats(str(path), stream=sys.stdout).strip_dirs().sort_stats("cumtime").print_stats(45)


def _cells(milliseconds: dict[str, Any]) -> list[str]:
    return [
        f"{milliseconds['count']}",
        *(f"{milliseconds[name]:.1f}" for name in ("p50", "p90", "p99", "p99.9", "max")),
    ]


def _met(met: bool) -> str:  # noqa: FBT001  # a word for a boolean
    return "[green]met[/]" if met else "[red]not met[/]"


def _machine() -> dict[str, Any]:
    return {
        "cores": os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "load": os.getloadavg()[0],
        "python": f"{platform.python_version()} ({', '.join(platform.python_build())})",
    }


def _load_in_words() -> str:
    kinds = ", ".join(f"{share} % {code}" for code, _, share in KINDS)
    return (
        f"{AGENCIES} agencies on {PARTITIONS} partitions, {TEAMS} teams each; 1 event in {NEW_EVERY} a new call "
        f"({kinds}; {SUITABLE_PERCENT} % suit a team), the others updates of open calls: "
        f"{RAISED_PERCENT} % raise the level, "
        f"{ENDED_PERCENT} % close the call, the others add to the narrative. Crews accept 70 % of the offers, decline "
        f"15 %, leave 15 % to expire; CADs are told every outcome and status by webhook; pages go to the pocket page."
    )


def main() -> int:
    """0 when it came to its end."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--parts", default=",".join(PARTS), help=f"of {', '.join(PARTS)}; or {CAPACITY}")
    parser.add_argument("--rates", type=counts, default="80,800", help="CAD events a second")
    parser.add_argument(
        "--seconds", type=above_zero, default=30.0, help="of each run after warming up; twice that below 200/s"
    )
    parser.add_argument("--backlog", type=from_one, default=100_000, help="versions that wait for the drain")
    parser.add_argument("--profile", choices=sorted(SERVICES), help="profile this service while the load runs")
    parser.add_argument(
        "--peers", nargs="*", choices=names(), metavar="HOST", help=f"compare hosts instead: of {', '.join(names())}"
    )
    parser.add_argument("--keep", action="store_true", help="keep Kafka's data and the logs in .run")
    chosen = parser.parse_args()
    if unknown := set(chosen.parts.split(",")).difference((*PARTS, CAPACITY)):
        parser.error(f"--parts: there is no {', '.join(sorted(unknown))}; right is {', '.join(PARTS)} or {CAPACITY}")
    options = Options(
        tuple(chosen.parts.split(",")),
        chosen.rates,
        chosen.seconds,
        chosen.backlog,
        chosen.profile,
        chosen.keep,
    )
    if (reason := missing()) is not None:
        terminal.print(f"The benchmark needs a Kafka of its own. {reason}")
        return 2
    heed_termination()
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    stamp = time.strftime("%Y%m%d-%H%M%S")
    if chosen.peers is not None:
        return _peers(chosen.peers, CHECKOUT / ".run" / f"peers-{stamp}", keep=chosen.keep)
    terminal.print(_load_in_words())
    try:
        results = asyncio.run(bench(options, CHECKOUT / ".run" / f"bench-{stamp}"))
    except (KafkaError, StackError, RuntimeError) as problem:
        terminal.print(str(problem), style="red")
        return 2
    out = CHECKOUT / ".run" / f"bench-{stamp}.json"
    out.parent.mkdir(exist_ok=True)
    out.write_text(json.dumps(results, indent=1))
    terminal.print(f"written to {out.relative_to(CHECKOUT)}")
    return 0


def _peers(chosen: Sequence[str], directory: Path, *, keep: bool) -> int:
    machine = "{cores} cores, {memory_gib} GiB".format(**_machine())
    try:
        text = asyncio.run(compare(chosen, machine, directory, terminal.print, keep=keep))
    except (KafkaError, StackError, NotInstalled) as problem:
        terminal.print(str(problem), style="red")
        return 2
    out = directory.with_suffix(".md")
    out.write_text(text)
    terminal.print(text, soft_wrap=True, markup=False)
    terminal.print(f"written to {out.relative_to(CHECKOUT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
