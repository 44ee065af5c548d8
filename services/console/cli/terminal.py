"""Where the command line prints."""

from __future__ import annotations

from datetime import datetime

from rich.console import Console
from rich.table import Table

PIPE_WIDTH = 160
"""Where there is no terminal to ask for its width."""
GOOD, BAD, QUIET = "green", "bold red", "dim"


def local_time(instant: str, *, seconds: bool = True) -> str:
    """An instant on the reader's own clock, with its zone: not everybody's machine stands in their city's."""
    return f"{datetime.fromisoformat(instant).astimezone():%Y-%m-%d %H:%M{':%S' if seconds else ''} %Z}"


def whole_table(*head: str) -> Table:
    """A table that breaks what is too long for a narrow terminal, and shortens nothing: an id is of use whole."""
    table = Table(*head, box=None, header_style="bold", pad_edge=False)
    for column in table.columns:
        column.overflow = "fold"
    return table


def terminal(*, error: bool = False) -> Console:
    """For answers or for errors; as wide as the terminal is."""
    console = Console(stderr=error, highlight=False, markup=False)
    return console if console.is_terminal else Console(stderr=error, highlight=False, markup=False, width=PIPE_WIDTH)
