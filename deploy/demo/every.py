"""Every document of deploy/programmes rehearsed, one careroute for some of them at a time, and a line on each.

Each document is an agency of its own, named after its file, on the same topics and the same processes as the others.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

from deploy.actors.cad import VersionRefused
from deploy.actors.console import CommandFailed
from deploy.actors.scenario import PROGRAMMES
from deploy.demo.referrals import Referrals, referrals_of
from deploy.demo.run import DecidedAgain, Run, decided_again, say
from deploy.demo.stages import Stage, agency_of
from deploy.demo.verdict import Verdict, outcomes_by_district
from deploy.local.access import AgencySpec
from deploy.local.kafka.node import free_port
from deploy.rehearsal import Rehearsal, rehearsal
from shared.clock import SystemClock
from shared.engine.broker import BrokerUnavailable
from shared.engine.redecide import JournalBroken

SECONDS, CALLS_PER_SECOND = 24.0, 2.0
"""How long calls come for each document, and how many."""
SIDE_BY_SIDE, APART_SECONDS = 12, 2.0
"""So many documents run at a time, and begin so long one after the other: nobody puts twelve in force in one moment."""
NEVER, TIMES = ("lost", "differ"), ("pause", "s")
CAPTION = (
    "versions, calls: acknowledged to the CAD. team … cancelled: outcomes. referred: referrals, follow-ups and notes. "
    "again: decisions made a second time, from the journals; differ: those of them that came out otherwise. "
    "pause: ms until no offer was open in a district that a dispatcher had paused."
)
FAILURES = (CommandFailed, VersionRefused, BrokerUnavailable, JournalBroken, OSError)
"""What ends the run of one document, and of no other."""


@dataclass(slots=True)
class Line:
    """What came of one document."""

    name: str
    what: str
    """What was switched, where, and how far."""
    seconds: float = 0.0
    pause_ms: int = 0
    verdict: Verdict | None = None
    outcomes: Counter[str] = field(default_factory=Counter)
    again: DecidedAgain | None = None
    referrals: Referrals = field(default_factory=Referrals)
    wrong: tuple[str, ...] = ()

    @property
    def good(self) -> bool:
        """Whether it was played to its end and every promise was kept."""
        return self.verdict is not None and self.again is not None and not self.wrong


def rehearsals(seed: int, seconds: float, calls_per_second: float, suffix: str) -> list[Rehearsal]:
    """All of them, each under an agency's name of its own. Raises CannotRehearse."""
    now = SystemClock().now()
    paths = sorted(PROGRAMMES.glob("*.toml"))
    return [rehearsal(path.stem, seed, seconds, calls_per_second, now).renamed(path.stem + suffix) for path in paths]


async def play(
    scenarios: Sequence[Rehearsal],
    stage_of: Callable[[Sequence[AgencySpec]], Stage],
    directory: Path,
    console: Console,
    *,
    seed: int,
) -> list[Line]:
    """Play them, and write each one's own run into `directory`. Raises KafkaError, StackError."""
    lines: list[Line] = []
    groups = [scenarios[at : at + SIDE_BY_SIDE] for at in range(0, len(scenarios), SIDE_BY_SIDE)]
    for number, group in enumerate(groups, 1):
        console.rule(f"{number} of {len(groups)}", align="left")
        ports = [free_port() for _ in group]
        stage = stage_of([agency_of(scenario, port) for scenario, port in zip(group, ports, strict=True)])
        await stage.start(say(console))
        try:
            playing = [
                _played(scenario, port, stage, directory, seed, place * APART_SECONDS)
                for place, (scenario, port) in enumerate(zip(group, ports, strict=True))
            ]
            for line in await asyncio.gather(*playing):
                await _decide_again(line, stage)
                lines.append(line)
                console.print(_sentence(line), style="" if line.good else "bold red", highlight=False, soft_wrap=True)
        finally:
            await stage.stop()
    return lines


async def _played(  # noqa: PLR0917  # who plays where
    scenario: Rehearsal, port: int, stage: Stage, directory: Path, seed: int, wait_seconds: float
) -> Line:
    await asyncio.sleep(wait_seconds)
    plan, began = scenario.plan, time.monotonic()
    line = Line(scenario.agency, f"{plan.response} in {plan.district} {plan.becomes}")
    with (directory / f"{scenario.agency}.txt").open("w", encoding="utf-8") as file:
        run = Run(scenario, stage, Console(file=file, width=120), SystemClock(), seed=seed, port=port)
        try:
            line.verdict = await run.play()
            line.wrong = line.verdict.wrong
        except (*FAILURES, BaseExceptionGroup) as failed:
            if not all(isinstance(leaf, FAILURES) for leaf in leaves(failed)):
                raise
            line.wrong = tuple(f"{type(leaf).__name__}: {leaf}" for leaf in leaves(failed))
    line.outcomes = sum(outcomes_by_district(run.ledger).values(), Counter())
    line.seconds = time.monotonic() - began
    line.pause_ms = run.changes.pause_ms if run.changes is not None else 0
    return line


async def _decide_again(line: Line, stage: Stage) -> None:
    """Its journals, once all that run beside it have ended: deciding takes the loop that they need."""
    try:
        line.again = await decided_again(stage, line.name)
        line.referrals = await referrals_of(stage.broker(), line.name)
    except FAILURES as failed:
        line.wrong += (f"{type(failed).__name__}: {failed}",)
    else:
        line.wrong += line.again.unlike


def _sentence(line: Line) -> str:
    how = line.verdict.sentence if line.good and line.verdict else "; ".join(line.wrong[:5])
    parts = (f"{line.name}, {line.what}: {how}", str(line.again or ""), line.referrals.sentence)
    return " ".join(filter(None, parts))


def show(lines: Sequence[Line], console: Console) -> None:
    """The table of all documents, and their sum."""
    table = Table("document", box=None, pad_edge=False, padding=(0, 1, 0, 0), title="every document",
                  title_justify="left", caption=CAPTION, caption_justify="left")  # fmt: skip
    table.columns[0].no_wrap = True
    columns = tuple(_figures(Line("", "")))
    for name in columns:
        table.add_column(name, justify="right", no_wrap=True)
    sums: Counter[str] = Counter()
    for line in lines:
        figures = _figures(line)
        sums.update(figures)
        cells = (str(figures[name] or ("0" if name in NEVER else "")) for name in columns)
        table.add_row(line.name if line.good else f"✗ {line.name}", *cells, style="" if line.good else "bold red")
    cells = (str(sums[name]) if name not in TIMES else "" for name in columns)
    table.add_row(f"{len(lines)} documents", *cells, style="bold")
    console.print(table)
    bad = [line.name for line in lines if not line.good]
    words = f"not as promised: {', '.join(bad)}" if bad else "Every promise was kept in all of them."
    console.print(f"verdict: {words}", style="bold red" if bad else "bold green", highlight=False, soft_wrap=True)


def _figures(line: Line) -> dict[str, int]:
    verdict, again = line.verdict, line.again
    return {
        "versions": verdict.versions if verdict else 0,
        "calls": verdict.calls if verdict else 0,
        "team": line.outcomes["team-accepted"],
        "phone": line.outcomes["phone-accepted"],
        "default": line.outcomes["default"],
        "cancelled": line.outcomes["cancelled"],
        "referred": line.referrals.made.total(),
        "lost": verdict.lost if verdict else 0,
        "again": again.decisions if again else 0,
        "differ": again.differences if again else 0,
        "pause": line.pause_ms,
        "s": round(line.seconds),
    }


def leaves(group: BaseException) -> list[BaseException]:
    """The exceptions of a group, however deep."""
    if isinstance(group, BaseExceptionGroup):
        return [leaf for inner in group.exceptions for leaf in leaves(inner)]
    return [group]
