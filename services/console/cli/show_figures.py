"""What the command line prints of figures: every measure with its sentence, and of how many it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from services.console.cli.terminal import GOOD, QUIET, terminal


def figures(body: dict[str, Any]) -> None:
    """Figures; what changed in between comes first, and what is not ours last."""
    out = terminal()
    cut = f", by {body['by']}" if body["by"] else ""
    out.print(Text(f"{body['agency']}: calls received from {body['from']} until before {body['until']}{cut}", "bold"))
    for change in body["changes"]:
        out.print(Text(f"Figures before and after differ in kind, {change['label']}."), soft_wrap=True)
    if body.get("not_cut"):
        left = f"Not cut by {body['by']}, which says no more than what they count: {', '.join(body['not_cut'])}."
        out.print(Text(left), soft_wrap=True)
    for measure in body["measures"]:
        _measure(out, measure, body["by"] or "")
    out.print(Text("\nNot ours", "bold"))
    for each in body["customary"]:
        if not each["measures"]:
            out.print(Text(f"  {each['figure']}: {each['remark']}", QUIET), soft_wrap=True)


def publication(body: dict[str, Any]) -> None:
    """What has been published of a period."""
    out = terminal()
    eligible = body["totals"]["eligible"]
    out.print(Text("published", GOOD), Text(f"{body['period']}: {eligible} eligible calls"), soft_wrap=True)
    for table in body["tables"]:
        out.print(Text(f"\n{table['title']}", "bold"), Text(table["refused"]), soft_wrap=True)
        cells = [["withheld" if cell is None else str(cell) for cell in row["cells"]] for row in table["rows"]]
        labels = [row["label"] for row in table["rows"]]
        _table(out, ("", *table["columns"]), [(label, *row) for label, row in zip(labels, cells, strict=True)])


def _measure(out: Console, measure: dict[str, Any], cut: str) -> None:
    out.print(Text(f"\n{measure['title']} ({measure['unit']})", "bold"), Text(measure["name"], QUIET))
    out.print(Text(f"  {measure['sentence']} {measure['caveat']}".rstrip(), QUIET), soft_wrap=True)
    figures = measure["figures"]
    columns = {
        cut: [_word(figure["group"], "not stated" if cut else "") for figure in figures],
        "part": [_word(figure["part"]) for figure in figures],
        "value": [_number(figure["value"]) for figure in figures],
        "P90": [_number(figure["high"]) for figure in figures],
        "count": [str(figure["count"]) for figure in figures],
        "of": [str(figure["n"]) for figure in figures],
        "missing": [str(figure["missing"]) for figure in figures],
    }
    used = {head: cells for head, cells in columns.items() if any(cells)}
    _table(out, list(used), list(zip(*used.values(), strict=True)))


def _table(out: Console, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    if not rows:
        out.print("  nothing to count")
        return
    table = Table(*heads, box=None, header_style="bold", pad_edge=True)
    for row in rows:
        table.add_row(*map(Text, row))
    out.print(table)


def _word(value: str | int | None, otherwise: str = "") -> str:
    return otherwise if value is None else str(value)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,.1f}".removesuffix(".0")
