"""`careroute override`, `confirm`, `hold`, `trace`, `call`: what was decided and why; deciding it yourself; erasing."""

from __future__ import annotations

from typing import Annotated

import typer

from services.console.cli.ask import CallArgument, JsonOption, ReasonOption, RequiredReason, ask, group
from services.console.cli.client import call_path

commands = typer.Typer()
call = group("Calls: what was decided, and why.")


@commands.command()
def override(
    ctx: typer.Context,
    call_id: CallArgument,
    send: Annotated[str, typer.Argument(help="`default`, or a response.")],
    *,
    reason: RequiredReason,
    json: JsonOption = False,
) -> None:
    """Decide a call yourself."""
    ask(ctx, json, lambda door: door.post(f"{call_path(call_id)}/override", send=send, reason=reason))


@commands.command()
def confirm(
    ctx: typer.Context, call_id: CallArgument, *, reason: ReasonOption = None, json: JsonOption = False
) -> None:
    """In an advisory district: confirm what is proposed for a call."""
    ask(ctx, json, lambda door: door.post(f"{call_path(call_id)}/confirm", reason=reason))


@commands.command(epilog="Example: careroute hold demo-city/cad/D000002 --reason 'the team is ten minutes away'")
def hold(ctx: typer.Context, call_id: CallArgument, *, reason: ReasonOption = None, json: JsonOption = False) -> None:
    """Where careroute asks for it: let a call wait for a team, though its CAD has not acknowledged that."""
    ask(ctx, json, lambda door: door.post(f"{call_path(call_id)}/hold", reason=reason))


@commands.command()
def trace(ctx: typer.Context, call_id: CallArgument, *, json: JsonOption = False) -> None:
    """What brought what about in a call, and how long that took, from its records' causes."""
    ask(ctx, json, lambda door: door.get(f"{call_path(call_id)}/trace"), "trace")


@call.command("incident")
def call_incident(
    ctx: typer.Context,
    call_id: CallArgument,
    *,
    another: Annotated[bool, typer.Option("--another/--same", help="Another than the team has, or the same.")],
    reason: ReasonOption = None,
    json: JsonOption = False,
) -> None:
    """Say whether a call that a team has, and that began at another time, is another incident by now."""
    ask(ctx, json, lambda door: door.post(f"{call_path(call_id)}/incident", another=another, reason=reason))


@call.command("erase")
def call_erase(ctx: typer.Context, call_id: CallArgument, *, reason: RequiredReason, json: JsonOption = False) -> None:
    """Erase address, number, name and narrative of a call for good. Not while it is open. Name nobody in the reason.

    A version that its CAD sends after that has them again: erase it once more, as often as anything has come.
    """
    ask(ctx, json, lambda door: door.post(f"{call_path(call_id)}/erase", reason=reason))


@call.command("show")
def call_show(ctx: typer.Context, call_id: CallArgument, *, json: JsonOption = False) -> None:
    """A call: state, history, and every gate with its sentence."""
    ask(ctx, json, lambda door: door.get(call_path(call_id)), "call")


@call.command("list")
def call_list(
    ctx: typer.Context,
    *,
    district: Annotated[str | None, typer.Option(help="Only this district.")] = None,
    open_only: Annotated[bool, typer.Option("--open", help="Only calls without outcome, or with a team.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 100,
    json: JsonOption = False,
) -> None:
    """Calls, the one heard of last first."""
    query = {"district": district, "open": True if open_only else None, "limit": limit}
    ask(ctx, json, lambda door: door.get("/v1/calls", **query), "calls")
