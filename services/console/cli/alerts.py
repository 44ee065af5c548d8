"""`careroute alerts`, `alert acknowledge`: what somebody has to look at, and who does."""

from __future__ import annotations

from typing import Annotated

import typer

from services.console.cli.ask import JsonOption, ReasonOption, ask, group

commands = typer.Typer()
alert = group("What somebody has to look at, and who does.")


@commands.command()
def alerts(ctx: typer.Context, *, json: JsonOption = False) -> None:
    """What somebody has to look at, and who does."""
    ask(ctx, json, lambda door: door.get("/v1/alerts"), "alerts")


@alert.command("acknowledge")
def alert_acknowledge(
    ctx: typer.Context,
    alert_id: Annotated[str, typer.Argument(help="As `careroute alerts` shows it, e.g. team-silent/alpha-1.")],
    *,
    noise: Annotated[bool, typer.Option("--noise", help="It told of nothing to look at: say why.")] = False,
    reason: ReasonOption = None,
    json: JsonOption = False,
) -> None:
    """Say that you look after an alert, or that it is noise. It stays open until what it tells of has ended."""
    body = {"alert_id": alert_id, "noise": noise, "reason": reason}
    ask(ctx, json, lambda door: door.post("/v1/alerts/acknowledge", **body))
