"""What the command line prints of the rota, each shift on the clocks of its own zone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rich.text import Text

from services.console.cli.terminal import BAD, GOOD, QUIET, local_time, terminal, whole_table
from services.console.view.rota_records import days_on
from shared.rota import clock_in

SHORT_ID = 8


def rota(body: Sequence[dict[str, Any]]) -> None:
    """Shifts in their order, and under each what it lacks."""
    out = terminal()
    if not body:
        out.print("Nothing is planned.")
        return
    table = whole_table("shift", "when", "team", "", "who", "lacks")
    for shift in body:
        table.add_row(
            Text(shift["shift_id"][:SHORT_ID], QUIET),
            _when(shift, shift["zone"]),
            shift["team_id"],
            Text("now", GOOD) if shift["begun"] else Text(shift["duty"]),
            Text(f"dropped by {shift['dropped']}", QUIET) if shift["dropped"] else _who(shift),
            Text("\n".join(_lack(gap, shift) for gap in shift["gaps"]), BAD),
        )
    out.print(table)
    lacking = sum(bool(shift["gaps"]) for shift in body)
    out.print(Text(f"shifts: {len(body)}, which lack something: {lacking}", QUIET))


def rotations(body: Sequence[dict[str, Any]]) -> None:
    """Rotations, one a line."""
    out = terminal()
    for each in body:
        crews = "; ".join(", ".join(crew) or "nobody" for crew in each["crews"])
        days = "every day" if len(each["days"]) == 7 else ", ".join(each["days"])  # noqa: PLR2004  # of the week
        hours = f"{each['starts']} to {each['ends']}{days_on(each['lasts_days'])}"
        out.print(
            Text(each["rotation_id"], "bold"),
            Text(f"{each['team_id']} {each['duty']}, {days} {hours} ({each['zone']})"),
            soft_wrap=True,
        )
        turn = "each worked day" if each["turn_days"] == 1 else f"every {each['turn_days']} worked days"
        out.print(Text(f"  in turn {turn}, from {each['anchor']}: {crews}"), soft_wrap=True)
    if not body:
        out.print("There is no rotation.")


def absences(body: Sequence[dict[str, Any]]) -> None:
    """Who is away, from when to when, in the reader's own zone."""
    out = terminal()
    for each in body:
        when = " to ".join(local_time(each[name], seconds=False) for name in ("starts_at", "ends_at"))
        out.print(Text(f"{each['person_id']}: {when}"), Text(each["absence_id"], QUIET), soft_wrap=True)
    if not body:
        out.print("Nobody is away.")


def feeds(body: Sequence[dict[str, Any]]) -> None:
    """The plans that are read from other tools."""
    out = terminal()
    for each in body:
        newest, read_at = each["newest"], local_time(each["read_at"], seconds=False)
        stands = Text("stale", BAD) if each["stale"] else Text("read", GOOD)
        out.print(stands, Text(f"{newest['source']}, last on {read_at}"), soft_wrap=True)
        for fault in newest["faults"]:
            out.print(Text(f"  not taken: {fault}"), soft_wrap=True)
    if not body:
        out.print("No plan is read from another tool.")


def answers(body: Sequence[dict[str, Any]]) -> None:
    """What became of each of several rotations."""
    out = terminal()
    for each in body:
        said = each["sentence"] or "It is not answered yet."
        out.print(Text(each["rotation_id"], "bold"), Text(said), soft_wrap=True)


def _when(shift: dict[str, Any], zone: str) -> str:
    starts_at, ends_at = (_local(shift[name], zone) for name in ("starts_at", "ends_at"))
    until = f"{ends_at:%H:%M}" if ends_at.date() == starts_at.date() else f"{ends_at:%a %H:%M}"
    return f"{starts_at:%a %Y-%m-%d %H:%M} to {until} {starts_at:%Z}"


def _who(shift: dict[str, Any]) -> Text:
    """The places, in order; who has a part of one with the time at which they take over."""
    text = Text()
    for number, place in enumerate(shift["places"]):
        text.append("\n" if number else "")
        for turn, held in enumerate(place["held"]):
            since = f" from {_within(shift, held['starts_at'])}" if turn else ""
            name = held["person_id"] or "nobody"
            style = BAD if held["absent"] or not held["person_id"] else ""
            text.append(f"{', ' if turn else ''}{name}{' (away)' if held['absent'] else ''}{since}", style)
        if place["cover_wanted"]:
            text.append(" cover wanted", BAD)
        if place["needs"]:
            text.append(f" [{place['needs']}]", QUIET)
    return text


def _lack(gap: dict[str, Any], shift: dict[str, Any]) -> str:
    words = str(gap["sentence"])
    if (gap["starts_at"], gap["ends_at"]) == (shift["starts_at"], shift["ends_at"]):
        return words
    return f"{_within(shift, gap['starts_at'])} to {_within(shift, gap['ends_at'])}: {words}"


def _within(shift: dict[str, Any], time: str) -> str:
    """A time within a shift; with its day, where the shift takes longer than one."""
    starts_at, ends_at = (_local(shift[name], shift["zone"]) for name in ("starts_at", "ends_at"))
    return f"{_local(time, shift['zone']):{clock_in(starts_at, ends_at)}}"


def _local(time: str, zone: str) -> datetime:
    return datetime.fromisoformat(time).astimezone(ZoneInfo(zone))
