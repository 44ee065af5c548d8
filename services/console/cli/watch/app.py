"""`careroute watch`: on another machine, alarms when whoever watches over careroute is silent itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from services.console.cli.watch.door import BeatsServer
    from services.console.cli.watch.ways import Ways

commands = typer.Typer()
USAGE = 2
MOST_SECONDS = 86_400
LOOK_SECONDS = 1.0
NAMES = ("prober",)


@commands.command("watch")
def watch(  # noqa: PLR0917  # typer's way to declare options
    expect: Annotated[
        list[str] | None, typer.Option(help="Who is to beat, at /beat/NAME; the prober if left out.")
    ] = None,
    within: Annotated[float, typer.Option(min=1, max=MOST_SECONDS, help="How many seconds each may be silent.")] = 120,
    run: Annotated[str, typer.Option(help="A command that alarms; it gets the sentence on its input.")] = "",
    post: Annotated[str, typer.Option(help="An address to which an alarm is posted.")] = "",
    host: Annotated[str, typer.Option(help="Where to listen for beats.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port.")] = 8095,
    *,
    drill: Annotated[bool, typer.Option("--drill", help="Raise one alarm, as a trial, and end.")] = False,
) -> None:
    """Alarm when the prober, Alertmanager or the auditor is silent. They share CAREROUTE_WATCH_SECRET with it."""
    from services.console.cli.watch.door import BeatsServer  # noqa: PLC0415  # what only one command needs
    from services.console.cli.watch.vigil import Vigil  # noqa: PLC0415  # as above
    from services.console.cli.watch.ways import Ways, is_postable, say  # noqa: PLC0415  # as above
    from services.console.config import WatchSettings  # noqa: PLC0415  # as above
    from shared.clock import SystemClock  # noqa: PLC0415  # as above

    if post and not is_postable(post):
        raise typer.BadParameter(f"{post!r} is no address of http or https", param_hint="--post")
    ways, now = Ways(run.strip(), post), SystemClock().monotonic
    if not ways:
        say("NOBODY WOULD BE TOLD: give --run COMMAND or --post URL, so that it can raise an alarm.")
        raise typer.Exit(USAGE)
    if drill:
        raise typer.Exit(0 if ways.raise_alarm("careroute: a drill. The way from the watcher to you works.") else 1)
    secret, vigil = WatchSettings.load().watch_secret.get_secret_value(), Vigil(tuple(expect or NAMES), within, now())
    try:
        server = BeatsServer((host, port), vigil, secret, now)
    except (OSError, TypeError, ValueError) as error:  # a host that is no name can be each of them
        say(f"{host} port {port}: {getattr(error, 'strerror', None) or 'nobody can listen there'}")
        raise typer.Exit(1) from None
    say(f"watching over {', '.join(vigil.names)}, each to be heard every {within:g} s")
    _keep_watch(server, ways)


def _keep_watch(server: BeatsServer, ways: Ways) -> None:
    """Watch until the process ends; nothing is watched where nothing listens."""
    import threading  # noqa: PLC0415  # as above

    listening = threading.Thread(target=server.serve_forever, name="beats", daemon=True)
    listening.start()
    while listening.is_alive():
        listening.join(LOOK_SECONDS)
        server.vigil.look(server.now(), ways.raise_alarm)
    raise typer.Exit(1)
