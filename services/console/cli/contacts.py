"""`careroute person contact`, `erase`, `import`: how people are reached, and what is known of them taken away."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from services.console.cli.ask import JsonOption, ReasonOption, RequiredReason, ask, group
from services.console.cli.client import Door, Reply, in_path

contact = group("How a person is reached. Their address is sealed, and told to nobody again.")
person = typer.Typer()

VOICE_AFTER_SECONDS = 10
Who = Annotated[str, typer.Argument(metavar="PERSON", help="Their id.")]
Way = Annotated[str, typer.Argument(metavar="WAY", help="A word for it, e.g. mobile, home.")]


@contact.command("list", epilog="Example: careroute person contact list sal")
def contact_list(ctx: typer.Context, person_id: Who, *, json: JsonOption = False) -> None:
    """The ways to a person, and whether they work."""
    ask(ctx, json, lambda door: door.get(f"/v1/people/{in_path(person_id)}/contacts"), "contacts")


@contact.command("set", epilog="Example: careroute person contact set sal mobile --kind sms")
def contact_set(
    ctx: typer.Context,
    person_id: Who,
    method_id: Way,
    address: Annotated[
        str | None,
        typer.Argument(help="A number, mail address or URL; asked for if left out, so that no history has it."),
    ] = None,
    *,
    kind: Annotated[
        Literal["sms", "voice", "email", "webhook", "pocket"],
        typer.Option(help="pocket, the page, has no address; push begins on the phone itself: `device enrol`."),
    ],
    after: Annotated[int, typer.Option(min=0, max=600, help="How many seconds after an offer its turn comes.")] = 0,
    reason: ReasonOption = None,
    json: JsonOption = False,
) -> None:
    """Have a person be reached so, from now on; it replaces what went by this word."""
    if address is None and kind != "pocket":
        address = typer.prompt("Address")

    def sent(door: Door) -> Reply:
        path = _path(person_id, method_id)
        return door.post(path, kind=kind, address=address, after_seconds=after, reason=reason)

    ask(ctx, json, sent)


@contact.command("remove", epilog="Example: careroute person contact remove sal mobile")
def contact_remove(
    ctx: typer.Context, person_id: Who, method_id: Way, *, reason: ReasonOption = None, json: JsonOption = False
) -> None:
    """Take a way to a person away, and erase its address."""
    ask(ctx, json, lambda door: door.post(f"{_path(person_id, method_id)}/remove", reason=reason))


@person.command("erase", epilog="Example: careroute person erase sal --reason 'has left and asked for it'")
def person_erase(ctx: typer.Context, person_id: Who, *, reason: RequiredReason, json: JsonOption = False) -> None:
    """Take a person off the books, and erase their name and every address of theirs. Not while they are on shift."""
    ask(ctx, json, lambda door: door.post(f"/v1/people/{in_path(person_id)}/erase", reason=reason))


@person.command("import", epilog="Example: careroute person import people.csv --apply")
def person_import(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV; `--help` says its columns.")],
    *,
    apply: Annotated[bool, typer.Option("--apply", help="Do it; without this it is only looked at.")] = False,
    voice_after: Annotated[int, typer.Option(min=0, max=600, help="Seconds after an offer, of calls.")] = (
        VOICE_AFTER_SECONDS
    ),
    json: JsonOption = False,
) -> None:
    """Add people and how they are reached from a CSV file, once every row of it is right.

    Columns: person_id, disciplines; and where you have them name, languages, sms, voice, email, webhook.

    Several disciplines or languages stand in one field with blanks between them.

    Nothing is done while a row is wrong, and nothing without --apply.
    """
    from services.console.cli import people_import  # noqa: PLC0415  # what only an import needs is imported with it

    people_import.run(ctx.obj, file, apply=apply, voice_after_seconds=voice_after, as_json=json)


def _path(person_id: str, method_id: str) -> str:
    return f"/v1/people/{in_path(person_id)}/contacts/{in_path(method_id)}"
