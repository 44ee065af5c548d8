"""`careroute pause`, `phase`, `cap` …: the switchboard, and what became of a command."""

from __future__ import annotations

from typing import Annotated

import typer

from services.console.cli.ask import DistrictArgument, JsonOption, ReasonOption, RequiredReason, ResponseOption, ask
from services.console.cli.client import Door, Reply, in_path
from shared.switch import Switch

commands = typer.Typer()


@commands.command()
def pause(
    ctx: typer.Context,
    district: DistrictArgument,
    *,
    response: ResponseOption = None,
    reason: ReasonOption = None,
    json: JsonOption = False,
) -> None:
    """The stop switch: nothing of ours leaves in this district any more. One person, at once."""
    body = {"district": district, "response": response, "reason": reason}
    ask(ctx, json, lambda door: door.post("/v1/switchboard/pause", **body))


@commands.command()
def resume(
    ctx: typer.Context,
    district: DistrictArgument,
    *,
    response: ResponseOption = None,
    reason: ReasonOption = None,
    json: JsonOption = False,
) -> None:
    """End a pause: the one of this district and this response."""
    body = {"district": district, "response": response, "reason": reason}
    ask(ctx, json, lambda door: door.post("/v1/switchboard/resume", **body))


@commands.command()
def review(
    ctx: typer.Context,
    revision: Annotated[int, typer.Argument(help="The switchboard revision that the pause made.")],
    *,
    reason: RequiredReason,
    json: JsonOption = False,
) -> None:
    """Say what was found of a pause that another person ordered."""
    ask(ctx, json, lambda door: door.post("/v1/switchboard/review", revision=revision, reason=reason))


@commands.command()
def phase(
    ctx: typer.Context,
    response: Annotated[str, typer.Argument(help="A response of the programme.")],
    district: DistrictArgument,
    phase: Annotated[str, typer.Argument(help="off, shadow, advisory or live")],
    *,
    reason: ReasonOption = None,
    json: JsonOption = False,
) -> None:
    """Set how far a response is switched on in a district."""

    def change(door: Door) -> Reply:
        revision = door.get("/v1/switchboard").body["revision"]
        body = {"response": response, "district": district, "phase": phase, "reason": reason, "based_on": revision}
        return door.post("/v1/switchboard/phase", **body)

    ask(ctx, json, change)


@commands.command()
def cap(
    ctx: typer.Context,
    response: Annotated[str, typer.Argument(help="A response of the programme.")],
    district: DistrictArgument,
    *,
    at_once: Annotated[int | None, typer.Option("--open", min=1, help="At most this many calls at once.")] = None,
    per_day: Annotated[int | None, typer.Option(min=1, help="At most this many calls a day.")] = None,
    lift: Annotated[bool, typer.Option("--lift", help="Take both bounds away.")] = False,
    reason: ReasonOption = None,
    json: JsonOption = False,
) -> None:
    """Bound how many calls a response takes in a district, or in `all` together; a bound not named stays."""
    if lift == (at_once is not None or per_day is not None):
        raise typer.BadParameter("name a bound, --open or --per-day, or --lift")

    def change(door: Door) -> Reply:
        board = door.get("/v1/switchboard").body
        present = {} if lift else board["caps"].get(Switch(district, response).key, {})
        bounds = {
            "at_most_open": at_once or present.get("at_most_open"),
            "at_most_per_day": per_day or present.get("at_most_per_day"),
        }
        body = {"response": response, "district": district, **bounds, "reason": reason, "based_on": board["revision"]}
        return door.post("/v1/switchboard/cap", **body)

    ask(ctx, json, change)


@commands.command()
def switchboard(ctx: typer.Context, *, json: JsonOption = False) -> None:
    """What is switched on, what is paused, and who changed it lately."""
    ask(ctx, json, lambda door: door.get("/v1/switchboard"), "switchboard")


@commands.command()
def command(ctx: typer.Context, command_id: Annotated[str, typer.Argument()], *, json: JsonOption = False) -> None:
    """What became of a command that was not answered in time."""
    ask(ctx, json, lambda door: door.get(f"/v1/commands/{in_path(command_id)}"), "answer")
