"""`careroute offer`: a team's answer, given for it."""

from __future__ import annotations

from typing import Annotated

import typer

from services.console.cli.ask import CallArgument, JsonOption, PersonOption, ask, group
from services.console.cli.client import call_path, in_path

offer = group("Answer an offer.")


@offer.command("accept", epilog="Example: careroute offer accept 9d638666cc2c9294e7cd8ad63835718c --eta 12")
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


@offer.command("decline", epilog="Example: careroute offer decline 9d638666cc2c9294e7cd8ad63835718c")
def offer_decline(
    ctx: typer.Context,
    offer_id: Annotated[str, typer.Argument()],
    *,
    person_id: PersonOption = None,
    json: JsonOption = False,
) -> None:
    """Leave the call to another team."""
    ask(ctx, json, lambda door: door.post(f"/v1/offers/{in_path(offer_id)}/decline", person_id=person_id))


@offer.command("late", epilog="Example: careroute offer late demo-city/cad/D000002 --team harbor-1")
def offer_late(
    ctx: typer.Context,
    call_id: CallArgument,
    *,
    team: Annotated[str, typer.Option(help="The team that would take it.")],
    person_id: PersonOption = None,
    json: JsonOption = False,
) -> None:
    """Ask to take a call that no team took in time: a dispatcher confirms it, or nothing comes of it."""
    ask(ctx, json, lambda door: door.post(f"{call_path(call_id)}/late", team_id=team, person_id=person_id))
