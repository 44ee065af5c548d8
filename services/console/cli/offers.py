"""`careroute offer`: a team's answer, given for it."""

from __future__ import annotations

from typing import Annotated

import typer

from services.console.cli.ask import JsonOption, PersonOption, ask, group
from services.console.cli.client import in_path

offer = group("Answer an offer.")


@offer.command("accept")
def offer_accept(
    ctx: typer.Context,
    offer_id: Annotated[str, typer.Argument()],
    *,
    eta: Annotated[int | None, typer.Option(help="Minutes until you are there.")] = None,
    person_id: PersonOption = None,
    json: JsonOption = False,
) -> None:
    """Take the call."""
    path = f"/v1/offers/{in_path(offer_id)}/accept"
    ask(ctx, json, lambda door: door.post(path, person_id=person_id, eta_minutes=eta))


@offer.command("decline")
def offer_decline(
    ctx: typer.Context,
    offer_id: Annotated[str, typer.Argument()],
    *,
    person_id: PersonOption = None,
    json: JsonOption = False,
) -> None:
    """Leave the call to another team."""
    ask(ctx, json, lambda door: door.post(f"/v1/offers/{in_path(offer_id)}/decline", person_id=person_id))
