"""`careroute referral`: who is to get in touch, and what became of it."""

from __future__ import annotations

from typing import Annotated

import typer

from services.console.cli.ask import JsonOption, ReasonOption, ask, group
from services.console.cli.client import in_path

referral = group("Referrals and follow-ups: who is to get in touch, and by when.")


@referral.command("list")
def referral_list(
    ctx: typer.Context,
    *,
    everything: Annotated[bool, typer.Option("--all", help="Closed ones and notes too.")] = False,
    json: JsonOption = False,
) -> None:
    """Referrals and follow-ups, the one that is due first at the top."""
    query = {"open": None if everything else True}
    ask(ctx, json, lambda door: door.get("/v1/referrals", **query), "referrals")


@referral.command("close")
def referral_close(
    ctx: typer.Context,
    referral_id: Annotated[str, typer.Argument()],
    result: Annotated[str, typer.Argument(help="contacted, not-reached, refused or no-longer-needed")],
    *,
    reason: ReasonOption = None,
    json: JsonOption = False,
) -> None:
    """Say what became of one."""
    path = f"/v1/referrals/{in_path(referral_id)}/close"
    ask(ctx, json, lambda door: door.post(path, result=result, reason=reason))
