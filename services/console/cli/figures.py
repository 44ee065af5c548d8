"""`careroute figures`: what came of it, counted by stated definitions; as CSV, by call, and published."""

from __future__ import annotations

from typing import Annotated

import typer

from services.console.cli.ask import JsonOption, ask, print_text
from services.console.cli.client import in_path

figures = typer.Typer(help="Figures: what came of it, by stated definitions.", invoke_without_command=True)
FromOption = Annotated[str | None, typer.Option("--from", help="The first day, as 2026-03-01; else 90 days ago.")]
ToOption = Annotated[str | None, typer.Option("--to", help="The day after the last; else tomorrow.")]


@figures.callback()
def show_figures(
    ctx: typer.Context,
    *,
    by: Annotated[str | None, typer.Option(help="Cut by district, month, model, phase, document, hour …")] = None,
    first: FromOption = None,
    until: ToOption = None,
    measure: Annotated[list[str] | None, typer.Option(help="Only this one; may be given several times.")] = None,
    csv: Annotated[bool, typer.Option("--csv", help="As CSV, with the definitions in it.")] = False,
    json: JsonOption = False,
) -> None:
    """Figures of a period, each with its definition, of how many, and how many could not be counted."""
    if ctx.invoked_subcommand is not None:
        return
    query = {"by": by, "from": first, "until": until, "measure": ",".join(measure) if measure else None}
    if csv:
        print_text(ctx, lambda door: door.text("/v1/figures.csv", **query))
        return
    ask(ctx, json, lambda door: door.get("/v1/figures", **query), "figures")


@figures.command("calls")
def figures_calls(ctx: typer.Context, *, first: FromOption = None, until: ToOption = None) -> None:
    """One row for each call as CSV, with nothing personal: to be joined with other records."""
    query = {"from": first, "until": until}
    print_text(ctx, lambda door: door.text("/v1/calls.csv", **query))


@figures.command("publish")
def figures_publish(
    ctx: typer.Context,
    period: Annotated[str, typer.Argument(help="A quarter, as 2026-Q1, or a year, as 2026.")],
    *,
    json: JsonOption = False,
) -> None:
    """Publish the public tables of a period: once, and for good."""
    ask(ctx, json, lambda door: door.post(f"/v1/publications/{in_path(period)}"), "publication")
