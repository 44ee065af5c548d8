"""`careroute cad`: word back to the CADs, and their keys."""

from __future__ import annotations

from typing import Annotated

import typer

from services.console.cli.ask import HashOption, JsonOption, RequiredReason, ask, group
from services.console.cli.client import in_path

cad = group("CADs: word back to them, and their keys.")


@cad.command("ping")
def cad_ping(ctx: typer.Context, source: Annotated[str, typer.Argument()], *, json: JsonOption = False) -> None:
    """Send a test message; success enables a disabled webhook again."""
    ask(ctx, json, lambda door: door.post(f"/v1/cad/{in_path(source)}/ping"))


@cad.command("revoke-key")
def cad_revoke_key(
    ctx: typer.Context,
    source: Annotated[str, typer.Argument()],
    *,
    reason: RequiredReason,
    token_hash: HashOption = None,
    json: JsonOption = False,
) -> None:
    """Let a CAD's key in nowhere any more, at once, whatever the agencies file says."""
    path = f"/v1/cad/{in_path(source)}/revoke-key"
    ask(ctx, json, lambda door: door.post(path, reason=reason, token_hash=token_hash))


@cad.command("redeliver")
def cad_redeliver(
    ctx: typer.Context, message_id: Annotated[str, typer.Argument()], *, json: JsonOption = False
) -> None:
    """Send a message again, under the same id; `call show` lists the ids."""
    ask(ctx, json, lambda door: door.post(f"/v1/cad-messages/{in_path(message_id)}/redeliver"))
