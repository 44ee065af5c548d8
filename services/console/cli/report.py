"""`careroute report`: what is done with the store of reporting, on the machine that has it."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

report = typer.Typer(help="The store of reporting, on its own machine.", no_args_is_help=True)
REBUILD = "services.reporting.rebuild"


@report.callback()
def _commands() -> None:
    """Keep `rebuild` a command of its own, though it is the only one."""


@report.command()
def rebuild(
    *,
    swap: Annotated[bool, typer.Option("--swap", help="only put the new store that is there in place")] = False,
) -> None:
    """Make the store anew out of the journals, compare it with the old one, and put it in its place.

    Needs the settings of reporting. Exit codes: 1 they do not agree, or one cannot be read, 3 another process
    has the store, 4 Kafka is away, 5 there is no new store to put in place.
    """
    arguments = [sys.executable, "-m", REBUILD, *(["--swap"] if swap else [])]
    os.execv(sys.executable, arguments)  # noqa: S606  # no service imports another; this is its own program
