"""Where the command line prints."""

from __future__ import annotations

from rich.console import Console

PIPE_WIDTH = 160
"""Where there is no terminal to ask for its width."""
GOOD, BAD, QUIET = "green", "bold red", "dim"


def terminal(*, error: bool = False) -> Console:
    """For answers or for errors; as wide as the terminal is."""
    console = Console(stderr=error, highlight=False, markup=False)
    return console if console.is_terminal else Console(stderr=error, highlight=False, markup=False, width=PIPE_WIDTH)
