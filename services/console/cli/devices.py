"""`careroute device`: phones and tablets that let somebody in without another link."""

from __future__ import annotations

from typing import Annotated

import typer

from services.console.cli.ask import JsonOption, RequiredReason, ask, group
from services.console.cli.client import in_path

device = group("Phones and tablets that are somebody's, or a team's.")


@device.command("list")
def device_list(ctx: typer.Context, *, json: JsonOption = False) -> None:
    """Phones and tablets that let somebody in; staff see their own."""
    ask(ctx, json, lambda door: door.get("/v1/devices"), "devices")


@device.command("enrol", epilog="Example: careroute device enrol sal --label 'blue phone'")
def device_enrol(
    ctx: typer.Context,
    person_id: Annotated[str | None, typer.Argument(help="Whose it will be; yours, if left out.")] = None,
    *,
    team: Annotated[str | None, typer.Option(help="A team's, for whoever is on shift: a shared tablet.")] = None,
    label: Annotated[str | None, typer.Option(help="What tells it from others, e.g. `blue phone`.")] = None,
    json: JsonOption = False,
) -> None:
    """A link and a QR code that enrol one phone or tablet, once, within a quarter of an hour."""
    about = {"person_id": person_id, "team_id": team, "label": label}
    ask(ctx, json, lambda door: door.post("/v1/devices/enrolment-link", **about), "enrolment-link")


@device.command("revoke", epilog="Example: careroute device revoke 9d638666cc2c9294e7cd8ad63835718c --reason lost")
def device_revoke(
    ctx: typer.Context,
    device_id: Annotated[str, typer.Argument(help="As `careroute device list` shows it.")],
    *,
    reason: RequiredReason,
    json: JsonOption = False,
) -> None:
    """Let nobody in with a lost or returned phone or tablet, at once."""
    ask(ctx, json, lambda door: door.post(f"/v1/devices/{in_path(device_id)}/revoke", reason=reason))
