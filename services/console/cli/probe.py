"""`careroute probe`: makes what the prober knocks with, on this machine and sent nowhere."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from services.console.cli.ask import group

if TYPE_CHECKING:  # what only one command needs is imported there
    from shared.probes import Probes

USAGE = 2

probe = group("Test calls of careroute's own: what the prober and the agencies file need.")
IntoOption = Annotated[
    Path, typer.Option("--into", help="The prober's file; what is in it already stays. For the prober's eyes only.")
]
PartOption = Annotated[Path, typer.Option("--part", help="Where the part for the agencies file goes, to be appended.")]


@probe.command("agencies")
def probe_agencies(
    prober_url: Annotated[str, typer.Option(help="Where careroute reaches the prober; https, or this machine.")],
    partitions: Annotated[
        int, typer.Option(envvar="CAREROUTE_PARTITIONS", min=1, max=256, help="How many every topic has.")
    ] = 4,
    into: IntoOption = Path("probes.toml"),
    part: PartOption = Path("agencies.probe.toml"),
) -> None:
    """Make up agencies, one on every partition, with fresh keys. The prober puts their document in force by itself."""
    from shared import probes  # noqa: PLC0415  # what only one command needs is imported there
    from shared.engine.kafka import KafkaBroker  # noqa: PLC0415  # as above

    names = probes.names_on(partitions, KafkaBroker("", partitions).partition_of)
    fresh = {name: probes.fresh_agency(partition) for name, partition in names.items()}
    _add(probes.Probes(agencies=fresh), into, probes.agencies_text(fresh, prober_url.rstrip("/")), part)


@probe.command("beat")
def probe_beat(
    agency: Annotated[str, typer.Argument(help="A real agency, as the agencies file names it.")],
    source: Annotated[str, typer.Option(help="The name of its synthetic source.")] = "synthetic",
    into: IntoOption = Path("probes.toml"),
    part: PartOption = Path("agencies.beat.toml"),
) -> None:
    """Have every live district of an agency probed by calls that nobody is ever sent to."""
    import secrets  # noqa: PLC0415  # as above

    from pydantic import ValidationError  # noqa: PLC0415  # as above

    from shared import probes  # noqa: PLC0415  # as above
    from shared.validation import faults_in  # noqa: PLC0415  # as above

    try:
        beat = probes.Beat(source=source, key=secrets.token_urlsafe(32), token=secrets.token_urlsafe(32))
        more = probes.Probes(beats={agency: beat})
    except ValidationError as error:
        _refuse("; ".join(faults_in(error)))
    _add(more, into, probes.beat_text(agency, beat), part)


def _add(more: Probes, into: Path, text: str, part: Path) -> None:
    """Write both files; of what is there already nothing is lost, and a part that would be refused is not written."""
    from shared.agencies import AgenciesRefused, check  # noqa: PLC0415  # as above
    from shared.private_file import write_private  # noqa: PLC0415  # as above
    from shared.probes import Probes, ProbesRefused, probes_text, read_probes  # noqa: PLC0415  # as above

    try:
        before = read_probes(into) if into.exists() else Probes()
        check(part.name, text)
    except (ProbesRefused, AgenciesRefused) as refused:
        _refuse(str(refused))
    there = [str(part)] if part.exists() else []
    there += [
        f"{name} in {into}" for name in (*more.agencies, *more.beats) if name in {**before.agencies, **before.beats}
    ]
    if there:
        _refuse(f"There already: {', '.join(there)}. Nothing was written.")
    whole = Probes(agencies={**before.agencies, **more.agencies}, beats={**before.beats, **more.beats})
    try:
        write_private(part, text)
        write_private(into, probes_text(whole))
    except OSError as error:
        with suppress(OSError):
            part.unlink()  # it would fit nothing
        _refuse(f"{error.filename or into} cannot be written: {error.strerror}. Give another path, or room.")
    typer.echo(f"Append {part} to the agencies file; give {into} to the prober as CAREROUTE_PROBES_FILE.")


def _refuse(why: str) -> NoReturn:
    typer.echo(why, err=True)
    raise typer.Exit(USAGE)
