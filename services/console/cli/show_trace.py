"""What the command line prints of a call's trace: a waterfall, each record under what brought it about."""

from __future__ import annotations

from typing import Any

from rich.table import Table
from rich.text import Text

from services.console.cli.terminal import QUIET, terminal
from shared.plain import how_many
from shared.trace import along

BAR = 32
"""Characters from the first record to the last."""


def trace(body: dict[str, Any]) -> None:
    """The waterfall. A bar reaches from when the cause was there to when the record was; its scale is logarithmic."""
    out, steps = terminal(), body["steps"]
    whole = max(step["ends_seconds"] for step in steps)
    records = how_many(len(steps), "record")
    out.print(Text(body["call_id"], "bold"), Text(f"{records} within {whole:.3f} s"), soft_wrap=True)
    table = Table("at", "", "record", "took", "by", "because of", box=None, header_style="bold", pad_edge=False)
    table.columns[0].justify = table.columns[3].justify = "right"
    for column in (table.columns[2], table.columns[5]):
        column.overflow = "fold"
    for step in steps:
        took = step["ends_seconds"] - step["begins_seconds"]
        table.add_row(
            f"{step['ends_seconds']:.3f}",
            _bar(along(step["begins_seconds"], whole), along(step["ends_seconds"], whole)),
            "  " * step["depth"] + step["type"],
            f"{took:.3f}" if took else "",
            step["source"],
            Text(step["cause"], QUIET),
        )
    out.print(table)
    if body["has_more"]:
        out.print(Text("There are more records; the later ones are left out.", QUIET))


def _bar(begins: float, ends: float) -> Text:
    first = min(BAR - 1, int(begins * BAR))
    length = max(1, min(BAR, round(ends * BAR)) - first)
    return Text(" " * first + "━" * length + " " * (BAR - first - length), "cyan")
