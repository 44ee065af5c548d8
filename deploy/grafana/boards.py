"""Turns the panels into dashboards. Grafana is given files, and changes none of them."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path

from shared.panels import BOARDS, Board, Panel, Unit, panels_of

with warnings.catch_warnings():  # the resource that it would rather have is not read from files by every Grafana
    warnings.simplefilter("ignore", DeprecationWarning)
    from grafana_foundation_sdk.builders import common, dashboard, prometheus, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.common import LegendDisplayMode, LegendPlacement, SortOrder, TooltipDisplayMode
from grafana_foundation_sdk.models.dashboard import DataSourceRef

DASHBOARDS = Path(__file__).parent / "dashboards"
UNITS: Mapping[Unit, str] = {
    "count": "short", "seconds": "s", "a second": "cps", "share": "percentunit", "bytes": "bytes",
}  # fmt: skip
SOURCE = DataSourceRef(type_val="prometheus", uid="$prometheus")
WIDTH, HEIGHT = 8, 8
"""Of a panel; the grid is 24 wide."""


def files() -> dict[Path, str]:
    """The text of each dashboard's file."""
    boards = [board for board in BOARDS if panels_of(board)]
    return {DASHBOARDS / f"{uid_of(board)}.json": _text(board) for board in boards}


def uid_of(board: Board) -> str:
    """What a dashboard's address holds; bookmarks last as long as it stays."""
    return f"careroute-{board}"


def _text(board: Board) -> str:
    agencies = (
        dashboard.QueryVariable("agency")
        .label("Agency")
        .query("label_values(careroute_calls_received_total, agency)")
        .datasource(SOURCE)
        .include_all(include_all=True)
        .all_value(".*")
        .multi(multi=True)
    )
    drawn = (
        dashboard.Dashboard(f"careroute: {BOARDS[board]}")
        .uid(uid_of(board))
        .tags(["careroute"])
        .readonly()
        .refresh("10s")
        .time("now-1h", "now")
        .timezone("browser")
        .with_variable(dashboard.DatasourceVariable("prometheus").label("Prometheus").type("prometheus"))
        .with_variable(agencies)
    )
    for number, panel in enumerate(panels_of(board), 1):
        drawn = drawn.with_panel(_panel(panel, number))
    return JSONEncoder(sort_keys=True, indent=1).encode(drawn.build()) + "\n"


def _panel(panel: Panel, number: int) -> timeseries.Panel:
    legend = (
        common.VizLegendOptions()
        .show_legend(show_legend=True)
        .display_mode(LegendDisplayMode.LIST)
        .placement(LegendPlacement.BOTTOM)
    )
    drawn = (
        timeseries.Panel()
        .id(number)
        .title(panel.title)
        .description(panel.description)
        .unit(UNITS[panel.unit])
        .datasource(SOURCE)
        .span(WIDTH)
        .height(HEIGHT)
        .legend(legend)
        .tooltip(common.VizTooltipOptions().mode(TooltipDisplayMode.MULTI).sort(SortOrder.DESCENDING))
    )
    for letter, curve in zip("ABCDEFGH", panel.curves, strict=False):
        drawn = drawn.with_target(
            prometheus.Dataquery().expr(curve.promql).legend_format(curve.legend).ref_id(letter).datasource(SOURCE)
        )
    return drawn


def main() -> None:
    """Write every dashboard, and take away what no board makes any more."""
    written = files()
    for old in set(DASHBOARDS.glob("*.json")) - written.keys():
        old.unlink()
    for path, text in written.items():
        path.write_text(text, "utf-8")
