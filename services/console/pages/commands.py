"""What can be typed into the command line of every page, and the keys that work in a row: one list each.

The cheat sheet and the completions are made of these lists, so that neither can tell of what is not there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from services.console.api.access import Right
from services.console.pages import frame
from services.console.pages.page import ConsolePage, Visit

KEYS: Mapping[str, str] = MappingProxyType(
    {
        "c": "confirm what is proposed for the call",
        "w": "let the call wait for a team",
        "d": "send the default response to the call",
        "a": "it is another incident",
        "s": "it is the same incident",
        "g": "let the waiting team go in",
        "t": "tell the CAD again",
        "l": "you look after the alert",
        "o": "sign the team off",
        "j": "to the row below",
        "k": "to the row above",
    }
)
"""Keys that work while the focus is in a row, and what the button of each does there."""


class LineCommand(NamedTuple):
    """A command of the line."""

    name: str
    argument: str
    about: str
    does: Literal["go", "post", "stop", "row", "own"]
    """Open an address; post a form, `stop` after Enter was pressed twice; press a row's key; or act on the page."""
    target: str
    field: str = ""
    choices: tuple[str, ...] = ()
    right: Right = "read-calls"


ON_EVERY_PAGE: Sequence[LineCommand] = (
    LineCommand("call", "number", "Open a call.", "go", "/calls?go=yes&q=", field="q"),
    LineCommand("find", "words", "Find calls by number or team.", "go", "/calls?q=", field="q"),
    LineCommand("confirm", "number", "Confirm what is proposed for a call on this page.", "row", "c", right="confirm"),
    LineCommand("hold", "number", "Let a call on this page wait for a team.", "row", "w", right="confirm"),
    LineCommand("default", "number", "Send the default to a call on this page.", "row", "d", right="override"),
    LineCommand("help", "", "Show this sheet; so does ?.", "own", "help"),
    LineCommand("keys", "", "Turn all keys on or off, / and ? too.", "own", "keys"),
)


def commands_for(visit: Visit, pages: Sequence[ConsolePage]) -> list[LineCommand]:
    """What somebody may type."""
    switch: dict[str, Any] = {"field": "district", "choices": frame.districts(visit)}
    stop, resume = "Stop a district, or all. Press Enter twice.", "End a stop."
    listed = (
        LineCommand("stop", "district", stop, "stop", "/switchboard/pause", right="pause", **switch),
        LineCommand("resume", "district", resume, "post", "/switchboard/resume", right="resume", **switch),
        *ON_EVERY_PAGE,
        *(LineCommand(page.title.casefold(), "", f"Open the page {page.title}.", "go", page.path) for page in pages),
    )
    return [command for command in listed if visit.may(command.right)]
