"""What the tools for programme documents print for people."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime

from rich.console import Console
from rich.text import Text

from shared.call import Call
from shared.judgement import UNKNOWN_WORDS
from shared.plain import how_many, visible
from shared.programme import Fault, Gate, Judgement, Programme, RaisedBy
from shared.programme.judging.facts import HAZARDS, in_words
from shared.programme.judging.hours import DAYS
from shared.programme.trying.changed_regions import Cover
from shared.programme.trying.coverage import Coverage
from shared.programme.trying.difference import Difference
from shared.programme.trying.explain import FactLine
from shared.programme.trying.heard import HeardLine
from shared.programme.trying.look import MOST_DIFFERENT, Look
from shared.programme.trying.page import Grid, Page

GOOD, BAD, QUIET, HEAD = "green", "bold red", "dim", "bold"
SIGNS = {"off": "·", "shadow": "s", "advisory": "a", "live": "█"}


def error(why: str) -> None:
    """What went wrong, on standard error."""
    _Out(error=True).line(why)


def refusal(path: str, faults: Iterable[Fault]) -> None:
    """Everything that is wrong with a document."""
    out, listed = _Out(error=True), tuple(faults)
    out.line(f"refused: {path}, {_count(len(listed), 'fault')}", BAD)
    for fault in listed:
        out.line(f"  line {fault.line}: {fault.field}: {fault.what}")
        out.line(f"    right would be: {fault.right}", QUIET)


def meaning(page: Page) -> None:
    """The page of an accepted document."""
    out = _Out()
    out.line(f"accepted: {page.programme} ({page.agency}), version {page.version}, hash {page.hash}", GOOD)
    out.line(f"in force from {page.effective} ({page.time_zone}); the default is: {page.default}")
    out.line(f"{_count(page.districts, 'district')}, {_count(page.codes, 'call-type code')}")
    if page.boundaries:
        drawn = ", ".join(f"{line.district} {line.square_km:.2f} square km" for line in page.boundaries)
        out.line(f"on the map: {drawn}")
    out.head("Levels, calmest first")
    for level in page.levels:
        raised = "; ".join(level.raised_by) or "nothing else applies"
        out.line(f"  {level.name}: sends {', '.join(level.sends)}")
        out.line(f"    when {raised}", QUIET)
    out.head("Responses")
    for response in page.responses:
        takes = [", ".join(response.takes)] if response.takes else []
        takes += [f"whatever {', '.join(response.asked_by)} asks for"] if response.asked_by else []
        out.line(f"  {response.name} ({response.model}: {', '.join(response.crew) or 'no crew named'}): {response.how}")
        out.line(f"    takes {' and '.join(takes)}; goes {response.goes}", QUIET)
        if response.only_when:
            out.line(f"    only when known: {'; '.join(response.only_when)}", QUIET)
    out.head("Where and when")
    for row in page.rollout:
        words = (row.hours, row.dates, row.holidays, row.arm, row.caps)
        out.line(f"  {row.response}: {row.phase} in {_names(row.districts)}: {', '.join(filter(None, words))}")
    _grids(out, page.grids)
    out.head("Closed dates, for rows that close on holidays")
    out.lines([f"  {day:%a %Y-%m-%d} {name}" for day, name in page.closed])
    _heard(out, page.heard)
    out.head("Weaker than the built-in meaning, and named as meant")
    out.lines([f"  {line}" for line in page.weaker])
    out.head("Assumptions that codes and priorities make")
    out.lines([f"  {line}" for line in page.assumptions])
    share = page.routed_combinations / page.combinations
    out.head("The space of facts")
    out.line(f"  {page.routed_combinations} of {page.combinations} combinations may divert ({share:.2%}).")
    out.line(f"  What must be answered for it: {', '.join(map(in_words, page.must_be_answered)) or 'nothing'}.")
    out.head("Remarks")
    out.lines([f"  {line}" for line in page.remarks])


def _heard(out: _Out, lines: Iterable[HeardLine]) -> None:
    """What is heard, and where each of it alone puts a call."""
    out.head("What is heard, and the level on which that alone puts a call")
    for line in lines:
        about = f" asks for {line.about}" if line.kind == "question" else f" about {line.about}" if line.about else ""
        out.line(f"  {line.kind} {line.name}{about}")
        for statement in line.statements:
            permits = f"; permits {', '.join(statement.permits)}" if statement.permits else ""
            out.line(f"    {statement.word}: {statement.states} → {statement.level}{permits}", QUIET)


def weeks(grids: Iterable[Grid]) -> None:
    """When what runs, in an ordinary week."""
    _grids(_Out(), grids)


def difference(changes: Difference) -> None:
    """What a new version changes."""
    out = _Out()
    if not (changes.covers or changes.changes):
        out.line("No call gets another result.")
    of_calls: defaultdict[str, list[Cover]] = defaultdict(list)
    for cover in changes.covers:
        of_calls[f"{cover.response}, to calls: {cover.call_types}; {cover.facts}"].append(cover)
    for calls, covers in of_calls.items():
        out.line(calls, HEAD)
        for cover in covers:
            style = GOOD if cover.before == "does not go" else BAD if cover.after == "does not go" else HEAD
            out.line(f"  {cover.before} → {cover.after}", style)
            out.line(f"    {cover.districts}: {cover.hours}")
    if changes.changes:
        out.head("Other changes")
    for change in changes.changes:
        out.line(f"  {change.what}: {change.before} → {change.after}")


def explanation(call: Call, at: datetime, facts: Iterable[FactLine], judgement: Judgement) -> None:
    """Everything that made a judgement; `at` on the agency's clocks."""
    out = _Out()
    style = {"suitable": GOOD, "unsuitable": BAD}.get(judgement.suitability, HEAD)
    out.line(
        f"{call.call_id} at {at:%a %Y-%m-%d %H:%M:%S %Z}: {judgement.suitability}, level {judgement.level!r}", style
    )
    out.line(f"A dispatcher reads: {judgement.sentence}")
    out.head("Facts")
    for fact in facts:
        worst = f", counts as {fact.value}" if fact.fact in HAZARDS else ""
        value = f"{UNKNOWN_WORDS[fact.unknown]}{worst}" if fact.unknown else fact.value
        out.line(f"  {in_words(fact.fact)}: {value} ({fact.source})")
    out.head("What raised the level")
    out.lines([f"  {in_words(raised.fact)} {_value(raised)} ({raised.source})" for raised in judgement.raised_by])
    out.head("Gates of the call")
    _gates(out, judgement.gates, "  ")
    out.head("Responses of the level, in order")
    for verdict in judgement.responses:
        may_go = "may go" if verdict.may_go else "may not go"
        style = GOOD if verdict.may_go else BAD
        out.line(f"  {verdict.response} ({verdict.phase}, {verdict.reached_by}): {may_go}, {verdict.goes}", style)
        _gates(out, verdict.gates, "    ")
    if not judgement.responses:
        out.line("  none: the default goes")
    out.line(
        f"Under version {judgement.programme_version} ({judgement.programme_hash}), "
        f"switchboard revision {judgement.switchboard_revision}.",
        QUIET,
    )


def coverage(programme: Programme, counted: Coverage, remarks: list[str]) -> None:
    """What a programme would have taken."""
    out, figures, calls = _Out(), counted.summary(), counted.calls
    taken, best = figures["of_a_type_that_is_taken"], figures["at_best"]
    out.line(f"{programme.programme}, version {programme.version}, on {how_many(calls, 'call')}", HEAD)
    out.line(f"  in a district, and of a type that some response takes: {_share(taken['calls'], calls)}")
    out.line(f"  {'':<15}{'all calls':>18}{'of a type that is taken':>28}", QUIET)
    for name in ("suitable", "indeterminate", "unsuitable"):
        ours = _share(taken[name], taken["calls"])
        out.line(f"  {name:<15}{_share(figures[name], calls):>18}{ours:>28}")
    out.head("As the calls are known")
    _fates(out, figures, calls)
    if figures["raised_by"]:
        out.line("  what put calls on a level that sends the default (one may count in several)")
    for what, count in figures["raised_by"].items():
        out.line(f"    {what}: {_share(count, calls)}")
    out.head("At best: an upper bound and no forecast, with every open question answered as well as it can be")
    ours = best["suitable_of_a_type_that_is_taken"]
    out.line(f"  suitable: {_share(best['suitable'], calls)}, of a type that is taken {_share(ours, calls)}")
    _fates(out, best, calls)
    out.head("By type of call, of those that are taken")
    out.line(f"  {'calls':>7} {'go':>7} {'at best':>7}", QUIET)
    for code, line in figures["types"].items():
        out.line(f"  {line['calls']:>7} {line['would_go']:>7} {line['at_best']:>7}  {code}")
    out.head("Codes that the document does not know")
    out.lines([f"  {count:>7} {code}" for code, count in figures["unlisted_codes"].items()])
    out.head("Referrals and notes besides")
    out.lines([f"  {what}: {_share(count, calls)}" for what, count in figures["referrals"].items()])
    out.head("Assumptions that codes and priorities make")
    out.lines([f"  {line}" for line in programme.assumptions])
    out.head("Remarks on the export and its mapping")
    out.lines([f"  {line}" for line in remarks])


def look(seen: Look) -> None:
    """What an export seems to hold."""
    out = _Out()
    out.line(f"{how_many(seen.rows, 'row')}, {how_many(len(seen.columns), 'column')}", HEAD)
    for column in seen.columns:
        examples = ", ".join(column.examples)
        more = " or more" if column.different == MOST_DIFFERENT else ""
        out.line(f"  {column.name}: {column.filled} filled, {column.different}{more} different, e.g. {examples}")
    out.head("What they seem to be")
    out.lines([f"  {guess.meaning}: {guess.column}, because {guess.reason}" for guess in seen.guesses])
    if seen.first and seen.last:
        out.head(f"From {seen.first} to {seen.last}, by hour of the day")
        most = max(seen.by_hour) or 1
        for hour, count in enumerate(seen.by_hour):
            out.line(f"  {hour:02} {count:>7} {'█' * round(40 * count / most)}")
    out.head("Codes that the document does not know")
    out.lines([f"  {count:>7} {code}" for code, count in seen.unlisted.items()])
    out.head("Rows that could not be read")
    out.lines([f"  {fault}" for fault in seen.faults])
    out.head("A first mapping: correct it, every line is a guess")
    out.line(seen.mapping)


class _Out:
    """Lines, with colour only on a terminal, never cut or wrapped; what a file holds acts on no terminal."""

    def __init__(self, *, error: bool = False) -> None:
        self._console = Console(stderr=error, highlight=False)

    def line(self, text: str, style: str = "") -> None:
        self._console.print(Text(visible(text, several_lines=True), style), soft_wrap=True)

    def lines(self, texts: list[str]) -> None:
        for text in texts or ["  none"]:
            self.line(text)

    def head(self, text: str) -> None:
        self.line("")
        self.line(text, HEAD)


def _grids(out: _Out, grids: Iterable[Grid]) -> None:
    for grid in grids:
        out.head(f"{grid.response} in {_names(grid.districts)}, with the dates of {grid.on}")
        out.line("      " + "".join(f"{hour:<4}" for hour in range(0, 24, 2)), QUIET)
        for name, day in zip(DAYS, grid.days, strict=True):
            out.line(f"  {name} " + "".join(SIGNS[phase] for phase in day))
    out.line("  a sign is half an hour, and the most that runs in it: █ live, a advisory, s shadow, · off", QUIET)


def _fates(out: _Out, figures: Mapping[str, Mapping[str, int]], calls: int) -> None:
    """Who would have gone, and what stopped the rest."""
    going, stopped = figures["would_go"], figures["stopped"]
    out.line(f"  somebody would have gone to {_share(sum(going.values()), calls)}")
    for what, count in going.items():
        out.line(f"    {what}: {_share(count, calls)}")
    out.line(f"  the default would have stood for {_share(sum(stopped.values()), calls)}, stopped first by")
    for what, count in stopped.items():
        out.line(f"    {what}: {_share(count, calls)}")


def _gates(out: _Out, gates: Iterable[Gate], indent: str) -> None:
    for gate in gates:
        sign, style = ("✓", GOOD) if gate.passed else ("✗", BAD)
        reason = "" if gate.reason is None else f" [{gate.reason}]"
        out.line(f"{indent}{sign} {gate.gate}: {gate.sentence}{reason}", style)


def _share(count: int, of: int) -> str:
    return f"{count} ({count / of:.2%})" if of else str(count)


def _names(names: tuple[str, ...]) -> str:
    shown = ", ".join(names[:8])
    return shown if len(names) <= 8 else f"{shown} and {len(names) - 8} more"  # noqa: PLR2004  what fits a line


def _count(number: int, what: str) -> str:
    return f"{number} {what}" + ("" if number == 1 else "s")


def _value(raised: RaisedBy) -> str:
    return UNKNOWN_WORDS[raised.unknown] if raised.unknown else raised.value
