"""Adds people and their ways from a CSV: has each row looked at first, by the door's own rules, and then sends them."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from json import dumps
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import typer
from rich.text import Text

from services.console.cli.ask import show
from services.console.cli.client import DONE, REFUSED, Door, NotDone, connect, in_path
from services.console.cli.terminal import BAD, terminal
from shared.plain import fault_of_text, how_many, visible

MAX_BYTES = 1024 * 1024
MAX_PEOPLE = 2_000
AT_ONCE = 100
"""People whom the door looks at in one request."""
NEEDED = ("person_id", "disciplines")
KINDS = ("sms", "voice", "email", "webhook")
COLUMNS = (*NEEDED, "name", "languages", *KINDS)


class Fault(NamedTuple):
    """What is wrong in a line."""

    line: int
    column: str
    sentence: str

    def __str__(self) -> str:
        return f"line {self.line}, {self.column}: {self.sentence}"


class Row(NamedTuple):
    """A person as a line has them."""

    line: int
    person: Mapping[str, Any]
    ways: Sequence[Mapping[str, Any]]
    """Each goes by the word for its kind."""


class NotRead(Exception):
    """The file cannot be read as a whole; says why."""


def run(door: Door | None, file: Path, *, apply: bool, voice_after_seconds: int, as_json: bool) -> NoReturn:
    """Read, have it looked at, and send it if that is wanted. Leaves with the exit code of the command line."""
    try:
        rows, faults = read(file.read_bytes(), voice_after_seconds)
        door = door or connect()
        faults += _looked_at(door, rows)
    except NotRead as error:
        _end([str(error)], as_json=as_json)
    except NotDone as failed:
        show({**failed.body, "next": failed.next_step}, "not-done", as_json=as_json)
        raise typer.Exit(failed.exit_code) from None
    if faults:
        _end([str(fault) for fault in sorted(faults)], as_json=as_json)
    exit_code, doubts = _send(door, rows, as_json=as_json) if apply else (DONE, [])
    ways = how_many(sum(len(row.ways) for row in rows), "way")
    counted = f"{how_many(len(rows), 'person', 'people')} and {ways} to them"
    _tell(
        f"{counted} are in." if apply else f"{counted}: every row is right. Nothing is done yet: say --apply.",
        doubts,
        as_json=as_json,
    )
    raise typer.Exit(exit_code)


# --- the file


def read(content: bytes, voice_after_seconds: int) -> tuple[list[Row], list[Fault]]:
    """The rows of a file, and what is wrong with some as lines. Raises NotRead."""
    if len(content) > MAX_BYTES:
        message = f"the file has more than {MAX_BYTES:,} bytes: split it"
        raise NotRead(message)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeError:
        raise NotRead("the file is not in UTF-8: save it as “CSV UTF-8”") from None
    first = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=";" if ";" in first else ",", strict=True)
    rows: list[Row] = []
    faults: list[Fault] = []
    try:
        columns = _columns(next(reader, []))
        for values in reader:
            if not any(value.strip() for value in values):
                continue
            if len(values) != len(columns):
                wrong = f"has {len(values)} fields and the first line {len(columns)}"
                faults.append(Fault(reader.line_num, "row", wrong))
            else:
                fields = {column: value.strip() for column, value in zip(columns, values, strict=True)}
                hidden = list(_hidden(reader.line_num, fields))
                faults += hidden
                rows += [] if hidden else [_row(reader.line_num, fields, voice_after_seconds)]
    except csv.Error as error:
        message = f"line {reader.line_num}: {error}"
        raise NotRead(message) from None
    if not rows and not faults:
        raise NotRead("the file has no row")
    if len(rows) > MAX_PEOPLE:
        message = f"the file has more than {MAX_PEOPLE:,} people: split it"
        raise NotRead(message)
    return rows, faults + _twice(rows)


def _columns(header: Sequence[str]) -> list[str]:
    columns = [name.strip().lower() for name in header]
    unknown = [name for name in columns if name not in COLUMNS]
    if unknown or len(set(columns)) < len(columns) or not set(NEEDED) <= set(columns):
        strange = f" ({unknown[0]!r} is none)" if unknown else ""
        message = (
            f"line 1: the columns must be {', '.join(NEEDED)} and any of {', '.join(COLUMNS[len(NEEDED) :])}, "
            f"once each{strange}"
        )
        raise NotRead(message)
    return columns


def _hidden(line: int, fields: Mapping[str, str]) -> Iterator[Fault]:
    """What would not be seen for what it is. The door refuses it too, of the request as a whole."""
    for column, value in fields.items():
        if wrong := fault_of_text(value):
            yield Fault(line, column, wrong)


def _row(line: int, fields: Mapping[str, str], voice_after_seconds: int) -> Row:
    person = {
        "person_id": fields["person_id"],
        "name": fields.get("name", ""),
        "disciplines": fields["disciplines"].split(),
        "languages": fields.get("languages", "").split() or ["en"],
    }
    ways = [
        {
            "method_id": kind,
            "kind": kind,
            "address": fields[kind],
            "after_seconds": voice_after_seconds if kind == "voice" else 0,
        }
        for kind in KINDS
        if fields.get(kind)
    ]
    return Row(line, person, ways)


def _twice(rows: Sequence[Row]) -> list[Fault]:
    counts = Counter(row.person["person_id"] for row in rows)
    return [
        Fault(row.line, "person_id", "stands in more than one line")
        for row in rows
        if counts[row.person["person_id"]] > 1
    ]


# --- the door


def _looked_at(door: Door, rows: Sequence[Row]) -> list[Fault]:
    """What the door would refuse. Raises NotDone for anything else that goes wrong."""
    faults: list[Fault] = []
    unseen = list(rows)
    while some := unseen[:AT_ONCE]:
        try:
            door.post("/v1/people/check", people=[{"person": row.person, "ways": row.ways} for row in some])
        except NotDone as failed:
            wrong = [_fault(some, error) for error in failed.body.get("errors", [])]
            refused = {fault.line for fault in wrong}
            if refused.isdisjoint(row.line for row in some):
                raise
            faults += {
                (fault.line, fault.column): fault for fault in reversed(wrong)
            }.values()  # the first of each field
            unseen = [row for row in unseen if row.line not in refused]  # the others may have faults of another kind
        else:
            unseen = unseen[AT_ONCE:]
    return faults


def _fault(rows: Sequence[Row], error: Mapping[str, str]) -> Fault:
    """A fault of the door's in the words of the file: `people.3.ways.1.address` is a line and a column of it."""
    parts = error["path"].split(".")
    sentence = error["right"] if error["right"].startswith("must") else error["what"]
    if len(parts) < 4 or not parts[1].isdigit():  # noqa: PLR2004  # people, number, person or ways, and what of it
        return Fault(0, "file", sentence)
    row = rows[int(parts[1])]
    column = row.ways[int(parts[3])]["kind"] if parts[2] == "ways" else parts[3]
    return Fault(row.line, column, sentence)


def _send(door: Door, rows: Iterable[Row], *, as_json: bool) -> tuple[int, list[Fault]]:
    """One command after the other; the first that is not done ends it. The highest exit code, and what is doubtful."""
    exit_code = DONE
    doubts: list[Fault] = []
    for row in rows:
        person = in_path(row.person["person_id"])
        try:
            replies = [door.post("/v1/people", person=row.person)]
            replies += [door.post(f"/v1/people/{person}/contacts/{way['method_id']}", **_body(way)) for way in row.ways]
        except NotDone as failed:
            going_on = f"The lines before {row.line} are in. Once it is put right, the same file goes on from there."
            show({**failed.body, "next": f"{failed.next_step} {going_on}"}, "not-done", as_json=as_json)
            raise typer.Exit(failed.exit_code) from None
        exit_code = max(exit_code, *(reply.exit_code for reply in replies))
        said = ((way["kind"], str(reply.body["sentence"])) for way, reply in zip(row.ways, replies[1:], strict=True))
        doubts += [Fault(row.line, kind, doubt) for kind, sentence in said if (doubt := sentence.partition(". ")[2])]
    return exit_code, doubts


def _body(way: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in way.items() if name != "method_id"}


# --- what is said


def _tell(sentence: str, doubts: Sequence[Fault], *, as_json: bool) -> None:
    """What came of it, and whatever is said of a way besides that it stands: another's number, a landline."""
    if as_json:
        typer.echo(dumps({"sentence": sentence, "doubts": [str(doubt) for doubt in doubts]}, indent=2))
        return
    terminal().print(Text(sentence), soft_wrap=True)
    for doubt in doubts:
        terminal(error=True).print(Text("look", BAD), Text(visible(str(doubt))), soft_wrap=True)


def _end(faults: Sequence[str], *, as_json: bool) -> NoReturn:
    if as_json:
        typer.echo(dumps({"refused": faults}, indent=2))
    else:
        errors = terminal(error=True)
        for fault in faults:
            errors.print(Text("refused", BAD), Text(visible(fault)), soft_wrap=True)
        errors.print(Text("Nothing is done. Put right what is named above."))
    raise typer.Exit(REFUSED)
