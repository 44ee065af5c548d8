"""What the workbench does with documents: read, compare, try a call, count an export. Pure; it may take any time."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal

from pydantic import ValidationError

from shared.call import Call, CallType
from shared.judgement import Judgement
from shared.programme import Fault, Programme, ProgrammeRefused, judge, read, words_in_narrative
from shared.programme.judging.surroundings import Surroundings
from shared.programme.trying.cad_export import read_lines
from shared.programme.trying.changed_regions import TooLarge
from shared.programme.trying.coverage import Coverage
from shared.programme.trying.difference import Difference, difference
from shared.programme.trying.explain import FactLine, all_on, facts_used
from shared.programme.trying.export_document import CallMapping, MappingRefused, read_mapping
from shared.programme.trying.export_fit import coverage_of, fit_remarks, misfits
from shared.programme.trying.page import Page, page
from shared.validation import faults_in

MOST_LINES = 100_000
"""Of an export; more are counted on the command line, where nobody waits for a page."""
SOURCE = "tried"
"""What the source of a call is called that is only tried."""


@dataclass(frozen=True, slots=True)
class Study:
    """Read a document and say what it means, and how it differs from the one that it takes the place of."""

    document: str
    in_force: str = ""
    """The text of the one in force; empty: there is none, or it is not compared."""
    waiting: tuple[str, ...] = ()
    """The texts of those that are approved, and wait for their instant."""
    on: date | None = None
    """The day whose dates the week shows; else the day on which the document takes effect."""
    task: Literal["study"] = "study"


@dataclass(frozen=True, slots=True)
class Studied:
    """What became of it: faults, or what the document means."""

    faults: tuple[Fault, ...] = ()
    page: Page | None = None
    codes: tuple[str, ...] = ()
    """Each as `system code`."""
    districts: tuple[str, ...] = ()
    difference: Difference | None = None
    compared_with: int = 0
    """The version that is in force when it takes effect."""
    overtaken: tuple[int, ...] = ()
    """Approved versions that wait, and never take effect, because this one does before them."""
    not_compared: str = ""
    """Why it was not compared with the one in force."""
    trouble: str = ""
    """Why nothing could be said of it."""


@dataclass(frozen=True, slots=True)
class TriedCall:
    """A call as somebody imagines it."""

    code: str = ""
    """As `system code`."""
    text: str = ""
    answers: tuple[tuple[str, str], ...] = ()
    district: str = ""
    weekday: int = 0
    """0 is Monday."""
    minute: int = 12 * 60
    """On the agency's clocks."""


@dataclass(frozen=True, slots=True)
class Try:
    """What would come of a call, under each of some documents with everything on that they allow."""

    documents: tuple[str, ...]
    call: TriedCall
    week_of: date
    task: Literal["try"] = "try"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What would have come of it under one document; nothing where that is refused, or the call is none there."""

    version: int = 0
    at: str = ""
    judgement: Judgement | None = None
    facts: tuple[FactLine, ...] = ()
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class Tried:
    """A verdict for each document, in their order."""

    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True, slots=True)
class Count:
    """Count what a document would have taken of an export."""

    document: str
    mapping: str
    export: bytes
    task: Literal["count"] = "count"


@dataclass(frozen=True, slots=True)
class Share:
    """How many calls of an export are like this."""

    words: str
    calls: int


@dataclass(frozen=True, slots=True)
class TypeShare:
    """The calls of one type: how many came in, would have gone, and would have gone at best."""

    code: str
    calls: int
    would_go: int
    at_best: int


@dataclass(frozen=True, slots=True)
class Counted:
    """What was counted, or why nothing was."""

    faults: tuple[str, ...] = ()
    version: int = 0
    calls: int = 0
    would_go: tuple[Share, ...] = ()
    stopped: tuple[Share, ...] = ()
    raised_by: tuple[Share, ...] = ()
    would_go_at_best: tuple[Share, ...] = ()
    types: tuple[TypeShare, ...] = ()
    unlisted: tuple[Share, ...] = ()
    referrals: tuple[Share, ...] = ()
    remarks: tuple[str, ...] = ()


def study(task: Study) -> Studied:
    """Read a document, and compare it."""
    try:
        programme = read(task.document)
    except ProgrammeRefused as refused:
        return Studied(refused.faults)
    return Studied(
        page=page(programme, task.on or programme.effective.astimezone(programme.zone).date()),
        codes=tuple(f"{system} {code}" for system, code in programme.codes),
        districts=tuple(programme.districts),
        **_compared(task, programme),
    )


def _compared(task: Study, programme: Programme) -> dict[str, Any]:
    """How it differs from what is in force by the instant at which it takes effect."""
    if not task.in_force:
        return {}
    try:
        waiting = [one for one in map(read, task.waiting) if one.version < programme.version]
        by_then = [one for one in waiting if one.effective <= programme.effective]
        before = max(by_then, key=lambda one: (one.effective, one.version), default=None) or read(task.in_force)
    except ProgrammeRefused as refused:
        return {"not_compared": str(refused)}
    overtaken = tuple(one.version for one in waiting if one.effective > programme.effective)
    told: dict[str, Any] = {"compared_with": before.version, "overtaken": overtaken}
    try:
        return told | {"difference": difference(before, programme)}
    except TooLarge as error:
        return told | {"not_compared": str(error)}


def try_call(task: Try) -> Tried:
    """Judge an imagined call under each document."""
    return Tried(tuple(_verdict(text, task) for text in task.documents))


def _verdict(text: str, task: Try) -> Verdict:
    try:
        programme = read(text)
    except ProgrammeRefused:
        return Verdict(why_not="The document has faults: mend them first.")
    try:
        call, at = _imagined(programme, task)
    except (ValidationError, ValueError) as error:
        return Verdict(programme.version, why_not=f"This is no call: {_words_of(error)}.")
    around = Surroundings(words_in_narrative(programme, task.call.text))
    return Verdict(
        programme.version,
        f"{at.astimezone(programme.zone):%A %H:%M}",
        judge(programme, all_on(programme), call, around, at),
        facts_used(programme, call, around.heard, at),
    )


def _imagined(programme: Programme, task: Try) -> tuple[Call, datetime]:
    tried = task.call
    monday = task.week_of - timedelta(days=task.week_of.weekday())
    day = datetime(monday.year, monday.month, monday.day, tzinfo=programme.zone) + timedelta(days=tried.weekday)
    at = day.replace(hour=tried.minute // 60, minute=tried.minute % 60)
    system = _system_in(programme, tried.code)
    code = tried.code[len(system) + 1 :]
    call = Call(
        agency=programme.agency,
        source=next(iter(sorted(programme.sources)), SOURCE),
        incident_id=SOURCE,
        created_at=at,
        updated_at=at,
        call_type=CallType(system=system, code=code) if code else None,
        district=tried.district or None,
        answers=dict(tried.answers),
    )
    return call, at


def _system_in(programme: Programme, written: str) -> str:
    """The code system of `system code`, which may have blanks itself where the document names it so."""
    named = [system for system, _ in programme.codes if written.startswith(f"{system} ")]
    return max(named, key=len, default=written.partition(" ")[0])


def _words_of(error: ValueError) -> str:
    if isinstance(error, ValidationError):
        return "; ".join(faults_in(error))
    return str(error)


def count(task: Count) -> Counted:
    """Count an export. Nothing of it is kept."""
    try:
        programme = read(task.document)
        mapping = read_mapping(task.mapping)
        if wrong := tuple(misfits(programme, mapping)):
            return Counted(wrong)
        export = read_lines(mapping, _bounded(_text_of(task.export, mapping)), "the export")
    except ProgrammeRefused as refused:
        return Counted(tuple(map(str, refused.faults)))
    except MappingRefused as refused:
        return Counted(tuple(str(refused).splitlines()))
    remarks = (*export.remarks, *fit_remarks(programme, mapping))
    return _counted(programme, coverage_of(programme, all_on(programme), export), remarks)


def _text_of(export: bytes, mapping: CallMapping) -> io.StringIO:
    """Raises MappingRefused."""
    encoding = "utf-8-sig" if mapping.file.encoding == "utf-8" else mapping.file.encoding
    try:
        return io.StringIO(export.decode(encoding), newline="")
    except UnicodeError:
        raise MappingRefused(f"the export is not in {mapping.file.encoding}: say its encoding under [file]") from None


def _bounded(lines: Iterable[str]) -> Iterator[str]:
    """Raises MappingRefused where there are too many."""
    for number, line in enumerate(lines, 1):
        if number > MOST_LINES:
            right = "count it with `careroute programme coverage` on your own machine"
            raise MappingRefused(f"the export has more than {MOST_LINES} lines: {right}")
        yield line


def _counted(programme: Programme, coverage: Coverage, remarks: tuple[str, ...]) -> Counted:
    figures = coverage.summary()

    def shares(counts: dict[str, int]) -> tuple[Share, ...]:
        return tuple(Share(words, calls) for words, calls in counts.items())

    return Counted(
        version=programme.version,
        calls=coverage.calls,
        would_go=shares(figures["would_go"]),
        stopped=shares(figures["stopped"]),
        raised_by=shares(figures["raised_by"]),
        would_go_at_best=shares(figures["at_best"]["would_go"]),
        types=tuple(
            TypeShare(code, line["calls"], line["would_go"], line["at_best"]) for code, line in figures["types"].items()
        ),
        unlisted=shares(figures["unlisted_codes"]),
        referrals=shares(figures["referrals"]),
        remarks=remarks,
    )
