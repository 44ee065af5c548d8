"""`careroute roll-call`: who can be reached, over which way."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from services.console.cli.ask import JsonOption, ReasonOption, ask
from services.console.cli.client import DONE, Door, Reply, in_path

commands = typer.Typer()

LOOK_SECONDS = 2.0


@commands.command("roll-call", epilog="Example: careroute roll-call --person sal --minutes 10")
def roll_call(
    ctx: typer.Context,
    *,
    person: Annotated[
        list[str] | None, typer.Option(help="Whom to ask, over every way; everybody, if left out. Repeat for more.")
    ] = None,
    minutes: Annotated[int, typer.Option(min=1, max=24 * 60, help="For how long an answer counts.")] = 60,
    every_way: Annotated[bool, typer.Option(help="Also over ways that were proved within 30 days.")] = False,
    wait: Annotated[bool, typer.Option(help="Show how it comes on until it is over; ctrl-c leaves it running.")] = True,
    reason: ReasonOption = None,
    json: JsonOption = False,
) -> None:
    """Page people to see who answers: a table of who did, over which way, and who was silent."""
    about = {"person_ids": person, "minutes": minutes, "every_method": every_way or None, "reason": reason}

    def called(door: Door) -> Reply:
        answered = door.post("/v1/rolls", **about)
        roll_id = answered.body.get("about", "")
        if answered.exit_code != DONE or answered.body.get("result") != "done" or not wait:
            return answered
        return followed(door, roll_id, quiet=json)

    ask(ctx, json, called, "roll-or-answer")


@commands.command("roll-calls", epilog="Example: careroute roll-calls 9d638666cc2c9294e7cd8ad63835718c")
def roll_calls(
    ctx: typer.Context,
    roll_id: Annotated[str | None, typer.Argument(help="One of them, with everybody who was asked.")] = None,
    *,
    json: JsonOption = False,
) -> None:
    """The last roll calls, or one of them."""
    if roll_id is None:
        ask(ctx, json, lambda door: door.get("/v1/rolls"), "rolls")
    else:
        ask(ctx, json, lambda door: door.get(f"/v1/rolls/{in_path(roll_id)}"), "roll-or-answer")


def followed(door: Door, roll_id: str, *, quiet: bool) -> Reply:
    """A roll call once it is over, or as it stands when somebody has seen enough; how it comes on is printed."""
    reply, last = door.get(f"/v1/rolls/{in_path(roll_id)}"), ""
    try:
        while reply.body["closed_at"] is None:
            places = reply.body["places"]
            answered = sum(place["state"] == "answered" for place in places)
            line = f"{answered} of {len(places)} answered, until {reply.body['until'][11:16]} UTC"
            if line != last and not quiet:
                typer.echo(line, err=True)
            last = line
            time.sleep(LOOK_SECONDS)
            reply = door.get(f"/v1/rolls/{in_path(roll_id)}")
    except KeyboardInterrupt:
        typer.echo("It goes on; `careroute roll-calls` shows it.", err=True)
    return reply
