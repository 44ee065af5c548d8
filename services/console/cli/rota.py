"""`careroute rota`: who is planned when, and plans that another tool has made."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from services.console.cli.ask import JsonOption, group

rota = group("The rota: who is planned when.")


@rota.command("import")
def rota_import(
    ctx: typer.Context,
    file: Annotated[Path | None, typer.Argument(metavar="[FILE]", exists=True, dir_okay=False)] = None,
    *,
    mapping: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="How to read it (TOML).")],
    url: Annotated[
        str | None, typer.Option(envvar="CAREROUTE_ROTA_URL", help="Where the tool publishes it, instead of a file.")
    ] = None,
    until: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="The last day that it speaks of; else that of its last shift."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be imported.")] = False,
    without_refused: Annotated[
        bool, typer.Option("--without-refused", help="Import the rest, where rows are refused.")
    ] = False,
    confirm: Annotated[
        bool, typer.Option("--confirm", help="It is meant that much of the next week is dropped.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Import the shifts that another tool has planned, from a CSV or a calendar.

    They replace what was imported of the same source, from now until the last day that the file speaks of.

    To follow a tool, have this run as often as the mapping says (`every_hours`): after two misses an alert says so.
    """
    from services.console.cli import rota_import as importing  # noqa: PLC0415  # `--help` does without
    from shared.clock import SystemClock  # noqa: PLC0415  # as above

    wanted = importing.Wanted(
        until=until.date() if until else None, dry_run=dry_run, without_refused=without_refused, confirmed=confirm
    )
    importing.run(ctx.obj, mapping, file or url, wanted, SystemClock().now(), as_json=json)
