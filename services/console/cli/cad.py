"""`careroute cad`: word back to the CADs."""

from __future__ import annotations

from typing import Annotated

import typer

from services.console.cli.ask import JsonOption, ask, group
from services.console.cli.client import in_path

cad = group("Word back to the CADs.")


@cad.command("ping")
def cad_ping(ctx: typer.Context, source: Annotated[str, typer.Argument()], *, json: JsonOption = False) -> None:
    """Send a test message; success enables a disabled webhook again."""
    ask(ctx, json, lambda door: door.post(f"/v1/cad/{in_path(source)}/ping"))


@cad.command("redeliver")
def cad_redeliver(
    ctx: typer.Context, message_id: Annotated[str, typer.Argument()], *, json: JsonOption = False
) -> None:
    """Send a message again, under the same id; `call show` lists the ids."""
    ask(ctx, json, lambda door: door.post(f"/v1/cad-messages/{in_path(message_id)}/redeliver"))
