"""The page of a call's trace: each record under the one that brought it about, with a bar for how long that took."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from markupsafe import Markup

from services.console.api.routes_reads import visible_trace
from services.console.pages import call
from services.console.pages.call_line import path_of
from services.console.pages.page import ConsolePage, Visit
from shared.doors.markup import element
from shared.trace import TraceStep, along

WIDTH, HEIGHT, LEAST = 200.0, 12.0, 2.0
"""Of a bar, in the units of its drawing; the shortest can still be seen."""
MOST_INDENTED = 8


class TraceLine(NamedTuple):
    """A record, as the page shows it."""

    step: TraceStep
    because: str
    indent: int
    """Deeper ones stand no further in, so that their names stay in sight."""
    bar: Markup


async def show(visit: Visit) -> Mapping[str, Any]:
    """The waterfall as it was when the page was asked for. Raises Problem."""
    call_id = "{agency}/{source}/{incident}".format(**visit.params)
    trace = await visible_trace(visit.who, visit.door.reporting, call_id)
    whole = max(step.ends_seconds for step in trace.steps)
    return {"trace": trace, "lines": _lines(trace.steps, whole), "whole": whole, "call_path": path_of(call_id)}


def _lines(steps: Sequence[TraceStep], whole: float) -> list[TraceLine]:
    lines: list[TraceLine] = []
    above: dict[int, str] = {}
    """By depth, the record that stands there last: the cause of what is one deeper."""
    for step in steps:
        above[step.depth] = step.type
        because = step.cause or above[step.depth - 1]
        lines.append(TraceLine(step, because, min(step.depth, MOST_INDENTED), _bar(step, whole)))
    return lines


def _bar(step: TraceStep, whole: float) -> Markup:
    """From when the cause was there to when the record was, on the scale of the whole call."""
    begins, ends = (WIDTH * along(seconds, whole) for seconds in (step.begins_seconds, step.ends_seconds))
    begins = min(begins, WIDTH - LEAST)
    length = max(LEAST, ends - begins)
    drawn = element("rect", class_="chart-bar", x=begins, y=1.0, width=length, height=HEIGHT - 2)
    ground = element("rect", class_="chart-ground", x=0.0, y=1.0, width=WIDTH, height=HEIGHT - 2)
    return element("svg", ground, drawn, class_="trace-bar", viewBox=f"0 0 {WIDTH:g} {HEIGHT:g}", aria_hidden="true")


PAGE = ConsolePage(
    path=f"{call.PATH}/trace", title="Trace", right="read-calls", template="trace.html", show=show, navigation=False
)
