"""What the command line prints of roll calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.table import Table
from rich.text import Text

from services.console.cli.terminal import BAD, GOOD, QUIET, terminal
from services.console.view.unsent import unsent_words_of

COLOURS = {"answered": GOOD, "silent": BAD, "failed": BAD, "not-sent": BAD}
ORDER = ("silent", "failed", "not-sent", "waiting", "asked", "answered")


def rolls(body: Sequence[Mapping[str, Any]]) -> None:
    """Roll calls, newest first."""
    out = terminal()
    if not body:
        out.print("There was no roll call yet.")
        return
    table = Table("roll call", "at", "by", "asked", "answered", "", box=None, header_style="bold", pad_edge=False)
    for roll in body:
        answered = sum(place["state"] == "answered" for place in roll["places"])
        state = "over" if roll["closed_at"] else f"until {_at(roll['until'])}"
        table.add_row(
            roll["roll_id"], _at(roll["at"]), roll["called_by"], str(len(roll["places"])), str(answered), state
        )
    out.print(table)


def roll_or_answer(body: Mapping[str, Any]) -> None:
    """One roll call, whoever did not answer first; or what was answered in its place."""
    out = terminal()
    if "places" not in body:
        out.print(Text(body.get("sentence") or body["state"]), soft_wrap=True)
        return
    table = Table("person", "way", "kind", "", "", box=None, header_style="bold", pad_edge=False)
    places = sorted(body["places"], key=lambda place: (ORDER.index(place["state"]), place["person_id"]))
    for place in places:
        more = _at(place["answered_at"]) if place["answered_at"] else unsent_words_of(place["why"])
        state = Text(place["state"].replace("-", " "), COLOURS.get(place["state"], QUIET))
        table.add_row(place["person_id"], place["method_id"], place["kind"], state, more)
    out.print(table)
    people = {place["person_id"] for place in places}
    reached = {place["person_id"] for place in places if place["state"] == "answered"}
    over = "It is over" if body["closed_at"] else f"It goes on until {_at(body['until'])}"
    out.print(Text(f"{len(reached)} of {len(people)} people answered. {over}.", QUIET))


def _at(instant: str) -> str:
    return f"{datetime.fromisoformat(instant).astimezone():%Y-%m-%d %H:%M:%S}"
