"""`careroute audit`: whether the audit log is whole, heads to keep elsewhere, and who saw and did what.

`verify` and `heads` read Kafka themselves: they are for whoever runs it, and need its settings and the audit keys.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
import uvloop

from services.console.cli.ask import JsonOption, ask, group, show
from services.console.cli.client import NOT_REACHABLE, REFUSED, USAGE

if TYPE_CHECKING:  # what only these commands need is imported in them
    from shared.audit_log.examine import AnchoredHead
    from shared.audit_log.reading import Examined

audit = group("The audit log: who saw, opened, changed and erased what.")
MOST_BREAKS = 50
HeadsOption = Annotated[
    Path | None,
    typer.Option("--heads", exists=True, dir_okay=False, help="Heads that `careroute audit heads` printed."),
]


@audit.command("verify")
def audit_verify(*, heads: HeadsOption = None, json: JsonOption = False) -> None:
    """Read the whole log from Kafka, and look for records that were changed, dropped, inserted or put elsewhere.

    Needs CAREROUTE_KAFKA and CAREROUTE_AUDIT_KEYS. Exit codes: 1 it is not as it was written, 4 Kafka is away.
    """
    anchors = _anchors_in(heads)
    examined = _examined(anchors)
    examination, breaks = examined.examination, examined.breaks
    body: dict[str, Any] = {
        "whole": not breaks,
        "records": examination.records,
        "chains": examination.chains,
        "commands": examined.commands,
        "heads": None if heads is None else {"kept": len(anchors), "met": examination.heads_met},
        "breaks": [
            {"position": found.position, "kind": found.kind, "sentence": found.sentence}
            for found in breaks[:MOST_BREAKS]
        ],
        "more_breaks": max(0, len(breaks) - MOST_BREAKS),
    }
    show(body, "audit-verified", as_json=json)
    raise typer.Exit(REFUSED if breaks else 0)


@audit.command("heads")
def audit_heads() -> None:
    """Print the heads of the log as JSON: keep them where nobody who may write to Kafka can change them.

    `careroute audit verify --heads` then finds whatever is cut off or replaced before them. A log that is not whole has
    no heads: exit code 1.
    """
    from shared.audit_log.examine import Anchor  # noqa: PLC0415  # what only one command needs is imported there
    from shared.clock import SystemClock  # noqa: PLC0415  # as above

    examined = _examined(())
    if examined.breaks:
        typer.echo("The log is not whole: see `careroute audit verify`.", err=True)
        raise typer.Exit(REFUSED)
    anchor = Anchor(made_at=SystemClock().now(), heads=tuple(examined.examination.tips()))
    typer.echo(anchor.model_dump_json(indent=1))


def _anchors_in(file: Path | None) -> tuple[AnchoredHead, ...]:
    from pydantic import ValidationError  # noqa: PLC0415  # as above

    from shared.audit_log.examine import Anchor  # noqa: PLC0415  # as above

    if file is None:
        return ()
    try:
        return Anchor.model_validate_json(file.read_bytes()).heads
    except (OSError, ValidationError):
        typer.echo(f"{file} is not what `careroute audit heads` prints.", err=True)
        raise typer.Exit(USAGE) from None


def _examined(anchors: tuple[AnchoredHead, ...]) -> Examined:
    """Examine the log, and leave where Kafka is away."""
    from services.console.config import ExaminerSettings  # noqa: PLC0415  # as above
    from shared.audit_log.chain import ChainKeys  # noqa: PLC0415  # as above
    from shared.audit_log.reading import examine_log  # noqa: PLC0415  # as above
    from shared.clock import SystemClock  # noqa: PLC0415  # as above
    from shared.engine.broker import BrokerUnavailable  # noqa: PLC0415  # as above
    from shared.engine.kafka import KafkaBroker  # noqa: PLC0415  # as above

    settings = ExaminerSettings.load()

    async def examine() -> Examined:
        broker = KafkaBroker(settings.connection, settings.partitions)
        keys = ChainKeys(settings.audit_keys.get_secret_value())
        try:
            return await examine_log(broker, keys, SystemClock().now(), anchors, _progress)
        finally:
            await broker.close()

    try:
        return uvloop.run(examine())
    except BrokerUnavailable as error:
        typer.echo(f"Kafka cannot be read: {error}", err=True)
        raise typer.Exit(NOT_REACHABLE) from None


def _progress(records: int) -> None:
    if sys.stderr.isatty():
        typer.echo(f"\r{records:,} records", nl=False, err=True)


@audit.command("show")
def audit_show(
    ctx: typer.Context,
    *,
    call: Annotated[str | None, typer.Option(help="About this call: agency/source/incident.")] = None,
    person: Annotated[str | None, typer.Option(help="About this person.")] = None,
    by: Annotated[str | None, typer.Option(help="What this person, device or service did and saw.")] = None,
    since: Annotated[str | None, typer.Option("--from", help="As 2026-03-01T08:00-06:00; else a day ago.")] = None,
    until: Annotated[str | None, typer.Option("--to", help="Else now.")] = None,
    strangers: Annotated[bool, typer.Option("--strangers", help="Instead: who was not let in, at any agency.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 200,
    json: JsonOption = False,
) -> None:
    """Who saw, opened, changed and erased what, the newest first; of your agency alone."""
    about = {"call_id": call, "person_id": person, "by": by, "strangers": strangers or None}
    query = {**about, "from": since, "until": until, "limit": limit}
    ask(ctx, json, lambda door: door.get("/v1/audit-log", **query), "audit-log")
