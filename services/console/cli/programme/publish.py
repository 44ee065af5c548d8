"""`careroute programme propose`, `approve`, `reject`, `rollback`, `show`: a document put in force by two people."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from services.console.cli.ask import JsonOption, ReasonOption, RequiredReason, ask
from services.console.cli.client import USAGE, Door, NotDone, Reply

commands = typer.Typer()


@commands.command("propose")
def programme_propose(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="The document, TOML.")],
    *,
    reason: ReasonOption = None,
    json: JsonOption = False,
) -> None:
    """Put a document forward; another person approves it by the hash that this prints."""

    def propose(door: Door) -> Reply:
        try:
            document = file.read_text("utf-8-sig")
        except UnicodeDecodeError:
            raise NotDone(USAGE, {"detail": f"{file} is not UTF-8 text."}, "Save it as UTF-8.") from None
        return door.post("/v1/programme/propose", document=document, reason=reason)

    ask(ctx, json, propose)


@commands.command("approve")
def programme_approve(
    ctx: typer.Context,
    document_hash: Annotated[str, typer.Argument(metavar="HASH")],
    *,
    instead_of: Annotated[
        str | None,
        typer.Option(metavar="HASH", help="The one that you compared it with: refused if another is in its place."),
    ] = None,
    reason: ReasonOption = None,
    json: JsonOption = False,
) -> None:
    """Approve a proposed document; it takes effect at the instant that it names."""
    said = {"document_hash": document_hash, "instead_of": instead_of, "reason": reason}
    ask(ctx, json, lambda door: door.post("/v1/programme/approve", **said))


@commands.command("reject")
def programme_reject(
    ctx: typer.Context,
    document_hash: Annotated[str, typer.Argument(metavar="HASH")],
    *,
    reason: RequiredReason,
    json: JsonOption = False,
) -> None:
    """Turn a proposed document down, or take it back, an approved one too before its time. The one in force stays."""
    ask(ctx, json, lambda door: door.post("/v1/programme/reject", document_hash=document_hash, reason=reason))


@commands.command("rollback")
def programme_rollback(
    ctx: typer.Context,
    to_hash: Annotated[
        str | None, typer.Argument(metavar="HASH", help="Else the document before the one in force.")
    ] = None,
    *,
    reason: RequiredReason,
    json: JsonOption = False,
) -> None:
    """Put a document in force again that two people had approved. One person, at once."""

    def roll_back(door: Door) -> Reply:
        documents = door.get("/v1/programme").body
        in_force = next((seen["document_hash"] for seen in documents if seen["state"] == "active"), None)
        return door.post("/v1/programme/rollback", to_hash=to_hash, in_force=in_force, reason=reason)

    ask(ctx, json, roll_back)


@commands.command("show")
def programme_show(
    ctx: typer.Context,
    *,
    document: Annotated[bool, typer.Option("--document", help="Print the active document itself.")] = False,
    json: JsonOption = False,
) -> None:
    """Versions of the programme: proposed, adopted, active."""
    ask(ctx, json, lambda door: door.get("/v1/programme"), "document" if document else "documents")
