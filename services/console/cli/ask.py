"""What the commands share: their options, and how each asks the door and shows the answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import typer

from services.console.cli.client import Door, NotDone, Reply, connect

SEVERAL_LINES = frozenset({"document"})
"""What is printed in lines of its own."""
JsonOption = Annotated[bool, typer.Option("--json", help="The API's answer as JSON.")]
ReasonOption = Annotated[str | None, typer.Option("--reason", "-r", help="Why; kept for good: name nobody.")]
RequiredReason = Annotated[str, typer.Option("--reason", "-r", help="Why; kept for good: name nobody.")]
HashOption = Annotated[
    str | None, typer.Option("--hash", help="Its hash in the agencies file, or how that begins: sha256:…")
]
ResponseOption = Annotated[str | None, typer.Option("--response", help="Only this response of the programme.")]
PersonOption = Annotated[str | None, typer.Option("--as", help="Who answers; you, if left out.")]
DistrictArgument = Annotated[str, typer.Argument(help="A district of the programme, or `all`.")]
CallArgument = Annotated[str, typer.Argument(help="agency/source/incident")]


def group(help_text: str) -> typer.Typer:
    """Commands under one word."""
    return typer.Typer(help=help_text, no_args_is_help=True)


def ask(ctx: typer.Context, as_json: bool, question: Callable[[Door], Reply], shape: str = "answer") -> None:  # noqa: FBT001  # typer's
    """Ask the door, show the answer in its shape, and leave with the exit code that it means."""
    try:
        reply = question(ctx.obj or connect())
    except NotDone as failed:
        show({**failed.body, "next": failed.next_step}, "not-done", as_json=as_json)
        raise typer.Exit(failed.exit_code) from None
    show(reply.body, shape, as_json=as_json)
    raise typer.Exit(reply.exit_code)


def print_text(ctx: typer.Context, question: Callable[[Door], str]) -> None:
    """Ask the door for a text and print it as it is, or leave as `ask` does."""
    try:
        typer.echo(question(ctx.obj or connect()), nl=False)
    except NotDone as failed:
        show({**failed.body, "next": failed.next_step}, "not-done", as_json=False)
        raise typer.Exit(failed.exit_code) from None


def show(body: Any, shape: str, *, as_json: bool) -> None:
    """Print an answer for people, in one of the shapes of `show.py`, or as JSON."""
    if as_json:
        from json import dumps  # noqa: PLC0415  # what only an answer needs is imported with it: `--help` does without

        typer.echo(dumps(body, indent=2))
        return
    from services.console.cli.show import SHAPES  # noqa: PLC0415  # as above
    from shared.plain import visible_parts  # noqa: PLC0415  # as above

    SHAPES[shape](visible_parts(body, lines_in=SEVERAL_LINES))
