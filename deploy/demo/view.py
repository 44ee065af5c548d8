"""What the terminal shows: a live view while the demo runs, tables at its end; without a terminal, a few lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.padding import Padding
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from deploy.actors.scenario import Scenario
from deploy.demo.ledger import Ledger
from deploy.demo.verdict import Verdict, outcomes_by_district, reasons

OUTCOMES = ("team-accepted", "default", "cancelled", "open")
STATUS_STYLES = {"available": "green", "offered": "yellow", "need-police": "bold red", "out-of-service": "dim"}
PHASE_STYLES = {"live": "bold green", "advisory": "yellow", "shadow": "cyan", "off": "dim"}
LINE_SECONDS = 5.0
WIDE_COLUMNS, MOST_TEAMS = 132, 14
"""From this width teams stand beside the districts; where there are more teams they are only counted."""
LATENCIES = (50, 90, 99)


@dataclass(slots=True)
class Now:
    """What of the run is not in the ledger."""

    seconds: float = 0.0
    acknowledged: int = 0
    waiting: int = 0
    processes: str = ""
    phase: str = "playing"
    teams_did: Counter[str] = field(default_factory=Counter)
    dispatcher_did: Counter[str] = field(default_factory=Counter)
    cad_messages: int = 0
    alerts_fired: Counter[str] = field(default_factory=Counter)
    """What Alertmanager told, where the run is watched."""


class View:
    """Shows a run."""

    def __init__(self, console: Console, scenario: Scenario, ledger: Ledger) -> None:
        self._console, self._scenario, self._ledger = console, scenario, ledger
        self.now = Now()
        self._live: Live | None = None
        self._line_at = -LINE_SECONDS

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Show it while the block runs."""
        if not self._console.is_terminal:
            yield
            return
        with Live(self._picture(), console=self._console, refresh_per_second=4, transient=True) as self._live:
            yield
        self._live = None

    def refresh(self) -> None:
        """Show how things stand."""
        if self._live is not None:
            self._live.update(self._picture())
        elif not self._console.is_terminal and self.now.seconds - self._line_at >= LINE_SECONDS:
            self._line_at = self.now.seconds
            self._console.print(self._line(), soft_wrap=True, highlight=False)

    def _line(self) -> str:
        now, counts = self.now, sum(outcomes_by_district(self._ledger).values(), Counter())
        outcomes = ", ".join(f"{counts[name]} {name}" for name in OUTCOMES if counts[name])
        return (
            f"{self._scenario.clocks(now.seconds)} | {now.phase} | {now.acknowledged} of "
            f"{len(self._scenario.sendings)} versions acknowledged | {outcomes or 'no outcome yet'} | {now.processes}"
        )

    def _picture(self) -> RenderableType:
        is_wide = self._console.width >= WIDE_COLUMNS
        side = Group(self._teams(in_full=is_wide), self._events())
        if not is_wide:
            return Group(self._head(), self._districts(), side, self._foot())
        both = Table.grid(padding=(0, 2))
        both.add_row(self._districts(), side)
        return Group(self._head(), both, self._foot())

    def _head(self) -> RenderableType:
        now, total = self.now, len(self._scenario.sendings)
        bar = ProgressBar(total=total, completed=now.acknowledged, width=60)
        text = Text(f"{self._scenario.clocks(now.seconds)} · {now.phase}")
        counts = Text(f"{now.acknowledged} of {total} versions acknowledged, {now.waiting} calls wait", style="dim")
        return Panel(Group(text, Padding(bar), counts), title=f"careroute · {self._scenario.title}", title_align="left")

    def _districts(self) -> RenderableType:
        table = Table(title="episodes by outcome", title_justify="left")
        for name in ("district", "phase"):
            table.add_column(name)
        for name in OUTCOMES:
            table.add_column(name, justify="right")
        by_district = outcomes_by_district(self._ledger)
        for district in (*self._scenario.districts, "unknown"):
            counts, phase = by_district.get(district, Counter()), self._phase(district)
            numbers = (str(counts[name] or "") for name in OUTCOMES)
            table.add_row(district, Text(phase, style=PHASE_STYLES.get(phase, "bold red")), *numbers)
        return table

    def _phase(self, district: str) -> str:
        if self._ledger.paused & {district, "all"}:
            return "PAUSED"
        if district not in self._scenario.districts:
            return ""
        phases = {phase for name, phase in self._ledger.phases.items() if name.endswith(f"/{district}")}
        return " ".join(sorted(phases)) or "off"

    def _teams(self, *, in_full: bool) -> RenderableType:
        states = Counter(team.status for team in self._ledger.teams.values())
        if not in_full or len(self._ledger.teams) > MOST_TEAMS:
            words = Text(", ".join(f"{count} {status}" for status, count in sorted(states.items())))
            return Panel(words, title="teams", title_align="left", width=62)
        table = Table.grid(padding=(0, 2))
        for team_id, team in sorted(self._ledger.teams.items()):
            at = (team.call_id or "").rpartition("/")[2]
            status = Text(team.status, style=STATUS_STYLES.get(team.status, "blue"))
            table.add_row(team_id, status, at, f"{team.jobs} jobs")
        return Panel(table, title="teams", title_align="left", width=62)

    def _events(self) -> RenderableType:
        lines = [Text(f"{at:%H:%M:%S} {sentence}", overflow="ellipsis", no_wrap=True) for at, sentence in self._last(8)]
        return Panel(Group(*lines), title="last", title_align="left", width=62, height=10)

    def _last(self, count: int) -> Sequence[tuple[datetime, str]]:
        return list(self._ledger.last)[-count:]

    def _foot(self) -> RenderableType:
        now, ledger = self.now, self._ledger
        lines = [
            f"teams: {_counted(now.teams_did) or 'nothing yet'}",
            f"dispatcher: {_counted(now.dispatcher_did) or 'nothing yet'}   CAD: {now.cad_messages} messages",
            f"alerts: {_counted(ledger.alerts) or 'none'}   {now.processes}",
        ]
        return Text("\n".join(lines), style="dim")


def tables(ledger: Ledger, scenario: Scenario, verdict: Verdict, now: Now) -> RenderableType:
    """How it ended: outcomes by district, reasons, latencies, what went to and fro."""
    outcomes = Table(title="episodes by district and outcome", title_justify="left")
    outcomes.add_column("district")
    by_district = outcomes_by_district(ledger)
    names = [name for name in ("team-accepted", "phone-accepted", "default", "cancelled", "open")
             if any(counts[name] for counts in by_district.values())]  # fmt: skip
    for name in (*names, "all"):
        outcomes.add_column(name, justify="right")
    total: Counter[str] = Counter()
    for district in (*scenario.districts, *(name for name in by_district if name not in scenario.districts)):
        counts = by_district.get(district, Counter())
        total += counts
        outcomes.add_row(district, *(str(counts[name]) for name in names), str(counts.total()))
    outcomes.add_row("all", *(str(total[name]) for name in names), str(total.total()), style="bold")
    return Group(outcomes, _reasons(ledger), _latencies(ledger), _counts(ledger, verdict, now))


def _reasons(ledger: Ledger) -> RenderableType:
    table = Table("outcome (reason)", "episodes", title="reasons; an outcome may have several", title_justify="left")
    table.columns[1].justify = "right"
    for reason, count in reasons(ledger).most_common(40):
        table.add_row(reason, str(count))
    return table


def _latencies(ledger: Ledger) -> RenderableType:
    table = Table("from the durable receipt, in ms", *(f"p{share}" for share in LATENCIES), "count",
                  title="latencies", title_justify="left")  # fmt: skip
    rows: Mapping[str, list[float]] = {
        "to the judgement": ledger.triage_seconds,
        "to the first offer, question or outcome (waits for a deadline left out)": ledger.decided_seconds,
        "to the outcome (waits for answers and deadlines included)": ledger.routing_seconds,
    }
    for name, seconds in rows.items():
        ordered = sorted(seconds)
        shown = (
            (f"{percentile(ordered, share) * 1000:.0f}" for share in LATENCIES) if ordered else ("",) * len(LATENCIES)
        )
        table.add_row(name, *shown, str(len(ordered)))
    return table


def _counts(ledger: Ledger, verdict: Verdict, now: Now) -> RenderableType:
    lines = {
        "teams, as played": _counted(now.teams_did),
        "dispatcher, as played": _counted(now.dispatcher_did),
        "offers": _counted(ledger.offers),
        "teams ended with": _counted(ledger.dispositions),
        "pages": _counted(ledger.pages_ended),
        "referrals, follow-ups and notes": _counted(Counter(ledger.referrals.values())),
        "messages to the CAD": _counted(ledger.messages),
        "alerts": _counted(ledger.alerts) or "none",
        "alerts that Prometheus raised": _counted(now.alerts_fired),
        "outcomes more than a second after their deadline": str(verdict.late),
        "late writes ignored": str(ledger.late_writes),
        "dead letters": str(ledger.dead_letters),
    }
    table = Table.grid(padding=(0, 2))
    for name, value in lines.items():
        table.add_row(name, value or "none")
    return table


def percentile(ordered: Sequence[float], share: float) -> float:
    """The value that `share` per cent of the sorted values do not exceed."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * share / 100))]


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.most_common() if count)
