"""`careroute programme check`, `diff`, `explain`, `decide`, `week`, `coverage` …: a document tried without Kafka.

Exit codes: 0 accepted or done, 1 refused, 2 wrong usage. Nothing here asks the door for anything, and what it
needs is imported when a tool is used: `careroute --help` does without.
"""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Annotated

import typer

programme_app = typer.Typer(
    help="The programme document: tried out here, published by two people.", no_args_is_help=True
)

Doc = Annotated[Path, typer.Argument(help="A programme document (TOML).", exists=True, dir_okay=False)]
Json = Annotated[bool, typer.Option("--json", help="The answer as JSON.")]
At = Annotated[str | None, typer.Option("--at", help="The instant, e.g. 2024-03-10T01:30; local time without offset.")]
On = Annotated[str | None, typer.Option("--on", help="A date; else the day on which it takes effect.")]
Board = Annotated[Path | None, typer.Option("--switchboard", exists=True, dir_okay=False, help="JSON; else all is on.")]


@programme_app.command()
def check(doc: Doc, *, on: On = None, json: Json = False) -> None:
    """Accept a document, with a page of what it means; or refuse it, with everything that is wrong."""
    _tools().check(doc, on=on, json=json)


@programme_app.command()
def diff(old: Doc, new: Doc, *, json: Json = False) -> None:
    """What a new version changes: which calls, where and when, and nothing else."""
    _tools().diff(old, new, json=json)


@programme_app.command()
def explain(
    doc: Doc,
    call_file: Annotated[Path, typer.Argument(metavar="CALL.json", exists=True, dir_okay=False)],
    *,
    at: At = None,
    switchboard: Board = None,
    json: Json = False,
) -> None:
    """Every gate of one call, the facts with their sources, what raised the level, and what a dispatcher reads."""
    _tools().explain(doc, call_file, at=at, switchboard=switchboard, json=json)


@programme_app.command()
def decide(
    doc: Doc,
    calls_file: Annotated[Path, typer.Argument(metavar="CALLS.ndjson", exists=True, dir_okay=False)],
    *,
    at: At = None,
    switchboard: Board = None,
) -> None:
    """One JSON decision per call of a file (one call per line), as of --at, or of when the call was last updated."""
    _tools().decide(doc, calls_file, at=at, switchboard=switchboard)


@programme_app.command()
def week(doc: Doc, *, on: On = None) -> None:
    """Draw when what runs, in an ordinary week."""
    _tools().week(doc, on=on)


@programme_app.command()
def coverage(
    doc: Doc,
    calls_file: Annotated[Path, typer.Argument(metavar="CALLS.csv", exists=True, dir_okay=False)],
    *,
    mapping: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="How to read the export (TOML).")],
    switchboard: Board = None,
    json: Json = False,
) -> None:
    """What the programme would have taken of an export, and the gate that stopped the rest."""
    _tools().coverage(doc, calls_file, mapping=mapping, switchboard=switchboard, json=json)


@programme_app.command()
def look(
    calls_file: Annotated[Path, typer.Argument(metavar="CALLS.csv", exists=True, dir_okay=False)],
    *,
    doc: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="A document, for its codes.")] = None,
    mapping: Annotated[Path | None, typer.Option(help="Where to write a first mapping; what is there stays.")] = None,
    file_format: Annotated[str, typer.Option("--format", help="csv, json-lines or arcgis-json")] = "csv",
    delimiter: Annotated[str, typer.Option(help="Between the fields of a CSV.")] = ",",
    encoding: Annotated[str, typer.Option(help="utf-8, utf-16, cp1252 or latin-1")] = "utf-8",
    json: Json = False,
) -> None:
    """What an export seems to hold: columns, times, codes; and a first mapping for a person to correct."""
    file = {"format": file_format, "delimiter": delimiter, "encoding": encoding}
    _tools().look(calls_file, doc=doc, mapping=mapping, file=file, json=json)


@programme_app.command()
def schema() -> None:
    """The JSON Schema of a document, for editors."""
    _tools().schema()


@programme_app.command("reference")
def reference_page(
    example: Annotated[Path, typer.Argument(help="The document whose lines serve as examples.", exists=True)],
) -> None:
    """The reference page of the language, in Markdown."""
    _tools().reference_page(example)


def _tools() -> ModuleType:
    from services.console.cli.programme import run  # noqa: PLC0415  # see above

    return run
