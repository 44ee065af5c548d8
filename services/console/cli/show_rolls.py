"""What the command line prints of roll calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.text import Text

from services.console.cli.terminal import BAD, GOOD, QUIET, local_time, terminal, whole_table
from services.console.view.unsent import unsent_words_of

COLOURS = {"answered": GOOD, "silent": BAD, "failed": BAD, "not-sent": BAD}
ORDER = ("silent", "failed", "not-sent", "waiting", "asked", "answered")


def rolls(body: Sequence[Mapping[str, Any]]) -> None:
    """Roll calls, newest first."""
    out = terminal()
    if not body:
        out.print("There was no roll call yet.")
        return
    table = whole_table("roll call", "at", "by", "asked", "answered", "")
    for roll in body:
        answered = sum(place["state"] == "answered" for place in roll["places"])
        state = "over" if roll["closed_at"] else f"until {local_time(roll['until'])}"
        table.add_row(
            roll["roll_id"], local_time(roll["at"]), roll["called_by"], str(len(roll["places"])), str(answered), state
        )
    out.print(table)


def roll_or_answer(body: Mapping[str, Any]) -> None:
    """One roll call, whoever did not answer first; or what was answered in its place."""
    out = terminal()
    if "places" not in body:
        out.print(Text(body.get("sentence") or body["state"]), soft_wrap=True)
        return
    table = whole_table("person", "way", "kind", "", "")
    places = sorted(body["places"], key=lambda place: (ORDER.index(place["state"]), place["person_id"]))
    for place in places:
        more = local_time(place["answered_at"]) if place["answered_at"] else unsent_words_of(place["why"])
        state = Text(place["state"].replace("-", " "), COLOURS.get(place["state"], QUIET))
        table.add_row(place["person_id"], place["method_id"], place["kind"], state, more)
    out.print(table)
    people = {place["person_id"] for place in places}
    reached = {place["person_id"] for place in places if place["state"] == "answered"}
    over = "It is over" if body["closed_at"] else f"It goes on until {local_time(body['until'])}"
    out.print(Text(f"{len(reached)} of {len(people)} people answered. {over}.", QUIET))
