"""`make demo`: the main job end to end, on a real Kafka where there is one. Exit code 0 only if every promise held."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import psutil
import uvloop
from rich.console import Console

from deploy.actors.scenario import Scenario
from deploy.arguments import above_zero, from_one
from deploy.demo import alerts, every, scenarios
from deploy.demo.referrals import referrals_of
from deploy.demo.run import Run, decided_again, say
from deploy.demo.signing_in import signing_in
from deploy.demo.stages import OneProcess, Processes, Stage, agency_of
from deploy.local.access import AgencySpec
from deploy.local.broker import find_broker, why_none
from deploy.local.kafka.node import CHECKOUT, KafkaError, free_port
from deploy.local.processes import end_all, heed_termination, spawn
from deploy.local.programs import HOST
from deploy.local.stack import StackError, stop_leftover
from deploy.local.watch import Watch, WatchError
from deploy.local.watch import missing as watch_missing
from deploy.rehearsal import CannotRehearse, rehearsal
from shared.clock import SystemClock
from shared.panels import PANELS
from shared.programme.trying.export_document import MappingRefused

DIRECTORY = CHECKOUT / ".run" / "demo"
KAFKA_VARIABLE = "CAREROUTE_KAFKA"
PLAIN_COLUMNS = 120
ALL = "all"
"""The city that is every document of deploy/programmes."""
SECONDS, CALLS_PER_SECOND = 75.0, 6.0
"""How long calls come, and how many."""
EXIT_BROKEN, EXIT_FAILED, EXIT_BY_HAND = 1, 2, 130
FAILURES = (*every.FAILURES, KafkaError, StackError, WatchError, MappingRefused, CannotRehearse)


def main() -> None:
    """Parse the arguments, run, and leave with the exit code."""
    chosen = _arguments(sys.argv[1:])
    heed_termination()
    console = Console(width=None if sys.stdout.isatty() else PLAIN_COLUMNS)
    if chosen.down:
        console.print(down(chosen.directory))
        return
    sys.exit(_guarded(chosen, console))


def _guarded(chosen: argparse.Namespace, console: Console) -> int:
    """Run the demo; what can go wrong on any machine is said in one line, not by a traceback."""
    try:
        if chosen.city == ALL:
            return uvloop.run(_every_document(console, chosen))
        return uvloop.run(_demo(_scenario(chosen), console, chosen))
    except KeyboardInterrupt:
        console.print("Ended by hand; nothing is left running.")
        return EXIT_BY_HAND
    except (*FAILURES, BaseExceptionGroup) as failed:
        leaves = every.leaves(failed)
        if not all(isinstance(leaf, FAILURES) for leaf in leaves):
            raise
        for leaf in leaves:
            console.print(f"[red]{type(leaf).__name__}[/red]: {leaf}", highlight=False)
        return EXIT_FAILED


def _arguments(given: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m deploy.demo", description=__doc__)
    parser.add_argument("--keep", action="store_true", help="leave it running, and print how to reach it")
    parser.add_argument("--watched", action="store_true", help="only with Prometheus and Alertmanager on it")
    parser.add_argument("--secured", action="store_true", help="on a Kafka that lets nobody in unnamed")
    parser.add_argument("--down", action="store_true", help="end what was left running")
    parser.add_argument("--seed", type=int, default=1, help="another seed is another city")
    parser.add_argument("--city", help="a preset of deploy/programmes, with or without its date, a document, or all")
    parser.add_argument("--minutes", type=above_zero, help="how long calls come; of all documents, for each")
    parser.add_argument("--calls-per-second", type=above_zero)
    parser.add_argument("--calls", type=Path, help="a CAD's export, to be replayed instead")
    parser.add_argument("--mapping", type=Path, help="the mapping document for it")
    parser.add_argument(
        "--document", type=Path, help="the programme of the replay; else the one named after the mapping"
    )
    parser.add_argument(
        "--teams", type=from_one, default=scenarios.TEAMS_A_DISTRICT, help="of a response in a district"
    )
    parser.add_argument("--speed", type=above_zero, default=2880.0, help="how many times as fast as the calls came")
    parser.add_argument("--redecide", action="store_true", help="decide an export's journals again too")
    parser.add_argument("--memory", action="store_true", help="all in one process, even where there is a Kafka")
    parser.add_argument("--directory", type=Path, default=DIRECTORY, help="where its data and log files go")
    chosen = parser.parse_args(given)
    if (chosen.calls is None) != (chosen.mapping is None):
        parser.error("--calls and --mapping belong together")
    if chosen.city and chosen.calls:
        parser.error("either --city or --calls")
    if chosen.city == ALL and chosen.keep:
        parser.error("of all documents none is left running; --keep goes with one of them")
    if chosen.memory and chosen.secured:
        parser.error("--memory has no Kafka to be secured")
    seconds, calls = (every.SECONDS, every.CALLS_PER_SECOND) if chosen.city == ALL else (SECONDS, CALLS_PER_SECOND)
    chosen.minutes = seconds / 60 if chosen.minutes is None else chosen.minutes
    chosen.calls_per_second = calls if chosen.calls_per_second is None else chosen.calls_per_second
    return chosen


def _scenario(chosen: argparse.Namespace) -> Scenario:
    if chosen.calls is not None:
        return scenarios.replay(chosen.calls, chosen.mapping, chosen.speed, chosen.document, chosen.teams)
    if chosen.city is not None:
        return rehearsal(chosen.city, chosen.seed, chosen.minutes * 60, chosen.calls_per_second, SystemClock().now())
    return scenarios.city(chosen.seed, chosen.minutes * 60, chosen.calls_per_second)


async def _demo(scenario: Scenario, console: Console, chosen: argparse.Namespace) -> int:
    began, directory = time.monotonic(), chosen.directory.resolve()
    scenario = scenario.renamed(f"{scenario.agency}{_suffix()}")
    with _cleared(directory, say(console)):
        console.print(f"careroute demo: {scenario.title}")
        port, carriers_port = free_port(), free_port()
        watch = _watch(directory, port, console, must=chosen.watched)
        agency = agency_of(scenario, port, carriers_port)
        stage = _stage([agency], chosen, console, watch)
        keep = False
        try:
            await stage.start(say(console))
            console.print(f"  the console in a browser: {stage.url_of('console')}", highlight=False)
            run = Run(scenario, stage, console, SystemClock(), seed=chosen.seed, port=port, carriers_port=carriers_port)
            verdict = await run.play()
            if chosen.calls is None or chosen.redecide:
                at = time.monotonic()
                again = await decided_again(stage, scenario.agency)
                console.print(f"{again} ({time.monotonic() - at:.1f} s)", highlight=False)
                verdict = replace(verdict, wrong=(*verdict.wrong, *again.unlike))
            if stage.watch is not None:
                console.print(await _drawn(stage.watch), highlight=False, soft_wrap=True)
            if probed := await stage.probes():
                console.print(probed, highlight=False, soft_wrap=True)
            if sentence := (await referrals_of(stage.broker(), scenario.agency)).sentence:
                console.print(sentence, highlight=False, soft_wrap=True)
            console.print(
                f"verdict: {verdict.sentence}",
                style="bold green" if verdict.good else "bold red",
                highlight=False,
                soft_wrap=True,
            )
            keep = chosen.keep
            if keep:
                console.print(_how_to_reach(scenario, stage, run.links), highlight=False, soft_wrap=True)
                console.print(await signing_in(stage, scenario.agency), highlight=False, soft_wrap=True)
                await _keep(scenario, stage, port, directory)
        finally:
            if not keep:
                await stage.stop()
    console.print(f"{time.monotonic() - began:.0f} s in all; log files in {directory}")
    return 0 if verdict.good else EXIT_BROKEN


async def _every_document(console: Console, chosen: argparse.Namespace) -> int:
    began, directory = time.monotonic(), chosen.directory.resolve()
    rehearsals = every.rehearsals(chosen.seed, chosen.minutes * 60, chosen.calls_per_second, _suffix())
    console.print(f"careroute demo: {len(rehearsals)} documents, {every.SIDE_BY_SIDE} at a time")
    with _cleared(directory, say(console)):
        lines = await every.play(
            rehearsals,
            lambda agencies: _stage(agencies, chosen, console),
            directory,
            console,
            seed=chosen.seed,
        )
    every.show(lines, console)
    console.print(f"{time.monotonic() - began:.0f} s in all; each document's own run, and log files, in {directory}")
    return 0 if all(line.good for line in lines) else EXIT_BROKEN


def _suffix() -> str:
    """What makes an agency's name new, where others may have used the log before us."""
    return f"-{int(time.time()):x}" if os.environ.get(KAFKA_VARIABLE) else ""


@contextlib.contextmanager
def _cleared(directory: Path, step: Callable[[str], None]) -> Iterator[None]:
    """An empty directory with our process id in it, so that `--down` finds us while the block runs."""
    if down(directory) != NOTHING:
        step("ended what an earlier demo had left")
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    (directory / "demo.pid").write_text(str(os.getpid()))
    try:
        yield
    finally:
        (directory / "demo.pid").unlink(missing_ok=True)


def _watch(directory: Path, port: int, console: Console, *, must: bool) -> Watch | None:
    """Prometheus and Alertmanager, whose alerts come to the demo's port; where they are not, a line that says so.

    Raises WatchError where there `must` be a watch.
    """
    if (why := watch_missing()) is None:
        return Watch(directory, f"http://{HOST}:{port}{alerts.PATH}")
    if must:
        raise WatchError(why)
    console.print(f"  {why}", style="dim")
    return None


async def _drawn(watch: Watch) -> str:
    """What came of asking for every panel."""
    empty = await watch.empty_curves()
    return f"panels asked of Prometheus: {len(PANELS)}" + (f", EMPTY: {'; '.join(empty)}" if empty else ", all answer")


def _stage(
    agencies: Sequence[AgencySpec], chosen: argparse.Namespace, console: Console, watch: Watch | None = None
) -> Stage:
    directory = chosen.directory
    node = None
    if not chosen.memory:
        node = find_broker(directory, os.environ.get(KAFKA_VARIABLE), secured=chosen.secured)
    if node is None and not chosen.memory:
        sys.stderr.write(why_none() + "\n")
    stage = OneProcess(directory, *agencies) if node is None else Processes(directory, node, *agencies, watch=watch)
    console.print(f"  {stage.description}", style="bold red" if node is None else "bold")
    return stage


# --- left running, and ended


async def _keep(scenario: Scenario, stage: Stage, port: int, directory: Path) -> None:
    """Give the CAD's ear and the pager a process of their own; where all is one process, wait for Ctrl-C."""
    if isinstance(stage, Processes):
        access = stage.access
        secrets = (access.webhook_secret(scenario.agency, scenario.source), access.page_secret(scenario.agency))
        environment = dict(zip(("DEMO_CAD_SECRET", "DEMO_PAGE_SECRET"), secrets, strict=True))
        spawn([sys.executable, "-m", "deploy.demo.receiver", str(port)], directory, "cad.log", environment)
        return
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, stopped.set)
    await stopped.wait()
    await stage.stop()


def _how_to_reach(scenario: Scenario, stage: Stage, links: Mapping[str, str]) -> str:
    agency, access = scenario.agency, stage.access
    call = scenario.example(SystemClock().now())
    pages = "\n".join(f"{team_id:<13} {link}" for team_id, link in list(links.items())[:3])
    team = scenario.teams[0]
    member = team.members[0]
    return f"""
Left running; {_how_to_end(stage)}. Supervisor, approver and dispatcher are ana, ben and cleo; paste:

export CAREROUTE_CONSOLE_URL={stage.url_of("console")}
export CAREROUTE_TOKEN={access.token(agency, "ana")}   # ana, supervisor
.venv/bin/careroute team list
.venv/bin/careroute pause '{scenario.districts[0]}' --reason 'trying it out'
.venv/bin/careroute resume '{scenario.districts[0]}' --reason 'tried'

ben's token   {access.token(agency, "ben")}
cleo's token  {access.token(agency, "cleo")}
{member}'s token  {access.token(agency, member)}   # staff, of {team.team_id}

curl -s {stage.url_of("intake")}/v1/calls -H 'Authorization: Bearer {access.key(agency, scenario.source)}' \\
  -H 'Content-Type: application/json' -d '{json.dumps(call)}'
.venv/bin/careroute call show {agency}/{scenario.source}/BY-HAND-1

Teams' pages, as on their phones (nobody answers for them any more):
{pages}

intake {stage.url_of("intake")}/docs   console {stage.url_of("console")}/docs
{_watched_at(stage.watch)}"""


def _how_to_end(stage: Stage) -> str:
    return "`make down` ends it" if isinstance(stage, Processes) else "it lives in this process: Ctrl-C ends it"


def _watched_at(watch: Watch | None) -> str:
    if watch is None:
        return ""
    return f"Prometheus {watch.prometheus_url}/alerts   Alertmanager {watch.alertmanager_url}\n"


NOTHING = "Nothing was running."


def down(directory: Path) -> str:
    """End a demo that was left running, or still runs elsewhere, with its processes and its Kafka; says what it did."""
    ended = _end_demo(directory) + stop_leftover(directory)
    if directory.exists():
        node = find_broker(directory)
        if node is not None:
            node.discard()
    return f"Ended {ended} processes." if ended else NOTHING


def _end_demo(directory: Path) -> int:
    try:
        process = psutil.Process(int((directory / "demo.pid").read_text()))
        if process.pid == os.getpid() or "deploy.demo" not in process.cmdline():
            return 0
    except (OSError, ValueError, psutil.Error):
        return 0
    with contextlib.suppress(psutil.Error):
        process.send_signal(signal.SIGINT)
    end_all([process], asked_seconds=60)
    return 1


if __name__ == "__main__":
    main()
