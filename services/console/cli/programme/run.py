"""What the tools for programme documents do. A tool that ends early raises `typer.Exit` with the exit code."""

from __future__ import annotations

import json as js
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, NoReturn

import typer
from immutables import Map
from pydantic import BaseModel, ConfigDict, ValidationError

from services.console.cli.programme import print as pages
from shared.call import Call, Position
from shared.programme import Judgement, Phase, Programme, ProgrammeRefused, Switchboard, judge, read, words_in_narrative
from shared.programme.judging.facts import MEANINGS
from shared.programme.judging.place import located_by
from shared.programme.judging.programme import Cap
from shared.programme.judging.surroundings import Surroundings
from shared.programme.trying.cad_export import Export, read_export
from shared.programme.trying.changed_regions import TooLarge
from shared.programme.trying.difference import difference
from shared.programme.trying.explain import all_on, facts_used
from shared.programme.trying.export_document import CallMapping, File, MappingRefused, read_mapping
from shared.programme.trying.export_fit import coverage_of, fit_remarks, misfits
from shared.programme.trying.look import look_at
from shared.programme.trying.page import grids, page
from shared.programme.trying.reference import reference, schema_text
from shared.switch import Switch
from shared.validation import faults_in

REFUSED, USAGE = 1, 2


def check(doc: Path, *, on: str | None, json: bool) -> None:
    """Accept a document, with a page of what it means; or refuse it, with everything that is wrong."""
    programme = _read(doc, as_json=json)
    meaning = page(programme, _day(programme, on))
    if json:
        _print_json({"accepted": True, **asdict(meaning)})
    else:
        pages.meaning(meaning)


def diff(old: Path, new: Path, *, json: bool) -> None:
    """What a new version changes: which calls, where and when, and nothing else."""
    before, after = _read(old, as_json=json), _read(new, as_json=json)
    try:
        changes = difference(before, after)
    except TooLarge as error:
        _end(str(error), REFUSED)
    if json:
        _print_json(asdict(changes))
    else:
        pages.difference(changes)


def explain(doc: Path, call_file: Path, *, at: str | None, switchboard: Path | None, json: bool) -> None:
    """Every gate of one call, the facts with their sources, what raised the level, and what a dispatcher reads."""
    programme = _read(doc, as_json=json)
    try:
        call, surroundings = _call(programme, _text(call_file))
    except _NotACall as error:
        _end(f"{call_file.name}: {error}", USAGE)
    instant = _instant(programme, at) or call.updated_at.astimezone(UTC)
    judgement = judge(programme, _board(programme, switchboard), call, surroundings, instant)
    facts, local = facts_used(programme, call, surroundings.heard, instant), instant.astimezone(programme.zone)
    if json:
        body = {"call_id": call.call_id, "at": local.isoformat(), "facts": [asdict(fact) for fact in facts]}
        _print_json(body | {"judgement": judgement.model_dump(mode="json")})
    else:
        pages.explanation(call, local, facts, judgement)


def decide(doc: Path, calls_file: Path, *, at: str | None, switchboard: Path | None) -> None:
    """One JSON decision per call of a file (one call per line), as of --at, or of when the call was last updated."""
    programme = _read(doc, as_json=True)
    board, fixed = _board(programme, switchboard), _instant(programme, at)
    failed = False
    with calls_file.open(encoding="utf-8-sig", errors="replace") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                call, surroundings = _call(programme, line)
            except _NotACall as error:
                failed = True
                pages.error(f"{calls_file.name}, line {number}: {error}")
                continue
            judgement = judge(programme, board, call, surroundings, fixed or call.updated_at.astimezone(UTC))
            typer.echo(js.dumps(_decision(call, judgement), ensure_ascii=False))
    if failed:
        raise typer.Exit(REFUSED)


def week(doc: Path, *, on: str | None) -> None:
    """Draw when what runs, in an ordinary week."""
    programme = _read(doc, as_json=False)
    pages.weeks(grids(programme, _day(programme, on)))


def coverage(doc: Path, calls_file: Path, *, mapping: Path, switchboard: Path | None, json: bool) -> None:
    """What the programme would have taken of an export, and the gate that stopped the rest."""
    programme = _read(doc, as_json=json)
    board = _board(programme, switchboard)
    document, export = _exported(programme, calls_file, mapping)
    remarks = [*export.remarks, *fit_remarks(programme, document)]
    counted = coverage_of(programme, board, export)
    if json:
        _print_json(counted.summary() | {"remarks": remarks})
    else:
        pages.coverage(programme, counted, remarks)


def look(calls_file: Path, *, doc: Path | None, mapping: Path | None, file: dict[str, str], json: bool) -> None:
    """What an export seems to hold, and a first mapping of it for a person to correct."""
    try:
        written_as = File.model_validate(file)
    except ValidationError as error:
        _end("; ".join(faults_in(error)), USAGE)
    programme = _read(doc, as_json=json) if doc is not None else None
    try:
        seen = look_at(calls_file, written_as, programme)
    except MappingRefused as refused:
        _end(str(refused), REFUSED)
    if mapping is not None:
        try:
            with mapping.open("x", encoding="utf-8") as written:
                written.write(seen.mapping)
        except FileExistsError:
            _end(f"{mapping} is there already; it was left as it is", USAGE)
    if json:
        _print_json(asdict(seen))
    else:
        pages.look(seen)


def schema() -> None:
    """The JSON Schema of a document, for editors."""
    typer.echo(schema_text(), nl=False)


def reference_page(example: Path) -> None:
    """The reference page of the language, in Markdown."""
    typer.echo(reference(example.read_text("utf-8")), nl=False)


# --- reading


def _text(path: Path) -> str:
    """A file as text, with or without the mark that some editors put before it."""
    try:
        return path.read_text("utf-8-sig")
    except UnicodeDecodeError:
        _end(f"{path} is no UTF-8 text", REFUSED)


def _read(path: Path, *, as_json: bool) -> Programme:
    try:
        return read(_text(path))
    except ProgrammeRefused as refused:
        if as_json:
            _print_json({"accepted": False, "file": str(path), "faults": [asdict(fault) for fault in refused.faults]})
        else:
            pages.refusal(str(path), refused.faults)
        raise typer.Exit(REFUSED) from None


def _day(programme: Programme, text: str | None) -> date:
    return (_instant(programme, text) or programme.effective).astimezone(programme.zone).date()


def _instant(programme: Programme, text: str | None) -> datetime | None:
    """An instant as it is written; the agency's own time where it has no offset."""
    if text is None:
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        _end(f"{text!r} is no time; write it like 2024-03-10T01:30", USAGE)
    return (instant if instant.tzinfo else instant.replace(tzinfo=programme.zone)).astimezone(UTC)


class _BoardFile(BaseModel):
    """A switchboard as JSON."""

    model_config = ConfigDict(extra="forbid")

    revision: int = 0
    phases: dict[str, Phase] = {}
    paused: tuple[str, ...] = ()
    caps: dict[str, Cap] = {}


def _board(programme: Programme, path: Path | None) -> Switchboard:
    if path is None:
        return all_on(programme)
    try:
        board = _BoardFile.model_validate_json(_text(path))
    except ValidationError as error:
        _end(f"{path.name}: {'; '.join(faults_in(error))}", USAGE)
    return Switchboard(board.revision, Map(board.phases), frozenset(map(Switch.parse, board.paused)), Map(board.caps))


class _NotACall(ValueError):
    """Says why a text is no call."""


class _Record(Call):
    """A call as a CAD sends it. A field or a fact that is not known is refused, as it is at the door."""

    model_config = ConfigDict(extra="forbid")

    narrative: str | None = None
    position: Position | None = None
    event_id: object = None
    address: object = None
    caller_name: object = None
    callback_number: object = None


def _call(programme: Programme, text: str) -> tuple[Call, Surroundings]:
    """A call as JSON, and what a `narrative` and a `position` beside its fields bear on it. Raises _NotACall."""
    try:
        record = _Record.model_validate_json(js.dumps(js.loads(text)))
    except ValidationError as error:
        raise _NotACall("; ".join(faults_in(error))) from None
    except (ValueError, RecursionError) as error:
        raise _NotACall(f"is no JSON: {error}") from None
    if strange := sorted(record.facts.keys() - MEANINGS.keys()):
        raise _NotACall(f"facts: {', '.join(strange)} {'is no fact' if len(strange) == 1 else 'are no facts'}")
    located = located_by(programme, str(record.position or ""))
    return record, Surroundings(words_in_narrative(programme, record.narrative or ""), located)


def _exported(programme: Programme, path: Path, mapping: Path) -> tuple[CallMapping, Export]:
    """The calls of an export, read by a mapping that names nothing which the programme does not have."""
    try:
        document = read_mapping(_text(mapping))
        for misfit in misfits(programme, document):
            _end(f"{mapping.name}: {misfit}", USAGE)
        return document, read_export(document, path)
    except MappingRefused as refused:
        _end(str(refused), REFUSED)


# --- answers


def _decision(call: Call, judgement: Judgement) -> dict[str, Any]:
    return {
        "call_id": call.call_id,
        "suitability": judgement.suitability,
        "reasons": judgement.reasons,
        "missing": judgement.missing,
        "level": judgement.level,
        "raised_by": [
            {"fact": raised.fact, "value": raised.value, "unknown": raised.unknown, "source": raised.source}
            for raised in judgement.raised_by
        ],
        "district": judgement.district,
        "category": judgement.category,
        "responses": [
            {
                "response": verdict.response,
                "may_go": verdict.may_go,
                "phase": verdict.phase,
                "reasons": verdict.reasons,
            }
            for verdict in judgement.responses
        ],
        "sentence": judgement.sentence,
        "programme_version": judgement.programme_version,
        "programme_hash": judgement.programme_hash,
        "switchboard_revision": judgement.switchboard_revision,
    }


def _print_json(body: dict[str, Any]) -> None:
    typer.echo(js.dumps(body, indent=2, ensure_ascii=False, default=str))


def _end(why: str, code: int) -> NoReturn:
    pages.error(why)
    raise typer.Exit(code)
